import logging

from psycopg2 import OperationalError

from odoo import api, models
from odoo.tools import SQL

from .collection_run import BATCH

_logger = logging.getLogger(__name__)

#: hour of the company's day from which its run may be made
FIRST_HOUR = 5


class CollectionRun(models.Model):
    """How a run is carried out: locked batches, each planned anew, by the scheduled action or at once."""

    _inherit = 'collection.run'  # pylint: disable=consider-merging-classes-inherited

    # ------------------------------------------------------------------
    # Execution
    # ------------------------------------------------------------------
    def _execute_batch(self, limit=BATCH):
        """Carry out up to ``limit`` approved lines.

        The lock comes first: lines and cases another worker holds are skipped. Then the
        plan is asked again for these customers, and what it no longer says is held.

        :return: number of lines dealt with, 0 when there is nothing left to take
        """
        self.ensure_one()
        # what was approved and could not leave on its day is planned anew on the next working day (R49, R54)
        lines = self._lock_lines(limit) if self._is_of_today() else None
        if not lines:
            return 0
        items = self.env['collection.plan']._plan(self.company_id, self.date, partners=lines.partner_id)
        lines._carry_out(items)
        return len(lines)

    def _lock_lines(self, limit):
        """:return: approved lines of this run whose customers no other worker holds, cases opened where missing"""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """SELECT id, partner_id FROM collection_run_line WHERE run_id = %s AND state = 'approved'
                    ORDER BY partner_id, id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED""",
                self.id,
                limit,
            )
        )
        self.env['collection.run.line'].invalidate_model()
        if not rows:
            return self.env['collection.run.line']
        cases = self.env['collection.case']._open_for(
            self.env['res.partner'].browse({partner_id for _line_id, partner_id in rows}), self.company_id
        )
        free = {
            row[0]
            for row in self.env.execute_query(
                SQL(
                    "SELECT partner_id FROM collection_case WHERE id = ANY(%s) FOR NO KEY UPDATE SKIP LOCKED",
                    [case.id for case in cases.values()],
                )
            )
        }
        customer = {
            partner.id: partner.commercial_partner_id.id
            for partner in self.env['res.partner'].browse(row[1] for row in rows)
        }
        return self.env['collection.run.line'].browse(
            line_id for line_id, partner_id in rows if customer[partner_id] in free
        )

    # ------------------------------------------------------------------
    # Trial
    # ------------------------------------------------------------------
    def _end_trial(self):
        """The first run is a trial: once a person has decided on all of it, the ladder may go on by itself (R72)."""
        for run in self:
            if not run.line_ids.filtered(lambda line: line.state in ('proposed', 'skipped')):
                run.company_id.collection_first_run_done = True

    def _get_previous(self):
        return self.search(
            [('company_id', '=', self.company_id.id), ('date', '<', self.date), ('state', '!=', 'preview')],
            order='date desc',
            limit=1,
        )

    # ------------------------------------------------------------------
    # Scheduled action
    # ------------------------------------------------------------------
    @api.model
    def _cron_daily(self):
        """Every company in turn: settle promises, refresh cases, make the run of the day, send it.

        Started again it goes on where it was: a company that has its run of the day only
        sends what is approved and not yet sent.
        """
        for company in self._get_started_companies():
            self._try_again(self._prepare_day, company)
            self.env['ir.cron']._commit_progress()
        self._execute_open()

    @api.model
    def _try_again(self, method, *args, tries=5):
        """Call a method of a scheduled action beside other workers and users.

        What somebody gets in the way of is taken back and tried again. One company's trouble is not
        another's: any other error is logged, and the action goes on.

        :return: what the method returns, None if it failed
        """
        for attempt in range(1, tries + 1):
            try:
                return method(*args)
            except OperationalError as error:
                self.env.cr.rollback()
                self.env.invalidate_all()
                _logger.info("%s disturbed, try %s: %s", method.__name__, attempt, error)
            except Exception:
                self.env.cr.rollback()
                self.env.invalidate_all()
                _logger.exception("%s failed", method.__name__)
                break
        return None

    @api.model
    def _get_started_companies(self):
        """:return: companies under way where the day has begun: a run at night would be another day's in the morning"""
        return (
            self.env['res.company']
            .search([('collection_start_date', '!=', False), ('parent_id', '=', False)])
            .filtered(
                lambda company: (
                    company.collection_start_date <= company._collection_today()
                    and company._collection_now().hour >= FIRST_HOUR
                )
            )
        )

    @api.model
    def _prepare_day(self, company):
        """What a working day begins with, up to the run laid out and open. Does nothing the second time."""
        today = company._collection_today()
        promises = self.env['collection.promise']
        promises._settle_due(company)
        if self._get_today(company):
            return
        self.env['collection.case']._refresh(company)
        if self.env['collection.holiday']._working_days(company).is_working(today):
            run = self.create({'company_id': company.id, 'date': today})
            if unsettled := promises._get_due(company):
                run._note_unprepared(
                    self.env._(
                        "Promises that could not be judged, and wait for an administrator: %s.",
                        '; '.join(unsettled.mapped('display_name')),
                    )
                )
            run._prepare_part(
                self.env['collection.call']._plan_satisfaction,
                self.env._("The satisfaction calls of the day could not be planned."),
            )
            run._prepare_part(
                self.env['collection.dispute']._escalate_overdue,
                self.env._("Nobody was told of disputes past their time limit."),
            )
            run._prepare_part(
                self.env['collection.dispute']._send_digests,
                self.env._("The digests of disputes could not be sent."),
            )
            run._begin()

    def _prepare_acts(self):
        """What has to be known before the run is laid out: who is told of formal acts, what the manager is asked."""
        self._prepare_part(
            self.env['collection.consultation']._prepare_day,
            self.env._("The sales reps could not be told of formal acts: what they were not told of is held."),
        )
        self._prepare_part(
            self.env['collection.litigation.item']._prepare_day,
            self.env._("What is new beside litigation could not be put before the collections manager: it is held."),
        )

    def _prepare_part(self, method, warning):
        """Do a part of the day's preparation. If it fails it is taken back as a whole, the run says so, and is made
        all the same: one customer's trouble does not stop the company's day.

        :param method: called with the company
        :param str warning: what did not happen
        """
        try:
            with self.env.cr.savepoint():
                method(self.company_id)
                self.env.flush_all()
        except OperationalError:
            # another worker got in the way: the whole preparation is taken back and tried again
            raise
        except Exception as error:
            _logger.exception("%s of company %s failed", method.__qualname__, self.company_id.id)
            self._note_unprepared(f"{warning} ({' '.join(str(error).split())[:200]})")

    def _note_unprepared(self, text):
        """Have the run say what could not be prepared."""
        for name in ('unprepared', 'warnings'):
            self[name] = '\n'.join(filter(None, [self[name], text]))

    @api.model
    def _execute_open(self):
        """Send what is approved in today's runs, a batch per transaction."""
        Line, cron = self.env['collection.run.line'], self.env['ir.cron']
        runs = self.search([('state', '=', 'open')]).filtered(lambda run: run._is_of_today())
        domain = [('run_id', 'in', runs.ids), ('state', '=', 'approved')]
        cron._commit_progress(remaining=Line.search_count(domain))
        for run in runs:
            sent = 0
            while done := self._try_again(run._execute_batch):
                sent += done
                if not cron._commit_progress(done, remaining=Line.search_count(domain)):
                    return
            run._finish_if_done()
            if sent:
                self._try_again(self.env['collection.case']._refresh, run.company_id)
            cron._commit_progress()
        # what another worker holds is his
        cron._commit_progress(remaining=0)
