"""Moments that are written as text, in CSV and in the names of folders, say by their zones what they are."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from datetime import datetime

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.clock import Clock
from ingest_lambda.judge.clocks import MEANS
from ingest_lambda.judge.contracts import Contract, parse_contract
from ingest_lambda.load.outcomes import Status
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.statements import Column
from landfall.operate.undos import undo
from tests.land.test_clocks import DECLARED, OTHER, table_of
from tests.land.warehouse import Land, new_dataset

CSV = {
    "formats": ["csv"],
    "columns": [{"name": "id", "data_type": "bigint"}, {"name": "at", "data_type": "timestamp"}],
}
WRITTEN = {Clock.WALL: b"2026-03-01 12:00:00", Clock.INSTANT: b"2026-03-01T14:00:00+02:00"}
FOLDERS = {Clock.WALL: "at=2026-03-01 12%3A00%3A00", Clock.INSTANT: "at=2026-03-01T12%3A00%3A00Z"}


def csv_of(*clocks: Clock | bytes) -> bytes:
    return b"id,at\n" + b"".join(
        b"%d,%s\n" % (n, WRITTEN[clock] if isinstance(clock, Clock) else clock) for n, clock in enumerate(clocks)
    )


@pytest.mark.parametrize("together", [1, 2])
@pytest.mark.parametrize("first", list(Clock))
def test_folders_say_by_their_zones_what_they_are(land: Land, first: Clock, together: int) -> None:
    dataset, without = new_dataset(), pa.table({"id": [1]})

    def receive(folder: str, table: pa.Table = without) -> set[tuple[Status, str | None]]:
        files = [land.put(f"raw/{dataset}/{folder}/{n}.parquet", table) for n in range(together)]
        return {(each.status, each.reason) for each in land.function().receive(*files)}

    landed, refused = {(Status.LANDED, None)}, {(Status.REJECTED, Reason.CLOCK_MISMATCH)}
    assert receive("at=2026-03-01", table_of(first, at=datetime(2026, 3, 1))) == landed
    assert receive(FOLDERS[OTHER[first]]) == refused
    assert receive(FOLDERS[first]) == landed
    assert receive("at=2026-03-02") == landed  # a day alone is neither
    assert receive("2026", table_of(OTHER[first])) == refused
    land.contracts[dataset] = DECLARED
    assert receive(FOLDERS[OTHER[first]]) == landed
    assert land.count(f"landing.{dataset}") == 4 * together


def test_what_folders_have_brought_is_what_files_are_held_against(land: Land) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = Contract(columns=(Column("at", sqltypes.TIMESTAMP),))
    folder, files = FOLDERS[Clock.WALL], {clock: table_of(clock) for clock in Clock}
    [outcome] = land.function().receive(land.put(f"raw/{dataset}/{folder}/0.parquet", pa.table({"id": [1]})))
    assert outcome.status is Status.LANDED
    [outcome] = land.function().receive(land.put(f"raw/{dataset}/1.parquet", files[Clock.INSTANT]))
    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.CLOCK_MISMATCH)
    [outcome] = land.function().receive(land.put(f"raw/{dataset}/2.parquet", files[Clock.WALL]))
    assert outcome.status is Status.LANDED


@pytest.mark.parametrize("first", list(Clock))
def test_texts_say_by_their_zones_what_they_are(land: Land, first: Clock) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = parse_contract(CSV)
    other = OTHER[first]
    files = [
        land.put(f"raw/{dataset}/{number}.{kind}", content)
        for number, (kind, content) in enumerate(
            [
                ("csv", csv_of(b"2026-03-01", b"")),  # says nothing
                ("csv", csv_of(first, first)),
                ("csv", csv_of(other)),
                ("csv", csv_of(first, other)),
                ("parquet", table_of(other)),
                ("parquet", table_of(first)),
                ("csv", csv_of(first, b"")),
            ]
        )
    ]
    refused = [None, None, *[Reason.CLOCK_MISMATCH] * 3, None, None]

    together = land.function().receive(*files)

    assert [outcome.reason for outcome in together] == refused
    assert together[2].verdict is not None
    assert together[2].verdict.found == f"{MEANS[other]}, as text"
    for function in (land.function(), land.function()):
        one_by_one = [function.receive(file)[0] for file in files]
        assert [each.reason for each in one_by_one if each.status is Status.REJECTED] == [Reason.CLOCK_MISMATCH] * 3
    undo(land.warehouse, land.bucket, files[1].key)
    undo(land.warehouse, land.bucket, files[5].key)
    undo(land.warehouse, land.bucket, files[6].key)
    assert function.receive(files[2])[0].status is Status.LANDED
    again = function.receive(files[1])[0]
    assert (again.status, again.reason) == (Status.DUPLICATE, "undone")
    land.contracts[dataset] = parse_contract({**CSV, "wall_clocks": {"at": "UTC"}})
    assert {each.status for each in land.function().receive(files[3], files[4])} == {Status.LANDED}
    assert land.count(f"landing.{dataset}") == 2 + 1 + 2 + 1
    moments = land.rows(f"select distinct at from landing.{dataset} where at is not null order by at")
    assert [str(row["at"]) for row in moments] == ["2026-03-01 00:00:00", "2026-03-01 12:00:00"]


def test_texts_of_which_each_has_both_go_on_having_both(land: Land) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = parse_contract(CSV)
    files = [land.put(f"raw/{dataset}/{n}.csv", csv_of(*Clock)) for n in range(3)]

    ends = [function.receive(file)[0].status for file in files for function in [land.function()]]

    assert ends == [Status.LANDED] * 3
