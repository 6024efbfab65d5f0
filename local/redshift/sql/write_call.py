"""Calls of functions: held to functions.tsv, written by the template there or by a rule here. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.names import physical_words
from local.redshift.sql import tree, types
from local.redshift.sql.choice import agreed
from local.redshift.sql.functions import FUNCTIONS, Function
from local.redshift.sql.scope import Typed
from local.redshift.sql.tokens import syntax_error
from local.redshift.sql.types import FLOATS, INTEGERS, STRINGS, UNKNOWN, Type
from local.redshift.sql.words import DATE_PARTS
from local.redshift.sql.write_expression import SUPER, VARCHAR, ExpressionWriter

_WHOLE_PARTITION = "rows between unbounded preceding and unbounded following"
_FRAMED = frozenset({"first_value", "last_value", "nth_value"})


class CallWriter(ExpressionWriter):
    """Writes calls."""

    user_functions: Mapping[str, Type] = MappingProxyType({})  # what they return, where it is one type

    def _call(self, node: tree.Call) -> Typed:
        name = ".".join(node.name[1:] if node.name[0] in ("pg_catalog", "information_schema") else node.name)
        if node.approximate and name != "count":
            name = f"approximate {name}"
        function = FUNCTIONS.get(name)
        if function is None:
            return self._user_call(node)
        self._hold(function, node)
        if function.kind == "l":
            self.leader_functions.add(name)
        rule = _RULES.get(function.template)
        return rule(self, function, node) if rule else self._plain(function, node)

    def _user_call(self, node: tree.Call) -> Typed:
        """Write a call of a function that users made."""
        if node.name[-1] not in self.user_functions:
            raise RedshiftError(f"function {'.'.join(node.name)}(...) does not exist", "42883")
        arguments = ", ".join(self.sql(argument) for argument in node.arguments)
        called = ".".join(f'"{part}"' for part in node.name)
        return Typed(f"{called}({arguments})", self.user_functions[node.name[-1]])

    def _hold(self, function: Function, node: tree.Call) -> None:
        """Hold a call to what its function takes.

        Source of the frame: https://docs.aws.amazon.com/redshift/latest/dg/c_Window_functions.html
        """
        count = len(node.arguments)
        if not function.fewest <= count <= function.most or (node.is_star and function.name != "count"):
            raise RedshiftError(f"function {function.name} with {count} arguments does not exist", "42883")
        if function.name == "count" and not node.is_star and not count:
            raise syntax_error(")")
        if node.window is None:
            if function.kind == "w":
                raise RedshiftError(f"window function {function.name} requires an OVER clause", SYNTAX_ERROR)
        elif function.kind not in "aw":
            raise RedshiftError(f"{function.name} is not a window function", "42809")
        elif node.window.order and not node.window.frame and _needs_frame(function):
            raise RedshiftError("Aggregate window functions with an ORDER BY clause require a frame clause")
        if node.distinct and function.kind != "a":
            raise RedshiftError(f"DISTINCT specified, but {function.name} is not an aggregate function", "42809")
        if node.within and function.template not in ("LISTAGG", "PERCENTILE"):
            raise syntax_error("within")
        if node.nulls and function.template != "NEIGHBOUR":
            raise syntax_error(node.nulls)

    def _plain(self, function: Function, node: tree.Call) -> Typed:
        """Write a call as its template says, or alike."""
        arguments = [self.write(argument) for argument in node.arguments]
        type_, written = self._result(function, arguments), [self._argument(function, each) for each in arguments]
        if function.result == "=":
            type_, written = agreed(arguments)
        listed = ("distinct " if node.distinct else "") + ("*" if node.is_star else ", ".join(written))
        if function.template:
            sql = function.template.replace("{*}", listed)
            for index, argument in enumerate(written):
                sql = sql.replace(f"{{{index}}}", argument)
        else:
            sql = f"{function.name}({listed})"
        if node.window is not None:
            sql += f" over {self.window(node.window)}"
        if type_.name in ("varchar", "numeric") or (function.name == "sign" and type_ != UNKNOWN):
            return Typed(f"({sql})::{type_.sql}", type_)
        return Typed(sql, type_)

    def _argument(self, function: Function, argument: Typed) -> str:
        """Return an argument; a function of no SUPER takes the scalar that a SUPER value holds.

        What is named to the functions of privileges PostgreSQL would cut.
        """
        if function.name.startswith("has_") and argument.is_literal:
            return physical_words(argument.sql)
        if function.result in ("super", "1"):
            return argument.sql
        if argument.type != SUPER or function.kind != "s":
            return argument.operand
        takes_super = function.name.startswith(("is_", "get_", "json_"))
        return argument.sql if takes_super else self.cast(argument, VARCHAR, "varchar").sql

    def _result(self, function: Function, arguments: list[Typed]) -> Type:
        if function.result == "1":
            return arguments[0].type
        return UNKNOWN if function.result in ("?", "=") else Type(function.result)

    # --- rules ---

    def _over(self, node: tree.Call) -> str:
        return f" over {self.window(node.window)}" if node.window is not None else ""

    def _aggregate(self, node: tree.Call, name: str, type_: Type) -> Typed:
        argument = self.write(node.arguments[0])
        word = "distinct " if node.distinct else ""
        sql = f"{name}({word}{self.number(argument)}){self._over(node)}"
        return Typed(f"({sql})::{type_.sql}" if type_ != UNKNOWN else sql, type_)

    def _sum(self, function: Function, node: tree.Call) -> Typed:
        type_ = self.write(node.arguments[0]).type
        if type_.name in ("smallint", "integer"):
            return self._aggregate(node, "sum", Type("bigint"))
        if type_.name in FLOATS:
            return self._aggregate(node, "sum", Type("double precision"))
        decimal = types.decimal_of(type_)
        return self._aggregate(node, "sum", Type("numeric", 38, decimal.scale) if decimal else UNKNOWN)

    def _avg(self, function: Function, node: tree.Call) -> Typed:
        type_ = self.write(node.arguments[0]).type
        if type_.name in INTEGERS:
            return self._aggregate(node, "avg", Type("bigint"))
        if type_.name in FLOATS:
            return self._aggregate(node, "avg", Type("double precision"))
        decimal = types.decimal_of(type_)
        return self._aggregate(node, "avg", Type("numeric", 38, decimal.scale) if decimal else UNKNOWN)

    def _statistic(self, function: Function, node: tree.Call) -> Typed:
        return self._aggregate(node, function.name, Type("double precision"))

    def _extreme(self, function: Function, node: tree.Call) -> Typed:
        argument = self.write(node.arguments[0])
        type_ = VARCHAR if argument.type.name in STRINGS else argument.type
        sql = f"{function.name}({argument.sql}){self._over(node)}"
        return Typed(f"({sql})::{type_.sql}" if type_.name in ("varchar", "numeric") else sql, type_)

    def _median(self, function: Function, node: tree.Call) -> Typed:
        return self._aggregate(node, "median", Type("double precision"))

    def _listagg(self, function: Function, node: tree.Call) -> Typed:
        """LISTAGG is STRING_AGG, which sorts distinct values by the very expression that it aggregates, and takes no
        order in a window: there the window's own order does it."""
        measure = f"({self.sql(node.arguments[0])})::text"
        delimiter = f"({self.sql(node.arguments[1])})::text" if len(node.arguments) > 1 else "''"
        word = "distinct " if node.distinct else ""
        items = [
            f"{measure}{self._direction(item)}"
            if node.distinct and item.expression == node.arguments[0]
            else self.order_item(item)
            for item in node.within
        ]
        order = f" order by {', '.join(items)}" if items else ""
        if node.window is None:
            sql = f"string_agg({word}{measure}, {delimiter}{order})"
        else:
            if node.window.order or node.window.frame:
                raise RedshiftError("LISTAGG takes no ORDER BY and no frame in its OVER clause", SYNTAX_ERROR)
            partition = ", ".join(self.sql(each) for each in node.window.partition)
            over = f"{'partition by ' + partition if partition else ''}{order} {_WHOLE_PARTITION}"
            sql = f"string_agg({word}{measure}, {delimiter}) over ({over})"
        return Typed(f"pg_catalog.rs_listagg({sql})", VARCHAR)

    @staticmethod
    def _direction(item: tree.OrderItem) -> str:
        return " desc" if item.descending else ""

    def _percentile(self, function: Function, node: tree.Call) -> Typed:
        if len(node.within) != 1:
            raise RedshiftError(f"{function.name} needs WITHIN GROUP (ORDER BY one expression)", SYNTAX_ERROR)
        [item] = node.within
        name, argument = function.name.rsplit(" ", 1)[-1], self.write(item.expression)
        fraction = self.sql(node.arguments[0])
        if node.window is None:
            order = f"order by {argument.sql}{self._direction(item)}"
            sql = f"{name}({fraction}) within group ({order})"
        else:
            if item.descending:
                fraction = f"1 - {fraction}"
            sql = f"pg_catalog.rs_{name}(({argument.sql})::double precision, {fraction}){self._over(node)}"
        type_ = argument.type if name == "percentile_disc" else Type("double precision")
        return Typed(f"({sql})::{type_.sql}" if type_ != UNKNOWN else sql, type_)

    def _neighbour(self, function: Function, node: tree.Call) -> Typed:
        """LAG, LEAD, FIRST_VALUE, LAST_VALUE. Without NULLs they are the first or last value of a frame, which an
        aggregate finds (https://docs.aws.amazon.com/redshift/latest/dg/r_WF_LAG.html)."""
        if node.nulls != "ignore" or node.window is None:
            alike = replace(function, template="")
            return self._plain(alike, tree.Call(node.name, node.arguments, window=node.window))
        argument, window = self.write(node.arguments[0]), node.window
        is_last = function.name in ("last_value", "lag")
        if function.name in ("lag", "lead"):
            if len(node.arguments) > 1 and getattr(node.arguments[1], "text", "") != "1":
                raise RedshiftError(
                    f"{function.name} IGNORE NULLS by more than one row is not offered by the local Redshift"
                )
            frame = "unbounded preceding and 1 preceding" if is_last else "1 following and unbounded following"
            window = tree.Window(window.partition, window.order, f"rows between {frame}")
        name = "pg_catalog.rs_last" if is_last else "pg_catalog.rs_first"
        return Typed(f"{name}({argument.sql}) over {self.window(window)}", argument.type)

    def _ratio(self, function: Function, node: tree.Call) -> Typed:
        argument = self.sql(node.arguments[0])
        share = f"({argument})::double precision / nullif(sum({argument}){self._over(node)}, 0)::double precision"
        return Typed(f"({share})", Type("double precision"))

    def _part(self, node: tree.Expression) -> str:
        """Return the part of a date that a call names, as PostgreSQL's text."""
        if isinstance(node, tree.Column) and len(node.name) == 1:
            word = node.name[0]
        elif isinstance(node, tree.Literal) and node.kind == "string":
            word = node.text.strip("'").lower()
        else:
            raise RedshiftError("a part of a date is a word or a string", SYNTAX_ERROR)
        if word not in DATE_PARTS:
            raise RedshiftError(f'"{word}" is no part of a date', "22023")
        return f"'{DATE_PARTS[word]}'"

    def _moment_argument(self, node: tree.Expression) -> Typed:
        argument = self.write(node)
        if argument.is_literal or argument.type.name in STRINGS:
            return Typed(f"({argument.sql})::timestamp", Type("timestamp"))
        return argument

    def _date_part(self, function: Function, node: tree.Call) -> Typed:
        argument = self._moment_argument(node.arguments[1])
        type_ = Type("double precision" if argument.type.name == "timestamptz" else "integer")
        return Typed(f"pg_catalog.rs_extract({self._part(node.arguments[0])}, {argument.sql})", type_)

    def _date_trunc(self, function: Function, node: tree.Call) -> Typed:
        argument = self._moment_argument(node.arguments[1])
        type_ = argument.type if argument.type.name in ("timestamptz", "interval") else Type("timestamp")
        return Typed(f"date_trunc({self._part(node.arguments[0])}, {argument.sql})", type_)

    def _date_add(self, function: Function, node: tree.Call) -> Typed:
        argument = self._moment_argument(node.arguments[2])
        kept = argument.type.name in ("timestamptz", "time", "timetz")
        amount = f"({self.sql(node.arguments[1])})::bigint"
        sql = f"pg_catalog.dateadd({self._part(node.arguments[0])}, {amount}, {argument.sql})"
        return Typed(sql, argument.type if kept else Type("timestamp"))

    def _date_diff(self, function: Function, node: tree.Call) -> Typed:
        first, second = (self._moment_argument(argument).sql for argument in node.arguments[1:])
        return Typed(f"pg_catalog.datediff({self._part(node.arguments[0])}, {first}, {second})", Type("bigint"))

    def _nvl2(self, function: Function, node: tree.Call) -> Typed:
        subject, filled, empty = (self.write(argument) for argument in node.arguments)
        return self.case([f"{subject.sql} is not null"], [filled, empty])

    def _nullif(self, function: Function, node: tree.Call) -> Typed:
        first, second = (self.write(argument) for argument in node.arguments)
        type_ = VARCHAR if first.is_literal or first.type.name in STRINGS else first.type
        sql = f"nullif({first.sql}, {second.sql})"
        if second.type not in (first.type, UNKNOWN):  # to be cast in the comparison alone
            sql = f"case when {self.compare('=', first, second).sql} then null else {first.sql} end"
        return Typed(f"({sql})::{type_.sql}" if type_ != UNKNOWN else f"({sql})", type_)

    def _decode(self, function: Function, node: tree.Call) -> Typed:
        """DECODE(expression, search, result, ... [, default]); NULL equals NULL in it."""
        subject, *rest = (self.write(argument) for argument in node.arguments)
        default = [rest.pop()] if len(rest) % 2 else []
        conditions = [f"{subject.sql} is not distinct from {search.sql}" for search in rest[::2]]
        return self.case(conditions, [*rest[1::2], *default])

    def _round(self, function: Function, node: tree.Call) -> Typed:
        arguments = [self.write(argument) for argument in node.arguments]
        first = arguments[0].type
        sql = f"{function.name}({', '.join(argument.sql for argument in arguments)})"
        if first.name in INTEGERS and len(arguments) == 1:
            return Typed(f"({arguments[0].sql})", first)
        if first.name in ("timestamp", "timestamptz", "date"):
            return Typed(sql, Type("date"))
        if first.name in FLOATS:
            return Typed(sql, first)
        type_ = types.rounded(first, _whole(node.arguments[1]) if len(arguments) > 1 else 0)
        return Typed(f"({sql})::{type_.sql}" if type_ != UNKNOWN else sql, type_)

    def _ceil(self, function: Function, node: tree.Call) -> Typed:
        return (
            self._round(function, node)
            if self.write(node.arguments[0]).type.name in ("numeric", *INTEGERS)
            else (self._plain(replace(function, template=""), node))
        )

    def _to_number(self, function: Function, node: tree.Call) -> Typed:
        text, format_ = (self.write(argument) for argument in node.arguments)
        type_ = types.of_number_format(format_.sql.strip("'")) if format_.is_literal else UNKNOWN
        sql = f"to_number({text.operand}, {format_.operand})"
        return Typed(f"{sql}::{type_.sql}" if type_ != UNKNOWN else sql, type_)

    def _regexp(self, function: Function, node: tree.Call) -> Typed:
        arguments = ", ".join(self.sql(argument) for argument in node.arguments)
        sql = f"pg_catalog.rs_{function.name}({arguments})"
        type_ = Type(function.result)
        return Typed(f"{sql}::varchar" if type_ == VARCHAR else sql, type_)

    def _json_path(self, function: Function, node: tree.Call) -> Typed:
        value, *path = (self.write(argument) for argument in node.arguments)
        if_invalid = path.pop().sql if path[-1].type.name == "boolean" else "false"
        keys = ", ".join(f"({key.sql})::text" for key in path)
        return Typed(f"pg_catalog.rs_json_path({value.sql}, {if_invalid}, {keys})::varchar", VARCHAR)

    def _array(self, function: Function, node: tree.Call) -> Typed:
        items = ", ".join(self.as_super(self.write(argument)) for argument in node.arguments)
        return Typed(f"jsonb_build_array({items})", SUPER)

    def _object(self, function: Function, node: tree.Call) -> Typed:
        if len(node.arguments) % 2:
            raise RedshiftError("OBJECT takes pairs of a name and a value", SYNTAX_ERROR)
        written = [self.write(argument) for argument in node.arguments]
        pairs = zip(written[::2], written[1::2], strict=True)
        listed = ", ".join(f"({name.sql})::text, {self.as_super(value)}" for name, value in pairs)
        return Typed(f"jsonb_build_object({listed})", SUPER)


