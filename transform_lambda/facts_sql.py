"""MODEL: the SQL of what a plan is decided by. In: which models read which data set. Out: one query of all of it.

What the catalog says comes first, by a query of its own: which data sets have a ledger, and which columns it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

# Which ledgers of earlier releases lack: whose rows were removed, and which file was undone by which transaction.
REMOVED_AT, UNDONE_SEQ = "removed_at", "undone_seq"
LATER_COLUMNS = (REMOVED_AT, UNDONE_SEQ)
_WITHOUT: Mapping[str, Set[str]] = {}
# Who is logged in, which data sets have landed, and which of these columns their ledgers have: of the catalog, which
# Redshift does not let mix with users' tables.
WHO_SQL = """select
    cast(current_user as varchar(128)) as name, cast('' as varchar(128)) as ledger,
    0 as has_removed_at, 0 as has_undone_seq
union all
select
    cast(current_user as varchar(128)), cast(tables.relname as varchar(128)),
    max(case when columns.attname = 'removed_at' then 1 else 0 end),
    max(case when columns.attname = 'undone_seq' then 1 else 0 end)
from pg_class as tables
inner join pg_namespace as spaces on tables.relnamespace = spaces.oid
inner join pg_attribute as columns on tables.oid = columns.attrelid
where spaces.nspname = 'ledger' and tables.relkind = 'r' and not columns.attisdropped
group by tables.relname"""


def ledgers_of(who: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """Read what `WHO_SQL` answers: the data sets that have landed, and which of LATER_COLUMNS their ledgers have.

    >>> who = {"name": "landfall_transformer", "has_removed_at": 0, "has_undone_seq": 1}
    >>> ledgers_of([{**who, "ledger": ""}, {**who, "ledger": "orders"}])
    {'orders': frozenset({'undone_seq'})}
    """
    return {
        row["ledger"]: frozenset(name for name in LATER_COLUMNS if int(row[f"has_{name}"]))
        for row in who
        if row["ledger"]
    }


def facts_sql(readers: Mapping[str, Set[str]], columns: Mapping[str, Set[str]] = _WITHOUT) -> str:
    """Build the query of all that a plan needs: a row a fact, named in its first column.

    `load`: how far a model has taken in a data set. `landed`: the newest load of files not undone, all rows and those
    above the model that lags behind. `newest`: when the newest rows landed that are still there. `gap`: of how many
    files the rows were removed from landing (a ledger that has `columns` can say). `undone`: a file, with the number of
    its undo, and the last run that read it into one of its readers: its start and its bound. `looked`: those of the
    last run. `told`: the last message of a transform, its age in minutes. `failure`: the age of the last one that was
    about a failure. `failing`: a gate that stopped something when it was asked last. Names are of our own project, of
    the form [a-z0-9_.]. A data set that no model reads is asked for its newest landing alone.

    >>> facts_sql({"orders": {"modeled.orders", "modeled.items"}, "notes": set()}).count("from ledger.")
    2
    """
    pairs = [(name, model) for name in readers for model in sorted(readers[name])]
    readers_sql = "\n    union all ".join(
        f"select cast('{name}' as varchar(128)) as dataset, cast('{model}' as varchar(256)) as model"
        for name, model in pairs or [("", "")]
    )
    files_sql = "\n    union all ".join(
        f"select cast('{name}' as varchar(128)) as dataset, load_seq, row_count, loaded_at, undone_at, "  # noqa: S608
        f"{'removed_at' if REMOVED_AT in columns.get(name, ()) else 'cast(null as timestamp) as removed_at'}, "
        f"{'undone_seq' if UNDONE_SEQ in columns.get(name, ()) else 'cast(null as bigint) as undone_seq'} "
        f'from ledger."{name}"'
        for name in readers
    )
    facts = _FACTS_SQL.format(readers=readers_sql, files=files_sql) if readers else ""
    return facts + _TOLD_SQL


_FACTS_SQL = """with readers as (
    {readers}
),
files as (
    {files}
),
loads as (
    select readers.dataset, readers.model, coalesce(max(taken.upto_seq), 0) as upto_seq
    from readers
    left join ops.model_loads as taken on readers.dataset = taken.dataset and readers.model = taken.model
    group by readers.dataset, readers.model
),
bounds as (
    -- what a developer's run looks at has a prefix: <prefix>/<dataset>
    select run_id, dataset, min(frozen_at) as frozen_at, max(upto_seq) as upto_seq
    from ops.run_bounds
    where strpos(dataset, '/') = 0
    group by run_id, dataset
),
lagging as (
    select dataset, min(upto_seq) as upto_seq from loads group by dataset
)
select
    cast('load' as varchar(8)) as fact, dataset, model, upto_seq as seq,
    cast(0 as bigint) as landed_rows, cast(0 as bigint) as new_rows,
    cast(null as timestamp) as at, cast(null as timestamp) as read_at,
    cast(null as bigint) as undone_seq, cast(null as bigint) as upto
