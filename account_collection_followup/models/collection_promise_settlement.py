import logging
from collections import defaultdict, namedtuple
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, models
from odoo.tools import SQL, format_date, split_every

from .collection_fact import internal
from .collection_promise import MISSED

#: an item as it stands: whether it is open to judgement ('posted', 'draft', 'cancel'),
#: its residual now and its matchings as (day, amount) pairs, in its own currency
Item = namedtuple('Item', 'state residual matchings')
ONE_DAY = timedelta(days=1)
#: promises settled together
BATCH = 200

_logger = logging.getLogger(__name__)


class CollectionPromise(models.Model):
    """How promises are kept, partly kept or broken (R34, R37).

    The outcome follows from facts alone: the dates of the matchings of each item,
    the day a promise was cancelled, and today. It may therefore be worked out as
    often as wanted, and money unmatched later takes it back:

    * kept, on the day the money is dated, once nothing is left of a line by its
      last day (date and days of grace);
    * otherwise, after that day, partly kept if something came in, or broken. Money
      received in time that waits to be allocated defers this by the policy's
      working days for matching; money matched with other invoices is noted
      (``paid_elsewhere``);
    * a missed date, or a cancellation, ends what has not ended by then; what another promise took over ended
      as moved, whatever came in since.
    """

    _inherit = 'collection.promise'  # pylint: disable=consider-merging-classes-inherited

    # ------------------------------------------------------------------
    # When
    # ------------------------------------------------------------------
    @api.model
    def _settle_due(self, company):
        """Settle the running promises of a company whose last day has passed. For the daily run. What cannot be settled
        is left as it is, see :meth:`_get_due`, and takes nothing with it.

        :param company: ``res.company``; its root is taken
        :return: the promises that were settled
        """
        settled = self.browse()
        for ids in split_every(BATCH, self._get_due(company).ids):
            settled |= self.sudo().browse(ids)._settle_apart()
        return settled

    def _settle_apart(self):
        """Settle these promises; if that fails, each by itself.

        :return: those that were settled
        """
        try:
            with self.env.cr.savepoint():
                self._settle()
                self.env.flush_all()
            return self
        except OperationalError:
            # another worker got in the way: all is tried again
            raise
        except Exception:
            if len(self) > 1:
                return self.union(*(promise._settle_apart() for promise in self))
            _logger.exception("Promise %s could not be settled", self.id)
            return self.browse()

    @api.model
    def _get_due(self, company):
        """:return: running promises of a company whose last day has passed, not settled yet"""
        root = company._collection_root()
        lines = (
            self.env['collection.promise.line']
            .sudo()
            .search(
                [
                    ('state', '=', 'running'),
                    ('company_id', '=', root.id),
                    ('move_id.state', '!=', 'draft'),
                    '|',
                    ('expires_on', '<', root._collection_today()),
                    ('line_id', '=', False),
                ],
                order='expires_on, id',
            )
        )
        return lines.promise_id

    def _settle(self, today=None, later=False):
        """Bring the states of these promises in line with what was paid.

        :param date today: the day to judge on; by default today in each company
        :param bool later: leave the figures of the cases to the scheduled action
        """
        promises = self.sudo()
        if not promises:
            return
        changed = self.browse()
        before = {promise: promise.state for promise in promises}
        promises.line_ids._relink()
        items = promises.line_ids._get_items()
        for company, batch in promises.grouped('company_id').items():
            day = today or company._collection_today()
            waiting = batch._get_unallocated(items, day)
            elsewhere = batch._get_paid_elsewhere(items, day)
            policies = batch._get_policies()
            calendar = self.env['collection.holiday']._working_days(company)
            for promise in batch:
                if promise._settle_one(
                    items, day, calendar, policies[promise], promise in waiting, promise in elsewhere
                ):
                    changed |= promise
        changed.sudo()._mark_dirty(later=later)
        promises._log_settled(before)
        promises._on_settled(before)

    def _get_policies(self):
        """:return: dict {promise: policy in force for its customer}"""
        policies = {}
        for company, promises in self.sudo().grouped('company_id').items():
            by_partner = self._get_rules(promises.partner_id, company)
            policies.update({promise: by_partner[promise.partner_id] for promise in promises})
        return policies

    def _get_settled_name(self):
        """:return: how a note names the promise: a broken plan by the date that was missed"""
        self.ensure_one()
        missed = self.line_ids.filtered(lambda line: line.state in MISSED).mapped('date')
        if not missed:
            return self.display_name
        return self.env._("Promised for %s", format_date(self.env, min(missed)))

    def _log_settled(self, before):
        labels = dict(self._fields['state']._description_selection(self.env))
        # a cancellation is logged with its reason, a move with its dates
        self._log_on_case(
            {
                promise: self.env._(
                    "%(promise)s: %(state)s.", promise=promise._get_settled_name(), state=labels[promise.state]
                )
                for promise in self
                if promise.state not in (before[promise], 'cancelled', 'moved')
            }
        )

    # ------------------------------------------------------------------
    # One promise
    # ------------------------------------------------------------------
    def _settle_one(self, items, today, calendar, policy, waiting, elsewhere):
        """Judge the lines of a promise and write what changed.

        :return: whether anything did
        """
        settled = False
        if waiting:
            self._defer(today, calendar, policy)
        verdicts = self._judge(items, today)
        missed = [line.expires_on for line, verdict in verdicts.items() if verdict['state'] in MISSED]
        for line, verdict in verdicts.items():
            start = line.expires_on
            if verdict['state'] == 'cancelled':
                # a missed instalment takes the others with it: all of them come back on the same day (R37)
                start = min(missed, default=verdict['ended_on'])
            verdict['response_until'] = (
                # the promise that took it over covers it from that day on
                line.moved_on - ONE_DAY
                if verdict['state'] == 'moved'
                else calendar.add(start, policy.promise_response_days)
            )
            verdict['paid_elsewhere'] = elsewhere and verdict['state'] in MISSED
            changed = {
                name: value
                for name, value in verdict.items()
                if (line._fields[name].convert_to_cache(value, line) or False) != (line[name] or False)
            }
            if changed:
                internal(line).write(changed)
                settled = True
        return settled

    def _defer(self, today, calendar, policy):
        """Keep lines open that money not yet allocated could cover (R34)."""
        for line in self.line_ids:
            if line.state == 'running' and line.expires_on < today:
                deferred = calendar.add(line.kept_until, policy.receipt_hold_days)
                if deferred > line.expires_on:
                    internal(line).write({'expires_on': deferred})

    def _judge(self, items, today):
        """:return: dict {line: values} of the state that follows from the facts"""
        verdicts = {line: line._judge(items[line], today) for line in self.line_ids}
        missed = [verdict['ended_on'] for verdict in verdicts.values() if verdict['state'] in MISSED]
        stop = min(filter(None, [*missed, self.cancelled_on]), default=None)
        if stop:
            for verdict in verdicts.values():
                # what ended on the very day of a missed date was missed with it
                if verdict['state'] != 'moved' and (
                    verdict['state'] == 'running'
                    or verdict['ended_on'] > stop
                    or (verdict['state'] == 'kept' and verdict['ended_on'] == stop and stop != self.cancelled_on)
                ):
                    verdict.update(state='cancelled', ended_on=stop)
        return verdicts

    # ------------------------------------------------------------------
    # Money that came, but not to the promised items
    # ------------------------------------------------------------------
    def _get_missing(self, items, today):
        """:return: dict {(promise, currency): amount} of what is about to be missed"""
        missing = defaultdict(float)
        for line in self.filtered(lambda promise: not promise.cancelled_on).line_ids:
            verdict = line._judge(items[line], max(today, line.kept_until))
            if today > line.kept_until and items[line].state == 'posted' and verdict['state'] not in ('kept', 'moved'):
                missing[line.promise_id, line.currency_id] += line.amount - verdict['amount_kept']
        return missing

    def _get_unallocated(self, items, today):
        """:return: promises whose missing money the customer's unmatched receipts, dated in time, could cover"""
        missing = self._get_missing(items, today)
        if not missing:
            return self.browse()
        promises = self.union(*(promise for promise, _currency in missing))
        rows = self._get_money(
            SQL(
                """SELECT p.commercial_partner_id, l.currency_id, l.date, -l.amount_residual_currency
                 FROM account_move_line l
                 JOIN account_account a ON a.id = l.account_id AND a.account_type = 'asset_receivable'
                 JOIN account_journal j ON j.id = l.journal_id AND j.type IN ('bank', 'cash', 'credit')
                 JOIN res_partner p ON p.id = l.partner_id
                WHERE l.parent_state = 'posted' AND l.reconciled IS NOT TRUE AND l.amount_residual_currency < 0
                  AND p.commercial_partner_id = ANY(%s) AND l.company_id = ANY(%s)""",
                promises.partner_id.ids,
                promises._get_branch_ids(),
            )
        )
        return promises._filter_covered(missing, rows, today)

    def _get_paid_elsewhere(self, items, today):
        """:return: promises whose missing money came in time and was matched with other items"""
        missing = self._get_missing(items, today)
        if not missing:
            return self.browse()
        promises = self.union(*(promise for promise, _currency in missing))
        rows = self._get_money(
            SQL(
                """SELECT p.commercial_partner_id, l.currency_id, r.max_date, r.debit_amount_currency
                 FROM account_partial_reconcile r
                 JOIN account_move_line l ON l.id = r.debit_move_id
                 JOIN account_account a ON a.id = l.account_id AND a.account_type = 'asset_receivable'
                 JOIN account_move_line c ON c.id = r.credit_move_id
                 JOIN account_journal j ON j.id = c.journal_id AND j.type IN ('bank', 'cash', 'credit')
                 JOIN res_partner p ON p.id = l.partner_id
                WHERE p.commercial_partner_id = ANY(%s) AND l.company_id = ANY(%s) AND NOT l.id = ANY(%s)""",
                promises.partner_id.ids,
                promises._get_branch_ids(),
                promises.line_ids.line_id.ids or [0],
            )
        )
        return promises._filter_covered(missing, rows, today)

    def _get_branch_ids(self):
        """:return: ids of the companies of these promises and their branches"""
        companies = self.env['res.company'].sudo().with_context(active_test=False)
        return companies.search([('id', 'child_of', self.company_id.ids)]).ids

    def _get_money(self, query):
        """:return: dict {(customer id, currency id): [(day, amount)]}"""
        self.env['account.move.line'].flush_model()
        self.env['account.partial.reconcile'].flush_model()
        money = defaultdict(list)
        for partner_id, currency_id, day, amount in self.env.execute_query(query):
            money[partner_id, currency_id].append((day, amount))
        return money

    def _filter_covered(self, missing, money, today):
        """:return: promises for which, in every currency, money dated between the promise and its last date due suffices"""
        short = self.browse()
        for (promise, currency), amount in missing.items():
            until = max(day for day in promise.line_ids.mapped('kept_until') if day < today)
            came = sum(
                value for day, value in money[promise.partner_id.id, currency.id] if promise.made_on <= day <= until
            )
            if currency.compare_amounts(came, amount) < 0:
                short |= promise
        return self - short


