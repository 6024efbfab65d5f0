"""Rewriting: many files become few objects of one shape, streamed, and a bad file is named and alone."""

import io
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError, FileGoneError, RejectedFileError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.names import landing_names
from ingest_lambda.read import content, parquet_rows
from ingest_lambda.read.footer import Budget, inspect
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite import ahead, writer
from ingest_lambda.rewrite.rewrite import Rewritten, Source, rewrite
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.statements import Column
from local.home import ROOT
from tests.land.warehouse import Land, new_dataset, parquet

ID, NAME = Column("id", sqltypes.BIGINT), Column("name", sqltypes.VARCHAR)
AT = Column("at", sqltypes.TIMESTAMP)


class WatchedS3:
    """The S3 client, counting GETs; the PUT with the number `refused_put` (from 1) is refused."""

    def __init__(self, client: Any, refused_put: int = 0) -> None:
        self._client = client
        self._refused_put = refused_put
        self.gets = 0
        self.puts = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_object(self, **request: Any) -> Any:
        self.gets += 1
        return self._client.get_object(**request)

    def put_object(self, **request: Any) -> Any:
        self.puts += 1
        if self.puts == self._refused_put:
            raise ClientError({"Error": {"Code": "SlowDown", "Message": ""}}, "PutObject")
        return self._client.put_object(**request)


def sources(land: Land, *files: FileVersion, budget: Budget | None = None) -> list[Source]:
    """Inspect files, and number them from 1."""
    inspected = [inspect(land.client("s3"), file, budget) for file in files]
    return [
        Source(one, number, tuple(landing_names([column.name for column in one.footer.columns])))
        for number, one in enumerate(inspected, start=1)
    ]


def rows_of(land: Land, rewritten: Rewritten) -> list[dict[str, Any]]:
    """Read the canonical objects back, as COPY does: whole, in order."""
    tables = []
    for part in rewritten.objects:
        body = land.client("s3").get_object(Bucket=land.bucket, Key=part.stored.key)["Body"].read()
        assert len(body) == part.size
        tables.append(pq.read_table(io.BytesIO(body)))
    return list(pa.concat_tables(tables).to_pylist())


def prefix() -> str:
    return f"staging/{new_dataset('load')}/"


def test_files_become_one_object_of_the_columns_asked_for(land: Land) -> None:
    dataset = new_dataset()
    first = land.put(f"raw/{dataset}/1.parquet", pa.table({"ID": pa.array([1, 2], pa.int32()), "name": ["a", None]}))
    other = land.put(f"raw/{dataset}/2.parquet", pa.table({"at": pa.array([1_500], pa.timestamp("ns")), "id": [3]}))

    rewritten = rewrite(land.client("s3"), land.bucket, prefix(), sources(land, first, other), [NAME, ID, AT])

    assert rows_of(land, rewritten) == [
        {"_file_number": 1, "c1": "a", "c2": 1, "c3": None},
        {"_file_number": 1, "c1": None, "c2": 2, "c3": None},
        {"_file_number": 2, "c1": None, "c2": 3, "c3": datetime(1970, 1, 1, 0, 0, 0, 1)},
    ]
    assert (rewritten.rows, rewritten.rejections) == ({1: 2, 2: 1}, {})
    assert rewritten.cut == {2: ("at",)}
    assert len(rewritten.objects) == 1


def test_a_bad_file_is_named_to_the_row_and_leaves_the_others_alone(land: Land) -> None:
    dataset = new_dataset()
    names = ["a"] * 2_999 + ["b\0c"]
    bad = land.put(f"raw/{dataset}/1.parquet", pa.table({"id": range(3_000), "NAME": names}), row_group_size=700)
    good = land.put(f"raw/{dataset}/2.parquet", pa.table({"id": [7], "name": ["b"]}))

    rewritten = rewrite(land.client("s3"), land.bucket, prefix(), sources(land, bad, good), [ID, NAME])

    error = rewritten.rejections[1]
    assert isinstance(error, RejectedFileError)
    assert (error.reason, error.column, error.row, error.found) == (
        Reason.INVALID_TEXT,
        "NAME",
        3_000,
        r"'b\x00c'",
    )
    assert rewritten.rows == {2: 1}
    assert [row for row in rows_of(land, rewritten) if row["_file_number"] == 2] == [
        {"_file_number": 2, "c1": 7, "c2": "b"}
    ]


def test_damaged_pages_and_lying_footers_are_rejections(land: Land) -> None:
    dataset = new_dataset()
    body = bytearray(parquet(pa.table({"id": range(5_000)}), compression="zstd", use_dictionary=False))
    body[40:400] = bytes(360)
    damaged = land.put(f"raw/{dataset}/1.parquet", bytes(body))
    [honest] = sources(land, land.put(f"raw/{dataset}/2.parquet", pa.table({"id": [1, 2]})))
    footer = replace(honest.inspected.footer, row_count=3)
    lying = Source(replace(honest.inspected, footer=footer), 2, honest.names)

    rewritten = rewrite(land.client("s3"), land.bucket, prefix(), [*sources(land, damaged), lying], [ID])

    reasons = {number: error.reason for number, error in rewritten.rejections.items() if hasattr(error, "reason")}
    assert reasons == {1: Reason.UNREADABLE_DATA, 2: Reason.ROW_COUNT_MISMATCH}
    assert rewritten.rows == {}


def test_files_without_rows_leave_no_object(land: Land) -> None:
    file = land.put(f"raw/{new_dataset()}/a.parquet", pa.table({"id": pa.array([], pa.int64())}))

    rewritten = rewrite(land.client("s3"), land.bucket, prefix(), sources(land, file), [ID])

    assert (rewritten.objects, rewritten.rows, rewritten.rejections) == ((), {1: 0}, {})


