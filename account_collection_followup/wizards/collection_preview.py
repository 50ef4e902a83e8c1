from odoo import api, fields, models

from ..models.collection_plan import PlanItem


class CollectionPreview(models.TransientModel):
    """A level's message as a real customer would receive it. Nothing is kept or sent."""

    _name = 'collection.preview'
    _description = "Preview of a Level"
    _inherit = ['collection.dialog']

    level_id = fields.Many2one('collection.level', required=True, domain=[('kind', '!=', 'satisfaction')])
    policy_id = fields.Many2one(related='level_id.policy_id')
    company_id = fields.Many2one('res.company', default=lambda self: self.env.company._collection_root(), required=True)
    partner_id = fields.Many2one('res.partner', "Customer", compute='_compute_partner_id', store=True, readonly=False)
    recipient = fields.Char(compute='_compute_html')
    html = fields.Html(compute='_compute_html', sanitize=False)

    @api.depends('company_id')
    def _compute_partner_id(self):
        for preview in self.filtered(lambda preview: not preview.partner_id):
            preview.partner_id = (
                self.env['collection.item']
                .search(
                    [
                        ('company_id', 'child_of', preview.company_id.id),
                        ('residual_currency', '>', 0),
                        ('partner_id', '!=', False),
                    ],
                    order='due_date',
                    limit=1,
                )
                .partner_id
            )

    @api.depends('level_id', 'partner_id', 'company_id')
    def _compute_html(self):
        for preview in self:
            preview.recipient = preview.html = False
            if not preview.level_id:
                continue
            items = preview._get_items()
            if not items:
                preview.html = self.env._("Choose a customer with an open invoice to see the message.")
                continue
            choice = {name: preview[name] for name in ('level_id', 'company_id', 'partner_id')}
            html = preview._render(items)
            if not preview.id:
                # rendering forgets the cache, and with it what was chosen on an unsaved form
                preview._update_cache(choice, validate=False)
            preview.html = html
            found = preview.partner_id._get_collection_recipients(
                preview.level_id.recipient_role_ids, need='email' if preview.level_id.by_email else None
            )[preview.partner_id.commercial_partner_id]
            preview.recipient = ' – '.join(
                filter(None, [', '.join(found.contacts.mapped('display_name')), found.fallback or ''])
            )

    def _get_items(self):
        """:return: the customer's open invoices as if they rose to the level today"""
        self.ensure_one()
        items = self.env['collection.item'].search(
            [
                ('partner_id', '=', self.partner_id.commercial_partner_id.id),
                ('company_id', 'child_of', self.company_id.id),
                ('residual_currency', '>', 0),
            ],
            limit=40,
        )
        plan = self.env['collection.plan'].sudo()
        today = self.company_id._collection_today()
        planned = {answer.line_id: answer for answer in plan._plan(self.company_id, today, partners=self.partner_id)}
        answers = [self._prepare_item(item, planned.get(item.id)) for item in items]
        return [answer for answer in answers if answer.to_chase > 0]

    def _prepare_item(self, item, planned):
        """:param planned: what the plan says of an overdue item: what is covered or received is not asked for"""
        covered = item.disputed + item.promised
        return PlanItem(
            **{
                **dict.fromkeys(PlanItem._fields),
                'line_id': item.line_id.id,
                'partner_id': item.partner_id.id,
                'company_id': item.company_id.id,
                'move_id': item.move_id.id,
                'currency_id': item.currency_id.id,
                'due_date': item.due_date,
                'residual': item.residual_currency,
                'residual_company': item.residual,
                'disputed': item.disputed,
                'promised': item.promised,
                'responding': planned.responding if planned else 0,
                'netted': planned.netted if planned else 0,
                'to_chase': planned.to_chase if planned else item.residual_currency - covered,
                'to_chase_company': planned.to_chase_company if planned else item.residual,
                'level_id': self.level_id.id,
                'message_level_id': self.level_id.id,
                'track': self.level_id._get_track(),
                'mode': self.level_id.mode,
            }
        )

    def _render(self, items):
        customer, level = self.partner_id.commercial_partner_id, self.level_id
        savepoint = self.env.cr.savepoint()
        try:
            run = self.env['collection.run'].sudo().create({'company_id': self.company_id.id})
            line = (
                self.env['collection.run.line']
                .sudo()
                .create(
                    {
                        'run_id': run.id,
                        'company_id': self.company_id.id,
                        'partner_id': customer.id,
                        'kind': 'message',
                        'track': level._get_track(),
                        'level_id': level.id,
                        'mode': level.mode,
                    }
                )
            )
            return self.env['collection.step.builder']._render_and_forget(line, {(customer.id, line.track): items}, {})
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()
