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

# An undo stamps its files before it commits: a run that began shortly after the stamp may have read them still. Such a
# run is repeated, which costs time; to miss one would cost correctness.
_UNDO_MARGIN = timedelta(seconds=5)


@dataclass(frozen=True)
class UndoneFile:
    """A file that `landfall undo` took out of landing, as one model saw it.

    `read_at` is the start of the last run that took the file's load into `model`; both are None when no run did.
    """

    load_seq: int
    undone_at: datetime
    model: str | None = None
    read_at: datetime | None = None

    @property
    def is_held(self) -> bool:
        """Tell whether the model may hold rows of the file: it was read before, or while, the file was undone."""
        return self.read_at is not None and self.undone_at > self.read_at - _UNDO_MARGIN


@dataclass(frozen=True)
class ModelLoad:
    """How far a model has taken in a data set."""

    model: str
    upto_seq: int


@dataclass(frozen=True)
class DatasetFacts:
    """What the warehouse says of one data set. `newest_seq` is of files not undone, 0 for none.

    `landed_rows` are all of its rows, `new_rows` those that some model has not taken in.
    """

    name: str
    newest_seq: int = 0
    landed_rows: int = 0
    new_rows: int = 0
    undone: tuple[UndoneFile, ...] = ()
    loads: tuple[ModelLoad, ...] = ()
    looked_at: datetime | None = None  # the start of the last run


@dataclass(frozen=True)
class Plan:
    """What to build. Without datasets, and `whole_project` false, there is nothing to do."""

    datasets: tuple[str, ...]
    reasons: tuple[str, ...]
    whole_project: bool
    full_refresh: bool
    rows: int = 0  # to build from

    @property
    def select(self) -> list[str]:
        """Return dbt's selection: everything downstream of the data sets; empty for the whole project.

        >>> Plan(("order_items", "order_summary"), (), False, False).select
        ['source:landing.order_items+', 'source:landing.order_summary+']
        """
        return [] if self.whole_project else [f"source:landing.{name}+" for name in self.datasets]

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
            "build": self.whole_project or bool(self.datasets),
            "parts": list(entities) if is_split else [""],
            "entities": list(entities),
        }


def decide(facts: Iterable[DatasetFacts], *, project_changed: bool, full_refresh: bool = False) -> Plan:
    """Decide what to build.

    `project_changed`: this version of the dbt project has not been built whole, so all of it is. `full_refresh`: the
    operator asks for everything anew.

    >>> facts = [DatasetFacts("orders", 7, loads=(ModelLoad("modeled.orders", 5),)), DatasetFacts("items")]
    >>> decide(facts, project_changed=False).reasons
    ('orders: landed up to load 7, modeled up to 5',)
    """
    ordered = sorted(facts, key=lambda fact: fact.name)
    asked = ("a full refresh was asked for",) if full_refresh else ()
    changed = ("the dbt project is new or has changed",) if project_changed else ()
    rebuilt = {fact.name: reason for fact in ordered if (reason := _why_rebuild(fact))}
    pending = {fact.name: reason for fact in ordered if (reason := _why_build(fact))}
    whole = project_changed or full_refresh
    built = [fact for fact in ordered if whole or fact.name in rebuilt or fact.name in pending]
    is_full = full_refresh or bool(rebuilt)
    return Plan(
        datasets=tuple(fact.name for fact in built),
        reasons=(*asked, *changed, *rebuilt.values(), *pending.values()),
        whole_project=whole,
        full_refresh=is_full,
        rows=sum(fact.landed_rows if is_full else fact.new_rows for fact in built),
    )


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
    if any(fact.looked_at is None or file.undone_at >= fact.looked_at for file in fact.undone):
        return f"{fact.name}: a file was undone since the last run"
    return None


