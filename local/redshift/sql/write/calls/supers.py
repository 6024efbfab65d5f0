"""Calls of functions that make SUPER values, or read JSON. Pure."""

from __future__ import annotations

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.functions import Function
from local.redshift.sql.values.casts import as_super
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import SUPER, VARCHAR, Type
from local.redshift.sql.write.writer import Writer


def write_json_path(writer: Writer, function: Function, node: tree.Call) -> Typed:
    value, *path = (writer.write(argument) for argument in node.arguments)
    if_invalid = path.pop().sql if path[-1].type.name == "boolean" else "false"
    keys = ", ".join(f"({key.sql})::text" for key in path)
    return Typed(f"pg_catalog.rs_json_path({value.sql}, {if_invalid}, {keys})::varchar", VARCHAR)


def write_array_search(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """ARRAY_CONTAINS, ARRAY_POSITION and ARRAY_POSITIONS: (array, value [, null_match]) (array_positions)."""
    array, value, *rest = (writer.write(argument) for argument in node.arguments)
    listed = ", ".join([as_super(array), as_super(value), *(each.sql for each in rest)])
    return Typed(f"pg_catalog.rs_{function.name}({listed})", Type(function.result))


def write_array(writer: Writer, function: Function, node: tree.Call) -> Typed:
    items = ", ".join(as_super(writer.write(argument)) for argument in node.arguments)
    return Typed(f"pg_catalog.rs_array(array[{items}]::json[])", SUPER)


def write_object(writer: Writer, function: Function, node: tree.Call) -> Typed:
    if len(node.arguments) % 2:
        raise RedshiftError("OBJECT takes pairs of a name and a value", SYNTAX_ERROR)
    written = [writer.write(argument) for argument in node.arguments]
    names = ", ".join(f"({name.sql})::text" for name in written[::2])
    values = ", ".join(as_super(value) for value in written[1::2])
    return Typed(f"pg_catalog.rs_object(array[{names}]::text[], array[{values}]::json[])", SUPER)
