from odoo import api, fields, models
from odoo.tools import SQL, format_date

#: kind → label, model of the record it is about
KINDS = {
    'approve': ("Approval waits", 'collection.run.line'),
    'decide': ("Litigation undecided", 'collection.run.line'),
    'left_out': ("Announced act not taken", 'collection.run.line'),
    'error': ("Message could not be made", 'collection.run.line'),
    'failed': ("Message failed", 'collection.step'),
    'impossible': ("Means not possible", 'collection.step'),
    'letter': ("Letter not posted", 'collection.step'),
    'call': ("Call of a message not made", 'collection.step'),
    'planned': ("Planned call overdue", 'collection.call'),
    'dispute': ("Dispute past its time limit", 'collection.dispute'),
    'join': ("New item beside litigation undecided", 'collection.litigation.item'),
    'unsent': ("Notice not sent", 'collection.step'),
    'returned': ("Letter returned", 'collection.step'),
    'declare': ("Insurer not told in time", 'collection.credit'),
    'credit': ("Credit note of a dispute not posted", 'collection.dispute'),
    'answer': ("Answer to a dispute not sent", 'collection.dispute'),
    'confirmation': ("Confirmation of a promise not sent", 'collection.promise'),
}
#: ids of the view: the record's own id, told apart by kind
STRIDE = 32