def read_facts(query: Query, readers: Mapping[str, Set[str]]) -> list[DatasetFacts]:
    """Read what the warehouse says of the data sets; those that have never landed have no ledger, and no facts.

    `readers` has the models that take in each data set: one that never did, because a gate stopped it from the first
    row on, has no load on record, and yet all of it to take in.
    """
    ledgers = {row["tablename"] for row in query("select tablename from pg_tables where schemaname = 'ledger'")}
    known = [name for name in readers if name in ledgers]
    if not known:
        return []
    recorded = _grouped(query(LOADS_SQL))
    loads = {name: _loads(recorded.get(name, ()), readers[name]) for name in known}
    watermarks = {name: min((load.upto_seq for load in loads[name]), default=0) for name in known}
    landed = {row["dataset"]: row for row in query(landed_sql(watermarks))}
    undone = _grouped(query(undone_sql(known)))
    looked = {row["dataset"]: row["looked_at"] for row in query(LOOKED_SQL)}
    return [
        DatasetFacts(
            name=name,
            newest_seq=landed[name]["newest_seq"],
            landed_rows=int(landed[name]["landed_rows"]),
            new_rows=int(landed[name]["new_rows"]),
            undone=tuple(
                UndoneFile(row["load_seq"], row["undone_at"], row["model"], row["read_at"])
                for row in undone.get(name, [])
            ),
            loads=loads[name],
            looked_at=looked.get(name),
        )
        for name in known
    ]


def _loads(recorded: Iterable[Mapping[str, Any]], readers: Set[str]) -> tuple[ModelLoad, ...]:
    """Return how far each reader has come.

    >>> _loads([{"model": "modeled.items", "upto_seq": 5}], {"modeled.items", "modeled.orders"})
    (ModelLoad(model='modeled.items', upto_seq=5), ModelLoad(model='modeled.orders', upto_seq=0))
    """
    upto = {row["model"]: row["upto_seq"] for row in recorded}
    return tuple(ModelLoad(model, upto.get(model, 0)) for model in sorted(readers))


def _grouped(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["dataset"], []).append(row)
    return groups


def landed_sql(watermarks: Mapping[str, int]) -> str:
    """Build the query of each data set's newest load and its rows, those above the watermark apart.

    Names are dbt sources of the project, of the form [a-z0-9_].

    >>> print(landed_sql({"orders": 5}))
    select
        'orders' as dataset,
        coalesce(max(load_seq), 0) as newest_seq,
        coalesce(sum(row_count), 0) as landed_rows,
        coalesce(sum(case when load_seq > 5 then row_count end), 0) as new_rows
    from ledger."orders" where undone_at is null
    """
    return "\nunion all\n".join(
        f"""select
    '{name}' as dataset,
    coalesce(max(load_seq), 0) as newest_seq,
    coalesce(sum(row_count), 0) as landed_rows,
    coalesce(sum(case when load_seq > {upto_seq} then row_count end), 0) as new_rows
from ledger."{name}" where undone_at is null"""  # noqa: S608 - names of our own project
        for name, upto_seq in watermarks.items()
    )


def undone_sql(datasets: Sequence[str]) -> str:
    """Build the query of the undone files, which are few, with the last run that read each into a model.

    >>> undone_sql(["orders", "items"]).count("union all")
    1
    """
    return "\nunion all\n".join(
        f"""select
    '{name}' as dataset,
    files.load_seq,
    files.undone_at,
    loads.model,
    max(bounds.frozen_at) as read_at
from ledger."{name}" as files
left join ops.model_loads as loads
    on loads.dataset = '{name}' and files.load_seq > loads.from_seq and files.load_seq <= loads.upto_seq
left join ops.run_bounds as bounds
    on bounds.dataset = '{name}' and bounds.run_id = loads.run_id
where files.undone_at is not null
group by files.load_seq, files.undone_at, loads.model"""  # noqa: S608 - names of our own project
        for name in datasets
    )


LOADS_SQL = "select model, dataset, max(upto_seq) as upto_seq from ops.model_loads group by model, dataset"

LOOKED_SQL = "select dataset, max(frozen_at) as looked_at from ops.run_bounds group by dataset"
