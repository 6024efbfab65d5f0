"""Calls of functions: held to functions.tsv, written by the template there or a rule of their kind. Pure."""

from __future__ import annotations

from collections.abc import Callable

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.functions import FUNCTIONS, Function
from local.redshift.sql.tokens import syntax_error
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.write.calls import aggregates, choices, dates, numbers, parameters, strings, supers, windows
from local.redshift.sql.write.calls.templates import write_plain
from local.redshift.sql.write.writer import Writer

# https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions_compute_node_only.html, by their rules
_OF_COMPUTE_NODES = frozenset({"LISTAGG", "MEDIAN", "PERCENTILE"})


def write_call(writer: Writer, node: tree.Call) -> Typed:
    """Write a call of a function of Redshift's, or of one that users made."""
    name = ".".join(node.name[1:] if node.name[0] in ("pg_catalog", "information_schema") else node.name)
    if node.approximate and name != "count":
        name = f"approximate {name}"
    function = FUNCTIONS.get(name)
    if function is None:
        return _write_user_call(writer, node)
    _hold(function, node)
    if function.kind == "l":
        writer.leader_functions.add(name)
    if function.template in _OF_COMPUTE_NODES:
        writer.compute_functions.add(name)
    rule = CALLS.get(function.template)
    return rule(writer, function, node) if rule else write_plain(writer, function, node)


def _write_user_call(writer: Writer, node: tree.Call) -> Typed:
    """Write a call of a function that users made."""
    if node.name[-1] not in writer.user_functions:
        raise RedshiftError(f"function {'.'.join(node.name)}(...) does not exist", "42883")
    arguments = ", ".join(writer.sql(argument) for argument in node.arguments)
    called = ".".join(f'"{part}"' for part in node.name)
    return Typed(f"{called}({arguments})", writer.user_functions[node.name[-1]])


def _hold(function: Function, node: tree.Call) -> None:
    """Hold a call to what its function takes."""
    count = len(node.arguments)
    if not function.fewest <= count <= function.most or (node.is_star and function.name != "count"):
        raise RedshiftError(f"function {function.name} with {count} arguments does not exist", "42883")
    if function.name == "count" and not node.is_star and not count:
        raise syntax_error(")")
    if node.window is None:
        if function.kind == "w":
            raise RedshiftError(f"window function {function.name} requires an OVER clause", SYNTAX_ERROR)
    else:
        windows.hold_window(function, node.window)
    if node.distinct and function.kind != "a":
        raise RedshiftError(f"DISTINCT specified, but {function.name} is not an aggregate function", "42809")
    if node.within and function.template not in ("LISTAGG", "PERCENTILE"):
        raise syntax_error("within")
    if node.nulls and function.template != "NEIGHBOUR":
        raise syntax_error(node.nulls)


CALLS: dict[str, Callable[[Writer, Function, tree.Call], Typed]] = {
    "SUM": aggregates.write_sum,
    "AVG": aggregates.write_avg,
    "STATISTIC": aggregates.write_statistic,
    "MEDIAN": aggregates.write_median,
    "EXTREME": aggregates.write_extreme,
    "LISTAGG": aggregates.write_listagg,
    "PERCENTILE": aggregates.write_percentile,
    "NEIGHBOUR": windows.write_neighbour,
    "RATIO": windows.write_ratio,
    "DATE_PART": dates.write_date_part,
    "DATE_TRUNC": dates.write_date_trunc,
    "DATE_ADD": dates.write_date_add,
    "DATE_DIFF": dates.write_date_diff,
    "CONVERT_TIMEZONE": dates.write_convert_timezone,
    "CURRENT_SETTING": parameters.write_current_setting,
    "SUBSTRING": strings.write_substring,
    "CONCAT": strings.write_concat,
    "REGEXP_REPLACE": strings.write_regexp_replace,
    "TO_HEX": numbers.write_to_hex,
    "TEXT_TO_NUMERIC": numbers.write_text_to_numeric,
    "NVL2": choices.write_nvl2,
    "NULLIF": choices.write_nullif,
    "DECODE": choices.write_decode,
    "ABSOLUTE": numbers.write_absolute,
    "ROUND": numbers.write_rounded,
    "CEIL": numbers.write_ceiling,
    "MOD": numbers.write_mod,
    "TO_NUMBER": numbers.write_to_number,
    "JSON_PATH": supers.write_json_path,
    "ARRAY_SEARCH": supers.write_array_search,
    "ARRAY": supers.write_array,
    "OBJECT": supers.write_object,
}
