"""Types and values of all kinds, as a file may have them, and their JSON read back."""

import json
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
from hypothesis import strategies as st

SCALARS: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.bool_(), st.booleans()),
    (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.float64(), st.floats(allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0)),  # JSON has no -0
    (pa.decimal128(15, 3), st.decimals(-(10**12) + 1, 10**12 - 1, places=3)),
    (pa.decimal128(38, 10), st.decimals(-(10**28) + 1, 10**28 - 1, places=10)),
    (pa.string(), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=10)),
    (pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["x", "y"])),
    (pa.binary(), st.binary(max_size=5)),
    (pa.date32(), st.dates()),
    (pa.timestamp("us"), st.datetimes()),
    (pa.time64("us"), st.times()),
]


@st.composite
def typed_values(draw: st.DrawFn, depth: int = 3) -> tuple[pa.DataType, st.SearchStrategy[Any]]:
    """Draw a type, and a strategy for its values, null among them."""
    kind = draw(st.sampled_from(["scalar", "list", "fixed", "view", "struct", "map"])) if depth else "scalar"
    if kind == "scalar":
        arrow, values = draw(st.sampled_from(SCALARS))
    elif kind == "struct":
        inner = [draw(typed_values(depth - 1)) for _ in range(draw(st.integers(1, 3)))]
        arrow = pa.struct([(f"Field {number}", child) for number, (child, _) in enumerate(inner)])
        values = st.fixed_dictionaries({f"Field {number}": child for number, (_, child) in enumerate(inner)})
    else:
        child, child_values = draw(typed_values(depth - 1))
        if kind == "map":
            arrow = pa.map_(pa.string(), child)
            keys = st.text("ab", max_size=3)
            values = st.dictionaries(keys, child_values, max_size=3).map(lambda found: sorted(found.items()))
        elif kind == "fixed":
            arrow, values = pa.list_(child, 2), st.lists(child_values, min_size=2, max_size=2)
        else:
            make = pa.list_ if kind == "list" else pa.list_view
            arrow, values = make(child), st.lists(child_values, max_size=3)
    return arrow, st.none() | values


def from_json(value: Any, arrow: pa.DataType) -> Any:
    """Read what the JSON of a value of type `arrow` says, as Python has it."""
    if pa.types.is_dictionary(arrow):
        arrow = arrow.value_type
    if value is None:
        return None
    if pa.types.is_struct(arrow):
        return {field.name: from_json(value[field.name], field.type) for field in arrow}
    if pa.types.is_map(arrow):
        is_text = pa.types.is_string(arrow.key_type)
        pairs = [(key if is_text else json.loads(key), item) for key, item in value.items()]
        return [(key, from_json(item, arrow.item_type)) for key, item in sorted(pairs)]  # an object has no order
    if pa.types.is_nested(arrow):
        return [from_json(item, arrow.value_type) for item in value]
    if pa.types.is_decimal(arrow):
        if isinstance(value, str):
            return Decimal(value)
        return Decimal(str(value)).quantize(Decimal(1).scaleb(-arrow.scale))
    if pa.types.is_binary(arrow):
        return bytes.fromhex(value)
    readers: dict[str, Any] = {
        "uint64": int,
        "float": float,
        "double": float,
        "date32[day]": date.fromisoformat,
        "timestamp[us]": datetime.fromisoformat,
        "time64[us]": time.fromisoformat,
    }
    return readers.get(str(arrow), lambda known: known)(value)
