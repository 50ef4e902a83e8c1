from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import format_date


class CollectionItemAsOf(models.TransientModel):
    """Choose the date open items are shown at."""

    _name = 'collection.item.as.of'
    _description = "Open Items as of a Date"

    date = fields.Date(
        required=True, default=lambda self: fields.Date.subtract(fields.Date.context_today(self).replace(day=1), days=1)
    )

    def action_list(self):
        """Open the list as of the date."""
        return self._get_action('collection_item_action')

    def action_balance(self):
        """Open the aged balance as of the date."""
        return self._get_action('collection_item_action_aged')

    def _get_action(self, name):
        self.ensure_one()
        if self.date > self.env.company._collection_today():
            raise UserError(
                self.env._("%s is not over: choose today or an earlier day.", format_date(self.env, self.date))
            )
        action = self.env['ir.actions.act_window']._for_xml_id(f'account_collection_followup.{name}')
        # without its path: the address would open the list of today
        action.pop('path', None)
        title = self.env._("%(list)s as of %(date)s", list=action['name'], date=format_date(self.env, self.date))
        return dict(
            action,
            name=title,
            # what the screen shows above the list
            display_name=title,
            context={'collection_as_of': fields.Date.to_string(self.date)},
        )
