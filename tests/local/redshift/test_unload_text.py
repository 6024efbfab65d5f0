"""UNLOAD as text, CSV and JSON: written, packed and refused as Redshift's documentation says.

https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html
"""

from __future__ import annotations

import bz2
import gzip
import json
from collections.abc import Callable

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from tests.local.redshift.support import Client, Exports, Lake

TABLE = (
    "create table t (k integer, v varchar(40), b boolean, d decimal(8,2), day date, at timestamp, s super)",
    "insert into t select 1, 'plain', true, 1.5, '2025-01-02', '2025-01-02 03:04:05.5',"
    " json_parse('{\"a\": [1, null]}')",
)
ALL = "select * from t"


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("", '1|plain|t|1.50|2025-01-02|2025-01-02 03:04:05.5|{"a":[1,null]}'),
        ("delimiter ';'", '1;plain;t;1.50;2025-01-02;2025-01-02 03:04:05.5;{"a":[1,null]}'),
        ("delimiter as '\\t'", '1\tplain\tt\t1.50\t2025-01-02\t2025-01-02 03:04:05.5\t{"a":[1,null]}'),
        ("addquotes", '"1"|"plain"|"t"|"1.50"|"2025-01-02"|"2025-01-02 03:04:05.5"|"{"a":[1,null]}"'),
        ("csv", '1,plain,t,1.50,2025-01-02,2025-01-02 03:04:05.5,"{""a"":[1,null]}"'),
        ("format as csv delimiter '|'", '1|plain|t|1.50|2025-01-02|2025-01-02 03:04:05.5|"{""a"":[1,null]}"'),
        (
            "format json",
            '{"k":1,"v":"plain","b":"t","d":1.50,"day":"2025-01-02","at":"2025-01-02 03:04:05.5","s":{"a":[1,null]}}',
        ),
    ],
)
def test_a_row_is_a_line(client: Client, exports: Exports, form: str, line: str) -> None:
    client.run(*TABLE, exports.unload(ALL, form=form))
    assert exports.listed() == ["0000_part_00"]
    assert exports.body("0000_part_00").decode() == line + "\n"


@pytest.mark.parametrize(
    ("form", "value", "field"),
    [
        ("csv", "a,b", '"a,b"'),
        ("csv", 'say "x"', '"say ""x"""'),
        ("csv", "two\nlines", '"two\nlines"'),
        ("csv delimiter '|'", "a,b", "a,b"),
        ("escape", "a|b\\c\nd", "a\\|b\\\\c\\\nd"),
        ("escape", "it's", "it's"),
        ("escape addquotes", 'it\'s "x"', '"it\\\'s \\"x\\""'),
        ("", "a,b", "a,b"),
        ("json", 'é "x"\n', '{"v":"é \\"x\\"\\n"}'),
    ],
)
def test_what_would_be_read_as_more_than_a_value_is_quoted_or_escaped(
    client: Client,
    exports: Exports,
    form: str,
    value: str,
    field: str,
) -> None:
    client.run("create table t (v varchar(40))")
    cursor = client.connection.cursor()
    cursor.execute("insert into t values (%s)", (value,))
    client.run(exports.unload("select v from t", form=form))
    assert exports.body("0000_part_00").decode() == field + "\n"


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("", "1|||null"),
        ("null as 'NIL'", "1|NIL|NIL|null"),
        ("csv", "1,,,null"),
        ("csv null 'NIL'", "1,NIL,NIL,null"),
        ("json", '{"k":1,"v":null,"d":null,"s":null}'),
    ],
)
def test_null_is_nothing_or_as_told_but_for_super(client: Client, exports: Exports, form: str, line: str) -> None:
    client.run("create table t (k int, v varchar(9), d decimal(8,2), s super)", "insert into t (k) values (1)")
    client.run(exports.unload("select k, v, d, s from t", form=form))
    assert exports.body("0000_part_00").decode() == line + "\n"


