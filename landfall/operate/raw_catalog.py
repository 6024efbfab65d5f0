"""OPERATE, catalog: tables over files in the bucket, for Athena and for the warehouse's external schemas.

In: a dataset's contract, and how its files lie. Out: a table of the Glue catalog, its partitions projected where they
can be, so that nobody adds any for Athena; those that are there are registered too, since only Athena projects any.
Nothing is read and nothing lands by it. Exports are described in the same words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from ingest_lambda.arrive.routing import PREFIX
from ingest_lambda.errors import ConfigError
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.reconcile.ledger import datasets
from ingest_lambda.reconcile.listing import OFFLINE_CLASSES
from ingest_lambda.warehouse.client import Connection
from ingest_lambda.warehouse.sqltypes import SqlType
from ingest_lambda.warehouse.statements import identifier, literal
from landfall.operate import hive_layout, projection
from landfall.operate.glue_tables import OWNER
from landfall.operate.hive_layout import Layout
from landfall.operate.statements import bookkeeping

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

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
# Without it Athena passes over archived objects that were restored, too:
# https://docs.aws.amazon.com/athena/latest/ug/querying-glacier.html
RESTORED = {"read_restored_glacier_objects": "true"}
PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}


@dataclass(frozen=True)
class RawTable:
    """A table to register: Glue's input, the declared columns that no query can have, as `name TYPE`, and its layout.

    `why`: what keeps it from more partitions, or Athena from projecting those that there are; mostly nothing does.
    """

    definition: Mapping[str, Any]
    left_out: Sequence[str]
    layout: Layout
    why: str | None = None


def folder_of(s3: S3Client, bucket: str, dataset: str, contract: Contract, prefixes: Mapping[str, str]) -> str:
    """Name the one folder that a dataset's files are below, by what is declared of it and what is there.

    `prefixes`: all that are declared, and whose each is.

    Raises:
        ConfigError: it can be no table: the contract names no column, the dataset takes files that are no parquet, or
            they lie in several folders, or those of another do below theirs.
    """
    if not contract.columns:
        raise ConfigError(
            f"{dataset} declares no columns: name them in its source YAML, in dbt_project/models/landing/"
        )
    if contract.formats:
        raise ConfigError(
            f"{dataset} takes {', '.join(sorted(contract.formats))} beside parquet: Athena reads one format a table"
        )
    folder = f"{PREFIX}{dataset}/"
    if contract.prefixes:
        folders = sorted({folder, *contract.prefixes})
        there = [each for each in folders if s3.list_objects_v2(Bucket=bucket, Prefix=each, MaxKeys=1).get("Contents")]
        if len(there) > 1:
            raise ConfigError(f"{dataset} has files below {' and '.join(there)}: a table is over one folder")
        folder = there[0] if there else folder
    if others := sorted(each for each, of in prefixes.items() if of != dataset and each.startswith(folder)):
        raise ConfigError(
            f"{dataset} has its files below {folder}, and those below {others[0]} are {prefixes[others[0]]}'s: a table "
            "has all that lies below its folder; have the files of one of them written to a folder beside the other's"
        )
    return folder


def archived(s3: S3Client, bucket: str, folder: str) -> str:
    """Say how many of the files below a folder are archived, of those that LOOKS listings name; empty where none is."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=folder, PaginationConfig={"PageSize": hive_layout.PAGE}
    )
    listed = [each for page in islice(pages, hive_layout.LOOKS) for each in page.get("Contents", [])]
    count = sum(each.get("StorageClass") in OFFLINE_CLASSES for each in listed)
    of = f"of the first {len(listed):,} files" if len(listed) == hive_layout.PAGE * hive_layout.LOOKS else "files"
    return f"{count:,} {of} are archived: Athena passes over those that are not restored" if count else ""


def elsewhere(warehouse: Connection, folders: Mapping[str, str]) -> dict[str, str]:
    """Say, by dataset, how many files have landed from keys that are not below the folder of its table."""
    known = [name for name in datasets(warehouse) if name in folders]
    rows = [row for sql in bookkeeping.select_elsewhere({n: folders[n] for n in known}) for row in warehouse.query(sql)]
    return {
        row["dataset"]: f"{int(row['files']):,} files lie elsewhere and are not in it, as {row['first_key']}"
        for row in rows
    }


def table(location: str, dataset: str, contract: Contract, layout: Layout, today: dt.date) -> RawTable:
    """Describe a dataset's files, below an s3:// folder, to the Glue catalog: partitioned as they lie."""
    columns = [
        (column.name, athena_type(column.type))
        for column in contract.columns
        if athena_type(column.type) and column.name not in layout.names
    ]
    left_out = [f"{column.name} {column.type}" for column in contract.columns if not athena_type(column.type)]
    described = f"Files of {dataset}, as its producer sent them."
    projected: Mapping[str, Mapping[str, str]] = {}
    why = layout.why
    try:
        texts = {name: {each.texts[at] for each in layout.partitions} for at, name in enumerate(layout.names)}
        projected = projection.project(texts, today)
    except ValueError as error:
        why = "; ".join(filter(None, (why, f"{error}: Athena too reads the partitions that are registered")))
    definition = describe(dataset, described, location, columns, layout.names, projected)
    return RawTable(definition, left_out, layout, why or None)


def describe(
    name: str,
    described: str,
    location: str,
    columns: Iterable[tuple[str, str]],
    partition_by: Sequence[str],
    projected: Mapping[str, Mapping[str, str]],
) -> Mapping[str, Any]:
    """Spell a table over parquet files as Glue's input.

    `location`: an s3:// folder. `columns`: names and types as Athena spells them. `projected`: how Athena finds each of
    the partitions; where it is empty, Athena asks which are registered.
    """
    template = location + "".join(f"{each}=${{{each}}}/" for each in partition_by)
    settings = {f"projection.{each}.{key}": text for each, part in projected.items() for key, text in part.items()}
    enabled = {"projection.enabled": "true", "storage.location.template": template, **settings} if projected else {}
    return {
        "Name": name,
        "Owner": OWNER,
        "Description": described,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE", **RESTORED, **enabled},
        "PartitionKeys": [{"Name": each, "Type": "string"} for each in partition_by],
        "StorageDescriptor": {
            "Columns": [{"Name": column, "Type": type_} for column, type_ in columns],
            "Location": location,
            **PARQUET,
        },
    }


def external_schema(name: str, database: str, role_arn: str) -> str:
    """Spell the statement that makes the catalog's tables a schema of the warehouse.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_SCHEMA.html

    >>> print(external_schema("raw", "landfall_dev_raw", "arn:aws:iam::123456789012:role/copy"))
    create external schema if not exists "raw"
    from data catalog database 'landfall_dev_raw'
    iam_role 'arn:aws:iam::123456789012:role/copy'
    """
    return (
        f"create external schema if not exists {identifier(name)}\n"
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
