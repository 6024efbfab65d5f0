"""How files are stored: what the Data Catalog describes is read as it says, or refused by name."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
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
