from collections import namedtuple

from odoo import api, models
from odoo.tools import SQL, format_date

#: open items of one policy that stand at the same level; ``customers`` are ids, ``latest`` the last date given to them
Standing = namedtuple('Standing', ['company_id', 'policy_id', 'assigned', 'level_id', 'items', 'customers', 'latest'])
#: a rung that items can climb to, as stored or as being edited
Rung = namedtuple('Rung', ['id', 'rank', 'name', 'kind'])


class CollectionImpact(models.AbstractModel):
    """What a change of a ladder means for items already on it, in words, before it is saved (R47).

    The definition: a date given stays as its step froze it; at that date the next level is
    the first active one above the item's last level, ranks being compared across policies.
    Items are found by their journal item: the few whose journal item was deleted by a reset
    to draft are left out of the numbers.
    """

    _name = 'collection.impact'
    _description = "Impact of a Changed Ladder"

    # ------------------------------------------------------------------
    # Where items stand
    # ------------------------------------------------------------------
    @api.model
    def _get_standings(self, policies=None, company=None, partners=None):
        """Count the open items by policy in force and last level; what was handed over has left the ladder.

        :param policies: only customers these policies are in force for
        :param company: only this root company, else all of them
        :param partners: only these customers
        :return: list of :class:`Standing`, lowest level first
        """
        self.env.flush_all()
        conditions = []
        if company:
            conditions.append(SQL(" AND s.company_id = %s", company.id))
        if partners is not None:
            conditions.append(SQL(" AND sl.partner_id = ANY(%s)", partners.commercial_partner_id.ids))
        rows = self.env.execute_query(
            SQL(
                """WITH last AS (
                       SELECT DISTINCT ON (sl.line_id) sl.partner_id, s.company_id, sl.level_id, s.date_given,
                              p.property_collection_policy_id AS assigned
                         FROM collection_step_line sl
                         JOIN collection_step s ON s.id = sl.step_id
                         JOIN account_move_line l ON l.id = sl.line_id AND l.reconciled IS NOT TRUE
                              AND l.parent_state = 'posted' AND l.amount_residual_currency <> 0
                         JOIN res_partner c ON c.id = l.partner_id AND c.commercial_partner_id = sl.partner_id
                         JOIN res_partner p ON p.id = sl.partner_id
                        WHERE sl.role = 'asked' AND s.cancelled IS NOT TRUE AND sl.cancelled IS NOT TRUE%(conditions)s
                        ORDER BY sl.line_id, s.date DESC, sl.id DESC)
                   SELECT last.company_id, COALESCE(a.id, c.collection_policy_id) AS policy_id, a.id IS NOT NULL,
                          last.level_id, count(*), array_agg(DISTINCT last.partner_id), max(last.date_given)
                     FROM last
                     JOIN res_company c ON c.id = last.company_id
                     JOIN collection_level v ON v.id = last.level_id AND v.kind <> 'litigation'
                     LEFT JOIN collection_policy a ON a.id = (last.assigned->>last.company_id::text)::int
                          AND a.active AND (a.company_id IS NULL OR a.company_id = last.company_id)
                    WHERE %(policies)s
                    GROUP BY 1, 2, 3, 4, v.rank ORDER BY v.rank, 4, 1, 3""",
                conditions=SQL().join(conditions),
                policies=SQL("COALESCE(a.id, c.collection_policy_id) = ANY(%s)", policies.ids)
                if policies is not None
                else SQL("true"),
            )
        )
        return [Standing(*row) for row in rows]

    # ------------------------------------------------------------------
    # Rungs
    # ------------------------------------------------------------------
    @api.model
    def _get_rungs(self, levels):
        """:return: the rungs among levels that may be under edition, lowest first"""
        rungs = [
            Rung(level._origin.id or level.id, level.rank, level.name or '', level.kind)
            for level in levels
            if level.active and level.kind != 'satisfaction'
        ]
        return sorted(rungs, key=lambda rung: rung.rank)

    @api.model
    def _get_next(self, rungs, rank):
        """:return: the first rung above a rank, or None"""
        return next((rung for rung in rungs if rung.rank > rank), None)

    # ------------------------------------------------------------------
    # Sentences
    # ------------------------------------------------------------------
    @api.model
    def _get_ladder_text(self, standings, before, after, ranks):
        """What a changed order of levels means.

        :param standings: items of the policy's customers
        :param before: rungs as they are stored
        :param after: rungs as they will be
        :param dict ranks: level id → rank it will have
        :return: list of sentences, empty if nobody is concerned
        """
        sentences = []
        # who stands at a level taken out of use goes on as before: that is said too
        gone = {rung.id for rung in before} - {rung.id for rung in after}
        for level, group in self._by_level(standings).items():
            old = self._get_next(before, level.rank)
            new = self._get_next(after, ranks.get(level.id, level.rank))
            if level.id in gone or (old and old.id) != (new and new.id):
                sentences.append(self._get_next_sentence(level, group, old, new))
        return sentences

    @api.model
    def _by_level(self, standings):
        """:return: dict {level: one standing of all companies}"""
        groups = {}
        for standing in standings:
            level = self.env['collection.level'].sudo().browse(standing.level_id)
            known = groups.get(level)
            groups[level] = standing if known is None else self._add(known, standing)
        return groups

    @api.model
    def _add(self, one, other):
        return one._replace(
            items=one.items + other.items,
            customers=list({*one.customers, *other.customers}),
            latest=max(filter(None, (one.latest, other.latest)), default=None),
        )

    @api.model
    def _get_next_sentence(self, level, group, old, new):
        """:return: where the items of a level go on, and that what they were told will not come"""
        values = {
            **self._get_counts(group),
            'level': level.name,
            'dates': self._get_dates_text(group),
            'old': old and old.name,
            'new': new and new.name,
        }
        if not new:
            text = self.env._(
                "At %(level)s: %(items)s of %(customers)s. %(dates)s Then nothing follows: there is no level above.",
                **values,
            )
        elif not old or old.name == new.name:
            text = self.env._("At %(level)s: %(items)s of %(customers)s. %(dates)s Then comes %(new)s.", **values)
        else:
            text = self.env._(
                "At %(level)s: %(items)s of %(customers)s. %(dates)s Then comes %(new)s, not %(old)s.",
                **values,
            )
        if old and level.consequence and (not new or new.kind != old.kind):
            text += ' ' + self.env._("What they were told no longer fits: “%s”", level.consequence)
        return text

    @api.model
    def _get_dates_text(self, group):
        """:return: that the dates given stay, and the latest of them if it is still to come"""
        latest = group.latest
        company = self.env['res.company'].sudo().browse(group.company_id)
        if not latest or latest < company._collection_today():
            return self.env._("The dates given stay.")
        return self.env._("The dates given stay (the latest %s).", format_date(self.env, latest))

    @api.model
    def _get_counts(self, group):
        """:return: dict with "17 items" and "9 customers" in words"""
        items, customers = group.items, len(group.customers)
        return {
            'items': self.env._("1 item") if items == 1 else self.env._("%s items", items),
            'customers': self.env._("1 customer") if customers == 1 else self.env._("%s customers", customers),
        }

    @api.model
    def _get_content_text(self, level, standings, rungs):
        """What other means, texts, days or people of a level mean.

        :param level: the level under edition
        :param standings: items of the policy's customers
        :param rungs: the rungs as they will be
        :return: list of sentences, empty if nobody is concerned
        """
        sentences = []
        groups = self._by_level(standings)
        if here := groups.get(level._origin.sudo()):
            sentences.append(
                self.env._(
                    "At %(level)s: %(items)s of %(customers)s. What they were sent stays as it was. %(dates)s",
                    level=level.name,
                    dates=self._get_dates_text(here),
                    **self._get_counts(here),
                )
            )
        coming = None
        for last, group in groups.items():
            following = self._get_next(rungs, level.rank if last.id == level._origin.id else last.rank)
            if following and following.id == level._origin.id:
                coming = group if coming is None else self._add(coming, group)
        if coming:
            sentences.append(
                self.env._(
                    "Next at %(level)s: %(items)s of %(customers)s. They get it as changed.",
                    level=level.name,
                    **self._get_counts(coming),
                )
            )
        return sentences

    # ------------------------------------------------------------------
    # Another policy
    # ------------------------------------------------------------------
    @api.model
    def _get_default_text(self, company, before, after):
        """What another default policy of a root company means for its customers.

        :return: sentences, or False if nothing changes
        """
        if before == after:
            return False
        standings = [
            standing for standing in (self._get_standings(before, company) if before else ()) if not standing.assigned
        ]
        first = self.env._(
            "Every customer without a policy of his own follows %s from the next run on.", after.sudo().name
        )
        return '\n'.join([first, *self._get_switch_text(standings, after)])

    @api.model
    def _get_archived_text(self, policy):
        """What taking a policy out of use means: its customers follow the default of their company.

        :return: list of sentences, empty if nobody is concerned
        """
        standings = [standing for standing in self._get_standings(policy) if standing.assigned]
        sentences = []
        for company in self.env['res.company'].sudo().browse(dict.fromkeys(row.company_id for row in standings)):
            default = company.collection_policy_id
            mine = [standing for standing in standings if standing.company_id == company.id]
            sentences.append(
                self.env._(
                    "%(company)s: the customers of this policy follow %(policy)s from the next run on.",
                    company=company.name,
                    policy=default.name or self.env._("no policy"),
                )
            )
            sentences += self._get_switch_text(mine, default)
        return sentences

    @api.model
    def _get_assignment_text(self, company, partners, after):
        """What another policy means for some customers; none means the company's default.

        :return: sentences, or False if none of them is on a ladder
        """
        after = after or company.sudo().collection_policy_id
        standings = self._get_standings(company=company, partners=partners)
        standings = [standing for standing in standings if standing.policy_id != after.id]
        return '\n'.join(self._get_switch_text(standings, after)) or False

    @api.model
    def _get_switch_text(self, standings, policy):
        """:return: for each level items stand at, where they go on under another policy"""
        rungs = self._get_rungs(policy.sudo().level_ids)
        sentences = []
        for level, group in self._by_level(standings).items():
            former = self.env['collection.policy'].sudo().browse(group.policy_id or [])
            old = self._get_next(self._get_rungs(former.level_ids), level.rank)
            new = self._get_next(rungs, level.rank)
            sentences.append(self._get_next_sentence(level, group, old, new))
        return sentences
