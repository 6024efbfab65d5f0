"""A file that cannot land gets a verdict, is kept in quarantine and told once, and leaves nothing in the tables."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import functools
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.bucket import objects
from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.read.thrift import I32
from ingest_lambda.reasons import Reason
from tests.land import encrypting, footers
from tests.land.warehouse import Land, new_dataset, parquet

GOOD = parquet(pa.table({"id": list(range(1000)), "name": ["x" * 50] * 1000}), compression="none")


def in_bytes(values: list[Any], type_: pa.DataType, **options: Any) -> bytes:
    return parquet(pa.table({"id": pa.array(range(len(values))), "odd": pa.array(values, type_)}), **options)


def corrupt_page() -> bytes:
    """Damage the first data page of a file whose footer is whole."""
    body = parquet(pa.table({"id": list(range(1000))}), compression="snappy", use_dictionary=False)
    return body[:4] + b"\xff" * 200 + body[204:]


def nested(levels: int) -> bytes:
    """Write a list of lists of lists."""
    innermost = pa.array([1])
    within = functools.reduce(
        lambda values, _: pa.ListArray.from_arrays(pa.array([0, 1], pa.int32()), values), range(levels), innermost
    )
    return parquet(pa.table({"id": [1], "odd": within}))


def with_optional_keys() -> bytes:
    """Write a map as parquet-mr 1.6 did."""

    def change(footer: footers.Structure) -> None:
        footers.elements(footer)["odd.key_value.key"][footers.REPETITION] = (I32, 1)

    pairs = pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64()))
    return footers.changed(parquet(pa.table({"id": [1], "odd": pairs})), change)


REJECTED: dict[str, tuple[bytes, Reason, str | None]] = {
    "no bytes": (b"", Reason.EMPTY_FILE, None),
    "another format": (b'{"order_id": 1}', Reason.NOT_PARQUET, None),
    "cut short": (GOOD[: len(GOOD) // 2], Reason.NOT_PARQUET, None),
    "front lost": (GOOD[-20:], Reason.CORRUPT_FOOTER, None),
    "footer damaged": (GOOD[:-60] + b"\xff" * 40 + GOOD[-20:], Reason.CORRUPT_FOOTER, None),
    "footer encrypted": (GOOD[:-4] + b"PARE", Reason.ENCRYPTED, None),
    "a column encrypted": (
        encrypting.with_plain_footer(pa.table({"id": [1], "odd": ["x"]}), ["odd"]),
        Reason.ENCRYPTED,
        "odd",
    ),
    "nested too deeply": (nested(50), Reason.UNSUPPORTED_TYPE, "odd"),
    "nested far too deeply": (nested(300), Reason.UNSUPPORTED_TYPE, None),
    "a map with optional keys": (with_optional_keys(), Reason.UNSUPPORTED_TYPE, "odd"),
    "page damaged": (corrupt_page(), Reason.UNREADABLE_DATA, None),
    "oversize string": (in_bytes(["ok", "ü" * 40_000], pa.string()), Reason.OVERSIZE_VALUE, "odd"),
    "no columns": (parquet(pa.table({})), Reason.NO_COLUMNS, None),
    "system column": (parquet(pa.table({"CTID": [1]})), Reason.RESERVED_COLUMN_NAME, "CTID"),
    "column of the pipeline": (
        parquet(pa.table({"_Landfall_widening_0": [1]})),
        Reason.RESERVED_COLUMN_NAME,
        "_Landfall_widening_0",
    ),
    "metadata column": (parquet(pa.table({"_load_seq": [1]})), Reason.RESERVED_COLUMN_NAME, "_load_seq"),
    "names differ in case": (parquet(pa.table({"Id": [1], "iD": [2]})), Reason.DUPLICATE_COLUMN, "Id"),
    "empty name": (parquet(pa.table({"": [1]})), Reason.INVALID_COLUMN_NAME, ""),
    "long name": (parquet(pa.table({"ü" * 64: [1]})), Reason.INVALID_COLUMN_NAME, "ü" * 64),
    "control character": (parquet(pa.table({"a\nb": [1]})), Reason.INVALID_COLUMN_NAME, r"a\nb"),
    "too many columns": (parquet(pa.table({f"c{n}": [1] for n in range(1_595)})), Reason.TOO_MANY_COLUMNS, None),
    "too long names": (
        parquet(pa.table({f"{n:04d}{'x' * 100}": [1] for n in range(900)})),
        Reason.TOO_MANY_COLUMNS,
        None,
    ),
}


@pytest.mark.parametrize(("body", "reason", "column"), REJECTED.values(), ids=REJECTED.keys())
def test_a_bad_file_gets_a_verdict_and_leaves_nothing(
    land: Land, body: bytes, reason: Reason, column: str | None
) -> None:
    dataset = new_dataset()
    key = f"raw/{dataset}/bad file.parquet"
    file = land.put(key, body)
    bad_version = file.version_id
    good = land.put(f"raw/{dataset}/good.parquet", pa.table({"id": [7]}))
    staged_before = land.keys("staging/")

    outcome, beside = land.function().receive(file, good)

    assert (outcome.status, outcome.reason) == (Status.REJECTED, reason), outcome
    assert outcome.verdict is not None
    assert outcome.verdict.column == column
    assert beside.status is Status.LANDED
    assert {row["_file_id"] for row in land.rows(f"select _file_id from landing.{dataset}")} == {good.file_id}
    assert [row["file_id"] for row in land.rows(f"select file_id from ledger.{dataset}")] == [good.file_id]
    assert columns_of(land, dataset) == {"id"}
    assert land.keys(f"quarantine/{key}") == {f"quarantine/{key}", f"quarantine/{key}.{bad_version}.verdict.json"}
    written = land.client("s3").get_object(Bucket=land.bucket, Key=f"quarantine/{key}.{bad_version}.verdict.json")
    verdict = json.loads(written["Body"].read())
    assert set(verdict) >= {"file", "version_id", "dataset", "reason", "column", "found", "expected", "remedy"}
    assert (verdict["reason"], verdict["file"], verdict["column"]) == (reason, file.uri, column)
    [row] = land.rows(f"select * from ops.rejected_files where dataset = '{dataset}'")
    assert (row["file_id"], row["key"], row["reason"]) == (file.file_id, key, reason)
    assert json.loads(row["verdict"]) == verdict
    assert land.keys("staging/") == staged_before


def test_a_file_of_which_a_column_is_unreadable_does_not_change_the_tables(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", corrupt_page())

    [outcome] = land.function().receive(file)

    assert outcome.status is Status.REJECTED
    assert columns_of(land, dataset) == set()


@pytest.mark.parametrize("is_damaged", [True, False])
def test_a_page_that_is_not_what_its_checksum_says_is_refused(land: Land, is_damaged: bool) -> None:
    """One bit of one value: the page can be decoded, and only the checksum tells."""
    table = pa.table({"id": pa.array(range(1000), pa.int64())})
    body = bytearray(parquet(table, compression="none", use_dictionary=False, write_page_checksum=True))
    body[body.index((500).to_bytes(8, "little"))] ^= is_damaged
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", bytes(body))
    other = land.put(f"raw/{dataset}/b.parquet", pa.table({"id": [2000]}))

    outcome, beside = land.function().receive(file, other)

    assert beside.status is Status.LANDED
    landed = [row["id"] for row in land.rows(f"select id from landing.{dataset} order by id")]
    if is_damaged:
        assert outcome.verdict is not None
        assert (outcome.status, outcome.verdict.reason) == (Status.REJECTED, Reason.UNREADABLE_DATA)
        assert "CRC checksum" in outcome.verdict.detail
        assert "upload it again" in outcome.verdict.remedy
        assert landed == [2000]
        assert land.count(f"ledger.{dataset}") == 1
    else:
        assert outcome.status is Status.LANDED
        assert landed == [*range(1000), 2000]


def test_a_value_that_copy_refuses_is_named_by_reading_the_file_again(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/alone.parquet", in_bytes(["ok", "ü" * 40_000], pa.string()))

    [outcome] = land.function().receive(file)

    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.OVERSIZE_VALUE)
    assert outcome.verdict is not None
    assert (outcome.verdict.column, outcome.verdict.row) == ("odd", 2)
    assert columns_of(land, dataset) == set()


def test_a_footer_that_promises_other_rows_than_the_data_holds_is_rejected(land: Land) -> None:
    dataset = new_dataset()
    body = promising_more_rows(parquet(pa.table({"id": pa.array(range(100), pa.int32())})))
    file = land.put(f"raw/{dataset}/a.parquet", body)

    [outcome] = land.function().receive(file)

    assert (outcome.status, outcome.reason) in {
        (Status.REJECTED, Reason.ROW_COUNT_MISMATCH),
        (Status.REJECTED, Reason.UNREADABLE_DATA),
    }
    assert land.count(f"landing.{dataset}") == 0


def promising_more_rows(body: bytes) -> bytes:
    """Change the footer's row count (a thrift zigzag varint) from 100 to 101."""
    length = int.from_bytes(body[-8:-4], "little")
    footer = body[-8 - length : -8]
    changed = footer.replace(b"\x16\xc8\x01", b"\x16\xca\x01")
    assert changed != footer
    assert pq.read_metadata(pa.BufferReader(body[: -8 - length] + changed + body[-8:])).num_rows == 101
    return body[: -8 - length] + changed + body[-8:]


