from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .collection_fact import internal, is_internal


class CollectionDispute(models.Model):
    """Who solves a dispute, and who takes part (R12, R13).

    Its type names the team and says whether the sales rep owns it. Handed over, it keeps its time limit, and who
    had it before goes on seeing it.
    """

    _inherit = 'collection.dispute'  # pylint: disable=consider-merging-classes-inherited

    rep_id = fields.Many2one(
        'res.users',
        string="Sales rep",
        compute='_compute_rep_id',
        store=True,
        readonly=False,
        precompute=True,
        index='btree_not_null',
        domain=[('share', '=', False)],
        help="Stands in front of the customer: is told of the dispute, whoever solves it.",
    )
    helper_team_ids = fields.Many2many(
        'collection.team', string="Teams that took part", readonly=True, copy=False, help="Still see the dispute."
    )
    helper_ids = fields.Many2many(
        'res.users', 'collection_dispute_helper_rel', string="Took part", readonly=True, copy=False
    )

    @api.depends('partner_id', 'company_id')
    def _compute_rep_id(self):
        """The sales rep in front of the customer (R13): not the collector who happened to make the last invoice."""
        collectors = self.env.ref('account_collection_followup.group_collection_collector').sudo().all_user_ids
        for company, disputes in self.grouped('company_id').items():
            partners = disputes.partner_id._origin.sudo()
            reps = partners._get_collection_salespersons(company) if company else {}
            for dispute in disputes:
                partner = dispute.partner_id._origin.sudo()
                rep = reps.get(partner, self.env['res.users']).sudo()
                given = rep in (partner.user_id, partner.commercial_partner_id.user_id)
                dispute.rep_id = rep if given or rep not in collectors | company.sudo().collection_user_id else False

    @api.depends('type_id')
    def _compute_from_type(self):
        """Route to the team of the type and the sales rep or the lead, else to whoever enters the dispute (R12, R13)."""
        author = self.env.user if not self.env.user.share else self.env['res.users']
        for dispute in self:
            dispute.team_id = dispute.type_id.team_id or dispute.team_id
            rep = dispute.rep_id if dispute.type_id.owner_is_rep else dispute.rep_id.browse()
            owner = rep or dispute.team_id.lead_id or dispute.user_id
            dispute.user_id = owner or (author if dispute.type_id else False)

    # ------------------------------------------------------------------
    # The sales rep
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        disputes = super().create(vals_list)
        if any('rep_id' in vals for vals in vals_list) or 'default_rep_id' in self.env.context:
            disputes._check_rep_chosen()
        return disputes

    def write(self, vals):
        if 'rep_id' in vals and any(dispute.rep_id.id != vals['rep_id'] for dispute in self):
            self._check_may_choose_rep()
        return super().write(vals)

    def _check_rep_chosen(self):
        """A form sends the sales rep it was proposed: that is no choice."""
        for dispute in self:
            given = {'partner_id': dispute.partner_id.id, 'company_id': dispute.company_id.id}
            if dispute.rep_id != self.new(given).rep_id._origin:
                dispute._check_may_choose_rep()

    def _check_may_choose_rep(self):
        """:raise AccessError: unless a collector chooses who stands in front of the customer"""
        if is_internal(self) or self.env.su:
            return
        if not self.env.user.has_group('account_collection_followup.group_collection_collector'):
            raise AccessError(self.env._("Only a collector chooses the sales rep of a dispute."))

    # ------------------------------------------------------------------
    # Handed over
    # ------------------------------------------------------------------
    def _check_may_solve(self):
        """:raise: unless the dispute is open and qualified and the user has a part in solving it"""
        self.check_access('read')
        for dispute in self:
            dispute._check_open()
            if not dispute.qualified_on:
                raise UserError(self.env._("Choose the type of the dispute first: its team then has it."))
            if not dispute._has_part():
                raise AccessError(
                    self.env._("Only %s, the team or the sales rep can do that.", dispute._get_owner().name)
                )

    def action_hand_over(self, reason=None, team_id=None, user_id=None):
        """Give open disputes to another team or colleague, who has them on his list at once; the time limit stays.

        :param str reason: why; asked for in a dialog if it is missing
        :param int team_id: the team that goes on with it; its lead owns it unless a user is named
        :param int user_id: who owns it now
        :return: the dialog, or True
        :raise AccessError: if a dispute is not the user's to solve
        :raise UserError: if a dispute is closed, stays where it is, or would reach nobody
        """
        self._check_may_solve()
        if reason is None:
            action = self.env['ir.actions.act_window']._for_xml_id(
                'account_collection_followup.collection_dispute_hand_over_action'
            )
            return dict(action, context={'default_dispute_ids': self.ids})
        if not reason.strip():
            raise UserError(self.env._("Say why the dispute is handed over."))
        team = self.env['collection.team'].browse(team_id or [])
        user = self.env['res.users'].browse(user_id or [])
        for dispute in self:
            dispute._hand_over(team, user, reason.strip())
        return True

    def _hand_over(self, team, user, reason):
        values = self._prepare_hand_over(team, user)
        owner = self.env['res.users'].browse(values['user_id'])
        before = self._get_bearer()
        # asked once more, he has it to answer again
        self._get_activities(active=False).filtered(lambda activity: activity.user_id == owner).automated = False
        internal(self.sudo()).write(values)
        self._message_log(
            body=self.env._(
                "Handed over from %(before)s to %(after)s: %(reason)s",
                before=before,
                after=self._get_bearer(),
                reason=reason,
            ),
            author_id=self.env.user.partner_id.id,
        )

    def _get_bearer(self):
        """:return: owner and team, in words"""
        dispute = self.sudo()
        return ', '.join(filter(None, [dispute.user_id.name, dispute.team_id.name])) or self.env._("nobody")

    def _prepare_hand_over(self, team, user):
        """:return: values that give this dispute to a team and a user"""
        dispute = self.sudo()
        owner = user.sudo() or team.sudo().lead_id
        if not owner:
            raise UserError(self.env._("Choose who owns the dispute: the team has no lead."))
        if not self.env['res.partner']._get_usable_user(owner):
            raise UserError(
                self.env._("%s has no role in Collections and could not open the dispute.", owner.display_name)
            )
        if owner == dispute.user_id and (not team or team == dispute.team_id):
            raise UserError(self.env._("%s has this dispute already.", owner.display_name))
        return {
            'team_id': team.id or dispute.team_id.id,
            'user_id': owner.id,
            'helper_team_ids': [fields.Command.link(dispute.team_id.id)] if dispute.team_id else [],
            'helper_ids': [fields.Command.link(dispute.user_id.id)] if dispute.user_id else [],
            **self._prepare_no_proposal(),
        }
