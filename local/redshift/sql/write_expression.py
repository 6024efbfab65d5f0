"""Expressions as PostgreSQL reads them, each with its type in Redshift. A node without a rule is an error. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.names import physical_words, true_name
from local.redshift.sql import tree, types
from local.redshift.sql.choice import agreed, chosen, common_type
from local.redshift.sql.correlation import Correlations
from local.redshift.sql.scope import Catalog, Columns, Scope, Source, Typed, quote, quote_path
from local.redshift.sql.tokens import syntax_error
from local.redshift.sql.types import ARRAY, FLOATS, INTEGERS, MOMENTS, STRINGS, UNKNOWN, Type

BOOLEAN, VARCHAR, SUPER = Type("boolean"), Type("varchar"), Type("super")
_STRING_NAMES = {"varchar": "character varying", "char": "character"}
_NUMBERS = FLOATS | INTEGERS.keys() | {"numeric"}
_COMPARISONS = frozenset({"=", "<>", "!=", "<", ">", "<=", ">="})
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%"})
# Columns of the catalog's tables that are others on Redshift, where a materialized view is a view, or its alone.
_OF_REDSHIFT: dict[tuple[str, ...], str] = {
    ("pg_attribute", "attencodingtype"): "redshift.encoding_type({0}.attrelid, {0}.attnum, {0}.atttypid)",
    ("pg_attribute", "atthasdef"): "({0}.atthasdef or {0}.attidentity <> '')",
    ("pg_attribute", "attnotnull"): (
        "({0}.attnotnull and ({0}.attidentity = '' or pg_catalog.rs_is_required({0}.attrelid, {0}.attnum)))"
    ),
    ("pg_attribute", "attisdistkey"): "redshift.is_dist_key({0}.attrelid, {0}.attnum)",
    ("pg_attribute", "attsortkeyord"): "redshift.sort_place({0}.attrelid, {0}.attnum)",
    ("pg_class", "reldiststyle"): "redshift.dist_style({0}.oid)",
    ("pg_class", "relkind"): "(case {0}.relkind when 'm' then 'v'::\"char\" else {0}.relkind end)",
}


class ExpressionWriter:
    """Writes expressions in a scope; notes what the statement reads."""

    def __init__(self, catalog: Catalog, allows_catalog: bool) -> None:
        self.catalog = catalog
        self.allows_catalog = allows_catalog  # types and functions of the leader node
        self.scope = Scope()
        self.common: dict[str, Columns | None] = {}
        self.named_common: set[str] = set()  # those of the common table expressions that a query has named
        self.leader_functions: set[str] = set()
        self.reads_catalog = self.reads_users = False
        self.correlations = Correlations()

    def write(self, node: tree.Expression) -> Typed:
        """Return an expression for PostgreSQL.

        Raises:
            RedshiftError: Redshift lacks it, or this front does not know it.
        """
        rule = _RULES.get(type(node))
        if rule is None:
            raise RedshiftError(f"the local Redshift does not know {type(node).__name__} here")
        return rule(self, node)

    def sql(self, node: tree.Expression) -> str:
        """Return an expression for PostgreSQL without its type."""
        return self.write(node).sql

    def condition(self, node: tree.Expression) -> str:
        """Return what stands after WHERE, ON, HAVING or WHEN: a SUPER value counts as the boolean it holds."""
        return self.truth(self.write(node))

    @staticmethod
    def truth(value: Typed) -> str:
        """Return a value as a condition; of a number zero alone is false
        (https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html)."""
        if value.type.name in INTEGERS:
            return f"({value.sql} <> 0)"
        return f"(({value.sql}) #>> '{{}}')::boolean" if value.type == SUPER else value.sql

    # --- leaves ---

    def _literal(self, node: tree.Literal) -> Typed:
        text = node.text
        if node.kind == "string":
            return Typed(text, UNKNOWN, is_literal=True)
        if node.kind != "number":
            return Typed(text, UNKNOWN if node.kind == "null" else BOOLEAN, is_literal=node.kind == "null")
        if "e" in text.lower():
            return Typed(text + "::double precision", Type("double precision"))
        if "." in text or int(text) >= 2**63:
            return Typed(text, types.of_digits(text))
        return Typed(text, Type("integer" if int(text) < 2**31 else "bigint"))

    def _parameter(self, node: tree.Parameter) -> Typed:
        return Typed(node.text)

    def _column(self, node: tree.Column) -> Typed:
        name = node.name
        for length in range(min(len(name) - 1, 3), 0, -1):
            source = self.scope.source(name[:length])
            if source is None:
                continue
            self.correlations.note(self.scope, self.scope.holder(source), source)
            if source.is_element:
                return self._steps(Typed(f"{quote(source.label)}.{quote(source.alias)}", SUPER), name[length:])
            if own := _OF_REDSHIFT.get((*source.relation[-1:], name[length])):
                return self._own(own, source, name[length])
            type_ = (source.columns or {}).get(name[length], UNKNOWN)
            return self._steps(Typed(f"{quote(source.label)}.{quote(name[length])}", type_), name[length + 1 :])
        for scope in self.scope.chain():
            owns = [(own, s) for s in scope.sources if (own := _OF_REDSHIFT.get((*s.relation[-1:], name[0])))]
            if len(owns) == 1:
                return self._own(*owns[0], name[0])
            found = scope.column(name[0])
            if found is not None:
                self.correlations.note(self.scope, scope, found[0])
                return self._steps(Typed(quote(name[0]), found[1]), name[1:])
            if not scope.is_known:
                break
            if name[0] in scope.aliases:
                self.correlations.note(self.scope, scope)
                return self._steps(scope.aliases[name[0]], name[1:])
        else:
            if name[0] in self.scope.in_where:
                return self._steps(self.scope.in_where[name[0]], name[1:])
        return Typed(quote_path(name))

    @staticmethod
    def _own(own: str, source: Source, name: str) -> Typed:
        return Typed(own.format(quote(source.label)), (source.columns or {}).get(name, UNKNOWN))

    def _navigation(self, node: tree.Navigation) -> Typed:
        return self._steps(self.write(node.base), tuple(node.steps))

    def _steps(self, base: Typed, steps: tuple[str | tree.Expression, ...]) -> Typed:
        """Navigate into a SUPER value; what is not there is NULL
        (https://docs.aws.amazon.com/redshift/latest/dg/query-super.html)."""
        if not steps:
            return base
        if base.type == ARRAY and len(steps) == 1 and not isinstance(steps[0], str):
            return Typed(f"({base.sql})[{self.sql(steps[0])}]")
        if base.type not in (SUPER, UNKNOWN):
            raise RedshiftError(f'cannot navigate into a value of type "{base.type.name}"', SYNTAX_ERROR)
        if base.type == UNKNOWN and all(isinstance(step, str) for step in steps):
            return Typed(".".join([base.sql, *(quote(step) for step in steps if isinstance(step, str))]))
        sql = base.sql
        for step in steps:
            if isinstance(step, str):
                sql += " -> '" + true_name(step).replace("\\", "\\\\").replace("'", "''") + "'"
            else:
                index = self.write(step)
                sql += f" -> ({index.sql}){'' if index.is_literal else '::integer'}"
        return Typed(f"({sql})", SUPER)

    def _star(self, node: tree.Star) -> Typed:
        raise RedshiftError('syntax error at or near "*"', SYNTAX_ERROR)

    def _interval(self, node: tree.Interval) -> Typed:
        return Typed(f"interval {node.text} {node.unit}".strip(), Type("interval"))

    # --- operators ---

    def _unary(self, node: tree.Unary) -> Typed:
        if node.operator == "not":
            condition = self.condition(node.operand)
            if isinstance(node.operand, tree.In | tree.Quantified):
                self.correlations.hold_predicate(node.operand, negated=True)
            return Typed(f"(not {condition})", BOOLEAN)
        operand = self.write(node.operand)
        sql, type_ = f"({node.operator} {self.number(operand)})", operand.type
        if type_ == SUPER:
            return Typed(f"to_jsonb{sql}", SUPER)
        if type_.name == "numeric" and node.operator in ("-", "+", "@"):  # whose scale PostgreSQL would not tell
            sql = f"{sql}::{type_.sql}"
        return Typed(sql, type_)

    def number(self, operand: Typed) -> str:
        """Return an operand of arithmetic: a SUPER value counts as the number it holds."""
        return f"(({operand.sql}) #>> '{{}}')::numeric" if operand.type == SUPER else operand.sql

    def _binary(self, node: tree.Binary) -> Typed:
        operator = node.operator
        if operator in ("and", "or"):
            return Typed(f"({self.condition(node.left)} {operator} {self.condition(node.right)})", BOOLEAN)
        if isinstance(node.left, tree.Row) or isinstance(node.right, tree.Row):
            return Typed(f"({self.sql(node.left)} {operator} {self.sql(node.right)})", BOOLEAN)
        left, right = self.write(node.left), self.write(node.right)
        if operator in _COMPARISONS:
            return self.compare(operator, left, right)
        if operator in _ARITHMETIC:
            return self.compute(operator, left, right)
        if operator == "at time zone":
            zoned = {"timestamptz": "timestamp", "timestamp": "timestamptz", "timetz": "timetz", "time": "timetz"}
            return Typed(f"({left.sql} at time zone {right.sql})", Type(zoned.get(left.type.name, "")))
        if operator == "||":
            if "varbyte" in (left.type.name, right.type.name):
                return Typed(f"({left.sql} || {right.sql})::varbyte", Type("varbyte"))
            return Typed(f"({self.text(left)} || {self.text(right)})::varchar", VARCHAR)
        if operator == "^":
            return Typed(
                f"power(({left.sql})::double precision, ({right.sql})::double precision)", Type("double precision")
            )
        if operator in ("<<", ">>"):
            return Typed(f"({left.sql} {operator} ({right.sql})::integer)", left.type)
        type_ = BOOLEAN if "~" in operator else common_type([left, right])
        return Typed(f"({left.sql} {operator} {right.sql})", type_)

    def text(self, operand: Typed) -> str:
        """Return an operand of `||`: a SUPER value counts as the string it holds."""
        return self.cast(operand, VARCHAR, "varchar").sql if operand.type == SUPER else operand.operand

    def compute(self, operator: str, left: Typed, right: Typed) -> Typed:
        """Compute with two values, to the precision and scale that Redshift gives the result."""
        if left.type == SUPER or right.type == SUPER:
            # https://docs.aws.amazon.com/redshift/latest/dg/operators-functions.html: what comes out is SUPER
            return Typed(f"to_jsonb({self.number(left)} {operator} {self.number(right)})", SUPER)
        left, right = _beside(left, right), _beside(right, left)
        type_ = types.arithmetic(operator, left.type, right.type)
        first, second = left.sql, right.sql
        if type_.name == "numeric":
            if operator == "/":  # PostgreSQL chooses a scale by itself, but none below the dividend's
                first = f"round(({first})::numeric, {max(type_.scale, left.type.scale)})"
            return Typed(f"({first} {operator} {second})::{type_.sql}", type_)
        if type_ == UNKNOWN:
            type_ = self._moment(operator, left.type.name, right.type.name)
        return Typed(f"({first} {operator} {second})", type_)

    @staticmethod
    def _moment(operator: str, left: str, right: str) -> Type:
        """Return the type of a sum or difference of moments and intervals."""
        if "interval" in (left, right):
            other = left if right == "interval" else right
            return Type("timestamp" if other == "date" else other) if other in MOMENTS | {"interval"} else UNKNOWN
        if left in MOMENTS and right in MOMENTS and operator == "-":
            return Type("integer" if left == right == "date" else "interval")
        return Type("date") if left == "date" and right in INTEGERS else UNKNOWN

    def compare(self, operator: str, left: Typed, right: Typed) -> Typed:
        """Compare two values, implicitly cast as Redshift casts them
        (https://docs.aws.amazon.com/redshift/latest/dg/r_Type_conversion.html)."""
        operator = "<>" if operator == "!=" else operator
        first, second = left.type.name, right.type.name
        if SUPER in (left.type, right.type):
            return self._compare_super(operator, left, right)
        for kinds in (_NUMBERS, MOMENTS):
            if first in STRINGS and second in kinds:
                left = Typed(f"({left.sql})::{second}", right.type)  # not to its scale: what differs is not equal
            elif second in STRINGS and first in kinds:
                right = Typed(f"({right.sql})::{first}", left.type)
        if left.is_literal and right.is_literal:
            left = Typed(f"{left.sql}::varchar", VARCHAR)
        return Typed(f"({left.sql} {operator} {right.sql})", BOOLEAN)

    def _compare_super(self, operator: str, left: Typed, right: Typed) -> Typed:
        """Compare SUPER values: of two types they are neither equal nor ordered, NULL comes out."""
        first, second = (self.as_super(side) for side in (left, right))
        return Typed(
            f"(case when jsonb_typeof({first}) = jsonb_typeof({second}) then {first} {operator} {second} end)", BOOLEAN
        )

    def as_super(self, value: Typed) -> str:
        """Return a value as SUPER."""
        if value.type == SUPER:
            return value.sql
        if value.is_null:
            return "null::jsonb"
        sql = f"{value.sql}::varchar" if value.is_literal else value.sql
        return f"to_jsonb({sql})"

    # --- predicates ---

    def _is(self, node: tree.Is) -> Typed:
        operand, word = self.write(node.operand), "not " if node.negated else ""
        if node.what != "null":
            return Typed(f"({self.truth(operand)} is {word}{node.what})", BOOLEAN)
        if operand.type == SUPER:  # a JSON null is NULL too
            return Typed(f"(nullif(jsonb_typeof({operand.sql}), 'null') is {word}null)", BOOLEAN)
        return Typed(f"({operand.sql} is {word}null)", BOOLEAN)

    def _between(self, node: tree.Between) -> Typed:
        operand, low, high = (self.write(each) for each in (node.operand, node.low, node.high))
        if {each.type for each in (operand, low, high)} <= {operand.type, UNKNOWN} and operand.type != SUPER:
            word = "not between" if node.negated else "between"
            return Typed(f"({operand.sql} {word} {low.sql} and {high.sql})", BOOLEAN)
        both = f"({self.compare('>=', operand, low).sql} and {self.compare('<=', operand, high).sql})"
        return Typed(f"(not {both})" if node.negated else both, BOOLEAN)

    def _like(self, node: tree.Like) -> Typed:
        operand, pattern = self.text(self.write(node.operand)), self.sql(node.pattern)
        escape = f" escape {self.sql(node.escape)}" if node.escape else ""
        return Typed(f"({operand} {'not ' if node.negated else ''}{node.operator} {pattern}{escape})", BOOLEAN)

    def _in(self, node: tree.In) -> Typed:
        word = "not in" if node.negated else "in"
        if isinstance(node.among, tree.Query):
            sql = f"({self.sql(node.operand)} {word} ({self.query_sql(node.among)}))"
            self.correlations.hold_predicate(node, node.negated)
            return Typed(sql, BOOLEAN)
        operand = self.write(node.operand)
        among = [self.write(item) for item in node.among]
        if operand.type == SUPER:
            any_of = " or ".join(self.compare("=", operand, item).sql for item in among)
            return Typed(f"(not ({any_of}))" if node.negated else f"({any_of})", BOOLEAN)
        if operand.type.name in STRINGS and any(item.type.name in _NUMBERS for item in among):
            operand = Typed(f"({operand.sql})::numeric")
        return Typed(f"({operand.sql} {word} ({', '.join(item.sql for item in among)}))", BOOLEAN)

    def _quantified(self, node: tree.Quantified) -> Typed:
        query = self.query_sql(node.query)
        self.correlations.hold_predicate(node, node.quantifier == "all")
        return Typed(f"({self.sql(node.operand)} {node.operator} {node.quantifier} ({query}))", BOOLEAN)

    def _exists(self, node: tree.Exists) -> Typed:
        return Typed(f"exists ({self.query_sql(node.query)})", BOOLEAN)

    def _subquery(self, node: tree.Subquery) -> Typed:
        sql, columns = self.subquery(node.query)
        type_ = next(iter(columns))[1] if columns else UNKNOWN
        return Typed(f"({sql})", type_)

    def _array_list(self, node: tree.ArrayList) -> Typed:
        if not self.reads_catalog:
            raise syntax_error("[")
        return Typed(f"array[{', '.join(self.sql(item) for item in node.items)}]", ARRAY)

    def _row(self, node: tree.Row) -> Typed:
        return Typed(f"({', '.join(self.sql(item) for item in node.items)})")

    def _grouping(self, node: tree.Grouping) -> Typed:
        return Typed(f"{node.word} ({', '.join(self.sql(item) for item in node.items)})")

    # --- CASE and casts ---

    def _case(self, node: tree.Case) -> Typed:
        return self._choice(node)

    def _choice(self, node: tree.Case, to: tuple[Type, str] | None = None) -> Typed:
        """Write a CASE, cast to a type: where it chooses among texts, each is cast, a literal so once for all rows."""
        results = [self.write(result) for _, result in node.branches]
        values = [*results, self.write(node.otherwise)] if node.otherwise else results
        subject = self.write(node.subject) if node.subject else None
        conditions = [
            self.compare("=", subject, self.write(condition)).sql if subject else self.condition(condition)
            for condition, _ in node.branches
        ]
        if to is None:
            return self.case(conditions, values)
        if all(each.type.name in STRINGS or each.is_literal for each in values):
            type_, sql = to
            fitted = [f"({each.sql})::{sql}" for each in values]
            return Typed(
                f"({_case_of(conditions, fitted if node.otherwise else [*fitted, f'(null)::{sql}'])})::{sql}", type_
            )
        return self.cast(self.case(conditions, values), *to)

    @staticmethod
    def case(conditions: list[str], values: list[Typed]) -> Typed:
        """Return the value whose condition is true; one more than there are conditions is for where none is."""
        type_, written = agreed(values)
        return chosen(_case_of(conditions, written), type_)

    def _cast(self, node: tree.Cast) -> Typed:
        type_, sql = types.of_words(node.to.name, node.to.arguments, self.allows_catalog)
        if isinstance(node.operand, tree.Case) and sql.startswith("varchar(") and not node.is_try:
            return self._choice(node.operand, (type_, sql))
        operand = self.write(node.operand)
        if sql == "regclass":  # of a relation's name, which PostgreSQL would cut
            operand = Typed(physical_words(operand.sql), operand.type, operand.is_literal)
        if node.is_try:
            value = f"({operand.sql})::text"
            # the cast stands outside: PostgreSQL evaluates that of a constant as it plans, in a branch not taken too
            return Typed(f"(case when pg_input_is_valid({value}, '{sql}') then {value} end)::{sql}", type_)
        if sql == "varchar":
            type_ = replace(type_, length=_length(operand))
        return self.cast(operand, type_, sql)

    def cast(self, operand: Typed, type_: Type, sql: str) -> Typed:
        """Cast a value. A SUPER value gives up the scalar that it holds; what becomes SUPER is a scalar of it."""
        if operand.type == SUPER and type_ != SUPER:
            inner = "pg_catalog.rs_super_varchar({})" if type_.name in STRINGS else "(({}) #>> '{{}}')"
            return Typed(f"{inner.format(operand.sql)}::{sql}", type_)
        if type_.name in STRINGS and operand.type == BOOLEAN:
            # https://docs.aws.amazon.com/redshift/latest/dg/r_Boolean_type.html
            raise RedshiftError(f"cannot cast type boolean to {_STRING_NAMES[type_.name]}", "42846")
        if type_ == SUPER and operand.type != SUPER:
            return Typed(f"({self.as_super(operand)})::super", type_)
        fitting = f"({operand.sql})::varchar" if types.fits_varchar(operand.type, sql) else ""
        return Typed(f"({operand.sql})::{sql}", type_, fitting=fitting)

    # --- what other modules write ---

    def _call(self, node: tree.Call) -> Typed:
        raise NotImplementedError

    def subquery(self, query: tree.Query) -> tuple[str, list[tuple[str, Type]] | None]:
        """Return a query inside an expression, and its columns."""
        raise NotImplementedError

    def query_sql(self, query: tree.Query) -> str:
        """Return a query inside an expression."""
        return self.subquery(query)[0]

    def window(self, node: tree.Window) -> str:
        """Return what follows OVER."""
        parts = []
        if node.partition:
            parts.append("partition by " + ", ".join(self.sql(each) for each in node.partition))
        if node.order:
            parts.append(self.order(node.order))
        return f"({' '.join([*parts, node.frame]).strip()})"

    def order(self, items: list[tree.OrderItem]) -> str:
        """Return ORDER BY: NULL comes last, and first where the order descends, as in PostgreSQL."""
        return "order by " + ", ".join(self.order_item(item) for item in items)

    def order_item(self, item: tree.OrderItem) -> str:
        """Return one expression of ORDER BY."""
        words = self.sql(item.expression) + (" desc" if item.descending else "")
        return f"{words} nulls {item.nulls}" if item.nulls else words


def _case_of(conditions: list[str], values: list[str]) -> str:
    words = ["case", *(f"when {condition} then {value}" for condition, value in zip(conditions, values, strict=False))]
    if len(values) > len(conditions):
        words.append(f"else {values[-1]}")
    return " ".join([*words, "end"])


def _beside(operand: Typed, other: Typed) -> Typed:
    """Return an operand of a computation: a string literal beside a number counts as a number (see choice.py)."""
    if operand.is_literal and not operand.is_null and other.type.name in _NUMBERS:
        return replace(operand, type=types.of_string(operand.sql) if other.type.name == "numeric" else other.type)
    return operand


def _length(operand: Typed) -> int:
    """Return the length of what is cast to a VARCHAR without one, which the operand's decides on; 0 if not known.

    Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html, and for NULL what users of Redshift
    found: https://github.com/brooklyn-data/dbt_artifacts/issues/60.
    """
    if operand.is_literal:
        return 1 if operand.is_null else types.literal_length(operand.sql)
    return operand.type.length if operand.type == VARCHAR else 0


_W = ExpressionWriter
_RULES: dict[type[Any], Callable[[Any, Any], Typed]] = {
    tree.Literal: _W._literal,
    tree.Parameter: _W._parameter,
    tree.Column: _W._column,
    tree.Navigation: _W._navigation,
    tree.Star: _W._star,
    tree.Interval: _W._interval,
    tree.Unary: _W._unary,
    tree.Binary: _W._binary,
    tree.Is: _W._is,
    tree.Between: _W._between,
    tree.Like: _W._like,
    tree.In: _W._in,
    tree.Quantified: _W._quantified,
    tree.Exists: _W._exists,
    tree.Subquery: _W._subquery,
    tree.ArrayList: _W._array_list,
    tree.Row: _W._row,
    tree.Grouping: _W._grouping,
    tree.Case: _W._case,
    tree.Cast: _W._cast,
    tree.Call: lambda self, node: self._call(node),
}
