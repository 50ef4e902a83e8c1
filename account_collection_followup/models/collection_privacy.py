import logging

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .collection_fact import internal

_logger = logging.getLogger(__name__)

#: what people said, who they were, and what we thought of it: model → fields emptied when the time is over. Amounts, dates, results,
#: invoices and messages sent stay
PERSONAL_FIELDS = {
    'collection.call': ('note', 'contact_id', 'right_contact_id'),
    'collection.call.answer': ('note',),
    'collection.consultation': ('reason',),
    'collection.dispute': ('reason', 'name', 'proposed_text', 'motive'),
    'collection.hold': ('reason',),
    'collection.promise': ('note', 'contact_id', 'payment_means'),
}
#: the chatters and done activities of these repeat it
TALKING_MODELS = ('collection.call', 'collection.case', 'collection.dispute', 'collection.promise')


class CollectionCase(models.Model):
    """How long notes are kept (GDPR): those of cases closed for longer than the company says are deleted.

    Open cases are never touched, nor those with a litigation: their file needs them. Figures stay.
    """

    _inherit = 'collection.case'  # pylint: disable=consider-merging-classes-inherited

    notes_deleted_on = fields.Date(readonly=True, copy=False, help="The time to keep them was over.")

    @api.model
    def _get_expired_domain(self, company, years=None):
        """:param int years: those of the company if left out
        :return: domain of the closed cases of a root company whose notes have been kept long enough"""
        years = company.collection_retention_years if years is None else years
        if not years:
            return Domain.FALSE
        limit = company._collection_today() - relativedelta(years=years)
        litigated = (
            self.env['collection.step'].sudo()._search([('track', '=', 'litigation'), ('cancelled', '=', False)])
        )
        return Domain(
            [
                ('company_id', '=', company.id),
                ('state', '=', 'closed'),
                ('closed_on', '<', limit),
                ('notes_deleted_on', '=', False),
                '!',
                ('step_ids', 'in', litigated),
            ]
        )

    @api.model
    def _say_expired(self, company, years):
        """:return: how many cases would lose their notes after a number of years, in words"""
        if years <= 0:
            return self.env._("Notes are kept for ever. Five years are usual between businesses.")
        count = self.search_count(self._get_expired_domain(company, years))
        return self.env._("The notes of %s closed cases would be deleted the next night.", count)

    @api.model
    def _cron_delete_notes(self, batch_size=200):
        """Delete the notes whose time is over, company by company, a batch at a time."""
        for company in self.env['res.company'].search([('parent_id', '=', False)]):
            domain = self._get_expired_domain(company)
            while cases := self.search(domain, limit=batch_size, order='id'):
                count = cases._delete_notes()
                _logger.info("Retention limit: %s records of %s cases of company %s", count, len(cases), company.id)
                self.env['ir.cron']._commit_progress(len(cases), remaining=self.search_count(domain))

    def _delete_notes(self):
        """Empty what people said and who they were in these cases.

        :return: number of records that held something
        """
        count = 0
        for name, names in PERSONAL_FIELDS.items():
            records = self.env[name].sudo().with_context(active_test=False).search([('case_id', 'in', self.ids)])
            kept = [field for field in names if field in records._fields and records._fields[field].store]
            holding = records.filtered(lambda record, kept=kept: any(record[field] for field in kept))
            quiet = internal(holding).with_context(tracking_disable=True, mail_activity_automation_skip=True)
            quiet.write({field: self._get_erased(records._fields[field]) for field in kept})
            count += len(holding)
        self._delete_stage_notes()
        self._delete_talk()
        # our opinion goes with its day
        quiet = self.sudo().with_context(tracking_disable=True)
        quiet.write({'notes_deleted_on': fields.Date.context_today(self), 'motive': False})
        return count

    @api.model
    def _get_erased(self, field):
        """:return: what stands in a field after its time: nothing, or that it was deleted where something must stand"""
        return self.env._("Deleted: the time to keep it is over.") if field.required else False

    def _delete_stage_notes(self):
        """Who said where an invoice stood, and his words, as far as they are as old as these cases."""
        closed_on = {}
        for case in self:
            key = case.partner_id, case.company_id
            closed_on[key] = max(case.closed_on, closed_on.get(key, case.closed_on))
        stages = (
            self.env['collection.circuit.stage']
            .sudo()
            .search([('partner_id', 'in', self.partner_id.ids), ('company_id', 'in', self.company_id.ids)])
        )
        old = stages.filtered(
            lambda stage: (day := closed_on.get((stage.partner_id, stage.company_id))) and stage.date <= day
        )
        internal(old).write({'note': False, 'contact_id': False})

    def _delete_talk(self):
        """Chatters and done activities of these cases and their facts, which repeat the notes."""
        for name in TALKING_MODELS:
            records = self if name == self._name else self.env[name].sudo().search([('case_id', 'in', self.ids)])
            about = [('res_id', 'in', records.ids)]
            messages = self.env['mail.message'].sudo().search([('model', '=', name), *about])
            messages.filtered(lambda message: message.message_type not in ('email', 'email_outgoing')).unlink()
            done = self.env['mail.activity'].sudo().with_context(active_test=False)
            internal(done).search([('res_model', '=', name), ('active', '=', False), *about]).unlink()
