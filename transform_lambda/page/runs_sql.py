"""ALERT: what the operator's page asks of runs, their gates and what was told of them, as SQL. Pure."""

# ruff: noqa: S608 - building SQL is this module's purpose

from __future__ import annotations

RUNS = 40  # as many as a strip has room for on a phone
LINES = 25  # of a list that can be long
SERVERLESS_SECONDS = (
    60  # https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-billing.html: at least these are billed
)
TIME = "'YYYY-MM-DD HH24:MI:SS'"
_EXACTLY = "'YYYY-MM-DD HH24:MI:SS.US'"  # where runs are put in order: two of one build begin within a second

# A developer's runs, in schemas of his own, name datasets below the prefix of those (macro `bounds_name`).
_OF_PRODUCTION = "run_id not in (select run_id from ops.run_bounds where strpos(dataset, '/') > 0)"


# Gates are named <subject>__<what they ask>. Those of what an UPSERT is made from stop it; others are asked after it.
GATES = f"""select
    results.run_id,
    split_part(results.gate, '__', 1) as subject,
    to_char(max(results.executed_at), {_EXACTLY}) as asked_at,
    sum(case when results.status = 'pass' then 1 else 0 end) as passed,
    sum(case when results.status = 'warn' then 1 else 0 end) as warned,
    sum(case when results.status in ('fail', 'error') then 1 else 0 end) as failed,
    sum(case when results.status in ('fail', 'error') and gated.model is not null then 1 else 0 end) as stopped
from ops.gate_results as results
inner join (
    select run_id from ops.runs
    where gates > 0 and {_OF_PRODUCTION}
    order by started_at desc, run_id desc
    limit {RUNS}
) as newest on results.run_id = newest.run_id
left join gated on results.model = gated.model
where results.status <> 'skipped'
group by results.run_id, split_part(results.gate, '__', 1)"""


def objections(since: str) -> str:
    """Ask which gates did not pass."""
    return f"""select gate, model, severity, status, failures as found_rows, to_char(executed_at, {TIME}) as asked_at
from ops.gate_results
where status in ('fail', 'warn', 'error') and executed_at > {since}
order by executed_at desc, gate
limit {LINES}"""


def runs(usd_an_hour: float) -> str:
    """Ask for the newest runs, and what they cost at so many US$ an hour; 0 where that is not known."""
    seconds = "datediff(second, started_at, ended_at)"
    billed = f"case when {seconds} > {SERVERLESS_SECONDS} then {seconds} else {SERVERLESS_SECONDS} end"
    cost = f"cast(round({billed} * {usd_an_hour:.6f} / 3600, 4) as decimal(18, 4))" if usd_an_hour else "null"
    return f"""select
    run_id, outcome, to_char(started_at, {_EXACTLY}) as started_at, {seconds} as seconds,
    models, gates, failed, statements, phases, {cost} as cost_usd
from ops.runs as runs
where {_OF_PRODUCTION}
order by runs.started_at desc, runs.run_id desc
limit {RUNS}"""


MESSAGES = f"""select to_char(sent_at, {TIME}) as sent_at, severity, subject
from ops.alerts as alerts
order by alerts.sent_at desc
limit {LINES}"""
