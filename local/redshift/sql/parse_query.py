"""The grammar of queries and of the statements that hold them. In: SQL. Out: a tree, or a syntax error. Pure.

Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_SELECT_synopsis.html, r_FROM_clause30.html, r_INSERT_30.html,
r_UPDATE.html, r_DELETE.html, r_MERGE.html.
"""

from __future__ import annotations

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.parse_expression import ExpressionParser

_SET_OPERATORS = ("union", "except", "minus")
_JOINS = ("join", "inner", "left", "right", "full", "cross", "natural")


class Parser(ExpressionParser):
    """The rules of queries and statements."""

    def statement(self) -> tree.Statement:
        """Pass one whole statement."""
        common = self._common_tables()
        match self.token.key:
            case "insert" if not common[0]:
                found: tree.Statement = self._insert()
            case "update":
                found = self._update(common[0])
            case "delete":
                found = self._delete(common[0])
            case "merge" if not common[0]:
                found = self._merge()
            case _:
                found = self._query_after(common)
        self.end()
        return found

    def end(self) -> None:
        """Hold that the statement ends here."""
        while self.take(";"):
            pass
        if self.token.kind:
            raise self.error()

    # --- queries ---

    def at_query(self) -> bool:
        here = self.position
        while self.tokens[here].key == "(":
            here += 1
        return self.tokens[here].key in ("select", "with")

    def query(self) -> tree.Query:
        return self._query_after(self._common_tables())

    def _common_tables(self) -> tuple[list[tree.CommonTable], bool]:
        if not self.take("with"):
            return [], False
        is_recursive = self.take("recursive")
        tables = []
        while True:
            name, columns = self.name(), self.names()
            self.need("as", "(")
            tables.append(tree.CommonTable(name, columns, self.query()))
            self.need(")")
            if not self.take(","):
                return tables, is_recursive

    def _query_after(self, common: tuple[list[tree.CommonTable], bool]) -> tree.Query:
        found = self._set_operation()
        if common[0]:
            if found.common:
                raise self.error()
            found.common, found.is_recursive = common
        if self.token.key in ("order", "limit", "offset") and (found.order or found.limit or found.offset):
            found = tree.Select(
                items=[tree.Item(tree.Star(), "")], source=tree.Derived(found, "derived", []), common=found.common
            )
        if self.token.key == "order":
            found.order = self.order_by()
        taken: set[str] = set()
        while self.token.key in {"limit", "offset"} - taken:  # a second one is a syntax error
            word = self.token.key
            taken.add(word)
            self.need(word)
            if word == "offset":
                found.offset = self.expression()
                self.take_one(("row", "rows"))
            elif not self.take("all"):
                found.limit = self.expression()
        return found

    def _set_operation(self) -> tree.Query:
        left = self._intersection()
        while word := self.take_one(_SET_OPERATORS):
            operator = "except" if word == "minus" else word
            if self.take("all"):
                if operator != "union":
                    self.position -= 1
                    raise self.error()
                operator = "union all"
            else:
                self.take("distinct")
            left = tree.SetOperation(operator=operator, left=left, right=self._intersection())
        return left

    def _intersection(self) -> tree.Query:
        left = self._term()
        while self.take("intersect"):
            if self.token.key == "all":
                raise self.error()
            left = tree.SetOperation(operator="intersect", left=left, right=self._term())
        return left

    def _term(self) -> tree.Query:
        if self.take("("):
            found = self.query()
            self.need(")")
            return found
        return self._select()

    def _select(self) -> tree.Select:
        self.need("select")
        select = tree.Select()
        select.top = self._top()
        select.distinct = self.take("distinct")
        if select.distinct and self.ahead("on", "("):
            raise RedshiftError("SELECT DISTINCT ON is not supported")
        if not select.distinct:
            self.take("all")
        select.top = select.top or self._top()
        select.items = [self._item()]
        while self.take(","):
            select.items.append(self._item())
        if self.take("exclude"):
            select.excluded = self.names() or [self.name()]
        if self.take("into"):
            is_temporary = bool(self.take_one(("temporary", "temp")))
            self.take("table")
            select.into = tree.Table(self.full_name())
            select.into_temporary = is_temporary or select.into.name[-1].startswith("#")
        if self.take("from"):
            select.source = self._from()
        if self.take("where"):
            select.where = self.expression()
        if self.ahead("start", "with") or self.ahead("connect", "by"):
            raise RedshiftError("CONNECT BY is not offered by the local Redshift: use WITH RECURSIVE")
        if self.take("group", "by"):
            select.groups_all = self.take("all")
            select.group = [] if select.groups_all else self._groups()
        if self.take("having"):
            select.having = self.expression()
        if self.take("qualify"):
            select.qualify = self.expression()
        return select

    def _groups(self) -> list[tree.Expression]:
        """Pass what GROUP BY lists, or one of its extensions
        (https://docs.aws.amazon.com/redshift/latest/dg/r_GROUP_BY_aggregation-extensions.html)."""
        groups = [self._grouping()]
        while self.take(","):
            groups.append(self._grouping())
        return groups

    def _grouping(self) -> tree.Expression:
        if self.ahead("(", ")"):
            self.position += 2
            return tree.Row([])
        word = self.token.key
        if self.ahead("grouping", "sets", "("):
            word, self.position = "grouping sets", self.position + 2
        elif word in ("rollup", "cube") and self.ahead(word, "("):
            self.position += 1
        else:
            return self.expression()
        self.need("(")
        items = self._groups()
        self.need(")")
        return tree.Grouping(word, items)

    def _top(self) -> tree.Expression | None:
        if not self.take("top"):
            return None
        if self.take("("):
            top = self.expression()
            self.need(")")
            return top
        return self.primary()

    def _item(self) -> tree.Item:
        expression = self.expression()
        alias = self.label() if self.take("as") else self.bare_alias()
        return tree.Item(expression, alias)

    # --- FROM ---

    def _from(self) -> tree.Relation:
        left = self._joined()
        while self.take(","):
            left = tree.Join(",", left, self._joined())
        return left

    def _joined(self) -> tree.Relation:
        left = self._relation()
        while self.token.key in _JOINS:
            natural = "natural " if self.take("natural") else ""
            side = self.take_one(("inner", "left", "right", "full", "cross")) or "inner"
            if side in ("left", "right", "full"):
                self.take("outer")
            self.need("join")
            join = tree.Join(f"{natural}{side} join", left, self._relation())
            if side != "cross" and not natural:
                if self.take("on"):
                    join.on = self.expression()
                else:
                    self.need("using")
                    join.using = self.names()
            left = join
        return left

    def _relation(self) -> tree.Relation:
        relation = self._simple_relation()
        while self.token.key in ("pivot", "unpivot"):
            relation = self._pivot(relation) if self.take("pivot") else self._unpivot(relation)
        return relation

    def _simple_relation(self) -> tree.Relation:
        if self.token.key == "(":
            return self._bracketed_relation()
        if self.token.key == "unpivot":
            self.position += 1
            path = self.path()
            alias = self.name() if self.take("as") else self.bare_alias()
            return tree.UnpivotObject(path, alias, self.name() if self.take("at") else "")
        if self.token.key == "lateral":
            raise self.error()
        name = ("unnest",) if self.take("unnest") else self.path()
        if self.token.key == "(":
            call = self._call(name)
            if not isinstance(call, tree.Call):
                raise self.error()
            alias = self.name() if self.take("as") else self.bare_alias()
            return tree.FunctionTable(call, alias, *self._definitions())
        self.named.add(name)
        alias, columns = self._table_alias()
        return tree.Table(name, alias, columns, self.name() if self.take("at") else "")

    def _definitions(self) -> tuple[list[str], list[tuple[str, tree.TypeName]]]:
        """Pass the columns of a function in FROM: names, or names with types."""
        names: list[str] = []
        definitions = []
        if self.take("("):
            while True:
                names.append(self.label())
                if self.token.key not in (",", ")"):
                    definitions.append((names[-1], self.type_name()))
                if self.take(")"):
                    break
                self.need(",")
        return names, definitions

    def path(self) -> tree.Name:
        """Pass a name of any number of parts."""
        parts = [self.name()]
        while self.take("."):
            parts.append(self.label())
        return tuple(parts)

    def _bracketed_relation(self) -> tree.Relation:
        start = self.position
        if self.at_query():
            try:
                self.need("(")
                query = self.query()
                self.need(")")
            except RedshiftError:
                self.position = start  # ((select ...) as a join b ...)
                if self.tokens[start + 1].key != "(":
                    raise
            else:
                alias, columns = self._table_alias()
                return tree.Derived(query, alias, columns)
        self.need("(")
        if self.token.key == "values":
            raise self.error()
        relation = self._from()
        self.need(")")
        return relation

    def _table_alias(self) -> tuple[str, list[str]]:
        alias = self.name() if self.take("as") else "" if self.ahead("at") else self.bare_alias()
        return alias, self.names() if alias else []

    def _pivot(self, source: tree.Relation) -> tree.Relation:
        self.need("(")
        aggregates = [self._item()]
        while self.take(","):
            aggregates.append(self._item())
        self.need("for")
        column = self.path()
        self.need("in", "(")
        values = [self._item()]
        while self.take(","):
            values.append(self._item())
        self.need(")", ")")
        return tree.Pivot(source, aggregates, column, values, self._table_alias()[0])

    def _unpivot(self, source: tree.Relation) -> tree.Relation:
        self.need("unpivot")
        includes = self.take("include", "nulls")
        if not includes:
            self.take("exclude", "nulls")
        self.need("(")
        value = self.name()
        self.need("for")
        label = self.name()
        self.need("in", "(")
        columns = [self._item()]
        while self.take(","):
            columns.append(self._item())
        self.need(")", ")")
        return tree.Unpivot(source, includes, value, label, columns, self._table_alias()[0])

    # --- statements ---

    def _insert(self) -> tree.Insert:
        self.need("insert", "into")
        table, columns = self.full_name(), []
        self.aim(table)
        if self.token.key == "(" and not self.at_query():
            columns = self.names()
        if self.take("default", "values"):
            return tree.Insert(table, columns, None, [], [])
        if not self.take("values"):
            return tree.Insert(table, columns, self.query(), [], [])
        rows = [self._values()]
        while self.take(","):
            rows.append(self._values())
        return tree.Insert(table, columns, None, rows, [])

    def _values(self) -> list[tree.Expression | None]:
        self.need("(")
        row = [self._value()]
        while self.take(","):
            row.append(self._value())
        self.need(")")
        return row

    def _value(self) -> tree.Expression | None:
        return None if self.take("default") else self.expression()

    def _target(self) -> tree.Table:
        name = self.full_name()
        self.aim(name)
        alias = self.name() if self.take("as") else self.bare_alias()
        return tree.Table(name, alias)

    def _update(self, common: list[tree.CommonTable]) -> tree.Update:
        self.need("update")
        table = self._target()
        self.need("set")
        assignments = [self._assignment()]
        while self.take(","):
            assignments.append(self._assignment())
        source = self._from() if self.take("from") else None
        where = self.expression() if self.take("where") else None
        return tree.Update(table, assignments, source, where, common)

    def _assignment(self) -> tuple[str, tree.Expression | None]:
        column = self.name()
        self.need("=")
        return column, self._value()

    def _delete(self, common: list[tree.CommonTable]) -> tree.Delete:
        self.need("delete")
        self.take("from")
        table = self._target()
        source = self._from() if self.take("using") else None
        where = self.expression() if self.take("where") else None
        return tree.Delete(table, source, where, common)

    def _merge(self) -> tree.Merge:
        self.need("merge", "into")
        table = self.full_name()
        self.aim(table)
        self.need("using")
        source = self._simple_relation()
        self.need("on")
        merge = tree.Merge(table, source, self.expression(), None, [], [])
        if self.take("remove", "duplicates"):
            merge.removes_duplicates = True
            return merge
        branches = []
        while self.take("when"):
            negated = self.take("not")
            self.need("matched", "then")
            branches.append(negated)
            if negated:
                self._merge_insert(merge)
            elif not self.take("delete"):
                self.need("update", "set")
                merge.assignments = [self._set_column()]
                while self.take(","):
                    merge.assignments.append(self._set_column())
        if sorted(branches) != [False, True]:
            raise RedshiftError("MERGE needs exactly one WHEN MATCHED and one WHEN NOT MATCHED clause", SYNTAX_ERROR)
        return merge

    def _merge_insert(self, merge: tree.Merge) -> None:
        self.need("insert")
        merge.columns = self.names()
        self.need("values", "(")
        merge.values = self.expressions()
        self.need(")")

    def _set_column(self) -> tuple[str, tree.Expression]:
        column = self.name()
        self.need("=")
        return column, self.expression()
