"""The rows of CSV and JSON: what was written comes back, however it is cut into chunks; what is cut is refused."""

import csv
import io
import json
import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.read import characters, csv_rows, json_rows, json_text
from ingest_lambda.read.dialects import CsvDialect, JsonDialect
from ingest_lambda.read.schema import FileColumn
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.sqltypes import SqlType

CSV, JSON = CsvDialect(), JsonDialect()
Rows = list[dict[str, Any]]


def columns(names: Sequence[str], type_: SqlType = sqltypes.VARCHAR) -> list[FileColumn]:
    return [FileColumn(name, "text", type_) for name in names]


def csv_of(body: bytes, dialect: CsvDialect = CSV) -> Rows:
    """Read a CSV to its end."""
    names = csv_rows.names(io.BytesIO(body), dialect)
    found = csv_rows.batches(io.BytesIO(body), columns(names), dialect)
    return [row for _, batch in found for row in batch.to_pylist()]


def json_of(body: bytes, dialect: JsonDialect = JSON, type_: SqlType = sqltypes.SUPER) -> Rows:
    """Read a JSON to its end, its values as JSON."""
    names = json_rows.survey(io.BytesIO(body), dialect).names
    found = json_rows.batches(io.BytesIO(body), columns(names, type_), dialect)
    return [row for _, batch in found for row in batch.to_pylist()]


def refused(body: bytes, dialect: CsvDialect | JsonDialect = JSON) -> RejectedFileError:
    with pytest.raises(RejectedFileError) as caught:
        csv_of(body, dialect) if isinstance(dialect, CsvDialect) else json_of(body, dialect)
    return caught.value


@pytest.fixture(params=[1, 2, 7])
def small_chunks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(characters, "CHUNK_BYTES", request.param)


FIELDS = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=10)


@given(
    st.lists(st.tuples(FIELDS, FIELDS), max_size=10),
    st.sampled_from([*",;\t| "]),
    st.sampled_from([*"\"'"]),
    st.booleans(),
)
def test_a_csv_gives_back_what_was_written(
    rows: list[tuple[str | None, str | None]], delimiter: str, quote: str, ends_with_newline: bool
) -> None:
    def field(value: str | None) -> str:
        return "" if value is None else quote + value.replace(quote, 2 * quote) + quote

    body = f"a{delimiter}b\r\n" + "".join(f"{field(one)}{delimiter}{field(two)}\r\n" for one, two in rows)
    body = body if ends_with_newline else body.removesuffix("\r\n")

    found = csv_of(body.encode(), CsvDialect(delimiter, quote))

    assert [tuple(None if value is None else value.decode() for value in row.values()) for row in found] == rows


PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8)


@given(st.lists(st.tuples(PLAIN, PLAIN), min_size=1, max_size=6), st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]))
def test_a_csv_of_pythons_own_writer_comes_back_whole_in_any_encoding(
    rows: list[tuple[str, str]], encoding: str
) -> None:
    written = io.StringIO()
    csv.writer(written).writerows([("a", "b"), *rows])

    found = csv_of(written.getvalue().encode(encoding), CsvDialect(encoding=encoding))

    assert [(row["a"].decode(), row["b"].decode()) for row in found] == rows


@given(st.lists(st.tuples(PLAIN, PLAIN), min_size=1, max_size=5), st.data())
def test_a_csv_that_is_cut_within_a_quoted_field_is_refused(rows: list[tuple[str, str]], data: st.DataObject) -> None:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    body = written.getvalue()
    cut = data.draw(st.integers(0, len(body) - 1))
    kept = body[:cut]
    is_open = kept.count('"') % 2 == 1

    if is_open and len(kept.encode()) > len('"a","b"\r\n'):
        assert refused(kept.encode(), CSV).reason is Reason.UNREADABLE_DATA


@pytest.mark.parametrize("opened", [b'3,"c\n4,d\n', b'3,"c\n4,d'])
def test_a_quote_that_is_left_open_in_the_last_column_is_shown_with_its_row(opened: bytes) -> None:
    error = refused(b"a,b\n1,a\n2,b\n" + opened, CSV)

    assert (error.reason, error.row, error.found) == (Reason.UNREADABLE_DATA, 3, "c\n4,d")


def test_an_empty_line_is_a_null_of_a_single_column_and_nothing_else() -> None:
    assert csv_of(b'a\nx\n\n""\n') == [{"a": b"x"}, {"a": None}, {"a": b""}]
    assert csv_of(b"a,b\n1,2\n\n3,4\n") == [{"a": b"1", "b": b"2"}, {"a": b"3", "b": b"4"}]
    assert csv_of(b"\n\r\na,b\n1,2\n") == [{"a": b"1", "b": b"2"}]


