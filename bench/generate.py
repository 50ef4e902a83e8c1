"""Fills a database with customers, open invoices and a tenth of them disputed, promised or already asked for.

A few documents are posted through Odoo, then copied with SQL, every column included, so that a hundred thousand
invoices take seconds. The same seed gives the same data.
"""

import random
from datetime import timedelta

from psycopg2.extras import execute_values

from odoo import Command, fields
from odoo.tools import SQL

SEEDS = 50


def generate(env, customers, invoices, seed=19):
    """:param int customers: number of customers
    :param int invoices: number of overdue invoices; a tenth more is not due yet, a fiftieth are credit notes
    """
    rnd = random.Random(seed)
    env = env(
        context=dict(
            env.context, tracking_disable=True, mail_create_nolog=True, mail_notrack=True, mail_create_nosubscribe=True
        )
    )
    company, today = env.company, fields.Date.today()
    if not company.chart_template:
        env['account.chart.template'].try_loading('generic_coa', company, install_demo=False)
    partner_ids = make_customers(env, rnd, customers)
    eur = env['res.currency'].with_context(active_test=False).search([('name', '=', 'EUR')])
    eur.active = True
    env['res.currency.rate'].create(
        {'name': '2020-01-01', 'currency_id': eur.id, 'company_id': company.id, 'rate': 0.9}
    )
    seeds = {
        'home': make_seeds(env, rnd, partner_ids, 'out_invoice', company.currency_id),
        'foreign': make_seeds(env, rnd, partner_ids, 'out_invoice', eur),
        'refund': make_seeds(env, rnd, partner_ids, 'out_refund', company.currency_id),
    }
    env.flush_all()
    env.cr.commit()
    copy_documents(env, list(specify(rnd, seeds, partner_ids, invoices, today)))
    env.cr.commit()
    analyze(env)
    make_history(env, company, today)
    env.cr.commit()
    analyze(env)
    env.invalidate_all()


def analyze(env):
    # PostgreSQL does this by itself within a minute; the benchmark does not wait for it
    for table in (
        'account_move',
        'account_move_line',
        'res_partner',
        'collection_step',
        'collection_step_line',
        'collection_case',
    ):
        env.cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))
    env.cr.commit()


def make_customers(env, rnd, number):
    ids = []
    for start in range(0, number, 1000):
        ids += env['res.partner'].create([
            {
                'name': f"Customer {i:06d}", 'is_company': True, 'customer_rank': 1, 'street': f"{i} Main Street",
                'email': f"customer{i:06d}@example.com" if rnd.random() < 0.85 else False, 'phone': f"+1 555 {i:06d}",
            }
            for i in range(start, min(start + 1000, number))
        ]).ids  # fmt: skip
    env.flush_all()
    env.cr.commit()
    return ids


def make_seeds(env, rnd, partner_ids, move_type, currency):
    """Real documents, posted by Odoo, to copy from."""
    day = fields.Date.today() - timedelta(days=60)
    moves = env['account.move'].create([
        {
            'move_type': move_type, 'partner_id': partner_ids[k % len(partner_ids)], 'currency_id': currency.id,
            'invoice_date': day, 'date': day, 'invoice_date_due': day + timedelta(days=30), 'invoice_payment_term_id': False,
            'invoice_line_ids': [Command.create({
                'name': f"Service {k}", 'quantity': 1, 'price_unit': round(rnd.lognormvariate(6, 1) + 20, 2), 'tax_ids': []})],
        }
        for k in range(SEEDS)
    ])  # fmt: skip
    moves.action_post()
    moves.is_move_sent = True
    return moves.ids


def days_overdue(rnd):
    first, last = rnd.choices([(1, 15), (16, 30), (31, 60), (61, 90), (91, 400)], [35, 25, 20, 12, 8])[0]
    return rnd.randint(first, last)


