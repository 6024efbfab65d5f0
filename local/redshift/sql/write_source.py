"""FROM as PostgreSQL reads it: tables, queries, joins, unnested SUPER values, PIVOT and UNPIVOT. Pure.

Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_FROM_clause30.html, query-super.html, r_Join_examples.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.names import physical, true_name
from local.redshift.sql import tree, types
from local.redshift.sql.choice import agreed
from local.redshift.sql.correlation import is_system
from local.redshift.sql.scope import Columns, Relation, Scope, Source, Typed, quote, quote_path, walk
from local.redshift.sql.types import UNKNOWN, Type
from local.redshift.sql.write_call import CallWriter
from local.redshift.sql.write_expression import SUPER, VARCHAR

# Tables of the leader node, and system tables that both kinds of query may read (where they do not exist yet, by name).
_CATALOG = re.compile(r"(?:pg_catalog\.|information_schema\.|pg_|svv_)")
_CALL = re.compile(r"[\w.\"]+\(.*\)", re.DOTALL)


class SourceWriter(CallWriter):
    """Writes what stands in FROM, and fills the scope with it."""

    def source(self, relation: tree.Relation) -> str:
        """Return a relation of FROM; its columns are in scope from now on."""
        return _RULES[type(relation)](self, relation)

    @staticmethod
    def renamed(columns: list[tuple[str, Type]] | None, names: Sequence[str]) -> Columns | None:
        """Return columns under the names that an alias gives them."""
        if columns is None:
            return dict.fromkeys(names, UNKNOWN) if names else None
        if len(names) > len(columns):
            raise RedshiftError(
                f"a query of {len(columns)} columns is given {len(names)} names: {', '.join(names)}", "42P10"
            )
        return dict(
            zip([*names, *(name for name, _ in columns[len(names) :])], (type_ for _, type_ in columns), strict=True)
        )

    def _add(self, alias: str, columns: Columns | None, name: tree.Name = (), is_element: bool = False) -> str:
        label = alias if is_element else self.scope.label(alias, name)
        self.scope.sources.append(Source(alias, columns, name, label, is_element))
        return label

    def _table(self, table: tree.Table) -> str:
        name, alias, is_of_system = table.name, table.alias or table.name[-1], False
        if len(name) == 1 and name[0] in self.common:
            columns = self.common[name[0]]
            self.named_common.add(name[0])
        elif len(name) > 1 and name not in self.catalog and self.scope.source(name[:1]):
            return self._unnested(self.write(tree.Column(name)), alias, table.at)
        else:
            relation = self.catalog.get(name)
            if relation and relation.query is not None:
                return self._derived(tree.Derived(relation.query, alias, table.columns))
            self.note(name)
            is_of_system = is_system(name, relation)
            columns = dict(relation.columns) if relation else None
        if table.at:
            raise RedshiftError('syntax error at or near "at"', SYNTAX_ERROR)
        if table.columns:
            columns = self.renamed(list(columns.items()) if columns is not None else None, table.columns)
        label = self._add(alias, columns, () if table.alias else name)
        self.scope.sources[-1].relation, self.scope.sources[-1].is_system = name, is_of_system
        if (known := self.catalog.get(name)) and known.hidden:
            self.scope.sources[-1].hidden = known.hidden
        named = f"({', '.join(quote(column) for column in table.columns)})" if table.columns else ""
        relation = self.catalog.get(name) if columns is not None else None
        return f"{_told(name, relation)} as {quote(label)}{named}"

    def note(self, name: tree.Name) -> None:
        """Note whether a relation is the catalog's or users'."""
        relation = self.catalog.get(name)
        if is_system(name, relation):
            return
        if relation.is_catalog if relation else bool(_CATALOG.match(".".join(name))):
            self.reads_catalog = True
        else:
            self.reads_users = True

    def _unnested(self, value: Typed, alias: str, at: str) -> str:
        if value.type not in (SUPER, UNKNOWN):
            raise RedshiftError(f'a value of type "{value.type.name}" cannot be unnested', SYNTAX_ERROR)
        index = at or f"{alias} index"
        self._add(alias, {alias: SUPER, **({at: Type("bigint")} if at else {})}, is_element=True)
        return f"lateral pg_catalog.rs_unnest({value.sql}) as {quote(alias)}({quote(alias)}, {quote(index)})"

    def _unpivot_object(self, relation: tree.UnpivotObject) -> str:
        value = self.write(tree.Column(relation.path))
        alias = relation.alias or relation.path[-1]
        key = relation.at or f"{alias} key"
        self._add(alias, {**({relation.at: VARCHAR} if relation.at else {}), alias: SUPER}, is_element=True)
        return f"lateral pg_catalog.rs_unpivot({value.sql}) as {quote(alias)}({quote(key)}, {quote(alias)})"

    def _derived(self, relation: tree.Derived) -> str:
        here = self.scope
        self.scope = here.parent or Scope()
        sql, columns = self.subquery(relation.query)
        self.scope = here
        alias = relation.alias or f"unnamed {len(here.sources)}"
        label = self._add(alias, self.renamed(columns, relation.columns))
        named = f"({', '.join(quote(name) for name in relation.columns)})" if relation.columns else ""
        return f"({sql}) as {quote(label)}{named}"

    def _function(self, relation: tree.FunctionTable) -> str:
        if relation.call.name == ("unnest",):
            [argument] = relation.call.arguments
            return self._unnested(self.write(argument), relation.alias or "unnest", "")
        call, alias = self.write(relation.call), relation.alias or relation.call.name[-1]
        if relation.definitions:
            written = [(name, types.of_words(to.name, to.arguments, True)) for name, to in relation.definitions]
            label = self._add(alias, {name: type_ for name, (type_, _) in written})
            self.reads_catalog = True
            listed = ", ".join(f"{quote(name)} {sql}" for name, (_, sql) in written)
            return f"{call.sql} as {quote(label)}({listed})"
        names = relation.columns or [alias]
        label = self._add(alias, dict.fromkeys(names, call.type))
        if not _CALL.fullmatch(call.sql):  # what is written as more than a call: PostgreSQL's FROM takes no casts
            call = Typed(f"(select {call.sql})", call.type)
        return f"{call.sql} as {quote(label)}({', '.join(quote(name) for name in names)})"

    # --- joins ---

    def _join(self, join: tree.Join) -> str:
        left = self.source(join.left)
        before = len(self.scope.sources)
        right = self.source(join.right)
        if isinstance(join.right, tree.Join):
            right = f"({right})"
        if join.kind == ",":
            return f"{left}, {right}"
        if join.using:
            self.scope.merged += [name for name in join.using if name not in self.scope.merged]
            return f"{left} {join.kind} {right} using ({', '.join(quote(name) for name in join.using)})"
        if join.kind.startswith("natural"):
            self._merge_columns(before)
        if join.on is None:
            return f"{left} {join.kind} {right}"
        on = self.condition(join.on)
        self.correlations.hold_join(join)
        return f"{left} {join.kind} {right} on {on}"

    def _merge_columns(self, before: int) -> None:
        """Merge the columns that both sides of a natural join have."""
        sources = self.scope.sources
        if not self.scope.is_known:
            return
        theirs = {name for source in sources[before:] for name in source.columns or {}}
        ours = (name for source in sources[:before] for name in source.columns or {})
        self.scope.merged += [name for name in ours if name in theirs and name not in self.scope.merged]

    def outer_joins(self, select: tree.Select) -> None:
        """Turn joins by (+) in WHERE into LEFT JOINs
        (https://docs.aws.amazon.com/redshift/latest/dg/r_WHERE_oracle_outer.html)."""
        if select.where is None or select.source is None or not any(map(_is_outer, walk(select.where))):
            return
        relations, kept = _flat(select.source), []
        on: dict[str, list[tree.Expression]] = {}
        for condition in _conjuncts(select.where):
            owners = {self._owner(node, relations) for node in walk(condition) if _is_outer(node)}
            if len(owners) > 1:
                raise RedshiftError("a predicate may mark columns of one table only with (+)", SYNTAX_ERROR)
            if owners:
                on.setdefault(owners.pop(), []).append(condition)
            else:
                kept.append(condition)
        outer = [relation for relation in relations if _alias(relation) in on]
        source = _joined([relation for relation in relations if _alias(relation) not in on])
        for relation in outer:
            source = tree.Join("left join", source, relation, _all(on[_alias(relation)]))
        select.source, select.where = source, _all(kept) if kept else None

    def _owner(self, column: tree.Column, relations: list[tree.Relation]) -> str:
        if len(column.name) > 1:
            return column.name[-2]
        for relation in relations:
            known = self.catalog.get(relation.name) if isinstance(relation, tree.Table) else None
            if known and column.name[0] in known.columns:
                return _alias(relation)
        raise RedshiftError(f'column "{column.name[0]}" does not exist', "42703")

    # https://docs.aws.amazon.com/redshift/latest/dg/r_FROM_clause-pivot-unpivot-examples.html

    def _turned(self, source: tree.Relation) -> tuple[Scope, str, list[tuple[str, Typed]]]:
        """Return the scope around, the source of a PIVOT or UNPIVOT, and its columns; the scope is now its."""
        here = self.scope
        self.scope = Scope(here.parent, depth=here.depth)
        sql = self.source(source)
        columns = self.scope.star()
        if columns is None:
            raise RedshiftError("the columns to turn are not known: a relation does not exist", "42P01")
        return here, sql, columns

    def _pivot(self, pivot: tree.Pivot) -> str:
        here, source, columns = self._turned(pivot.source)
        used = {node.name[-1] for node in walk(pivot.aggregates) if isinstance(node, tree.Column)} | {pivot.column[-1]}
        kept = [(name, typed) for name, typed in columns if name not in used]
        items, found = [f"{typed.sql} as {quote(name)}" for name, typed in kept], {name: t.type for name, t in kept}
        for value in pivot.values:
            value_name = value.alias or _text(value.expression)
            for aggregate in pivot.aggregates:
                if not isinstance(aggregate.expression, tree.Call):
                    raise RedshiftError("PIVOT takes aggregates", SYNTAX_ERROR)
                written = self.write(_only_where(aggregate.expression, tree.Column(pivot.column), value.expression))
                name = physical(true_name(f"{value_name}_{aggregate.alias}" if aggregate.alias else value_name))
                items.append(f"{written.sql} as {quote(name)}")
                found[name] = written.type
        group = f" group by {', '.join(typed.sql for _, typed in kept)}" if kept else ""
        self.scope = here
        alias = pivot.alias or f"pivoted {len(here.sources)}"
        label = self._add(alias, found)
        return f"(select {', '.join(items)} from {source}{group}) as {quote(label)}"  # noqa: S608 - of a tree

    def _unpivot(self, unpivot: tree.Unpivot) -> str:
        here, source, columns = self._turned(unpivot.source)
        turned = {
            item.expression.name[-1]: item for item in unpivot.columns if isinstance(item.expression, tree.Column)
        }
        kept = [(name, typed) for name, typed in columns if name not in turned]
        by_name = dict(columns)
        if missing := turned.keys() - by_name.keys():
            raise RedshiftError(f'column "{min(missing)}" does not exist', "42703")
        type_, values = agreed([by_name[name] for name in turned])
        rows = ", ".join(
            f"({quote_text(true_name(item.alias or name))}::varchar, {value})"
            for (name, item), value in zip(turned.items(), values, strict=True)
        )
        items = ", ".join(
            [*(f"{typed.sql} as {quote(name)}" for name, typed in kept), '"turned"."label"', '"turned"."value"']
        )
        where = "" if unpivot.includes_nulls else ' where "turned"."value" is not null'
        names = [*(name for name, _ in kept), unpivot.label, unpivot.value]
        self.scope = here
        alias = unpivot.alias or f"unpivoted {len(here.sources)}"
        columns_now = {name: typed.type for name, typed in kept}
        label = self._add(alias, {**columns_now, unpivot.label: VARCHAR, unpivot.value: type_})
        turned_rows = f'{source} cross join lateral (values {rows}) as "turned"("label", "value"){where}'
        named = f"{quote(label)}({', '.join(quote(name) for name in names)})"
        return f"(select {items} from {turned_rows}) as {named}"  # noqa: S608 - of a tree


# What Redshift's catalog does not list: the columns of late-binding views, which SVV_COLUMNS and a function tell
# (https://docs.aws.amazon.com/redshift/latest/dg/PG_GET_LATE_BINDING_VIEW_COLS.html, r_SVV_COLUMNS.html), and
# constraints of PostgreSQL's that are none of Redshift's, which has keys alone (t_Defining_constraints.html).
_LISTED = {
    "pg_attribute": "attrelid not in (select view_id from redshift.late_binding_view_id)",
    "pg_constraint": "contype in ('p', 'u', 'f')",
    "table_constraints": "constraint_type <> 'CHECK'",
}
# Views that stand for a table of the catalog (prelude/55_driver_catalog.sql).
_VIEWS = {"pg_attrdef": "redshift.attrdef", "pg_type": "redshift.type"}


def _told(name: tree.Name, relation: Relation | None) -> str:
    """Return a relation by its name, or where its rows are; one of the catalog with true names of what is shortened."""
    path = quote_path(name)
    if relation is not None and relation.stored:
        stored = f'pg_temp."{relation.stored}"'
        if not relation.is_beside:
            return stored
        path = f"(select * from {path} union all select * from {stored})"  # noqa: S608 - names, quoted
        if relation.naming:
            path += " as beside"
    elif relation and relation.is_catalog:
        path = _VIEWS.get(name[-1], path)
        if listed := _LISTED.get(name[-1]):
            path = f"(select * from {path} where {listed})"  # noqa: S608 - names, quoted
            if relation.naming:
                path += " as listed"
    if relation is None or not relation.naming:
        return path
    columns = (
        f"pg_catalog.rs_true_name({quote(column)}::text) as {quote(column)}"
        if column in relation.naming
        else quote(column)
        for column in relation.columns
    )
    return f"(select {', '.join(columns)} from {path})"  # noqa: S608 - names, quoted


def quote_text(text: str) -> str:
    """Return a string literal; a backslash escapes in it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _text(node: tree.Expression) -> str:
    """Return the name of a column that PIVOT makes of a value."""
    if isinstance(node, tree.Literal):
        return node.text.strip("'").lower() if node.kind == "string" else node.text
    raise RedshiftError("a value of PIVOT's IN list is a literal", SYNTAX_ERROR)


def _only_where(call: tree.Call, column: tree.Column, value: tree.Expression) -> tree.Call:
    """Return an aggregate over the rows whose column has a value."""
    argument = tree.Literal("number", "1") if call.is_star else call.arguments[0]
    case = tree.Case(None, [(tree.Binary("=", column, value), argument)], None)
    return tree.Call(call.name, [case, *call.arguments[1:]], call.distinct)


def _is_outer(node: Any) -> bool:
    return isinstance(node, tree.Column) and node.is_outer


def _flat(relation: tree.Relation) -> list[tree.Relation]:
    if isinstance(relation, tree.Join):
        if relation.kind != ",":
            raise RedshiftError("(+) cannot be used together with JOIN in FROM", SYNTAX_ERROR)
        return [*_flat(relation.left), *_flat(relation.right)]
    return [relation]


def _joined(relations: list[tree.Relation]) -> tree.Relation:
    if not relations:
        raise RedshiftError("every table of the query is marked with (+)", SYNTAX_ERROR)
    source, *rest = relations
    for relation in rest:
        source = tree.Join("cross join", source, relation)
    return source


def _alias(relation: tree.Relation) -> str:
    alias: str = getattr(relation, "alias", "")
    return alias or (relation.name[-1] if isinstance(relation, tree.Table) else "")


def _conjuncts(node: tree.Expression) -> list[tree.Expression]:
    if isinstance(node, tree.Binary) and node.operator == "and":
        return [*_conjuncts(node.left), *_conjuncts(node.right)]
    return [node]


def _all(conditions: list[tree.Expression]) -> tree.Expression:
    found, *rest = conditions
    for condition in rest:
        found = tree.Binary("and", found, condition)
    return found


_S = SourceWriter
_RULES: dict[type[tree.Relation], Callable[[Any, Any], str]] = {
    tree.Table: _S._table,
    tree.Derived: _S._derived,
    tree.FunctionTable: _S._function,
    tree.UnpivotObject: _S._unpivot_object,
    tree.Join: _S._join,
    tree.Pivot: _S._pivot,
    tree.Unpivot: _S._unpivot,
}
