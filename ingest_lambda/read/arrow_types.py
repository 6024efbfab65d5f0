"""LAND, read: what stands behind an arrow type. In: arrow types. Out: arrow types. Pure."""

from __future__ import annotations

from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import types  # pyarrow.types: predicates on arrow types


def plain_type(arrow: Any) -> Any:
    """Name the type that the values of a dictionary, run-end-encoded or extension type have.

    >>> plain_type(pa.dictionary(pa.int8(), pa.json_()))
    DataType(string)
    """
    while True:
        if types.is_dictionary(arrow) or types.is_run_end_encoded(arrow):
            arrow = arrow.value_type
        elif isinstance(arrow, pa.BaseExtensionType):
            arrow = arrow.storage_type
        else:
            return arrow


def inner_types(arrow: Any) -> tuple[Any, ...] | None:
    """Name the types of a struct's fields, of a list's values, of a map's keys and values; None of any other type.

    >>> inner_types(pa.map_(pa.string(), pa.int8()))
    (DataType(string), DataType(int8))
    """
    arrow = plain_type(arrow)
    if types.is_map(arrow):
        return arrow.key_type, arrow.item_type
    if types.is_nested(arrow):
        return tuple(arrow.field(number).type for number in range(arrow.num_fields))
    return None
