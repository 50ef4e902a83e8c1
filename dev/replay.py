"""Lives through a history of invoices day by day, under simulated dates, and checks every day (dev/replay FILE).

FILE is a CSV file with one settled invoice per line: country, customer_ID, invoice_number, invoice_date, due_date,
invoice_amount_usd, disputed (0/1), dispute_lost (0/1), settled_date, days_to_settle, days_late. Everything is real:
invoices, credit notes, payments, the daily job, the mail queue, a collector who calls and posts letters. Stops with
an error at the first thing that must not happen.
"""

import argparse
import json
import os
import sys
from datetime import timedelta

import freezegun
from replay_checks import Breach, Checks
from replay_history import History, draw
from replay_report import as_plain, build_report, print_report

from odoo import SUPERUSER_ID, Command

GROUP = "account_collection_followup.group_collection_"
#: so soon promises to pay who never will
VAIN_DAYS = 4
QUIET = {"tracking_disable": True, "mail_create_nosubscribe": True, "mail_create_nolog": True}


class World:
    """A company on the desk, its customers, and the people who do the work."""

    def __init__(self, env, history):
        self.history = history
        env["account.chart.template"].try_loading("generic_coa", env.company, install_demo=False)
        env.company.email = "accounts@desk.example.com"
        env.company.partner_id.tz = "UTC"
        self.collector = self._create_user(env, "collector", "collector")
        self.manager = self._create_user(env, "manager", "administrator")
        self.rep = self._create_user(env, "rep", "resolver")
        self.env = env(context=dict(env.context, allowed_company_ids=env.company.ids))
        self.company = self.env.company
        self.partners = self._create_customers()
        self.types = self.env["collection.dispute.type"].search([], order="id")
        self.by_move = {}
        self.numbers = set()  # of the posted invoices, as Odoo counts
        self._start()

    def _create_user(self, env, login, role):
        return (
            env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": login.capitalize(),
                    "login": login,
                    "email": f"{login}@desk.example.com",
                    "group_ids": [Command.link(env.ref("base.group_user").id), Command.link(env.ref(GROUP + role).id)],
                }
            )
        )

    def _create_customers(self):
        """:return: dict customer of the file → res.partner"""
        names = {invoice.customer: invoice.country for invoice in self.history.invoices}
        countries = {
            name: self.env["res.country"].search([("name", "ilike", name)], limit=1).id for name in set(names.values())
        }
        partners = self.env["res.partner"].create(
            [
                {
                    "name": name,
                    "is_company": True,
                    "country_id": countries[names[name]],
                    "email": f"{name.lower()}@customers.example.com",
                    # letters need an address
                    "street": "1 High Street",
                    "zip": "10000",
                    "city": "Town",
                    "property_payment_term_id": False,
                    # half of the customers have a sales rep, who is told before the serious acts
                    "user_id": draw(name, 2) and self.rep.id,
                }
                for name in self.history.customers
            ]
        )
        return dict(zip(self.history.customers, partners, strict=True))

    def _start(self):
        start = self.env["collection.start"].with_user(self.manager).create({"daily_cap": 0})
        start.write({"manager_id": self.manager.id, "director_id": self.manager.id, "user_id": self.collector.id})
        start.action_start()

    # -- the ledger ----------------------------------------------------------------------------------------------------
    def draft_invoices(self, day):
        """The drafts of a month, in one batch."""
        invoices = [
            one for one in self.history.invoices if (one.issued.year, one.issued.month) == (day.year, day.month)
        ]
        moves = self.env["account.move"].with_context(**QUIET).create([self._prepare_invoice(one) for one in invoices])
        for invoice, move in zip(invoices, moves, strict=True):
            invoice.move = move.with_env(self.env)
            self.by_move[move.id] = invoice

    def post_invoices(self, day):
        invoices = self.history.issued.get(day, [])
        moves = self.env["account.move"].union(*(invoice.move for invoice in invoices)).with_context(**QUIET)
        moves.action_post()
        moves.is_move_sent = True
        self.numbers.update(moves.mapped("name"))

    def _prepare_invoice(self, invoice):
        line = {"name": "As ordered", "price_unit": invoice.amount, "tax_ids": [Command.clear()]}
        return {
            "move_type": "out_invoice",
            "partner_id": self.partners[invoice.customer].id,
            "invoice_date": invoice.issued,
            "invoice_date_due": invoice.due,
            "invoice_payment_term_id": False,
            "ref": invoice.number,
            "invoice_line_ids": [Command.create(line)],
        }

    def settle(self, day):
        """Credit notes for the disputes the company lost, money for the rest: one payment per customer."""
        invoices = self.history.settled.get(day, [])
        for invoice in invoices:
            if invoice.lost:
                self._credit(invoice, day)
        moves = self.env["account.move"].union(*(invoice.move for invoice in invoices if not invoice.lost))
        if moves:
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=moves.ids, **QUIET
            ).create({"payment_date": day, "group_payment": True})._create_payments()

    def _credit(self, invoice, day):
        """A credit note of the whole; posting it settles the invoice it reverses."""
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=invoice.move.ids, **QUIET
        )
        journal = invoice.move.journal_id
        wizard.create({"date": day, "journal_id": journal.id, "reason": invoice.dispute.name}).refund_moves()
        credit_note = invoice.move.reversal_move_ids
        credit_note.invoice_date = day
        credit_note.action_post()

    # -- disputes ------------------------------------------------------------------------------------------------------
    def open_disputes(self, day):
        Dispute = self.env["collection.dispute"].with_user(self.collector)
        for invoice in self.history.disputed.get(day, []):
            kind = self.types[draw(invoice.number, len(self.types))]
            line = Command.create({"move_id": invoice.move.id})
            invoice.dispute = Dispute.create({"type_id": kind.id, "reason": "Not as ordered.", "line_ids": [line]})

    def close_disputes(self, day):
        for invoice in self.history.solved.get(day, []):
            invoice.dispute.action_close("accepted" if invoice.lost else "rejected")

    # -- the desk ------------------------------------------------------------------------------------------------------
    def approve(self, day):
        """The manager decides at once whatever is proposed."""
        Run = self.env["collection.run"].with_user(SUPERUSER_ID)
        Line = self.env["collection.run.line"].with_user(self.manager)
        for _attempt in range(4):
            proposed = Line.search([("date", "=", day), ("run_id.state", "=", "open"), ("state", "=", "proposed")])
            if not proposed:
                break
            proposed.action_approve()
            Run._execute_open()
        if wrong := Line.search([("date", "=", day), ("state", "in", ["error", "proposed", "approved"])], limit=1):
            raise Breach(f"{wrong.display_name} did not leave: {wrong.error or wrong.note or wrong.state}")

    def decide(self):
        """What falls due beside a litigation joins it, or is chased: the manager decides on the day he is asked."""
        waiting = self.env["collection.litigation.item"].search([("decision", "=", False)])
        for question in waiting.with_user(self.manager):
            if draw(question.name, 2):
                question.action_join()
            else:
                question.action_chase()

    def post_letters(self):
        steps = self.env["collection.step"].search(
            [("cancelled", "=", False), "|", ("letter_state", "=", "todo"), ("registered_state", "=", "todo")]
        )
        for step in steps:
            step.with_user(self.collector).action_posted()

    def make_calls(self, day):
        calls = self.env["collection.call"].search(
            [("state", "=", "planned"), ("planned_on", "<=", day)], order="planned_on, id"
        )
        for call in calls.with_user(self.collector):
            self._make_call(call, day)

    def _make_call(self, call, day):
        if call.purpose == "satisfaction":
            call.action_made("all_well")
            return
        owed = self._get_owed(call, day)
        if owed and call.partner_id.name in self.history.unpaid:
            self._hear_excuse(call, owed, day)
        elif owed:
            self._take_promises(call, owed, day)
        else:
            call.action_made("paid_already", note="Paid or agreed before this call.")

    def _get_owed(self, call, day):
        """:return: the invoices to talk about: what the message asked for, else what is overdue, less what is agreed"""
        lines = call.sudo().step_id.line_ids.filtered(lambda line: line.role == "asked")
        asked = [self.by_move[move.id] for move in lines.move_id]
        overdue = [one for one in self.history.get_open(day) if one.customer == call.partner_id.name and one.due < day]
        promised = self.env["collection.promise.line"].search(
            [("state", "=", "running"), ("partner_id", "=", call.partner_id.id)]
        )
        return [
            one
            for one in asked or overdue
            if one.is_open(day) and not one.is_disputed(day) and one.move not in promised.move_id
        ]

    def _take_promises(self, call, invoices, day):
        by_date = {}
        # nobody is granted more with a single promise: who needs longer breaks it
        latest = day + timedelta(days=call.sudo().partner_id._collection_policy(call.company_id).promise_max_days)
        for invoice in invoices:
            promised_on = invoice.get_promised_date(day) if invoice.settled else day + timedelta(days=VAIN_DAYS)
            promised_on = min(promised_on, latest)
            by_date.setdefault(promised_on, []).append(invoice)
        for promised_on, group in sorted(by_date.items()):
            lines = [Command.create({"move_id": invoice.move.id, "date": promised_on}) for invoice in group]
            call.env["collection.promise"].create(
                {"partner_id": call.partner_id.id, "contact_id": call.contact_id.id, "line_ids": lines}
            )
            for invoice in group:
                invoice.promises.append((day, promised_on))
        call.action_made("promise")

    def _hear_excuse(self, call, owed, day):
        """Who never pays is not there, wants to be called again, promises in vain, or refuses."""
        behaviour = draw(f"{call.partner_id.name} {call.sudo().step_id.date or call.planned_on}", 5)
        if behaviour == 0 and not call.tried:
            call.action_made("absent")
        elif behaviour == 1 and call.sudo().step_id:
            callback_on = day + timedelta(days=3 if day.weekday() < 2 else 5)
            call.action_made("callback", callback_on=callback_on)
        elif behaviour == 2:
            self._take_promises(call, owed, day)
        else:
            call.action_made("refusal", note="Says that nothing can be paid now.")


