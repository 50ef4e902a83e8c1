from odoo import api, models


class CollectionPlan(models.AbstractModel):
    """Why an item does not rise to what was announced, in words: to be recorded and shown (R16, R36, R40)."""

    _inherit = 'collection.plan'  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _explain(self, groups, day):
        """Say of messages why they repeat a level or jump to formal notice. Two queries at most.

        :param dict groups: {key: list of :class:`PlanItem`}
        :param day: the date of the plan the items are from
        :return: dict {key: sentence, empty where everything goes as announced}
        """
        items = [item for group in groups.values() for item in group]
        disputes = self.env['collection.dispute'].sudo().browse({item.repeats_id for item in items if item.repeats_id})
        opened = {dispute.id: dispute.opened_on for dispute in disputes}
        broken = self._get_broken_days([item for item in items if item.jump], day)
        texts = {}
        for key, group in groups.items():
            came_back = sorted({opened[item.repeats_id] for item in group if item.repeats_id})
            missed = sorted({day for item in group if item.jump for day in broken.get(item.partner_id, ())})
            texts[key] = ' '.join(
                filter(None, [came_back and self._say_repeated(came_back), missed and self._say_jump(missed)])
            )
        return texts

    @api.model
    def _get_broken_days(self, items, day):
        """The promises that led to the jump, as the plan of that day counts them: broken by then, their response time
        over, and covering something still open (R36).

        :param day: date of the plan
        :return: dict customer id → days of which he broke promises"""
        if not items:
            return {}
        company = self.env['res.company'].browse(items[0].company_id).sudo()._collection_root()
        lines = (
            self.env['collection.promise.line']
            .sudo()
            .search(
                [
                    ('promise_id.counts_as_broken', '=', True),
                    ('promise_id.ended_on', '<=', day),
                    ('response_until', '<', day),
                    ('company_id', '=', company.id),
                    ('partner_id', 'in', list({item.partner_id for item in items})),
                    ('state', 'in', ['broken', 'partly']),
                    ('line_id.reconciled', '=', False),
                ]
            )
        )
        return {
            partner.id: {min(found.mapped('date')) for found in group.grouped('promise_id').values()}
            for partner, group in lines.grouped('partner_id').items()
        }

    @api.model
    def _say_repeated(self, days):
        if len(days) == 1:
            return self.env._("Repeated: the dispute of %s came back.", self._say_days(days))
        return self.env._("Repeated: the disputes of %s came back.", self._say_days(days))

    @api.model
    def _say_jump(self, days):
        if len(days) == 1:
            return self.env._("Formal notice at once: the promise for %s was broken.", self._say_days(days))
        return self.env._("Formal notice at once: the promises for %s were broken.", self._say_days(days))

    @api.model
    def _say_days(self, days):
        return ', '.join(self.env['collection.run.line']._format_day(day) for day in days)
