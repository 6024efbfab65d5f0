"""The rows of an external table, read from S3 for one statement.

In: a table, the partitions and columns that a statement asks for. Out: CSV chunks with all columns of the table in
order, then its partition columns, then the pseudo columns that are asked for; a column that is not is NULL. Columns of
parquet and ORC are found by name, without regard to case; one that a file does not have is NULL. Of ORC that is
documented (https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-external-tables.html), of parquet nothing is.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.csv as pa_csv  # type: ignore[import-untyped]  # pyarrow ships no types
from botocore.exceptions import BotoCoreError, ClientError

from local.redshift.columnar import BATCH_ROWS, ColumnarFile, open_columnar, unreadable
from local.redshift.csv_values import as_csv
from local.redshift.errors import RedshiftError
from local.redshift.external.catalog import PATH, ExternalColumn, Partition, Scan
from local.redshift.external.delimited import read_delimited
from local.redshift.external.glue import DataCatalog
from local.redshift.external.reading import NULL_PARTITION
from local.redshift.parquet_types import TargetColumn
from local.redshift.s3_clients import s3_fault
from local.redshift.s3_objects import downloaded
from local.redshift.s3_source import SourceFile, refuse_other_region, visible
from local.redshift.stop import Stop

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_CSV = pa_csv.WriteOptions(include_header=False)


def scan_chunks(catalog: DataCatalog, scan: Scan, folder: Path, stop: Stop) -> Iterator[bytes]:
    """Yield the rows as CSV.

    Args:
        catalog: whose role reads the files.
        scan: what to read.
        folder: where to keep files while they are read.
        stop: ends it when the statement is canceled.

    Raises:
        RedshiftError: S3 refuses, a file is not readable, or a column's type does not fit.
    """
    table = scan.table
    _refuse_types(scan)
    parts = [Partition((), table.location)] if scan.partitions is None else scan.partitions
    for partition in parts:
        with downloaded(catalog.s3, _files(catalog.s3, partition.location, stop), folder, stop) as files:
            for file, path in files:
                constants = _constants(scan, partition, file)
                if table.stored.form == "textfile":
                    read = read_delimited(path, file, table, scan.columns)
                else:
                    read = _columnar(open_columnar(path, file.url, table.stored.form), scan)
                for columns, rows in read:
                    yield _csv([*columns, *(pa.array([value] * rows, pa.string()) for value in constants)])
                path.unlink()


def _refuse_types(scan: Scan) -> None:
    for column in (*scan.table.columns, *scan.table.keys):
        if column.type is None and column.name in scan.columns:
            raise RedshiftError(
                f'column "{column.name}" of {scan.table.full_name} has the type "{column.kind}", which the local '
                "Redshift does not offer in external tables: name the columns that are read"
            )


def _constants(scan: Scan, partition: Partition, file: SourceFile) -> list[str | None]:
    values: list[str | None] = [None if value == NULL_PARTITION else value for value in partition.values]
    return values + [file.url if name == PATH else str(file.size) for name in scan.pseudo]


def _files(client: S3Client, location: str, stop: Stop) -> list[SourceFile]:
    """List the files below a folder and its folders; hidden ones and empty ones are unseen.

    Raises:
        RedshiftError: S3 refuses, or the location is a file: a manifest.
    """
    stop.hold()
    bucket, _, key = location.removeprefix("s3://").partition("/")
    prefix = key if not key or key.endswith("/") else f"{key}/"
    try:
        refuse_other_region(client, bucket)
        found = _listed(client, bucket, prefix)
        if not found and prefix != key and any(file.key == key for file in _listed(client, bucket, key)):
            raise RedshiftError(f"a file as LOCATION, a manifest, is not offered by the local Redshift: {location}")
    except (BotoCoreError, ClientError) as error:
        raise s3_fault(f"{error}: {location}") from error
    return [file for file in found if visible(file.key) and file.size]


def _listed(client: S3Client, bucket: str, prefix: str) -> list[SourceFile]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [SourceFile(bucket, each["Key"], each["Size"]) for page in pages for each in page.get("Contents", [])]


def _columnar(file: ColumnarFile, scan: Scan) -> Iterator[tuple[list[pa.Array], int]]:
    """Yield the table's own columns batch by batch, each with its number of rows."""
    names = [field.name.lower() for field in file.fields]
    plans = {}
    for place, column in enumerate(scan.table.columns):
        if column.name not in scan.columns:
            continue
        found = [place] if place < len(names) else []
        if not scan.table.stored.is_by_place:
            found = [index for index, name in enumerate(names) if name == column.name]
        if len(found) > 1:
            twice = " and ".join(f'"{file.fields[index].name}"' for index in found)
            raise RedshiftError(
                f'column "{column.name}" of {scan.table.full_name} is ambiguous: {file.name} has the columns {twice}, '
                "whose names differ in case at most"
            )
        if found:
            plans[column.name] = file.plan(found[0], _target(column))
    chosen = list(plans.values())
    if not chosen:
        for start in range(0, file.rows, BATCH_ROWS):
            rows = min(BATCH_ROWS, file.rows - start)
            yield [pa.nulls(rows, pa.string()) for _ in scan.table.columns], rows
        return
    try:
        for batch in file.batches([plan.index for plan in chosen]):
            read = {plan.target.name: as_csv(batch.column(i), plan, file.name) for i, plan in enumerate(chosen)}
            nothing = pa.nulls(len(batch), pa.string())
            yield [read.get(column.name, nothing) for column in scan.table.columns], len(batch)
    except (pa.ArrowException, OSError) as error:
        raise unreadable(file.name, file.form, error) from error


def _target(column: ExternalColumn) -> TargetColumn:
    return TargetColumn(column.name, column.type or "")


def _csv(columns: list[pa.Array]) -> bytes:
    output = io.BytesIO()
    pa_csv.write_csv(pa.table(columns, names=[str(i) for i in range(len(columns))]), output, _CSV)
    return output.getvalue()
