"""delta-rs: the data files of a Delta table."""

import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

sys.path.insert(0, str(Path(__file__).parents[1]))
from arrow_values import ARRAYS, table, values  # type: ignore[import-not-found]

NAME, VERSION = "deltalake", version("deltalake")
TYPES = ARRAYS


def write(path: Path, array: pa.Array) -> None:
    folder = path.with_suffix(".delta")
    shutil.rmtree(folder, ignore_errors=True)
    deltalake.write_deltalake(str(folder), table(array))
    [part] = folder.glob("*.parquet")
    shutil.copy(part, path)


def read(path: Path) -> list[Any]:
    read_back = deltalake.DeltaTable(str(path.with_suffix(".delta"))).to_pyarrow_table()
    return values(read_back.sort_by("id").column("v"))
