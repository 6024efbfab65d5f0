"""PyIceberg: the data files of an Iceberg table."""

import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
from pyiceberg.catalog.sql import SqlCatalog

sys.path.insert(0, str(Path(__file__).parents[1]))
from arrow_values import ARRAYS, table, values  # type: ignore[import-not-found]

NAME, VERSION = "pyiceberg", version("pyiceberg")
TYPES = ARRAYS


def _catalog(path: Path) -> SqlCatalog:
    folder = path.with_suffix(".iceberg")
    folder.mkdir(exist_ok=True)
    return SqlCatalog("matrix", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}")


def write(path: Path, array: pa.Array) -> None:
    shutil.rmtree(path.with_suffix(".iceberg"), ignore_errors=True)
    catalog = _catalog(path)
    catalog.create_namespace("matrix")
    rows = table(array)
    catalog.create_table("matrix.v", schema=rows.schema).append(rows)
    [part] = path.with_suffix(".iceberg").rglob("*.parquet")
    shutil.copy(part, path)


def read(path: Path) -> list[Any]:
    return values(_catalog(path).load_table("matrix.v").scan().to_arrow().sort_by("id").column("v"))
