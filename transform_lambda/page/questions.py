"""ALERT: what the operator's page asks of the warehouse. Each question is a SELECT that can be run by itself.

In: for how many days, what an hour costs. Out: questions, over the common table expressions of asking.py. Pure.
"""

# ruff: noqa: S608 - building SQL is this module's purpose; names are those of the catalog and of our own project

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transform_lambda.page.runs_sql import GATES, LINES, MESSAGES, TIME, objections, runs

DAYS = 30


@dataclass(frozen=True)
class Question:
    """A question: what it is called, the columns of its answer in order, and its SELECT over `files` and others."""

    name: str
    columns: tuple[str, ...]
    select: str
    reads: tuple[str, ...] = ()  # the common table expressions that it needs

    def sql(self, common: Mapping[str, str]) -> str:
        """Return the SELECT that can be run by itself."""
        return f"{with_common({name: common[name] for name in self.reads})}{self.select}"


def with_common(common: Mapping[str, str]) -> str:
    """Return the WITH of common table expressions, '' for none."""
    if not common:
        return ""
    return "with " + ",\n".join(f"{name} as (\n{sql}\n)" for name, sql in common.items()) + "\n"


def questions(days: int = DAYS, usd_an_hour: float = 0.0) -> list[Question]:
    """List the questions, about the last `days` where they are about a time."""
    since = f"dateadd(day, -{days:d}, getdate())"
    return [
        Question("landed", ("dataset", "day", "files", "landed_rows", "undone_files"), _landed(since), ("files",)),
        Question("refusals", ("dataset", "day", "files"), _REFUSALS, ("refused",)),
        Question(
            "datasets",
            ("dataset", "newest_at", "silent_seconds", "models", "waiting_files", "waiting_rows"),
            _DATASETS,
            ("files", "readers"),
        ),
        Question(
            "gaps", ("dataset", "files", "missing_rows", "first_load", "last_load", "removed_at"), _GAPS, ("files",)
        ),
        Question(
            "latency", ("dataset", "step", "files", "p50_seconds", "p95_seconds"), _latency(since), ("files", "readers")
        ),
        Question("quarantine", ("entity", "dataset", "reason", "producer", "held_rows"), _QUARANTINE, ("held",)),
        Question(
            "rejected",
            ("dataset", "object_key", "reason", "detail", "verdict", "rejected_at"),
            _REJECTED,
            ("refused", "files", "standing"),
        ),
        Question(
            "rejections",
            ("dataset", "reason", "producer", "files"),
            _REJECTIONS,
            ("refused", "files", "standing"),
        ),
        Question(
            "gates", ("run_id", "subject", "asked_at", "passed", "warned", "failed", "stopped"), GATES, ("gated",)
        ),
        Question("objections", ("gate", "model", "severity", "status", "found_rows", "asked_at"), objections(since)),
        Question("changes", ("dataset", "column_name", "found", "became", "changed_by", "changed_at"), _changes(since)),
        Question("shapes", ("dataset", "first_at", "object_key", "files"), _shapes(since), ("files",)),
        Question(
            "runs",
            (
                "run_id",
                "outcome",
                "started_at",
                "seconds",
                "models",
                "gates",
                "failed",
                "statements",
                "phases",
                "cost_usd",
            ),
            runs(usd_an_hour),
        ),
        Question("messages", ("sent_at", "severity", "subject"), MESSAGES),
    ]


def _landed(since: str) -> str:
    return f"""select
    dataset,
    to_char(loaded_at, 'YYYY-MM-DD') as day,
    count(*) as files,
    cast(sum(case when undone_at is null then row_count else 0 end) as bigint) as landed_rows,
    sum(case when undone_at is null then 0 else 1 end) as undone_files
from files
where loaded_at > {since} and load_path <> 'skipped'
group by dataset, to_char(loaded_at, 'YYYY-MM-DD')"""


_REFUSALS = """select dataset, to_char(rejected_at, 'YYYY-MM-DD') as day, count(distinct file_id) as files
from refused
group by dataset, to_char(rejected_at, 'YYYY-MM-DD')"""


# What no model has taken in by the model that lags behind; a dataset without a reader waits for nothing.
_DATASETS = f"""select
    files.dataset,
    to_char(max(case when files.undone_at is null and files.row_count > 0 then files.loaded_at end), {TIME})
        as newest_at,
    datediff(
        second, max(case when files.undone_at is null and files.row_count > 0 then files.loaded_at end), getdate()
    ) as silent_seconds,
    max(coalesce(taken.models, 0)) as models,
    sum(case when files.undone_at is null and files.load_seq > taken.upto_seq then 1 else 0 end) as waiting_files,
    cast(sum(
        case when files.undone_at is null and files.load_seq > taken.upto_seq then files.row_count else 0 end
    ) as bigint) as waiting_rows
from files
left join (
    select dataset, count(*) as models, min(upto_seq) as upto_seq
    from (
        select readers.dataset, readers.model, coalesce(max(loads.upto_seq), 0) as upto_seq
        from readers
        left join ops.model_loads as loads on readers.dataset = loads.dataset and readers.model = loads.model
        group by readers.dataset, readers.model
    ) as by_model
    group by dataset
) as taken on files.dataset = taken.dataset
group by files.dataset"""


