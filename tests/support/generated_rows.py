"""Generated sample data as files to land without S3."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from tests.support.warehouse_seed import NOON, Row, SeedFile


def generated_file(dataset: str, name: str, tables: Iterable[pa.Table], modified_at: datetime = NOON) -> SeedFile:
    """Return a file with the rows of some tables; times in UTC, as COPY stores them."""
    rows: list[Row] = [
        {column: _without_zone(value) for column, value in row.items()} for table in tables for row in table.to_pylist()
    ]
    return SeedFile(dataset, f"raw/{dataset}/{name}.parquet", rows, modified_at)


def _without_zone(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value