def test_names_are_trimmed_and_lines_may_end_as_on_any_system() -> None:
    assert (
        csv_of(b' a ,"b "\r1,2\r') == csv_of(b'a\t, "b"\r\n1,2\r\n') == csv_of(b"a,b\n1,2") == [{"a": b"1", "b": b"2"}]
    )


def test_what_is_declared_null_is_null_unless_it_is_quoted() -> None:
    dialect = CsvDialect(null=("NULL", "\\N"))

    found = csv_of(b'a,b\nNULL,\\N\n"NULL",null\n,""\n', dialect)

    assert found == [{"a": None, "b": None}, {"a": b"NULL", "b": b"null"}, {"a": None, "b": b""}]


def test_without_quotes_a_quote_is_a_character() -> None:
    assert csv_of(b'a\tb\n"1\t2"\n', CsvDialect("\t", quote="")) == [{"a": b'"1', "b": b'2"'}]


@pytest.mark.usefixtures("small_chunks")
def test_a_csv_is_the_same_in_chunks_of_any_size() -> None:
    assert csv_of('\ufeffä,b\n"x\ny",ö\n3,4'.encode()) == [{"ä": b"x\ny", "b": "ö".encode()}, {"ä": b"3", "b": b"4"}]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.lists(st.fixed_dictionaries({"a": JSON_VALUES}), max_size=5)


@given(RECORDS, st.sampled_from([None, 2]), st.sampled_from(["lines", "array", "concatenated", "below"]))
def test_json_gives_back_what_was_written(records: list[dict[str, Any]], indent: int | None, form: str) -> None:
    written = [json.dumps(record, indent=indent) for record in records]
    body = {
        "lines": "\n".join(written),
        "concatenated": "".join(written),
        "array": json.dumps(records, indent=indent),
        "below": json.dumps({"n": 1.5, "data": {"x": [{}], "items": records}, "next": None}, indent=indent),
    }[form]
    dialect = JsonDialect(records=("data", "items") if form == "below" else ())

    found = json_of((body or "[]").encode(), dialect)

    values = [None if row["a"] is None else json.loads(row["a"]) for row in found]
    assert values == [record["a"] for record in records]


@given(RECORDS, st.sampled_from([None, 2]), st.data())
def test_an_array_that_is_cut_anywhere_is_refused(
    records: list[dict[str, Any]], indent: int | None, data: st.DataObject
) -> None:
    body = json.dumps(records, indent=indent, ensure_ascii=False)
    cut = data.draw(st.integers(0, len(body) - 1))

    assert refused(body[:cut].encode()).reason in (Reason.UNREADABLE_DATA, Reason.EMPTY_FILE)


@given(RECORDS.filter(bool), st.data())
def test_an_array_that_lacks_a_character_of_its_own_or_is_followed_by_something_is_refused(
    records: list[dict[str, Any]], data: st.DataObject
) -> None:
    parts = ["[", *[part for record in records for part in (json.dumps(record), ",")][:-1], "]"]
    lost = data.draw(st.integers(0, len(parts) - 1).filter(lambda index: parts[index] in "[,]"))
    more = data.draw(st.sampled_from(["]", ",", "x", "{}", "[]", "0", "\0"]))

    assert refused("".join(parts[:lost] + parts[lost + 1 :]).encode()).reason is Reason.UNREADABLE_DATA
    assert refused(("".join(parts) + more).encode()).reason is Reason.UNREADABLE_DATA


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b"[]", []),
        (b" [ ] \n", []),
        (b'{"a":1}\n\n{"a":2}\n', [1, 2]),
        (b'{"a":1}{"a":2}', [1, 2]),
        (b'\xef\xbb\xbf[{"a":1},\n{"a":2}]\n', [1, 2]),
    ],
)
def test_lines_concatenated_objects_and_an_empty_array_are_fine(body: bytes, rows: list[int]) -> None:
    assert [json.loads(row["a"]) for row in json_of(body)] == rows


