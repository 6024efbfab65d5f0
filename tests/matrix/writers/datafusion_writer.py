"""DataFusion, of arrow tables."""

import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
from datafusion import SessionContext, col

sys.path.insert(0, str(Path(__file__).parents[1]))
from arrow_values import ARRAYS, table, values  # type: ignore[import-not-found]

NAME, VERSION = "datafusion", version("datafusion")
TYPES = ARRAYS


def write(path: Path, array: pa.Array) -> None:
    folder = path.with_suffix(".folder")
    shutil.rmtree(folder, ignore_errors=True)
    SessionContext().from_arrow(table(array)).write_parquet(str(folder))
    parts = [folder] if folder.is_file() else list(folder.glob("*.parquet"))
    shutil.copy(parts[0], path)


def read(path: Path) -> list[Any]:
    return values(SessionContext().read_parquet(str(path)).sort(col("id")).to_arrow_table().column("v"))