def test_a_rejected_version_that_comes_again_is_neither_recorded_nor_told_again(
    land: Land, alerts: Callable[[], list[dict[str, Any]]]
) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/bad.parquet", b"nonsense")

    outcomes: list[FileOutcome] = []
    for function in (land.function(), land.function()):
        outcomes += [*function.receive(file), *function.receive(file, receive_count=2)]

    assert {outcome.status for outcome in outcomes} == {Status.REJECTED}
    assert len(land.rows(f"select 1 from ops.rejected_files where dataset = '{dataset}'")) == 1
    [alert] = [alert for alert in alerts() if alert["MessageAttributes"]["dataset"]["Value"] == dataset]
    assert {name: attribute["Value"] for name, attribute in alert["MessageAttributes"].items()} == {
        "severity": "medium",
        "dataset": dataset,
        "stage": "land",
        "environment": "test",
    }
    told = json.loads(alert["Message"])
    assert told["rejected"] == 1
    assert told["verdicts"][0]["file"] == file.uri


def test_an_overwritten_bad_file_is_two_rejections(land: Land) -> None:
    dataset = new_dataset()
    first = land.put(f"raw/{dataset}/bad.parquet", b"nonsense")
    second = land.put(f"raw/{dataset}/bad.parquet", b"other nonsense")

    land.function().receive(first, second)

    assert len(land.rows(f"select 1 from ops.rejected_files where dataset = '{dataset}'")) == 2


def columns_of(land: Land, dataset: str) -> set[str]:
    rows = land.rows(f"select column_name from svv_columns where table_schema = 'landing' and table_name = '{dataset}'")
    metadata = {"_file_id", "_source_file", "_file_modified_at", "_load_id", "_load_seq", "_loaded_at"}
    return {str(row["column_name"]) for row in rows} - metadata


def test_a_rejected_file_is_copied_by_the_size_that_it_has_where_its_event_says_none(
    land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    copy = objects.copy_version

    def noting(s3: Any, file: FileVersion, size: int, *to: str) -> objects.Stored:
        sizes.append(size)
        return copy(s3, file, size, *to)

    monkeypatch.setattr(objects, "copy_version", noting)
    body = b"no parquet" * 20
    file = replace(land.put(f"raw/{new_dataset()}/a.parquet", body), size=0)

    [outcome] = land.function().receive(file)

    assert outcome.status is Status.REJECTED
    assert sizes == [len(body)]  # above 5 GiB, S3 takes a copy in parts alone
