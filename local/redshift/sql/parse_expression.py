"""The grammar of operators, by how strongly they bind. In: tokens. Out: a tree, or a syntax error. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_conditions.html and the pages under it.
"""

from __future__ import annotations

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.parse_primary import (
    AND,
    COMPARE,
    IS,
    MATCH,
    NOT,
    OR,
    OTHER,
    POWER,
    PRODUCT,
    SUM,
    ZONE,
    PrimaryParser,
)

_BINARY = {
    "or": OR, "and": AND, "=": COMPARE, "<>": COMPARE, "!=": COMPARE, "<": COMPARE, ">": COMPARE, "<=": COMPARE,
    ">=": COMPARE, "||": OTHER, "~": OTHER, "~*": OTHER, "!~": OTHER, "!~*": OTHER, "&": OTHER, "|": OTHER,
    "#": OTHER, "<<": OTHER, ">>": OTHER, "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "%": PRODUCT, "^": POWER,
}  # fmt: skip
_COMPARISONS = frozenset({"=", "<>", "!=", "<", ">", "<=", ">="})
_SUFFIXES = frozenset({"at", "is", "isnull", "notnull", "not", "like", "ilike", "similar", "between", "in"})
_POSTFIXES = frozenset({"::", "[", ".", "("})
_UNARY = frozenset({"-", "+", "~", "@"})


class ExpressionParser(PrimaryParser):
    """The rules of operators."""

    def expression(self, level: int = OR) -> tree.Expression:
        """Pass an expression whose operators bind at least as strongly as `level`."""
        if level <= NOT and self.take("not"):
            left: tree.Expression = tree.Unary("not", self.expression(NOT))
        else:
            left = self._prefixed()
        while True:
            key = self.tokens[self.position].key
            binding = _BINARY.get(key)
            if binding is None:
                if key not in _SUFFIXES:
                    return left
            else:
                if binding < level:
                    return left
                self.position += 1
                if key in _COMPARISONS and self.token.key in ("any", "some", "all"):
                    left = self._quantified(left, key)
                else:
                    left = tree.Binary(key, left, self.expression(binding + 1))
                continue
            more = self._suffixed(left, key, level)
            if more is None:
                return left
            left = more

    def _prefixed(self) -> tree.Expression:
        operator = self.token.key
        if operator not in _UNARY:
            return self._postfixed(self.primary())
        self.position += 1
        return tree.Unary(operator, self.expression(ZONE))

    def _suffixed(self, left: tree.Expression, key: str, level: int) -> tree.Expression | None:
        """Apply IS, ISNULL, [NOT] LIKE, BETWEEN, IN, AT TIME ZONE to what stands before them."""
        if key == "at":
            if level > ZONE or not self.take("at", "time", "zone"):
                return None
            return tree.Binary("at time zone", left, self.expression(ZONE + 1))
        if level <= IS:
            if self.take("is"):
                negated = self.take("not")
                what = self.take_one(("null", "true", "false", "unknown"))
                if not what:
                    raise self._not_a_test()
                return tree.Is(left, what, negated)
            if key in ("isnull", "notnull"):
                self.position += 1
                return tree.Is(left, "null", key == "notnull")
        if level > MATCH:
            return None
        negated = key == "not"
        word = self.tokens[self.position + negated].key
        if word not in ("like", "ilike", "similar", "between", "in"):
            return None
        self.position += 1 + negated
        if word == "between":
            if self.take("symmetric"):
                raise RedshiftError("BETWEEN SYMMETRIC is not supported: order the bounds by least() and greatest()")
            low = self.expression(OTHER)
            self.need("and")
            return tree.Between(left, low, self.expression(OTHER), negated)
        if word == "in":
            return self._in(left, negated)
        if word == "similar":
            self.need("to")
            word = "similar to"
        pattern = self.expression(OTHER)
        escape = self.expression(OTHER) if self.take("escape") else None
        return tree.Like(word, left, pattern, escape, negated)

    def _not_a_test(self) -> RedshiftError:
        if self.ahead("distinct", "from"):
            return RedshiftError("IS DISTINCT FROM is not supported")
        return self.error()

    def _in(self, left: tree.Expression, negated: bool) -> tree.In:
        self.need("(")
        if self.at_query():
            among: list[tree.Expression] | tree.Query = self.query()
        else:
            among = self.expressions()
        self.need(")")
        return tree.In(left, among, negated)

    def _quantified(self, left: tree.Expression, operator: str) -> tree.Expression:
        quantifier = self.take_one(("any", "some", "all"))
        self.need("(")
        if not self.at_query():
            operand = self.expression()
            self.need(")")
            return tree.Binary(operator, left, tree.Call((quantifier,), [operand]))
        query = self.query()
        self.need(")")
        return tree.Quantified(left, operator, quantifier, query)

    def _postfixed(self, left: tree.Expression) -> tree.Expression:
        while True:
            key = self.tokens[self.position].key
            if key not in _POSTFIXES:
                return left
            if key == "::":
                self.position += 1
                left = tree.Cast(left, self.type_name())
            elif key in ("[", ".") and not isinstance(left, tree.Literal | tree.Star):
                left = self._navigation(left)
            elif key == "(" and isinstance(left, tree.Column) and self.take("(", "+", ")"):
                left.is_outer = True
            else:
                return left

    def _navigation(self, base: tree.Expression) -> tree.Expression:
        steps: list[str | tree.Expression] = []
        while True:
            if self.take("["):
                steps.append(self.expression())
                self.need("]")
            elif self.take("."):
                steps.append(self.label())
            else:
                return tree.Navigation(base, steps)
