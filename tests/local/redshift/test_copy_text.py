"""COPY of CSV and JSON from S3: what is loaded, what is passed over and what fails.

https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-format.html, copy-parameters-data-conversion.html
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.redshift.copy_text import TextOptions
from local.redshift.history import LoadedFile, LoadReport
from local.redshift.parquet_types import TargetColumn
from local.redshift.text_rows import Rows
from tests.local.redshift.support import Client, Lake


def copy(lake: Lake, body: bytes | str, options: str, table: str = "t", key: str = "") -> str:
    """Return a COPY of a file with this content."""
    content = body.encode() if isinstance(body, str) else body
    url = lake.put(content, key or f"text/{uuid.uuid4().hex}")
    return f"copy {table} from '{url}' iam_role '{lake.role}' {options}"


# options, the table's columns, the file, the rows as text
LOADED: list[tuple[str, str, bytes | str, list[tuple[Any, ...]]]] = [
    ("csv", "a int, b varchar(9)", '1,x\n2,"y, ""z"""\n', [("1", "x"), ("2", 'y, "z"')]),
    ("csv ignoreheader 1", "a int, b varchar(9)", "a,b\n1,x\n", [("1", "x")]),
    ("csv delimiter '|' quote as '%'", "a int, b varchar(9)", "1|%x|y%\n", [("1", "x|y")]),
    ("csv delimiter as '\\\\t'", "a int, b varchar(9)", "1\tx\n", [("1", "x")]),
    ("csv delimiter '\\t'", "a int, b varchar(9)", "1\tx\n2\tat\n", [("1", "x"), ("2", "at")]),
    ("csv delimiter '\\174'", "a int, b varchar(9)", "1|x\n", [("1", "x")]),
    ("csv", "a int, b varchar(9)", '1,"x\ny"\r\n2,z\r\n', [("1", "x\ny"), ("2", "z")]),
    ("csv", "a int, b varchar(9)", ",\n\\N,\\N\n", [(None, ""), (None, None)]),
    ("csv emptyasnull", "a int, b varchar(9)", "1,\n2, \n", [("1", None), ("2", " ")]),
    ("csv blanksasnull", "a int, b varchar(9)", "1, \n", [("1", None)]),
    ("csv null as 'none'", "a int, b varchar(9)", "none,none\n", [(None, None)]),
    ("csv trimblanks", "a int, b varchar(9)", "1,x  \n", [("1", "x")]),
    ("csv truncatecolumns", "a int, b varchar(3)", "1,ééé\n", [("1", "é")]),
    ("csv fillrecord", "a int, b varchar(3), c int", "1\n", [("1", "", None)]),
    ("csv ignoreblanklines", "a int", "1\n\n2\n", [("1",), ("2",)]),
    ("csv acceptinvchars as '^'", "a varchar(9)", b"a\xffb\n", [("a^b",)]),
    ("csv", "a decimal(8,2), b float8", "20.259, 1e3\n", [("20.25", "1000.0")]),
    ("csv roundec", "a decimal(8,2)", "20.259\n", [("20.26",)]),
    ("csv", "a boolean, b boolean", "t,FALSE\n1,no\n", [("True", "False"), ("True", "False")]),
    (
        "csv",
        "a date, b timestamp",
        "2025-01-31,2025-01-31 10:20:30.5\n",
        [("2025-01-31", "2025-01-31 10:20:30.500000")],
    ),
    (
        "csv dateformat 'auto' timeformat 'auto'",
        "a date, b timestamptz",
        "2025-01-31,2025-01-31T10:20:30Z\n",
        [("2025-01-31", "2025-01-31 10:20:30+00:00")],
    ),
    ("csv timeformat 'epochmillisecs'", "a timestamp", "1500\n", [("1970-01-01 00:00:01.500000",)]),
    ("csv dateformat 'auto' acceptanydate", "a date", "00/00/00\n", [(None,)]),
    ("csv compupdate off statupdate on maxerror 0", "a int", "1\n", [("1",)]),
    ("csv gzip", "a int", gzip.compress(b"1\n", mtime=0), [("1",)]),
    ("csv bzip2", "a int", bz2.compress(b"1\n"), [("1",)]),
    ("csv", "a super", '"[1, {""b"": 2}]"\n', [('[1,{"b":2}]',)]),
    ("csv", "a int", "", []),
    ("csv", "a int, b varchar(9), c varchar(9)", '1, " x ""y""" , z\n', [("1", ' x "y"', " z")]),
    ("csv", "a varchar(9), b int", '"x\ny, "\t, 2\n', [("x\ny, ", "2")]),
    ("csv fillrecord", "a int, b char(3), c varchar(3), d int", "1\n", [("1", None, "", None)]),
    ("csv trimblanks", "a varchar(9), b char(3)", '"x\t ","y"\n', [("x", "y  ")]),
    (
        "json 'auto'",
        "a int, b varchar(9)",
        '{"a": 1, "b": "x", "c": 3}\n{"b": null, "a": "2"}',
        [("1", "x"), ("2", None)],
    ),
    ("json", "a int, b varchar(9)", '{"a": 1,\n "b": "x"}{"A": 2}', [("1", "x"), (None, None)]),
    ("format as json 'auto ignorecase'", "a int", '{"A": 1}', [("1",)]),
    ("json gzip", "a decimal(20,10)", gzip.compress(b'{"a": 0.1234567891}', mtime=0), [("0.1234567891",)]),
    (
        "json 'auto'",
        "a super, b varchar(20), c boolean",
        '{"a": "1", "b": {"x": [1, 2.5]}, "c": true}',
        [('"1"', '{"x":[1,2.5]}', "True")],
    ),
]


