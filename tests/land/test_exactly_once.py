"""Whatever happens, in whatever order: every good file version lands once, or not at all and is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import FileOutcome, Status
from landfall.operate.undos import undo
from tests.land.flaky_data_api import FlakyDataApi
from tests.land.invariants import assert_load_numbers_were_given_once, assert_nothing_is_half_there
from tests.land.warehouse import Land, new_dataset

KEYS = ("a.parquet", "b.parquet", "c.parquet")


@dataclass(frozen=True)
class Upload:
    """Somebody writes a new version of a key; `is_wide`: it brings a column more and wider numbers."""

    key: str
    rows: int
    is_wide: bool


@dataclass(frozen=True)
class Spoil:
    """Somebody writes a version of a key that is no parquet file."""

    key: str


@dataclass(frozen=True)
class Delete:
    """Somebody deletes a key: a marker hides its versions, or its last version goes for good."""

    key: str
    for_good: bool


@dataclass(frozen=True)
class Deliver:
    """Events come, doubled and in any order, to several functions at once; each may fail at a call of the Data API.

    An event is counted from the last upload backwards, a failing call from the first; call 0 is none.
    """

    batches: tuple[tuple[int, ...], ...]
    fails_at: int
    answer_lost: bool


@dataclass(frozen=True)
class Undo:
    """An operator takes back what landed last under a key."""

    key: str


Action = Upload | Spoil | Delete | Deliver | Undo
keys = st.sampled_from(KEYS)
batch = st.lists(st.integers(0, 5), min_size=1, max_size=4).map(tuple)
ACTIONS: st.SearchStrategy[Action] = st.one_of(
    st.builds(Upload, keys, st.integers(1, 3), st.booleans()),
    st.builds(Deliver, st.lists(batch, min_size=1, max_size=2).map(tuple), st.integers(0, 12), st.booleans()),
    st.builds(Spoil, keys),
    st.builds(Delete, keys, st.booleans()),
    st.builds(Undo, keys),
)


@dataclass
class Life:
    """A dataset's life: what was uploaded (version -> rows, 0 for a bad file), and what has become of it."""

    land: Land
    dataset: str = field(default_factory=new_dataset)
    rows: dict[FileVersion, int] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    undone: set[str] = field(default_factory=set)
    landed: dict[str, int] = field(default_factory=dict)

    def act(self, action: Action) -> None:
        """Let something happen, and look whether all is well."""
        match action:
            case Upload(key, rows, is_wide):
                self._put(key, table(rows, is_wide), rows)
            case Spoil(key):
                self._put(key, b"nonsense", 0)
            case Delete(key, for_good):
                self._delete(key, for_good)
            case Deliver(batches, fails_at, answer_lost):
                self._deliver(batches, fails_at, answer_lost)
            case Undo(key):
                self._undo(key)
        self.look()

    def look(self) -> None:
        """Nothing is half there; what has landed stays so, once, unless it was undone."""
        found = assert_nothing_is_half_there(self.land, self.dataset)
        assert set(self.landed) <= set(found)
        for file in self.rows:
            if file.file_id in found:
                assert found[file.file_id] == (0 if file.file_id in self.undone else self.rows[file])
        self.landed = found

    def end(self) -> None:
        """Deliver every event once more, and see that everything good that can still be read has landed."""
        outcomes = self.land.function().receive(*self.rows) if self.rows else []
        assert Status.RETRIED not in {outcome.status for outcome in outcomes}, outcomes
        self.look()
        good = {file.file_id for file, rows in self.rows.items() if rows}
        assert good - self.lost <= set(self.landed) <= good
        if self.landed:
            assert_load_numbers_were_given_once(self.land, self.dataset)

    def _put(self, key: str, content: pa.Table | bytes, rows: int) -> None:
        self.rows[self.land.put(self._path(key), content)] = rows

    def _path(self, key: str) -> str:
        return f"raw/{self.dataset}/{key}"

    def _delete(self, key: str, for_good: bool) -> None:
        versions = [file for file in self.rows if file.key == self._path(key) and file.file_id not in self.lost]
        if versions and for_good:
            self.lost.add(versions[-1].file_id)
            self._delete_object(VersionId=versions[-1].version_id, Key=versions[-1].key)
        else:
            self._delete_object(Key=self._path(key))

    def _delete_object(self, **named: str) -> None:
        self.land.client("s3").delete_object(Bucket=self.land.bucket, **named)

    def _deliver(self, batches: Sequence[Sequence[int]], fails_at: int, answer_lost: bool) -> None:
        files = list(self.rows)[::-1]
        if not files:
            return
        api = FlakyDataApi(self.land.client("redshift-data"), fails_at, answer_lost=answer_lost)
        functions = [self.land.function(api), *(self.land.function() for _ in batches[1:])]

        def receive(number: int) -> list[FileOutcome]:
            return functions[number].receive(*(files[event % len(files)] for event in batches[number]))

        with ThreadPoolExecutor(len(batches)) as pool:
            outcomes = [outcome for part in pool.map(receive, range(len(batches))) for outcome in part]
        good = {file.file_id for file, rows in self.rows.items() if rows}
        for outcome in outcomes:
            is_good = outcome.file.file_id in good
            assert is_good or outcome.status in {Status.REJECTED, Status.GONE, Status.RETRIED}, outcome
            assert not is_good or outcome.status is not Status.REJECTED, outcome

    def _undo(self, key: str) -> None:
        landed = [file for file in self.rows if file.key == self._path(key) and file.file_id in self.landed]
        if landed:
            self.undone.add(undo(self.land.warehouse, self.land.bucket, self._path(key)).version.file_id)


def table(rows: int, is_wide: bool) -> pa.Table:
    if is_wide:
        return pa.table({"more": ["x"] * rows, "id": pa.array([2**40] * rows, pa.int64())})
    return pa.table({"id": pa.array(range(rows), pa.int32()), "name": ["é"] * rows})


# An example takes a second: a failing one is shown as it is, not made smaller.
@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(ACTIONS, min_size=3, max_size=8))
def test_every_good_version_lands_once_whatever_happens(land: Land, actions: list[Action]) -> None:
    life = Life(land)
    for action in actions:
        life.act(action)
    life.end()
