from ast import literal_eval

from odoo import api, models
from odoo.exceptions import RedirectWarning, UserError

from .collection_fact import is_internal


class MailActivity(models.Model):
    """An activity the desk keeps for a call or a dispute ends when the call is logged or the dispute closed."""

    _inherit = 'mail.activity'

    def _get_collection_activities(self, model):
        """:return: those of these activities that the desk keeps for records of ``model``"""
        if is_internal(self):
            return self.browse()
        return self.filtered(
            lambda activity: activity.res_model == model and activity.automated
            and activity.activity_type_id.res_model == model
        )  # fmt: skip

    def _collection_adjust(self, vals):
        """Write only what is different: an activity nobody changed stays untouched."""
        self.ensure_one()
        changed = {
            name: value
            for name, value in vals.items()
            if self._fields[name].convert_to_write(self[name], self) != value
        }
        if changed.keys() - {'res_name'}:
            self.write(changed)

    # ------------------------------------------------------------------
    # Done by hand
    # ------------------------------------------------------------------
    def action_done(self):
        # EXTENDS mail: the button in a list leads straight to the dialog
        try:
            self._check_call_logged()
            self._check_dispute_answered()
            self._check_dispute_closed()
        except RedirectWarning as warning:
            if len(self) > 1:
                raise
            _message, action_id, _button, context = warning.args
            action = self.env['ir.actions.act_window'].sudo().browse(action_id)._get_action_dict()
            return dict(action, context=dict(literal_eval(action['context'] or '{}'), **context))
        return super().action_done()

    def _action_done(self, feedback=False, attachment_ids=None):
        # EXTENDS mail: a call is done when its result is logged; a dispute that was answered goes to who closes it
        self._check_call_logged()
        self._check_dispute_answered(feedback)
        self._check_dispute_closed()
        disputes = self.env['collection.dispute'].browse(
            self._get_collection_activities('collection.dispute').mapped('res_id')
        )
        result = super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
        disputes.sudo().exists()._activity_update()
        return result

    def _check_call_logged(self):
        """:raise RedirectWarning: with the way to log the call, if one of them is still to be made"""
        activities = self._get_collection_activities('collection.call')
        calls = self.env['collection.call'].sudo().browse(activities.mapped('res_id'))
        for call in calls.filtered(lambda call: call.state == 'planned')[:1]:
            raise RedirectWarning(
                self.env._("Log how the call went: its result ends the activity."),
                self.env.ref('account_collection_followup.collection_call_log_action').id,
                self.env._("Log the call"),
                {'default_call_id': call.id},
            )

    def _check_dispute_answered(self, feedback=False):
        """Done without a word says nothing: a dispute is answered with what was found, by who has it to answer.

        :param str feedback: what the user wrote, which is the answer
        :raise RedirectWarning: with the way to answer the dispute, if he wrote nothing
        """
        Dispute = self.env['collection.dispute']
        activities = Dispute._get_to_answer(self._get_collection_activities('collection.dispute'))
        for dispute in Dispute.browse(activities.mapped('res_id')):
            if dispute.sudo().state != 'open':
                continue
            if feedback and feedback.strip():
                dispute._check_answer()
                continue
            raise RedirectWarning(
                self.env._("Say what was found: that answers the dispute."),
                self.env.ref('account_collection_followup.collection_dispute_answer_action').id,
                self.env._("Answer"),
                {'default_purpose': 'answer', 'default_dispute_id': dispute.id},
            )

    def _check_dispute_closed(self):
        """:raise RedirectWarning: with the way to close the dispute, if it was answered and is still open"""
        answered = self.env.ref('account_collection_followup.activity_type_dispute_close', raise_if_not_found=False)
        activities = self._get_collection_activities('collection.dispute').filtered(
            lambda activity: activity.activity_type_id == answered
        )
        disputes = self.env['collection.dispute'].sudo().browse(activities.mapped('res_id'))
        for dispute in disputes.filtered(lambda dispute: dispute.state == 'open')[:1]:
            raise RedirectWarning(
                self.env._("Close the dispute with its outcome: that ends the activity."),
                self.env.ref('account_collection_followup.collection_dispute_close_action').id,
                self.env._("Close the dispute"),
                {'default_dispute_id': dispute.id},
            )

    # ------------------------------------------------------------------
    # Moved, given away or deleted by hand
    # ------------------------------------------------------------------
    def write(self, vals):
        # EXTENDS mail: who moves the activity of a call moves the call
        result = super().write(vals)
        if {'date_deadline', 'user_id'} & vals.keys():
            for activity in self._get_collection_activities('collection.call'):
                call = self.env['collection.call'].browse(activity.res_id)
                changes = {'planned_on': activity.date_deadline, 'user_id': activity.user_id.id}
                if call.sudo().state == 'planned' and any(
                    call._fields[name].convert_to_write(call.sudo()[name], call) != value
                    for name, value in changes.items()
                ):
                    call.write(changes)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_collection(self):
        """What waits stays on somebody's list: give up the call, close the dispute, answer the consultation."""
        if self.env.su:
            return
        for model, state in (
            ('collection.call', 'planned'),
            ('collection.dispute', 'open'),
            ('collection.consultation', 'waiting'),
        ):
            activities = self._get_collection_activities(model).filtered('active')
            records = self.env[model].sudo().browse(activities.mapped('res_id')).exists()
            if any(record.state == state for record in records):
                raise UserError(
                    self.env._(
                        "This activity goes by itself when the call is logged or given up, the dispute is closed, "
                        "or the consultation is answered."
                    )
                )