@pytest.mark.parametrize(("options", "columns", "body", "expected"), LOADED)
def test_what_a_file_holds_is_loaded(
    client: Client, lake: Lake, options: str, columns: str, body: bytes | str, expected: list[tuple[Any, ...]]
) -> None:
    client.run(f"create table t ({columns})", copy(lake, body, options))
    rows = client.run("select * from t")
    assert sorted([tuple(None if value is None else str(value) for value in row) for row in rows], key=str) == sorted(
        expected, key=str
    )


# options, the table's columns, the file, code, line and column of the error
MISFITS = [
    ("csv", "a int, b varchar(3)", "1,x\na,x\n", 1207, 2, "a"),
    ("csv", "a smallint", "40000\n", 1204, 1, "a"),
    ("csv", "a decimal(4,2)", "100\n", 1204, 1, "a"),
    ("csv", "a decimal(4,2)", "x\n", 1209, 1, "a"),
    ("csv", "a float8", "x\n", 1208, 1, "a"),
    ("csv", "a boolean", "maybe\n", 1210, 1, "a"),
    ("csv", "a date", "31.01.2025\n", 1205, 1, "a"),
    ("csv", "a timestamp", "2025-01-31T10:20:30\n", 1206, 1, "a"),
    ("csv", "a int, b varchar(3)", "1,xxxx\n", 1204, 1, "b"),
    ("csv", "a int not null", "\\N\n", 1213, 1, "a"),
    ("csv ignoreheader 1", "a int", "a\n1,2\n", 1202, 2, None),
    ("csv", "a int, b int", "1\n", 1203, 1, None),
    ("csv", "a varchar(9)", b"a\xffb\n", 1220, 1, "a"),
    ("csv", "a varchar(9)", 'a\n"b"c\n', 1214, 2, None),
    ("json 'auto'", "a int", '{"a": 1}\n{"a": "x"}', 1207, 2, "a"),
    ("json 'auto'", "a int", '{"a": 1}\n{"a": \n', 1216, 2, None),
    ("json 'auto'", "a int", "[1]", 1216, 1, None),
]


@pytest.mark.parametrize(("options", "columns", "body", "code", "line", "column"), MISFITS)
def test_a_row_that_does_not_fit_fails_the_load_and_is_told(
    client: Client, lake: Lake, options: str, columns: str, body: bytes | str, code: int, line: int, column: str | None
) -> None:
    command = copy(lake, body, options)
    error = client.error(f"create table t ({columns})", command)
    assert "Check 'stl_load_errors' system table for details" in error["M"]
    assert client.value("select count(*) from t") == 0
    url = command.split("'")[1]
    told = "select err_code, line_number, trim(colname) from stl_load_errors where filename = "
    assert client.run(f"{told}'{url}'") == [(code, line, column)]