def live_day(world, checks, day):
    """One day: the ledger first, then on working days the daily job and the work on the desk."""
    env = world.env
    if day.day == 1 or day == world.history.first:
        world.draft_invoices(day)
    world.post_invoices(day)
    world.open_disputes(day)
    world.close_disputes(day)
    world.settle(day)
    # scheduled actions and the mail queue commit
    env["collection.case"].with_user(SUPERUSER_ID)._cron_refresh()
    if checks.is_working(day):
        env["collection.run"].with_user(SUPERUSER_ID)._cron_daily()
        world.approve(day)
        world.decide()
        env["mail.mail"].with_user(SUPERUSER_ID).process_email_queue()
        world.post_letters()
        world.make_calls(day)
        env.cr.commit()
        env.invalidate_all()
        checks.check_day(day)
    if (day + timedelta(days=1)).day == 1:
        checks.check_ledger(day)


def show_progress(env, history, day, started):
    steps = env["collection.step"].search_count([])
    seconds = freezegun.api.real_monotonic() - started
    print(
        f"{day:%Y-%m}  {len(history.get_open(day)):5} open invoices  {steps:6} steps  {seconds:6.0f} s",
        file=sys.stderr,
        flush=True,
    )


def replay(env, options):
    history = History(options.file, options.limit, options.stretch, options.never_pay)
    started = freezegun.api.real_monotonic()
    with freezegun.freeze_time(f"{history.first} 12:00:00") as clock:
        world = World(env, history)
        env.cr.commit()
        checks = Checks(world, os.environ["MAILBOX"])
        for day in history.get_days():
            clock.move_to(f"{day} 12:00:00")
            try:
                live_day(world, checks, day)
            except Breach as breach:
                sys.exit(f"{day}: {breach}")
            if (day + timedelta(days=1)).day == 1 or day == history.last:
                show_progress(world.env, history, day, started)
        try:
            report = build_report(world)
            checks.check_end(report, everything=options.stretch >= 4 and options.never_pay >= 5)
        except Breach as breach:
            sys.exit(f"At the end: {breach}")
    report["seconds"] = round(freezegun.api.real_monotonic() - started)
    return report


def main(env):
    parser = argparse.ArgumentParser(
        prog="dev/replay", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file")
    parser.add_argument("--stretch", type=int, default=1, metavar="N", help="multiply the days late by N")
    parser.add_argument("--never-pay", type=int, default=0, metavar="K", help="K customers never pay")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N invoices")
    parser.add_argument(
        "--json", metavar="FILE", help="write the figures there as well; - for standard output, instead"
    )
    options = parser.parse_args()
    report = replay(env, options)
    if options.json != "-":
        print_report(report)
    if options.json:
        text = json.dumps(as_plain(report), indent=2)
        if options.json == "-":
            print(text)
        else:
            with open(options.json, "w", encoding="utf-8") as file:
                file.write(text + "\n")


if __name__ == "__main__":
    main(env)
