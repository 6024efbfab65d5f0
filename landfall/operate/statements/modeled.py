"""OPERATE: the SQL that asks what models have taken in, and what their gates said and hold back.

In: a dataset, a view, a number of days. Out: SELECTs of ops and of dbt's views.
"""

# ruff: noqa: S608 - SQL is this module's purpose; identifiers and literals go through ingest_lambda.warehouse.statements

from ingest_lambda.warehouse.statements import literal, table

MARGIN_SECONDS = 5  # as transform_lambda/facts.py, of undos without a number


def select_models(dataset: str) -> str:
    """List the models that have taken rows of a dataset in."""
    return f"select distinct model from ops.model_loads where dataset = {literal(dataset)} order by model"


def select_modeled_datasets() -> str:
    """List the datasets that a model has taken rows of."""
    return "select distinct dataset from ops.model_loads"


def select_held(dataset: str, bucket: str, key: str, version_id: str) -> str:
    """Count what models may hold of a version that was undone: by the next plan's own rule (transform_lambda/facts.py).

    The run that counts for a model is its last one from the first row, or else its first one. It held rows of the file
    where its bound lies below the number of the undo; one of an earlier release has none, and goes by the times. What
    developers' targets hold, whose schemas have other names, no plan rebuilds.
    """
    runs = (
        "select run_id, min(frozen_at) as frozen_at, max(upto_seq) as upto_seq from ops.run_bounds "
        f"where dataset = {literal(dataset)} group by run_id"
    )

    def that_counts(column: str) -> str:
        return f"coalesce(max(case when loads.from_seq = 0 then runs.{column} end), min(runs.{column}))"

    return (
        "select count(*) as held from (select files.undone_at, files.undone_seq, "
        f"{that_counts('upto_seq')} as read_upto, {that_counts('frozen_at')} as read_at "
        f"from {table('ledger', dataset)} as files inner join ops.model_loads as loads "
        f"on loads.dataset = {literal(dataset)} and loads.model like 'modeled.%' "
        "and files.load_seq > loads.from_seq "
        f"and files.load_seq <= loads.upto_seq inner join ({runs}) as runs on runs.run_id = loads.run_id "
        f'where files.bucket = {literal(bucket)} and files."key" = {literal(key)} '
        f"and files.version_id = {literal(version_id)} and files.undone_at is not null "
        "group by files.file_id, files.undone_at, files.undone_seq, loads.model) as readings "
        f"where case when undone_seq is null then undone_at > dateadd(second, -{MARGIN_SECONDS}, read_at) "
        "else undone_seq > read_upto end"
    )


def select_alert_views() -> str:
    """Ask whether dbt has built the views of what runs recorded."""
    return "select table_name from svv_tables where table_schema = 'alert' and table_name = 'gate_trend'"


def select_gates(days: int) -> str:
    """Ask for what each gate said last, with its runs of the last days."""
    return (
        "select trend.gate, trend.subject, trend.severity, trend.last_status, trend.last_failures, "
        "trend.failures_change, trend.last_executed_at, days.runs, days.failed_runs "
        "from alert.gate_trend as trend inner join ("
        "select gate, max(result_date) as last_date, sum(runs) as runs, sum(failed_runs) as failed_runs "
        f"from alert.gate_trend where result_date > dateadd(day, -{days}, getdate()) group by gate"
        ") as days on trend.gate = days.gate and trend.result_date = days.last_date"
    )


def select_scores(days: int) -> str:
    """Ask for each subject's last score, and the average of its last days."""
    return (
        "select scores.subject, scores.quality_score, scores.checked_rows, scores.quarantined_rows, "
        "scores.result_date, days.average "
        "from alert.quality_score as scores inner join ("
        "select subject, max(result_date) as last_date, avg(quality_score) as average "
        f"from alert.quality_score where result_date > dateadd(day, -{days}, getdate()) group by subject"
        ") as days on scores.subject = days.subject and scores.result_date = days.last_date"
    )


def select_quarantines(prefix: str) -> str:
    """List the views of quarantined rows that dbt has built (https://docs.aws.amazon.com/redshift/latest/dg/c_intro_catalog_views.html)."""
    return (
        "select viewname as name from pg_views where schemaname = 'gate' "
        f"and strpos(viewname, {literal(prefix)}) = 1 order by viewname"
    )


def select_quarantined(view: str, entity: str, dataset: str | None, reason: str | None, rows: int) -> str:
    """Read the rows of one such view, the latest first; `dataset` is a dataset, or the entity itself.

    Reasons are joined by a comma and a blank; each is looked for as a whole.
    """
    conditions = []
    if dataset not in (None, entity):
        conditions.append(f"_dataset = {literal(str(dataset))}")
    if reason:
        conditions.append(f"strpos(', ' || reject_reason || ', ', {literal(f', {reason}, ')}) > 0")
    where = f" where {' and '.join(conditions)}" if conditions else ""
    order = "_loaded_at desc, _source_file, _row_number"
    return f"select * from {table('gate', view)}{where} order by {order} limit {rows:d}"
