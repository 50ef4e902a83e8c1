"""The figures at the end of a replay."""

from collections import Counter
from datetime import timedelta

BUCKETS = ("not_due", "b1_30", "b31_60", "b61_90", "b90")
AGES = ("not due", "1-30", "31-60", "61-90", "over 90")


def query(env, text, *values):
    env.flush_all()
    env.cr.execute(text, values)
    return env.cr.fetchall()


def build_report(world):
    env, history = world.env, world.history
    steps = query(
        env,
        """SELECT v.name->>'en_US', count(*), sum(n.items)::int FROM collection_step s JOIN collection_level v ON v.id = s.level_id
             JOIN (SELECT step_id, count(*) AS items FROM collection_step_line WHERE role = 'asked' GROUP BY 1) n ON n.step_id = s.id
            WHERE s.cancelled IS NOT TRUE AND s.takeover IS NOT TRUE GROUP BY v.id ORDER BY v.rank""",
    )
    return {
        "invoices": len(history.invoices),
        "from": history.first,
        "to": history.last,
        "customers who never pay": sorted(history.unpaid),
        "steps": {name: {"steps": number, "items": items} for name, number, items in steps},
        "messages": get_messages(world),
        "holds": get_holds(env),
        "calls": dict(
            query(env, "SELECT result, count(*) FROM collection_call WHERE result IS NOT NULL GROUP BY 1 ORDER BY 1")
        ),
        "promises": dict(query(env, "SELECT state, count(*) FROM collection_promise GROUP BY 1 ORDER BY 1")),
        "disputes": get_disputes(env),
        "aged balance": get_aged_balance(world),
        "DSO": get_dso(world),
    }


def get_messages(world):
    """:return: dict customer → messages he got; a hand-over is none"""
    counts = dict(
        query(
            world.env,
            """SELECT p.name, count(*) FROM collection_step s JOIN res_partner p ON p.id = s.partner_id
                WHERE s.cancelled IS NOT TRUE AND s.takeover IS NOT TRUE AND s.track <> 'litigation' GROUP BY 1""",
        )
    )
    return {customer: counts.get(customer, 0) for customer in world.history.customers}


def get_holds(env):
    """:return: dict reason → in how many runs how many customers and items were held for it"""
    labels = {code: label for code, (label, _advice) in env["collection.run.line"]._get_reasons().items()}
    rows = query(
        env,
        """SELECT l.reason, count(*), count(DISTINCT l.partner_id), sum(l.item_count)::int
             FROM collection_run_line l JOIN collection_run r ON r.id = l.run_id
            WHERE l.kind = 'hold' AND r.state <> 'preview' GROUP BY 1 ORDER BY 2 DESC, 1""",
    )
    return {
        labels.get(reason, reason): {"customer days": days, "customers": customers, "item days": items}
        for reason, days, customers, items in rows
    }


def get_disputes(env):
    rows = query(
        env,
        """SELECT COALESCE(outcome, state), count(*), round(avg(closed_on - opened_on), 1)::float, max(closed_on - opened_on)
             FROM collection_dispute GROUP BY 1 ORDER BY 1""",
    )
    return {
        outcome: {"disputes": number, "days on average": days, "days at most": most}
        for outcome, number, days, most in rows
    }


def get_aged_balance(world):
    """:return: dict of four month ends, evenly spread → age → amount, as the open items of that date tell it"""
    month_ends = world.history.get_month_ends() or [world.history.last]
    days = sorted({month_ends[len(month_ends) * part // 4 - 1] for part in range(1, 5)})
    result = {}
    for day in days:
        items = world.env["collection.item"].with_context(collection_as_of=str(day))
        amounts = dict(items._read_group([], ["bucket"], ["residual:sum"]))
        result[day] = {age: round(amounts.get(bucket, 0), 2) for age, bucket in zip(AGES, BUCKETS, strict=True)}
    return result


def get_dso(world):
    """:return: dict month end → days of sales outstanding by count-back, best possible DSO by the items not yet due"""
    rows = query(
        world.env,
        """SELECT (date_trunc('month', l.date) + interval '1 month - 1 day')::date, sum(l.balance)::float
             FROM account_move_line l JOIN account_account a ON a.id = l.account_id JOIN account_move m ON m.id = l.move_id
            WHERE a.account_type = 'asset_receivable' AND l.parent_state = 'posted'
              AND m.move_type IN ('out_invoice', 'out_refund') GROUP BY 1""",
    )
    sales = dict(rows)
    result = {}
    for day in world.history.get_month_ends():
        items = world.env["collection.item"].with_context(collection_as_of=str(day))
        not_due = items._read_group([("bucket", "=", "not_due")], [], ["residual:sum"])[0][0]
        balance = items._read_group([], [], ["residual:sum"])[0][0]
        result[day] = {"balance": round(balance, 2), "days": count_back(balance, sales, day)}
        result[day]["best possible"] = count_back(not_due, sales, day)
    return result


def count_back(balance, sales, day):
    """:return: days of sales a balance is worth, subtracting month by month backwards; None if it exceeds all sales"""
    days = 0.0
    for _month in sales:
        if balance < 0.005:
            return round(days, 1)
        sold = sales.get(day, 0)
        days += day.day if balance >= sold else balance / sold * day.day
        balance -= min(balance, sold)
        day = day.replace(day=1) - timedelta(days=1)
    return round(days, 1) if balance < 0.005 else None


def as_plain(value):
    """:return: the same without dates, for JSON"""
    if isinstance(value, dict):
        return {str(key): as_plain(one) for key, one in value.items()}
    return value if isinstance(value, (int, float, str, list, type(None))) else str(value)


# -- on paper ----------------------------------------------------------------------------------------------------------
def print_table(title, rows):
    """:param rows: the first is the heading"""
    print(f"\n{title}")
    rows = [[format_cell(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print(
            "  " + row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            sep="  ",
        )


def format_cell(cell):
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:,.1f}"
    return "-" if cell is None else str(cell)


def print_report(report):
    print(
        f"{report['invoices']} invoices of {len(report['messages'])} customers, {report['from']} to {report['to']},"
        f" lived through in {report['seconds']} s; {len(report['customers who never pay'])} customers never pay."
    )
    print_table(
        "Steps",
        [("level", "steps", "items asked for")] + [(name, *one.values()) for name, one in report["steps"].items()],
    )
    messages = Counter(report["messages"].values())
    print_table("Messages per customer", [("messages", "customers"), *sorted(messages.items())])
    print_table(
        "Holds",
        [("reason", "customers x runs", "customers", "items x runs")]
        + [(name, *one.values()) for name, one in report["holds"].items()],
    )
    print_table("Calls", [("result", "calls"), *report["calls"].items()])
    print_table("Promises", [("outcome", "promises"), *report["promises"].items()])
    print_table(
        "Disputes",
        [("outcome", "disputes", "days on average", "days at most")]
        + [(name, *one.values()) for name, one in report["disputes"].items()],
    )
    print_table(
        "Aged balance", [("date", *AGES)] + [(day, *ages.values()) for day, ages in report["aged balance"].items()]
    )
    print_table(
        "DSO, count-back",
        [("month end", "balance", "days", "best possible")]
        + [(day, *one.values()) for day, one in report["DSO"].items()],
    )