class CollectionException(models.Model):
    """What was not done in time, or could not be done, for the collections manager (R19, R40, R48, R49, R52, R66).

    Nothing is stored: the model is a query on the facts of now, and an exception is
    gone when what it names is done. "In time" is a number of working days, a setting
    of the company; the days are counted in Python and compared in SQL as dates.
    """

    _name = 'collection.exception'
    _description = "Exception"
    _auto = False
    _order = 'since, id'
    _rec_name = 'detail'

    kind = fields.Selection([(kind, label) for kind, (label, _model) in KINDS.items()], "What", readonly=True)
    since = fields.Date(readonly=True, help="The day it was proposed, planned, asked for or should have ended.")
    partner_id = fields.Many2one('res.partner', "Customer", readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    currency_id = fields.Many2one('res.currency', readonly=True)
    case_id = fields.Many2one('collection.case', readonly=True)
    level_id = fields.Many2one('collection.level', readonly=True)
    user_id = fields.Many2one('res.users', "Should have", readonly=True, help="Who should have done it.")
    amount = fields.Monetary(readonly=True, help="In company currency.")
    res_id = fields.Many2oneReference("Record", model_field='res_model', readonly=True)
    res_model = fields.Char(compute='_compute_res_model')
    detail = fields.Char("Details", compute='_compute_detail')

    _depends = {
        'account.move': ['amount_total', 'amount_total_signed'],
        'account.move.line': ['amount_residual', 'reconciled'],
        'collection.call': ['case_id', 'company_id', 'partner_id', 'planned_on', 'state', 'user_id'],
        'collection.case': ['company_id', 'partner_id', 'state', 'user_id'],
        'collection.litigation.item': ['amount', 'asked_on', 'company_id', 'decision', 'line_id', 'partner_id'],
        'collection.run': ['company_id', 'date', 'state'],
        'collection.run.line': ['amount', 'company_id', 'kind', 'level_id', 'mode', 'partner_id', 'run_id', 'state'],
        'collection.step': [
            'act_on',
            'call_state',
            'cancelled',
            'case_id',
            'company_id',
            'complete',
            'date',
            'date_given',
            'email_state',
            'letter_state',
            'level_id',
            'partner_id',
            'registered_outcome',
            'registered_received_on',
            'registered_state',
            'sender_id',
            'takeover',
            'track',
        ],
        'collection.step.line': ['asked_company', 'line_id', 'role', 'step_id'],
        'res.company': ['collection_manager_id', 'collection_user_id', 'currency_id'],
    }

    # ------------------------------------------------------------------
    # The query
    # ------------------------------------------------------------------
    @property
    def _table_query(self):
        return SQL(
            """WITH day (company_id, today, cutoff) AS (VALUES %(days)s),
                    latest AS (SELECT DISTINCT ON (company_id) id, company_id, date FROM collection_run
                                WHERE state <> 'preview' ORDER BY company_id, date DESC, id DESC)
               SELECT x.id * %(stride)s + array_position(%(kinds)s, x.kind) AS id, x.kind, x.since, x.partner_id, x.company_id,
                      c.currency_id, k.id AS case_id, x.level_id, x.amount, x.id AS res_id,
                      COALESCE(x.user_id, k.user_id, c.collection_user_id, c.collection_manager_id) AS user_id
                 FROM (%(sources)s) x
                 JOIN res_company c ON c.id = x.company_id
                 LEFT JOIN collection_case k
                   ON k.partner_id = x.partner_id AND k.company_id = x.company_id AND k.state = 'open'""",
            days=SQL(", ").join(self._get_days()),
            stride=STRIDE,
            kinds=list(KINDS),
            sources=SQL(" UNION ALL ").join(SQL("(%s)", source) for source in self._get_sources()),
        )

    @api.model
    def _get_days(self):
        """:return: rows of root company, its today, and the day before which what waits is late"""
        rows = []
        for company in self.env['res.company'].sudo().search([('parent_id', '=', False)]):
            today = company._collection_today()
            working = self.env['collection.holiday']._working_days(company)
            cutoff = working.cutoff(today, company.collection_exception_days)
            rows.append(SQL("(%s, %s::date, %s::date)", company.id, today, cutoff))
        return rows

    @api.model
    def _get_sources(self):
        """:return: selects of id, kind, since, customer, company, level, user, amount"""
        return [
            self._get_proposal_query(),
            self._get_left_out_query(),
            self._get_error_query(),
            self._get_failed_query(),
            self._get_impossible_query(),
            self._get_letter_query(),
            self._get_call_query(),
            self._get_planned_query(),
            self._get_join_query(),
        ]

    def _get_proposal_query(self):
        """Messages that wait for approval, and litigation for the manager (R48, R49)."""
        return SQL(
            """SELECT l.id::bigint, CASE WHEN l.mode = 'decide' THEN 'decide' ELSE 'approve' END AS kind,
                      COALESCE(l.proposed_since, r.date) AS since, l.partner_id, l.company_id, l.level_id,
                      CASE WHEN l.mode = 'decide' THEN c.collection_manager_id END AS user_id, l.amount
                 FROM latest r JOIN collection_run_line l ON l.run_id = r.id
                 JOIN day d ON d.company_id = r.company_id JOIN res_company c ON c.id = r.company_id
                WHERE l.kind = 'message' AND l.state = 'proposed' AND COALESCE(l.proposed_since, r.date) < d.cutoff"""
        )

    def _get_left_out_query(self):
        """What was announced and left out, with its reason, until it is done or no longer due (R40).

        It is due while the latest run has a message for the customer that was not made."""
        return SQL(
            """SELECT DISTINCT ON (l.company_id, l.partner_id, l.track) l.id, 'left_out', r.date, l.partner_id,
                      l.company_id, l.level_id, l.decided_by_id, l.amount
                 FROM latest t JOIN collection_run_line n ON n.run_id = t.id
                 JOIN collection_run_line l ON l.partner_id = n.partner_id AND l.track = n.track
                 JOIN collection_run r ON r.id = l.run_id AND r.company_id = t.company_id AND r.state <> 'preview'
                WHERE n.kind = 'message' AND n.state IN ('proposed', 'approved', 'skipped', 'error')
                  AND l.kind = 'message' AND l.state = 'skipped'
                  AND NOT EXISTS (SELECT FROM collection_step s WHERE s.partner_id = l.partner_id AND s.track = l.track
                                     AND s.company_id = l.company_id AND s.date >= r.date AND s.cancelled IS NOT TRUE)
                  AND EXISTS (SELECT FROM collection_step s
                               WHERE s.partner_id = l.partner_id AND s.company_id = l.company_id AND s.act_on <= r.date
                                 AND s.cancelled IS NOT TRUE AND %(still_open)s)
                ORDER BY l.company_id, l.partner_id, l.track, r.date DESC, l.id DESC""",
            still_open=self._get_still_open(),
        )

    def _get_error_query(self):
        """Messages of the latest run that could not be made."""
        return SQL(
            """SELECT l.id, 'error', r.date, l.partner_id, l.company_id, l.level_id, NULL::int, l.amount
                 FROM latest r JOIN collection_run_line l ON l.run_id = r.id WHERE l.state = 'error'"""
        )

    def _get_failed_query(self):
        """Means that failed and were neither mended nor recorded as a failure."""
        return self._get_step_query(
            'failed',
            SQL("s.date"),
            SQL("'failed' IN (s.email_state, s.call_state, s.letter_state, s.registered_state)"),
        )

    def _get_letter_query(self):
        """Letters not posted some working days after their message (R49)."""
        return self._get_step_query(
            'letter', SQL("s.date"), SQL("'todo' IN (s.letter_state, s.registered_state) AND s.date < d.cutoff")
        )

    def _get_call_query(self):
        """Calls that belong before the date given and were not made before it (R49)."""
        return self._get_step_query('call', SQL("COALESCE(s.date_given, s.date)"), self._get_call_is_late())

    def _get_call_is_late(self):
        return SQL(
            "s.call_state = 'todo' AND CASE WHEN s.date_given IS NULL THEN s.date < d.cutoff ELSE s.date_given < d.today END"
        )

    def _get_step_query(self, kind, since, condition):
        """Steps that are not complete and ask for something that is still open."""
        return SQL(
            """SELECT s.id, %(kind)s, %(since)s, s.partner_id, s.company_id, s.level_id, %(user)s, %(amount)s
                 FROM collection_step s JOIN day d ON d.company_id = s.company_id
                WHERE s.complete IS NOT TRUE AND s.cancelled IS NOT TRUE AND %(condition)s AND %(still_open)s""",
            kind=kind,
            since=since,
            user=SQL(
                """(SELECT p.user_id FROM collection_call p WHERE p.case_id = s.case_id AND p.state = 'planned'
                     ORDER BY p.planned_on, p.id LIMIT 1)"""
            )
            if kind == 'call'
            else SQL("NULL::int"),
            amount=self._get_asked(),
            condition=condition,
            still_open=self._get_still_open(),
        )

    def _get_impossible_query(self):
        """Means recorded as not possible, while the conversation they belong to runs (R66)."""
        return SQL(
            """SELECT s.id, 'impossible', s.date, s.partner_id, s.company_id, s.level_id, NULL::int, %(amount)s
                 FROM collection_step s JOIN day d ON d.company_id = s.company_id
                WHERE 'waived' IN (s.email_state, s.call_state, s.letter_state, s.registered_state)
                  AND s.cancelled IS NOT TRUE AND s.takeover IS NOT TRUE AND s.track <> 'litigation' AND NOT (%(unsent)s)
                  AND (s.act_on IS NULL OR s.act_on > d.today) AND %(still_open)s""",
            amount=self._get_asked(),
            unsent=self._get_unsent(),
            still_open=self._get_still_open(),
        )

    def _get_planned_query(self):
        """Planned calls of any purpose that are late, but for those told already with their message."""
        return SQL(
            """SELECT c.id, 'planned', c.planned_on, c.partner_id, c.company_id, NULL::int, c.user_id, NULL::numeric
                 FROM collection_call c JOIN day d ON d.company_id = c.company_id
                WHERE c.state = 'planned' AND c.planned_on < d.cutoff
                  AND NOT EXISTS (SELECT FROM collection_step s WHERE s.case_id = c.case_id AND s.complete IS NOT TRUE
                                     AND s.cancelled IS NOT TRUE AND %(late)s)""",
            late=self._get_call_is_late(),
        )

    def _get_join_query(self):
        """New items of customers in litigation that the manager was asked about (R52)."""
        return SQL(
            """SELECT q.id, 'join', q.asked_on, q.partner_id, q.company_id, NULL::int, c.collection_manager_id,
                      COALESCE(o.amount_residual, q.amount)
                 FROM collection_litigation_item q JOIN day d ON d.company_id = q.company_id
                 JOIN res_company c ON c.id = q.company_id LEFT JOIN account_move_line o ON o.id = q.line_id
                WHERE q.decision IS NULL AND q.asked_on < d.cutoff"""
        )

    def _get_asked(self):
        return SQL(
            "(SELECT sum(a.asked_company) FROM collection_step_line a WHERE a.step_id = s.id AND a.role = 'asked')"
        )

    def _get_still_open(self):
        """:return: SQL telling whether something that step ``s`` asked for is still open"""
        return SQL(
            """EXISTS (SELECT FROM collection_step_line a LEFT JOIN account_move_line o ON o.id = a.line_id
                        WHERE a.step_id = s.id AND a.role = 'asked' AND o.reconciled IS NOT TRUE)"""
        )

    # ------------------------------------------------------------------
    # In words
    # ------------------------------------------------------------------
    @api.depends('kind')
    def _compute_res_model(self):
        for exception in self:
            exception.res_model = KINDS[exception.kind][1] if exception.kind else False

    @api.depends('kind', 'res_id')
    def _compute_detail(self):
        """What is wrong, in words. Who sees the exception may read its reason."""
        for kind, exceptions in self.grouped('kind').items():
            records = self.env[KINDS[kind][1]].sudo().browse(exceptions.mapped('res_id')) if kind else ()
            for exception, record in zip(exceptions, records, strict=bool(kind)):
                exception.detail = getattr(self, f'_say_{kind}')(record)

    @api.model
    def _say_approve(self, line):
        return self.env._("%s waits for approval.", line.level_id.name)

    @api.model
    def _say_decide(self, line):
        return self.env._("%s waits for the collections manager's decision.", line.level_id.name)

    @api.model
    def _say_left_out(self, line):
        return self.env._(
            "%(level)s was left out on %(day)s: %(reason)s",
            level=line.level_id.name,
            day=format_date(self.env, line.date),
            reason=line.note or self.env._("no reason given"),
        )

    @api.model
    def _say_error(self, line):
        return line.error

    @api.model
    def _say_failed(self, step):
        words = self.env['collection.run.line']._get_failed_words()
        means = ', '.join(text for means, text in words.items() if step[f'{means}_state'] == 'failed')
        if not step.failure:
            return self.env._("%(level)s: %(means)s.", level=step.level_id.name, means=means)
        return self.env._(
            "%(level)s, %(means)s: %(failure)s", level=step.level_id.name, means=means, failure=step.failure
        )

    @api.model
    def _say_impossible(self, step):
        return self.env._(
            "%(level)s: %(failure)s", level=step.level_id.name, failure=step.failure or self.env._("no reason given")
        )

    @api.model
    def _say_letter(self, step):
        return self.env._("The letter of %(level)s of %(day)s is not posted.", **self._get_step_words(step))

    @api.model
    def _say_call(self, step):
        if not step.date_given:
            return self.env._("The call of %(level)s of %(day)s was not made.", **self._get_step_words(step))
        return self.env._(
            "The call of %(level)s of %(day)s was not made before %(given)s.", **self._get_step_words(step)
        )

    @api.model
    def _get_step_words(self, step):
        return {
            'level': step.level_id.name,
            'day': format_date(self.env, step.date),
            'given': format_date(self.env, step.date_given) if step.date_given else '',
        }

    @api.model
    def _say_planned(self, call):
        purpose = dict(call._fields['purpose']._description_selection(self.env))[call.purpose]
        if call.tries == 1:
            return self.env._(
                "%(purpose)s call planned for %(day)s, tried once.",
                purpose=purpose,
                day=format_date(self.env, call.planned_on),
            )
        if call.tries:
            return self.env._(
                "%(purpose)s call planned for %(day)s, tried %(tries)s times.",
                purpose=purpose,
                day=format_date(self.env, call.planned_on),
                tries=call.tries,
            )
        return self.env._(
            "%(purpose)s call planned for %(day)s.", purpose=purpose, day=format_date(self.env, call.planned_on)
        )

    @api.model
    def _say_join(self, question):
        return self.env._("%s: does it join the litigation, or is it chased?", question.name)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_open(self):
        """Open what the exception is about, or the case for who may not read that."""
        self.ensure_one()
        self.check_access('read')
        record = self.env[self.res_model].browse(self.res_id)
        if not record.has_access('read'):
            record = self.case_id
        return record.get_formview_action()

    def action_open_case(self):
        """Open the customer's case."""
        self.ensure_one()
        self.check_access('read')
        return self.case_id.get_formview_action()
