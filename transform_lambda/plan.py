"""MODEL: decide what must be built. In: what landed (ledger) and what was modeled (ops). Out: a `Plan`.

The warehouse decides, not the event that started the run: a lost or repeated event changes nothing. `decide` is pure;
`read_facts` asks the warehouse a fixed number of questions, however many files there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from transform_lambda.dbt_runtime import Query
from transform_lambda.graph import Changes

# A file that an earlier release has undone has no number. That release stamped it before it committed: a run that began
# shortly after the stamp may have read it still, and is repeated.
_UNDO_MARGIN = timedelta(seconds=5)


@dataclass(frozen=True)
class UndoneFile:
    """A file that `landfall undo` took out of landing, as one model saw it.

    `undone_seq` is its undo's number among the loads and undos of the data set, which are counted behind one mutex;
    None where an earlier release has undone it. `read_upto` and `read_at` are the bound and the start of the last run
    that read the file's load into `model` and left nothing of before: the last one from the first row, or else the
    first one at all, since one that reads a load again (a model's history lags behind, say) only adds to what is there.
    All three are None when no run did.
    """

    load_seq: int
    undone_at: datetime
    model: str | None = None
    read_at: datetime | None = None
    undone_seq: int | None = None
    read_upto: int | None = None

    @property
    def is_held(self) -> bool:
        """Tell whether the model may hold rows of the file: who read its load did not know it undone."""
        return self.read_at is not None and not self.was_known(self.read_upto, self.read_at)

    def was_known(self, upto_seq: int | None, frozen_at: datetime) -> bool:
        """Tell whether a run knew it undone before it read a row: whether its bound reaches the undo's number."""
        if self.undone_seq is None:
            return self.undone_at <= frozen_at - _UNDO_MARGIN
        return self.undone_seq <= (upto_seq or 0)


@dataclass(frozen=True)
class ModelLoad:
    """How far a model has taken in a data set."""

    model: str
    upto_seq: int


@dataclass(frozen=True)
class DatasetFacts:
    """What the warehouse says of one data set. `newest_seq` is of files not undone, 0 for none.

    `landed_rows` are all of its rows, `new_rows` those that some model has not taken in. `gap`: how many files' rows
    were removed from landing, so that nothing can be built from its first row.
    """

    name: str
    newest_seq: int = 0
    landed_rows: int = 0
    new_rows: int = 0
    undone: tuple[UndoneFile, ...] = ()
    loads: tuple[ModelLoad, ...] = ()
    looked_at: datetime | None = None  # the start of the last run
    looked_upto: int | None = None  # how far it saw the loads and undos of the data set
    gap: int = 0


@dataclass(frozen=True)
class Blocked:
    """What is not built from the first row, or reads all landed rows each time: landing lacks rows of `gaps`."""

    what: str
    gaps: Mapping[str, int]  # files without rows, by data set

    def failing(self) -> dict[str, Any]:
        """Tell of it as of a failed gate: it stops something, and there is a way out."""
        backfills = [f"landfall backfill raw/ --dataset {name} --removed" for name in sorted(self.gaps)]
        return {
            "gate": f"{self.what}: rows were removed from landing",
            "failures": sum(self.gaps.values()),
            "files": [],
            "examples": [],
            "remedy": [*backfills, "landfall transform --wait"],
        }


@dataclass(frozen=True)
class Facts:
    """What the warehouse says.

    `datasets`: of each that a model takes in. `told`: the last message ({"fingerprint", "age_minutes"}). `newest`: when
    a data set's newest rows landed; one of which no row is left, or has come, is not in it. `failing`: the gates that
    stopped something when they were asked last. `failure_age`: minutes since a failure was told, None if none ever was.
    """

    datasets: Sequence[DatasetFacts]
    told: Mapping[str, Any] | None
    newest: Mapping[str, datetime]
    failing: frozenset[str] = frozenset()
    failure_age: int | None = None

    def due_in(self, gates: Set[str], reminder_minutes: int) -> int | None:
        """Return in how many minutes a failure is to be told again if it holds; None where nothing has failed.

        What failed is what the last message was about, or one of the project's `gates` that was not asked since: a run
        of other data sets, whose good news are the last message, does not ask it.

        >>> Facts([], {"fingerprint": "", "age_minutes": 1}, {}, frozenset({"volume"}), 50).due_in({"volume"}, 60)
        10
        >>> Facts([], {"fingerprint": "", "age_minutes": 1}, {}, frozenset({"gone"}), 50).due_in({"volume"}, 60)
        """
        is_told = self.told is not None and bool(self.told["fingerprint"])
        if not (is_told or self.failing & gates):
            return None
        return 0 if self.failure_age is None else reminder_minutes - self.failure_age


@dataclass(frozen=True)
class Plan:
    """What to build; nothing, where `whole_project` is false and neither a dataset nor a node `beside` is named.

    `beside`: selectors of models and gates that have changed and that none of the datasets leads to. `full_refresh`:
    all of it is built from the first row. `rebuilt`: the data sets whose models alone are, because they hold what has
    been undone; the rest is built as on any day. `blocked`: what would be built from the first row, too, were no row
    of it removed from landing; it stays as it is, and is told.
    """

    datasets: tuple[str, ...]
    reasons: tuple[str, ...]
    whole_project: bool
    full_refresh: bool
    rows: int = 0  # to build from
    beside: tuple[str, ...] = ()
    rebuilt: tuple[str, ...] = ()
    blocked: tuple[Blocked, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to build, and nothing to tell."""
        return not (self.whole_project or self.datasets or self.beside or self.blocked)

    @property
    def select(self) -> list[str]:
        """Return dbt's selection: everything downstream of what is named; empty for the whole project.

        >>> Plan(("order_items", "order_summary"), (), False, False).select
        ['source:landing.order_items+', 'source:landing.order_summary+']
        """
        if self.whole_project:
            return []
        return [*(f"source:landing.{name}+" for name in self.datasets), *(f"{each}+" for each in self.beside)]

    def to_json(self, rows_per_build: int, entities: Sequence[str]) -> dict[str, Any]:
        """Return what travels through the state machine.

        `parts` are built one after another: a single one without a name, or, above so many rows, one an entity. A build
        that runs out of time all the same is begun again in these `entities`.

        >>> plan = Plan(("orders",), (), False, False, rows=11)
        >>> plan.to_json(10, ["orders", "order_items"])["parts"], plan.to_json(11, ["orders"])["parts"]
        (['orders', 'order_items'], [''])
        """
        is_split = self.rows > rows_per_build
        return {
            **asdict(self),
            "select": self.select,
            "build": not self.is_empty,
            "blocked": [each.failing() for each in self.blocked],
            "parts": list(entities) if is_split else [""],
            "entities": list(entities),
        }


UNAPPLIED = "; what is modeled already stays as it was: landfall transform --full-refresh makes it anew"
_ALONE: Mapping[str, Set[str]] = {}
_NONE: Mapping[str, Sequence[str]] = {}


def decide(
    facts: Iterable[DatasetFacts],
    *,
    project_changed: bool,
    full_refresh: bool = False,
    look_again: bool = False,
    changes: Changes | None = None,
    read_with: Mapping[str, Set[str]] = _ALONE,
    beside: Mapping[str, Sequence[str]] = _NONE,
) -> Plan:
    """Decide what to build.

    `project_changed`: this version of the dbt project is not known to stand whole, so all of it is built, or what has
    `changes` where nothing else differs.
    `full_refresh`: the operator asks for everything anew. `look_again`: a failure that was told is to be told again if
    it holds. That of a gate behind an UPSERT leaves no data set to be built, so then the whole project is.
    `read_with`: the data sets that are read from their first rows where one is rebuilt. All of them must be whole.
    `beside`: the models that read all landed rows of a data set each time. They are built, and a gap is told.

    >>> facts = [DatasetFacts("orders", 7, loads=(ModelLoad("modeled.orders", 5),)), DatasetFacts("items")]
    >>> decide(facts, project_changed=False).reasons
    ('orders: landed up to load 7, modeled up to 5',)
    """
    ordered = sorted(facts, key=lambda fact: fact.name)
    gaps = {fact.name: fact.gap for fact in ordered if fact.gap}
    blocked = [Blocked("full refresh", gaps)] if full_refresh and gaps else []
    full_refresh = full_refresh and not gaps
    asked = ("a full refresh was asked for",) if full_refresh else ()
    is_new = project_changed and changes is None
    changed = ("the dbt project is new or has changed, or its last build broke",) if is_new else ()
    differing, others = (changes.datasets, changes.beside) if changes else (frozenset[str](), frozenset[str]())
    rebuilt = owed(ordered)
    for name in sorted(rebuilt):
        if lacking := {each: gaps[each] for each in sorted({name, *read_with.get(name, ())}) if each in gaps}:
            blocked.append(Blocked(f"rebuild of {name}", lacking))
            del rebuilt[name]
    unapplied = changes.unapplied - rebuilt.keys() if changes and not full_refresh else frozenset[str]()
    changed_names = sorted(differing | others)
    edited = tuple(f"{each}: its models have changed{UNAPPLIED if each in unapplied else ''}" for each in changed_names)
    for name in sorted(gaps.keys() & beside.keys()):
        if beside[name]:
            blocked.append(Blocked(f"{', '.join(beside[name])} lacks landed rows", {name: gaps[name]}))
    pending = {fact.name: reason for fact in ordered if (reason := _why_build(fact))}
    # An undo rebuilds what it concerns from the first row, and nothing else; the next plan looks again.
    is_again = look_again and not (asked or changed or rebuilt)
    again = ("what failed is looked at again: a reminder is due if it still does",) if is_again else ()
    whole = is_new or full_refresh or is_again
    named = rebuilt.keys() | pending.keys() | differing
    built = [fact for fact in ordered if whole or fact.name in named]
    return Plan(
        datasets=tuple(sorted({fact.name for fact in built} | (frozenset() if whole else differing))),
        reasons=(*asked, *changed, *edited, *rebuilt.values(), *pending.values(), *again),
        whole_project=whole,
        full_refresh=full_refresh,
        rows=sum(fact.landed_rows if full_refresh or fact.name in rebuilt else fact.new_rows for fact in built),
        beside=() if whole else tuple(sorted(others)),
        rebuilt=() if full_refresh else tuple(sorted(rebuilt)),
        blocked=tuple(blocked),
    )


def owed(facts: Iterable[DatasetFacts]) -> dict[str, str]:
    """List the data sets whose models must be built from the first row, and why; a gap keeps some from it."""
    return {fact.name: reason for fact in facts if (reason := _why_rebuild(fact))}


def _why_rebuild(fact: DatasetFacts) -> str | None:
    """Say why the models must be built from the first row: they hold rows that have been taken out of landing."""
    for file in fact.undone:
        if file.is_held:
            return f"{fact.name}: a file that {file.model} holds was undone (load {file.load_seq})"
    return None


def _why_build(fact: DatasetFacts) -> str | None:
    """Say why the models must be built: files that they have not taken in, or that are gone since the last run.

    The second matters after a failed gate: with its file undone nothing new has landed, and yet the next run passes.
    """
    modeled = min((load.upto_seq for load in fact.loads), default=0)
    if fact.newest_seq > modeled:
        return f"{fact.name}: landed up to load {fact.newest_seq}, modeled up to {modeled}"
    looked_at = fact.looked_at
    if any(looked_at is None or not file.was_known(fact.looked_upto, looked_at) for file in fact.undone):
        return f"{fact.name}: a file was undone since the last run"
    return None


def read_facts(
    query: Query,
    readers: Mapping[str, Set[str]],
    ledgers: Mapping[str, Set[str]],
    others: Iterable[str] = (),
) -> Facts:
    """Read what the warehouse says of the data sets, and what was told last, in one statement.

    `readers` has the models that take in each data set: one that never did, because a gate stopped it from the first
    row on, has no load on record, and yet all of it to take in. `ledgers`: which of LATER_COLUMNS each has; data sets
    that have never landed have none, and no facts. Of `others`, which no model takes in, only the newest landing is
    read.
    """
    known = {name: readers[name] for name in readers if name in ledgers}
    unread = {name: frozenset[str]() for name in others if name in ledgers and name not in known}
    said: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in query(facts_sql({**known, **unread}, ledgers)):
        said.setdefault((row["fact"], row["dataset"]), []).append(row)
    told = next(iter(said.get(("told", ""), [])), None)
    return Facts(
        datasets=[_facts_of(name, said) for name in known],
        told={"fingerprint": told["model"], "age_minutes": int(told["seq"])} if told else None,
        failing=frozenset(row["model"] for row in said.get(("failing", ""), [])),
        failure_age=next((int(row["seq"]) for row in said.get(("failure", ""), []) if row["seq"] is not None), None),
        newest={name: rows[0]["at"] for (fact, name), rows in said.items() if fact == "newest"},
    )


def _facts_of(name: str, said: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]) -> DatasetFacts:
    landed = next(iter(said.get(("landed", name), [])), {"seq": 0, "landed_rows": 0, "new_rows": 0})
    loads = sorted(said[("load", name)], key=lambda row: str(row["model"]))
    undone = said.get(("undone", name), [])
    looked = next(iter(said.get(("looked", name), [])), {"at": None, "upto": None})
    return DatasetFacts(
        name=name,
        newest_seq=int(landed["seq"]),
        landed_rows=int(landed["landed_rows"]),
        new_rows=int(landed["new_rows"]),
        undone=tuple(
            UndoneFile(
                int(row["seq"]),
                row["at"],
                row["model"],
                row["read_at"],
                _number(row["undone_seq"]),
                _number(row["upto"]),
            )
            for row in undone
        ),
        loads=tuple(ModelLoad(row["model"], int(row["seq"])) for row in loads),
        looked_at=looked["at"],
        looked_upto=_number(looked["upto"]),
        gap=sum(int(row["seq"]) for row in said.get(("gap", name), [])),
    )


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


# Which ledgers of earlier releases lack: whose rows were removed, and which file was undone by which transaction.
REMOVED_AT, UNDONE_SEQ = "removed_at", "undone_seq"
LATER_COLUMNS = (REMOVED_AT, UNDONE_SEQ)
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


def facts_sql(readers: Mapping[str, Set[str]], columns: Mapping[str, Set[str]] = _ALONE) -> str:
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
    select run_id, dataset, min(frozen_at) as frozen_at, max(upto_seq) as upto_seq
    from ops.run_bounds
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
