from collections import namedtuple
from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

#: an item that stays for one of these reasons, or rises, is one to speak about
SPOKEN_ABOUT = ('conversation', 'unfinished', 'objection', 'consultation', 'closed_day', 'no_email', 'top', 'cap')

#: a case nothing was heard or said in for too long: its customer, the day of the last contact, the invoices to chase
Silent = namedtuple('Silent', ['case_id', 'partner_id', 'last_on', 'move_ids'])


class CollectionCall(models.Model):
    """No customer is left without a word for too long (R30).

    Between two contacts lie no more days than his policy says, ten as a rule, while something of his is to be chased.
    Where the dates given leave more, he is called on the last working day within them. The call asks nothing new and is
    no step of the ladder: the running conversation goes on.
    """

    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _plan_silence(self, company):
        """Plan the calls of today with customers who would otherwise wait too long. After the run of the day is laid
        out: who is written to today is not called for this. Does nothing the second time.

        :param company: ``res.company``; its root is taken
        :return: the calls
        """
        root = company.sudo()._collection_root()
        calls = self.sudo()
        silent = calls._get_silent(root, root._collection_today())
        if not silent:
            return calls
        partners = self.env['res.partner'].sudo().browse(one.partner_id for one in silent)
        payable = partners._get_collection_payable_role()
        found = partners._get_collection_recipients(payable, need='phone')
        wanted = {}
        for one in silent:
            case = self.env['collection.case'].browse(one.case_id)
            contact = found[partners.browse(one.partner_id)].contacts[:1]
            wanted[case] = calls._prepare_silence_call(root, one, contact)
        return calls._want(wanted).with_env(self.env)

    @api.model
    def _prepare_silence_call(self, root, silent, contact):
        """:return: what :meth:`_want` is asked for"""
        last_on = silent.last_on
        return {
            'planned_on': root._collection_today(),
            'why': lambda env: env._("No contact since %s", env['collection.run.line']._format_day(last_on)),
            'contact_id': contact.id,
            'move_ids': silent.move_ids,
        }

    # ------------------------------------------------------------------
    # Who
    # ------------------------------------------------------------------
    @api.model
    def _get_silent(self, root, today):
        """:return: list of :class:`Silent`: customers we were in contact with, who would not hear from us in time"""
        working = self.env['collection.holiday']._working_days(root)
        policies = self.env['collection.plan']._get_policies(root).filtered('silence_days')
        if not policies or not working.is_working(today):
            return []
        # today is the last working day within the limit
        tomorrow = working.add(today, 1)
        heard_by = {policy.id: tomorrow - timedelta(days=policy.silence_days + 1) for policy in policies}
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL jit = off")
        rows = self.env.execute_query(self._get_silent_query(root, today, max(heard_by.values())))
        return self._filter_to_chase(root, today, rows, heard_by)

    @api.model
    def _filter_to_chase(self, root, today, rows, heard_by):
        """:param rows: (case, customer, last contact)
        :param dict heard_by: {policy id: the last day of contact that is too long ago}
        :return: list of :class:`Silent`: those of whom something is to be chased today, neither promised nor disputed
        """
        if not rows:
            return []
        partners = self.env['res.partner'].browse(row[1] for row in rows)
        plan = self.env['collection.plan']._get_plan_query(root, today, partners=partners)
        chased = {
            partner_id: (policy_id, move_ids)
            for partner_id, policy_id, move_ids in self.env.execute_query(
                SQL(
                    """SELECT partner_id, policy_id, array_agg(DISTINCT move_id) FROM (%s) p
                        WHERE to_chase > 0 AND (reason IS NULL OR reason = ANY(%s)) GROUP BY 1, 2""",
                    plan,
                    list(SPOKEN_ABOUT),
                )
            )
        }
        silent = []
        for case_id, partner_id, last_on in rows:
            policy_id, move_ids = chased.get(partner_id, (None, []))
            if policy_id in heard_by and last_on <= heard_by[policy_id]:
                silent.append(Silent(case_id, partner_id, last_on, move_ids))
        return silent

    @api.model
    def _get_silent_query(self, root, today, last_day):
        """Open cases with a contact of ours, the last one on ``last_day`` or before, and nothing on its way today.

        :return: SQL giving case, customer, day of the last contact, the longest ago first"""
        return SQL(
            """SELECT k.id, k.partner_id, t.last_on
                 FROM (SELECT case_id, max(made_on) AS last_on FROM (%(contacts)s) c
                        GROUP BY case_id HAVING bool_or(ours) AND max(made_on) <= %(last_day)s) t
                 JOIN collection_case k ON k.id = t.case_id AND k.state = 'open' AND k.company_id = %(root)s
                WHERE NOT EXISTS (SELECT FROM collection_call c
                                   WHERE c.case_id = k.id AND c.state = 'planned' AND (c.agreed OR c.planned_on <= %(today)s))
                  AND NOT EXISTS (SELECT FROM collection_run_line l JOIN collection_run r ON r.id = l.run_id
                                   WHERE l.partner_id = k.partner_id AND r.company_id = k.company_id AND r.date = %(today)s
                                     AND r.state <> 'preview' AND l.kind = 'message' AND l.track <> 'litigation'
                                     AND l.state IN ('approved', 'done'))
                ORDER BY t.last_on, k.id""",
            contacts=self._get_contacts_query(root),
            last_day=last_day,
            root=root.id,
            today=today,
        )

    @api.model
    def _get_contacts_query(self, root):
        """What counts as a contact: a message that left, a call or meeting that reached somebody; then what the
        customer said, a promise or a dispute.

        :return: SQL giving ``case_id``, ``made_on``, and whether it was ours"""
        return SQL(
            """SELECT case_id, GREATEST(date, posted_on) AS made_on, true AS ours FROM collection_step
                WHERE company_id = %(root)s AND cancelled IS NOT TRUE AND takeover IS NOT TRUE
                  AND 'sent' IN (email_state, letter_state, registered_state)
                UNION ALL
               SELECT case_id, made_on, true FROM collection_call WHERE company_id = %(root)s AND state = 'made'
                UNION ALL
               SELECT case_id, made_on, false FROM collection_promise WHERE company_id = %(root)s
                UNION ALL
               SELECT case_id, opened_on, false FROM collection_dispute WHERE company_id = %(root)s""",
            root=root.id,
        )
