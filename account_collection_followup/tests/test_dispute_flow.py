import io
from datetime import date

from freezegun import freeze_time
from reportlab.pdfgen.canvas import Canvas

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, HttpCase, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfReader

from ..models.collection_fact import internal
from .facts_common import GROUP, FactsCommon

KINDS = ('dispute', 'dispute_customer', 'dispute_close', 'dispute_qualify', 'dispute_escalated')


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestDisputeFlow(FactsCommon):
    """Who has a dispute, from its entry to the proposal of its outcome (R12, R13, R16, R19)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            name: new_test_user(
                cls.env,
                f'flow_{name}',
                groups=GROUP + group,
                company_id=cls.company.id,
                email=f'{name}@example.com',
            )
            for name, group in {
                'rep': 'resolver',
                'member': 'resolver',
                'stranger': 'resolver',
                'caller': 'caller',
                'collector': 'collector',
                'manager': 'collector',
            }.items()
        }
        cls.company.write(
            {
                'collection_user_id': cls.users['collector'].id,
                'collection_manager_id': cls.users['manager'].id,
                'collection_start_date': '2020-01-01',
            }
        )
        cls.team.user_ids = cls.users['member']
        cls.other_team = cls.env['collection.team'].create({'name': "Sales of the tests", 'days': 4})
        with freeze_time('2026-03-02 09:00:00'):
            cls.invoice = cls._invoice(1000)

    def listed(self, dispute):
        """:return: set of (login, kind) of the activities that wait"""
        kinds = {self.env.ref(f'account_collection_followup.activity_type_{kind}'): kind for kind in KINDS}
        activities = self.env['mail.activity'].search(
            [('res_model', '=', 'collection.dispute'), ('res_id', '=', dispute.id)]
        )
        return {
            (activity.user_id.login.removeprefix('flow_'), kinds[activity.activity_type_id]) for activity in activities
        }

    def as_user(self, dispute, name):
        dispute.invalidate_recordset()
        return dispute.with_user(self.users[name])

    def from_customer(self, **values):
        """What the page of answers will enter."""
        return internal(self.env['collection.dispute'].with_user(SUPERUSER_ID)).create(
            {
                'source': 'customer',
                'partner_id': self.customer.id,
                'line_ids': [Command.create({'move_id': self.invoice.id, 'amount': 100})],
                **values,
            }
        ).with_env(self.env)  # fmt: skip

    # ------------------------------------------------------------------
    # Routing
    # ------------------------------------------------------------------
    def test_commercial_is_the_rep_s(self):
        """Disputes of a commercial type go to the customer's sales rep, else to the lead of the team."""
        self.type.owner_is_rep = True
        self.assertEqual(self._dispute(self.invoice, 10).user_id, self.lead)
        self.customer.user_id = self.users['rep']
        dispute = self._dispute(self.invoice, 10)
        self.assertEqual((dispute.user_id, dispute.rep_id, dispute.team_id), (self.users['rep'],) * 2 + (self.team,))
        self.assertEqual(self.listed(dispute), {('rep', 'dispute')})
        self.type.owner_is_rep = False
        dispute = self._dispute(self.invoice, 10)
        self.assertEqual(self.listed(dispute), {('facts_lead', 'dispute'), ('rep', 'dispute_customer')})

    def test_shipped_types(self):
        """Commercial and pricing are owned by the rep; missing documents in 3 working days, the others in 10."""
        types = self.env['collection.dispute.type'].search([('code', '!=', False), ('company_id', '=', False)])
        self.assertEqual(set(types.filtered('owner_is_rep').mapped('code')), {'commercial', 'pricing'})
        self.assertEqual({kind.code for kind in types if kind._get_days(kind.team_id) != 10}, {'missing_document'})
        self.assertTrue(self.env['collection.dispute.cause'].search([('our_fault', '=', True)]))

    def test_rep_of_the_invoice(self):
        """A customer nobody was given is the salesperson's who sold last: he is told, and sees the dispute."""
        self._invoice(50, invoice_user_id=self.users['rep'].id, invoice_date='2026-02-01')
        dispute = self._dispute(self.invoice, 10)
        self.assertEqual(dispute.rep_id, self.users['rep'])
        self.assertIn(('rep', 'dispute_customer'), self.listed(dispute))
        self.as_user(dispute, 'rep').check_access('read')
        self.as_user(dispute.line_ids, 'rep').check_access('read')
        for record in (dispute, dispute.line_ids):
            with self.assertRaises(AccessError):
                self.as_user(record, 'stranger').check_access('read')
        dispute.rep_id = self.users['stranger']
        self.as_user(dispute, 'stranger').check_access('read')
        self.assertEqual(self.listed(dispute), {('facts_lead', 'dispute'), ('stranger', 'dispute_customer')})

    def test_a_collector_chooses_the_rep(self):
        """A caller enters disputes with the sales rep there is, and puts nobody else in front of the customer."""
        self.customer.user_id = self.users['rep']
        values = {
            'type_id': self.type.id,
            'partner_id': self.customer.id,
            'line_ids': [Command.create({'move_id': self.invoice.id, 'amount': 10})],
        }
        other = {'rep_id': self.users['stranger'].id}
        disputes = self.env['collection.dispute'].with_user(self.users['caller'])
        dispute = disputes.create(values | {'rep_id': self.users['rep'].id})
        self.assertEqual(dispute.rep_id, self.users['rep'])
        with self._refused("Only a collector chooses the sales rep", AccessError):
            disputes.create(values | other)
        with self._refused("Only a collector chooses the sales rep", AccessError):
            disputes.with_context(default_rep_id=self.users['stranger'].id).create(values)
        with self._refused("Only a collector chooses the sales rep", AccessError):
            dispute.write(other)
        dispute.with_user(self.users['collector']).write(other)
        self.assertEqual(dispute.rep_id, self.users['stranger'])

    def test_who_makes_invoices_is_no_rep(self):
        """A collector who made the invoice works the list: he stands in front of nobody."""
        self._invoice(50, invoice_user_id=self.users['manager'].id, invoice_date='2026-02-01')
        self.assertFalse(self._dispute(self.invoice, 10).rep_id)
        self.customer.user_id = self.users['manager']
        self.assertEqual(self._dispute(self.invoice, 10).rep_id, self.users['manager'])

    def test_time_limit_of_the_team(self):
        """The type's days, else the team's (R12)."""
        self.type.write({'days': 0, 'team_id': self.other_team.id})
        self.assertEqual(self._dispute(self.invoice, 10).deadline, date(2026, 3, 6))
        self.type.days = 2
        self.assertEqual(self._dispute(self.invoice, 10).deadline, date(2026, 3, 4))
        with self._refused("Working days to solve", ValidationError):
            self.other_team.days = -1

    # ------------------------------------------------------------------
    # To qualify
    # ------------------------------------------------------------------
    def test_qualify(self):
        """What the customer entered waits to be qualified, within 3 working days, and holds meanwhile (R19)."""
        self.customer.user_id = self.users['rep']
        dispute = self.from_customer()
        self.assertEqual((dispute.stage, dispute.deadline), ('to_qualify', date(2026, 3, 5)))
        self.assertFalse(dispute.user_id)
        self.assertTrue(dispute.line_ids.holds)
        self.assertEqual(self.listed(dispute), {('collector', 'dispute_qualify'), ('rep', 'dispute_customer')})
        collector = self.as_user(dispute, 'collector')
        for action in (
            collector.action_qualify,
            lambda: collector.action_propose('rejected', "No"),
            lambda: collector.action_hand_over("Yours", self.team.id),
        ):
            with self._refused("Choose the type"):
                action()
        with freeze_time('2026-03-04 09:00:00'):
            self.as_user(dispute, 'collector').type_id = self.type
            self.assertEqual((dispute.stage, dispute.qualified_on), ('solving', date(2026, 3, 4)))
            self.assertEqual((dispute.user_id, dispute.deadline), (self.lead, date(2026, 3, 18)))
            self.assertEqual(self.listed(dispute), {('facts_lead', 'dispute'), ('rep', 'dispute_customer')})
            notes = dispute.message_ids
            dispute.action_qualify()
            self.assertEqual(dispute.message_ids, notes, "on screen saving the type qualifies, then the button comes")

    def test_qualify_as_the_customer_said(self):
        """The type the customer chose is confirmed with a button; nobody has the dispute before."""
        dispute = self.from_customer(type_id=self.type.id)
        self.assertEqual(dispute.stage, 'to_qualify')
        self.assertEqual(self.listed(dispute), {('collector', 'dispute_qualify')})
        with self.assertRaises(AccessError):
            self.as_user(dispute, 'member').action_qualify()
        self.as_user(dispute, 'caller').action_qualify()
        self.assertEqual((dispute.stage, dispute.user_id), ('solving', self.lead))

    def test_stages_of_the_board(self):
        """In order; those where nothing is solved only if there is something."""
        Dispute = self.env['collection.dispute']
        dispute = self._dispute(self.invoice, 10)
        mine = [('id', '=', dispute.id)]

        def stages():
            groups = Dispute.with_context(read_group_expand=True).web_read_group(mine, ['stage'], ['__count'])['groups']
            return [group['stage'] for group in groups]

        self.assertEqual(stages(), ['solving', 'proposed'])
        dispute.action_close('rejected')
        self.assertEqual(stages(), ['solving', 'proposed', 'closed'])
        mine[0] = ('id', '=', self.from_customer().id)
        self.assertEqual(stages(), ['to_qualify', 'solving', 'proposed'])
        decided = self._dispute(self.invoice, 10)
        decided._accept('accepted', {decided.line_ids: 10})
        self.assertEqual(decided.stage, 'credit')
        mine[0] = ('id', 'in', (decided | self.from_customer()).ids)
        self.assertEqual(stages(), ['to_qualify', 'solving', 'proposed', 'credit'])

    def test_ours_is_qualified(self):
        dispute = self._dispute(self.invoice, 10, opened_on='2026-02-24')
        self.assertEqual((dispute.stage, dispute.qualified_on), ('solving', date(2026, 2, 24)))
        with self.assertRaises(AccessError):
            self._dispute(self.invoice, 10, source='customer')
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self._dispute(self.invoice, 10, type_id=False)

    # ------------------------------------------------------------------
    # Proposal
    # ------------------------------------------------------------------
    def test_propose(self):
        """Who solves it proposes the outcome with what was found and proof; it comes to who closes it."""
        dispute = self._dispute(self.invoice, 100)
        solver = self.as_user(dispute, 'member')
        proof = self.env['ir.attachment'].with_user(self.users['member']).create({'name': "note.txt", 'raw': b"note"})
        for outcome, text, amount, message in (
            ('maybe', "Found", 0, "Choose an outcome"),
            ('rejected', " ", 0, "Say what was found"),
            ('partly', "Found", 100, "between zero and"),
            ('partly', "Found", 0, "between zero and"),
        ):
            with self._refused(message):
                solver.action_propose(outcome, text, amount)
        cause = self.env.ref('account_collection_followup.dispute_cause_delivery')
        solver.action_propose('partly', "One box was missing", 40, proof.ids, cause.id)
        self.assertEqual((dispute.stage, dispute.proposed_outcome, dispute.proposed_amount), ('proposed', 'partly', 40))
        self.assertEqual((dispute.proposed_by_id, dispute.proposed_on), (self.users['member'], date(2026, 3, 2)))
        self.assertEqual((dispute.cause_id, dispute.our_fault), (cause, True))
        self.assertEqual(self.listed(dispute), {('collector', 'dispute_close')})
        self.assertEqual(dispute.finding, "One box was missing")
        self.assertIn("40.00", dispute.proposal)
        self.assertEqual(proof.res_id, dispute.id)
        self.assertEqual(dispute.message_ids[0].attachment_ids, proof)
        self.assertEqual(dispute.state, 'open', "it holds until it is closed")

    def test_propose_by_others(self):
        """The customer's rep and who works the list may propose; a stranger may not, nor once it is closed."""
        self.customer.user_id = self.users['rep']
        dispute = self._dispute(self.invoice, 100)
        with self.assertRaises(AccessError):
            self.as_user(dispute, 'stranger').action_propose('rejected', "No")
        self.as_user(dispute, 'rep').action_propose('withdrawn', "A misunderstanding")
        self.assertEqual(self.listed(dispute), {('collector', 'dispute_close')})
        self.as_user(dispute, 'caller').action_propose('rejected', "The delivery note is signed")
        self.assertEqual((dispute.proposed_outcome, dispute.proposed_amount), ('rejected', 0))
        dispute.action_close('rejected')
        with self._refused("closed since"):
            self.as_user(dispute, 'member').action_propose('rejected', "No")

    def test_proposal_is_not_written(self):
        dispute = self._dispute(self.invoice, 100)
        for values in (
            {'proposed_outcome': 'accepted'},
            {'stage': 'proposed'},
            {'escalated': 'lead'},
            {'let_hold': True},
        ):
            with self.assertRaises(AccessError):
                dispute.write(values)

    def test_dialogs(self):
        dispute = self._dispute(self.invoice, 100)
        action = self.as_user(dispute, 'member').action_propose()
        form = Form(self.env[action['res_model']].with_user(self.users['member']).with_context(**action['context']))
        form.outcome = 'partly'
        form.amount = 30
        form.text = "One was broken"
        form.save().action_propose()
        self.assertEqual(dispute.proposed_amount, 30)
        action = self.as_user(dispute, 'member').action_hand_over()
        form = Form(self.env[action['res_model']].with_user(self.users['member']).with_context(**action['context']))
        form.user_id = self.users['stranger']
        form.reason = "Ask the workshop"
        form.save().action_hand_over()
        self.assertEqual((dispute.user_id, dispute.stage), (self.users['stranger'], 'solving'))

    # ------------------------------------------------------------------
    # Handed over
    # ------------------------------------------------------------------
    def test_hand_over(self):
        """Another team goes on; who had it still sees it; the time limit stays (R13)."""
        dispute = self._dispute(self.invoice, 100)
        with self.assertRaises(AccessError):
            self.as_user(dispute, 'stranger').action_hand_over("Not ours", self.other_team.id)
        solver = self.as_user(dispute, 'member')
        with self._refused("has no lead"):
            solver.action_hand_over("Not ours", self.other_team.id)
        self.other_team.lead_id = self.users['stranger']
        with self._refused("Say why"):
            solver.action_hand_over(" ", self.other_team.id)
        with self._refused("already"):
            solver.action_hand_over("Again", self.team.id)
        nobody = new_test_user(self.env, 'flow_nobody', groups='base.group_user', company_id=self.company.id)
        with self._refused("no role"):
            solver.action_hand_over("Not ours", user_id=nobody.id)
        deadline = dispute.deadline
        solver.action_answer("It was not lost by us")
        solver.action_hand_over("The price is the question", self.other_team.id)
        self.assertEqual((dispute.team_id, dispute.user_id), (self.other_team, self.users['stranger']))
        self.assertEqual(dispute.deadline, deadline)
        self.assertEqual(self.listed(dispute), {('stranger', 'dispute')})
        self.assertEqual((dispute.helper_team_ids, dispute.helper_ids), (self.team, self.lead))
        self.assertIn("The price is the question", str(dispute.message_ids[0].body))
        self.assertEqual(dispute.message_ids[0].author_id, self.users['member'].partner_id)
        for record in (dispute, dispute.line_ids):
            self.as_user(record, 'member').check_access('read')
        self.assertEqual(dispute.finding, "It was not lost by us")

    def test_handed_back(self):
        """Given back, it is asked of the owner again, and the proposal is none any more."""
        dispute = self._dispute(self.invoice, 100)
        dispute.with_user(self.lead).action_propose('rejected', "Signed for")
        self.assertEqual(self.listed(dispute), {('collector', 'dispute_close')})
        self.as_user(dispute, 'collector').action_hand_over("Who signed?", user_id=self.users['member'].id)
        self.assertEqual((dispute.stage, dispute.proposed_outcome), ('solving', False))
        self.as_user(dispute, 'member').action_hand_over("You know him", user_id=self.lead.id)
        self.assertEqual(self.listed(dispute), {('facts_lead', 'dispute')})

    # ------------------------------------------------------------------
    # Escalation
    # ------------------------------------------------------------------
    def escalate(self, day):
        with freeze_time(f'{day} 09:00:00'):
            self.env['collection.dispute']._escalate_overdue(self.company)
            return self.env['collection.dispute']

    def test_escalation(self):
        """Past its time limit a dispute goes to the lead, 5 working days later to the collections manager (R19)."""
        dispute = self._dispute(self.invoice, 100)
        dispute.user_id = self.users['member']
        self.escalate('2026-03-16')
        self.assertFalse(dispute.escalated)
        self.escalate('2026-03-17')
        self.assertEqual((dispute.escalated, dispute.escalated_on), ('lead', date(2026, 3, 17)))
        with freeze_time('2026-03-17 10:00:00'):
            self.assertEqual(self.listed(dispute), {('member', 'dispute'), ('facts_lead', 'dispute_escalated')})
            self.env['mail.activity'].search(
                [('res_id', '=', dispute.id), ('user_id', '=', self.lead.id)]
            ).action_feedback(feedback="I talk to him")
            dispute._activity_update()
            self.assertEqual(self.listed(dispute), {('member', 'dispute')}, "told once")
        self.escalate('2026-03-24')
        self.assertEqual(dispute.escalated, 'lead')
        self.escalate('2026-03-25')
        self.assertEqual((dispute.escalated, dispute.escalated_on), ('manager', date(2026, 3, 25)))
        with freeze_time('2026-03-25 10:00:00'):
            self.assertEqual(self.listed(dispute), {('member', 'dispute'), ('manager', 'dispute_escalated')})
            dispute.deadline = '2026-03-30'
        self.escalate('2026-03-26')
        self.assertFalse(dispute.escalated)
        with freeze_time('2026-03-26 10:00:00'):
            self.assertEqual(self.listed(dispute), {('member', 'dispute')})

    def test_escalation_without_lead(self):
        """What no lead looks after, and what nobody qualified, goes to the manager at once."""
        dispute, waiting = self._dispute(self.invoice, 100), self.from_customer()
        self.team.lead_id = False
        self.escalate('2026-03-17')
        self.assertEqual((dispute | waiting).mapped('escalated'), ['manager', 'manager'])
        with freeze_time('2026-03-17 10:00:00'):
            self.assertEqual(self.listed(waiting), {('collector', 'dispute_qualify'), ('manager', 'dispute_escalated')})

    def test_cause_of_another_company(self):
        """An id that was guessed names no cause of others."""
        other = self.env['res.company'].sudo().create({'name': "Other"})
        cause = self.env['collection.dispute.cause'].sudo().create({'name': "Theirs", 'company_id': other.id})
        dispute = self._dispute(self.invoice, 100)
        with self.assertRaises(ValidationError):
            self.as_user(dispute, 'member').action_propose('rejected', "It was late", 0, (), cause.id)

    def test_who_may_answer_is_asked_once_for_all(self):
        """The board of disputes costs no query for each of them (R12)."""
        for _number in range(12):
            self._dispute(self.invoice, 10)
        disputes = self.env['collection.dispute'].search([('state', '=', 'open')]).with_user(self.users['member'])
        counts = []
        for some in (disputes[:1], disputes[:2], disputes):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.read(['can_answer', 'can_edit', 'can_solve'])
            counts.append(self.env.cr.sql_log_count - before)
        self.assertGreaterEqual(len(disputes), 12)
        self.assertLessEqual(counts[2], counts[1])

    # ------------------------------------------------------------------
    # Digest
    # ------------------------------------------------------------------
    def digests(self, day):
        # the database does not know the day of the test
        self.env.flush_all()
        self.env.cr.execute("UPDATE mail_activity SET create_date = '2026-03-02 09:00:00'")
        self.env.invalidate_all()
        with freeze_time(f'{day} 08:00:00'):
            before = self.env['mail.mail'].sudo().search([])
            self.env['collection.dispute']._send_digests(self.company)
            return self.env['mail.mail'].sudo().search([]) - before

    def test_digest(self):
        """One e-mail a day with what is new and what is late, in the user's language, only if there is something."""
        self.lead.email = 'lead@example.com'
        first, second = self._dispute(self.invoice, 100), self._dispute(self.invoice, 50)
        mail = self.digests('2026-03-03')
        self.assertEqual(mail.email_to, self.lead.email_formatted)
        for dispute in (first, second):
            self.assertIn(f'/odoo/collection-disputes/{dispute.id}', mail.body_html)
        self.assertIn("New on your list", mail.body_html)
        self.assertNotIn("Past the time limit", mail.body_html)
        self.assertFalse(self.digests('2026-03-03'), "once a day")
        self.assertFalse(self.digests('2026-03-04'), "nothing new")
        first.action_close('rejected')
        mail = self.digests('2026-03-17')
        self.assertIn("Past the time limit", mail.body_html)
        self.assertNotIn(f'/odoo/collection-disputes/{first.id}', mail.body_html)
        self.lead.collection_digest = False
        self.assertFalse(self.digests('2026-03-18'))
        # his own preference: no rights are needed
        self.lead.with_user(self.lead).write({'collection_digest': True})
        self.assertTrue(self.digests('2026-03-18'))

    def test_digest_of_one_who_cannot_be_written_to(self):
        """An error in one user's digest does not take the others'."""
        self._dispute(self.invoice, 100)
        other = self._dispute(self.invoice, 50)
        other.user_id = self.users['member']
        (self.lead | self.users['member']).write({'email': 'somebody@example.com'})
        # gone with its add-on, and set by an import
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_partner SET lang = 'xx_YY' WHERE id = %s", [self.lead.partner_id.id])
        self.env.invalidate_all()
        with self.assertLogs('odoo.addons.account_collection_followup.models.collection_dispute_digest', 'ERROR'):
            mail = self.digests('2026-03-03')
        self.assertEqual(mail.email_to, self.users['member'].email_formatted)
        self.assertFalse(self.lead.sudo().collection_digest_on)

    def test_daily_run(self):
        """The morning of a working day tells of what is late, on lists and by e-mail."""
        self.lead.email = 'lead@example.com'
        dispute = self._dispute(self.invoice, 100)
        with freeze_time('2026-03-17 09:00:00'):
            before = self.env['mail.mail'].sudo().search([])
            self.env['collection.run'].with_user(SUPERUSER_ID)._prepare_day(self.company)
            mails = self.env['mail.mail'].sudo().search([]) - before
        self.assertEqual(dispute.escalated, 'lead')
        self.assertIn(self.lead.email_formatted, mails.mapped('email_to'))

    def test_no_mail_per_dispute(self):
        before = self.env['mail.mail'].sudo().search_count([])
        self._dispute(self.invoice, 100).action_hand_over("You know him", user_id=self.users['member'].id)
        self.assertEqual(self.env['mail.mail'].sudo().search_count([]), before)

    # ------------------------------------------------------------------
    # The invoices
    # ------------------------------------------------------------------
    def test_invoice_pdf(self):
        """Who may read the dispute gets its invoices, as they were sent, and no others."""
        dispute = self.env['collection.dispute'].create(
            {'type_id': self.type.id, 'line_ids': [Command.create({'move_id': self.invoice.id})]}
        )
        action = self.as_user(dispute, 'member').action_invoice_pdf()
        self.assertEqual(action['url'], f'/collection/dispute/{dispute.id}/invoices')
        with self.assertRaises(AccessError):
            self.as_user(dispute, 'stranger').action_invoice_pdf()
        with self.assertRaises(AccessError):
            self.as_user(dispute, 'stranger')._get_invoice_pdf()

    def test_traces(self):
        """Colleagues find it on the customer and on the invoice; the setting that keeps notes off invoices counts."""
        dispute = self._dispute(self.invoice, 100)
        for record in (self.customer, self.invoice):
            note = record.message_ids[0]
            self.assertIn("Dispute opened", str(note.body))
            self.assertFalse(note.notified_partner_ids)
        dispute.action_close('rejected')
        self.assertIn("Dispute closed", str(self.invoice.message_ids[0].body))
        self.company.collection_log_invoices = False
        self._dispute(self.invoice, 100, type_id=self.type.copy({'name': "Other"}).id)
        self.assertIn("Dispute closed", str(self.invoice.message_ids[0].body))


