"""What must hold on every day of a replay: judged by the history file and plain reads, never by the plan."""

import email
import email.policy
import pathlib
from collections import Counter, defaultdict, namedtuple
from datetime import timedelta

import lxml.html

ONE_DAY = timedelta(days=1)
SATURDAY = 5
#: the conversation each kind of level belongs to
TRACKS = {"reminder": "ordinary", "formal": "formal", "litigation": "litigation"}

Step = namedtuple("Step", "id customer track level date given act_on email jump invoices")
Level = namedtuple("Level", "id name rank kind delay track minimum")


class Breach(Exception):
    """Something happened that must not happen."""


class Checks:
    def __init__(self, world, mailbox):
        self.world, self.env, self.mailbox = world, world.env, pathlib.Path(mailbox)
        rules = world.company.collection_policy_id
        self.act_days, self.restart_days, self.stale_days = rules.act_days, rules.restart_days, rules.stale_days
        self.grace_days, self.response_days = rules.promise_grace_days, rules.promise_response_days
        self.broken_limit, self.consult_days = rules.broken_promise_limit, rules.consult_days
        self.silence_days, self.silence_cap = rules.silence_days, rules.silence_daily_cap
        levels = rules.level_ids.filtered(lambda level: level.kind in TRACKS).sorted("rank")
        self.levels = [
            Level(one.id, one.name, one.rank, one.kind, one.delay_days, TRACKS[one.kind], one.minimum_amount)
            for one in levels
        ]
        self.holidays = {row[0] for row in self._query("SELECT date FROM collection_holiday")}
        self.read_mails = set()
        self.steps = defaultdict(list)  # customer → his steps
        self.last = {}  # invoice → (its last level, the step)
        self.reached = Counter()
        self.jumps, self.repeats = 0, 0
        self.balances = {}  # month end → balance of the customers

    def _query(self, query, *values):
        self.env.flush_all()
        self.env.cr.execute(query, values)
        return self.env.cr.fetchall()

    # -- working days --------------------------------------------------------------------------------------------------
    def is_working(self, day):
        return day.weekday() < SATURDAY and day not in self.holidays

    def add(self, day, number):
        while number:
            day += ONE_DAY
            number -= self.is_working(day)
        return day

    # -- why nothing may leave: from the file and from what the customer told the collector ----------------------------
    def get_cover(self, invoice, day):
        """:return: what stood between an invoice and a message on the morning of a day"""
        if invoice.is_disputed(day):
            return "disputed"
        ends = [(made_on, self.add(promised_on, self.grace_days)) for made_on, promised_on in invoice.promises]
        if any(made_on < day <= expires_on for made_on, expires_on in ends):
            return "promised"
        if any(expires_on < day <= self.add(expires_on, self.response_days) for _made_on, expires_on in ends):
            return "response"
        if invoice.disputed_on and invoice.dispute_ends <= day:
            answer_by = self.add(invoice.dispute_ends, invoice.dispute.type_id.response_days)
            return "response" if day <= answer_by else None
        return None

    # -- what came back (R16), and what was broken too often (R36) -----------------------------------------------------
    def came_back(self, invoice, day):
        """:return: whether the amount of a dispute came back that was not asked for since"""
        _last, step = self.last.get(invoice, (None, None))
        if not step or not invoice.disputed_on or invoice.lost or invoice.dispute_ends > day:
            return False
        return step.date <= self.add(invoice.dispute_ends, invoice.dispute.type_id.response_days) < day

    def get_missed(self, invoice, day):
        """:return: promises of an open invoice whose last day has passed, with that day"""
        return {
            (made_on, promised_on): self.add(promised_on, self.grace_days)
            for made_on, promised_on in invoice.promises
            if self.add(promised_on, self.grace_days) < day
        }

    def may_jump(self, invoice, day):
        """:return: whether so many promises of the customer were broken, one of them about this invoice, that formal
        notice comes next: he may have kept half of one of them, so that it does not have to. What was never asked for
        begins with the reminders"""
        own = self.get_missed(invoice, day)
        others = self.world.history.get_open(day)
        missed = {
            promise for one in others if one.customer == invoice.customer for promise in self.get_missed(one, day)
        }
        return bool(self.broken_limit and own and invoice in self.last and len(missed) >= self.broken_limit)

    def is_answered(self, invoice, day):
        return not invoice.is_open(day) or self.get_cover(invoice, day) in ("disputed", "promised")

    def is_running(self, step, day):
        return step.date < day < step.act_on and not all(self.is_answered(one, day) for one in step.invoices)

    def get_peace(self, step, day):
        """Days of peace after a conversation that ended before its date (asked in the morning).

        :return: first day on which the customer may be written to again, and the day from which it may no longer be
            put off: a promise ends a conversation, its payment may count once more. None where it did not end early
        """
        if not step.given or not all(self.is_answered(one, day) for one in step.invoices):
            return None, None
        answers = [[on for on in self._get_answers(one, day) if on >= step.date] for one in step.invoices]
        first, latest = (max(pick(days) for days in answers if days) for pick in (min, max))
        rest = timedelta(days=self.restart_days)
        return tuple(on + rest if on < step.given else None for on in (first, latest))

    def _get_answers(self, invoice, day):
        """:return: the days before this morning on which an invoice was settled, promised or disputed"""
        made = [made_on for made_on, _promised_on in invoice.promises if made_on < day]
        return [on for on in (*made, invoice.disputed_on, invoice.settled) if on and on <= day]

    def get_reasons(self, invoice, day):
        """:return: the reasons that may be given for an invoice that is due for its next level but stays"""
        if cover := self.get_cover(invoice, day):
            return {cover}
        last, _step = self.last.get(invoice, (None, None))
        tracks = {self.get_next(last).track, last.track if last else "ordinary"}
        steps = [step for step in self.steps[invoice.customer] if step.track in tracks and step.date < day]
        reasons = {"conversation"} if any(self.is_running(step, day) for step in steps) else set()
        if self.may_jump(invoice, day):
            reasons |= self._get_reasons_before_jump(invoice, day)
        if not last and self.is_sued(invoice.customer):
            reasons.add("join")
        if any(day < (self.get_peace(step, day)[1] or day) for step in steps):
            reasons.add("peace")
        return reasons

    def _get_reasons_before_jump(self, invoice, day):
        """The rep is told as soon as the promise is broken; a formal notice of the customer may still be running."""
        formal = [step for step in self.steps[invoice.customer] if step.track == "formal" and step.date < day]
        reasons = {"conversation"} if any(self.is_running(step, day) for step in formal) else set()
        broken_on = self.add(max(self.get_missed(invoice, day).values()), 1)
        return reasons | ({"consultation"} if day < self.add(broken_on, self.consult_days) else set())

    def is_sued(self, customer):
        return any(step.track == "litigation" for step in self.steps[customer])

    def get_next(self, level):
        return self.levels[self.levels.index(level) + 1 if level else 0]

    # -- a day ---------------------------------------------------------------------------------------------------------
    def check_day(self, day):
        steps = self._read_steps(day)
        self._check_mails(steps, self._read_mails())
        seen = set()
        for step, lines in steps:
            if (step.customer, step.track) in seen:
                raise Breach(f"{step.customer} got two messages of a kind on one day.")
            seen.add((step.customer, step.track))
            self._check_conversation(step, day)
            for invoice, level, asked in lines:
                self._check_asked(invoice, level, asked, step, day)
        for step, lines in steps:
            self.steps[step.customer].append(step)
            self.reached.update(level.name for _invoice, level, _asked in lines)
            self.last.update({invoice: (level, step) for invoice, level, _asked in lines})
        self._check_nobody_forgotten(day, {invoice for step, _lines in steps for invoice in step.invoices})
        self._check_silence(day)

    def _read_steps(self, day):
        """:return: list of (Step, [(invoice, level, amount)]) of the day, from the tables"""
        levels = {level.id: level for level in self.levels}
        rows = self._query(
            """SELECT s.id, p.name, s.track, s.level_id, s.date_given, s.act_on, s.email_state, s.jump, l.move_id, l.level_id, l.asked
                 FROM collection_step s JOIN res_partner p ON p.id = s.partner_id
                 JOIN collection_step_line l ON l.step_id = s.id AND l.role = 'asked'
                WHERE s.date = %s AND s.cancelled IS NOT TRUE AND s.takeover IS NOT TRUE ORDER BY s.id, l.id""",
            day,
        )
        steps = {}
        for step_id, customer, track, step_level, given, act_on, by_email, jump, move_id, level_id, asked in rows:
            values = (step_id, customer, track, levels[step_level], day, given, act_on, by_email, jump)
            step, lines = steps.setdefault(step_id, (Step(*values, []), []))
            invoice = self.world.by_move.get(move_id)
            if not invoice or invoice.customer != customer:
                raise Breach(f"{customer} is asked for an invoice that is not his (entry {move_id}).")
            step.invoices.append(invoice)
            lines.append((invoice, levels[level_id], float(asked)))
        return list(steps.values())

    def _check_asked(self, invoice, level, asked, step, day):
        """One invoice in a message: open, overdue, not covered, whole, at the level that comes next, not too early."""
        what = f"{step.level.name} to {step.customer} about {invoice.number}"
        if not invoice.is_open(day):
            raise Breach(f"{what}: settled on {invoice.settled}.")
        if invoice.due >= day:
            raise Breach(f"{what}: only due on {invoice.due}.")
        if cover := self.get_cover(invoice, day):
            raise Breach(f"{what}: {cover}.")
        if abs(asked - invoice.amount) > 0.004:
            raise Breach(f"{what}: {asked} asked of {invoice.amount}.")
        last, before = self.last.get(invoice, (None, None))
        if not last:
            if level.kind == "litigation" and self.is_sued(step.customer):
                return  # joined
            if level != self.levels[0] or day < invoice.due + timedelta(days=level.delay):
                raise Breach(f"{what}: enters at {level.name}, due on {invoice.due}.")
            return
        if last.kind == "litigation":
            raise Breach(f"{what}: handed over on {before.date}.")
        self._check_level(what, invoice, level, step, day)
        if day < before.act_on:
            raise Breach(f"{what}: {before.given} was given, {before.act_on} is the day to act.")

    def _check_level(self, what, invoice, level, step, day):
        """What follows a level: the next one; the same where the announcement is old or a dispute came back before a
        formal act, then it has to; formal notice after broken promises, then the step says so."""
        last, before = self.last[invoice]
        proposed = self.get_next(last)
        jump = level.kind == "formal" and last.kind == "reminder" and level != proposed
        if self.came_back(invoice, day) and (jump or proposed.track != "ordinary"):
            self.repeats += 1
            if level != last:
                raise Breach(f"{what}: disputed until {invoice.dispute_ends}, and not asked for in whole since.")
            return
        if jump:
            self.jumps += 1
            if not step.jump or not self.may_jump(invoice, day):
                raise Breach(f"{what}: {last.name} jumps to {level.name}, promises {invoice.promises}.")
            return
        stale = level == last and (day - before.given).days > self.stale_days
        if level != proposed and not stale:
            raise Breach(f"{what}: after {last.name} comes {level.name}.")

    def _check_conversation(self, step, day):
        if step.level.kind == "litigation":
            return
        if not step.given or not self.is_working(step.given) or step.act_on != self.add(step.given, self.act_days):
            raise Breach(f"{step.level.name} to {step.customer}: date {step.given}, to act on {step.act_on}.")
        for other in self.steps[step.customer]:
            if other.track != step.track:
                continue
            if self.is_running(other, day):
                raise Breach(
                    f"{step.level.name} to {step.customer}, who had been given until {other.given} on {other.date}."
                )
            peace, _latest = self.get_peace(other, day)
            if peace and day < peace:
                raise Breach(f"{step.level.name} to {step.customer}, who answered and has peace until {peace}.")

    def _check_nobody_forgotten(self, day, asked):
        """Whatever is due for its next level has risen, or a hold of the day names why not."""
        named = defaultdict(set)
        for customer, reason in self._query(
            """SELECT p.name, l.reason FROM collection_run_line l JOIN collection_run r ON r.id = l.run_id
                 JOIN res_partner p ON p.id = l.partner_id
                WHERE r.date = %s AND r.state <> 'preview' AND l.kind = 'hold'""",
            day,
        ):
            named[customer].add(reason)
        for invoice in self.world.history.get_open(day):
            last, step = self.last.get(invoice, (None, None))
            if invoice in asked or (last and last.kind == "litigation"):
                continue
            if day < (step.act_on if step else invoice.due + timedelta(days=self.levels[0].delay)):
                continue
            reasons = self.get_reasons(invoice, day)
            if not reasons & named[invoice.customer]:
                raise Breach(
                    f"{invoice.customer}, {invoice.number} due {invoice.due}: nothing after "
                    f"{f'{last.name} with date {step.given}' if step else 'it fell due'}. Reasons by the facts: "
                    f"{', '.join(sorted(reasons)) or 'none'}; named: {', '.join(sorted(named[invoice.customer])) or 'none'}."
                )

    def _check_silence(self, day):
        """Nobody was left without a word for too long while something of his was to be chased (R30), unless so many are
        called for this already that he waits for another day."""
        [(calls,)] = self._query(
            "SELECT count(*) FROM collection_call WHERE silent_since IS NOT NULL AND (state = 'planned' OR made_on = %s)",
            day,
        )
        if self.silence_cap and calls >= self.silence_cap:
            return
        spoken_to = self._query(
            """SELECT p.name, max(c.made_on) FROM (
                 SELECT case_id, date AS made_on FROM collection_step WHERE cancelled IS NOT TRUE AND takeover IS NOT TRUE
                  UNION ALL SELECT case_id, made_on FROM collection_call WHERE state = 'made'
                  UNION ALL SELECT case_id, made_on FROM collection_promise
                  UNION ALL SELECT case_id, opened_on FROM collection_dispute) c
                 JOIN collection_case k ON k.id = c.case_id AND k.state = 'open' JOIN res_partner p ON p.id = k.partner_id
                WHERE NOT EXISTS (SELECT FROM collection_call w WHERE w.case_id = k.id AND w.state = 'planned')
                GROUP BY p.name HAVING max(c.made_on) < %s""",
            day - timedelta(days=self.silence_days),
        )
        for customer, last_on in spoken_to:
            chased = [one for one in self.world.history.get_open(day) if self._is_chased(one, customer, day)]
            if self.silence_days and chased:
                raise Breach(f"{customer} has not heard anything since {last_on}, {chased[0].number} is to be chased.")

    def _is_chased(self, invoice, customer, day):
        """:return: whether an invoice of this customer was asked for, and nothing stands between it and the next time"""
        last, step = self.last.get(invoice, (None, None))
        if invoice.customer != customer or not last or last.kind == "litigation" or self.get_cover(invoice, day):
            return False
        peace = {self.get_peace(one, day)[1] for one in self.steps[customer] if one.date < day} - {None}
        below = invoice.amount < self.get_next(last).minimum
        return step.date < day and not below and all(until <= day for until in peace)

    # -- what really left ----------------------------------------------------------------------------------------------
    def _read_mails(self):
        """:return: list of (customer, numbers of the invoices asked for) of the messages not read yet"""
        found = []
        for path in sorted(set(self.mailbox.glob("*.eml")) - self.read_mails):
            self.read_mails.add(path)
            with path.open("rb") as file:
                message = email.message_from_binary_file(file, policy=email.policy.default)
            receivers = [one for one in message["X-Envelope-To"].split(", ") if one.endswith("@customers.example.com")]
            if receivers:
                body = lxml.html.fromstring(message.get_body(("html",)).get_content())
                cells = [cell.text_content().strip() for cell in body.iterfind(".//table[1]//tr/td[1]")]
                found.append((tuple(receivers), tuple(sorted(set(cells) & self.world.numbers))))
        return found

    def _check_mails(self, steps, mails):
        """Every message by e-mail reached the mail server once, and asks for what the step says."""
        address = "{}@customers.example.com"
        expected = Counter(
            ((address.format(step.customer.lower()),), tuple(sorted(one.move.name for one in step.invoices)))
            for step, _lines in steps
            if step.email != "none"
        )
        if wrong := (Counter(mails) - expected) + (expected - Counter(mails)):
            receivers, numbers = next(iter(wrong))
            raise Breach(
                f"E-mails and steps differ: {', '.join(receivers)}, {', '.join(numbers)}; "
                f"{Counter(mails)[receivers, numbers]} sent."
            )

    # -- the ledger ----------------------------------------------------------------------------------------------------
    def get_ledger_balance(self, day):
        [[balance]] = self._query(
            """SELECT COALESCE(sum(l.balance), 0) FROM account_move_line l JOIN account_account a ON a.id = l.account_id
                WHERE a.account_type = 'asset_receivable' AND l.parent_state = 'posted' AND l.date <= %s""",
            day,
        )
        return float(balance)

    def check_ledger(self, day, as_of=False):
        """The open items are the customers' balance of the general ledger, and that of the file."""
        items = self.env["collection.item"].with_context(collection_as_of=str(day) if as_of else False)
        [[total]] = items._read_group([], [], ["residual:sum"])
        ledger = self.get_ledger_balance(day)
        told = sum(invoice.amount for invoice in self.world.history.get_open(day))
        if max(abs(total - ledger), abs(told - ledger)) > 0.004:
            raise Breach(f"Open items of {day}: {total}; general ledger: {ledger}; history: {told}.")
        self.balances[day] = ledger

    def check_end(self, report, everything):
        """The past, asked at the end, is what it was; with enough unpaid debts every level was reached."""
        for day in self.world.history.get_month_ends():
            self.check_ledger(day, as_of=True)
        for day, ages in report["aged balance"].items():
            told = Counter()
            for invoice in self.world.history.get_open(day):
                late = (day - invoice.due).days
                told[min(max(late - 1, -1) // 30 + 1, 4)] += invoice.amount
            if any(abs(told[number] - amount) > 0.004 for number, amount in enumerate(ages.values())):
                raise Breach(f"Aged balance of {day}: {ages}; history: {dict(sorted(told.items()))}.")
        missing = [level.name for level in self.levels if not self.reached[level.name]]
        if everything and missing:
            raise Breach(f"Never reached: {', '.join(missing)}.")
