"""How files are stored: what the Data Catalog describes is read as it says, or refused by name."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

import bz2
import gzip
import io
from decimal import Decimal
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.orc as po  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from tests.local.redshift.support import Client, External

TEXT = "row format delimited fields terminated by ',' stored as textfile"


def changed(external: External, table: str, storage: dict[str, Any], parameters: dict[str, str] | None = None) -> None:
    """Change what the Data Catalog says of a table's storage, and of the table."""
    found = external.glue.get_table(DatabaseName=external.database, Name=table)["Table"]
    kept = {name: found[name] for name in ("Name", "TableType", "PartitionKeys")}
    external.glue.update_table(
        DatabaseName=external.database,
        TableInput={
            **kept,
            "Parameters": {**found["Parameters"], **(parameters or {})},
            "StorageDescriptor": {**found["StorageDescriptor"], **storage},
        },
    )


def register(external: External, table: str, value: str, parameters: dict[str, str] | None = None, **own: Any) -> None:
    """Register a partition whose description differs from its table's."""
    storage = external.glue.get_table(DatabaseName=external.database, Name=table)["Table"]["StorageDescriptor"]
    place = {"Location": f"{external.folder(table)}k={value}/"}
    external.glue.create_partition(
        DatabaseName=external.database,
        TableName=table,
        PartitionInput={
            "Values": [value], "Parameters": parameters or {}, "StorageDescriptor": {**storage, **place, **own}
        },
    )  # fmt: skip


# --- InputFormat, partitions ---


@pytest.mark.parametrize("form", ["parquet", "orc", "textfile"])
def test_files_that_another_class_reads_are_refused(client: Client, external: External, form: str) -> None:
    external.put(b"s3://a-bucket/a-file\n", "t/manifest")
    client.run(external.create("t", "a varchar(99)", f"stored as {form}"))
    symlinks = "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat"
    changed(external, "t", {"InputFormat": symlinks})
    assert f'the InputFormat "{symlinks}" of {external.name}.t' in client.error(f"select * from {external.name}.t")["M"]


def test_no_input_format_is_that_of_the_serde(client: Client, external: External) -> None:
    external.put(b"x,y\n", "t/1")
    client.run(external.create("t", "a varchar(9), b varchar(9)", TEXT))
    changed(external, "t", {"InputFormat": ""})
    assert client.run(f"select * from {external.name}.t") == [("x", "y")]


SERDE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
APART: list[tuple[dict[str, Any], str]] = [
    ({"SerdeInfo": {"SerializationLibrary": SERDE, "Parameters": {"field.delim": "|"}}}, "its own delimiter"),
    ({"SerdeInfo": {"SerializationLibrary": SERDE}}, "its own delimiter"),
    ({"SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"}}, "jsonserde.JsonSerDe"),
    ({"SerdeInfo": {"SerializationLibrary": SERDE.replace("serde2.lazy.LazySimpleSerDe", "ql.io.orc.OrcSerde")},
      "InputFormat": ""}, "its own SerDe"),
    ({"InputFormat": "com.example.Reader"}, 'the InputFormat "com.example.Reader"'),
    ({"parameters": {"skip.header.line.count": "1"}}, "its own header"),
    ({"parameters": {"serialization.null.format": "-"}}, "its own null"),
    ({"Columns": [{"Name": "b", "Type": "string"}, {"Name": "a", "Type": "string"}]}, "its own columns"),
]  # fmt: skip


@pytest.mark.parametrize(("own", "told"), APART)
def test_a_partition_that_is_stored_in_another_way_is_refused(
    client: Client, external: External, own: dict[str, Any], told: str
) -> None:
    for value in ("same", "bare", "other"):
        external.put(b"1,2|3\n", f"t/k={value}/1")
    client.run(external.create("t", "a varchar(9), b varchar(9)", f"partitioned by (k varchar(9)) {TEXT}"))
    register(external, "t", "same", {"numRows": "1"})
    external.glue.create_partition(
        DatabaseName=external.database,
        TableName="t",
        PartitionInput={"Values": ["bare"], "StorageDescriptor": {"Location": f"{external.folder('t')}k=bare/"}},
    )
    register(external, "t", "other", **own)
    table = f"{external.name}.t"
    assert client.run(f"select a, b from {table} where k <> 'other'") == [("1", "2|3")] * 2
    message = client.error(f"select a from {table}")["M"]
    assert f"partition (other) of {table}" in message
    assert told in message