@tagged('post_install', '-at_install')
class TestDisputeDocuments(FactsCommon, HttpCase):
    """The invoices of a dispute in the browser of who solves it (R12)."""

    def test_download(self):
        invoices = self._invoice(1000) | self._invoice(500)
        self.env['ir.attachment'].create(
            [
                {
                    'name': "sent.pdf",
                    'raw': self._get_pdf("As it was sent"),
                    'res_model': 'account.move',
                    'res_id': invoice.id,
                    'res_field': 'invoice_pdf_report_file',
                }
                for invoice in invoices
            ]
        )
        invoices.invalidate_recordset(['invoice_pdf_report_id'])
        lines = [Command.create({'move_id': move.id, 'amount': 10}) for move in invoices]
        dispute = self.env['collection.dispute'].create({'type_id': self.type.id, 'line_ids': lines})
        url = f'/collection/dispute/{dispute.id}/invoices'
        self.authenticate('facts_lead', 'facts_lead')
        response = self.url_open(url)
        self.assertEqual((response.status_code, response.headers['Content-Type']), (200, 'application/pdf'))
        self.assertEqual(len(PdfReader(io.BytesIO(response.content)).pages), 2)
        new_test_user(self.env, 'doc_stranger', groups=GROUP + 'resolver', company_id=self.company.id)
        self.authenticate('doc_stranger', 'doc_stranger')
        with mute_logger('odoo.http', 'odoo.addons.base.models.ir_rule'):
            self.assertEqual(self.url_open(url).status_code, 403)
            self.assertEqual(self.url_open('/collection/dispute/0/invoices').status_code, 404)

    @staticmethod
    def _get_pdf(text):
        buffer = io.BytesIO()
        page = Canvas(buffer)
        page.drawString(100, 700, text)
        page.save()
        return buffer.getvalue()


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestDisputeRepeat(FactsCommon):
    """A second dispute on the same ground after a rejection does not hold (R16)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time('2026-03-02 09:00:00'):
            cls.invoice, cls.second = cls._invoice(1000), cls._invoice(500)
            cls.rejected = cls._dispute(cls.invoice, 300)
            cls.rejected.action_close('rejected')

    def test_repeated(self):
        dispute = self._dispute(self.invoice, 100)
        self.assertEqual(dispute.repeats_id, self.rejected)
        self.assertFalse(dispute.line_ids.holds)
        self.assertIn("holds no reminder back", dispute.repeats_warning)
        self.assertFalse(self.rejected.repeats_warning)
        self.assertEqual(dispute.state, 'open', "it is on file and answered all the same")

    def test_rejected_one_of_another_team(self):
        """Who solves the second one is warned, though the first one is not his to see."""
        dispute = self._dispute(self.invoice, 100)
        solver = new_test_user(self.env, 'repeat_solver', groups=GROUP + 'resolver', company_id=self.company.id)
        dispute.user_id = solver
        self.env.invalidate_all()
        self.assertFalse(self.rejected.with_user(solver).has_access('read'))
        self.assertIn("holds no reminder back", dispute.with_user(solver).repeats_warning)

    def test_other_ground(self):
        """Another type, another invoice, or another outcome is another ground."""
        other = self.type.copy({'name': "Wrong price of the tests"})
        for dispute in (self._dispute(self.invoice, 10, type_id=other.id), self._dispute(self.second, 10)):
            self.assertFalse(dispute.repeats_id or dispute.repeats_warning)
            self.assertTrue(dispute.line_ids.holds)
        self._dispute(self.second, 10).action_close('accepted')
        self.assertFalse(self._dispute(self.second, 10).repeats_id)

    def test_part_of_it(self):
        """Of several invoices only those rejected before are chased; lines added later as well."""
        dispute = self._dispute(self.second, 100)
        dispute.line_ids = [Command.create({'move_id': self.invoice.id, 'amount': 50})]
        self.assertEqual(dispute.repeats_id, self.rejected)
        self.assertEqual(
            {line.move_id: line.holds for line in dispute.line_ids}, {self.second: True, self.invoice: False}
        )
        self.assertIn(self.invoice.name, dispute.repeats_warning)

    def test_type_changed(self):
        other = self.type.copy({'name': "Wrong price of the tests"})
        dispute = self._dispute(self.invoice, 100)
        dispute.type_id = other
        self.assertFalse(dispute.repeats_id)
        self.assertTrue(dispute.line_ids.holds)
        dispute.type_id = self.type
        self.assertFalse(dispute.line_ids.holds)

    def test_let_hold(self):
        """A collector may let it hold, with a reason that is kept."""
        dispute = self._dispute(self.invoice, 100)
        caller, collector = (
            new_test_user(self.env, f'repeat_{role}', groups=GROUP + role, company_id=self.company.id)
            for role in ('caller', 'collector')
        )
        with self.assertRaises(AccessError):
            dispute.with_user(caller).action_let_hold("New proof")
        with self._refused("Say why"):
            dispute.with_user(collector).action_let_hold(" ")
        action = dispute.with_user(collector).action_let_hold()
        form = Form(self.env[action['res_model']].with_user(collector).with_context(**action['context']))
        form.reason = "New proof"
        form.save().action_confirm()
        self.assertTrue(dispute.let_hold and dispute.line_ids.holds)
        self.assertFalse(dispute.repeats_warning)
        self.assertIn("New proof", str(dispute.message_ids[0].body))
        self.assertEqual(dispute.message_ids[0].author_id, collector.partner_id)
        with self._refused("already"):
            dispute.action_let_hold("Again")
        dispute.line_ids = [Command.create({'move_id': self.invoice.id, 'amount': 50})]
        self.assertEqual(dispute.line_ids.mapped('holds'), [True, True])

    def test_taken_up_again(self):
        """We took the rejected dispute up again ourselves: the new one holds, and is what counts afterwards."""
        with freeze_time('2026-03-05 09:00:00'):
            successor = self.rejected.action_reopen()
            self.assertTrue(successor.line_ids.holds)
            self.assertFalse(successor.repeats_id)
            successor.action_close('accepted')
            self.assertFalse(self._dispute(self.invoice, 10).repeats_id)
