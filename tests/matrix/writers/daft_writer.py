"""Daft, of arrow tables."""

import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import daft
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

sys.path.insert(0, str(Path(__file__).parents[1]))
from arrow_values import ARRAYS, table, values  # type: ignore[import-not-found]

NAME, VERSION = "daft", version("daft")
TYPES = ARRAYS


def write(path: Path, array: pa.Array) -> None:
    folder = path.with_suffix(".folder")
    shutil.rmtree(folder, ignore_errors=True)
    daft.from_arrow(table(array)).write_parquet(str(folder))
    [part] = folder.glob("*.parquet")
    shutil.copy(part, path)


def read(path: Path) -> list[Any]:
    return values(daft.read_parquet(str(path)).sort("id").to_arrow().column("v"))
