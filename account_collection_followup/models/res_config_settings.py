from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    collection_policy_id = fields.Many2one(related='company_id.collection_policy_id', readonly=False)
    collection_user_id = fields.Many2one(related='company_id.collection_user_id', readonly=False)
    collection_manager_id = fields.Many2one(related='company_id.collection_manager_id', readonly=False)
    collection_director_id = fields.Many2one(related='company_id.collection_director_id', readonly=False)
    collection_start_date = fields.Date(related='company_id.collection_start_date')
    collection_daily_cap = fields.Integer(related='company_id.collection_daily_cap', readonly=False)
    collection_call_tries = fields.Integer(related='company_id.collection_call_tries', readonly=False)
    collection_documents_days = fields.Integer(related='company_id.collection_documents_days', readonly=False)
    collection_log_invoices = fields.Boolean(related='company_id.collection_log_invoices', readonly=False)