from loads
union all
select
    'landed', files.dataset, null, max(files.load_seq), cast(sum(files.row_count) as bigint),
    cast(sum(case when files.load_seq > lagging.upto_seq then files.row_count else 0 end) as bigint),
    cast(null as timestamp), cast(null as timestamp), cast(null as bigint), cast(null as bigint)
from files
inner join lagging on files.dataset = lagging.dataset
where files.undone_at is null
group by files.dataset
union all
select
    'newest', dataset, null, cast(0 as bigint), cast(0 as bigint), cast(0 as bigint),
    max(loaded_at), cast(null as timestamp), cast(null as bigint), cast(null as bigint)
from files
where undone_at is null and row_count > 0
group by dataset
union all
select
    'gap', dataset, null, count(*), cast(0 as bigint), cast(0 as bigint),
    cast(null as timestamp), cast(null as timestamp), cast(null as bigint), cast(null as bigint)
from files
where undone_at is null and removed_at is not null
group by dataset
union all
select
    'undone', files.dataset, taken.model, files.load_seq, cast(0 as bigint), cast(0 as bigint),
    files.undone_at,
    coalesce(max(case when taken.from_seq = 0 then bounds.frozen_at end), min(bounds.frozen_at)),
    files.undone_seq,
    coalesce(max(case when taken.from_seq = 0 then bounds.upto_seq end), min(bounds.upto_seq))
from files
left join (
    select loads.* from ops.model_loads as loads
    inner join readers on loads.dataset = readers.dataset and loads.model = readers.model
) as taken
    on files.dataset = taken.dataset and files.load_seq > taken.from_seq and files.load_seq <= taken.upto_seq
left join bounds on files.dataset = bounds.dataset and taken.run_id = bounds.run_id
where files.undone_at is not null
group by files.dataset, taken.model, files.load_seq, files.undone_at, files.undone_seq
union all
select
    'looked', dataset, null, cast(0 as bigint), cast(0 as bigint), cast(0 as bigint),
    max(frozen_at), cast(null as timestamp), cast(null as bigint), max(upto_seq)
from bounds
group by dataset
union all
"""

_TOLD_SQL = """select
    cast('told' as varchar(8)) as fact, cast('' as varchar(128)) as dataset, fingerprint as model,
    cast(datediff(minute, sent_at, getdate()) as bigint) as seq,
    cast(0 as bigint) as landed_rows, cast(0 as bigint) as new_rows,
    cast(null as timestamp) as at, cast(null as timestamp) as read_at,
    cast(null as bigint) as undone_seq, cast(null as bigint) as upto
from ops.alerts
where kind = 'transform' and sent_at = (select max(sent_at) from ops.alerts where kind = 'transform')
union all
select
    'failure', '', null, cast(min(datediff(minute, sent_at, getdate())) as bigint),
    cast(0 as bigint), cast(0 as bigint), cast(null as timestamp), cast(null as timestamp),
    cast(null as bigint), cast(null as bigint)
from ops.alerts
where kind = 'transform' and fingerprint <> ''
union all
select
    'failing', '', gate, cast(0 as bigint), cast(0 as bigint), cast(0 as bigint),
    cast(null as timestamp), cast(null as timestamp), cast(null as bigint), cast(null as bigint)
from ops.gate_results
where severity = 'error' and status <> 'skipped'
group by gate
having max(case when status in ('fail', 'error') then executed_at end) = max(executed_at)"""
