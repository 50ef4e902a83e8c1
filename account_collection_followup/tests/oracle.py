"""The plan once more, in plain Python: a second opinion on ``collection.plan``.

Written from the rules, not from the SQL: it reads records through the ORM and decides
item by item, slowly, in small functions that can be read one at a time. The tests hold
the two against each other.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

ONE_DAY = timedelta(days=1)
BANK = ('bank', 'cash', 'credit')
TRACKS = {'reminder': 'ordinary', 'formal': 'formal', 'litigation': 'litigation'}


def exact(amount):
    """:return: an amount of money without the noise of floats"""
    return Decimal(str(round(amount, 6))).normalize() + 0


def after_working_days(day, number, holidays):
    """:return: the ``number``-th working day after ``day``"""
    while number:
        day += ONE_DAY
        if day.weekday() < 5 and day not in holidays:
            number -= 1
    return day


def share(amount, available):
    """:return: how much of ``available`` an amount takes"""
    return max(min(amount, available), Decimal(0))


@dataclass
class Item:
    """An open receivable line on the day, with what is known of it."""

    line: object
    residual: Decimal
    residual_company: Decimal
    customer: object = None
    due: date = None
    policy: object = None
    last: object = None
    disputed: Decimal = Decimal(0)
    promised: Decimal = Decimal(0)
    responding: Decimal = Decimal(0)
    netted: Decimal = Decimal(0)
    covered_since: date = None
    stale: bool = False
    back: object = None
    jump: bool = False
    level: object = None

    def __post_init__(self):
        self.customer = self.line.partner_id.commercial_partner_id
        self.due = self.line.date_maturity or self.line.date

    @property
    def move(self):
        return self.line.move_id

    @property
    def free(self):
        return self.residual - self.disputed - self.promised - self.responding

    @property
    def to_chase(self):
        return self.free - self.netted

    @property
    def to_chase_company(self):
        return Fraction(self.to_chase) * Fraction(self.residual_company) / Fraction(self.residual)


@dataclass
class Asked:
    """An item in a step of the past."""

    number: int
    step: int
    line: int
    move: int
    customer: int
    due: date
    level: object
    date: date


@dataclass
class Step:
    """A message of the past."""

    customer: int
    track: str
    date: date
    given: date
    act_on: date
    complete: bool
    asked: list = field(default_factory=list)


@dataclass
class Answer:
    """What the plan should say of an item."""

    reason: str
    level: int
    track: str
    renewed: bool
    repeats: int
    jump: bool
    disputed: Decimal
    promised: Decimal
    responding: Decimal
    netted: Decimal
    to_chase: Decimal
    to_chase_company: Decimal
    last_level: int
    policy: int
    unsent: bool
    message_level: int = None
    mode: str = None


class Oracle:
    """Decides every overdue item of a company on a day."""

    #: why an item stays, the most basic reason first
    REASONS = (
        'future',
        'no_followup',
        'litigation',
        'archived',
        'no_policy',
        'no_levels',
        'hold',
        'hold_response',
        'response',
        'disputed',
        'promised',
        'direct_debit',
        'not_sent',
        'receipt',
        'netted',
        'small',
        'top',
        'join',
        'delay',
        'unfinished',
        'conversation',
        'peace',
        'objection',
        'consultation',
        'closed_day',
    )

    def __init__(self, company, day, history=None):
        """
        :param company: a root company
        :param date day: a past day is decided on its own facts, a later one on those of today
        :param history: dicts to use instead of the recorded steps
        """
        self.company = company.sudo().with_context(active_test=False)
        self.env = self.company.env
        self.day = day
        self.past = day < company._collection_today()
        self.branches = self.env['res.company'].search([('id', 'child_of', company.id)])
        holidays = self.env['collection.holiday'].search([('company_id', 'in', [False, company.id])])
        self.holidays = set(holidays.mapped('date'))
        self.simulated = history is not None
        self.open = self._get_open_items()
        self.overdue = [item for item in self.open if item.residual > 0 and item.due < day]
        self.steps = self._get_recorded_steps() if history is None else self._get_given_steps(history)
        self.holds = self.env['collection.hold'].search([('company_id', '=', company.id), ('date_from', '<=', day)])
        domain = [('company_id', '=', company.id)]
        self.consultations = self.env['collection.consultation'].search([*domain, ('told_on', '<=', day)])
        self.decisions = self.env['collection.litigation.item'].search([*domain, ('decided_on', '<=', day)])
        for item in self.overdue:
            self._describe(item)
        self._net_credits()
        for item in self.overdue:
            item.stale = self._is_stale(item)
            item.back = self._get_back(item)
        for item in self.overdue:
            item.level = self._get_next_level(item)

    def decide(self):
        """:return: dict journal item id → :class:`Answer`"""
        answers = {item.line.id: self._answer(item) for item in self.overdue}
        rising = {}
        for item in self.overdue:
            if not answers[item.line.id].reason:
                rising.setdefault((item.customer, self._get_track(item.level)), []).append(item)
        for (customer, _track), items in rising.items():
            self._compose(customer, items, answers)
        return answers

    # ------------------------------------------------------------------
    # The ledger of the day
    # ------------------------------------------------------------------
    def _get_open_items(self):
        lines = self.env['account.move.line'].search(
            [
                ('account_id.account_type', '=', 'asset_receivable'),
                ('parent_state', '=', 'posted'),
                ('company_id', 'in', self.branches.ids),
                ('partner_id', '!=', False),
            ]
        )
        if self.past:
            lines = lines.filtered(lambda line: line.date <= self.day)
        items = [Item(line, *self._get_residuals(line)) for line in lines]
        return [item for item in items if item.residual or item.residual_company]

    def _get_residuals(self, line):
        """What was matched after a past day was still open on it."""
        residual, residual_company = line.amount_residual_currency, line.amount_residual
        if self.past:
            for partial in line.matched_credit_ids.filtered(lambda partial: partial.max_date > self.day):
                residual += partial.debit_amount_currency
                residual_company += partial.amount
            for partial in line.matched_debit_ids.filtered(lambda partial: partial.max_date > self.day):
                residual -= partial.credit_amount_currency
                residual_company -= partial.amount
        return exact(residual), exact(residual_company)

    def _describe(self, item):
        item.policy = self._get_policy(item.customer)
        item.last = self._get_last_asked(item)
        self._split(item)

    def _get_policy(self, customer):
        """R47: the one assigned while it is active, else the company's."""
        assigned = customer.with_company(self.company).property_collection_policy_id
        if assigned.active and assigned.company_id.id in (False, self.company.id):
            return assigned
        return self.company.collection_policy_id.filtered('active')

    # ------------------------------------------------------------------
    # History
    # ------------------------------------------------------------------
    def _get_recorded_steps(self):
        steps = {}
        for step in self.env['collection.step'].search(
            [('company_id', '=', self.company.id), ('date', '<=', self.day), ('cancelled', '=', False)]
        ):
            steps[step.id] = Step(
                step.partner_id.id, step.track, step.date, step.date_given, step.act_on, step.complete
            )
            for line in step.line_ids.filtered(lambda line: line.role == 'asked'):
                steps[step.id].asked.append(
                    Asked(
                        line.id,
                        step.id,
                        line.line_id.id,
                        line.move_id.id,
                        line.partner_id.id,
                        line.due_date,
                        line.level_id,
                        step.date,
                    )
                )
        return steps

    def _get_given_steps(self, history):
        steps = {}
        for number, row in enumerate(history):
            if row['date'] > self.day:
                continue
            step = steps.setdefault(
                row['step_id'],
                Step(row['partner_id'], row['track'], row['date'], row['date_given'], row['act_on'], row['complete']),
            )
            level = self.env['collection.level'].browse(row['level_id'])
            step.asked.append(
                Asked(
                    number,
                    row['step_id'],
                    row['line_id'],
                    row['move_id'],
                    row['partner_id'],
                    row['due_date'],
                    level,
                    row['date'],
                )
            )
        return steps

    def _get_last_asked(self, item):
        """The last time the item was asked for, unless its due date was moved since (R65)."""
        mine = [asked for asked in self._get_all_asked() if asked.customer == item.customer.id]
        by_line = [asked for asked in mine if asked.line == item.line.id]
        orphans = [asked for asked in mine if not asked.line and asked.move == item.move.id]
        same_term = [asked for asked in orphans if asked.due == item.due]
        if by_line or same_term:
            last = max(by_line or same_term, key=lambda asked: (asked.date, asked.number))
        else:
            last = min(
                orphans,
                key=lambda asked: (asked.level.rank, -asked.date.toordinal(), -asked.number),
                default=None,
            )
        return last if last and last.date > item.due else None

    def _get_all_asked(self):
        return [asked for step in self.steps.values() for asked in step.asked]

    # ------------------------------------------------------------------
    # The parts of an item (R55)
    # ------------------------------------------------------------------
    def _split(self, item):
        contested = self._get_contested_lines(item)
        pledged = self._get_pledged(item)
        holding = [line for line in contested if self._is_holding(line)]
        item.disputed = share(sum(exact(line.amount) for line in holding), item.residual)
        running = [line for line, _left in pledged if self._is_running(line)]
        item.promised = share(sum(left for line, left in pledged if line in running), item.residual - item.disputed)
        responding = sum(
            exact(line.amount) - exact(line.accepted)
            for line in contested
            if line not in holding and self._get_response(line) >= self.day
        ) + sum(left for line, left in pledged if line not in running and line.response_until >= self.day)
        item.responding = share(responding, item.residual - item.disputed - item.promised)
        since = [line.held_from for line in holding] + [line.promise_id.made_on for line in running]
        item.covered_since = max(since, default=None)

    def _get_contested_lines(self, item):
        """:return: the lines of disputes that held the item back so far; one whose instalment is gone counts for the
        whole invoice"""
        return (
            self.env['collection.dispute.line']
            .search([('move_id', '=', item.move.id)])
            .filtered(
                lambda line: line.held_from and line.held_from <= self.day and line.line_id.id in (False, item.line.id)
            )
        )

    def _get_ended(self, line):
        """:return: the day a line stopped holding: by itself, or with its dispute"""
        return line.held_until or line.dispute_id.closed_on

    def _is_holding(self, line):
        ended = self._get_ended(line)
        return not ended or ended > self.day

    def _get_response(self, line):
        """:return: the last day of the response time of a line that holds no more; while the customer was not told
        that his dispute is rejected, it runs"""
        if line.held_until:
            return line.response_until
        dispute = line.dispute_id
        unsent = dispute.answer_state in ('queued', 'failed')
        return max(dispute.response_until, self.day) if unsent else dispute.response_until

    def _get_pledged(self, item):
        """:return: (promised amount, what is left of it): money that came since serves the earliest date first"""
        result = []
        lines = self.env['collection.promise.line'].search([('line_id', '=', item.line.id)])
        lines = lines.filtered(lambda line: line.promise_id.made_on <= self.day)
        for promise_lines in lines.grouped('promise_id').values():
            money = max(exact(promise_lines[0].residual_at) - item.residual, Decimal(0))
            for line in promise_lines.sorted(lambda line: (line.date, line.id)):
                paid = share(exact(line.amount), money)
                money -= paid
                result.append((line, exact(line.amount) - paid))
        return result

    def _is_running(self, line):
        return line.expires_on >= self.day and (not line.ended_on or line.ended_on > self.day)

    def _net_credits(self):
        """R64: credits are set against what is free, oldest due date first, in the same currency."""
        funds = {}
        for credit in self.open:
            if credit.residual < 0 and not self._is_fresh(credit):
                key = (credit.customer, credit.line.currency_id)
                funds[key] = funds.get(key, 0) - credit.residual
        for item in sorted(self.overdue, key=lambda item: (item.due, item.line.id)):
            key = (item.customer, item.line.currency_id)
            if key in funds and not (self._is_future(item) or self._is_no_followup(item) or self._is_litigation(item)):
                item.netted = share(item.free, funds[key])
                funds[key] -= item.netted

    def _is_fresh(self, credit):
        """Money received may still be matched by hand for some working days."""
        policy = self._get_policy(credit.customer)
        return (
            bool(policy)
            and credit.line.journal_id.type in BANK
            and self.day <= after_working_days(credit.line.date, policy.receipt_hold_days, self.holidays)
        )

    # ------------------------------------------------------------------
    # The next level
    # ------------------------------------------------------------------
    def _get_climbing(self, policy):
        return policy.level_ids.filtered(lambda level: level.active and level.kind != 'satisfaction').sorted('rank')

    def _get_next_level(self, item):
        """What comes next: the rung above, the present one again (R16, R50), or formal notice by a jump (R36)."""
        levels = self._get_climbing(item.policy)
        present = levels.filtered(lambda level: item.last and level.rank >= item.last.level.rank)[:1]
        above = levels.filtered(lambda level: not item.last or level.rank > item.last.level.rank)[:1]
        proposed = present if item.stale else above
        formal = levels.filtered(lambda level: level.kind == 'formal')[:1]
        item.jump = bool(formal and proposed) and proposed.rank < formal.rank and self._is_broken(item)
        if item.jump:
            proposed = formal
        if item.back and self._get_track(proposed) in ('formal', 'litigation'):
            item.jump = False
            return present
        item.back = None
        return proposed

    def _get_back(self, item):
        """R16: the dispute that came back last, if its amount was not asked for since: its response time ended on the
        day of the last step or later."""
        back = {
            (self._get_response(line), line.dispute_id.id): line.dispute_id
            for line in self._get_contested_lines(item)
            if item.last
            and exact(line.amount) > exact(line.accepted)
            and not self._is_holding(line)
            and item.last.date <= self._get_response(line) < self.day
        }
        return back[max(back)] if back else None

    def _is_broken(self, item):
        """R36: one of so many broken promises that formal notice comes next, unless the customer is short of cash, or
        was never asked for this item."""
        if not item.last:
            return False
        limit = item.policy.broken_promise_limit
        broken = self._get_broken_promises(item.customer)
        if not limit or len(broken) < limit or self._is_short_of_cash(item.customer):
            return False
        return any(self._is_over(line) for line, _left in self._get_pledged(item) if line.promise_id in broken)

    def _get_broken_promises(self, customer):
        """:return: promises that count as broken, with something open and no time to answer left"""
        return {
            line.promise_id
            for item in self.open
            if item.customer == customer
            for line, _left in self._get_pledged(item)
            if self._is_over(line)
        }

    def _is_over(self, line):
        promise = line.promise_id
        if not any(other.date > (other.date_maturity or other.move_id.date) for other in promise.line_ids):
            # paid when due: confirmed, not promised
            return False
        return promise.counts_as_broken and promise.ended_on <= self.day and line.response_until < self.day

    def _is_short_of_cash(self, customer):
        cases = self.env['collection.case'].search(
            [('partner_id', '=', customer.id), ('company_id', '=', self.company.id), ('motive', '=', 'cash')]
        )
        return any(
            case.motive_on <= self.day
            and case.opened_on <= self.day
            and (not case.closed_on or case.closed_on > self.day)
            for case in cases
        )

    def _get_track(self, level):
        return TRACKS[level.kind] if level else None

    def _get_own_track(self, item):
        return 'formal' if item.last and item.last.level.kind == 'formal' else 'ordinary'

    def _is_stale(self, item):
        """R50: too many days since the date given, but for those on which nothing could be done."""
        if not item.last or not item.policy or item.last.level.kind == 'litigation':
            return False
        given = self.steps[item.last.step].given
        if not given:
            return False
        days = {given + timedelta(number) for number in range(1, (self.day - given).days + 1)}
        excused = [
            *self._get_covered_windows(item),
            *self._get_hold_windows(item),
            *self._get_message_windows(item),
            *self._get_consultation_windows(item),
        ]
        idle = {day for day in days if not any(first <= day <= last for first, last in excused)}
        return len(idle) > item.policy.stale_days

    def _get_covered_windows(self, item):
        """Days of a dispute or a promise of the whole item, its response time included."""
        windows = []
        contested, pledged = {}, {}
        for line in self._get_contested_lines(item):
            contested.setdefault(line.dispute_id, []).append(line)
        for line, _left in self._get_pledged(item):
            pledged.setdefault(line.promise_id, []).append(line)
        for lines in contested.values():
            if sum(exact(line.amount) for line in lines) >= item.residual:
                ends = [
                    self.day if self._is_holding(line) else max(self._get_ended(line), self._get_response(line))
                    for line in lines
                ]
                windows.append((min(line.held_from for line in lines), max(ends)))
        for promise, lines in pledged.items():
            if sum(exact(line.amount) for line in lines) >= item.residual:
                windows.append((promise.made_on, max(line.response_until for line in lines)))
        return windows

    def _get_hold_windows(self, item):
        return [(hold.date_from, hold.response_until) for hold in self._get_holds(item)]

    def _get_message_windows(self, item):
        """Days on which another message of the same conversation had its date."""
        return [
            (step.date, step.act_on - ONE_DAY if step.act_on else self.day)
            for number, step in self.steps.items()
            if number != item.last.step
            and step.customer == item.customer.id
            and step.track == self._get_own_track(item)
            and step.date > item.last.date
        ]

    def _get_consultation_windows(self, item):
        """R53: days the sales rep had to object to what was announced, and those of his objection. Being told that
        the announcement itself is made again is no reason to believe in it longer."""
        windows = []
        for consultation in self.consultations:
            if (
                consultation.step_id.id == item.last.step
                and consultation.partner_id == item.customer
                and consultation.track != self._get_own_track(item)
            ):
                last = max(consultation.act_from - ONE_DAY, self._get_objected_until(consultation) or date.min)
                if consultation.ended_on:
                    last = min(last, consultation.ended_on - ONE_DAY)
                windows.append((consultation.told_on, last))
        return windows

    def _get_objected_until(self, consultation):
        heard = consultation.objected_on and consultation.objected_on <= self.day
        return consultation.objected_until if heard else None

    # ------------------------------------------------------------------
    # Why an item stays
    # ------------------------------------------------------------------
    def _get_reason(self, item):
        return next((reason for reason in self.REASONS if getattr(self, f'_is_{reason}')(item)), None)

    def _is_future(self, item):
        return item.line.date > self.day

    def _is_no_followup(self, item):
        return item.line.no_followup

    def _is_litigation(self, item):
        return bool(item.last) and item.last.level.kind == 'litigation'

    def _is_archived(self, item):
        return not item.customer.active

    def _is_no_policy(self, item):
        return not item.policy

    def _is_no_levels(self, item):
        return not self._get_climbing(item.policy)

    def _get_holds(self, item):
        return self.holds.filtered(
            lambda hold: hold.partner_id == item.customer and hold.move_id in (hold.move_id.browse(), item.move)
        )

    def _is_hold(self, item):
        return any(
            hold.date_until >= self.day and (not hold.ended_on or hold.ended_on > self.day)
            for hold in self._get_holds(item)
        )

    def _is_hold_response(self, item):
        return any(hold.response_until >= self.day for hold in self._get_holds(item))

    def _is_response(self, item):
        return item.free <= 0 and item.responding > 0

    def _is_disputed(self, item):
        return item.free <= 0 and item.disputed >= item.promised

    def _is_promised(self, item):
        return item.free <= 0

    def _is_direct_debit(self, item):
        until = after_working_days(item.due, item.policy.direct_debit_days, self.holidays)
        return item.move.preferred_payment_method_line_id.collection_direct_debit and self.day <= until

    def _is_never_sent(self, item):
        return item.move.move_type == 'out_invoice' and not item.move.is_move_sent

    def _is_not_sent(self, item):
        return item.policy.unsent == 'hold' and self._is_never_sent(item)

    def _is_receipt(self, item):
        return any(
            credit.customer == item.customer and credit.residual < 0 and self._is_fresh(credit) for credit in self.open
        )

    def _is_netted(self, item):
        return item.to_chase <= 0

    def _is_small(self, item):
        return item.to_chase_company < Fraction(exact(item.policy.item_minimum))

    def _is_top(self, item):
        return not item.level

    def _is_join(self, item):
        """R52: something new of a customer in litigation waits for the manager."""
        return not item.last and self._is_sued(item.customer) and not self._is_chased(item)

    def _is_sued(self, customer):
        return any(self._is_litigation(item) for item in self.overdue if item.customer == customer)

    def _is_chased(self, item):
        return any(
            decision.decision == 'chase'
            and decision.partner_id == item.customer
            and (
                decision.line_id == item.line
                if decision.line_id
                else (decision.move_id, decision.due_date) == (item.move, item.due)
            )
            for decision in self.decisions
        )

    def _is_delay(self, item):
        return not item.last and self.day < item.due + timedelta(item.level.delay_days)

    def _is_unfinished(self, item):
        """R49: something of the last message is still to be done; the ladder waits."""
        tracks = {self._get_own_track(item), self._get_track(item.level)}
        return any(
            self._still_asks(step) and (not step.act_on or (step.act_on <= self.day and not step.complete))
            for step in self._get_steps(item.customer, tracks)
        )

    def _is_conversation(self, item):
        """R40: a message is running, his own or the one he would join."""
        own = self.steps[item.last.step].act_on if item.last else None
        return bool(own and own > self.day) or any(
            step.act_on and step.act_on > self.day and self._still_asks(step)
            for step in self._get_steps(item.customer, {self._get_track(item.level)})
        )

    def _is_peace(self, item):
        """R44: everything asked for was answered before the date; days of peace follow."""
        peace = timedelta(item.policy.restart_days)
        return any(
            step.given
            and not self._still_asks(step)
            and self._get_end(step) < step.given
            and self.day < self._get_end(step) + peace
            for step in self._get_steps(item.customer, {self._get_track(item.level)} - {'litigation'})
        )

    def _get_consultation(self, item):
        """R53: the telling of what an item is about to rise to: by the step that announced it, or, where nothing was
        announced, the first one for the day it enters or a later one."""
        if self._get_track(item.level) == 'ordinary':
            return None
        found = self.consultations.filtered(
            lambda consultation: (
                consultation.partner_id == item.customer
                and consultation.track == self._get_track(item.level)
                and not (consultation.ended_on and consultation.ended_on <= self.day)
                and consultation.step_id.id == (item.last.step if item.last else False)
            )
        )
        if not item.last:
            enters = item.due + timedelta(item.level.delay_days)
            found = found.filtered(lambda consultation: consultation.act_from >= enters)
        return min(found, key=lambda consultation: (consultation.act_from, consultation.id), default=None)

    def _is_objection(self, item):
        consultation = self._get_consultation(item)
        until = consultation and self._get_objected_until(consultation)
        return bool(until and until >= self.day)

    def _is_consultation(self, item):
        """Told or not yet, the sales rep has his working days; who is not told yet may be told today."""
        if self._get_track(item.level) == 'ordinary':
            return False
        if consultation := self._get_consultation(item):
            return consultation.act_from > self.day
        today = min(self.day, self.company._collection_today())
        number = item.policy.consult_days
        return not self.simulated and bool(number) and after_working_days(today, number, self.holidays) > self.day

    def _is_closed_day(self, item):
        return self.day.weekday() >= 5 or self.day in self.holidays

    # ------------------------------------------------------------------
    # Conversations
    # ------------------------------------------------------------------
    def _get_steps(self, customer, tracks):
        return [step for step in self.steps.values() if step.customer == customer.id and step.track in tracks]

    def _get_items_of(self, asked):
        """:return: what is overdue now of something asked for then"""
        return [
            item
            for item in self.overdue
            if item.customer.id == asked.customer
            and (item.line.id == asked.line if asked.line else item.move.id == asked.move)
        ]

    def _still_asks(self, step):
        return any(
            item.residual > item.disputed + item.promised and not self._is_litigation(item)
            for asked in step.asked
            for item in self._get_items_of(asked)
        )

    def _get_end(self, step):
        """:return: when the last thing asked for was settled, disputed or promised"""
        ends = []
        for asked in step.asked:
            items = self._get_items_of(asked)
            ends += [item.covered_since or step.date for item in items] or [self._get_settled_on(asked)]
        return max(ends, default=step.date)

    def _get_settled_on(self, asked):
        line = self.env['account.move.line'].browse(asked.line or []).exists()
        partials = line.matched_debit_ids | line.matched_credit_ids
        return max((day for day in partials.mapped('max_date') if day <= self.day), default=asked.date)

    # ------------------------------------------------------------------
    # The answer
    # ------------------------------------------------------------------
    def _answer(self, item):
        return Answer(
            reason=self._get_reason(item),
            level=item.level.id or None,
            track=self._get_track(item.level),
            renewed=item.stale and not item.jump,
            repeats=item.back.id if item.back else None,
            jump=item.jump,
            disputed=item.disputed,
            promised=item.promised,
            responding=item.responding,
            netted=item.netted,
            to_chase=item.to_chase,
            to_chase_company=self._round(item.to_chase_company),
            last_level=item.last.level.id if item.last else None,
            policy=item.policy.id or None,
            unsent=bool(item.policy) and item.policy.unsent != 'ignore' and self._is_never_sent(item),
        )

    def _round(self, amount):
        """Half away from zero, as a person does."""
        unit = 10**self.company.currency_id.decimal_places
        return Decimal(int(abs(amount) * unit + Fraction(1, 2)) * (1 if amount >= 0 else -1)) / unit

    def _compose(self, customer, items, answers):
        """R41, R51, R52, R66: what a message as a whole takes from its highest level, and may be stopped by."""
        top = max(items, key=lambda item: item.level.rank).level
        reason = None
        if sum(answers[item.line.id].to_chase_company for item in items) < exact(top.minimum_amount):
            reason = 'minimum'
        elif self._needs_email(top) and not self._has_address(customer, top):
            reason = 'no_email'
        sued = self._is_sued(customer)
        for item in items:
            answer = answers[item.line.id]
            answer.reason = reason
            answer.message_level = top.id
            validate = sued or any(other.jump for other in items)
            answer.mode = 'validate' if validate and top.mode == 'auto' else top.mode

    def _needs_email(self, level):
        return level.by_email and not (level.by_call or level.by_letter or level.by_registered)

    def _has_address(self, customer, level):
        """R66, R70: somebody the message may go to can be written to."""
        payable = self.env.ref('account_collection_followup.contact_role_payable')
        roles = level.recipient_role_ids | payable
        contacts = self.env['res.partner'].search([('commercial_partner_id', '=', customer.id), ('active', '=', True)])
        return any(
            contact.email_normalized
            and not contact.message_bounce
            and not contact.collection_do_not_mail
            and not contact.with_context(active_test=True).is_blacklisted
            for contact in contacts
            if contact == customer or contact.type == 'invoice' or contact.collection_role_ids & roles
        )
