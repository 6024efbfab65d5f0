"""Feeds of changes, each ordered in its own way, and what the modeled customers must be: an independent telling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from dbt.artifacts.resources.v1.components import ColumnInfo
from hypothesis import strategies as st

from tests.support.convergence import Act, Step
from tests.support.model_warehouse import ModelWarehouse, Moment
from tests.support.order_rows import customer, customers_file
from tests.support.warehouse_seed import NOON, Row, SeedFile

SOURCE = "source.landfall.landing.customers"
MODELS = ("stg_customers", "int_customers__checked", "customers")
STORED_AGAIN = "stored_again_with_other_rows"
_NO_SEQUENCE = -1


@dataclass(frozen=True)
class Feed:
    """How the changes of customers are declared; `columns`, with their types, are those that it needs in landing."""

    name: str
    changes: Mapping[str, Any]
    columns: Mapping[str, str] = field(default_factory=lambda: {"lsn": "varchar(65535)"})

    @property
    def order(self) -> str:
        """Say what orders all rows."""
        return str(self.changes.get("order", "time"))

    def __str__(self) -> str:
        """Name it, as a test's id."""
        return self.name


FEEDS = (
    Feed("by time and sequence", {"operation": "op", "sequence": ["lsn"]}),
    Feed("by sequence", {"operation": "op", "sequence": ["lsn"], "order": "sequence"}),
    Feed("by file", {"operation": "op", "order": "file"}),
)
# In the order of the numbers that they are; as texts they sort otherwise.
LSNS = ("0/9", "0/10", "0/A0", "16/B374D848", "100/0")

_times = st.integers(min_value=0, max_value=2).map(lambda hours: NOON + timedelta(hours=hours))
_keys = st.sampled_from(["c-1", "c-2"])
_lsns = st.sampled_from([None, *LSNS])


def _key_only(key: str, lsn: str | None) -> Row:
    return dict.fromkeys(customer(key)) | {"customer_id": key, "op": "D", "lsn": lsn}


_upserts = st.builds(
    lambda key, at, country, op, lsn: customer(key, at, country=country, op=op, lsn=lsn),
    _keys,
    _times,
    st.sampled_from(["DE", "FR", "of no country"]),
    st.sampled_from([None, "I", "U"]),
    _lsns,
)
_deletes = st.builds(lambda key, at, lsn: customer(key, at, op="D", lsn=lsn), _keys, _times, _lsns)
_rows = st.one_of(_upserts, _upserts, _deletes, st.builds(_key_only, _keys, _lsns))
_moments = st.builds(Moment, st.sampled_from(sorted(Moment.EVENTS)), st.sampled_from(MODELS[1:]))


@st.composite
def _files(draw: st.DrawFn, number: int) -> SeedFile:
    rows = draw(st.lists(_rows, min_size=1, max_size=6))
    return customers_file(f"file-{number}", rows, draw(_times))


@st.composite
def schedules(draw: st.DrawFn) -> list[Step]:
    """Draw files that land in some order; one is stored again under its key, as it is or with other rows; runs, and
    undos of a file, after which it may land again.
    """
    files = [draw(_files(number)) for number in range(draw(st.integers(min_value=2, max_value=3)))]
    rows = draw(st.sampled_from([files[0].rows, files[0].rows, files[1].rows]))
    again = replace(files[0], version="2", modified_at=draw(_times), rows=rows)
    steps: list[Step] = []
    for file in draw(st.permutations([*files, *draw(st.lists(st.just(again), max_size=1))])):
        is_amid = draw(st.sampled_from([False, False, True]))
        steps.append(Step(Act.LAND_AMID_A_RUN, file, draw(_moments)) if is_amid else Step(Act.LAND, file))
        then = draw(st.sampled_from([None, Act.RUN, Act.RUN, Act.UNDO]))
        if then is Act.UNDO:
            undone = draw(st.sampled_from([step.file for step in steps if step.file]))
            steps += [Step(then, undone), *draw(st.sampled_from([[], [Step(Act.REPLAY, undone)]]))]
            if steps[-1].act is Act.REPLAY and draw(st.booleans()):
                steps.insert(-1, Step(Act.RUN))
        elif then:
            steps.append(Step(then))
    return steps


def modeled(feed: Feed, files: Sequence[SeedFile]) -> list[tuple[object, ...]]:
    """Return key, country and whether it is deleted, of each customer that must be modeled."""
    return [
        (key, None if row["op"] == "D" else row["country"], row["op"] == "D")
        for key, (_, row) in sorted(_newest(feed, files).items())
    ]


