from freezegun import freeze_time

from odoo import SUPERUSER_ID, fields
from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.tests import new_test_user

#: a Monday, far from holidays
TODAY = '2026-03-02'


class CollectionCommon(AccountTestInvoicingCommon):
    """A company with the standard ladder under way and real documents to chase, on 2 March 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids |= cls.env.ref('account_collection_followup.group_collection_administrator')
        cls.env.user.lang = 'en_US'
        cls.company = cls.env.company
        cls.policy = cls.env.ref('account_collection_followup.policy_standard')
        # tests leap from one date to the next: who wants the sales rep told first says so
        cls.policy.consult_days = 0
        cls.levels = {level.rank: level for level in cls.policy.level_ids}
        groups = 'account_collection_followup.group_collection_%s'
        cls.collector = new_test_user(
            cls.env,
            login='test_collector',
            groups=groups % 'collector',
            company_id=cls.company.id,
            email='collector@example.com',
        )
        cls.manager = new_test_user(
            cls.env,
            login='test_manager',
            groups=groups % 'collector',
            company_id=cls.company.id,
            email='manager@example.com',
        )
        cls.company.write(
            {
                'collection_policy_id': cls.policy.id,
                'collection_start_date': '2020-01-01',
                'collection_first_run_done': True,
                'collection_user_id': cls.collector.id,
                'collection_manager_id': cls.manager.id,
                'collection_director_id': cls.manager.id,
                'email': 'desk@example.com',
            }
        )
        (cls.partner_a | cls.partner_b).write(
            {'property_payment_term_id': False, 'street': "2 Customer Street", 'zip': '69003', 'city': "Lyon"}
        )
        cls.partner_a.email = 'a@example.com'
        cls.partner_b.email = 'b@example.com'
        cls.bank = cls.company_data['default_journal_bank']

    # -- documents -------------------------------------------------------
    @classmethod
    def invoice(cls, partner=None, due='2026-02-20', amount=1000, post=True, **values):
        """A posted invoice without tax, dated 30 days before it falls due."""
        partner = partner or cls.partner_a
        due = fields.Date.to_date(due)
        invoice_date = values.pop('invoice_date', None) or min(fields.Date.subtract(due, days=30), fields.Date.today())
        move = cls.env['account.move'].create(
            {
                'move_type': values.pop('move_type', 'out_invoice'),
                'partner_id': partner.id,
                'invoice_date': invoice_date,
                'date': invoice_date,
                'invoice_date_due': due,
                'invoice_payment_term_id': False,
                'invoice_line_ids': [(0, 0, {'name': "work", 'quantity': 1, 'price_unit': amount, 'tax_ids': []})],
                **values,
            }
        )
        if post:
            move.action_post()
            move.is_move_sent = True
        return move

    @classmethod
    def pay(cls, moves, amount=None, day=None):
        """Register a real payment on invoices and reconcile it."""
        values = {'payment_date': day or fields.Date.today()}
        if amount is not None:
            values['amount'] = amount
        if len(moves) > 1:
            values['group_payment'] = True
        wizard = (
            cls.env['account.payment.register']
            .with_context(active_model='account.move', active_ids=moves.ids)
            .create(values)
        )
        return wizard._create_payments()

    @classmethod
    def receive(cls, partner, amount, day=None):
        """A posted customer payment that is matched with nothing yet."""
        payment = cls.env['account.payment'].create(
            {
                'partner_id': partner.id,
                'amount': amount,
                'payment_type': 'inbound',
                'partner_type': 'customer',
                'journal_id': cls.bank.id,
                'date': day or fields.Date.today(),
            }
        )
        payment.action_post()
        return payment

    @staticmethod
    def term(move):
        return move.line_ids.filtered(lambda line: line.account_id.account_type == 'asset_receivable')

    # -- the desk --------------------------------------------------------
    def plan(self, day=None, partners=None, **options):
        """:return: dict document → item of the plan"""
        items = self.env['collection.plan']._plan(
            self.company, day or fields.Date.today(), partners=partners, **options
        )
        return {self.env['account.move'].browse(item.move_id): item for item in items}

    def reason(self, move, day=None):
        return self.plan(day)[move].reason

    def run_day(self, day=None):
        """What the scheduled action does, without its commits.

        :return: the run of the day, empty when it is no working day
        """
        with freeze_time(day or fields.Date.today()):
            Run = self.env['collection.run'].with_user(SUPERUSER_ID)
            Run._prepare_day(self.company)
            run = Run._get_today(self.company)
            while run and run._execute_batch():
                continue
            run._finish_if_done()
            self.deliver()
            self.env.cr.flush()
            return run

    def deliver(self, failure=None):
        """Stand in for the mail server, which Odoo does not call in tests: it takes what is queued, or refuses it.

        :param str failure: why it refuses
        """
        for mail in self.env['mail.mail'].sudo().search([('state', '=', 'outgoing')]):
            mail.write({'state': 'exception' if failure else 'sent', 'failure_reason': failure})
            mail._postprocess_sent_message(
                success_pids=[] if failure else mail.recipient_ids.ids,
                success_emails=[],
                failure_reason=failure or False,
                failure_type='mail_smtp' if failure else None,
            )

    def approve(self, run, user=None):
        run.message_ids.filtered(lambda line: line.state == 'proposed').with_user(user or self.manager).action_approve()
        self.deliver()

    def complete(self, steps, day=None):
        """Make the calls and post the letters of some steps."""
        with freeze_time(day or fields.Date.today()):
            if letters := steps.filtered(lambda step: 'todo' in (step.letter_state, step.registered_state)):
                letters.action_posted()
            steps._on_call_done()

    def steps(self, partner=None):
        return self.env['collection.step'].search(
            [('partner_id', '=', (partner or self.partner_a).id)], order='date, id'
        )
