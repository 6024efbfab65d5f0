"""Queries as PostgreSQL reads them. Pure.

What Redshift has and PostgreSQL lacks becomes what both have: QUALIFY and EXCLUDE a list of columns, TOP a LIMIT,
lateral aliases their expressions, GROUP BY ALL the items without an aggregate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.sql import tree, types
from local.redshift.sql.apart import KEPT_APART, is_computed_once
from local.redshift.sql.functions import FUNCTIONS
from local.redshift.sql.scope import Scope, Typed, quote, walk
from local.redshift.sql.types import UNKNOWN
from local.redshift.sql.write_expression import VARCHAR
from local.redshift.sql.write_set import Output, SetWriter, first_of, is_plain


class QueryWriter(SetWriter):
    """Writes queries."""

    depth = 0  # how many queries what is being written stands in

    def subquery(self, query: tree.Query) -> tuple[str, Output | None]:
        """Return a query, and its columns where they are known."""
        outer, common, recurs, depth = self.scope, self.common, self.recurs, self.depth
        self.common = dict(common)
        try:
            with_ = self._common_tables(query)
            if isinstance(query, tree.Select):
                sql, columns = self._select(query, outer)
                self.correlations.hold_select(query, self.scope)
            elif isinstance(query, tree.SetOperation):
                sql, columns = self.set_operation(query)
            else:
                raise RedshiftError("no query")
            return with_ + sql, columns
        finally:
            self.scope, self.common, self.recurs, self.depth = outer, common, recurs, depth

    def _common_tables(self, query: tree.Query) -> str:
        parts = []
        for table in query.common:
            if query.is_recursive and table.columns:
                self.common[table.name] = dict.fromkeys(table.columns, UNKNOWN)
                _, columns = self.subquery(first_of(table.query))  # which alone gives them their types
                self.common[table.name] = self.renamed(columns, table.columns)
                self.named_common.discard(table.name)
                self.recursions[id(table.query)] = table.name
            recurs, self.recurs = self.recurs, self.recurs or query.is_recursive
            self.depth += 1
            sql, columns = self.subquery(table.query)
            self.recurs, self.depth = recurs, self.depth - 1
            named = f"({', '.join(quote(name) for name in table.columns)})" if table.columns else ""
            how = "not materialized " if _is_scan(table.query) and not query.is_recursive else ""
            if not query.is_recursive and is_computed_once(table, query):
                sql = KEPT_APART + sql
            parts.append(f"{quote(table.name)}{named} as {how}({sql})")
            self.common[table.name] = self.renamed(columns, table.columns)
        word = "with recursive " if query.is_recursive else "with "
        return f"{word}{', '.join(parts)} " if parts else ""

    # --- SELECT ---

    def _select(self, select: tree.Select, outer: Scope) -> tuple[str, Output | None]:
        self.depth += 1
        self.scope = Scope(outer, depth=self.depth)
        self.outer_joins(select)
        source = f" from {self.source(select.source)}" if select.source else ""
        items = self._items(select)
        where = self._where(select)
        columns = (
            None
            if any(typed is None for _, _, typed in items)
            else [(name, typed.type) for name, _, typed in items if typed]
        )
        aliases, self.scope.aliases = self.scope.aliases, {}
        group = self._group(select, items)
        having = f" having {self.condition(select.having)}" if select.having else ""
        if select.top is not None:
            if select.limit is not None:
                raise RedshiftError("TOP and LIMIT cannot be used together", SYNTAX_ERROR)
            select = self._limited(select)
        rest = f"{source}{where}{group}{having}"
        word = "select distinct " if select.distinct else "select "
        if select.qualify is None:
            return f"{word}{', '.join(sql for _, sql, _ in items if sql)}{rest}{self.tail(select)}", columns
        if columns is None:
            raise RedshiftError("the columns of a query with QUALIFY are not known: a relation does not exist", "42P01")
        self.scope.aliases = aliases
        return self._qualified(select, items, columns, rest), columns

    def _where(self, select: tree.Select) -> str:
        """Return WHERE, in which a name that no column has is an alias of the select list.

        No page says so, but what dbt-utils runs on Redshift needs it (redshift__get_tables_by_pattern_sql of 1.4.1).
        """
        if not select.where:
            return ""
        aliases, self.scope.aliases = self.scope.aliases, {}
        self.scope.in_where = aliases
        where = f" where {self.condition(select.where)}"
        self.scope.aliases, self.scope.in_where = aliases, {}
        return where

    @staticmethod
    def _limited(select: tree.Select) -> tree.Select:
        """Return the query with its TOP as a LIMIT."""
        changed = tree.Select(**{name: getattr(select, name) for name in _FIELDS})
        changed.limit, changed.top = select.top, None
        return changed

    def _qualified(
        self, select: tree.Select, items: list[tuple[str, str, Typed | None]], columns: Output, rest: str
    ) -> str:
        """Filter rows by QUALIFY in a query around the SELECT, which brings what it sorts by along."""
        names = [f"c{index}" for index in range(len(columns))]
        inner = [typed.sql for _, _, typed in items if typed]
        order = []
        for item in select.order:
            expression = item.expression
            place = self._place(expression, columns)
            if place is None:
                inner.append(self.sql(expression))
                place = len(inner) - 1
                names.append(f"o{place}")
            words = f"{names[place]}{' desc' if item.descending else ''}"
            order.append(f"{words} nulls {item.nulls}" if item.nulls else words)
        condition = self.condition(select.qualify) if select.qualify else "true"
        outputs = [f"{name} as {quote(column)}" for name, (column, _) in zip(names, columns, strict=False)]
        word = "select distinct " if select.distinct else "select "
        tail = self.tail(tree.Query(limit=select.limit, offset=select.offset))
        sorted_by = f" order by {', '.join(order)}" if order else ""
        return (
            f"{word}{', '.join(outputs)} from (select {', '.join([*inner, condition])}{rest})"
            f" as qualified({', '.join([*names, 'is_kept'])}) where is_kept{sorted_by}{tail}"
        )

    @staticmethod
    def _place(expression: tree.Expression, columns: Output) -> int | None:
        """Return the place of the column that an expression of ORDER BY names by its name or number."""
        if isinstance(expression, tree.Literal) and expression.text.isdigit():
            return int(expression.text) - 1
        if isinstance(expression, tree.Column) and len(expression.name) == 1:
            return next((index for index, (name, _) in enumerate(columns) if name == expression.name[0]), None)
        return None

    def _items(self, select: tree.Select) -> list[tuple[str, str, Typed | None]]:
        """Return the select list: a name, what PostgreSQL reads, and its type; None for columns that are not known."""
        found: list[tuple[str, str, Typed | None]] = []
        for item in select.items:
            if isinstance(item.expression, tree.Star):
                found += self._star_items(item.expression, select)
                continue
            typed = self._select_item(item.expression)
            name = item.alias or output_name(item.expression)
            found.append((name, f"{typed.sql} as {quote(name)}", typed))
            if item.alias:
                self.scope.aliases.setdefault(item.alias, typed)
        return found

    def _select_item(self, expression: tree.Expression) -> Typed:
        if isinstance(expression, tree.Is) and expression.what != "null":
            raise RedshiftError("IS TRUE, IS FALSE and IS UNKNOWN are not supported in the select list")
        typed = self.write(expression)
        if self.recurs:
            return _of_any_length(typed)
        return _sized(expression, typed)

    def _star_items(self, star: tree.Star, select: tree.Select) -> list[tuple[str, str, Typed | None]]:
        columns = self.scope.star(star.qualifier)
        written = f"{'.'.join(quote(part) for part in star.qualifier[-1:])}.*" if star.qualifier else "*"
        if columns is None:
            if select.excluded:
                raise RedshiftError("the columns to exclude from are not known: a relation does not exist", "42P01")
            return [("", written, None)]
        is_plain = not any(source.is_element or source.hidden for source in self.scope.sources)
        if (
            is_plain and not select.excluded and select.qualify is None
        ):  # kept as written: views see columns that come later
            first, *others = [(name, written, typed) for name, typed in columns] or [("", written, Typed(""))]
            return [first, *((name, "", typed) for name, _, typed in others)]
        if missing := set(select.excluded) - {name for name, _ in columns}:
            raise RedshiftError(f'column "{min(missing)}" does not exist', "42703")
        return [
            (name, f"{typed.sql} as {quote(name)}", typed) for name, typed in columns if name not in select.excluded
        ]

    def _group(self, select: tree.Select, items: list[tuple[str, str, Typed | None]]) -> str:
        if select.groups_all:
            places = [
                str(place)
                for place, item in enumerate(select.items, 1)
                if not any(isinstance(node, tree.Call) and is_aggregate(node) for node in walk(item.expression))
            ]
            for place in places:
                self._hold_group(tree.Literal("number", place), select)
            return f" group by {', '.join(places)}" if places else ""
        written = [self.sql(each) for each in select.group]
        for each in select.group:
            for leaf in _leaves(each):
                self._hold_group(leaf, select)
        return f" group by {', '.join(written)}" if written else ""

    def _hold_group(self, expression: tree.Expression, select: tree.Select) -> None:
        self.correlations.hold_group(expression, select, lambda name: self.scope.column(name) is not None)


def _of_any_length(typed: Typed) -> Typed:
    """Return an item of a select list; a string literal is a VARCHAR."""
    is_string = typed.is_literal and typed.sql.lower() != "null"
    return Typed(f"{typed.sql}::varchar", VARCHAR) if is_string else typed


def _sized(expression: tree.Expression, typed: Typed) -> Typed:
    """Return an item of a select list; a literal, and what is cast to VARCHAR, tells its length or precision."""
    if isinstance(expression, tree.Literal | tree.Unary) and typed.type.precision:
        return Typed(f"({typed.sql})::{typed.type.sql}", typed.type)
    if isinstance(expression, tree.Literal) and (length := types.literal_length(typed.sql)):
        return Typed(f"{typed.sql}::varchar({length})", replace(VARCHAR, length=length))
    if isinstance(expression, tree.Cast) and typed.type.length and typed.sql.endswith("::varchar"):
        return replace(typed, sql=f"{typed.sql}({typed.type.length})")
    return _of_any_length(typed)


def _leaves(group: tree.Expression) -> Iterator[tree.Expression]:
    """Yield the expressions of one item of GROUP BY."""
    if isinstance(group, tree.Grouping | tree.Row):
        for item in group.items:
            yield from _leaves(item)
    else:
        yield group


_FIELDS = tuple(tree.Select.__dataclass_fields__)


def is_aggregate(call: tree.Call) -> bool:
    """Tell whether a call is of an aggregate, or looks over other rows."""
    function = FUNCTIONS.get(call.name[-1])
    return function is not None and function.kind in "aw"


def output_name(expression: tree.Expression) -> str:
    """Return the name of an item of the select list that is given none."""
    if isinstance(expression, tree.Column):
        return expression.name[-1]
    if isinstance(expression, tree.Navigation):
        names = [step for step in expression.steps if isinstance(step, str)]
        return names[-1] if names else output_name(expression.base)
    if isinstance(expression, tree.Cast):
        inner = output_name(expression.operand)
        return inner if inner != "?column?" else _TYPE_NAMES.get(expression.to.name, expression.to.name)
    if isinstance(expression, tree.Call):
        return {"nvl": "coalesce", "extract": "date_part"}.get(expression.name[-1], expression.name[-1])
    if isinstance(expression, tree.Case):
        return "case"
    return "?column?"


_TYPE_NAMES = {
    "int": "int4",
    "integer": "int4",
    "bigint": "int8",
    "smallint": "int2",
    "decimal": "numeric",
    "boolean": "bool",
}


def _is_scan(query: tree.Query) -> bool:
    """Tell whether a query only picks columns and rows of one relation.

    PostgreSQL writes to disk what a common table expression yields where two parts of a query name it; a scan that is
    read twice, under the conditions of each, yields the same for less.
    """
    if not isinstance(query, tree.Select) or not is_plain(query) or not isinstance(query.source, tree.Table):
        return False
    whole = (query.distinct, query.top, query.into, query.group, query.groups_all, query.having, query.qualify)
    picked = all(isinstance(item.expression, tree.Column | tree.Star) for item in query.items)
    return picked and not any(whole) and all(isinstance(node, _OF_A_ROW) for node in walk(query.where))


# What a condition may hold that its row alone decides: no query, and no call, which may be random().
_OF_A_ROW = (
    *(tree.Binary, tree.Unary, tree.Is, tree.Between, tree.Like, tree.Column, tree.Literal, tree.Parameter),
    *(tree.Cast, tree.TypeName),
)