def test_a_partition_of_parquet_may_describe_fewer_columns(client: Client, external: External) -> None:
    external.put(pa.table({"a": ["1"], "b": ["2"]}), "t/k=1/1")
    client.run(external.create("t", "a varchar(9), b varchar(9)", "partitioned by (k int) stored as parquet"))
    register(external, "t", "1", Columns=[{"Name": "b", "Type": "varchar(9)"}])
    assert client.run(f"select a, b from {external.name}.t") == [("1", "2")]


# --- properties ---

REFUSED = [
    ("textfile", "surplus_bytes_handling", "FAIL"), ("textfile", "timestamp.formats", "yyyy"),
    ("textfile", "serialization.encoding", "latin1"), ("textfile", "skip.footer.line.count", "1"),
    ("textfile", "escape.delim", "\\"), ("textfile", "areColumnsQuoted", "true"), ("textfile", "unheard.of", "1"),
    ("textfile", "skip.header.line.count", "x"), ("textfile", "skip.header.line.count", "-1"),
    ("textfile", "compression_type", "snappy"), ("textfile", "field.delim", "||"), ("textfile", "field.delim", "9"),
    ("textfile", "field.delim", "ß"), ("textfile", "field.delim", ""), ("textfile", "serialization.format", "44"),
    ("textfile", "column_count_mismatch_handling", "IGNORE"), ("textfile", "data_cleansing_enabled", "yes"),
    ("parquet", "skip.header.line.count", "1"), ("parquet", "parquet.column.index.access", "true"),
    ("parquet", "column_count_mismatch_handling", "FAIL"), ("orc", "serialization.null.format", "-"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "name", "value"), REFUSED)
def test_a_property_that_may_change_what_is_read_is_refused_by_name(
    client: Client, external: External, form: str, name: str, value: str
) -> None:
    client.run(external.create("t", "a varchar(9), b varchar(9)", f"stored as {form}"))
    assert client.run(f"select * from {external.name}.t") == []
    by_serde = name in ("field.delim", "serialization.format")
    if by_serde:
        changed(external, "t", {"SerdeInfo": {"SerializationLibrary": SERDE, "Parameters": {name: value}}})
    else:
        changed(external, "t", {}, {name: value})
    message = client.error(f"select a from {external.name}.t")["M"]
    assert f"the property '{name}' = '{value}' of {external.name}.t" in message.replace("\\\\", "\\")


def test_properties_of_crawlers_athena_and_statistics_change_nothing(client: Client, external: External) -> None:
    external.put(b"x,y\n", "t/1")
    client.run(
        external.create("t", "a varchar(9), b varchar(9)", TEXT)
        + " table properties ('numRows'='7', 'write.parallel'='off', 'data_cleansing_enabled'='false', "
        "'column_count_mismatch_handling'='FAIL', 'orc.schema.resolution'='name')"
    )
    told = {
        "classification": "csv", "compressionType": "none", "delimiter": ",", "recordCount": "1", "typeOfData": "file",
        "UPDATED_BY_CRAWLER": "c", "areColumnsQuoted": "false", "projection.enabled": "true",
        "has_encrypted_data": "false",
        "storage.location.template": "s3://b/${k}/", "transient_lastDdlTime": "1", "COLUMN_STATS_ACCURATE": "{}",
    }  # fmt: skip
    changed(external, "t", {"Parameters": told}, told)
    assert client.run(f"select * from {external.name}.t") == [("x", "y")]


def test_a_property_is_said_once(client: Client, external: External) -> None:
    client.run(external.create("t", "a varchar(9)", TEXT))
    changed(external, "t", {"Parameters": {"skip.header.line.count": "2"}}, {"skip.header.line.count": "1"})
    assert "is said in two ways, '1' and '2'" in client.error(f"select a from {external.name}.t")["M"]


ROWS = b"1,2\n3\n4,5,6\n"
MISMATCHES: list[tuple[str, Any]] = [
    ("DISABLED", [("1", "2"), ("3", None), ("4", "5")]),
    ("SET_TO_NULL", [("1", "2"), ("3", None), ("4", "5")]),
    ("DROP_ROW", [("1", "2")]),
    ("FAIL", "A row of 1 fields, of 2 columns: '3'"),
]


@pytest.mark.parametrize(("action", "expected"), MISMATCHES)
def test_rows_of_another_number_of_fields_are_handled_as_the_table_says(
    client: Client, external: External, action: str, expected: Any
) -> None:
    external.put(ROWS, "t/1")
    of = "a varchar(3), b varchar(3)"
    handling = f"'column_count_mismatch_handling'='{action}', 'data_cleansing_enabled'='true'"
    client.run(external.create("t", of, TEXT) + f" table properties ({handling})")
    if isinstance(expected, str):
        assert expected in client.error(f"select * from {external.name}.t")["D"]
    else:
        assert client.run(f"select * from {external.name}.t order by a") == expected