def _needs_frame(function: Function) -> bool:
    if function.template in ("LISTAGG", "MEDIAN", "PERCENTILE"):
        return False
    return function.kind == "a" or function.name in _FRAMED


def _whole(node: tree.Expression) -> int | None:
    """Return the whole number that an argument is, None where it is none that is written down."""
    sign, node = (-1, node.operand) if isinstance(node, tree.Unary) and node.operator == "-" else (1, node)
    return sign * int(node.text) if isinstance(node, tree.Literal) and node.text.isdecimal() else None


_C = CallWriter
_RULES: dict[str, Callable[[CallWriter, Function, tree.Call], Typed]] = {
    "SUM": _C._sum,
    "AVG": _C._avg,
    "STATISTIC": _C._statistic,
    "EXTREME": _C._extreme,
    "MEDIAN": _C._median,
    "LISTAGG": _C._listagg,
    "PERCENTILE": _C._percentile,
    "NEIGHBOUR": _C._neighbour,
    "RATIO": _C._ratio,
    "DATE_PART": _C._date_part,
    "DATE_TRUNC": _C._date_trunc,
    "DATE_ADD": _C._date_add,
    "DATE_DIFF": _C._date_diff,
    "NVL2": _C._nvl2,
    "NULLIF": _C._nullif,
    "DECODE": _C._decode,
    "ROUND": _C._round,
    "CEIL": _C._ceil,
    "TO_NUMBER": _C._to_number,
    "REGEXP": _C._regexp,
    "JSON_PATH": _C._json_path,
    "ARRAY": _C._array,
    "OBJECT": _C._object,
}
