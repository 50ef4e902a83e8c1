from datetime import timedelta

from odoo import api, fields, models

#: a dialog left open is offered again for so long
DAYS_KEPT = 7


class CollectionCallDraft(models.Model):
    """What somebody typed into the dialog of a call and has not saved: offered again when he reopens it.

    Written and read through ``collection.call.log`` only, each user his own.
    """

    _name = 'collection.call.draft'
    _description = "Draft of a Call"
    _order = 'write_date desc, id desc'

    user_id = fields.Many2one('res.users', required=True, index=True, ondelete='cascade')
    case_id = fields.Many2one('collection.case', required=True, index=True, ondelete='cascade')
    content = fields.Json()

    @api.model
    def _get_draft(self, case):
        """:return: the draft (sudo) of the user about a case, if any"""
        return self.sudo().search([('user_id', '=', self.env.uid), ('case_id', '=', case.id)], limit=1)

    @api.model
    def _keep(self, case, content):
        """Keep what the user typed about a case; without content, forget it."""
        draft = self._get_draft(case)
        if not content:
            draft.unlink()
        elif draft:
            draft.content = content
        else:
            self.sudo().create({'user_id': self.env.uid, 'case_id': case.id, 'content': content})

    @api.autovacuum
    def _forget_old(self):
        limit = fields.Datetime.now() - timedelta(days=DAYS_KEPT)
        self.sudo().search([('write_date', '<', limit)]).unlink()


class CollectionCall(models.Model):
    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    def _record_made(self, result, callback_on):
        # EXTENDS: what was typed about a call that a colleague logged meanwhile is of no use to anybody
        recorded = super()._record_made(result, callback_on)
        self.env['collection.call.draft'].sudo().search([('case_id', '=', self.case_id.id)]).unlink()
        return recorded
