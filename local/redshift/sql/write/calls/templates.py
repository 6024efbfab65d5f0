"""Calls that need no rule: written as the template of functions.tsv says, or alike. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from local.redshift.names import physical_words
from local.redshift.sql import tree
from local.redshift.sql.functions import Function
from local.redshift.sql.values.casts import cast, hold_moment, present, text_of
from local.redshift.sql.values.choice import agreed
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import INTEGERS, SUPER, UNKNOWN, VARCHAR, Type
from local.redshift.sql.write.windows import window_sql
from local.redshift.sql.write.writer import Writer

_PLACE = re.compile(r"\{(\*|\d+)\}")
# How many first arguments are strings, which a number or moment becomes, as in examples of the functions' pages.
_STRINGS = {
    name: count
    for count, names in {
        1: """ascii initcap lower upper quote_literal reverse md5 sha sha1 func_sha1 sha2 crc32 char_length
            character_length len length textlen octet_length soundex left right lpad rpad repeat replicate to_date
            to_timestamp""",
        2: "btrim ltrim rtrim charindex position strpos split_part difference",
        3: "replace translate",
    }.items()
    for name in names.split()
}

# Whose string literals become moments.
_OF_MOMENTS = frozenset({"add_months", "date_part_year", "last_day", "months_between", "next_day"}) | frozenset(
    f"{kind}_cmp{other}"
    for kind in ("date", "timestamp", "timestamptz")
    for other in ("", "_date", "_timestamp", "_timestamptz")
)


def write_plain(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """Write a call as its template says, or alike."""
    arguments = [writer.write(argument) for argument in node.arguments]
    if function.result == "=" or function.name == "count":
        arguments = [replace(argument, sql=present(argument)) for argument in arguments]
    written = [_argument_sql(function, place, argument) for place, argument in enumerate(arguments)]
    for argument in arguments:
        if function.name in _OF_MOMENTS:
            hold_moment(argument, Type("timestamp"))
    type_ = _result_type(function, arguments)
    if function.result == "=":
        type_, written = agreed(arguments)
    listed = ("distinct " if node.distinct else "") + ("*" if node.is_star else ", ".join(written))
    if function.template:
        # In one pass: an argument may say {1} itself, as regular expressions do.
        sql = _PLACE.sub(lambda place: _of_place(place[1], listed, written), function.template)
    else:
        sql = f"{function.name}({listed})"
    if node.window is not None:
        sql += f" over {window_sql(writer, node.window)}"
    is_other = function.name == "sign" or (function.kind == "w" and type_.name in INTEGERS)  # than PostgreSQL's
    if type_.name in ("varchar", "numeric") or (is_other and type_ != UNKNOWN):
        return Typed(f"({sql})::{type_.sql}", type_)
    return Typed(sql, type_)


def _of_place(place: str, listed: str, written: list[str]) -> str:
    if place == "*":
        return listed
    return written[int(place)] if int(place) < len(written) else f"{{{place}}}"


def _argument_sql(function: Function, place: int, argument: Typed) -> str:
    """Return an argument; a function of no SUPER takes the scalar that a SUPER value holds.

    What is named to the functions of privileges PostgreSQL would cut.
    """
    if function.name.startswith("has_") and argument.is_literal:
        return physical_words(argument.sql)
    if place < _STRINGS.get(function.name, 0):
        return text_of(argument)
    if function.result in ("super", "1"):
        return argument.sql
    if argument.type != SUPER or function.kind != "s":
        return argument.operand
    takes_super = function.name.startswith(("is_", "get_", "json_", "decimal_", "arrays_"))
    return argument.sql if takes_super else cast(argument, VARCHAR, "varchar").sql


def _result_type(function: Function, arguments: list[Typed]) -> Type:
    if function.result == "1":
        is_sign = function.name == "sign" and arguments[0].type.name == "numeric"
        return Type("numeric", 1) if is_sign else arguments[0].type  # r_SIGN
    return UNKNOWN if function.result in ("?", "=") else Type(function.result)