class CollectionPromiseLine(models.Model):
    _inherit = 'collection.promise.line'

    def _relink(self):
        """Find the instalment again when a reset to draft has deleted it: by maturity, else the only one."""
        for line in self.filtered(lambda line: not line.line_id and line.move_id.state == 'posted'):
            instalments = line.move_id._collection_instalments()
            same = instalments.filtered(lambda item: item.date_maturity == line.date_maturity)
            found = same if len(same) == 1 else instalments
            if len(found) == 1:
                internal(line).write({'line_id': found.id})

    def _get_items(self):
        """The items of these lines as they stand, in two queries.

        :return: dict {line: Item}
        """
        self.env['account.move.line'].flush_model(['move_id', 'partner_id', 'parent_state', 'amount_residual_currency'])
        self.env['account.partial.reconcile'].flush_model(['debit_move_id', 'max_date', 'debit_amount_currency'])
        ids = self.line_id.ids or [0]
        rows = {
            row[0]: row[1:]
            for row in self.env.execute_query(
                SQL(
                    """SELECT l.id, l.move_id, p.commercial_partner_id, l.amount_residual_currency
                 FROM account_move_line l LEFT JOIN res_partner p ON p.id = l.partner_id
                WHERE l.id = ANY(%s)""",
                    ids,
                )
            )
        }
        matchings = defaultdict(list)
        for line_id, day, amount in self.env.execute_query(
            SQL(
                """SELECT debit_move_id, max_date, debit_amount_currency FROM account_partial_reconcile
                    WHERE debit_move_id = ANY(%s)""",
                ids,
            )
        ):
            matchings[line_id].append((day, amount))
        items = {}
        for line in self:
            move_id, partner_id, residual = rows.get(line.line_id.id, (None, None, 0.0))
            state = line.move_id.state
            # a reset to draft gave the line to another invoice or customer
            if state == 'posted' and (move_id, partner_id) != (line.move_id.id, line.partner_id.id):
                state = 'cancel'
            items[line] = Item(state, residual, matchings[line.line_id.id])
        return items

    def _judge(self, item, today):
        """What became of this line by itself, without regard to the other lines.

        :param Item item: what it promises to pay
        :param date today: the day to judge on
        :return: values of state, ended_on and amount_kept
        """
        self.ensure_one()
        if item.state == 'draft':
            # an invoice being corrected: nothing can be said yet
            return {'state': self.state, 'ended_on': self.ended_on, 'amount_kept': self.amount_kept}
        if item.state == 'cancel' and not self.moved_on:
            return {'state': 'cancelled', 'ended_on': self.ended_on or today, 'amount_kept': self.amount_kept}

        def left_on(day):
            return self._left(item.residual + sum(amount for when, amount in item.matchings if when > day))

        last = min(filter(None, (today, self.kept_until, self.moved_on)))
        amount_kept = self.currency_id.round(self.amount - left_on(last))
        if self.moved_on:
            return {'state': 'moved', 'ended_on': self.moved_on, 'amount_kept': amount_kept}
        if self.currency_id.is_zero(left_on(last)):
            made_on = self.promise_id.made_on
            days = sorted({made_on, *(when for when, _amount in item.matchings if made_on < when <= last)})
            paid_on = next((day for day in days if self.currency_id.is_zero(left_on(day))), last)
            return {'state': 'kept', 'ended_on': paid_on, 'amount_kept': amount_kept}
        if today <= self.expires_on:
            return {'state': 'running', 'ended_on': False, 'amount_kept': amount_kept}
        state = 'broken' if self.currency_id.is_zero(amount_kept) else 'partly'
        return {'state': state, 'ended_on': self.expires_on + ONE_DAY, 'amount_kept': amount_kept}
