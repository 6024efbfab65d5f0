"""OPERATE, catalog: tables over files in the bucket, for Athena and for the warehouse's external schemas.

In: a dataset's contract, the keys of some of its files. Out: a table of the Glue catalog, its partitions projected from
the hive parts of the keys, so that nobody adds any for Athena; those that are there are registered too, since only
Athena projects any. Nothing is read and nothing lands by it. Exports are described in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingest_lambda.errors import ConfigError
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.warehouse.sqltypes import SqlType
from ingest_lambda.warehouse.statements import identifier, literal

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RAW = "raw"
LOOKED_AT = 1000  # keys: one page of a listing
# https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html
PARTITIONS_A_CALL = 100
# Athena's names of the types that the files of a declared column have:
# https://docs.aws.amazon.com/athena/latest/ug/data-types.html
TYPES = {
    "BOOLEAN": "boolean",
    "SMALLINT": "smallint",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "REAL": "float",
    "DOUBLE PRECISION": "double",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "VARCHAR": "string",
    "CHAR": "string",
    "VARBYTE": "binary",
}
# Athena's names of columns are in lower case; a hive part of another spelling is left to the path.
HIVE_PART = re.compile(r"[a-z_][a-z0-9_]*=.+")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
NUMBER = re.compile(r"\d+")
YEARS_AHEAD = 10  # a query of a year that no file has costs a listing; a year beyond the range would find nothing
RANGES = {"month": "1,12", "day": "1,31", "hour": "0,23"}
PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}


@dataclass(frozen=True)
class RawTable:
    """A table to register: Glue's input, and the declared columns that no query can have, as `name TYPE`."""

    definition: Mapping[str, Any]
    left_out: Sequence[str]


def table(bucket: str, dataset: str, contract: Contract, keys: Iterable[str]) -> RawTable:
    """Describe a dataset's files to the Glue catalog, partitioned by the hive parts that all of `keys` have.

    Raises:
        ConfigError: the contract names no column, or the dataset takes files that are no parquet.
    """
    if not contract.columns:
        raise ConfigError(
            f"{dataset} declares no columns: name them in its source YAML, in dbt_project/models/landing/"
        )
    if contract.formats:
        raise ConfigError(
            f"{dataset} takes {', '.join(sorted(contract.formats))} beside parquet: Athena reads one format a table"
        )
    folder = f"raw/{dataset}/"
    parts = partitions(folder, list(keys))
    columns = [
        (column.name, athena_type(column.type))
        for column in contract.columns
        if athena_type(column.type) and column.name not in parts
    ]
    left_out = [f"{column.name} {column.type}" for column in contract.columns if not athena_type(column.type)]
    described = f"Files of {dataset}, as its producer sent them."
    return RawTable(describe(dataset, described, f"s3://{bucket}/{folder}", columns, parts), left_out)


def describe(
    name: str,
    described: str,
    location: str,
    columns: Iterable[tuple[str, str]],
    parts: Mapping[str, Mapping[str, str]],
) -> Mapping[str, Any]:
    """Spell a table over parquet files as Glue's input.

    `location`: an s3:// folder. `columns`: names and types as Athena spells them. `parts`: the projected partitions.
    """
    template = location + "".join(f"{name}=${{{name}}}/" for name in parts)
    projection = {f"projection.{name}.{key}": text for name, part in parts.items() for key, text in part.items()}
    projected = {"projection.enabled": "true", "storage.location.template": template, **projection} if parts else {}
    return {
        "Name": name,
        "Description": described,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE", **projected},
        "PartitionKeys": [{"Name": name, "Type": "string"} for name in parts],
        "StorageDescriptor": {
            "Columns": [{"Name": column, "Type": type_} for column, type_ in columns],
            "Location": location,
            **PARQUET,
        },
    }


def register(glue: Any, database: str, definition: Mapping[str, Any]) -> str:
    """Create the table, or bring it to its definition; return which: created or updated."""
    try:
        glue.create_table(DatabaseName=database, TableInput=definition)
    except glue.exceptions.AlreadyExistsException:
        glue.update_table(DatabaseName=database, TableInput=definition)
        return "updated"
    return "created"


