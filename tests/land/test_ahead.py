"""Small files are fetched before it is their turn: in order, within a bound, and each fails by itself."""

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.errors import FileGoneError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.read import parquet_rows
from ingest_lambda.read.footer import WHOLE_FILE_BYTES, Budget, Footer, Inspected, inspect
from ingest_lambda.rewrite import ahead
from ingest_lambda.rewrite.checks import BadValueError, text
from tests.land.warehouse import Land, new_dataset, parquet


@dataclass(frozen=True)
class OneOf:
    """A file among others."""

    inspected: Inspected


def put(land: Land, number: int, budget: Budget | None = None) -> OneOf:
    file = land.put(f"raw/{new_dataset()}/{number}.parquet", pa.table({"id": [number]}))
    return OneOf(inspect(land.client("s3"), file, budget))


def test_what_is_given_is_what_each_file_holds_in_their_order_and_one_that_is_gone_is_alone(land: Land) -> None:
    s3 = land.client("s3")
    kept = put(land, 0, Budget(10**9))
    files = [kept, *(put(land, number) for number in range(1, 40))]
    gone = files[7].inspected.file
    s3.delete_object(Bucket=gone.bucket, Key=gone.key, VersionId=gone.version_id)
    found: list[int] = []

    for number, (source, fetched) in enumerate(ahead.contents(s3, files)):
        assert source is files[number]
        if number == 7:
            with pytest.raises(FileGoneError), fetched:
                pass
            continue
        with fetched as content:
            assert isinstance(content, bytes)
            found += pq.read_table(io.BytesIO(content))["id"].to_pylist()

    assert found == [number for number in range(40) if number != 7]


def test_time_that_is_up_ends_it_before_more_is_given(land: Land) -> None:
    def files() -> Iterator[OneOf]:
        yield put(land, 1)
        raise TransientError("the time is up")

    with pytest.raises(TransientError, match="the time is up"):
        list(ahead.contents(land.client("s3"), files()))


class Slow:
    """Counts what is fetched and has not been given yet."""

    def __init__(self) -> None:
        self.ahead = self.most = 0
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        with self._lock:
            self.ahead += size
            self.most = max(self.most, self.ahead)


@given(st.lists(st.integers(1, WHOLE_FILE_BYTES), max_size=40))
def test_no_more_is_fetched_ahead_than_the_bound_and_nothing_is_lost(sizes: list[int]) -> None:
    slow = Slow()
    moment = datetime(2025, 11, 13, tzinfo=UTC)
    files = [
        OneOf(Inspected(FileVersion("b", str(number), "v"), Footer((), 0), size, "", moment))
        for number, size in enumerate(sizes)
    ]

    def fetched(_: Any, inspected: Inspected) -> bytes:
        slow.take(inspected.size)
        return inspected.file.key.encode()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ahead, "_fetched", fetched)
        given_back = []
        for source, content in ahead.contents(None, files):  # type: ignore[arg-type]  # nothing is asked of it
            with content as found:
                assert found == source.inspected.file.key.encode()
            given_back.append(source)
            slow.take(-source.inspected.size)

    assert given_back == files
    largest = max(sizes, default=0)
    assert slow.most <= ahead.BYTES_AHEAD + largest  # the one that is being rewritten has been given


@given(st.lists(st.integers(1, 3_000), min_size=1, max_size=6), st.booleans())
def test_rows_are_the_same_and_counted_right_however_their_batches_are_joined(
    groups: list[int], is_nested: bool
) -> None:
    count = sum(groups)
    ids = pa.array(range(count))
    table = pa.table({"id": ids, "more": pa.array([[n] for n in range(count)]) if is_nested else ids.cast(pa.string())})
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, table.schema) as file:
        start = 0
        for rows in groups:
            file.write_table(table.slice(start, rows))
            start += rows

    found = list(parquet_rows.joined_batches(sink.getvalue()))

    assert pa.Table.from_batches([batch for _, batch in found]).equals(table)
    assert [before for before, _ in found] == [batch["id"][0].as_py() for _, batch in found]
    assert is_nested or len(found) == 1


@pytest.mark.parametrize("use_dictionary", [True, False], ids=["written once", "written in every row"])
def test_a_batch_of_wide_rows_has_few_of_them(use_dictionary: bool) -> None:
    table = pa.table({f"c{number}": ["x" * 60_000] * 300 for number in range(10)})  # 180 MB
    content = parquet(table, compression="zstd", use_dictionary=use_dictionary)

    found = list(parquet_rows.joined_batches(content))

    assert max(batch.nbytes for _, batch in found) <= parquet_rows.TARGET_BYTES
    assert sum(len(batch) for _, batch in found) == 300


@given(
    st.lists(st.none() | st.text(alphabet="a\0ß€", max_size=5), max_size=20),
    st.data(),
)
def test_a_nul_is_found_where_it_is_and_none_where_it_is_beside_a_slice(
    values: list[str | None], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(values)))
    stop = data.draw(st.integers(start, len(values)))
    array = pa.array(values, pa.string()).slice(start, stop - start)
    bad = [index for index, value in enumerate(values[start:stop]) if value and "\0" in value]

    if not bad:
        assert text(array, 100).to_pylist() == values[start:stop]
        return
    with pytest.raises(BadValueError) as raised:
        text(array, 100)
    assert raised.value.index == bad[0]
