"""Reading footers: few requests, exact versions, true reasons, and no file that ends the process."""

import io
import struct
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_lambda.errors import ConfigError, FileGoneError, RejectedFileError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import Status
from ingest_lambda.read import footer
from ingest_lambda.read.footer import TAIL_BYTES, footer_bytes, inspect, parse_footer
from ingest_lambda.reasons import Reason
from tests.land.warehouse import Land, new_dataset, parquet

SMALL = parquet(pa.table({"id": [1, 2, 3], "name": ["a", "b", None]}))


class CountingS3:
    """The S3 client, counting requests and bytes; it cuts what the local S3 leaves whole when a version is named."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.requests = 0
        self.bytes_read = 0

    def get_object(self, **request: Any) -> Any:
        self.requests += 1
        response = self._client.get_object(**request)
        body = response["Body"].read()
        if "ContentRange" not in response:
            wanted = min(int(request["Range"].removeprefix("bytes=-")), len(body))
            response["ContentRange"] = f"bytes {len(body) - wanted}-{len(body) - 1}/{len(body)}"
            body = body[len(body) - wanted :]
        self.bytes_read += len(body)
        return {**response, "Body": io.BytesIO(body)}


class RefusingS3:
    """An S3 client that raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def get_object(self, **_: Any) -> Any:
        raise self._error


@pytest.mark.parametrize(
    ("table", "requests"),
    [
        (pa.table({"id": range(100_000)}), 1),
        (pa.table({f"column_{'x' * 80}_{number}": [1] for number in range(1_000)}), 2),
    ],
    ids=["small footer", "footer larger than the tail"],
)
def test_a_footer_takes_one_request_or_two_if_it_is_large(land: Land, table: pa.Table, requests: int) -> None:
    file = land.put(f"raw/{new_dataset()}/a.parquet", table)
    s3: Any = CountingS3(land.client("s3"))

    inspected = inspect(s3, file)

    assert s3.requests == requests
    assert s3.bytes_read <= TAIL_BYTES + (file.size if requests == 2 else 0)
    assert inspected.footer.row_count == table.num_rows
    assert [column.name for column in inspected.footer.columns] == table.column_names
    assert (inspected.size, inspected.etag) == (file.size, file.etag)


def test_the_version_of_the_event_is_read_and_not_the_latest(land: Land) -> None:
    key = f"raw/{new_dataset()}/a.parquet"
    old = land.put(key, pa.table({"old": [1]}))
    land.put(key, pa.table({"new": [1, 2]}))

    footer = inspect(land.client("s3"), old).footer

    assert ([column.name for column in footer.columns], footer.row_count) == (["old"], 1)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("NoSuchVersion", FileGoneError),
        ("NoSuchKey", FileGoneError),
        ("MethodNotAllowed", FileGoneError),
        ("AccessDenied", ConfigError),
        ("InvalidRange", RejectedFileError),
        ("SlowDown", TransientError),
        ("InternalError", TransientError),
        ("SomethingNew", TransientError),
    ],
)
def test_a_refusal_of_s3_says_who_must_act(code: str, expected: type[Exception]) -> None:
    s3: Any = RefusingS3(ClientError({"Error": {"Code": code, "Message": ""}}, "GetObject"))

    with pytest.raises(expected):
        inspect(s3, FileVersion("b", "k", "v"))


def test_an_s3_that_does_not_answer_is_transient() -> None:
    s3: Any = RefusingS3(EndpointConnectionError(endpoint_url="s3"))

    with pytest.raises(TransientError):
        inspect(s3, FileVersion("b", "k", "v"))


def test_a_footer_length_that_cannot_be_true_is_refused_before_it_is_read() -> None:
    for length in (len(SMALL), 2**31, 2**32 - 1):
        tail = SMALL[:-8] + struct.pack("<I", length) + b"PAR1"
        with pytest.raises(RejectedFileError) as caught:
            footer_bytes(tail, len(tail))
        assert caught.value.reason is Reason.CORRUPT_FOOTER


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_damaged_end_is_a_footer_or_a_verdict(data: st.DataObject) -> None:
    body = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    end = bytes(body)[data.draw(st.integers(0, len(body) - 1)) :]
    try:
        needed = footer_bytes(end, len(end))
        parse_footer(end[-needed:], len(end))
    except RejectedFileError as error:
        verdict = error
    else:
        return
    assert verdict.reason in {Reason.NOT_PARQUET, Reason.CORRUPT_FOOTER, Reason.ENCRYPTED, Reason.UNSUPPORTED_TYPE}


@given(st.binary(max_size=200))
def test_any_bytes_are_a_footer_or_a_verdict(content: bytes) -> None:
    with pytest.raises(RejectedFileError) as caught:
        parse_footer(content, len(content))
    assert caught.value.reason is Reason.CORRUPT_FOOTER


def test_the_end_of_a_file_alone_is_enough() -> None:
    needed = footer_bytes(SMALL[-TAIL_BYTES:], len(SMALL))

    assert parse_footer(SMALL[-needed:], len(SMALL)).row_count == 3


def test_a_file_of_many_row_groups_has_the_rows_of_all(tmp_path: Any) -> None:
    pq.write_table(pa.table({"id": range(1_000)}), tmp_path / "a.parquet", row_group_size=10)
    body = (tmp_path / "a.parquet").read_bytes()

    assert parse_footer(body, len(body)).row_count == 1_000


def test_a_footer_that_is_too_long_is_not_called_corrupt_and_the_rows_land_in_larger_row_groups(
    land: Land, worded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(footer, "MAX_FOOTER_BYTES", 20_000)
    dataset, table = new_dataset(), pa.table({"id": range(1_000)})

    [outcome] = land.function().receive(land.put(f"raw/{dataset}/a.parquet", table, row_group_size=1))

    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.OVERSIZE_FILE)
    assert outcome.verdict is not None
    assert "larger row groups" in outcome.verdict.remedy
    assert "read.footer.footer_bytes" in worded
    [outcome] = land.function().receive(land.put(f"raw/{dataset}/b.parquet", table))
    assert (outcome.status, outcome.rows) == (Status.LANDED, 1_000)