def test_data_handling_is_for_plain_text_and_named_switches(client: Client, external: External) -> None:
    external.put(gzip.compress(ROWS), "t/1.gz")
    handling = "'column_count_mismatch_handling'='FAIL'"
    client.run(
        external.create("t", "a varchar(3)", TEXT) + f" table properties ({handling}, 'data_cleansing_enabled'='true')",
        external.create("u", "a varchar(3)", TEXT) + f" table properties ({handling})",
        external.create("w", "a varchar(3)", TEXT) + " table properties ('data_cleansing_enabled'='true')",
    )
    external.put(b"long\n", "w/1")
    assert "text that is not compressed" in client.error(f"select a from {external.name}.t")["M"]
    assert "needs 'data_cleansing_enabled'" in client.error(f"select a from {external.name}.u")["M"]
    assert "'surplus_char_handling' is not offered" in client.error(f"select a from {external.name}.w")["D"]


@pytest.mark.parametrize(("written", "separator"), [(r"\t", "\t"), (r"\007", "\x07"), (";", ";"), (r"\073", ";")])
def test_a_delimiter_is_one_character_also_in_octal(
    client: Client, external: External, written: str, separator: str
) -> None:
    external.put(f"a{separator}b\n".encode(), "t/1")
    delimited = f"row format delimited fields terminated by '{written}' stored as textfile"
    client.run(external.create("t", "a varchar(9), b varchar(9)", delimited))
    assert client.run(f"select * from {external.name}.t") == [("a", "b")]


@pytest.mark.parametrize("written", ["9", "||", "ß", r"\n", ""])
def test_what_is_no_delimiter_is_refused_when_a_table_is_made(client: Client, external: External, written: str) -> None:
    delimited = f"row format delimited fields terminated by '{written}' stored as textfile"
    assert "FIELDS TERMINATED BY" in client.error(external.create("t", "a int", delimited))["M"]


# --- text ---

CARRIAGES = [(b"1,x\r\n2,y\r\n", 1), (b"h,h\r\n1,x\n", 1), (b"h,h\n1,x\n2,a\rb\n", 3), (b"h,h\n1,x\r", 2)]


@pytest.mark.parametrize(("content", "line"), CARRIAGES)
def test_carriage_returns_are_refused_by_file_and_line(
    client: Client, external: External, content: bytes, line: int
) -> None:
    external.put(content, "t/1.csv")
    client.run(external.create("t", "a int, b varchar(9)", TEXT) + " table properties ('skip.header.line.count'='1')")
    told = f"line {line} of {external.folder('t')}1.csv has a carriage return"
    assert told in client.error(f"select a from {external.name}.t")["M"]


def test_a_byte_order_mark_is_refused_by_file(client: Client, external: External) -> None:
    external.put("\ufeffx,y\n".encode(), "t/1.csv")
    client.run(external.create("t", "a varchar(9), b varchar(9)", TEXT))
    told = f"line 1 of {external.folder('t')}1.csv begins with a byte order mark"
    assert told in client.error(f"select b from {external.name}.t")["M"]


UNFIT = [
    ("decimal(8,2)", "1.256"), ("decimal(4,2)", "123.4"), ("smallint", "40000"), ("int", "2147483648"),
    ("date", "2025-02-29"), ("timestamp", "2025-01-02 25:00:00"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), UNFIT)
def test_a_text_that_its_type_does_not_hold_as_it_is_fails(
    client: Client, external: External, kind: str, text: str
) -> None:
    external.put(f"x,{text}\n".encode(), "t/1")
    client.run(external.create("t", f"a varchar(9), b {kind}", TEXT))
    detail = client.error(f"select b from {external.name}.t")["D"]
    assert f"Invalid value '{text}' of column b" in detail
    assert f"{external.folder('t')}1" in detail


def test_noughts_at_the_ends_of_a_decimal_change_nothing(client: Client, external: External) -> None:
    external.put(b"0001.2500\n-.5\n", "t/1")
    client.run(external.create("t", "a decimal(3,2)", TEXT))
    assert client.run(f"select a from {external.name}.t order by a") == [(Decimal("-0.50"),), (Decimal("1.25"),)]