def test_errors_below_the_limit_pass_rows_over(client: Client, lake: Lake) -> None:
    body = "1\nx\n2\ny\n3\n"
    client.run("create table t (a int)", copy(lake, body, "csv maxerror 3"))
    assert sorted(client.run("select a from t")) == [(1,), (2,), (3,)]
    counts = "select loaded_rows, error_count, status from sys_load_history where query_id = pg_last_copy_id()"
    assert client.run(counts) == [(3, 2, "completed")]
    client.error(copy(lake, body, "csv maxerror 2"))
    assert client.value("select count(*) from t") == 3


def test_the_raw_data_of_an_error_is_told_byte_by_byte(client: Client, lake: Lake) -> None:
    command = copy(lake, b"1\xff\xc3\xa9\x00\n", "csv")
    client.error("create table t (a int)", command)
    told = "select trim(raw_line), trim(raw_field_value), err_reason like 'Invalid digit%' from stl_load_errors "
    assert client.run(f"{told} where filename = '{command.split(chr(39))[1]}'") == [("1...", "1...", True)]


def test_a_column_list_leaves_the_others_to_their_defaults(client: Client, lake: Lake) -> None:
    client.run("create table t (a int default 7, b varchar(9), c int)")
    client.run(copy(lake, "x,1\n", "csv", "t (b, c)"), copy(lake, '{"a": 5, "c": 2}', "json 'auto'", "t (c)"))
    assert client.run("select a, b, c from t order by c") == [(7, "x", 1), (7, None, 2)]
    assert client.error(copy(lake, "x\n", "csv", "t (nothing)"))["C"] == "42703"


def test_jsonpaths_say_which_element_goes_where(client: Client, lake: Lake) -> None:
    paths = lake.put(json.dumps({"jsonpaths": ["$['x']['id']", "$['tags'][1]"]}).encode(), f"paths/{uuid.uuid4().hex}")
    client.run("create table t (a int, b varchar(9))")
    client.run(copy(lake, '{"x": {"id": 1}, "tags": ["p", "q"]}', f"json '{paths}'"))
    assert client.run("select a, b from t") == [(1, "q")]
    error = client.error(copy(lake, '{"x": {"id": 1}, "tags": []}', f"json '{paths}'"))
    assert "stl_load_errors" in error["M"]
    few = lake.put(b'{"jsonpaths": ["$.x"]}', f"paths/{uuid.uuid4().hex}")
    assert "Number of jsonpaths" in client.error(copy(lake, "{}", f"json '{few}'"))["M"]
    assert client.value("select count(*) from t") == 1


@pytest.mark.parametrize(
    "options",
    ["csv json", "json delimiter ','", "csv delimiter 'ab'", "csv dateformat 'DD.MM.YYYY'", "csv maxerror 100001",
     "csv escape", "csv removequotes", "csv encoding utf16", "delimiter '|'", "csv serializetojson"],
)  # fmt: skip
def test_options_that_do_not_go_together_are_refused(client: Client, lake: Lake, options: str) -> None:
    client.run("create table t (a int)")
    client.error(copy(lake, "1\n", options))
    assert client.value("select count(*) from t") == 0


def test_every_file_below_a_prefix_is_loaded(client: Client, lake: Lake) -> None:
    prefix = f"many/{uuid.uuid4().hex}/"
    for number, name in enumerate(["a.csv", "_b.csv", "c.csv"]):
        lake.put(f"{number}\n".encode(), prefix + name)
    client.run("create table t (a int)")
    client.run(f"copy t from 's3://{lake.bucket}/{prefix}' iam_role '{lake.role}' csv")
    assert sorted(client.run("select a from t")) == [(0,), (1,), (2,)]


@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\0\r", codec="utf-8")), min_size=2, max_size=2)))
def test_texts_go_through_csv_unchanged(rows: list[list[str]]) -> None:
    """What a CSV writer writes, COPY reads: as PostgreSQL's COPY takes it, field by field."""
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    report = LoadReport("t", "s3://b/k", "csv")
    targets = [TargetColumn(name, "character varying(65535)") for name in ("a", "b")]
    reader = Rows(targets, TextOptions(null="\1none"), report)
    loaded = b"".join(reader.chunks(io.StringIO(written.getvalue(), newline=""), LoadedFile("f", 0), None)).decode()
    assert list(csv.reader(io.StringIO(loaded, newline=""))) == rows
    assert report.errors == []
