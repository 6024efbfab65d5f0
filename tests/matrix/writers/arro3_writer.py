"""arro3, the Python face of parquet-rs."""

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import arro3.core
import arro3.io
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

sys.path.insert(0, str(Path(__file__).parents[1]))
from arrow_values import ARRAYS, table, values  # type: ignore[import-not-found]

NAME, VERSION = "arro3-io", version("arro3-io")
TYPES = ARRAYS


def write(path: Path, array: pa.Array) -> None:
    arro3.io.write_parquet(arro3.core.Table.from_arrow(table(array)), str(path))


def read(path: Path) -> list[Any]:
    return values(pa.table(arro3.io.read_parquet(str(path)).read_all()).column("v"))
