"""What the rules of the grammar share: the tokens, and the way to the two rules that need each other. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from local.redshift.sql import tree
from local.redshift.sql.parse.cursor import Cursor

OR, AND, NOT, IS, COMPARE, MATCH, CONCATENATION, BITWISE, SUM, ABSOLUTE, PRODUCT, POWER, ZONE = range(1, 14)
"""How strongly operators bind, from the weakest; those of arithmetic in the order of
https://docs.aws.amazon.com/redshift/latest/dg/r_compound_expressions.html."""

T = TypeVar("T")


@dataclass(frozen=True)
class Grammar:
    """The rules that hold each other: a query has expressions, an expression may hold a query."""

    expression: Callable[[Parser, int], tree.Expression]
    query: Callable[[Parser], tree.Query]


class Parser(Cursor):
    """A place among the tokens of a statement, and the grammar of what may come next."""

    def __init__(self, sql: str, grammar: Grammar) -> None:
        super().__init__(sql)
        self.grammar = grammar

    def expression(self, level: int = OR) -> tree.Expression:
        """Pass an expression whose operators bind at least as strongly as `level`."""
        return self.grammar.expression(self, level)

    def expressions(self) -> list[tree.Expression]:
        """Pass expressions between commas."""
        return self.listed(Parser.expression)

    def listed(self, rule: Callable[[Parser], T]) -> list[T]:
        """Pass what a rule passes, once or more often, between commas."""
        found = [rule(self)]
        while self.take(","):
            found.append(rule(self))
        return found

    def at_query(self) -> bool:
        """Tell whether a query begins at the cursor, in brackets or not."""
        here = self.position
        while self.tokens[here].key == "(":
            here += 1
        return self.tokens[here].key in ("select", "with")

    def query(self) -> tree.Query:
        """Pass a query."""
        return self.grammar.query(self)
