"""What values mean beyond what pyarrow reads: told from the footer alone. Without a database."""

import base64
import contextlib
import io
import json

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.errors import RejectedFileError, TransientError
from ingest_lambda.read import parquet_rows
from ingest_lambda.read.faults import faults_of_the_file
from ingest_lambda.read.flatbuffer import Table
from ingest_lambda.read.footer import parse_footer
from ingest_lambda.read.meaning import Kind, Meaning
from ingest_lambda.read.metadata import Metadata
from ingest_lambda.read.original import refused_column
from ingest_lambda.reasons import Reason
from tests.land import footers
from tests.land.warehouse import parquet

UUIDS = pa.array([bytes(16)], pa.binary(16))


def meaning_of(content: bytes) -> dict[str, Meaning | None]:
    """Say what the footer's columns mean."""
    return {column.name: column.meaning for column in parse_footer(content, len(content)).columns}


def test_an_annotation_is_found_wherever_its_leaf_stands() -> None:
    table = pa.table(
        {
            "before": [[1, 2]],
            "item": pa.array(
                [{"a": 1, "color": [b"red"]}], pa.struct([("a", pa.int8()), ("color", pa.list_(pa.binary()))])
            ),
            "by_key": pa.array([[(b"k", bytes(16))]], pa.map_(pa.binary(), pa.binary(16))),
        }
    )
    content = parquet(table, store_schema=False)
    content = footers.annotated(content, "item.color.list.element", footers.ENUM)
    content = footers.annotated(content, "by_key.key_value.key", footers.ENUM)
    content = footers.annotated(content, "by_key.key_value.value", footers.UUID)

    text, uuid = Meaning(Kind.TEXT), Meaning(Kind.UUID)
    assert meaning_of(content) == {
        "before": None,
        "item": Meaning(inner=(None, Meaning(inner=(text,)))),
        "by_key": Meaning(inner=(text, uuid)),
    }


def test_sixteen_bytes_are_a_uuid_only_where_the_file_says_so() -> None:
    bare = pa.table({"key": UUIDS})
    named = pa.table({"key": pa.ExtensionArray.from_storage(pa.uuid(), UUIDS)})
    words = {"ARROW:schema": base64.b64encode(named.schema.serialize().to_pybytes()).decode()}

    assert meaning_of(parquet(bare)) == {"key": None}
    assert meaning_of(footers.with_words(parquet(bare, store_schema=False), words)) == {"key": Meaning(Kind.UUID)}


def test_the_writers_own_type_is_taken_only_by_the_columns_own_name() -> None:
    words = {"ARROW:schema": base64.b64encode(pa.schema([("at", pa.timestamp("s"))]).serialize().to_pybytes()).decode()}

    def meaning(name: str) -> Meaning | None:
        return meaning_of(footers.with_words(parquet(pa.table({name: [1]}), store_schema=False), words))[name]

    assert meaning("at") == Meaning(Kind.ORIGINAL, pa.timestamp("s"))
    assert meaning("count") is None


@given(st.binary(max_size=300))
def test_no_bytes_do_more_to_the_arrow_schema_than_be_refused(noise: bytes) -> None:
    with contextlib.suppress(ValueError):
        for table in Table.root(noise).tables(1):
            table.text(0)
    said = Metadata((), (), {"ARROW:schema": base64.b64encode(noise).decode()})
    assert refused_column(said) is None or noise


@given(st.data())
def test_a_damaged_arrow_schema_is_read_or_refused(data: st.DataObject) -> None:
    message = bytearray(
        pa.schema([("id", pa.int64()), ("item", pa.struct([("a", pa.int8())]))]).serialize().to_pybytes()
    )
    message[data.draw(st.integers(8, len(message) - 1))] = data.draw(st.integers(0, 255))

    refused_column(Metadata((), (), {"ARROW:schema": base64.b64encode(bytes(message)).decode()}))


def test_what_nobody_foresaw_is_a_verdict_and_what_may_pass_is_not() -> None:
    with pytest.raises(RejectedFileError) as caught, faults_of_the_file("reading"):
        [].pop()
    assert (caught.value.reason, caught.value.detail) == (Reason.UNREADABLE_DATA, "reading ends with IndexError")

    for passing in (MemoryError(), OSError(28, "no space left"), TransientError("no answer")):
        with pytest.raises(type(passing)), faults_of_the_file("reading"):
            raise passing


def test_an_error_of_no_known_kind_while_reading_is_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    content = parquet(pa.table({"id": [1]}))

    def broken(*_: object, **__: object) -> None:
        raise KeyError("id")

    monkeypatch.setattr(pq, "read_metadata", broken)
    with pytest.raises(RejectedFileError, match="KeyError"):
        parse_footer(content, len(content))
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", broken)
    with pytest.raises(RejectedFileError):
        list(parquet_rows.batches(content))
    assert pq.ParquetFile(io.BytesIO(content)).metadata.num_rows == 1


GEO = json.dumps({"version": "1.1.0", "primary_column": "shape", "columns": {"shape": {"encoding": "WKB"}}})


@pytest.mark.parametrize(
    ("words", "columns"), [({"geo": GEO}, ["shape"]), ({"geo": "[1]"}, []), ({"geo": "{"}, []), ({}, [])]
)
def test_geometries_of_geoparquet_are_cautioned_of(words: dict[str, str], columns: list[str]) -> None:
    table = pa.table({"id": [1], "shape": [b"\1"]})
    content = footers.with_words(parquet(table, store_schema=False), words)

    assert [found.name for found in parse_footer(content, len(content)).columns if found.caution] == columns


DUCKDB = "DuckDB version v2.0.1"


@pytest.mark.parametrize(
    ("values", "by", "is_cautioned"),
    [([2.0**60], DUCKDB, True), ([1.5, 7.0], DUCKDB, False), ([None], DUCKDB, False), ([2.0**60], "polars", False)],
)
def test_doubles_of_duckdb_are_perhaps_huge_integers(values: list[float], by: str, is_cautioned: bool) -> None:
    table = pa.table({"n": pa.array(values, pa.float64())})

    for statistics in (True, False) if is_cautioned else (True,):
        content = footers.with_words(parquet(table, store_schema=False, write_statistics=statistics), {}, by)
        assert bool(parse_footer(content, len(content)).columns[0].caution) is is_cautioned


NOT_SO = '[{"name": "id", "type": "variant"}, {"name": "item", "type": "variant"}, {"name": "gone", "type": "variant"}]'


@pytest.mark.parametrize("schema", ['{"variant"', '["variant"]', '{"fields": "variant"}', f'{{"fields": {NOT_SO}}}'])
def test_what_sparks_schema_says_of_columns_that_are_not_so_changes_none(schema: str) -> None:
    words = {"org.apache.spark.sql.parquet.row.metadata": schema}
    content = footers.with_words(parquet(pa.table({"id": [1], "item": [{"a": 1}]}), store_schema=False), words)

    assert meaning_of(content) == {"id": None, "item": None}
