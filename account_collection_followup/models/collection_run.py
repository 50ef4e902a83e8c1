from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

#: customers per transaction: small enough that a lock is short, large enough that batching pays
BATCH = 100
#: days after which a preview is forgotten; a run that sent something is kept
PREVIEW_DAYS = 7
#: days for which a proposed hand-over is remembered while something holds it
UNDECIDED_DAYS = 30


class CollectionRun(models.Model):
    """One pass of the ladder for a company and a date.

    A preview shows what the plan would do on any date and sends nothing. The run of
    today executes what is automatic or approved, in locked batches: every batch asks
    the plan again, so a run that is repeated or was killed half-way sends nothing twice.
    """

    _name = 'collection.run'
    _description = "Follow-up Run"
    _order = 'date desc, id desc'

    company_id = fields.Many2one(
        'res.company', required=True, default=lambda self: self.env.company._collection_root(), index=True
    )
    currency_id = fields.Many2one(related='company_id.currency_id')
    date = fields.Date(required=True, default=lambda self: self.env.company._collection_today())
    state = fields.Selection(
        [('preview', "Preview"), ('open', "Open"), ('done', "Done")], required=True, default='preview', readonly=True
    )
    line_ids = fields.One2many('collection.run.line', 'run_id')
    message_ids = fields.One2many('collection.run.line', 'run_id', "Messages", domain=[('kind', '=', 'message')])
    hold_ids = fields.One2many('collection.run.line', 'run_id', "On hold", domain=[('kind', '=', 'hold')])
    reason_ids = fields.One2many('collection.run.reason', 'run_id', "Held by reason")
    step_ids = fields.One2many('collection.step', 'run_id', "Steps")
    finished_on = fields.Datetime(readonly=True)
    laid_out_on = fields.Datetime(readonly=True, help="What is held is told as it stood then.")
    warnings = fields.Text(readonly=True)
    unprepared = fields.Text("Not prepared", readonly=True, help="What failed when the day was prepared.")
    line_count = fields.Integer(compute='_compute_counts')
    message_count = fields.Integer("To send", compute='_compute_counts')
    proposed_count = fields.Integer("To approve", compute='_compute_counts')
    done_count = fields.Integer("Done", compute='_compute_counts')
    incomplete_count = fields.Integer(
        "To finish", compute='_compute_incomplete_count', help="Letters to post, calls to make, failures to mend."
    )
    held_count = fields.Integer("Customers held", compute='_compute_counts')
    error_count = fields.Integer("Errors", compute='_compute_counts')
    amount = fields.Monetary("Asked", compute='_compute_counts')
    is_today = fields.Boolean(compute='_compute_is_today')

    _one_a_day = models.UniqueIndex(
        "(company_id, date) WHERE state <> 'preview'", "This company already has a run on this day."
    )

    @api.depends('date', 'company_id')
    def _compute_display_name(self):
        for run in self:
            run.display_name = self.env._("Run of %s", format_date(self.env, run.date))

    @api.depends('line_ids.state')
    def _compute_counts(self):
        counts = {}
        for run, state, number, amount in self.env['collection.run.line']._read_group(
            [('run_id', 'in', self.ids)], ['run_id', 'state'], ['__count', 'amount:sum']
        ):
            counts.setdefault(run.id, {})[state] = (number, amount)
        for run in self:
            of = {
                state: counts.get(run.id, {}).get(state, (0, 0))
                for state in ('approved', 'proposed', 'done', 'held', 'error')
            }
            run.message_count = of['approved'][0]
            run.proposed_count = of['proposed'][0]
            run.done_count = of['done'][0]
            run.held_count = of['held'][0]
            run.error_count = of['error'][0]
            run.line_count = sum(number for number, _amount in counts.get(run.id, {}).values())
            run.amount = sum(of[state][1] for state in ('approved', 'proposed', 'done'))

    @api.depends('step_ids.complete', 'step_ids.cancelled')
    def _compute_incomplete_count(self):
        counts = dict(
            self.env['collection.step']._read_group(
                [('run_id', 'in', self.ids), ('complete', '=', False), ('cancelled', '=', False)],
                ['run_id'],
                ['__count'],
            )
        )
        for run in self:
            run.incomplete_count = counts.get(run, 0)

    @api.depends('date', 'company_id')
    def _compute_is_today(self):
        for run in self:
            run.is_today = bool(run.company_id) and run._is_of_today()

    def _is_of_today(self):
        # asked anew each time: a scheduled action may work past midnight
        self.ensure_one()
        return self.date == self.company_id._collection_today()

    # ------------------------------------------------------------------
    # Preview
    # ------------------------------------------------------------------
    def action_preview(self):
        """Lay out what the plan would do on the run's date. Sends nothing."""
        self._check_collector()
        for run in self:
            if run.state != 'preview':
                raise UserError(
                    self.env._(
                        "The run of %s has begun: its lines show what was done.", format_date(self.env, run.date)
                    )
                )
            run.sudo()._lay_out()

    def _lay_out(self):
        """Replace the lines of the run by the answer of the plan, in one statement."""
        self.ensure_one()
        self.line_ids.unlink()
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL jit = off")
        self.env.cr.execute(self._get_layout_query())
        self.env['collection.run.line'].invalidate_model()
        self.env['collection.run.reason'].invalidate_model()
        self._apply_cap()
        self.write({'laid_out_on': fields.Datetime.now(), 'warnings': '\n'.join(self._get_warnings()) or False})

    def _get_layout_query(self):
        """:return: SQL that inserts a line for each message and for each customer and reason of a hold. What was
        left out, or never approved, in the run before is proposed again whatever its mode, with the day since when it waits;
        a hand-over with what the collector proposed."""
        validate = not self.company_id.collection_first_run_done
        return SQL(
            """INSERT INTO collection_run_line (
                   run_id, company_id, partner_id, kind, track, level_id, mode, reason, until, state,
                   item_count, amount, unsent_count, jump, repeats_id, proposed_since, proposed_by_id, proposed_on, proposal_note, create_uid, create_date, write_uid, write_date)
               SELECT %(run)s, %(company)s, p.partner_id,
                      CASE WHEN p.reason IS NULL THEN 'message' ELSE 'hold' END, CASE WHEN p.reason IS NULL THEN p.track END,
                      CASE WHEN p.reason IS NULL THEN p.message_level_id END, CASE WHEN p.reason IS NULL THEN p.mode END,
                      p.reason, min(p.until),
                      CASE WHEN p.reason IS NOT NULL THEN 'held'
                           WHEN p.mode = 'auto' AND NOT %(validate)s AND NOT bool_or(p.withheld) THEN 'approved' ELSE 'proposed' END,
                      count(*), sum(CASE WHEN p.reason IS NULL THEN p.to_chase_company ELSE p.residual_company END),
                      count(*) FILTER (WHERE p.unsent), bool_or(p.reason IS NULL AND p.jump),
                      max(p.repeats_id) FILTER (WHERE p.reason IS NULL),
                      CASE WHEN p.reason IS NULL AND (p.mode <> 'auto' OR %(validate)s OR bool_or(p.withheld))
                           THEN COALESCE(min(p.proposed_since), %(date)s) END,
                      max(p.proposed_by_id), max(p.proposed_on), max(p.proposal_note), %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                 FROM (SELECT q.*, COALESCE(x.withheld, false) AS withheld, COALESCE(y.proposed_since, x.proposed_since) AS proposed_since,
                              y.proposed_by_id, y.proposed_on, y.proposal_note
                         FROM (%(plan)s) q
                         LEFT JOIN (SELECT partner_id, track, bool_or(state = 'skipped' OR mode = 'auto') AS withheld,
                                           min(proposed_since) AS proposed_since
                                      FROM collection_run_line WHERE run_id = %(previous)s AND state IN ('skipped', 'replaced')
                                     GROUP BY partner_id, track) x
                           ON q.reason IS NULL AND x.partner_id = q.partner_id AND x.track = q.track
                         LEFT JOIN (%(undecided)s) y
                           ON q.reason IS NULL AND y.state <> 'done' AND y.partner_id = q.partner_id AND y.track = q.track) p
                GROUP BY p.partner_id, p.reason, CASE WHEN p.reason IS NULL THEN p.track END,
                         CASE WHEN p.reason IS NULL THEN p.message_level_id END, CASE WHEN p.reason IS NULL THEN p.mode END, p.mode""",
            run=self.id,
            company=self.company_id.id,
            date=self.date,
            validate=validate,
            previous=self._get_previous().id or None,
            undecided=self._get_undecided_query(),
            uid=self.env.uid,
            plan=self.env['collection.plan']._get_plan_query(self.company_id, self.date),
        )

    def _get_undecided_query(self):
        """:return: SQL giving each customer's latest hand-over put before the manager: what held it for some days, a
        receipt or a promise, does not undo what the collector proposed"""
        return SQL(
            """SELECT DISTINCT ON (l.partner_id, l.track) l.partner_id, l.track, l.state,
                      l.proposed_since, l.proposed_by_id, l.proposed_on, l.proposal_note
                 FROM collection_run_line l JOIN collection_run r ON r.id = l.run_id
                WHERE l.company_id = %(company)s AND l.mode = 'decide' AND l.state IN ('skipped', 'replaced', 'solved', 'done')
                  AND r.state <> 'preview' AND r.date < %(date)s AND r.date >= %(first)s
                ORDER BY l.partner_id, l.track, r.date DESC, l.id DESC""",
            company=self.company_id.id,
            date=self.date,
            first=self.date - timedelta(days=UNDECIDED_DAYS),
        )

    def _apply_cap(self):
        """Hold what exceeds the company's number of messages per day, smallest amounts last (R72)."""
        cap = self.company_id.collection_daily_cap
        if cap:
            sent = self.env['collection.step'].search_count(
                [('company_id', '=', self.company_id.id), ('date', '=', self.date), ('takeover', '=', False)]
            )
            lines = self.env['collection.run.line'].search(
                [('run_id', '=', self.id), ('kind', '=', 'message')], order='amount desc, id'
            )
            lines[max(cap - sent, 0) :].write({'kind': 'hold', 'state': 'held', 'reason': 'cap'})

    def _get_warnings(self):
        """:return: sentences about the set-up that the manager should see on the run"""
        self.ensure_one()
        company, warnings = self.company_id, (self.unprepared or '').splitlines()
        working = self.env['collection.holiday']._working_days(company)
        if (
            not self.env['account.account']
            .sudo()
            .search_count([('account_type', '=', 'asset_receivable'), ('company_ids', 'child_of', company.id)], limit=1)
        ):
            warnings.append(
                self.env._(
                    "%s has no chart of accounts: install one in Invoicing, Configuration, Settings.", company.name
                )
            )
        if not company.collection_start_date:
            warnings.append(self.env._("Collections has not started in this company: this is a preview only."))
        if not working.is_working(self.date):
            warnings.append(self.env._("%s is not a working day: nothing leaves.", format_date(self.env, self.date)))
        if self.date < company._collection_today():
            warnings.append(self.env._("This day is past: the preview shows the ledger as it stood then."))
        warnings += self._get_rate_warnings()
        if unsent := sum(self.message_ids.mapped('unsent_count')):
            warnings.append(
                self.env._("1 invoice asked for was never sent to its customer from here.")
                if unsent == 1
                else self.env._("%s invoices asked for were never sent to their customers from here.", unsent)
            )
        return warnings

    def _get_rate_warnings(self):
        """Currencies among the items without a rate: their company amounts count as one for one."""
        items = self.env['collection.item'].sudo()
        currencies = self.env['res.currency'].union(
            *(
                group[0]
                for group in items._read_group(
                    [
                        ('company_id', 'child_of', self.company_id.id),
                        ('currency_id', '!=', self.company_id.currency_id.id),
                    ],
                    ['currency_id'],
                )
            )
        )
        rated = {
            currency
            for (currency,) in self.env['res.currency.rate']
            .sudo()
            ._read_group(
                [
                    ('currency_id', 'in', currencies.ids),
                    ('company_id', 'in', [False, self.company_id.id]),
                    ('name', '<=', self.date),
                ],
                ['currency_id'],
            )
        }
        return [
            self.env._(
                "%(currency)s has no rate: its amounts count as %(home)s one for one. "
                "Add a rate in Invoicing, Configuration, Currencies.",
                currency=currency.name,
                home=self.company_id.currency_id.name,
            )
            for currency in currencies
            if currency not in rated
        ]

    # ------------------------------------------------------------------
    # Today
    # ------------------------------------------------------------------
    def action_start(self):
        """Turn today's preview into the run of the day: what is automatic leaves, the rest waits for approval."""
        self.ensure_one()
        self._check_collector()
        company = self.company_id
        if not company.collection_start_date:
            raise UserError(self.env._("Start collections in %s first: Configuration, Start.", company.name))
        if not self._is_of_today():
            raise UserError(self.env._("Only today's run can send; %s is a preview.", format_date(self.env, self.date)))
        if running := self._get_today(company):
            return running.get_formview_action()
        # a message needs its case, which what fell due since the last run may not have yet
        self.env['collection.case'].sudo()._refresh(company)
        self.sudo()._begin()
        self._execute_now()
        return self.get_formview_action()

    @api.model
    def _get_today(self, company):
        return self.search(
            [('company_id', '=', company.id), ('date', '=', company._collection_today()), ('state', '!=', 'preview')]
        )

    def _begin(self):
        """Lay out again and open the run; yesterday's unapproved proposals are replaced by it (R49)."""
        self.ensure_one()
        older = self.search([('company_id', '=', self.company_id.id), ('state', '=', 'open'), ('id', '!=', self.id)])
        older.line_ids.filtered(lambda line: line.state in ('proposed', 'approved')).state = 'replaced'
        older._finish()
        self._prepare_acts()
        self._lay_out()
        self.state = 'open'
        self._prepare_part(
            self.env['collection.case']._prepare_decisions,
            self.env._("The to-do list of the collections manager could not be brought up to date."),
        )
        self._prepare_part(
            self.env['collection.call']._plan_silence,
            self.env._("The calls with customers who have not heard from us for long could not be planned."),
        )
        self._finish_if_done()

    def _finish(self):
        self.write({'state': 'done', 'finished_on': fields.Datetime.now()})

    def _finish_if_done(self):
        """A run is done when nothing is left to send or to approve."""
        busy = {
            run
            for (run,) in self.env['collection.run.line']._read_group(
                [('run_id', 'in', self.ids), ('state', 'in', ['approved', 'proposed'])], ['run_id']
            )
        }
        self.filtered(lambda run: run.state == 'open' and run not in busy)._finish()

    def action_approve_all(self):
        """Approve every message that a collector may approve; litigation stays with the manager."""
        self.ensure_one()
        self.message_ids.filtered(lambda line: line.state == 'proposed' and line.mode != 'decide').action_approve()

    def _execute_now(self):
        """Send a small run at once; a large one goes to the scheduled action."""
        if (
            self.env['collection.run.line'].search_count([('run_id', 'in', self.ids), ('state', '=', 'approved')])
            <= BATCH
        ):
            for run in self.sudo():
                run._execute_batch()
            self.sudo()._finish_if_done()
        else:
            self.env.ref('account_collection_followup.ir_cron_collection_daily').sudo()._trigger()

    # ------------------------------------------------------------------
    # Guards
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            # whatever the call or its context says, a run begins as a preview of a date
            self = self.with_context(  # pylint: disable=context-overridden
                {key: value for key, value in self.env.context.items() if not key.startswith('default_')}
            )
            vals_list = [{key: vals[key] for key in ('company_id', 'date') if key in vals} for vals in vals_list]
        for vals in vals_list:
            if vals.get('company_id'):
                vals['company_id'] = self.env['res.company'].browse(vals['company_id']).sudo()._collection_root().id
        return super().create(vals_list)

    def write(self, vals):
        # crafted calls must not reopen a run; its methods work as superuser after their checks
        if not self.env.su and vals.keys() - {'date', 'company_id'}:
            raise AccessError(self.env._("A run is changed by its buttons only."))
        if not self.env.su and any(run.state != 'preview' for run in self):
            raise AccessError(self.env._("The date of a run that began cannot be changed."))
        return super().write(vals)

    def _check_collector(self):
        if not self.env.su and not self.env.user.has_group('account_collection_followup.group_collection_collector'):
            raise AccessError(self.env._("Only a collector can do this."))
        self.check_access('write')

    @api.autovacuum
    def _gc_previews(self):
        """A preview is a question: what it answered is of no use some days later."""
        limit = fields.Datetime.now() - timedelta(days=PREVIEW_DAYS)
        self.search([('state', '=', 'preview'), ('write_date', '<', limit)], limit=1000).unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_preview(self):
        if any(run.state != 'preview' for run in self):
            raise UserError(self.env._("A run that sent something is part of the trace and cannot be deleted."))
