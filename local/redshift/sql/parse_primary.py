"""The grammar of what an expression begins with: literals, names, calls, CASE, casts, windows. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions.html and the pages under it.
"""

from __future__ import annotations

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.cursor import Cursor
from local.redshift.sql.tokens import NUMBER, OPERATOR, PARAMETER, STRING, WORD
from local.redshift.sql.words import TYPES

OR, AND, NOT, IS, COMPARE, MATCH, OTHER, SUM, PRODUCT, POWER, ZONE = range(1, 12)
"""How strongly operators bind, from the weakest."""
_BARE_FUNCTIONS = frozenset(
    [
        "current_date",
        "current_time",
        "current_timestamp",
        "current_user",
        "current_user_id",
        "session_user",
        "user",
        "sysdate",
    ]
)
_CALLABLE_RESERVED = frozenset({"left", "right", "array", "any", "user"})
_INTERVAL_UNITS = frozenset({"year", "month", "week", "day", "hour", "minute", "second"})


class PrimaryParser(Cursor):
    """The rules of what needs no operator."""

    # --- what other modules hold ---

    def expression(self, level: int = OR) -> tree.Expression:
        """Pass an expression whose operators bind at least as strongly as `level`."""
        raise NotImplementedError

    def expressions(self) -> list[tree.Expression]:
        """Pass expressions between commas."""
        found = [self.expression()]
        while self.take(","):
            found.append(self.expression())
        return found

    def at_query(self) -> bool:
        """Tell whether a query begins at the cursor."""
        raise NotImplementedError

    def query(self) -> tree.Query:
        """Pass a query."""
        raise NotImplementedError

    # --- types ---

    def type_name(self) -> tree.TypeName:
        """Pass a type."""
        words = [self.label()]
        if words[0] == "national":
            words = [self.label()]
        if words[0] in ("double", "character", "char", "nchar", "binary") and self.token.key in (
            "precision",
            "varying",
        ):
            words.append(self.label())
            words[0] = {"char": "character", "nchar": "character"}.get(words[0], words[0])
        while self.take("."):  # pg_catalog.varchar
            words = [self.label()]
        arguments = self._type_arguments()
        if (
            words[0] in ("time", "timestamp")
            and self.token.key in ("with", "without")
            and self.ahead(self.token.key, "time", "zone")
        ):
            words += [self.token.key, "time", "zone"]
            self.position += 3
        if words[0] == "interval" and self.token.key in ("year", "day"):
            arguments = [self.label()]
            if self.take("to"):
                arguments += ["to", self.label()]
        if self.token.key == "[":
            raise RedshiftError("array types are not supported")
        return tree.TypeName(" ".join(words), arguments)

    def _type_arguments(self) -> list[str]:
        arguments: list[str] = []
        if self.take("("):
            while True:
                token = self.token
                if token.kind != NUMBER and token.key != "max":
                    raise self.error()
                self.position += 1
                arguments.append(token.text.lower())
                if self.take(")"):
                    break
                self.need(",")
        return arguments

    # --- what an expression begins with ---

    def primary(self) -> tree.Expression:
        """Pass what needs no operator."""
        token = self.token
        if token.kind in (NUMBER, STRING):
            self.position += 1
            return tree.Literal(token.kind, token.text)
        if token.kind == PARAMETER:
            self.position += 1
            return tree.Parameter(token.text)
        if token.kind == OPERATOR:
            if token.key == "*":
                self.position += 1
                return tree.Star()
            return self._bracketed()
        if token.kind == WORD:
            rule = _RULES.get(token.key)
            if rule is not None:
                found = rule(self)
                if found is not None:
                    return found
        return self._named()

    def _bracketed(self) -> tree.Expression:
        self.need("(")
        if self.at_query():
            query = self.query()
            self.need(")")
            return tree.Subquery(query)
        items = self.expressions()
        self.need(")")
        return items[0] if len(items) == 1 else tree.Row(items)

    def _named(self) -> tree.Expression:
        """Pass a column, a path, `t.*` or a call."""
        token = self.tokens[self.position]
        following = self.tokens[self.position + 1]
        if following.key not in (".", "(") and following.kind != STRING:
            return tree.Column((self.name(),))
        if token.kind == WORD and following.kind == STRING and token.key in TYPES:
            to = self.type_name()
            return tree.Cast(self.primary(), to)
        parts = [self.label() if following.key == "(" and token.key in _CALLABLE_RESERVED else self.name()]
        while self.take("."):
            if self.take("*"):
                return tree.Star(tuple(parts))
            parts.append(self.label())
        if self.token.key == "(" and not self.ahead("(", "+", ")"):
            return self._call(tuple(parts))
        return tree.Column(tuple(parts))

    def _array_list(self) -> tree.Expression | None:
        if not self.take("array", "["):
            return None
        items = self.expressions()
        self.need("]")
        return tree.ArrayList(items)

    def _literal(self) -> tree.Expression:
        token = self.token
        self.position += 1
        return tree.Literal(token.key, token.key)

    def _bare_function(self) -> tree.Expression | None:
        if self.tokens[self.position + 1].key == "(":
            return None
        return tree.Call((self.label(),), [])

    def _case(self) -> tree.Expression:
        self.need("case")
        subject = None if self.token.key == "when" else self.expression()
        branches = []
        while self.take("when"):
            condition = self.expression()
            self.need("then")
            branches.append((condition, self.expression()))
        if not branches:
            raise self.error()
        otherwise = self.expression() if self.take("else") else None
        self.need("end")
        return tree.Case(subject, branches, otherwise)

    def _cast(self) -> tree.Expression | None:
        word = self.token.key
        if self.tokens[self.position + 1].key != "(":
            return None
        self.position += 2
        operand = self.expression()
        self.need("as")
        to = self.type_name()
        self.need(")")
        return tree.Cast(operand, to, word == "try_cast")

    def _convert(self) -> tree.Expression | None:
        if not self.take("convert", "("):
            return None
        to = self.type_name()
        self.need(",")
        operand = self.expression()
        self.need(")")
        return tree.Cast(operand, to)

    def _exists(self) -> tree.Expression | None:
        if not self.take("exists", "("):
            return None
        query = self.query()
        self.need(")")
        return tree.Exists(query)

    def _interval(self) -> tree.Expression | None:
        if self.tokens[self.position + 1].kind != STRING:
            return None
        text = self.tokens[self.position + 1].text
        self.position += 2
        unit = ""
        if self.token.key.removesuffix("s") in _INTERVAL_UNITS:
            unit = self.label()
            if self.take("to"):
                unit += f" to {self.label()}"
        return tree.Interval(text, unit)

    def _extract(self) -> tree.Expression | None:
        if not self.take("extract", "("):
            return None
        part = tree.Column((self.label(),)) if self.token.kind != STRING else self.primary()
        self.need("from")
        operand = self.expression()
        self.need(")")
        return tree.Call(("extract",), [part, operand])

    def _trim(self) -> tree.Expression | None:
        if not self.take("trim", "("):
            return None
        side = self.take_one(("both", "leading", "trailing")) or "both"
        first = None if self.token.key == "from" else self.expression()
        name = {"both": "btrim", "leading": "ltrim", "trailing": "rtrim"}[side]
        if self.take("from"):
            arguments = [self.expression(), *([first] if first else [])]
        elif first is None:
            raise self.error()
        else:
            arguments = [first, *(self.expressions() if self.take(",") else [])]
        self.need(")")
        return tree.Call((name,), arguments)

    def _substring(self) -> tree.Expression | None:
        if not self.take("substring", "("):
            return None
        arguments = [self.expression()]
        if self.take("from"):
            arguments.append(self.expression())
            if self.take("for"):
                arguments.append(self.expression())
        else:
            while self.take(","):
                arguments.append(self.expression())
        self.need(")")
        return tree.Call(("substring",), arguments)

    def _position(self) -> tree.Expression | None:
        if not self.take("position", "("):
            return None
        part = self.expression(OTHER)
        self.need("in")
        whole = self.expression()
        self.need(")")
        return tree.Call(("position",), [part, whole])

    def _approximate(self) -> tree.Expression | None:
        if self.tokens[self.position + 1].key not in ("count", "percentile_disc"):
            return None
        self.position += 1
        call = self._named()
        if not isinstance(call, tree.Call):
            raise self.error()
        call.approximate = True
        return call

    def _call(self, name: tree.Name) -> tree.Expression:
        self.need("(")
        self.called.add(name)
        call = tree.Call(name, [])
        if self.take("*"):
            call.is_star = True
        elif self.token.key != ")":
            call.distinct = self.take("distinct")
            if not call.distinct:
                self.take("all")
            call.arguments = self.expressions()
            call.nulls = self._null_treatment()
        self.need(")")
        if self.take("within", "group", "("):
            call.within = self.order_by()
            self.need(")")
        if self.token.key == "filter" and self.ahead("filter", "("):
            self.position += 1
            raise self.error()
        call.nulls = call.nulls or self._null_treatment()
        if self.take("over"):
            call.window = self._window()
        return call

    def _null_treatment(self) -> str:
        word = self.take_one(("ignore", "respect"))
        if word:
            self.need("nulls")
        return word

    def _window(self) -> tree.Window:
        self.need("(")
        partition = self.expressions() if self.take("partition", "by") else []
        order = self.order_by() if self.token.key == "order" else []
        frame = self._frame() if self.token.key in ("rows", "range") else ""
        self.need(")")
        return tree.Window(partition, order, frame)

    def _frame(self) -> str:
        """Pass a frame: https://docs.aws.amazon.com/redshift/latest/dg/r_Window_function_synopsis.html."""
        if self.token.key == "range":
            raise RedshiftError("RANGE frames are not supported: use ROWS", SYNTAX_ERROR)
        self.need("rows")
        if not self.take("between"):
            return f"rows {self._bound()}"
        low = self._bound()
        self.need("and")
        return f"rows between {low} and {self._bound()}"

    def _bound(self) -> str:
        if self.take("current", "row"):
            return "current row"
        amount = self.token.text.lower()
        if amount != "unbounded" and self.token.kind != NUMBER:
            raise self.error()
        self.position += 1
        side = self.take_one(("preceding", "following"))
        if not side:
            raise self.error()
        return f"{amount} {side}"

    def order_by(self) -> list[tree.OrderItem]:
        """Pass `order by ...`."""
        self.need("order", "by")
        items = []
        while True:
            expression = self.expression()
            direction = self.take_one(("asc", "desc"))
            nulls = ""
            if self.take("nulls"):
                nulls = self.take_one(("first", "last"))
                if not nulls:
                    raise self.error()
            items.append(tree.OrderItem(expression, direction == "desc", nulls))
            if not self.take(","):
                return items


_P = PrimaryParser
_RULES = {
    **dict.fromkeys(("null", "true", "false"), _P._literal),
    **dict.fromkeys(_BARE_FUNCTIONS, _P._bare_function),
    "array": _P._array_list,
    "case": _P._case,
    "cast": _P._cast,
    "try_cast": _P._cast,
    "convert": _P._convert,
    "exists": _P._exists,
    "interval": _P._interval,
    "extract": _P._extract,
    "trim": _P._trim,
    "substring": _P._substring,
    "position": _P._position,
    "approximate": _P._approximate,
}
