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
        return result

    @api.model
    def _get_writable_fields(self):
        # EXTENDS collection.case: the field's groups tell who may
        return super()._get_writable_fields() | {'motive'}
