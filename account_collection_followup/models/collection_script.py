from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .collection_call import CHANNELS, PURPOSES


class CollectionScript(models.Model):
    """The thread of a call, as data (R3, R26): what to say and ask, step by step, and what to ask back when the
    customer stays vague (R28).

    Administrators edit scripts per purpose; each text in every language, by Odoo's translation dialog.
    """

    _name = 'collection.script'
    _description = "Call Script"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10, help="The first script that fits a call is shown.")
    active = fields.Boolean("In use", default=True)
    purpose = fields.Selection(PURPOSES, required=True, default='collection', help="Of the calls it is for.")
    channel = fields.Selection(CHANNELS, help="Leave empty for calls, meetings and visits alike.")
    policy_id = fields.Many2one(
        'collection.policy',
        ondelete='cascade',
        index='btree_not_null',
        help="Leave empty for customers of every policy.",
    )
    company_id = fields.Many2one(
        'res.company',
        index=True,
        domain=[('parent_id', '=', False)],
        help="Leave empty to share the script between all companies.",
    )
    line_ids = fields.One2many('collection.script.line', 'script_id', string="Steps", copy=True)

    @api.constrains('company_id')
    def _check_company_is_root(self):
        for script in self:
            if script.company_id != script.company_id._collection_root():
                raise ValidationError(
                    self.env._(
                        "%s is a branch: call scripts belong to its main company, which shares them.",
                        script.company_id.name,
                    )
                )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        return [
            dict(vals, name=self.env._("%s (copy)", script.name)) for script, vals in zip(self, vals_list, strict=True)
        ]

    @api.model
    def _get_script(self, purpose, company, policy=None, channel='call'):
        """The script of a call: the one of its policy first, then that of its company, then the shared one.

        :param str purpose: of the call, see ``PURPOSES``
        :param company: root company
        :param policy: ``collection.policy`` of the customer, if any
        :param str channel: see ``CHANNELS``
        :return: ``collection.script``, empty if none is in use
        """
        scripts = self.search(
            [
                ('purpose', '=', purpose),
                ('company_id', 'in', [False, company.id]),
                ('policy_id', 'in', [False, policy.id if policy else False]),
                ('channel', 'in', [False, channel]),
            ]
        )
        return scripts.sorted(
            lambda script: (not script.policy_id, not script.channel, not script.company_id, script.sequence, script.id)
        )[:1]
