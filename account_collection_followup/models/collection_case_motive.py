from odoo import api, fields, models

COLLECTOR = 'account_collection_followup.group_collection_collector'


class CollectionCase(models.Model):
    """Why the customer does not pay, in the opinion of who follows him up (R15).

    It proposes what to do next and stays among collectors: no message, portal page or litigation file names it.
    Cash shortage is what the rules call financial difficulty recorded: it leads to a plan instead of a formal
    notice (R36).
    """

    _inherit = 'collection.case'  # pylint: disable=consider-merging-classes-inherited

    motive = fields.Selection(
        selection=lambda self: self.env['collection.dispute']._fields['motive']._description_selection(self.env),
        string="Assessed motive",
        tracking=True,
        copy=False,
        groups=COLLECTOR,
        help="Our opinion. Never shown to the customer nor put in the litigation file.",
    )
    motive_on = fields.Date("Assessed on", readonly=True, copy=False, groups=COLLECTOR)
    motive_action = fields.Char(
        "Proposed", compute='_compute_motive_action', groups=COLLECTOR, help="What usually helps with such a motive."
    )

    def _record_motive(self, motive):
        """Record why the customer does not pay, as of today; the day of an opinion that does not change is kept.

        :param str motive: a value of :attr:`motive`, or False
        """
        self.sudo().write({'motive': motive})

    def write(self, vals):
        changed = self.browse()
        if 'motive' in vals:
            changed = self.filtered(lambda case: case.sudo().motive != vals['motive'])
        result = super().write(vals)
        for company, cases in changed.sudo().grouped('company_id').items():
            cases.motive_on = bool(vals['motive']) and company._collection_today()
        if vals.get('motive') == 'cash':
            changed._propose_plans()
        return result

    @api.model
    def _get_writable_fields(self):
        # EXTENDS collection.case: the field's groups tell who may
        return super()._get_writable_fields() | {'motive'}

    def _keep_motive(self, others):
        """What was assessed of a case that is merged into this one holds, unless something was assessed here."""
        assessed = others.filtered('motive').sorted('motive_on')[-1:]
        if assessed and not self.motive:
            self.write({'motive': assessed.motive})
            self.motive_on = assessed.motive_on

    # ------------------------------------------------------------------
    # What it proposes
    # ------------------------------------------------------------------
    @api.depends('motive', 'state', 'next_level_id', 'dispute_ids.state', 'promise_ids.state')
    @api.depends_context('lang')
    def _compute_motive_action(self):
        for case in self:
            say = case.state == 'open' and getattr(case, f'_say_{case.motive or "none"}', None)
            case.motive_action = say and say()

    def _say_cash(self):
        """A plan; instead of the formal notice, where broken promises would lead to one (R36)."""
        promises = self.promise_ids.sudo()
        if promises.filtered(lambda promise: promise.is_plan and promise.state == 'running'):
            return False
        limit = self.policy_id.sudo().broken_promise_limit
        if limit and promises._get_broken_counts(self.partner_id, self.company_id)[self.partner_id] >= limit:
            return self.env._("Agree on an instalment plan, instead of the formal notice after broken promises.")
        return self.env._("Agree on an instalment plan.")

    def _say_negligence(self):
        if self.next_level_id:
            return self.env._("Go on as announced: %s.", self.next_level_id.name)
        return self.env._("Go on as announced.")

    def _say_process(self):
        if approver := self._get_approver():
            return self.env._("Call %s, who approves the invoices.", approver.name)
        return self.env._("Call who approves the invoices there, and note who it is.")

    def _say_bad_faith(self):
        return self.env._("Propose the formal notice on its day.")

    def _say_real(self):
        if self.dispute_ids.sudo().filtered(lambda dispute: dispute.state == 'open'):
            return False
        return self.env._("Open a dispute, so that somebody solves it.")

    def _get_approver(self):
        """:return: who approves the customer's invoices and may be called, empty if nobody is known"""
        role = self.env.ref('account_collection_followup.contact_role_approver', raise_if_not_found=False)
        if not role:
            return self.env['res.partner']
        found = self.partner_id._get_collection_recipients(role, need='phone')[self.partner_id]
        return found.contacts[:1] if role in found.contacts[:1].sudo().collection_role_ids else found.contacts[:0]

    def action_follow_motive(self):
        """Open what the motive proposes: a plan, a call with the approver, a dispute; else the run of the day."""
        self.ensure_one()
        self.check_access('write')
        if self.motive == 'cash':
            return self.action_add_plan()
        if self.motive == 'real':
            return self.action_add_dispute()
        if self.motive == 'process':
            action = self.action_plan_call()
            if approver := self._get_approver():
                action['context'] = dict(action['context'], default_contact_id=approver.id)
            return action
        return self.action_open_run()