# Rows that have left landing, being old, and that nobody has given up: nothing is built from the first row over them.
_GAPS = f"""select
    dataset,
    count(*) as files,
    cast(sum(row_count) as bigint) as missing_rows,
    min(load_seq) as first_load,
    max(load_seq) as last_load,
    to_char(max(removed_at), {TIME}) as removed_at
from files
where removed_at is not null and undone_at is null
group by dataset"""


def _latency(since: str) -> str:
    """Ask how long files took; the second step ends when the last of the models has taken the load in.

    Both steps are rows of one column: sorted aggregates of one SELECT must all sort by the same
    (https://docs.aws.amazon.com/redshift/latest/dg/r_PERCENTILE_CONT.html).
    """
    return f"""select
    dataset,
    step,
    count(*) as files,
    cast(percentile_cont(0.5) within group (order by seconds) as decimal(18, 1)) as p50_seconds,
    cast(percentile_cont(0.95) within group (order by seconds) as decimal(18, 1)) as p95_seconds
from (
    select
        dataset,
        'upload to landed' as step,
        cast(datediff(millisecond, event_time, loaded_at) as double precision) / 1000 as seconds
    from files
    where loaded_at > {since} and event_time is not null and load_path <> 'skipped'
    union all
    select
        files.dataset,
        'landed to modeled',
        cast(datediff(millisecond, files.loaded_at, taken.modeled_at) as double precision) / 1000
    from files
    inner join (
        select dataset, load_seq, max(modeled_at) as modeled_at
        from (
            select landed.dataset, landed.load_seq, loads.model, min(loads.loaded_at) as modeled_at
            from (
                select distinct dataset, load_seq, loaded_at from files
                where loaded_at > {since} and load_path <> 'skipped'
            ) as landed
            inner join ops.model_loads as loads
                on
                    landed.dataset = loads.dataset
                    and landed.load_seq > loads.from_seq
                    and landed.load_seq <= loads.upto_seq
                    and landed.loaded_at <= loads.loaded_at
            inner join readers on loads.dataset = readers.dataset and loads.model = readers.model
            group by landed.dataset, landed.load_seq, loads.model
        ) as by_model
        group by dataset, load_seq
    ) as taken on files.dataset = taken.dataset and files.load_seq = taken.load_seq
    where files.load_path <> 'skipped'
) as steps
group by dataset, step"""


_QUARANTINE = """select
    entity,
    dataset,
    reason,
    regexp_replace(source_file, '[^/]*$', '') as producer,
    count(*) as held_rows
from held
group by entity, dataset, reason, regexp_replace(source_file, '[^/]*$', '')"""


def standing(unknown: Sequence[str] = ()) -> str:
    """Ask which rejections are of files that have not landed since, but of those datasets of which nobody can tell.

    The rows of a file that had landed may have been removed before it came again. Where S3 keeps no versions, the
    objects of a key have one id, and their ETags tell them apart.
    """
    names = ", ".join(f"'{name}'" for name in unknown)
    known = f"refused.dataset not in ({names})\n    and " if names else ""
    return f"""select
    refused.dataset, refused.object_key, refused.reason, refused.detail, refused.verdict, refused.rejected_at,
    refused.file_id, refused.etag
from refused
left join files on refused.file_id = files.file_id
where
    {known}(
        files.file_id is null
        or coalesce(refused.etag, files.etag) <> files.etag
        or (files.removed_at is not null and files.undone_at is null and refused.rejected_at >= files.removed_at)
    )"""


_REJECTED = f"""select dataset, object_key, reason, detail, verdict, to_char(rejected_at, {TIME}) as rejected_at
from (
    select
        dataset, object_key, reason, detail, verdict, rejected_at,
        row_number() over (partition by file_id, etag order by rejected_at desc) as newest_first
    from standing
) as newest
where newest_first = 1
order by newest.rejected_at desc
limit {LINES}"""


_REJECTIONS = """select
    dataset,
    reason,
    regexp_replace(object_key, '[^/]*$', '') as producer,
    count(distinct file_id || coalesce(etag, '')) as files
from standing
group by dataset, reason, regexp_replace(object_key, '[^/]*$', '')"""


def _changes(since: str) -> str:
    return f"""select
    dataset, column_name, found, became,
    case when load_id is null then 'landfall evolve' else 'a load' end as changed_by,
    to_char(changed_at, {TIME}) as changed_at
from ops.schema_changes as changes
where changes.changed_at > {since}
order by changes.changed_at desc, dataset, column_name
limit {LINES}"""


def _shapes(since: str) -> str:
    return f"""select dataset, to_char(loaded_at, {TIME}) as first_at, object_key, files
from (
    select
        dataset, loaded_at, object_key,
        row_number() over (partition by dataset, schema_fingerprint order by load_seq, file_id) as place,
        count(*) over (partition by dataset, schema_fingerprint) as files,
        min(load_seq) over (partition by dataset) as first_seq,
        load_seq
    from files
) as shaped
where place = 1 and load_seq > first_seq and loaded_at > {since}
order by loaded_at desc
limit {LINES}"""