def unplaced(feed: Feed, files: Sequence[SeedFile]) -> list[tuple[object, ...]]:
    """Return key and reason of the deletes that nobody can order, which must stay in sight.

    Of a file that was stored again with other rows the second time is known: what is newer than that is newer than the
    delete.
    """
    newest = _newest(feed, files)
    return sorted(
        (row["customer_id"], reason)
        for file, number, row in _numbered(files)
        if (reason := _why_not(feed, files, file, row)) and row["op"] == "D"
        if not (
            reason == STORED_AGAIN
            and row["customer_id"] in newest
            and newest[row["customer_id"]][0] > _place(feed, file.modified_at, file, number, row)
        )
    )


def _newest(feed: Feed, files: Sequence[SeedFile]) -> dict[str, tuple[tuple[Any, ...], Row]]:
    """Return the newest accepted version of each key, with its place in the order."""
    accepted = [
        (_place(feed, _counts_from(files, file), file, number, row), row)
        for file, number, row in _numbered(files)
        if _why_not(feed, files, file, row) is None
    ]
    return {row["customer_id"]: (place, row) for place, row in sorted(accepted, key=lambda version: version[0])}


def _numbered(files: Sequence[SeedFile]) -> Iterator[tuple[SeedFile, int, Row]]:
    for file in files:
        for number, row in enumerate(file.rows, start=1):
            yield file, number, row


def _place(feed: Feed, copied_at: datetime, file: SeedFile, number: int, row: Row) -> tuple[Any, ...]:
    if feed.order == "file":
        return copied_at, file.key, file.file_id, number
    by_file = (file.modified_at, file.key, file.file_id, number)
    by_sequence = (_number(row), *by_file)
    return by_sequence if feed.order == "sequence" else (row["updated_at"] or row["created_at"], *by_sequence)


def _first(files: Sequence[SeedFile], file: SeedFile) -> SeedFile:
    """Return the version of a file that was stored first, whichever landed first."""
    return min((each for each in files if each.key == file.key), key=lambda each: (each.modified_at, each.file_id))


def _is_copy(files: Sequence[SeedFile], file: SeedFile) -> bool:
    """Tell whether a file has the rows that it had when it was stored first; `lsn` is no column of a customer."""
    told, first = (
        [{**row, "op": row["op"] or "U", "lsn": None} for row in version.rows]
        for version in (file, _first(files, file))
    )
    return told == first


def _counts_from(files: Sequence[SeedFile], file: SeedFile) -> datetime:
    """Return when a file was stored; a copy of what it was counts as the first."""
    return _first(files, file).modified_at if _is_copy(files, file) else file.modified_at


def _number(row: Row) -> int:
    return _NO_SEQUENCE if row["lsn"] is None else LSNS.index(row["lsn"])


def _why_not(feed: Feed, files: Sequence[SeedFile], file: SeedFile, row: Row) -> str | None:
    """Say why a row is not modeled; None where it may be."""
    if feed.order == "file" and not _is_copy(files, file):
        return STORED_AGAIN
    if row["op"] != "D":
        return "country_malformed" if row["country"] == "of no country" else None
    if feed.order == "time":
        return "delete_without_time" if row["updated_at"] is None else None
    if feed.order == "sequence":
        return "delete_without_sequence" if row["lsn"] is None else None
    return None


@contextmanager
def declared(warehouse: ModelWarehouse, feed: Feed) -> Iterator[None]:
    """Let the source of customers declare the feed, and landing have its columns; as it was, afterwards."""
    assert warehouse.manifest is not None
    source = warehouse.manifest.sources[SOURCE]
    columns, changes = dict(source.columns), source.config.meta["changes"]
    for name, type_ in feed.columns.items():
        warehouse.loader.run(f"alter table landing.customers add column {name} {type_}")
        source.columns[name] = ColumnInfo(name, data_type=type_)
    try:
        source.config.meta["changes"] = dict(feed.changes)
        warehouse.manifest.build_flat_graph()
        yield
    finally:
        source.columns, source.config.meta["changes"] = columns, changes
        warehouse.manifest.build_flat_graph()
        warehouse.empty()
        warehouse.run_green("--select", "stg_customers")
        warehouse.loader.run(*(f"alter table landing.customers drop column {name}" for name in feed.columns))
