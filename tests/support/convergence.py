"""Schedules of files and runs, and what the modeled tables must hold after them: an independent telling of the law."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from hypothesis import strategies as st

from tests.support.model_warehouse import Moment
from tests.support.order_rows import flattened, flattened_file, item, items_file, order, orders_file
from tests.support.warehouse_seed import NOON, Row, SeedFile

# The models that a run makes anew; the views between them stay as they are.
ENTITY_MODELS = ("int_orders__checked", "orders", "int_order_items__checked", "order_items")
_STATUSES = ("placed", "paid", "unheard of")
_MOST_FILES = 4


class Act(Enum):
    """What a step of a schedule does."""

    LAND = "land a file"
    LAND_AMID_A_RUN = "land a file in the middle of a run"
    RUN = "run"
    RUN_AMID_A_RUN = "run in the middle of a run"
    UNDO = "undo a file that has landed"
    REPLAY = "land again what was undone"


@dataclass(frozen=True)
class Step:
    """One thing that happens; `moment` is of the run that something happens in the middle of."""

    act: Act
    file: SeedFile | None = None
    moment: Moment | None = None


_times = st.integers(min_value=0, max_value=3).map(lambda hours: NOON + timedelta(hours=hours))
_order_ids = st.sampled_from(["o-1", "o-2", None])
_item_ids = st.sampled_from(["i-1", "i-2"])
_operations = st.sampled_from([None, "U", "d"])
_orders = st.builds(order, _order_ids, st.sampled_from(_STATUSES), _times, op=_operations)
_items = st.builds(item, _item_ids, _order_ids, _times, quantity=st.sampled_from([2, 0]), op=_operations)
_moments = st.builds(Moment, st.sampled_from(sorted(Moment.EVENTS)), st.sampled_from(ENTITY_MODELS))


@st.composite
def _files(draw: st.DrawFn, number: int) -> SeedFile:
    name, modified_at = f"file-{number}", draw(_times)
    kind = draw(st.sampled_from(["order_summary", "order_items", "order_flattened"]))
    if kind == "order_summary":
        return orders_file(name, draw(st.lists(_orders, min_size=1, max_size=4)), modified_at)
    if kind == "order_items":
        return items_file(name, draw(st.lists(_items, min_size=1, max_size=4)), modified_at)
    apart = (lambda pair: pair[0]["order_id"], lambda pair: pair[1]["order_item_id"])
    pairs = draw(st.lists(st.tuples(_orders, _items), min_size=1, max_size=2, unique_by=apart))
    return flattened_file(name, [flattened(*pair) for pair in pairs], modified_at)


@st.composite
def schedules(draw: st.DrawFn) -> list[Step]:
    """Draw files that land in some order, some again, with runs and undos between them and in the middle of runs."""
    files = [draw(_files(number)) for number in range(draw(st.integers(min_value=2, max_value=_MOST_FILES)))]
    again = draw(st.lists(st.sampled_from(files), max_size=1))
    steps: list[Step] = []
    for file in draw(st.permutations([*files, *again])):
        is_amid = draw(st.sampled_from([False, False, True]))
        steps.append(Step(Act.LAND_AMID_A_RUN, file, draw(_moments)) if is_amid else Step(Act.LAND, file))
        then = draw(st.sampled_from([None, None, Act.RUN, Act.RUN_AMID_A_RUN, Act.UNDO]))
        if then is Act.UNDO:
            steps.append(Step(then, draw(st.sampled_from([step.file for step in steps if step.file]))))
        elif then:
            steps.append(Step(then, moment=draw(_moments)))
    return steps


def standing(schedule: Sequence[Step]) -> list[SeedFile]:
    """Return the files whose rows count in the end. An undone one stays undone, even if it comes again by itself."""
    landed = {step.file.file_id: step.file for step in schedule if step.file}
    last = {step.file.file_id: step.act for step in schedule if step.file and step.act in (Act.UNDO, Act.REPLAY)}
    undone = {file_id for file_id, act in last.items() if act is Act.UNDO}
    return [file for file_id, file in landed.items() if file_id not in undone]


def modeled_orders(files: Sequence[SeedFile]) -> dict[object, Row]:
    """Return the version of each order that must be modeled."""
    return _newest("order_id", files, {"order_summary": _as_it_is, "order_flattened": _order_of}, _is_good_order)


def modeled_items(files: Sequence[SeedFile]) -> dict[object, Row]:
    """Return the version of each item that must be modeled: only of orders that exist, or once did."""
    known = modeled_orders(files)
    sources = {"order_items": _as_it_is, "order_flattened": _item_of}
    return _newest(
        "order_item_id", files, sources, lambda row: _is_good_item(row) and (_deletes(row) or row["order_id"] in known)
    )


def _newest(
    key: str,
    files: Sequence[SeedFile],
    sources: Mapping[str, Callable[[Row], Row]],
    is_accepted: Callable[[Row], bool],
) -> dict[object, Row]:
    """Return the newest accepted row of each key, by business time, time and name of the file, and place in it."""
    versions = [
        ((row["updated_at"], file.modified_at, file.key, number), row)
        for file in files
        for number, row in enumerate(map(sources.get(file.dataset, _nothing), file.rows))
        if row and is_accepted(row)
    ]
    return {row[key]: row for _, row in sorted(versions, key=lambda version: version[0])}


def _as_it_is(row: Row) -> Row:
    return row


def _nothing(row: Row) -> Row:
    return {}


def _order_of(row: Row) -> Row:
    return {**row, "updated_at": row["order_updated_at"], "op": None}


def _item_of(row: Row) -> Row:
    return {**row, "updated_at": row["item_updated_at"], "op": None}


def _deletes(row: Row) -> bool:
    return bool(row["op"] == "d")


def _is_good_order(row: Row) -> bool:
    return row["order_id"] is not None and (_deletes(row) or row["order_status"] != "unheard of")


def _is_good_item(row: Row) -> bool:
    return _deletes(row) or (row["order_id"] is not None and row["quantity"] != 0)
