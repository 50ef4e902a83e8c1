from collections import defaultdict

from odoo import Command, api, fields, models
from odoo.tools import SQL

from .collection_fact import internal
from .collection_plan import PlanItem

#: nobody is written to because of a consultation: it stands on a to-do list
QUIET = {'tracking_disable': True, 'mail_create_nosubscribe': True, 'mail_auto_subscribe_no_notify': True}


class CollectionConsultation(models.Model):
    """Who is told of which formal act, and when a consultation is over: once a day, before the run is laid out."""

    _inherit = 'collection.consultation'  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _prepare_day(self, company):
        """Tell the sales reps of the formal acts so many working days ahead, end what is over (R53).

        :param company: ``res.company``, a root
        """
        today = company._collection_today()
        ahead = self._get_items_ahead(company, today)
        live = self.search([('company_id', '=', company.id), ('ended_on', '=', False)])
        late = live.filtered(lambda consultation: consultation._get_key() not in ahead)
        standing = {**late._get_standing_items(), **ahead}
        over = live.filtered(lambda consultation: consultation._is_over(standing, today))
        internal(over).write({'ended_on': today})
        former = (live - over)._leave_former_reps(company, today)
        self._tell(company, self._get_untold(standing, live - over - former), today)
        # who did not answer in time finds nothing left to answer, who put it away without an answer finds it again
        self.search([('company_id', '=', company.id), *self._get_activity_domain()])._activity_update()

    @api.model
    def _get_activity_domain(self):
        """:return: domain of the consultations that may have an activity, or should"""
        return ['|', ('ended_on', '=', False), ('activity_ids', '!=', False)]

    @api.model
    def _refresh_activities(self, company, partners):
        """Nobody is asked about what customers paid, promised or disputed since the morning."""
        domain = [('company_id', '=', company.id), ('partner_id', 'in', partners.ids), ('ended_on', '=', False)]
        self.sudo().search(domain)._activity_update()

    def _get_key(self):
        """:return: what makes one consultation: the act, the step that announced it, the customer"""
        self.ensure_one()
        return (self.track, self.step_id.id or None, self.partner_id.id)

    def _is_over(self, standing, today):
        """Whether none of the items stands before the act any more: it was put in hand, or they were paid, promised,
        disputed, taken back. An objection runs its time in any case."""
        return self._get_key() not in standing and not (self.objected_until and self.objected_until >= today)

    def _leave_former_reps(self, company, today):
        """End what waits for somebody who is not the customer's sales rep any more: who is now is told this day.

        :return: these consultations
        """
        waiting = self.filtered(lambda consultation: consultation._get_state() == 'waiting')
        partners = waiting.partner_id
        reps = partners._get_collection_salespersons(company)
        refusals = self._get_refusals(company, partners, reps)
        former = waiting.filtered(
            lambda consultation: (
                reps[consultation.partner_id] != consultation.user_id or consultation.partner_id in refusals
            )
        )
        internal(former).write({'ended_on': today})
        # one telling of a step at a time
        former.flush_recordset(['ended_on'])
        former._log_on_case(
            {
                consultation: self.env._(
                    "%(level)s: %(user)s, who had not answered, is not the sales rep any more.",
                    level=consultation.level_id.name,
                    user=consultation.user_id.name,
                )
                for consultation in former
            }
        )
        return former

    # ------------------------------------------------------------------
    # What is about to come
    # ------------------------------------------------------------------
    @api.model
    def _get_items_ahead(self, company, today):
        """The items that would rise to a formal act within the days their policies give the sales rep. A plan of a
        future date is today's facts at that date, so each number of days is asked once.

        :return: dict key as of :meth:`_get_key` → list of :class:`PlanItem`, those a consultation holds included
        """
        working = self.env['collection.holiday']._working_days(company)
        policies = self.env['collection.plan']._get_policies(company).grouped('consult_days')
        ahead = defaultdict(list)
        for days in sorted(policies.keys() - {0}):
            for item in self._get_formal_items(company, working.add(today, days), policies[days]):
                ahead[item.track, item.last_step_id, item.partner_id].append(item)
        return dict(ahead)

    def _get_standing_items(self):
        """The items of these consultations that stand before the act on the day it is put in hand, today at the
        earliest: what waits for a decision, or comes before a hold that begins later, is not over.

        :return: dict key as of :meth:`_get_key` → list of :class:`PlanItem`
        """
        standing = defaultdict(dict)
        for company, consultations in self.grouped('company_id').items():
            today, policies = company._collection_today(), self.env['collection.plan']._get_policies(company)
            keys = {consultation._get_key() for consultation in consultations}
            by_day = consultations.grouped(lambda consultation, today=today: max(consultation.act_from, today))
            for day, mine in by_day.items():
                for item in self._get_formal_items(company, day, policies, mine.partner_id):
                    if (key := (item.track, item.last_step_id, item.partner_id)) in keys:
                        standing[key][item.line_id] = item
        return {key: list(items.values()) for key, items in standing.items()}

    @api.model
    def _get_formal_items(self, company, day, policies, partners=None):
        query = self.env['collection.plan']._get_plan_query(company, day, policies=policies, partners=partners)
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL jit = off")
        return [
            PlanItem(*row)
            for row in self.env.execute_query(
                SQL(
                    """SELECT * FROM (%s) p WHERE track <> 'ordinary'
                          AND (reason IS NULL OR reason IN ('consultation', 'objection'))
                        ORDER BY partner_id, due_date, line_id""",
                    query,
                )
            )
        ]

    @api.model
    def _get_untold(self, ahead, live):
        """:return: dict key → items of ``ahead`` nobody was told about. An item that was never asked for is told about
        by a consultation for the day it enters, or a later one: the plan sees it the same way."""
        told = {}
        for consultation in live:
            key = consultation._get_key()
            told[key] = max(told.get(key, consultation.act_from), consultation.act_from)
        untold = {key: items for key, items in ahead.items() if key not in told}
        for key in told.keys() & ahead.keys():
            if not key[1]:
                untold[key] = [item for item in ahead[key] if self._get_entry_day(item) > told[key]]
        return {key: items for key, items in untold.items() if items}

    @api.model
    def _get_entry_day(self, item):
        return fields.Date.add(item.due_date, days=self.env['collection.level'].browse(item.level_id).delay_days)

    # ------------------------------------------------------------------
    # Telling
    # ------------------------------------------------------------------
    @api.model
    def _tell(self, company, groups, today):
        """:param groups: dict key as of :meth:`_get_key` → items"""
        if not groups:
            return
        partners = self.env['res.partner'].browse({partner_id for _track, _step_id, partner_id in groups})
        reps = partners._get_collection_salespersons(company)
        refusals = self._get_refusals(company, partners, reps)
        moves = self.env['account.move'].browse({item.move_id for items in groups.values() for item in items})
        names = {move.id: move.name for move in moves}
        vals_list = []
        for (track, step_id, partner_id), items in groups.items():
            partner = partners.browse(partner_id)
            vals = self._prepare_consultation(company, items, reps[partner], refusals.get(partner), names, today)
            vals_list.append(dict(vals, track=track, step_id=step_id, partner_id=partner_id))
        internal(self.with_context(**QUIET)).create(vals_list)

    @api.model
    def _prepare_consultation(self, company, items, rep, refusal, names, today):
        """:param str refusal: why nobody is asked, so that nothing waits; None if the rep is"""
        policy = self.env['collection.policy'].browse(items[0].policy_id)
        planned_on = self.env['collection.holiday']._working_days(company).add(today, policy.consult_days)
        return {
            'company_id': company.id,
            'level_id': items[0].message_level_id or items[0].level_id,
            'told_on': today,
            'planned_on': planned_on,
            'act_from': today if refusal else planned_on,
            'user_id': not refusal and rep.id,
            'not_asked': refusal,
            'why': self.env['collection.plan']
            .with_context(lang=rep.lang or self.env.lang)
            ._explain({None: items}, planned_on)[None],
            'line_ids': [Command.create(self._prepare_line(item, names)) for item in items],
        }

    @api.model
    def _prepare_line(self, item, names):
        return {
            'name': names.get(item.move_id) or '/',
            'due_date': item.due_date,
            'currency_id': item.currency_id,
            'amount': item.to_chase,
        }

    # ------------------------------------------------------------------
    # Who is asked
    # ------------------------------------------------------------------
    @api.model
    def _get_refusals(self, company, partners, reps):
        """Why there is nobody to ask before an act, which does not wait then.

        :return: dict customer → reason; only customers without a sales rep of their own who could answer
        """
        cases = self.env['collection.case'].search(
            [('partner_id', 'in', partners.ids), ('company_id', '=', company.id), ('state', '=', 'open')]
        )
        responsible = {case.partner_id: case.user_id for case in cases}
        deciding = company.collection_manager_id | company.collection_director_id
        refusals = {}
        for partner in partners:
            rep = reps[partner]
            if not rep or rep == company.collection_user_id:
                refusals[partner] = self.env._("No sales rep.")
            elif rep in deciding | responsible.get(partner, rep.browse()):
                refusals[partner] = self.env._("%s sends or decides it.", rep.name)
            elif company not in rep.company_ids._collection_root():
                refusals[partner] = self.env._(
                    "%(rep)s does not work in %(company)s.", rep=rep.name, company=company.name
                )
        return refusals
