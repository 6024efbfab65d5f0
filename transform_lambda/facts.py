"""MODEL: what the warehouse says of what landed (ledger) and what was modeled (ops), for a plan to be decided by.

In: a query function, and which models read which data set. Out: `Facts`. `read_facts` asks the warehouse one question,
however many files there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from transform_lambda.dbt_runtime import Query
from transform_lambda.facts_sql import facts_sql

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
