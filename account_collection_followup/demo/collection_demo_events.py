"""What happened in the ten weeks besides payments: disputes and their outcomes, moved promises, what is known of customers."""

from odoo import Command, fields, models

from ..models.collection_fact import internal
from . import collection_demo_customers as data

#: satisfaction calls by their number: one in so many was not quite happy with the product, or with the delivery
COMPLAINTS = {'script_satisfaction_product': 5, 'script_satisfaction_well': 7}


class CollectionDemo(models.AbstractModel):
    _inherit = 'collection.demo'

    def _get_script(self, customers, invoices, today):
        # EXTENDS: disputes with their outcomes, promises that move, what is learnt about customers
        script = super()._get_script(customers, invoices, today)
        invoice = lambda key, due: invoices[key, due]  # noqa: E731
        on = lambda days: fields.Date.add(today, days=days)  # noqa: E731
        more = {
            -60: [(self._describe, key, *row) for key, row in data.CIRCUITS.items()]
            + [(self._insure, key, row) for key, row in data.INSURED.items()],
            -26: [(self._promise, invoice('saltmarsh', -34), [(on(-20), 0)])],
            -16: [(self._contest, invoice('lindenhof', -21), 'commercial', 900, "The price agreed by telephone was lower.")],
            -14: [(self._promise, invoice('saltmarsh', -34), [(on(-9), 0)])],
            -13: [(self._assess, customers['fernbank'], 'cash')],
            -11: [(self._reject, invoice('lindenhof', -21), "The signed order names the price on the invoice.")],
            -10: [(self._sign, invoice('silverline', -36), "Management")],
            -8: [(self._contest, invoice('brightwater', -5), 'logistics', 0, "Two pallets were left at the wrong hotel.", [invoice('brightwater', -19)])],
            -6: [(self._stand, invoice('larkfield', -15), 'with_payables', "Approved by the authorising officer.")],
            -5: [
                (self._settle, invoice('cedar', -28), 'accepted', "The discount of the spring offer was forgotten."),
                (self._stand, invoice('novatek', -8), 'validated', "Waits for the next payment day."),
            ],
            -4: [(self._move, invoice('delta', -19), on(9))],
            -3: [(self._stand, invoice('nordvik', 17), 'received', False)],
            -2: [
                (self._propose, invoice('pinewood', -34), 'partly', 860, "Two of twelve cabinets were damaged in transport; the carrier admits it."),
                (self._contest, invoice('lindenhof', -21), 'commercial', 900, "He still finds the price too high."),
                (self._ask_for_plan, customers['bellweather'], "Asks to pay in three parts, the first at the end of the month."),
            ],
            -1: [(self._contest_himself, invoice('copperfield', -11), "The projector lamps are not the ones we ordered.")],
        }  # fmt: skip
        for day, events in more.items():
            script[day] = script.get(day, []) + events
        return script

    # ------------------------------------------------------------------
    # Disputes
    # ------------------------------------------------------------------
    def _get_dispute(self, invoice):
        """:return: the open dispute about an invoice"""
        domain = [('state', '=', 'open'), ('line_ids.move_id', '=', invoice.id)]
        return self.env['collection.dispute'].search(domain, limit=1)

    def _propose(self, invoice, outcome, amount, text, today):
        self._get_dispute(invoice).with_user(self._user('rep')).action_propose(outcome, text, amount)

    def _settle(self, invoice, outcome, reason, today):
        """The dispute is right: its credit note is made and posted, which closes it."""
        dispute = self._get_dispute(invoice).with_user(self._user('collector'))
        dispute._accept(outcome, {line: line.amount for line in dispute.line_ids}, reason=reason)
        dispute.cause_id = self.env.ref('account_collection_followup.dispute_cause_price', raise_if_not_found=False)
        dispute.our_fault = True
        credit_notes = dispute.sudo().credit_note_ids
        credit_notes.write({'invoice_date': today, 'date': today})
        credit_notes.with_user(self._user('collector')).action_post()

    def _reject(self, invoice, answer, today):
        dispute = self._get_dispute(invoice).with_user(self._user('collector'))
        dispute.message_post(body=answer, subtype_xmlid='mail.mt_note')
        dispute.action_close('rejected')

    def _contest_himself(self, invoice, reason, today):
        """A dispute the customer entered: somebody has to qualify it."""
        values = {
            'partner_id': invoice.partner_id.id,
            'company_id': invoice.company_id.id,
            'source': 'customer',
            'opened_on': today,
            'reason': reason,
            'type_id': self.env.ref('account_collection_followup.dispute_type_technical').id,
            'line_ids': [Command.create({'move_id': invoice.id})],
        }
        internal(self.env['collection.dispute']).create(values)

    # ------------------------------------------------------------------
    # Promises
    # ------------------------------------------------------------------
    def _get_promise(self, invoice):
        """:return: the running promise about an invoice"""
        domain = [('state', '=', 'running'), ('line_ids.move_id', '=', invoice.id)]
        return self.env['collection.promise'].with_user(self._user('collector')).search(domain, limit=1)

    def _move(self, invoice, day, today):
        self._get_promise(invoice).action_move(day)

    def _sign(self, invoice, name, today):
        self._get_promise(invoice).action_signed(today, name)

    def _ask_for_plan(self, customer, text, today):
        self.env['collection.case']._open_for(customer, self.env.company)[customer]._request_plan(text)

    def _assess(self, customer, motive, today):
        self.env['collection.case']._open_for(customer, self.env.company)[customer]._record_motive(motive)

    # ------------------------------------------------------------------
    # What is known of customers
    # ------------------------------------------------------------------
    def _describe(self, key, values, months, today):
        """:param months: since when the description is confirmed"""
        circuit = self.env['collection.circuit'].create({'partner_id': self._customer(key).id, **values})
        circuit._confirm()
        internal(circuit).confirmed_on = fields.Date.subtract(self.env.company._collection_today(), months=months)

    def _stand(self, invoice, stage, note, today):
        self.env['collection.circuit.stage'].with_user(self._user('collector'))._record(
            invoice, stage, today, invoice.partner_id.child_ids[:1], note
        )

    def _insure(self, key, values, today):
        credit = self.env['collection.credit'].create(
            {'partner_id': self._customer(key).id, 'rating_on': today, **values}
        )
        credit.currency_id = self.env.company.currency_id

    # ------------------------------------------------------------------
    # Calls
    # ------------------------------------------------------------------
    def _call(self, call, result):
        """A satisfaction call asks its questions; the answers make the report. A complaint is a dispute, put right at once."""
        if call.purpose != 'satisfaction':
            return super()._call(call, result)
        complaint = self._get_complaint(call)
        script = self.env.ref('account_collection_followup.script_satisfaction')
        call._record_answers(
            [
                (line, 'no', "A little late, and a part was missing.") if line == complaint else (line, 'yes', False)
                for line in script.line_ids
                if line.kind == 'ask'
            ]
        )
        if not complaint:
            return super()._call(call, result)
        lines = call._get_contestable_lines()[:1]
        dispute = call._open_dispute(
            complaint.dispute_type_id,
            "A little late, and a part was missing.",
            [(line, line.currency_id.round(line.amount_residual_currency / 10)) for line in lines],
        )
        call.action_made('dispute', "The part is on its way; nothing else is open.")
        return dispute.with_user(self._user('collector')).action_close('withdrawn')

    def _get_complaint(self, call):
        """:return: the question of the script this customer says no to, if any"""
        question = self.env['collection.script.line']
        for name, every in COMPLAINTS.items():
            if not call.id % every and call._get_contestable_lines():
                question = self.env.ref(f'account_collection_followup.{name}')
        return question
