"""pandas, which writes by pyarrow."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

NAME, VERSION = "pandas", pd.__version__
MOMENT = pd.Timestamp("2025-11-13 09:05:01.234567891")
TYPES: dict[str, pd.Series] = {
    "object of bool": pd.Series([True, None], dtype="object"),
    "boolean": pd.Series([True, None], dtype="boolean"),
    "int8": pd.Series([-128, 127], dtype="int8"),
    "int64": pd.Series([-(2**63), 2**63 - 1], dtype="int64"),
    "Int64": pd.Series([2**63 - 1, None], dtype="Int64"),
    "int64 with a missing value": pd.Series([1, None]),
    "uint64": pd.Series([2**64 - 1, 0], dtype="uint64"),
    "float32": pd.Series([0.1, None, float("inf")], dtype="float32"),
    "float64": pd.Series([0.1, float("-inf")], dtype="float64"),
    "Float64": pd.Series([0.1, None], dtype="Float64"),
    "str": pd.Series(["ü😀", "", None], dtype="str"),
    "object of str": pd.Series(["ü😀", None], dtype="object"),
    "object of bytes": pd.Series([b"\0\xff", None], dtype="object"),
    "object of Decimal": pd.Series([Decimal("1.50"), Decimal("-999.99"), None], dtype="object"),
    "object of date": pd.Series([dt.date(1, 1, 1), dt.date(9999, 12, 31), None], dtype="object"),
    "object of time": pd.Series([dt.time(23, 59, 59, 999999), None], dtype="object"),
    "object of list": pd.Series([[1, 2], None], dtype="object"),
    "object of dict": pd.Series([{"a": 1, "b": "x"}, None], dtype="object"),
    "category": pd.Categorical(["paid", None, "placed"]),
    "datetime64[ns]": pd.Series([MOMENT, None], dtype="datetime64[ns]"),
    "datetime64[us]": pd.Series([dt.datetime(1, 1, 1), None], dtype="datetime64[us]"),
    "datetime64[s]": pd.Series([dt.datetime(2025, 11, 13), None], dtype="datetime64[s]"),
    "datetime64[ns, Europe/Berlin]": pd.Series([MOMENT, None]).dt.tz_localize("Europe/Berlin"),
    "Timestamp.max": pd.Series([pd.Timestamp.max, None], dtype="datetime64[ns]"),
    "timedelta64[ns]": pd.Series([pd.Timedelta(1, "ms"), None], dtype="timedelta64[ns]"),
    "timedelta64[s]": pd.Series([pd.Timedelta(days=-1), None], dtype="timedelta64[s]"),
    "Period[M]": pd.Series(pd.period_range("2025-11", periods=2, freq="M")),
    "Interval": pd.Series(pd.interval_range(0, 2)),
    "Sparse[float64]": pd.Series([0.0, 1.5], dtype="Sparse[float64]"),
    "complex128": pd.Series([1 + 2j]),
    "object of None": pd.Series([None, None], dtype="object"),
}


def write(path: Path, values: Any) -> None:
    pd.DataFrame({"id": range(1, len(values) + 1), "v": values}).to_parquet(path)


def read(path: Path) -> list[Any]:
    column = pd.read_parquet(path).sort_values("id")["v"]
    return [None if missing else value for value, missing in zip(column, column.isna(), strict=True)]
