"""LAND: what a footer says, read without pyarrow: the same as pyarrow where it says it, and more."""

import contextlib
import io
import struct
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.read import metadata as module
from ingest_lambda.read.footer import parse_footer
from ingest_lambda.read.metadata import Element, Metadata, Repetition, read_metadata
from ingest_lambda.read.thrift import MAX_DEPTH, decode
from tests.land import encrypting
from tests.land.test_corpus import NO_CORPUS, SPECIMENS, Specimen

BYTES = st.binary(max_size=200)


def footer_of(content: bytes) -> bytes:
    [length] = struct.unpack("<I", content[-8:-4])
    return content[-8 - length : -8]


def written(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def read(table: pa.Table, **options: Any) -> Metadata:
    return read_metadata(footer_of(written(table, **options)))


def test_a_column_of_nulls_is_told_from_one_with_a_value_and_from_one_without_statistics() -> None:
    table = pa.table({"nulls": pa.array([None, None], pa.float64()), "some": [1, None], "all": [1, 2]})

    assert read(table).has_values == (False, True, True)
    assert read(table, write_statistics=["nulls"]).has_values == (False, None, None)
    assert read(table, row_group_size=1).has_values == (False, True, True)
    assert read(table.slice(0, 0)).has_values == (False, False, False)


def test_one_row_group_without_statistics_leaves_it_open_unless_another_has_a_value() -> None:
    without, nulls, value = {3: {5: 2}}, {3: {5: 2, 12: {3: 2}}}, {3: {5: 2, 12: {3: 1}}}

    def told(*chunks: Any) -> bool | None:
        return module._told([{1: [chunk]} for chunk in chunks], [True], module._chunk_has_values)[0]

    assert (told(nulls), told(nulls, without), told(without, nulls), told(without, value)) == (False, None, None, True)


def test_a_footer_beyond_the_bound_tells_nothing_of_nulls(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({"id": pa.array([None], pa.int64())})
    assert read(table).has_values == (False,)

    monkeypatch.setattr(module, "MAX_STATISTICS_BYTES", 10)

    assert read(table).has_values == (None,)


@pytest.mark.parametrize("most", [module.MAX_STATISTICS_BYTES, 0])
def test_an_encrypted_column_is_told_by_a_footer_that_is_not(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """A footer beyond the bound tells it too."""
    monkeypatch.setattr(module, "MAX_STATISTICS_BYTES", most)
    pairs = pa.array([{"x": 1, "y": 2}])
    table = pa.table({"pair": pairs, "name": ["x"], "other": ["y"]})
    content = encrypting.with_plain_footer(table, ["name"])

    found = read_metadata(footer_of(content)).encrypted

    assert found is not None
    assert found.name == "name"
    assert read(table).encrypted is None


def test_the_schemas_tree_is_read_with_its_annotations() -> None:
    [name, tags] = read(pa.table({"name": ["x"], "tags": [["a"]]})).columns

    assert name == Element("name", "BYTE_ARRAY", Repetition.OPTIONAL, "STRING", None, None)
    assert (tags.physical, tags.annotation, tags.leaves()) == (None, "LIST", 1)
    assert tags.children[0].repetition is Repetition.REPEATED


def test_the_writers_own_words_are_read() -> None:
    said = read(pa.table({"id": [1]}).replace_schema_metadata({"who": "täst"}))

    assert said.key_values["who"] == "täst"
    assert said.created_by is not None
    assert said.created_by.startswith("parquet-cpp-arrow")


@NO_CORPUS
@pytest.mark.parametrize("specimen", [each for each in SPECIMENS if each.is_good], ids=lambda each: each.path.name)
def test_real_footers_are_read_as_pyarrow_reads_them(specimen: Specimen) -> None:
    content = specimen.path.read_bytes()
    theirs = pq.read_schema(io.BytesIO(content))

    ours = read_metadata(footer_of(content))

    assert [element.name for element in ours.columns if element.leaves()] == theirs.names


@given(BYTES)
def test_no_bytes_do_more_than_be_refused(content: bytes) -> None:
    try:
        read_metadata(content)
    except ValueError:
        pass
    else:
        pytest.fail("noise is no footer")


@given(st.data())
def test_a_damaged_footer_is_read_or_refused(data: st.DataObject) -> None:
    footer = bytearray(footer_of(written(pa.table({"id": [1], "name": ["x"], "tags": [["a"]]}))))
    position = data.draw(st.integers(0, len(footer) - 1))
    footer[position] = data.draw(st.integers(0, 255))

    with contextlib.suppress(ValueError):
        assert len(read_metadata(bytes(footer)).has_values) <= len(footer)


def test_nesting_is_bounded() -> None:
    with pytest.raises(ValueError, match=f"more than {MAX_DEPTH}"):
        decode(b"\x1c" * 1_000_000, {})


def test_a_field_that_is_not_what_it_should_be_is_refused() -> None:
    with pytest.raises(ValueError, match="not what it should be"):
        decode(bytes.fromhex("15 02 00"), {1: bytes})


def test_a_length_that_cannot_be_true_is_refused() -> None:
    with pytest.raises(ValueError, match="are left"):
        decode(bytes.fromhex("18 ff ff ff 7f 61"), {1: bytes})
    with pytest.raises(ValueError, match="a list of"):
        decode(bytes.fromhex("19 f5 ff ff ff 7f"), {1: [int]})


def test_what_the_file_says_of_its_columns_reaches_the_footer() -> None:
    content = written(pa.table({"nulls": pa.array([None], pa.int64()), "id": [1]}))

    assert [column.has_values for column in parse_footer(content, len(content)).columns] == [False, True]
