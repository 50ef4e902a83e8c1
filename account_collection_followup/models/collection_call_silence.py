from collections import namedtuple
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

#: an item that stays for one of these reasons, or rises, is one to speak about
SPOKEN_ABOUT = ('conversation', 'unfinished', 'objection', 'consultation', 'closed_day', 'no_email', 'top', 'cap')

#: a case nothing was heard or said in for too long: its customer, the day of the last contact, the policy, the invoices
#: to chase
Silent = namedtuple('Silent', ['case_id', 'partner_id', 'last_on', 'policy_id', 'move_ids'])


class CollectionCall(models.Model):
    """No customer is left without a word for too long (R30).

    Between two contacts lie no more days than his policy says, ten as a rule, while something of his is to be chased.
    Where the dates given leave more, he is called on the last working day within them. The call asks nothing new and is
    no step of the ladder: the running conversation goes on.

    Not more are planned in a day than somebody can make. Who is tried and not reached keeps the day of his next try.
    """

    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    silent_since = fields.Date(
        readonly=True, copy=False, help="The last contact, where the desk planned this call because it is too long ago."
    )

    @api.model
    def _plan_silence(self, company):
        """Plan the calls of today with customers who would otherwise wait too long, the longest silence first, up to
        the calls of a day. After the run of the day is laid out: who is written to today is not called for this. The
        second time on a day it does nothing: who is planned for today, was tried or called is left out.

        :param company: ``res.company``; its root is taken
        :return: the calls
        """
        root = company.sudo()._collection_root()
        calls = self.sudo()
        today = root._collection_today()
        silent = calls._get_silent(root, today)
        if not silent:
            return calls
        callees = self.env['collection.case'].sudo().browse(one.case_id for one in silent)._get_callees()
        contacts = {case.id: callee.contacts[:1] for case, callee in callees.items()}
        # where nobody may be called the case says so, and takes nobody's place
        mute = [one for one in silent if not contacts[one.case_id]]
        chosen = calls._cap_silent([one for one in silent if contacts[one.case_id]], root, today)
        wanted = {}
        for one in chosen + mute:
            case = self.env['collection.case'].browse(one.case_id)
            wanted[case] = calls._prepare_silence_call(root, one, contacts[one.case_id])
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
            'silent_since': last_on,
        }

    @api.model
    def _cap_silent(self, silent, root, today):
        """Leave out what exceeds the calls of a day: the others wait, the longest silence comes first. Calls of the
        company still to be made count, whatever their policy: they do not pile up, not even on the first day.

        :param silent: list of :class:`Silent`, the longest silence first
        """
        if not silent:
            return []
        mine = [('company_id', '=', root.id), ('silent_since', '!=', False)]
        count = self.search_count([*mine, '|', ('state', '=', 'planned'), ('made_on', '=', today)])
        policies = self.env['collection.policy'].sudo().browse({one.policy_id for one in silent})
        caps = {policy.id: policy.silence_daily_cap for policy in policies}
        return self._take_up_to(silent, count, caps)

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
        """:param rows: (case, customer, last contact, last contact or try)
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
        for case_id, partner_id, last_on, tried_on in rows:
            policy_id, move_ids = chased.get(partner_id, (None, []))
            if policy_id in heard_by and tried_on <= heard_by[policy_id]:
                silent.append(Silent(case_id, partner_id, last_on, policy_id, move_ids))
        return silent

    @api.model
    def _get_silent_query(self, root, today, last_day):
        """Open cases with a contact of ours, the last one on ``last_day`` or before, and nothing on its way today.
        Who was called in vain since then has his next try planned.

        :return: SQL giving case, customer, day of the last contact, day of the last contact or try; the longest silence
            first"""
        return SQL(
            """SELECT k.id, k.partner_id, t.last_on, GREATEST(t.last_on, w.last_try_on)
                 FROM (SELECT case_id, max(made_on) AS last_on FROM (%(contacts)s) c
                        GROUP BY case_id HAVING bool_or(ours) AND max(made_on) <= %(last_day)s) t
                 JOIN collection_case k ON k.id = t.case_id AND k.state = 'open' AND k.company_id = %(root)s
                 LEFT JOIN collection_call w ON w.case_id = k.id AND w.state = 'planned'
                WHERE (w.id IS NULL OR w.agreed IS NOT TRUE AND w.planned_on > %(today)s)
                  AND (w.last_try_on IS NULL OR w.last_try_on <= %(last_day)s)
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
