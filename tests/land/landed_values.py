"""What landed, and what pyarrow reads from the file, in the same words: moments as counts of days or microseconds.

NaN and -0.0 are told apart from other values only by `repr`, so compare that.
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import json
import re
from datetime import time
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.read.arrow_types import plain_type
from ingest_lambda.rewrite.checks import plain
from ingest_lambda.warehouse.statements import fold_case
from tests.land.typed_values import from_json
from tests.land.warehouse import Land

DAY = 86_400_000_000


def landed(land: Land, dataset: str, schema: pa.Schema, order: str | None = "id") -> dict[str, list[Any]]:
    """Read the landing columns that the fields of a file became, each value as `expected` words it."""
    names = {field.name: fold_case(field.name) for field in schema}
    # a result tells the end of a day as its beginning; a text made of it does not
    times = [field.name for field in schema if pa.types.is_time(plain_type(field.type))]
    texts = {name: f"told_{number}" for number, name in enumerate(times)}
    told = "".join(f', cast("{names[name]}" as varchar(32)) as {text}' for name, text in texts.items())
    rows = land.rows(f"select *{told} from landing.{dataset}" + (f' order by "{order}"' if order else ""))
    return {
        field.name: [read(row[texts.get(field.name) or names[field.name]], field.type) for row in rows]
        for field in schema
    }


def read(value: Any, arrow: pa.DataType) -> Any:
    """Read a value as the Data API gives it."""
    arrow = plain_type(arrow)
    if value is None:
        return None
    if pa.types.is_nested(arrow):
        return from_json(json.loads(value), arrow)
    if pa.types.is_decimal(arrow) or pa.types.is_uint64(arrow):
        return Decimal(value)
    if pa.types.is_date(arrow):
        return moment(value, "D")
    if pa.types.is_timestamp(arrow):
        return moment(value, "us")
    if pa.types.is_time(arrow):
        return microseconds(value)
    return float(np.float32(value)) if arrow in (pa.float16(), pa.float32()) else value


def moment(text: str, unit: str) -> int:
    """Count days or microseconds since 1970 of a date or timestamp as Redshift spells it."""
    found = re.fullmatch(r"(\d+)(-\d\d-\d\d)(?: ([\d:.]+))?( BC)?", text)
    assert found, text
    year = 1 - int(found[1]) if found[4] else int(found[1])
    spelt = f"{'-' if year < 0 else ''}{abs(year):04}{found[2]}" + (f"T{found[3]}" if found[3] else "")
    return int(np.array(spelt, dtype=f"datetime64[{unit}]").astype(np.int64))


def microseconds(text: str) -> int:
    if text.startswith("24:"):
        return DAY
    clock = time.fromisoformat(text)
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * 1_000_000 + clock.microsecond


def expected(column: pa.Array) -> list[Any]:
    """Say what a column of a file lands as: the values that pyarrow reads, moments in microseconds, rounded down."""
    column = plain(column)
    arrow = column.type
    if pa.types.is_temporal(arrow):
        counts = column.view(pa.int32() if arrow.bit_width == 32 else pa.int64()).to_pylist()
        times, per = {"s": (10**6, 1), "ms": (1000, 1), "ns": (1, 1000)}.get(getattr(arrow, "unit", "us"), (1, 1))
        return [None if count is None else count * times // per for count in counts]
    if pa.types.is_uint64(arrow):
        return [None if value is None else Decimal(value) for value in column.to_pylist()]
    if arrow == pa.float16():
        return [None if value is None else float(value) for value in column.to_pylist()]
    return [as_json(value, arrow) if pa.types.is_nested(arrow) else value for value in column.to_pylist()]


def as_json(value: Any, arrow: pa.DataType) -> Any:
    """Word a nested value as JSON can: an object has no order, and a number no negative zero."""
    if value is None:
        return None
    if pa.types.is_floating(arrow):
        return value + 0.0
    if not pa.types.is_nested(arrow):
        return value
    if pa.types.is_map(arrow):
        return sorted((key, as_json(item, arrow.item_type)) for key, item in value)
    if pa.types.is_struct(arrow):
        return {field.name: as_json(value[field.name], field.type) for field in arrow}
    return [as_json(item, arrow.value_type) for item in value]
