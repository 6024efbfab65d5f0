"""What the rules of writing share: where a statement is being written, and the way from a node to its rule. Pure.

In: a node of the tree. Out: the SQL of it that PostgreSQL reads. Which rule writes which node, `rules.py` lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.scope import Catalog, Columns, Scope
from local.redshift.sql.values.casts import truth
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import Type
from local.redshift.sql.write.correlation import Correlations
from local.redshift.sql.write.paths import Paths

Output = list[tuple[str, Type]]
"""The columns of a query: their names, which need not differ, and their types."""


@dataclass(frozen=True)
class Rules:
    """The rule that writes a node of each kind; a query's tells its columns too, where they are known."""

    expressions: Mapping[type[tree.Expression], Callable[[Writer, Any], Typed]]
    relations: Mapping[type[tree.Relation], Callable[[Writer, Any], str]]
    query: Callable[[Writer, tree.Query], tuple[str, Output | None]]


class Writer:
    """Writes nodes in a scope by the rules that it is given; notes what the statement reads."""

    def __init__(
        self,
        rules: Rules,
        catalog: Catalog,
        user_functions: Mapping[str, Type],
        parameters: Mapping[str, Type],
        allows_catalog: bool,
        correlations: Correlations,
    ) -> None:
        self.rules = rules
        self.catalog = catalog
        self.user_functions = user_functions  # what they return, where it is one type
        self.parameters = parameters  # what they are declared of, by `$1`
        self.allows_catalog = allows_catalog  # types and functions of the leader node
        self.correlations = correlations
        self.leader_functions: set[str] = set()
        self.compute_functions: set[str] = set()  # which the leader node lacks
        self.reads_catalog = self.reads_users = self.reads_system = False
        self.into: tree.Table | None = None  # the table that SELECT ... INTO makes
        # where in the statement
        self.scope = Scope()
        self.paths: Paths | None = None  # of the SELECT that is being written, where they may be taken together
        self.selects = 0  # how many that is true of
        self.depth = 0  # how many queries what is being written stands in
        self.common: dict[str, Columns | None] = {}  # the common table expressions that a query may name
        self.named_common: set[str] = set()  # those of them that one has named
        self.recurs = False  # inside of WITH RECURSIVE, whose queries PostgreSQL wants to be of one length
        self.recursions: dict[int, str] = {}  # by the query that may name itself, its name

    def write(self, node: tree.Expression) -> Typed:
        """Return an expression for PostgreSQL.

        Raises:
            RedshiftError: Redshift lacks it, or this front does not know it.
        """
        rule = self.rules.expressions.get(type(node))
        if rule is None:
            raise RedshiftError(f"the local Redshift does not know {type(node).__name__} here")
        return rule(self, node)

    def sql(self, node: tree.Expression) -> str:
        """Return an expression for PostgreSQL without its type."""
        return self.write(node).sql

    def condition(self, node: tree.Expression) -> str:
        """Return what stands after WHERE, ON, HAVING or WHEN: a SUPER value counts as the boolean it holds."""
        return truth(self.write(node))

    def source(self, relation: tree.Relation) -> str:
        """Return a relation of FROM; its columns are in scope from now on."""
        return self.rules.relations[type(relation)](self, relation)

    def query(self, query: tree.Query) -> tuple[str, Output | None]:
        """Return a query, and its columns where they are known."""
        return self.rules.query(self, query)

    def query_sql(self, query: tree.Query) -> str:
        """Return a query without its columns."""
        return self.rules.query(self, query)[0]
