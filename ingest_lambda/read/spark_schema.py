"""LAND, read: the VARIANTs of a file that Spark wrote without annotating them.

In: a footer's own words. Out: which groups of its schema are VARIANTs by the schema that Spark keeps beside. Pure.

Spark 4.0 and 4.1 do not annotate a VARIANT, and later releases may be told not to; what a column was they keep as JSON
(https://github.com/apache/spark/blob/master/sql/core/src/main/scala/org/apache/spark/sql/execution/datasources/parquet/ParquetWriteSupport.scala).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ingest_lambda.read.metadata import Element, Metadata

KEY = "org.apache.spark.sql.parquet.row.metadata"
VARIANT = "variant"
ITEM_AND_VALUE = 2


def unannotated_variants(said: Metadata) -> set[int]:
    """Find the groups that Spark's schema calls VARIANTs, by the identity of their elements.

    What it says of columns that are not there, or not so, is passed over.
    """
    if f'"{VARIANT}"' not in said.key_values.get(KEY, ""):
        return set()
    try:
        schema = json.loads(said.key_values[KEY])
    except (ValueError, RecursionError):
        return set()
    return {id(element) for element in _fields(said.columns, schema)}


def is_variant(element: Element) -> bool:
    """Tell whether a group has the fields of a VARIANT, and no other."""
    fields = {child.name: child.physical for child in element.children}
    is_whole = len(fields) == len(element.children) > 1 and fields.keys() <= {"metadata", "value", "typed_value"}
    return is_whole and fields.get("metadata") == "BYTE_ARRAY" and fields.get("value", "BYTE_ARRAY") == "BYTE_ARRAY"


def _fields(elements: tuple[Element, ...], schema: Any) -> Iterator[Element]:
    fields = schema.get("fields") if isinstance(schema, Mapping) else None
    if not isinstance(fields, list):
        return
    by_name = {element.name: element for element in elements}
    for field in fields:
        if isinstance(field, Mapping) and field.get("name") in by_name:
            yield from _variants(by_name[field["name"]], field.get("type"))


def _variants(element: Element, type_: Any) -> Iterator[Element]:
    if type_ == VARIANT:
        if is_variant(element):
            yield element
        return
    if not isinstance(type_, Mapping):
        return
    inner = element.children[0].children if len(element.children) == 1 else ()  # of a list or a map
    if type_.get("type") == "array" and len(inner) == 1:
        yield from _variants(inner[0], type_.get("elementType"))
    elif type_.get("type") == "map" and len(inner) == ITEM_AND_VALUE:
        yield from _variants(inner[1], type_.get("valueType"))
    else:
        yield from _fields(element.children, type_)