COMPRESSED = [
    ("t/1.lzo", b"x\n", "lzo"), ("t/1.lz4", b"x\n", "lz4"), ("t/1.zip", b"x\n", "zip"), ("t/1.zst", b"x\n", "zst"),
    ("t/1.snappy", b"x\n", "snappy"), ("t/1.csv", b"PK\x03\x04x\n", "zip"), ("t/1.csv", b"\x28\xb5\x2f\xfdx", "zstd"),
    ("t/1.csv", gzip.compress(b"x\n", mtime=0), "gzip"), ("t/1.csv", bz2.compress(b"x\n"), "bzip2"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "content", "told"), COMPRESSED)
def test_a_compression_that_is_not_offered_is_refused_by_file(
    client: Client, external: External, path: str, content: bytes, told: str
) -> None:
    external.put(content, path)
    client.run(external.create("t", "a varchar(9)", TEXT))
    message = client.error(f"select a from {external.name}.t")["M"]
    assert f"text compressed as {told} is not offered" in message
    assert path.split("/")[1] in message


def test_a_compression_that_the_table_names_counts_whatever_a_file_is_called(
    client: Client, external: External
) -> None:
    external.put(bz2.compress(b"x\n"), "t/1.lzo")
    client.run(external.create("t", "a varchar(9)", TEXT) + " table properties ('compression_type'='bzip2')")
    assert client.run(f"select a from {external.name}.t") == [("x",)]


# --- names of columns, values of partitions ---


def test_columns_that_differ_in_case_alone_are_ambiguous_where_they_are_read(
    client: Client, external: External
) -> None:
    twice, orc = pa.table({"A": ["1"], "a": ["2"], "b": ["3"]}), io.BytesIO()
    po.write_table(twice, orc)
    external.put(twice, "t/1")
    external.put(orc.getvalue(), "o/1")
    columns, by_place = "a varchar(9), b varchar(9)", " table properties ('orc.schema.resolution'='position')"
    client.run(external.create("t", columns), external.create("o", columns, "stored as orc"))
    for table in ("t", "o"):
        assert client.run(f"select b from {external.name}.{table}") == [("3",)]
        message = client.error(f"select a from {external.name}.{table}")["M"]
        assert f'column "a" of {external.name}.{table} is ambiguous' in message
        assert '"A" and "a"' in message
    client.run(f"drop table {external.name}.o", external.create("o", columns, "stored as orc") + by_place)
    assert client.run(f"select a, b from {external.name}.o") == [("1", "2")]


@pytest.mark.parametrize("value", ["null", "'a' || 'b'", "current_date", "true", "1 + 1", "1e2", "upper('a')", ""])
def test_a_partition_value_is_one_literal(client: Client, external: External, value: str) -> None:
    client.run(external.create("t", "a int", "partitioned by (k varchar(9)) stored as parquet"))
    table, place = f"{external.name}.t", f"location '{external.folder('t')}k/'"
    assert client.error(f"alter table {table} add partition (k={value}) {place}")["C"] == "42601"
    assert client.error(f"alter table {table} drop partition (k={value})")["C"] == "42601"
    assert client.error(f"alter table {table} add partition (k='a', k='b') {place}")["C"] == "42701"
    assert client.run(f"select values from svv_external_partitions where schemaname = '{external.name}'") == []


SAME = [("int", "01", "1"), ("decimal(4,2)", "1.2", "1.20"), ("boolean", "TRUE", "true"), ("smallint", "+7", "7")]


@pytest.mark.parametrize(("kind", "one", "other"), SAME)
def test_partitions_of_one_value_are_one_however_it_is_spelt(
    client: Client, external: External, kind: str, one: str, other: str
) -> None:
    client.run(external.create("t", "a int", f"partitioned by (k {kind}) stored as parquet"))
    table, place = f"{external.name}.t", f"location '{external.folder('t')}k/'"
    values = f"select values from svv_external_partitions where schemaname = '{external.name}'"
    client.run(f"alter table {table} add partition (k='{one}') {place}")
    assert client.error(f"alter table {table} add partition (k='{other}') {place}")["C"] == "42710"
    client.run(f"alter table {table} add if not exists partition (k='{other}') {place}")
    assert client.run(values) == [(f'["{one}"]',)]
    register(external, "t", other)
    assert "are one" in client.error(f"alter table {table} drop partition (k='{other}')")["M"]
    external.glue.delete_partition(DatabaseName=external.database, TableName="t", PartitionValues=[other])
    client.run(f"alter table {table} drop partition (k='{other}')")
    assert client.run(values) == []
    twice = f"partition (k='{one}') {place} partition (k='{other}') {place}"
    assert client.error(f"alter table {table} add {twice}")["C"] == "42710"
    assert client.run(values) == []