@pytest.mark.usefixtures("small_chunks")
def test_records_are_found_across_the_chunks_in_which_they_are_read() -> None:
    body = '[{"a": "xü}{", "n": -12.50e3},{"b": true}\n]'.encode()

    assert json_of(body, type_=sqltypes.VARCHAR) == [
        {"a": "xü}{".encode(), "n": b"-12.50e3", "b": None},
        {"a": None, "n": None, "b": b"true"},
    ]
    below = b'{"total": 1.25, "skipped": [1.5, {"a": 0}], "items": [{"a": 9007199254740993}], "x": -1}'
    assert json_of(below, JsonDialect(records=("items",))) == [{"a": b"9007199254740993"}]


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(
    "body", [b'[{"a": 1.}]', b'[{"a": 01}]', b'[{"a": tru}]', b'{"a": 1} 2', b'["x"]', b'[{"a" 1}]']
)
def test_what_is_no_json_in_one_chunk_is_none_in_many(body: bytes) -> None:
    assert refused(body).reason is Reason.UNREADABLE_DATA


def test_a_value_without_an_end_does_not_swallow_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "LARGEST_VALUE", 1_000)
    monkeypatch.setattr(characters, "CHUNK_BYTES", 100)
    stream = io.BytesIO(b'[{"a": "' + b"x" * 1_000_000)

    with pytest.raises(RejectedFileError, match="more than 1000 characters"):
        json_rows.survey(stream, JSON)

    assert stream.tell() < 10_000


def test_what_stands_beside_the_records_may_be_as_long_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "LARGEST_VALUE", 1_000)
    monkeypatch.setattr(characters, "CHUNK_BYTES", 100)
    log, items = [{"line": "x" * 50}] * 100, [{"a": number} for number in range(500)]
    body = json.dumps({"log": log, "by_day": dict.fromkeys(map(str, range(500)), "x"), "items": items, "n": 1}).encode()

    assert len(json_of(body, JsonDialect(records=("items",)))) == 500
    verdict = refused(body)
    assert "more than 1000 characters" in verdict.detail
    assert "json: {records: ...}" in (verdict.remedy or "")


@given(RECORDS, st.integers(1, 40), st.booleans())
def test_where_chunks_end_makes_no_difference(records: list[dict[str, Any]], size: int, is_array: bool) -> None:
    body = (json.dumps(records) if is_array else "".join(map(json.dumps, records)) or "[]").encode()
    whole = json_of(body)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(characters, "CHUNK_BYTES", size)
        assert json_of(body) == whole


@given(st.text(alphabet='[]{}",:1.e-tN \\u\n', max_size=30), st.integers(1, 7))
def test_any_text_is_read_the_same_or_refused_for_the_same_whatever_the_chunks(text: str, size: int) -> None:
    def outcome() -> Any:
        try:
            return json_of(text.encode())
        except RejectedFileError as error:
            return error.reason, error.row

    whole = outcome()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(characters, "CHUNK_BYTES", size)
        assert outcome() == whole


@given(st.text(alphabet='[]{}",:1.e-tN \\u\n', max_size=30))
def test_an_array_that_is_read_is_what_json_reads_of_it(text: str) -> None:
    try:
        found = json_of(("[" + text).encode())
    except RejectedFileError:
        return
    whole = json.loads("[" + text)
    assert [{name: json.loads(value) for name, value in row.items() if value is not None} for row in found] == [
        {name: value for name, value in record.items() if value is not None} for record in whole
    ]


def test_what_is_nested_too_deeply_is_refused_and_no_bug() -> None:
    for depth in (3_000, 200_000):
        assert refused(b'[{"a": ' + b"[" * depth + b"]" * depth + b"}]").reason is Reason.UNREADABLE_DATA


def test_batches_are_bounded_by_their_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "BATCH_BYTES", 100)
    body = b"\n".join(b'{"a": "%s"}' % (b"x" * 60) for _ in range(10))

    found = list(json_rows.batches(io.BytesIO(body), columns(["a"]), JSON))

    assert [(before, len(batch)) for before, batch in found] == [(before, 2) for before in range(0, 10, 2)]


def test_more_fields_than_a_table_has_columns_are_refused_before_all_are_read() -> None:
    stream = io.BytesIO(b"\n".join(b'{"f%d": 1}' % number for number in range(2_000)))

    with pytest.raises(RejectedFileError) as caught:
        json_rows.survey(stream, JSON)

    assert caught.value.reason is Reason.TOO_MANY_COLUMNS


def test_a_number_keeps_its_digits() -> None:
    said = ["9007199254740993", "123456789012345678901234567890", "1.10", "-0", "1E400"]

    rows = json_of("\n".join(f'{{"a": {number}}}' for number in said).encode())

    assert [row["a"].decode() for row in rows] == said
    assert not math.isfinite(float(said[-1]))