def test_a_header_is_in_every_file_and_counted_by_a_verbose_manifest(client: Client, exports: Exports) -> None:
    client.run("create table t (k int, v varchar(9))", "insert into t values (1, 'a'), (2, 'b'), (3, 'c')")
    client.run(exports.unload("select * from t order by k", "header manifest verbose", form="csv"))
    assert exports.listed() == ["0000_part_00", "0001_part_00", "manifest"]
    assert exports.body("0000_part_00") == b"k,v\n1,a\n2,b\n"
    assert exports.body("0001_part_00") == b"k,v\n3,c\n"
    manifest = json.loads(exports.body("manifest"))
    assert [entry["meta"]["record_count"] for entry in manifest["entries"]] == [3, 2]
    assert manifest["meta"]["record_count"] == 5


@pytest.mark.parametrize(
    ("option", "suffix", "unpacked"),
    [
        ("gzip", ".gz", gzip.decompress),
        ("bzip2", ".bz2", bz2.decompress),
        ("zstd", ".zst", lambda body: pa.CompressedInputStream(pa.BufferReader(body), "zstd").read()),
    ],
)
def test_files_are_packed_and_named_so(
    client: Client,
    exports: Exports,
    option: str,
    suffix: str,
    unpacked: Callable[[bytes], bytes],
) -> None:
    client.run("create table t (k int)", "insert into t values (1)", exports.unload("select k from t", option, form=""))
    assert exports.listed() == [f"0000_part_00{suffix}"]
    assert unpacked(exports.body(f"0000_part_00{suffix}")) == b"1\n"


def test_a_file_is_no_larger_than_told(client: Client, exports: Exports) -> None:
    client.run("create table t (v varchar(65535))", "insert into t select repeat('x', 65000)")
    for _ in range(8):
        client.run("insert into t select * from t")
    client.run(exports.unload("select v from t", "maxfilesize 5 mb", form="csv"))
    sizes = [len(exports.body(key)) for key in exports.listed()]
    assert exports.listed() == ["0000_part_00", "0000_part_01", "0001_part_00", "0001_part_01"]
    assert max(sizes) <= 5 * 1024**2
    assert sum(sizes) == 256 * 65001


def test_a_serial_unload_goes_on_in_another_file_when_one_is_full(client: Client, exports: Exports) -> None:
    client.run("create table n as select 1 as n union all select 2 union all select 3")
    wide = "select n, rpad('x', 4000000, 'x') as a from n order by n"
    client.run(exports.unload(wide, "parallel off maxfilesize 5 mb", below="a", form="csv"))
    assert exports.listed() == ["a000", "a001", "a002"]
    assert [exports.body(key)[:2] for key in exports.listed()] == [b"1,", b"2,", b"3,"]


def test_an_extension_ends_the_name_of_each_file(client: Client, exports: Exports) -> None:
    client.run(exports.unload("select 1 as a union all select 2", "extension 'csv.txt'", form="csv"))
    assert exports.listed() == ["0000_part_00.csv.txt", "0001_part_00.csv.txt"]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("fixedwidth 'k:3,v:7,n:4'", "12 caf\u00e9       \n"),
        ("fixedwidth as 'k:2, v:4, n:1' null as '?'", "12caf\u00e9?\n"),
        ("fixedwidth 'k:2,v:4,n:1' null as 'none'", "12caf\u00e9 \n"),
    ],
)
def test_fixed_widths_are_padded_with_blanks(client: Client, exports: Exports, options: str, line: str) -> None:
    client.run("create table w (k integer, v varchar(9), n integer)", "insert into w values (12, 'caf\u00e9', null)")
    client.run(exports.unload("select * from w", options, form=""))
    assert exports.body("0000_part_00").decode() == line


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("fixedwidth 'k:2,v:3,n:1'", 'a value of column "v" has 4 characters, FIXEDWIDTH gives it 3'),
        ("fixedwidth 'k:2,v:4'", "FIXEDWIDTH names 2 columns, the query has 3"),
        ("fixedwidth 'k:2,v:4,n'", "is not of the form"),
        ("fixedwidth 'k:2,v:0,n:1'", "is not of the form"),
        ("fixedwidth 'k:2,v:4,n:1' delimiter ','", "FIXEDWIDTH and DELIMITER cannot be specified together"),
        ("fixedwidth 'k:2,v:4,n:1' header", "FIXEDWIDTH and HEADER cannot be specified together"),
        ("fixedwidth 'k:2,v:4,n:1' csv", "FIXEDWIDTH is not supported for UNLOAD to CSV"),
        ("gzip extension 'gz'", "EXTENSION and compression cannot be specified together"),
    ],
)
def test_what_does_not_fit_is_never_cut_and_what_no_page_says_is_refused(
    client: Client, exports: Exports, options: str, said: str
) -> None:
    client.run("create table w (k integer, v varchar(9), n integer)", "insert into w values (12, 'caf\u00e9', null)")
    assert said in client.error(exports.unload("select * from w", options, form=""))["M"]
    assert exports.listed() == []


