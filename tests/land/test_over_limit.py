"""Files that the function cannot read: COPY takes them, whatever delayed them; or they stand in no other's way."""

import shutil
from functools import partial

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.load.outcomes import Status
from ingest_lambda.read.content import SPARE_BYTES
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite import probe
from tests.land.warehouse import Land, new_dataset, parquet

PAGE_ROWS = 2_500
SMALL = pa.table({"id": [1, 2, 3]})


def one_page(**more: pa.Array) -> bytes:
    """Write a file of 150 MB in a page, which compresses to nothing."""
    return parquet(
        pa.table({"text": ["x" * 60_000] * PAGE_ROWS, **more}),
        compression="zstd",
        use_dictionary=False,
        data_page_size=2**30,
        write_batch_size=PAGE_ROWS,
        max_rows_per_page=PAGE_ROWS,
    )


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the reading of suspects less memory than a page of `one_page` takes."""
    monkeypatch.setattr(probe, "Limits", partial(probe.Limits, address_space=440_000_000))


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave room for nothing on disk but what is written."""
    nearly_full = shutil.disk_usage("/")._replace(free=SPARE_BYTES + 1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: nearly_full)


@pytest.mark.usefixtures("tight")
@pytest.mark.parametrize("receive_count", [2, 3])
def test_a_file_that_only_copy_can_read_lands_after_a_passing_failure(land: Land, receive_count: int) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/wide.parquet", one_page())
    other = land.put(f"raw/{dataset}/small.parquet", pa.table({"text": ["a"]}))

    outcomes = land.function().receive(file, other, receive_count=receive_count)

    assert [(outcome.status, outcome.rows) for outcome in outcomes] == [(Status.LANDED, PAGE_ROWS), (Status.LANDED, 1)]
    assert outcomes[0].load_path == "as_is"


@pytest.mark.usefixtures("tight")
def test_a_file_that_neither_can_read_is_rejected_and_lands_where_there_is_more_memory(
    land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/wide.parquet", one_page(n=pa.array([[1]] * PAGE_ROWS)))

    [outcome] = land.function().receive(file, receive_count=2)

    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.CRASHES_READER)
    assert outcome.verdict is not None
    assert "memory" in outcome.verdict.detail
    assert "; and COPY cannot read column n: " in outcome.verdict.detail
    assert outcome.verdict.remedy.startswith("landfall replay the file")
    monkeypatch.undo()
    [outcome] = land.function().receive(file)
    assert (outcome.status, outcome.rows) == (Status.LANDED, PAGE_ROWS)


@pytest.mark.usefixtures("tight")
def test_what_copy_said_of_a_file_that_the_function_cannot_read_is_told(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/wide.parquet", one_page(long=pa.array(["x" * 70_000] + ["x"] * (PAGE_ROWS - 1))))

    [outcome] = land.function().receive(file, receive_count=2)

    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.CRASHES_READER)
    assert outcome.verdict is not None
    assert "; and COPY could not read it: " in outcome.verdict.detail
    assert "longer than the length" in outcome.verdict.detail


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("receive_count", [2, 3, 4])
def test_a_file_larger_than_the_disk_lands_after_a_passing_failure(land: Land, receive_count: int) -> None:
    dataset = new_dataset()
    rows = 1_200_000
    table = pa.table({"id": range(rows)})
    large = land.put(f"raw/{dataset}/large.parquet", table, compression="none", use_dictionary=False)
    small = land.put(f"raw/{dataset}/small.parquet", SMALL)
    assert large.size > 9_000_000

    outcomes = land.function().receive(large, small, receive_count=receive_count)

    assert [(outcome.status, outcome.rows) for outcome in outcomes] == [(Status.LANDED, rows), (Status.LANDED, 3)]
    assert outcomes[0].load_path == "as_is"


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("receive_count", [1, 2, 3])
def test_a_file_larger_than_the_disk_that_copy_would_misread_waits_and_the_others_land(
    land: Land, receive_count: int
) -> None:
    dataset = new_dataset()
    table = pa.table({"id": pa.array(range(1_200_000), pa.uint64())})
    large = land.put(f"raw/{dataset}/large.parquet", table, compression="none", use_dictionary=False)
    small = land.put(f"raw/{dataset}/small.parquet", SMALL)

    outcomes = land.function().receive(large, small, receive_count=receive_count)

    assert [outcome.status for outcome in outcomes] == [Status.RETRIED, Status.LANDED]
    assert "EphemeralStorageMegabytes" in (outcomes[0].reason or "")


def test_what_has_landed_is_not_said_to_be_rejected_where_the_answer_was_lost(
    land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = new_dataset()
    landed, new = (land.put(f"raw/{dataset}/{name}.parquet", SMALL) for name in ("landed", "new"))
    [first] = land.function().receive(landed)
    crash = RejectedFileError(Reason.CRASHES_READER, "reading the file ends the process")
    monkeypatch.setattr(
        "ingest_lambda.inspection.probe", lambda _, files, **__: {file.file_id: crash for file in files}
    )

    again, other = land.function().receive(landed, new, receive_count=2)

    assert (again.status, again.load_seq) == (Status.DUPLICATE, first.load_seq)
    assert other.status is Status.REJECTED
    rejected = land.rows(f"select file_id from ops.rejected_files where dataset = '{dataset}'")  # noqa: S608 - ours
    assert rejected == [{"file_id": new.file_id}]
