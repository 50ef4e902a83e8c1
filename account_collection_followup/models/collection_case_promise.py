from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import plaintext2html

from .collection_promise_move import COLLECTOR

#: a promise whose date has come, one way or the other
FALLEN_DUE = ('kept', 'partly', 'broken')
PLAN_REQUEST = 'account_collection_followup.activity_type_plan_request'


class CollectionCase(models.Model):
    """Promises seen from the case: how the customer kept them, and instalment plans (R25, R36, R37)."""

    _inherit = 'collection.case'  # pylint: disable=consider-merging-classes-inherited

    kept_text = fields.Char(
        "Promises kept", compute='_compute_kept_text', help="Of all that was promised for dates that have come."
    )

    @api.depends('partner_id', 'company_id')
    @api.depends_context('lang')
    def _compute_kept_text(self):
        for company, cases in self.grouped('company_id').items():
            figures, moves = cases._get_kept_figures(company), cases._get_move_counts(company)
            for case in cases:
                promised, kept = figures.get(case.partner_id, (0, 0))
                case.kept_text = case._say_kept(promised, kept, moves.get(case.partner_id, 0))

    def _get_kept_figures(self, company):
        """What customers promised and kept so far, money that went to other invoices left out.

        :return: dict {customer: (promised for dates that have come, kept of it)}, in company currency at today's rate
        """
        rows = (
            self.env['collection.promise.line']
            .sudo()
            ._read_group(
                [
                    ('partner_id', 'in', self.partner_id.ids),
                    ('company_id', '=', company.id),
                    ('state', 'in', FALLEN_DUE),
                    ('paid_elsewhere', '=', False),
                ],
                ['partner_id', 'currency_id'],
                ['amount:sum', 'amount_kept:sum'],
            )
        )
        figures, today = {}, company and company._collection_today()
        for partner, currency, promised, kept in rows:
            rate = currency._get_conversion_rate(currency, company.currency_id, company, today)
            before = figures.get(partner, (0, 0))
            figures[partner] = (before[0] + promised * rate, before[1] + kept * rate)
        return figures

    def _get_move_counts(self, company):
        """:return: dict {customer: how often he moved a promise}"""
        return dict(
            self.env['collection.promise']
            .sudo()
            ._read_group(
                [
                    ('partner_id', 'in', self.partner_id.ids),
                    ('company_id', '=', company.id),
                    ('moved_from_id', '!=', False),
                ],
                ['partner_id'],
                ['__count'],
            )
        )

    def _say_kept(self, promised, kept, moves):
        sentences = [self.env._("No promise has fallen due yet.")]
        if promised:
            sentences = [
                self.env._(
                    "Kept %(share)s %% of what was promised (%(kept)s of %(promised)s).",
                    share=int(100 * kept / promised),
                    kept=self.currency_id.format(kept),
                    promised=self.currency_id.format(promised),
                )
            ]
        if moves:
            sentences.append(self.env._("Promises moved: %s.", moves))
        return ' '.join(sentences)

    # ------------------------------------------------------------------
    # Instalment plans
    # ------------------------------------------------------------------
    def action_add_plan(self):
        """Work out an instalment plan for what is overdue.

        :raise UserError: for who is no collector (R24)
        """
        self.ensure_one()
        self._check_plan_rights()
        return dict(
            self._get_related_action(
                'collection.promise.plan', self.env._("Instalment plan of %s", self.partner_id.name)
            ),
            context={'default_case_id': self.id, 'dialog_size': 'large'},
        )

    @api.model
    def _check_plan_rights(self):
        if not self.env.su and not self.env.user.has_group(COLLECTOR):
            raise AccessError(
                self.env._(
                    "An instalment plan is granted by a collector: note what the customer asks for, and hand it over."
                )
            )

    def _request_plan(self, text):
        """Put a plan the customer asks for on the list of a collector, who alone may grant it (R24, R37).

        Asked again before it is answered, it is added to what was asked.

        :param str text: what he asks for, facts only
        :return: ``mail.activity``
        """
        self.ensure_one()
        case, note = self.sudo(), plaintext2html((text or '').strip())
        kind = self.env.ref(PLAN_REQUEST)
        waiting = case.activity_ids.filtered(lambda activity: activity.activity_type_id == kind)[:1]
        if waiting:
            waiting.note = (waiting.note or '') + note
            return waiting
        user = case._get_collector()
        working = self.env['collection.holiday']._working_days(case.company_id)
        return case.activity_schedule(
            PLAN_REQUEST,
            date_deadline=working.roll_forward(case.company_id._collection_today()),
            note=note,
            user_id=(user or self.env.user).id,
        )

    def _propose_plans(self):
        """Put a plan on the list of a collector for those of these customers who are short of cash and broke as many
        promises as lead others to formal notice (R36): unless one runs, or is asked for already. The words do not name
        the motive: it is for collectors."""
        kind = self.env.ref(PLAN_REQUEST)
        short = self.sudo().filtered(lambda case: case.motive == 'cash' and case.policy_id.broken_promise_limit)
        promises = self.env['collection.promise'].sudo()
        for company, cases in short.grouped('company_id').items():
            counts = promises._get_broken_counts(cases.partner_id, company)
            running = promises.search(
                [('case_id', 'in', cases.ids), ('is_plan', '=', True), ('state', '=', 'running')]
            ).case_id
            waiting = cases.filtered(lambda case: kind in case.activity_ids.activity_type_id)
            for case in cases - running - waiting:
                count = counts[case.partner_id]
                if count >= case.policy_id.broken_promise_limit:
                    case._request_plan(case._say_plan_proposed(count))

    def _say_plan_proposed(self, count):
        """:return: why a plan is proposed, in the language of who makes it"""
        env = self.with_context(lang=self._get_collector().lang or self.env.lang).env
        return env._("Broken promises: %s. Agree on an instalment plan, instead of formal notice.", count)

    def _get_collector(self):
        """:return: the collector who looks after the case: its responsible if he is one, else the company's"""
        return self.env['res.partner']._get_collection_responsible(self, self.company_id, group=COLLECTOR)

    def _answer_plan_request(self):
        """The plan these customers asked for is made."""
        self.sudo().activity_feedback([PLAN_REQUEST])
