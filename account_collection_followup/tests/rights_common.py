import pathlib
from collections import namedtuple

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user

from ..models.collection_fact import internal
from ..tools import WorkingDays
from .common import CollectionCommon

#: what a button is pressed on: a record with arguments, or the values of a dialog the user opens himself
Press = namedtuple('Press', ['record', 'args', 'vals', 'context'], defaults=((), None, None))

ROLES = {
    'none': 'base.group_user',
    'resolver': 'account_collection_followup.group_collection_resolver',
    'caller': 'account_collection_followup.group_collection_caller',
    'collector': 'account_collection_followup.group_collection_collector',
    'administrator': 'account_collection_followup.group_collection_administrator',
    'invoicing': 'account.group_account_invoice',
    'auditor': 'account.group_account_readonly',
    'manager': 'account_collection_followup.group_collection_collector',
    'branch': 'account_collection_followup.group_collection_collector',
    'elsewhere': 'account_collection_followup.group_collection_administrator',
}


def read_tables():
    """:return: the tables of ``rights.md``: dict {heading: {tuple of the leading cells: dict role → cell}}"""
    tables, heading, header = {}, None, None
    for line in (pathlib.Path(__file__).parent / 'rights.md').read_text(encoding='utf-8').splitlines():
        if line.startswith('## '):
            heading, header = line[3:].strip(), None
        elif line.startswith('|'):
            cells = [cell.strip().strip('`') for cell in line.strip('|').split('|')]
            if header is None:
                header = cells  # of the table that begins here
                tables[heading] = {}
            elif not set(cells[0]) <= set('-: '):
                keys = sum(name not in ROLES for name in header)
                tables[heading][tuple(cells[:keys])] = dict(zip(header[keys:], cells[keys:], strict=True))
    return tables


