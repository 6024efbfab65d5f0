"""What an operator changes sets the mark, without which sweeps leave the warehouse asleep; else nothing is changed."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.tell.mark import ChangeMark
from landfall.operate import marking, pausing
from tests.land.test_mark import changes
from tests.land.warehouse import new_dataset
from tests.landfall.conftest import Desk

REFUSED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not allowed"}}, "UpdateItem")

COMMANDS: dict[str, Callable[[FileVersion, str], list[str]]] = {
    "undo": lambda file, _: ["undo", file.key],
    "evolve": lambda _, dataset: ["evolve", dataset, "n", "varchar"],
    "drop-dataset": lambda _, dataset: ["drop-dataset", dataset, "--yes"],
    "replay": lambda file, _: ["replay", file.key],
    "resume": lambda *_: ["resume"],
}


class Refused:
    """The mark, but that it cannot be set from the `nth` time on."""

    def __init__(self, mark: ChangeMark, nth: int) -> None:
        self.mark, self.left = mark, nth - 1

    def set(self) -> None:
        """Set it, or fail."""
        if not self.left:
            raise REFUSED
        self.left -= 1
        self.mark.set()


@pytest.fixture
def turned(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return what was turned on and off; this desk has no event source and no schedule (tests/end_to_end has)."""
    found: list[bool] = []

    def turn(_: Any, *, on: bool) -> list[Any]:
        found.append(on)
        return []

    monkeypatch.setattr(pausing, "turn", turn)
    return found


@pytest.fixture
def landed(desk: Desk) -> tuple[FileVersion, str]:
    """Return a file that has landed, and its dataset."""
    dataset = new_dataset()
    file = desk.land.put(f"raw/{dataset}/a.parquet", pa.table({"n": [1]}))
    desk.function.receive(file)
    return file, dataset


def state(desk: Desk, dataset: str, turned: list[bool]) -> list[Any]:
    """Return all that the commands could change."""
    columns = desk.land.rows(
        "select column_name, data_type from svv_columns "  # noqa: S608 - our names
        f"where table_schema = 'landing' and table_name = '{dataset}' order by 1"
    )
    return [columns, desk.land.count(f"landing.{dataset}"), desk.messages(), list(turned)]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_changes_something_sets_the_mark_before_and_after(
    desk: Desk, landed: tuple[FileVersion, str], turned: list[bool], name: str
) -> None:
    before = changes(desk.land)
    desk.landfall(*COMMANDS[name](*landed))
    assert changes(desk.land) == before + 2


@pytest.mark.parametrize("name", COMMANDS)
def test_where_the_mark_cannot_be_set_nothing_is_changed(
    desk: Desk, landed: tuple[FileVersion, str], turned: list[bool], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(desk, landed[1], turned)
    monkeypatch.setitem(vars(desk.stack), "mark", Refused(desk.stack.mark, 1))
    said = desk.landfall(*COMMANDS[name](*landed), exits=3)
    assert said.startswith("nothing was changed: ")
    assert "dynamodb:UpdateItem" in said
    assert state(desk, landed[1], turned) == before


@pytest.mark.parametrize("name", COMMANDS)
def test_where_it_cannot_be_set_afterwards_the_way_on_is_told(
    desk: Desk, landed: tuple[FileVersion, str], turned: list[bool], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(desk.stack), "mark", Refused(desk.stack.mark, 2))
    said = desk.landfall(*COMMANDS[name](*landed), exits=3)
    assert said.endswith("the change is made; let it be modeled: landfall transform")


@pytest.mark.parametrize(("nth", "notes"), [(3, 0), (2, 1)], ids=["the mark is set", "it cannot be set"])
def test_a_change_that_fails_says_why_and_is_not_called_made(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, nth: int, notes: int
) -> None:
    before = changes(desk.land)
    monkeypatch.setitem(vars(desk.stack), "mark", Refused(desk.stack.mark, nth))
    with pytest.raises(ConfigError, match="the change broke") as failed, marking.changing(desk.stack):
        raise ConfigError("the change broke")
    said = getattr(failed.value, "__notes__", [])
    assert len(said) == notes
    assert all(note.endswith("whatever of the change is made, let it be modeled: landfall transform") for note in said)
    assert changes(desk.land) == before + 2 - notes


@pytest.mark.parametrize("arguments", [["status"], ["history"], ["pause"]])
def test_a_command_that_only_looks_or_stops_landing_leaves_the_mark(
    desk: Desk, turned: list[bool], arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = changes(desk.land)
    monkeypatch.setattr(pausing, "is_paused", lambda _: False)
    desk.landfall(*arguments)
    assert changes(desk.land) == before


def test_a_dry_run_leaves_it(desk: Desk, landed: tuple[FileVersion, str]) -> None:
    before = changes(desk.land)
    desk.landfall("evolve", landed[1], "n", "varchar", "--dry-run")
    assert changes(desk.land) == before