def folders(s3: S3Client, definition: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """List the partitions of a table that have files, by their values: a request for a thousand folders in a folder."""
    bucket, _, folder = str(definition["StorageDescriptor"]["Location"]).removeprefix("s3://").partition("/")
    found: list[tuple[str, ...]] = [()]
    names = [str(key["Name"]) for key in definition["PartitionKeys"]]
    for depth, name in enumerate(names):
        deeper = []
        for values in found:
            above = folder + "".join(f"{key}={value}/" for key, value in zip(names[:depth], values, strict=True))
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{above}{name}=", Delimiter="/")
            prefixes = (each["Prefix"] for page in pages for each in page.get("CommonPrefixes", []))
            deeper += [(*values, each.removeprefix(f"{above}{name}=").removesuffix("/")) for each in prefixes]
        found = deeper
    return found if names else []


def register_partitions(
    glue: Any, database: str, definition: Mapping[str, Any], found: Sequence[Sequence[str]]
) -> None:
    """Register partitions of a table for readers that project none, Redshift's external schemas among them.

    Athena leaves them aside: https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html

    Raises:
        ConfigError: Glue does not take one.
    """
    names = [key["Name"] for key in definition["PartitionKeys"]]
    storage = definition["StorageDescriptor"]
    for start in range(0, len(found), PARTITIONS_A_CALL):
        inputs = []
        for values in found[start : start + PARTITIONS_A_CALL]:
            parts = "".join(f"{name}={value}/" for name, value in zip(names, values, strict=True))
            place = {**storage, "Location": storage["Location"] + parts}
            inputs.append({"Values": list(values), "StorageDescriptor": place})
        answer = glue.batch_create_partition(
            DatabaseName=database, TableName=definition["Name"], PartitionInputList=inputs
        )
        for error in answer.get("Errors", []):
            why = error["ErrorDetail"]
            if why["ErrorCode"] != "AlreadyExistsException":
                where = "/".join(error["PartitionValues"])
                raise ConfigError(f"{database}.{definition['Name']}, partition {where}: {why.get('ErrorMessage', why)}")


def location(glue: Any, database: str, name: str) -> str:
    """Return where a table of the catalog points to; empty where there is no such table."""
    try:
        return str(glue.get_table(DatabaseName=database, Name=name)["Table"]["StorageDescriptor"]["Location"])
    except glue.exceptions.EntityNotFoundException:
        return ""


def some_keys(s3: S3Client, bucket: str, dataset: str) -> list[str]:
    """Return the first keys of a dataset's folder, the writers' own files left out."""
    found = s3.list_objects_v2(Bucket=bucket, Prefix=f"raw/{dataset}/", MaxKeys=LOOKED_AT).get("Contents", [])
    keys = [each["Key"] for each in found]
    return [key for key in keys if not any(part.startswith((".", "_")) and "=" not in part for part in key.split("/"))]


def external_schema(database: str, role_arn: str) -> str:
    """Spell the statement that makes the catalog's tables a schema of the warehouse.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_SCHEMA.html

    >>> print(external_schema("landfall_dev_raw", "arn:aws:iam::123456789012:role/copy"))
    create external schema if not exists "raw"
    from data catalog database 'landfall_dev_raw'
    iam_role 'arn:aws:iam::123456789012:role/copy'
    """
    return (
        f"create external schema if not exists {identifier(RAW)}\n"
        f"from data catalog database {literal(database)}\niam_role {literal(role_arn)}"
    )


def athena_type(of: SqlType) -> str:
    """Name a type as Athena does; empty where a parquet file of it cannot be queried as one.

    >>> athena_type(SqlType("DECIMAL", (18, 2))), athena_type(SqlType("SUPER"))
    ('decimal(18,2)', '')
    """
    if of.name == "DECIMAL":
        return str(of).lower()
    return TYPES.get(of.name, "")


def partitions(folder: str, keys: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the hive parts of the keys and how each is projected; none where keys differ in them.

    https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html

    >>> partitions("raw/a/", ["raw/a/year=2026/month=01/x.parquet", "raw/a/year=2025/month=12/y.parquet"])["month"]
    {'type': 'integer', 'range': '1,12', 'digits': '2'}
    >>> partitions("raw/a/", ["raw/a/day=2026-01-01/x", "raw/a/day=2026-01-09/x"])["day"]["range"]
    '2026-01-01,NOW+1DAYS'
    >>> partitions("raw/a/", ["raw/a/region=EU/x", "raw/a/region=US/x"])
    {'region': {'type': 'enum', 'values': 'EU,US'}}
    >>> partitions("raw/a/", ["raw/a/x", "raw/a/day=2026-01-09/x"]), partitions("raw/a/", ["raw/a/day=1/2026/x"])
    ({}, {})
    """
    folders = [key.removeprefix(folder).split("/")[:-1] for key in keys]
    found = [dict(part.split("=", 1) for part in each if HIVE_PART.fullmatch(part)) for each in folders]
    names = list(found[0]) if found else []
    alike = all(list(parts) == names and len(parts) == len(each) for parts, each in zip(found, folders, strict=True))
    return {name: _projected(name, {parts[name] for parts in found}) for name in names} if alike else {}


def _projected(name: str, values: set[str]) -> dict[str, str]:
    if all(DAY.fullmatch(value) for value in values):
        return {"type": "date", "format": "yyyy-MM-dd", "range": f"{min(values)},NOW+1DAYS"}
    if name == "year" and all(NUMBER.fullmatch(value) for value in values):
        return {"type": "integer", "range": f"{min(values)},{int(max(values)) + YEARS_AHEAD}"}
    if name in RANGES and all(NUMBER.fullmatch(value) for value in values):
        lengths = {len(value) for value in values}
        padded = {"digits": "2"} if lengths == {2} else {}
        return {"type": "integer", "range": RANGES[name], **padded}
    return {"type": "enum", "values": ",".join(sorted(values))}
