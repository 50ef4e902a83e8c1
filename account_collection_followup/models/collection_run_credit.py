from odoo import models


class CollectionRun(models.Model):
    """The day also begins with the insurers' limits (R79)."""

    _inherit = 'collection.run'  # pylint: disable=consider-merging-classes-inherited

    def _prepare_acts(self):
        result = super()._prepare_acts()
        self._prepare_part(
            self.env['collection.credit']._prepare_day,
            self.env._("Nobody could be told of the insurers' limits."),
        )
        return result