def test_a_small_file_is_fetched_once_and_a_large_one_twice(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = new_dataset()
    small = land.put(f"raw/{dataset}/1.parquet", pa.table({"id": [1]}))
    large = land.put(f"raw/{dataset}/2.parquet", pa.table({"id": range(200_000)}), compression="none")
    monkeypatch.setattr(content, "WHOLE_FILE_BYTES", 100_000)
    s3: Any = WatchedS3(land.client("s3"))
    kept = sources(land, small, budget=Budget(1_000_000))
    dropped = sources(land, small, large, budget=Budget(0))

    assert kept[0].inspected.content is not None
    rewrite(s3, land.bucket, prefix(), kept, [ID])
    assert s3.gets == 0
    assert rewrite(s3, land.bucket, prefix(), dropped, [ID]).rows == {1: 1, 2: 200_000}
    assert s3.gets == 2


def test_a_budget_is_spent_once() -> None:
    budget = Budget(10)

    assert [budget.take(size) for size in (6, 6, 4, 1)] == [True, False, True, False]


def test_a_full_object_is_followed_by_another(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "ROW_GROUP_BYTES", 50_000)
    monkeypatch.setattr(writer, "PART_BYTES", 50_000)
    monkeypatch.setattr(parquet_rows, "MAX_ROWS", 5_000)
    file = land.put(f"raw/{new_dataset()}/a.parquet", pa.table({"id": range(50_000)}))

    rewritten = rewrite(land.client("s3"), land.bucket, prefix(), sources(land, file), [ID])

    assert len(rewritten.objects) > 2
    assert sorted(row["c1"] for row in rows_of(land, rewritten)) == list(range(50_000))


def test_a_rewriting_that_s3_ends_leaves_nothing_behind(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "ROW_GROUP_BYTES", 50_000)
    monkeypatch.setattr(writer, "PART_BYTES", 50_000)
    monkeypatch.setattr(parquet_rows, "MAX_ROWS", 5_000)
    file = land.put(f"raw/{new_dataset()}/a.parquet", pa.table({"id": range(50_000)}))
    s3: Any = WatchedS3(land.client("s3"), refused_put=3)
    place = prefix()

    with pytest.raises(TransientError):
        rewrite(s3, land.bucket, place, sources(land, file), [ID])

    assert s3.puts == 3
    assert land.keys(place) == set()


def test_reading_waits_for_no_upload(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, rows = new_dataset(), 1_000
    files = sources(land, *[land.put(f"raw/{dataset}/{n}.parquet", pa.table({"id": range(rows)})) for n in range(6)])
    monkeypatch.setattr(writer, "ROW_GROUP_BYTES", 3 * rows * (8 + 4))  # of three files: the landing column, the number
    monkeypatch.setattr(writer, "PART_BYTES", 1)
    monkeypatch.setattr(ahead, "FILES_AHEAD", 1)
    is_read, waited = threading.Event(), list[bool]()

    class Slow(WatchedS3):
        """Takes a part when the fifth file is read, and not before."""

        def put_object(self, **request: Any) -> Any:
            waited.append(is_read.wait(20))
            return super().put_object(**request)

    def read() -> Iterator[Source]:
        for file in files:
            if file.number == 6:
                is_read.set()
            yield file

    s3: Any = Slow(land.client("s3"))
    rewritten = rewrite(s3, land.bucket, prefix(), read(), [ID])

    assert waited == [True, True]
    assert sorted(row["c1"] for row in rows_of(land, rewritten)) == sorted([*range(rows)] * 6)


def test_a_version_that_is_gone_is_told_and_the_rest_goes_on(land: Land) -> None:
    dataset = new_dataset()
    gone, here = (land.put(f"raw/{dataset}/{number}.parquet", pa.table({"id": [number]})) for number in (1, 2))
    found = sources(land, gone, here)
    land.client("s3").delete_object(Bucket=land.bucket, Key=gone.key, VersionId=gone.version_id)

    rewritten = rewrite(land.client("s3"), land.bucket, prefix(), found, [ID])

    assert isinstance(rewritten.rejections[1], FileGoneError)
    assert rewritten.rows == {2: 1}


def test_a_disk_that_is_too_small_is_for_the_operator(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    file = land.put(f"raw/{new_dataset()}/a.parquet", pa.table({"id": range(1_000)}))
    found = sources(land, file)
    monkeypatch.setattr(content, "WHOLE_FILE_BYTES", 100)
    nearly_full = shutil.disk_usage("/")._replace(free=1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: nearly_full)

    with pytest.raises(ConfigError, match="EphemeralStorageMegabytes"):
        rewrite(land.client("s3"), land.bucket, prefix(), found, [ID])


def test_memory_grows_neither_with_a_file_nor_with_their_number(land: Land) -> None:
    """`benchmarks/rewrite_memory.py` at full size: this is the same with less, and the same bounds for small files."""
    command = [sys.executable, "-m", "benchmarks.rewrite_memory", f"--bucket={land.bucket}"]
    sizes = ["--megabytes=48", "--small-files=40"]
    done = subprocess.run(  # noqa: S603 - the benchmark itself
        [*command, *sizes], env=land.services.env, cwd=ROOT, stdout=subprocess.PIPE, check=True
    )

    measured = json.loads(done.stdout)
    assert set(measured) == {"small", "one row group, 48 MB", "changes with positions, 48 MB"}
    assert measured["small"]["rows"] == 4_000
    assert measured["small"]["peak_megabytes"] <= 256, measured
    for large in ("one row group, 48 MB", "changes with positions, 48 MB"):
        assert measured[large]["peak_megabytes"] <= 300, measured
        assert measured[large]["objects"] == 1
