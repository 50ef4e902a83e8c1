"""The benchmarks; see README.md. Run by dev/bench, which gives `env`: one JSON line per figure."""

import argparse
import json
import statistics
import time

from odoo import fields
from odoo.tools import SQL

from bench.generate import generate


def show(name, value, unit, goal=None, met=None):
    print(json.dumps({'name': name, 'value': round(value, 3), 'unit': unit, 'goal': goal, 'met': met}), flush=True)


def timed(call, times=5):
    """:return: (median seconds, last answer), after one run that is not counted"""
    call()
    seconds = []
    for _i in range(times):
        start = time.perf_counter()
        answer = call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), answer


def calibrate(env):
    """How fast this machine is today: a fixed piece of work for PostgreSQL and one for Python."""

    def postgres():
        env.cr.execute("SELECT sum(i * i % 7) FROM generate_series(1::bigint, 1000000) i")
        return env.cr.fetchone()

    show('calibration: PostgreSQL', timed(postgres)[0], 's')
    show('calibration: Python', timed(lambda: sum(i * i % 7 for i in range(1000000)))[0], 's')


def bare_plan(env, company, today):
    """Line and next level by hand: no reasons, no holds but dispute, promise and earlier steps."""
    entry = env.ref('account_collection_followup.level_standard_reminder_1')
    after = env.ref('account_collection_followup.level_standard_reminder_2')
    env.cr.execute(SQL(
        """WITH talk AS (SELECT DISTINCT partner_id FROM collection_step WHERE date_given IS NOT NULL AND act_on > %(today)s),
                fresh AS (SELECT l.partner_id FROM account_move_line l JOIN account_journal j ON j.id = l.journal_id
                           WHERE l.account_id = ANY(%(accounts)s) AND l.reconciled IS NOT TRUE AND l.amount_residual < 0
                             AND j.type IN ('bank', 'cash', 'credit')),
                credit AS (SELECT partner_id, currency_id, -sum(amount_residual_currency) AS amount FROM account_move_line
                            WHERE account_id = ANY(%(accounts)s) AND reconciled IS NOT TRUE AND parent_state = 'posted'
                              AND amount_residual_currency < 0 GROUP BY 1, 2)
           SELECT id, level_id FROM (
             SELECT l.id, CASE WHEN s.line_id IS NOT NULL THEN %(after)s ELSE %(entry)s END AS level_id,
                    l.amount_residual_currency - LEAST(l.amount_residual_currency, GREATEST(0, COALESCE(c.amount, 0) - COALESCE(
                        sum(l.amount_residual_currency) OVER (PARTITION BY l.partner_id, l.currency_id ORDER BY l.date_maturity, l.id
                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))) AS to_chase
               FROM account_move_line l
               LEFT JOIN credit c ON c.partner_id = l.partner_id AND c.currency_id = l.currency_id
               LEFT JOIN collection_step_line s ON s.line_id = l.id AND s.role = 'asked'
               LEFT JOIN collection_dispute_line d ON d.line_id = l.id
               LEFT JOIN collection_promise_line p ON p.line_id = l.id
              WHERE l.account_id = ANY(%(accounts)s) AND l.reconciled IS NOT TRUE AND l.parent_state = 'posted' AND l.amount_residual > 0
                AND l.date_maturity < %(today)s AND d.id IS NULL AND p.id IS NULL
                AND (s.id IS NOT NULL OR l.date_maturity + 3 <= %(today)s)
                AND l.partner_id NOT IN (SELECT partner_id FROM talk) AND l.partner_id NOT IN (SELECT partner_id FROM fresh)) x
            WHERE to_chase > 0""",
        today=today, accounts=env['collection.item']._get_receivable_account_ids(), entry=entry.id, after=after.id))  # fmt: skip
    return env.cr.fetchall()


def bench_plan(env, company, size):
    today = company._collection_today()
    plan = env['collection.plan']
    bare_seconds, bare = timed(lambda: bare_plan(env, company, today))
    env.cr.rollback()
    seconds, items = timed(lambda: plan._plan(company, today))
    env.cr.rollback()
    show(f'bare SQL, {size} items', bare_seconds, 's')
    show(f'plan, {size} items', seconds, 's')
    ratio = seconds / bare_seconds
    show(f'plan / bare SQL, {size} items', ratio, 'ratio', '<= 2', ratio <= 2)
    rising = {
        (item.line_id, item.level_id) for item in items if item.reason in (None, 'no_email', 'minimum', 'closed_day')
    }
    show(f'plan and bare SQL differ, {size} items', len(rising ^ set(bare)), 'items', '0', rising == set(bare))
    some = env['res.partner'].browse({item.partner_id for item in items[:2000]})[:200]
    show(f'plan of 200 customers of {size} items', timed(lambda: plan._plan(company, today, partners=some))[0], 's')
    env.cr.rollback()


def bench_case(env, company, size):
    def refresh():
        env['collection.case']._refresh(company)

    seconds = timed(refresh, 3)[0]
    show(f'refresh of all cases, {size} items', seconds, 's', '<= 3', seconds <= 3)
    env.cr.rollback()
    page = timed(
        lambda: (
            env['collection.case']
            .search([('state', '=', 'open')], limit=80)
            .read(['partner_id', 'overdue', 'next_text'])
        )
    )[0]
    show(f'worklist page, {size} items', page * 1000, 'ms', '<= 150', page <= 0.15)
    env.invalidate_all()


def bench_balance(env, size):
    Item = env['collection.item']

    def balance(day):
        return Item.with_context(collection_as_of=day)._read_group([], ['partner_id', 'bucket'], ['residual:sum'])

    past = str(fields.Date.subtract(fields.Date.today(), days=40))
    now = timed(lambda: balance(False), 3)[0]
    show(f'aged balance by customer today, {size} items', now, 's', '<= 1', now <= 1)
    then = timed(lambda: balance(past), 3)[0]
    show(f'aged balance by customer at a past date, {size} items', then, 's', '<= 3', then <= 3)


def bench_run(env, company, size):
    """A whole run with e-mail only: lines, steps, messages queued, cases."""
    Run = env['collection.run']
    env['collection.level'].search([('by_email', '=', True)]).write({'by_call': False})
    start = time.perf_counter()
    run = Run.create({'company_id': company.id})
    run._begin()
    show(f'run laid out, {size} items', time.perf_counter() - start, 's')
    run.line_ids.filtered(lambda line: line.state == 'proposed').state = 'approved'
    env.cr.commit()
    while run._execute_batch():
        env.cr.commit()
        env.invalidate_all()
    customers = Run.env['collection.run.line'].search_count([('run_id', '=', run.id), ('state', '=', 'done')])
    each = (time.perf_counter() - start) / max(customers, 1) * 1000
    show(f'run with e-mail only, per customer ({customers})', each, 'ms', '<= 6', each <= 6)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--invoices', type=int, default=10000)
    parser.add_argument('--customers', type=int, help="default: a tenth of the invoices")
    parser.add_argument('--no-run', action='store_true', help="leave out the run, which writes")
    options = parser.parse_args()
    company = env.company
    calibrate(env)
    start = time.perf_counter()
    generate(env, options.customers or options.invoices // 10, options.invoices)
    show(f'data of {options.invoices} items made', time.perf_counter() - start, 's')
    bench_plan(env, company, options.invoices)
    bench_case(env, company, options.invoices)
    bench_balance(env, options.invoices)
    if not options.no_run:
        bench_run(env, company, options.invoices)


main()
