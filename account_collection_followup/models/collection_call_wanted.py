from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import frozendict

from .collection_call import CALLER
from .collection_fact import internal


class CollectionCall(models.Model):
    """Calls the desk wants: the one planned call of a customer, planned or brought forward, and why (R8, R30, R35)."""

    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    why = fields.Char(readonly=True, copy=False, help="Why the desk planned this call.")

    @api.model
    def _want(self, wanted):
        """Have customers called: plan the one call of each case, or bring the planned one forward.

        A planned call that is later comes on the wanted day, unless the customer asked for its day; one that is sooner
        keeps its day. Who was tried already is not tried again before the next try is due (R27, R35). Either learns why
        it is wanted. It becomes a collection call, which a sales rep does not make.
        Reads no more often for many cases than for a few, and writes once for all calls that change alike.

        :param dict wanted: {open ``collection.case``: values}: ``planned_on`` (date) and ``why`` (text, or a function
            of an environment that gives it in the language of who calls); if need be ``user_id``, ``contact_id``,
            ``move_ids`` (ids: a new call goes when these are settled), ``silent_since``. Who calls is the responsible
            of the case by default, whom he calls the contact of the case. A contact who asked not to be called is
            replaced; where nobody may be called, the case says why no call is planned (R66)
        :return: the planned calls of these cases
        """
        cases = self.env['collection.case'].sudo().concat(*wanted).with_prefetch()
        calls = internal(self.sudo())
        wanted = {case.id: values for case, values in wanted.items()}
        planned = calls.search([('case_id', 'in', cases.ids), ('state', '=', 'planned')])
        mute = calls._choose_callees(cases, wanted)
        unplanned = cases - planned.case_id.sudo()
        calls._note_mute({case: reason for case, reason in mute.items() if case in unplanned}, wanted)
        missing = [calls._prepare_wanted(case, wanted[case.id]) for case in unplanned if case not in mute]
        planned._bring_forward(wanted)
        planned._activity_update()
        planned._mark_dirty()
        return (planned | calls.create(missing)).with_env(self.env)

    def _bring_forward(self, wanted):
        """Write what planned calls learn, once for all that learn the same.

        :param dict wanted: {id of a case: values}
        """
        tried = self.filtered('last_try_on')._get_next_tries()
        alike = defaultdict(self.browse)
        for call in self:
            alike[frozendict(call._prepare_forward(wanted[call.case_id.id], tried.get(call)))] |= call
        for vals, calls in alike.items():
            new = [fields.Command.link(move_id) for move_id in vals.get('move_ids', ())]
            quiet = calls.with_context(mail_activity_automation_skip=True)
            quiet.write({**vals, 'move_ids': new} if new else dict(vals))

    def _get_next_tries(self):
        """:return: dict {call that was tried: the first day on which it is tried again}"""
        spacing = self._get_try_spacing()
        calendars = {company: self.env['collection.holiday']._working_days(company) for company in self.company_id}
        return {call: calendars[call.company_id].add(call.last_try_on, spacing[call]) for call in self}

    @api.model
    def _prepare_wanted(self, case, values):
        """:return: values of a new call with the customer of a case"""
        user = self._get_wanted_caller(case, values)
        return {
            'case_id': case.id,
            'partner_id': case.partner_id.id,
            'company_id': case.company_id.id,
            'purpose': 'collection',
            'planned_on': values['planned_on'],
            'why': self._say_why(values['why'], user),
            'user_id': user.id,
            'contact_id': values['contact_id'],
            'silent_since': values.get('silent_since'),
            'move_ids': [fields.Command.set(values.get('move_ids') or [])],
        }

    def _prepare_forward(self, values, not_before=None):
        """
        :param date not_before: the next try is due, if it was tried already
        :return: values that bring a planned call forward to when it is wanted, and say why; ids for the invoices
        """
        case = self.case_id
        vals = {'purpose': 'collection'}
        user = self.user_id
        if self.purpose == 'satisfaction' or not user or not user.has_group(CALLER):
            user = self._get_wanted_caller(case, values)
            vals.update(user_id=user.id, contact_id=values['contact_id'])
        if not self.agreed:
            wanted_on = fields.Date.to_date(values['planned_on'])
            vals['planned_on'] = min(self.planned_on, max(wanted_on, not_before or wanted_on))
        if values.get('silent_since'):
            vals['silent_since'] = values['silent_since']
        why = self._say_why(values['why'], user)
        if why not in (self.why or '').split(' · '):
            vals['why'] = ' · '.join(filter(None, [self.why, why]))
        # a call that names no invoice is about all of them
        if (self.move_ids or self.step_id) and (new := set(values.get('move_ids') or ()) - set(self.move_ids.ids)):
            vals['move_ids'] = tuple(sorted(new))
        return vals

    @api.model
    def _get_wanted_caller(self, case, values):
        """:return: who calls: who was named, else the responsible of the case, else the company's default"""
        named = self.env['res.users'].browse(values.get('user_id') or [])
        return self.env['res.partner']._get_collection_responsible(case, case.company_id, named)

    @api.model
    def _say_why(self, why, user):
        """:return: why a call is wanted, in the language of who makes it"""
        return why(self.with_context(lang=user.lang or self.env.lang).env) if callable(why) else why