class RightsCommon(CollectionCommon):
    """A desk with one record of every kind, and one user per role, in two companies and a branch.

    What is pressed here belongs to somebody else, unless a test asks for the user's own.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # whatever day of the week the tests run on
        cls.classPatch(WorkingDays, 'is_working', lambda calendar, day: True)
        cls.today = cls.company._collection_today()
        cls.other = cls.setup_other_company()['company']
        cls.branch = cls.env['res.company'].create({'name': "Branch", 'parent_id': cls.company.id})
        companies = {'branch': cls.branch, 'elsewhere': cls.other}
        cls.users = {
            role: new_test_user(
                cls.env,
                login=f'role_{role}',
                groups=','.join({'base.group_user', group}),
                company_id=companies.get(role, cls.company).id,
                email=f'{role}@example.com',
            )
            for role, group in ROLES.items()
        }
        cls.company.collection_manager_id = cls.users['manager']
        cls.somebody = new_test_user(
            cls.env, login='somebody', groups=ROLES['resolver'], company_id=cls.company.id, email='somebody@example.com'
        )
        cls.users['administrator'].company_ids |= cls.company
        cls.partner_a.write(
            {'street': "1 Main street", 'city': "Paris", 'zip': "75001", 'country_id': cls.env.ref('base.fr').id}
        )
        cls.partner_b.write(
            {'street': "2 Main street", 'city': "Paris", 'zip': "75001", 'country_id': cls.env.ref('base.fr').id}
        )
        cls.levels[20].mode = 'validate'
        cls.move = cls.invoice(due=fields.Date.subtract(cls.today, days=10))
        cls.term_line = cls.term(cls.move)

    # ------------------------------------------------------------------
    # Records of every kind
    # ------------------------------------------------------------------
    def case(self):
        return self.env['collection.case']._open_for(self.partner_a, self.company)[self.partner_a]

    def run_of_today(self):
        self.env['collection.case'].sudo()._refresh(self.company)
        run = self.env['collection.run'].sudo().create({'company_id': self.company.id, 'date': self.today})
        run._begin()
        return run

    def line(self):
        """A message that waits for approval."""
        return self.run_of_today().message_ids.filtered(lambda line: line.partner_id == self.partner_a)

    def held_line(self):
        self.hold()
        return self.run_of_today().line_ids.filtered(lambda line: line.kind == 'hold')[:1]

    def failed_line(self):
        line = self.line()
        line.write({'state': 'error', 'error': "No paper"})
        return line

    def step(self, **level):
        """A message that was approved: its e-mail waits, its call is planned."""
        self.levels[20].write(level)
        line = self.line()
        line.sudo().action_approve()
        return line.step_id

    def failed_step(self):
        step = self.step()
        self.deliver(failure="No such address")
        return step

    def letter(self):
        return self.step(by_letter=True, by_email=False, by_call=False)

    def posted(self):
        step = self.step(by_registered=True, by_email=False, by_call=False)
        step.sudo().action_posted()
        return step

    def proposal(self):
        """A hand-over to litigation that waits for the collections manager."""
        policy = self.env['collection.policy'].create({
            'name': "Litigation at once", 'company_id': self.company.id, 'consult_days': 0,
            'level_ids': [Command.create({
                'name': "Litigation", 'rank': 60, 'kind': 'litigation', 'mode': 'decide', 'sender_role': 'manager',
                'delay_days': 1})]})  # fmt: skip
        self.partner_b.collection_policy_id = policy
        self.invoice(self.partner_b, due=fields.Date.subtract(self.today, days=10))
        return self.run_of_today().message_ids.filtered(lambda line: line.partner_id == self.partner_b)

    def question(self):
        """A new overdue item of a customer in litigation."""
        self.proposal().sudo().action_approve()
        self.invoice(self.partner_b, due=fields.Date.subtract(self.today, days=5))
        questions = self.env['collection.litigation.item'].sudo()
        questions._prepare_day(self.company)
        return questions.search([('partner_id', '=', self.partner_b.id)])

    def dispute(self, owner=None):
        return self.env['collection.dispute'].create({
            'partner_id': self.partner_a.id, 'user_id': (owner or self.somebody).id, 'reason': "Damaged",
            'type_id': self.env.ref('account_collection_followup.dispute_type_commercial').id,
            'line_ids': [Command.create({'move_id': self.move.id, 'amount': 10})]})  # fmt: skip

    def repeated_dispute(self, owner=None):
        self.closed_dispute(owner)
        return self.dispute(owner)

    def customers_dispute(self, owner=None):
        return internal(self.env['collection.dispute'].sudo()).create({
            'partner_id': self.partner_a.id, 'user_id': (owner or self.somebody).id, 'source': 'customer',
            'type_id': self.env.ref('account_collection_followup.dispute_type_commercial').id,
            'line_ids': [Command.create({'move_id': self.move.id, 'amount': 10})]}).with_env(self.env)  # fmt: skip

    def withheld(self, owner=None):
        dispute = self.dispute(owner)
        dispute.withheld_line_ids = [Command.create({'move_id': self.move.id, 'amount': 10})]
        return dispute.withheld_line_ids

    def closed_dispute(self, owner=None):
        dispute = self.dispute(owner)
        dispute.action_close('rejected')
        return dispute

    def accepted_dispute(self, owner=None):
        """A dispute that waits for its credit note to be prepared."""
        dispute = self.dispute(owner)
        dispute._accept('accepted', {dispute.line_ids: 10})
        dispute.credit_note_ids.unlink()
        return dispute

    def unanswered_dispute(self, owner=None):
        """A rejected dispute whose answer to the customer did not leave."""
        dispute = self.closed_dispute(owner)
        dispute._send_answer(self.partner_a, "Your dispute", "No", self.env['ir.attachment'])
        dispute._on_answer_failed("No such user")
        return dispute

    def analysed_dispute(self):
        dispute = self.dispute()
        self.env.flush_all()
        return self.env['collection.dispute.report'].search([('dispute_id', '=', dispute.id)], limit=1)

    def promise(self):
        return self.env['collection.promise'].create({'partner_id': self.partner_a.id, 'line_ids': [Command.create({
            'move_id': self.move.id, 'amount': 10, 'date': fields.Date.add(self.today, days=5)})]})  # fmt: skip

    def call(self, owner=None):
        # as superuser: a call may be left with somebody who has no role any more
        return self.env['collection.call'].sudo().create({
            'partner_id': self.partner_a.id, 'user_id': (owner or self.somebody).id, 'planned_on': self.today,
            'purpose': 'satisfaction', 'move_ids': [Command.set(self.move.ids)]}).with_env(self.env)  # fmt: skip

    def answer(self, owner=None):
        # as superuser: a call may be left with somebody who has no role any more
        call, asker = self.call(owner), owner or self.somebody
        line = self.env.ref('account_collection_followup.script_satisfaction_product')
        call.sudo()._record_answers([(line, 'yes', False)])
        internal(call.sudo().answer_ids).write({'user_id': asker.id})
        return call.answer_ids

    def draft(self):
        return self.env['collection.call.draft'].sudo().create(
            {'user_id': self.somebody.id, 'case_id': self.case().id, 'content': {'note': "Typed"}}
        ).with_env(self.env)  # fmt: skip

    def satisfaction(self):
        answer = self.answer()
        self.env.flush_all()
        return self.env['collection.call.report'].search([('answer_id', '=', answer.id)], limit=1)

    def hold(self):
        return self.env['collection.hold'].create({
            'partner_id': self.partner_a.id, 'reason': "They asked", 'date_from': self.today,
            'date_until': fields.Date.add(self.today, days=5)})  # fmt: skip

    def consultation(self, owner=None):
        # the invoice stands before a formal notice that nothing announced
        self.policy.level_ids.filtered(lambda level: level.kind == 'reminder').active = False
        self.levels[50].delay_days = 1
        return internal(self.env['collection.consultation'].sudo()).create({
            'partner_id': self.partner_a.id, 'company_id': self.company.id, 'track': 'formal',
            'level_id': self.levels[50].id, 'user_id': (owner or self.somebody).id, 'told_on': self.today,
            'act_from': fields.Date.add(self.today, days=3),
            'line_ids': [Command.create({
                'name': self.move.name, 'due_date': self.term_line.date_maturity,
                'currency_id': self.move.currency_id.id, 'amount': 10})],
        }).with_env(self.env)  # fmt: skip

    def exception(self):
        call = self.call()
        internal(call).write({'planned_on': fields.Date.subtract(self.today, days=30)})
        self.env.flush_all()
        return self.env['collection.exception'].search([('kind', '=', 'planned'), ('res_id', '=', call.id)])

    def event(self):
        self.hold()
        self.env.flush_all()
        return self.env['collection.history'].search([('partner_id', '=', self.partner_a.id)], limit=1)

    def holiday(self):
        return self.env['collection.holiday'].create(
            {'name': "Day off", 'date': '2030-12-25', 'company_id': self.company.id}
        )

    def reason_of_run(self):
        run = self.held_line().run_id
        self.env.flush_all()
        return self.env['collection.run.reason'].search([('run_id', '=', run.id)], limit=1)

    def mine(self, model, **values):
        """A record of the company itself: what is shared by all companies everybody sees."""
        return self.env[model].create({'name': "Of the company", 'company_id': self.company.id, **values})

    def stage_of_invoice(self, owner=None):
        self.own_partner(owner)
        return self.env['collection.circuit.stage']._record(self.move, 'received')

    def own_partner(self, owner=None):
        if owner:
            self.partner_a.user_id = owner
        return self.partner_a

    def credit(self):
        return self.env['collection.credit'].create(
            {'partner_id': self.partner_a.id, 'insured_amount': 5000, 'declare_days': 30}
        )

    def declaration(self):
        credit = self.credit()
        credit.action_declare()
        return credit.declaration_ids

    def get_sample(self, model, owner=None):
        """:return: one record of a model, of somebody else unless an owner is given"""
        samples = {
            'collection.call': lambda: self.call(owner),
            'collection.call.answer': lambda: self.answer(owner),
            'collection.call.draft': self.draft,
            'collection.call.report': self.satisfaction,
            'collection.case': self.case,
            'collection.consultation': lambda: self.consultation(owner),
            'collection.consultation.line': lambda: self.consultation(owner).line_ids,
            'collection.contact.role': lambda: self.env['collection.contact.role'].create({'name': "Guard", 'code': 'guard'}),
            'collection.dispute': lambda: self.dispute(owner),
            'collection.dispute.cause': lambda: self.mine('collection.dispute.cause'),
            'collection.dispute.line': lambda: self.dispute(owner).line_ids,
            'collection.dispute.report': self.analysed_dispute,
            'collection.dispute.type': lambda: self.mine('collection.dispute.type'),
            'collection.exception': self.exception,
            'collection.history': self.event,
            'collection.hold': self.hold,
            'collection.holiday': self.holiday,
            'collection.item': lambda: self.env['collection.item'].browse(self.term_line.id),
            'collection.level': lambda: self.mine('collection.policy', level_ids=[
                Command.create({'name': "Call", 'by_call': True})]).level_ids,
            'collection.litigation.item': self.question,
            'collection.mark': self.mark,
            'collection.policy': lambda: self.mine('collection.policy'),
            'collection.promise': self.promise,
            'collection.promise.line': lambda: self.promise().line_ids,
            'collection.run': self.run_of_today,
            'collection.run.line': self.line,
            'collection.run.reason': self.reason_of_run,
            'collection.script': lambda: self.mine('collection.script'),
            'collection.script.line': lambda: self.mine('collection.script', line_ids=[
                Command.create({'name': "Hello"})]).line_ids,
            'collection.step': self.step,
            'collection.step.line': lambda: self.step().line_ids[:1],
            'collection.team': lambda: self.mine('collection.team'),
            'collection.circuit': lambda: self.partner_a._get_collection_circuits(self.company),
            'collection.circuit.stage': lambda: self.stage_of_invoice(owner),
            'collection.credit': self.credit,
            'collection.credit.declaration': self.declaration,
        }  # fmt: skip
        return samples[model]()

    def mark(self):
        return self.env['collection.mark'].sudo().create({
            'partner_id': self.partner_a.id, 'company_id': self.company.id}).with_env(self.env)  # fmt: skip

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def press(self, key, owner=None):
        """:return: what a button is pressed on, see :class:`Press`"""
        found = self._get_presses(owner)[key]()
        return found if isinstance(found, Press) else Press(found)

    def _get_presses(self, owner):
        soon = fields.Date.to_string(fields.Date.add(self.today, days=2))
        today = fields.Date.to_string(self.today)

        def wizard(model, context=None, **vals):
            return Press(self.env[model], (), vals, context)

        def on(record, *args, **context):
            return Press(record, args, None, context or None)

        return {
            # what is on the invoice and the customer
            **{('account.move', name): lambda: on(self.move) for name in (
                'action_add_dispute', 'action_add_hold', 'action_add_promise', 'action_log_call')},
            ('account.move', 'action_view_calls'): lambda: self.call().move_ids,
            ('account.move', 'action_view_collection_case'): lambda: self.case() and self.move,
            ('account.move', 'action_view_disputes'): lambda: self.dispute() and self.move,
            ('account.move', 'action_view_promises'): lambda: self.promise() and self.move,
            **{('res.partner', name): lambda: self.case() and self.partner_a for name in (
                'action_add_collection_hold', 'action_log_collection_call', 'action_view_collection_calls',
                'action_view_collection_case', 'action_view_collection_disputes')},
            # the case
            **{('collection.case', name): self.case for name in (
                'action_add_dispute', 'action_add_hold', 'action_add_promise', 'action_log_call', 'action_match',
                'action_open_items', 'action_open_litigation_items', 'action_plan_call', 'action_statement')},
            **{('collection.case', name): self.case for name in (
                'action_check_contacts', 'action_confirm_contacts', 'action_record_stages')},
            ('account.move', 'action_record_collection_stage'): lambda: self.move,
            **{('res.partner', name): lambda: self.own_partner(owner) for name in (
                'action_check_contacts', 'action_confirm_contacts', 'action_record_collection_stages')},
            ('res.partner', 'action_open_collection_credit'): lambda: self.credit() and self.partner_a,
            ('collection.credit', 'action_declare'): self.credit,
            ('collection.credit.declaration', 'action_cancel'): self.declaration,
            ('collection.circuit.record', 'action_record'): lambda: wizard(
                'collection.circuit.record', partner_id=self.own_partner(owner).id, company_id=self.company.id,
                date=today, line_ids=[Command.create({'move_ref': self.move.id, 'stage': 'received'})]),
            **{('collection.contact.check', name): lambda: wizard(
                'collection.contact.check', partner_id=self.own_partner(owner).id, company_id=self.company.id, note="Fact")
                for name in ('action_confirm', 'action_save')},
            ('collection.case', 'action_open_facts'): lambda: on(self.case(), collection_facts='step'),
            ('collection.case', 'action_follow_motive'): lambda: self.case()._record_motive('real') or self.case(),
            ('collection.case', 'action_open_run'): lambda: self.run_of_today() and self.case(),
            ('collection.case', 'action_open_step'): lambda: self.step().case_id,
            ('collection.item', 'action_open_document'): lambda: self.get_sample('collection.item'),
            ('collection.history', 'action_open'): self.event,
            ('collection.exception', 'action_open'): self.exception,
            ('collection.exception', 'action_open_case'): self.exception,
            # facts
            ('collection.call', 'action_made'): lambda: on(self.call(owner), 'all_well'),
            ('collection.call', 'action_cancel'): lambda: self.call(owner),
            ('collection.call', 'action_log'): lambda: self.call(owner),
            ('collection.dispute', 'action_answer'): lambda: on(self.dispute(owner), "It was late"),
            ('collection.dispute', 'action_close'): lambda: on(self.dispute(owner), 'rejected'),
            ('collection.dispute', 'action_answered_by_letter'): lambda: self.unanswered_dispute(owner),
            ('collection.dispute', 'action_resend_answer'): lambda: self.unanswered_dispute(owner),
            ('collection.dispute', 'action_prepare_credit'): lambda: self.accepted_dispute(owner),
            ('collection.dispute', 'action_view_credit_notes'): lambda: self.accepted_dispute(owner),
            ('collection.dispute.report', 'action_open'): self.analysed_dispute,
            ('collection.dispute', 'action_hand_over'): lambda: on(
                self.dispute(owner), "Ask him", False, self.collector.id),
            ('collection.dispute', 'action_invoice_pdf'): lambda: self.dispute(owner),
            ('collection.dispute', 'action_let_hold'): lambda: on(self.repeated_dispute(owner), "New proof"),
            ('collection.dispute', 'action_propose'): lambda: on(self.dispute(owner), 'rejected', "It was signed for"),
            ('collection.dispute', 'action_qualify'): lambda: self.customers_dispute(owner),
            ('collection.dispute.line', 'action_hold'): lambda: self.withheld(owner),
            ('collection.dispute.line', 'action_chase'): lambda: self.withheld(owner),
            ('collection.dispute', 'action_reopen'): lambda: self.closed_dispute(owner),
            ('collection.hold', 'action_end'): self.hold,
            ('collection.promise', 'action_call'): self.promise,
            ('collection.promise', 'action_cancel'): lambda: on(self.promise(), "A mistake"),
            ('collection.promise', 'action_confirm'): self.promise,
            ('collection.promise', 'action_move'): lambda: on(self.promise(), soon),
            ('collection.promise', 'action_signed'): lambda: on(self.promise(), today),
            ('collection.promise.line', 'action_open_promise'): lambda: self.promise().line_ids,
            ('collection.case', 'action_add_plan'): self.case,
            ('collection.consultation', 'action_agree'): lambda: self.consultation(owner),
            ('collection.consultation', 'action_object'): lambda: on(self.consultation(owner), "They will pay", soon),
            ('collection.consultation', 'action_open_case'): lambda: self.consultation(owner),
            # the run
            ('collection.run', 'action_preview'): lambda: self.env['collection.run'].sudo().create(
                {'company_id': self.company.id, 'date': soon}),
            ('collection.run', 'action_start'): lambda: self.env['collection.run'].sudo().create(
                {'company_id': self.company.id, 'date': today}),
            ('collection.run', 'action_approve_all'): lambda: self.line().run_id,
            ('collection.run', 'action_check_again'): lambda: self.line().run_id,
            ('collection.run.line', 'action_approve'): self.line,
            ('collection.run.line', 'action_approve', 'litigation'): self.proposal,
            ('collection.run.line', 'action_propose'): lambda: on(self.proposal(), "They never answer"),
            ('collection.run.line', 'action_skip'): lambda: on(self.line(), "They called"),
            ('collection.run.line', 'action_retry'): self.failed_line,
            ('collection.run.line', 'action_open_case'): self.line,
            ('collection.run.line', 'action_solve'): self.held_line,
            ('collection.run.reason', 'action_open_lines'): self.reason_of_run,
            ('collection.litigation.item', 'action_chase'): self.question,
            ('collection.litigation.item', 'action_join'): self.question,
            # the step
            ('collection.step', 'action_call_made'): self.step,
            ('collection.step', 'action_cancel'): lambda: on(self.step(), "A mistake"),
            ('collection.step', 'action_cancel', 'litigation'): lambda: on(self.handed_over(), "They paid"),
            ('collection.step', 'action_log_call'): self.step,
            ('collection.step', 'action_record_failure'): lambda: on(self.step(), "Nobody there"),
            ('collection.step', 'action_open_address'): self.failed_step,
            ('collection.step', 'action_resend'): self.failed_step,
            ('collection.step', 'action_print'): self.letter,
            ('collection.step', 'action_open_post'): self.letter,
            ('collection.step', 'action_posted'): self.letter,
            ('collection.step', 'action_download_letter'): self.posted,
            ('collection.step', 'action_record_delivery'): lambda: on(self.posted(), 'received', today),
            # configuration
            ('collection.level', 'action_preview'): lambda: self.get_sample('collection.level'),
            ('collection.policy', 'action_preview'): lambda: self.mine('collection.policy'),
            ('collection.policy', 'action_choose_default'): lambda: self.mine('collection.policy'),
            ('collection.policy', 'action_set_default'): lambda: self.mine('collection.policy'),
            ('collection.statement', 'action_print'): lambda: wizard(
                'collection.statement', company_id=self.company.id, partner_ids=[Command.set(self.partner_a.ids)]),
            ('collection.settings', 'action_open'): lambda: self.env['collection.settings'],
            ('collection.settings', 'action_start'): lambda: wizard(
                'collection.settings', company_id=self.company.id),
            **{('collection.start', name): self.unstarted for name in (
                'action_aside', 'action_settings', 'action_start')},
            # dialogs
            ('collection.call.log', 'action_save'): lambda: wizard(
                'collection.call.log', {'default_call_id': self.call(owner).id}, result='all_well'),
            ('collection.call.log', 'keep_draft'): lambda: Press(
                self.env['collection.call.log'], (self.call(owner).case_id.id, {'note': "He calls back."})),
            ('collection.promise.confirmation', 'action_confirm'): lambda: wizard(
                'collection.promise.confirmation', {'default_promise_id': self.promise().id}),
            ('collection.promise.move', 'action_move'): lambda: wizard(
                'collection.promise.move', {'default_promise_id': self.promise().id}, date=soon),
            ('collection.promise.plan', 'action_grant'): lambda: wizard(
                'collection.promise.plan', {'default_case_id': self.case().id}),
            ('collection.promise.signature', 'action_sign'): lambda: wizard(
                'collection.promise.signature', promise_id=self.promise().id, signed_on=today),
            ('collection.delivery', 'action_confirm'): lambda: wizard(
                'collection.delivery', step_id=self.posted().id, outcome='received', date=today),
            ('collection.post', 'action_confirm'): lambda: wizard(
                'collection.post', line_ids=[Command.create({'step_id': self.letter().id, 'selected': True})]),
            ('collection.dispute.close', 'action_close'): lambda: wizard(
                'collection.dispute.close', dispute_id=self.dispute(owner).id, outcome='rejected'),
            ('collection.dispute.close', 'action_close', 'accept'): lambda: wizard(
                'collection.dispute.close', dispute_id=self.dispute(owner).id, outcome='accepted'),
            ('collection.dispute.hand.over', 'action_hand_over'): lambda: wizard(
                'collection.dispute.hand.over', dispute_ids=[Command.set(self.dispute(owner).ids)], reason="Ask him",
                user_id=self.collector.id),
            ('collection.dispute.propose', 'action_propose'): lambda: wizard(
                'collection.dispute.propose', dispute_id=self.dispute(owner).id, outcome='rejected', text="Signed for"),
            ('collection.item.as.of', 'action_balance'): lambda: wizard('collection.item.as.of'),
            ('collection.item.as.of', 'action_list'): lambda: wizard('collection.item.as.of'),
            ('collection.objection', 'action_confirm'): lambda: wizard(
                'collection.objection', consultation_id=self.consultation(owner).id, reason="They will pay", until=soon),
            ('collection.policy.assign', 'action_assign'): lambda: wizard(
                'collection.policy.assign', policy_id=self.mine('collection.policy').id,
                partner_ids=[Command.set(self.partner_a.ids)]),
            ('collection.policy.assign', 'action_assign', 'default'): lambda: wizard(
                'collection.policy.assign', policy_id=self.mine('collection.policy').id, as_default=True),
            ('collection.reason', 'action_confirm', 'answer'): lambda: wizard(
                'collection.reason', purpose='answer', dispute_id=self.dispute(owner).id, reason="It was late"),
            ('collection.reason', 'action_confirm', 'promise'): lambda: wizard(
                'collection.reason', purpose='promise', promise_id=self.promise().id, reason="A mistake"),
            ('collection.reason', 'action_confirm'): lambda: wizard(
                'collection.reason', purpose='step', step_id=self.step().id, reason="A mistake"),
        }  # fmt: skip

    def handed_over(self):
        line = self.proposal()
        line.sudo().action_approve()
        return line.step_id

    def unstarted(self):
        self.company.collection_start_date = False
        return Press(self.env['collection.start'], (), {
            'company_id': self.company.id, 'policy_id': self.policy.id, 'manager_id': self.manager.id})  # fmt: skip
