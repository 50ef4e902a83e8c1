from odoo import models
from odoo.exceptions import UserError

from .collection_fact import internal, is_internal


class CollectionDispute(models.Model):
    """What a customer entered himself is qualified: somebody says what kind of dispute it is, so that the right
    team has it (R19). Until then it holds reminders back like any other."""

    _inherit = 'collection.dispute'  # pylint: disable=consider-merging-classes-inherited

    def write(self, vals):
        # who gives an unqualified dispute its type or team qualifies it
        waiting = self.browse()
        if {'type_id', 'team_id'} & vals.keys() and not is_internal(self):
            waiting = self.filtered(lambda dispute: dispute.state == 'open' and not dispute.qualified_on)
        result = super().write(vals)
        if ready := waiting.filtered('type_id'):
            ready.action_qualify()
        if 'type_id' in vals:
            self._mark_repeats()
        return result

    def action_qualify(self):
        """Confirm the type of open disputes: their team and owner have them now, with their time limit.

        Those that are qualified already stay as they are: choosing the type on screen qualifies as well.

        :raise UserError: if a dispute has no type, or is closed
        """
        self.check_access('write')
        for dispute in self:
            dispute._check_open()
            if not dispute.type_id:
                raise UserError(self.env._("Choose the type of the dispute first."))
        self.filtered(lambda dispute: not dispute.qualified_on)._qualify()
        return True

    def _qualify(self):
        kind = self.env.ref('account_collection_followup.activity_type_dispute_qualify')
        self._get_activities().filtered(lambda activity: activity.activity_type_id == kind)._action_done()
        for company, disputes in self.grouped('company_id').items():
            internal(disputes).write({'qualified_on': company._collection_today()})
        # its owner is named now
        for dispute in self.filtered(lambda dispute: not dispute.user_id):
            internal(dispute).user_id = dispute.team_id.lead_id or dispute._get_closer()
        self._log_qualified()

    def _log_qualified(self):
        for dispute in self:
            dispute._message_log(
                body=self.env._(
                    "Qualified: %(type)s, %(bearer)s.", type=dispute.type_id.name, bearer=dispute._get_bearer()
                ),
                author_id=self.env.user.partner_id.id,
            )
