from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class CollectionDispute(models.Model):
    """The answer to a dispute: what was found, by whoever has it on his list (R12, R13, R15).

    An answer is kept as what came out of the activity that asked for it: nothing else stores it. Closing with an
    outcome comes after, by who works the list.
    """

    _inherit = 'collection.dispute'  # pylint: disable=consider-merging-classes-inherited

    can_answer = fields.Boolean(compute='_compute_can_answer')
    can_solve = fields.Boolean(compute='_compute_can_answer', help="Has a part in solving it.")
    can_edit = fields.Boolean(compute='_compute_can_answer')
    finding = fields.Text("What was found", compute='_compute_finding')

    @api.depends('state', 'user_id', 'team_id', 'activity_ids')
    @api.depends_context('uid')
    def _compute_can_answer(self):
        answered = self._get_answered_activities()
        editable, may_create = self._origin._filtered_access('write'), self.browse().has_access('create')
        for dispute in self:
            is_open, origin = dispute.state == 'open', dispute._origin
            dispute.can_answer = is_open and dispute in answered
            dispute.can_edit = is_open and (origin in editable if origin else may_create)
            dispute.can_solve = is_open and bool(origin) and (origin in editable or dispute._takes_part())

    @api.depends('state', 'activity_ids')
    def _compute_finding(self):
        done = self._get_to_answer(self._get_activities(active=False)).sorted('id').grouped('res_id')
        for dispute in self:
            texts = [activity.feedback for activity in done.get(dispute._origin.id, ()) if activity.feedback]
            # one answer can end two activities
            dispute.finding = '\n'.join(dict.fromkeys(texts)) if dispute.state == 'open' else False

    def action_answer(self, text=None, attachment_ids=()):
        """Answer an open dispute: it leaves the user's list, and the owner's if he or his team answers.

        Once the owner's is answered, who closes the dispute has it on his list.

        :param str text: what was found; asked for if it is missing
        :param attachment_ids: the user's own files that prove it
        :raise AccessError: if the dispute is not the user's to answer
        :raise UserError: if it is closed, or answered already
        """
        self.ensure_one()
        self._check_answer()
        if text is None:
            action = self.env['ir.actions.act_window']._for_xml_id(
                'account_collection_followup.collection_dispute_answer_action'
            )
            return dict(action, context={'default_purpose': 'answer', 'default_dispute_id': self.id})
        if not text.strip():
            raise UserError(self.env._("Say what was found."))
        self._get_answered_activities()[self]._action_done(feedback=text.strip())
        self._activity_update()
        if attachment_ids:
            self._post_proof(self.env._("Proof of what was found."), attachment_ids)
        return True

    def _check_answer(self):
        """:raise: unless the user has this dispute to answer now"""
        self.check_access('read')
        self._check_open()
        if self in self._get_answered_activities():
            return
        if self._is_solver() or self._get_rep() == self.env.user:
            raise UserError(self.env._("This dispute was answered already: it waits to be closed."))
        raise AccessError(self.env._("Only %s, the team or the sales rep can answer.", self._get_owner().name))

    def _get_answered_activities(self):
        """:return: dict {dispute: activities (with the rights of the desk) that an answer of the user ends}"""
        waiting = self._get_to_answer(self._get_activities()).grouped('res_id')
        to_solve = self.env.ref('account_collection_followup.activity_type_dispute')
        result = {}
        for dispute in self:
            asked = waiting.get(dispute._origin.id)
            solver = asked and dispute._is_solver()
            mine = asked and asked.filtered(
                lambda activity, solver=solver: (
                    activity.user_id == self.env.user or (solver and activity.activity_type_id == to_solve)
                )
            )
            if mine:
                result[dispute] = mine
        return result

    @api.model
    def _get_to_answer(self, activities):
        """:return: those of some activities that ask for an answer"""
        kinds = [
            self.env.ref(f'account_collection_followup.activity_type_{name}')
            for name in ('dispute', 'dispute_customer')
        ]
        return activities.filtered(lambda activity: activity.activity_type_id in kinds)

    def _has_part(self):
        """:return: whether the user solves the dispute, is the customer's sales rep, or works the list"""
        return self._takes_part() or self._origin.has_access('write')

    def _takes_part(self):
        """:return: whether the user solves the dispute, or is the customer's sales rep"""
        return self._is_solver() or self._get_rep() == self.env.user

    def _is_solver(self):
        """:return: whether the user owns the dispute, or is of a team that takes part in solving it"""
        self.ensure_one()
        dispute = self.sudo()
        teams = dispute.team_id | dispute.helper_team_ids
        return self.env.user in (dispute.user_id | dispute.helper_ids | teams.lead_id | teams.user_ids)