def specify(rnd, seeds, partner_ids, invoices, today):
    """:return: (seed document, customer, invoice date, due date) of every copy"""

    def customer():
        # half spread evenly, half on the few large customers
        spread = rnd.random() if rnd.random() < 0.5 else rnd.random() ** 3
        return partner_ids[int(len(partner_ids) * spread)]

    for i in range(invoices):
        due = today - timedelta(days=days_overdue(rnd))
        kind = 'foreign' if rnd.random() < 0.05 else 'home'
        yield (
            rnd.choice(seeds[kind]),
            partner_ids[i] if i < len(partner_ids) else customer(),
            due - timedelta(days=30),
            due,
        )
    for _i in range(invoices // 10):
        due = today + timedelta(days=rnd.randint(1, 60))
        yield rnd.choice(seeds['home']), customer(), min(due - timedelta(days=30), today), due
    for _i in range(invoices // 50):
        day = today - timedelta(days=rnd.randint(1, 120))
        yield rnd.choice(seeds['refund']), customer(), day, day


def copy_documents(env, rows):
    cr = env.cr
    cr.execute("""CREATE TEMP TABLE spec (n serial PRIMARY KEY, new_id int, seed_id int, partner_id int, day date, due date)
                  ON COMMIT DROP""")
    execute_values(cr._obj, "INSERT INTO spec (seed_id, partner_id, day, due) VALUES %s", rows, page_size=5000)
    cr.execute("UPDATE spec SET new_id = nextval('account_move_id_seq')")
    name = SQL("'COPY/' || lpad(s.n::text, 8, '0')")
    copy_rows(cr, 'account_move', SQL("spec s JOIN account_move t ON t.id = s.seed_id"), {
        'id': SQL("s.new_id"), 'partner_id': SQL("s.partner_id"), 'commercial_partner_id': SQL("s.partner_id"),
        'partner_shipping_id': SQL("s.partner_id"), 'date': SQL("s.day"), 'invoice_date': SQL("s.day"),
        'invoice_date_due': SQL("s.due"), 'name': name, 'payment_reference': name, 'sequence_prefix': SQL("'COPY/'"),
        'sequence_number': SQL("s.n"), 'access_token': SQL("NULL"), 'made_sequence_gap': SQL("FALSE"),
        'message_main_attachment_id': SQL("NULL")})  # fmt: skip
    copy_rows(cr, 'account_move_line', SQL("spec s JOIN account_move_line t ON t.move_id = s.seed_id"), {
        'id': SQL("nextval('account_move_line_id_seq')"), 'move_id': SQL("s.new_id"), 'partner_id': SQL("s.partner_id"),
        'move_name': name, 'date': SQL("s.day"), 'invoice_date': SQL("s.day"), 'matching_number': SQL("NULL"),
        'date_maturity': SQL("CASE WHEN t.display_type = 'payment_term' THEN s.due ELSE t.date_maturity END"),
        'full_reconcile_id': SQL("NULL")})  # fmt: skip


def copy_rows(cr, table, source, changed):
    cr.execute(SQL(
        """SELECT column_name FROM information_schema.columns
            WHERE table_schema = current_schema() AND table_name = %s AND is_generated = 'NEVER'""", table))  # fmt: skip
    columns = [row[0] for row in cr.fetchall()]
    cr.execute(SQL(
        "INSERT INTO %s (%s) SELECT %s FROM %s", SQL.identifier(table),
        SQL(", ").join(SQL.identifier(name) for name in columns),
        SQL(", ").join(changed.get(name, SQL.identifier('t', name)) for name in columns), source))  # fmt: skip


def make_history(env, company, today):
    """A tenth of the items: 4 % disputed, 3 % promised, 3 % asked for three weeks or three days ago."""
    company.write({'collection_start_date': '2000-01-01', 'collection_first_run_done': True, 'collection_manager_id': env.ref('base.user_admin').id,
                   'collection_log_invoices': False})  # fmt: skip
    env['collection.case']._refresh(company)
    values = {
        'company': company.id, 'today': today, 'uid': env.uid,
        'type': env.ref('account_collection_followup.dispute_type_commercial').id,
        'level': env.ref('account_collection_followup.level_standard_reminder_1').id}  # fmt: skip
    items = """SELECT l.id, l.move_id, l.move_name, l.partner_id, l.currency_id, l.date_maturity, l.amount_residual, l.amount_residual_currency,
                      k.id AS case_id FROM account_move_line l JOIN account_account a ON a.id = l.account_id AND a.account_type = 'asset_receivable'
                 JOIN collection_case k ON k.partner_id = l.partner_id
                WHERE l.amount_residual > 0 AND l.date_maturity < %(today)s AND l.parent_state = 'posted'"""
    env.cr.execute(f"""
        CREATE TEMP TABLE d ON COMMIT DROP AS SELECT *, nextval('collection_dispute_id_seq') AS new_id FROM ({items}) i WHERE id %% 25 = 0;
        INSERT INTO collection_dispute (id, case_id, partner_id, company_id, currency_id, type_id, opened_on, deadline, state, stage, source, reason, create_uid)
             SELECT new_id, case_id, partner_id, %(company)s, currency_id, %(type)s, %(today)s::date - 3, %(today)s::date + 3, 'open', 'solving', 'desk',
                    'Contested', %(uid)s FROM d;
        INSERT INTO collection_dispute_line (dispute_id, move_id, line_id, amount, currency_id, company_id, kind, held_from)
             SELECT new_id, move_id, id, amount_residual_currency, currency_id, %(company)s, 'contested', %(today)s::date - 3 FROM d;
        CREATE TEMP TABLE p ON COMMIT DROP AS SELECT *, nextval('collection_promise_id_seq') AS new_id FROM ({items}) i WHERE id %% 33 = 1;
        INSERT INTO collection_promise (id, case_id, partner_id, company_id, made_on, state, create_uid)
             SELECT new_id, case_id, partner_id, %(company)s, %(today)s::date - 2, 'running', %(uid)s FROM p;
        INSERT INTO collection_promise_line (promise_id, move_id, line_id, currency_id, company_id, amount, date, residual_at, cumulated, expires_on, response_until, state)
             SELECT new_id, move_id, id, currency_id, %(company)s, amount_residual_currency, %(today)s::date + 5, amount_residual_currency,
                    amount_residual_currency, %(today)s::date + 7, %(today)s::date + 9, 'running' FROM p;
        CREATE TEMP TABLE s ON COMMIT DROP AS SELECT *, nextval('collection_step_id_seq') AS new_id
             FROM (SELECT DISTINCT ON (case_id) * FROM ({items}) i WHERE id %% 33 = 2 AND date_maturity < %(today)s::date - 13 ORDER BY case_id, id) i;
        INSERT INTO collection_step (id, case_id, partner_id, company_id, track, level_id, date, date_given, act_on, sender_role,
                                     email_state, call_state, letter_state, registered_state, complete)
             SELECT new_id, case_id, partner_id, %(company)s, 'ordinary', %(level)s, %(today)s::date - CASE WHEN new_id %% 2 = 0 THEN 12 ELSE 3 END,
                    %(today)s::date - CASE WHEN new_id %% 2 = 0 THEN 5 ELSE -4 END, %(today)s::date - CASE WHEN new_id %% 2 = 0 THEN 3 ELSE -6 END,
                    'caller', 'sent', 'none', 'none', 'none', true FROM s;
        INSERT INTO collection_step_line (step_id, role, line_id, move_id, name, partner_id, company_id, currency_id, due_date, residual, asked,
                                          asked_company, level_id, occurrence)
             SELECT new_id, 'asked', id, move_id, move_name, partner_id, %(company)s, currency_id, date_maturity, amount_residual_currency,
                    amount_residual_currency, amount_residual, %(level)s, 1 FROM s;
    """, values)  # fmt: skip