def test_partitions_and_a_manifest_are_those_of_parquet(client: Client, exports: Exports) -> None:
    client.run("create table t (k int, day date)", "insert into t values (1, '2025-01-02'), (2, '2025-01-03')")
    client.run(exports.unload("select * from t", "partition by (day) manifest", form="json"))
    assert exports.listed() == ["day=2025-01-02/0000_part_00", "day=2025-01-03/0000_part_00", "manifest"]
    assert exports.body("day=2025-01-03/0000_part_00") == b'{"k":2}\n'
    urls = [f"s3://{exports.lake.bucket}/{exports.prefix}{key}" for key in exports.listed()[:2]]
    assert json.loads(exports.body("manifest")) == {"entries": [{"url": url} for url in urls]}


def test_copy_takes_back_csv_and_json(client: Client, lake: Lake, exports: Exports) -> None:
    client.run("create table t (k int, v varchar(20), d decimal(8,2), at timestamp)", "create table back (like t)")
    client.run("insert into t values (1, 'a,\"b\"', 1.5, '2025-01-02 03:04:05'), (2, 'x', null, null)")
    for form, read in (("csv", "csv emptyasnull"), ("json", "json 'auto'")):
        client.run(exports.unload("select * from t", form=form, below=f"{form}/"), "delete from back")
        source = f"s3://{lake.bucket}/{exports.prefix}{form}/"
        client.run(f"copy back from '{source}' iam_role '{lake.role}' {read}")
        assert client.run("select * from back order by k") == client.run("select * from t order by k")


# query, form, what the error says
REFUSED = [
    ("select 1 as a", "json header", "HEADER is not supported for UNLOAD to JSON"),
    ("select 1 as a", "json delimiter ';'", "DELIMITER is not supported for UNLOAD to JSON"),
    ("select 1 as a", "csv addquotes", "ADDQUOTES is not supported for UNLOAD to CSV"),
    ("select 1 as a", "csv escape", "ESCAPE is not supported for UNLOAD to CSV"),
    ("select 1 as a", "csv fixedwidth 'a:1'", "FIXEDWIDTH is not supported for UNLOAD to CSV"),
    ("select 1 as a", "delimiter '::'", "must be a single ASCII character"),
    ("select 1 as a, 2 as a", "json", 'names that differ: "a" stands twice'),
    ("select 'NaN'::float8 as a", "json", "is no number of JSON"),
    ("select null::int as a", "addquotes", "how ADDQUOTES writes a NULL is not documented"),
    ("select '12:00'::time as a", "csv", 'does not support the type of column "a"'),
]


@pytest.mark.parametrize(("query", "form", "said"), REFUSED, ids=[f"{q} {f}" for q, f, _ in REFUSED])
def test_what_cannot_be_is_refused_by_name_and_nothing_is_written(
    client: Client,
    exports: Exports,
    query: str,
    form: str,
    said: str,
) -> None:
    assert said in client.error(exports.unload(query, form=form))["M"]
    assert exports.listed() == []
