"""MODEL: decide what must be built. In: what the warehouse says (`Facts`), and what of the project has changed.

Out: a `Plan`. The warehouse decides, not the event that started the run: a lost or repeated event changes nothing.
`decide` is pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from typing import Any

from transform_lambda.changes import Changes
from transform_lambda.facts import DatasetFacts

NEXT_RUN = "landfall transform --wait"
FULL_REFRESH = "landfall transform --full-refresh --wait"
WITHDRAW = "landfall transform --withdraw-full-refresh"


@dataclass(frozen=True)
class Blocked:
    """What is not built from the first row, or reads all landed rows each time: landing lacks rows of `gaps`."""

    what: str
    gaps: Mapping[str, int]  # files without rows, by data set
    next_run: str = NEXT_RUN  # what does it once they are back

    def failing(self) -> dict[str, Any]:
        """Tell of it as of a failed gate: it stops something, and there is a way out."""
        backfills = [f"landfall backfill raw/ --dataset {name} --removed" for name in sorted(self.gaps)]
        return {
            "gate": f"{self.what}: rows were removed from landing",
            "failures": sum(self.gaps.values()),
            "files": [],
            "examples": [],
            "remedy": [*backfills, self.next_run],
        }


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


UNAPPLIED = (
    "; what is modeled stays as it was, what waits as it was staged: landfall transform --full-refresh makes both anew"
)
_ALONE: Mapping[str, Set[str]] = {}
_NONE: Mapping[str, Sequence[str]] = {}


def decide(
    facts: Iterable[DatasetFacts],
    *,
    project_changed: bool,
    full_refresh: bool = False,
    look_again: bool = False,
    changes: Changes | None = None,
    is_remade: bool = False,
    read_with: Mapping[str, Set[str]] = _ALONE,
    beside: Mapping[str, Sequence[str]] = _NONE,
) -> Plan:
    """Decide what to build.

    `project_changed`: this version of the dbt project is not known to stand whole, so all of it is built, or what has
    `changes` where nothing else differs. `is_remade`: rows that were staged before may mean something else by it.
    `full_refresh`: the operator asks for everything anew. `look_again`: a failure that was told is to be told again if
    it holds. That of a gate behind an UPSERT leaves no data set to be built, so then the whole project is.
    `read_with`: the data sets that are read from their first rows where one is rebuilt. All of them must be whole.
    `beside`: the models that read all landed rows of a data set each time. They are built, and a gap is told.

    >>> from transform_lambda.facts import ModelLoad
    >>> facts = [DatasetFacts("orders", 7, loads=(ModelLoad("modeled.orders", 5),)), DatasetFacts("items")]
    >>> decide(facts, project_changed=False).reasons
    ('orders: landed up to load 7, modeled up to 5',)
    """
    ordered = sorted(facts, key=lambda fact: fact.name)
    gaps = {fact.name: fact.gap for fact in ordered if fact.gap}
    blocked = [Blocked("full refresh", gaps, FULL_REFRESH)] if full_refresh and gaps else []
    full_refresh = full_refresh and not gaps
    asked = ("a full refresh was asked for",) if full_refresh else ()
    is_new = project_changed and changes is None
    # Which rows mean something else by a macro or a variable, nobody can tell.
    is_unapplied = is_remade and not full_refresh and any(load.upto_seq for fact in ordered for load in fact.loads)
    new = f"the dbt project is new or has changed, or its last build broke{UNAPPLIED if is_unapplied else ''}"
    changed = (new,) if is_new else ()
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


def next_run(plan: Mapping[str, Any]) -> str:
    """Return the command that does what a plan was for, once what has stopped it is mended."""
    return FULL_REFRESH if plan.get("full_refresh") else NEXT_RUN


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
