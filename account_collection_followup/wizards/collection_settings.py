from odoo import api, fields, models
from odoo.exceptions import UserError

PREFIX = 'collection_'
COLLECTOR = 'account_collection_followup.group_collection_collector'
CALLER = 'account_collection_followup.group_collection_caller'


class CollectionSettings(models.TransientModel):
    """The settings of a company for who administers collections: no system rights are needed (R47).

    Shows the ``collection_`` fields of the root company and writes them there once the
    rights are checked. To add a setting, add the field to ``res.company`` and its
    related twin here.
    """

    _name = 'collection.settings'
    _description = "Collection Settings"

    company_id = fields.Many2one('res.company', required=True, readonly=True)
    collection_start_date = fields.Date(related='company_id.collection_start_date')
    collection_policy_id = fields.Many2one(
        related='company_id.collection_policy_id',
        readonly=False,
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
    )
    collection_user_id = fields.Many2one(
        related='company_id.collection_user_id', readonly=False, domain=lambda self: self._get_people_domain(CALLER)
    )
    collection_manager_id = fields.Many2one(
        related='company_id.collection_manager_id',
        readonly=False,
        domain=lambda self: self._get_people_domain(COLLECTOR),
    )
    collection_director_id = fields.Many2one(
        related='company_id.collection_director_id', readonly=False, domain=[('share', '=', False)]
    )
    collection_daily_cap = fields.Integer(related='company_id.collection_daily_cap', readonly=False)
    collection_call_tries = fields.Integer(related='company_id.collection_call_tries', readonly=False)
    collection_documents_days = fields.Integer(related='company_id.collection_documents_days', readonly=False)
    collection_paid_already_days = fields.Integer(related='company_id.collection_paid_already_days', readonly=False)
    collection_exception_days = fields.Integer(related='company_id.collection_exception_days', readonly=False)
    collection_qualify_days = fields.Integer(related='company_id.collection_qualify_days', readonly=False)
    collection_escalate_days = fields.Integer(related='company_id.collection_escalate_days', readonly=False)
    collection_silent_debt_days = fields.Integer(related='company_id.collection_silent_debt_days', readonly=False)
    collection_financing_rate = fields.Float(related='company_id.collection_financing_rate', readonly=False)
    collection_log_invoices = fields.Boolean(related='company_id.collection_log_invoices', readonly=False)
    collection_window = fields.Selection(related='company_id.collection_window', readonly=False)
    collection_contact_months = fields.Integer(related='company_id.collection_contact_months', readonly=False)
    collection_declare_days = fields.Integer(related='company_id.collection_declare_days', readonly=False)
    collection_retention_years = fields.Integer(related='company_id.collection_retention_years', readonly=False)
    retention_text = fields.Char(compute='_compute_retention_text')
    problem = fields.Text(compute='_compute_problem')
    warning = fields.Char(compute='_compute_problem')
    impact = fields.Text(compute='_compute_impact')

    @api.model
    def _get_people_domain(self, group):
        return [('share', '=', False), ('all_group_ids', 'in', self.env.ref(group).ids)]

    @api.depends('company_id', 'collection_user_id', 'collection_manager_id', 'collection_director_id')
    def _compute_problem(self):
        """Who was named once and can no longer do it, for example because he left; and who can do part of it only."""
        for settings in self:
            settings.problem = '\n'.join(settings.company_id._get_collection_problems()) or False
            settings.warning = settings.company_id._get_collection_user_warning(settings.collection_user_id._origin)

    @api.depends('collection_retention_years')
    def _compute_retention_text(self):
        """What saving the number of years would delete the next night."""
        for settings in self:
            company = settings.company_id._origin.sudo()
            settings.retention_text = (
                self.env['collection.case'].sudo()._say_expired(company, settings.collection_retention_years)
            )

    def _compute_display_name(self):
        for settings in self:
            settings.display_name = self.env._("Settings")

    @api.depends('collection_policy_id')
    def _compute_impact(self):
        for settings in self:
            before, after = settings.company_id.collection_policy_id, settings.collection_policy_id
            settings.impact = after and self.env['collection.impact']._get_default_text(
                settings.company_id._origin, before._origin, after._origin
            )

    @api.model
    def action_open(self):
        """Open the settings of the current company, a branch those of its root.

        :return: an action
        """
        settings = self.create({'company_id': self.env.company.sudo()._collection_root().id})
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Settings"),
            'res_model': self._name,
            'res_id': settings.id,
            'view_mode': 'form',
            'views': [(False, 'form')],
        }

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            company = self.env['res.company'].browse(vals.get('company_id') or self.env.company.id)
            vals['company_id'] = company.sudo()._collection_root().id
            company.browse(vals['company_id'])._check_collection_administrator()
        settings = super().create([{'company_id': vals['company_id']} for vals in vals_list])
        for record, vals in zip(settings, vals_list, strict=True):
            record.write({name: value for name, value in vals.items() if name.startswith(PREFIX)})
        return settings

    def write(self, vals):
        if 'company_id' in vals:
            raise UserError(self.env._("Switch to the other company to see its settings."))
        values = {
            name: value for name, value in vals.items() if name.startswith(PREFIX) and not self._fields[name].readonly
        }
        for company in self.company_id if values else ():
            company._check_collection_administrator()
            company.sudo().write(values)
        return super().write({name: value for name, value in vals.items() if not name.startswith(PREFIX)})

    def action_start(self):
        """Open the assistant that starts the follow-up of the company."""
        return self.env['ir.actions.act_window']._for_xml_id('account_collection_followup.collection_start_action')
