"""fastparquet, of pandas' frames."""

import datetime as dt
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import fastparquet
import pandas as pd

NAME, VERSION = "fastparquet", version("fastparquet")
MOMENT = pd.Timestamp("2025-11-13 09:05:01.234567891")
# Values, and what `fastparquet.write` is told of them.
Spec = tuple[Any, dict[str, Any]]
TYPES: dict[str, Spec] = {
    "bool": (pd.Series([True, False]), {}),
    "boolean": (pd.Series([True, None], dtype="boolean"), {}),
    "int8": (pd.Series([-128, 127], dtype="int8"), {}),
    "int64": (pd.Series([-(2**63), 2**63 - 1], dtype="int64"), {}),
    "Int64": (pd.Series([2**63 - 1, None], dtype="Int64"), {}),
    "uint64": (pd.Series([2**64 - 1, 0], dtype="uint64"), {}),
    "float32": (pd.Series([0.1, float("inf")], dtype="float32"), {}),
    "float64": (pd.Series([0.1, 1e300], dtype="float64"), {}),
    "str": (pd.Series(["ü😀", "", None], dtype="object"), {"object_encoding": "utf8"}),
    "str, fixed_text": (pd.Series(["ab", "cd"], dtype="object"), {"object_encoding": "utf8", "fixed_text": {"v": 2}}),
    "bytes": (pd.Series([b"\0\xff", None], dtype="object"), {"object_encoding": "bytes"}),
    "json": (pd.Series([{"a": [1, 2]}, None], dtype="object"), {"object_encoding": "json"}),
    "decimal": (pd.Series([Decimal("1.50"), None], dtype="object"), {"object_encoding": "decimal"}),
    "category": (pd.Series(pd.Categorical(["paid", None, "placed"])), {}),
    "datetime64[ns]": (pd.Series([MOMENT, None], dtype="datetime64[ns]"), {}),
    "datetime64[ns], times=int96": (pd.Series([MOMENT, None], dtype="datetime64[ns]"), {"times": "int96"}),
    "datetime64[us]": (pd.Series([dt.datetime(2025, 11, 13), None], dtype="datetime64[us]"), {}),
    "datetime64[ns, Europe/Berlin]": (pd.Series([MOMENT, None]).dt.tz_localize("Europe/Berlin"), {}),
    "timedelta64[ns]": (pd.Series([pd.Timedelta(1, "ms"), None], dtype="timedelta64[ns]"), {}),
}


def write(path: Path, spec: Spec) -> None:
    values, options = spec
    frame = pd.DataFrame({"id": range(1, len(values) + 1), "v": values})
    encoding = {"id": "infer", "v": options["object_encoding"]} if "object_encoding" in options else "infer"
    fastparquet.write(str(path), frame, **{**options, "object_encoding": encoding})


def read(path: Path) -> list[Any]:
    column = fastparquet.ParquetFile(str(path)).to_pandas().sort_values("id")["v"]
    return [None if missing else value for value, missing in zip(column, column.isna(), strict=True)]
