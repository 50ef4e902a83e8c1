from odoo import api, fields, models

from ..tools import get_range_problem
from .collection_promise_plan import INSTALMENTS

CALLER = 'account_collection_followup.group_collection_caller'
#: so many earlier contacts are shown
CONTACTS = 3


class CollectionCallLog(models.TransientModel):
    """What to know while calling (R25): whom, how much, what was said and promised, how he pays, what comes next.

    Read live. Amounts and the case are for callers; a colleague without accounting rights sees his own call.
    """

    _inherit = 'collection.call.log'  # pylint: disable=consider-merging-classes-inherited

    contact_ids = fields.Many2many('res.partner', string="Whom to call", compute='_compute_contact_ids')
    target_reason = fields.Char(related='call_id.target_reason')
    about = fields.Text(related='call_id.about')
    why = fields.Char(related='call_id.why')
    last_call_ids = fields.Many2many('collection.call', string="Last contacts", compute='_compute_last_call_ids')

    currency_id = fields.Many2one(related='case_id.currency_id', groups=CALLER)
    overdue = fields.Monetary(related='case_id.overdue', groups=CALLER)
    disputed = fields.Monetary(related='case_id.disputed', groups=CALLER)
    promised = fields.Monetary(related='case_id.promised', groups=CALLER)
    sentence = fields.Text(related='case_id.sentence', groups=CALLER)
    payer_text = fields.Char(related='case_id.payer_text', groups=CALLER)
    silent_text = fields.Char(related='case_id.silent_text', groups=CALLER)
    kept_text = fields.Char(related='case_id.kept_text', groups=CALLER)
    promise_text = fields.Char("Promises", compute='_compute_promise_text', groups=CALLER)
    tries_text = fields.Char("Tries so far", compute='_compute_tries_text')
    plan_problem = fields.Char(compute='_compute_plan_problem', help="Why no instalments are proposed.")
    contact_warning = fields.Char(compute='_compute_contact_warning', help="What to know before dialling.")
    file_percent = fields.Integer("Customer file", compute='_compute_file')
    file_gaps = fields.Text("Missing", compute='_compute_file')
    item_ids = fields.Many2many('collection.item', string="Open items", compute='_compute_item_ids', groups=CALLER)
    dispute_ids = fields.Many2many(
        'collection.dispute', string="Open disputes", compute='_compute_dispute_ids', groups=CALLER
    )

    @api.depends('partner_id')
    def _compute_contact_ids(self):
        """People of the customer who can be called, those with a role first."""
        for log in self:
            people = self.env['res.partner'].search(
                [('commercial_partner_id', '=', log.partner_id.id), ('phone', '!=', False)]
            )
            log.contact_ids = people.sorted(lambda person: (not person.collection_role_ids, person.id))

    @api.depends('contact_id')
    def _compute_contact_warning(self):
        for log in self:
            contact = log.contact_id
            refused = contact.collection_do_not_call and self.env._("%s asked not to be called.", contact.name)
            log.contact_warning = refused or contact._say_wrong_number()

    @api.depends('call_id')
    def _compute_tries_text(self):
        for log in self:
            log.tries_text = bool(log.call_id.tries) and log._say_tries(log.call_id)

    @api.model
    def _say_tries(self, call):
        """:return: how often nobody was reached, and what is missing for the call to count as tried (R27)"""
        values = {
            'tries': self.env._("1 try") if call.tries == 1 else self.env._("%s tries", call.tries),
            'days': self._say_days(call.try_days),
        }
        if call.tried:
            return self.env._("%(tries)s on %(days)s. It counts as tried.", **values)
        needed = self._say_days(call.company_id.sudo().collection_call_tries)
        return self.env._(
            "%(tries)s on %(days)s. It counts as tried after tries on %(needed)s.", needed=needed, **values
        )

    @api.model
    def _say_days(self, days):
        return self.env._("1 day") if days == 1 else self.env._("%s days", days)

    @api.depends('result', 'plan_count')
    def _compute_plan_problem(self):
        for log in self:
            log.plan_problem = log.result == 'plan' and get_range_problem(log, {'plan_count': INSTALMENTS})

    @api.depends('partner_id', 'company_id')
    def _compute_file(self):
        """What is missing of the customer's file, to be asked while one talks (R22)."""
        for company, logs in self.grouped('company_id').items():
            gauges = logs.partner_id._get_collection_gauges(company)
            for log in logs:
                gauge = gauges.get(log.partner_id)
                log.file_percent = gauge.percent if gauge else 0
                log.file_gaps = gauge and '\n'.join(gauge.gaps)

    @api.depends('case_id')
    def _compute_last_call_ids(self):
        for log in self:
            calls = self.env['collection.call'].search(
                [
                    ('partner_id', '=', log.partner_id.id),
                    ('company_id', '=', log.company_id.id),
                    ('result', '!=', False),
                ]
            )
            log.last_call_ids = calls.sorted(lambda call: (call.made_on or call.last_try_on, call.id), reverse=True)[
                :CONTACTS
            ]

    @api.depends('case_id')
    def _compute_promise_text(self):
        """Promises kept and broken, of all times."""
        for log in self:
            counts = dict(
                self.env['collection.promise']._read_group(
                    [('partner_id', '=', log.partner_id.id), ('company_id', '=', log.company_id.id)],
                    ['state'],
                    ['__count'],
                )
            )
            labels = dict(self.env['collection.promise']._fields['state']._description_selection(self.env))
            log.promise_text = ', '.join(
                self.env._("%(state)s: %(number)s", state=labels[state], number=counts[state])
                for state in labels
                if counts.get(state)
            ) or self.env._("None yet")

    @api.depends('case_id')
    def _compute_item_ids(self):
        for log in self:
            log.item_ids = log.case_id.item_ids.filtered(lambda item: item.kind == 'invoice')

    @api.depends('case_id')
    def _compute_dispute_ids(self):
        for log in self:
            log.dispute_ids = self.env['collection.dispute'].search(
                [('partner_id', '=', log.partner_id.id), ('company_id', '=', log.company_id.id), ('state', '=', 'open')]
            )
