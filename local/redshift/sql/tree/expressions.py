"""Expressions: anything that has a value."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.redshift.sql.tree.base import Expression, Name, OrderItem, Query


@dataclass(slots=True)
class Literal(Expression):
    """A number, a string (as written, with its quotes), null, true or false."""

    kind: str
    text: str


@dataclass(slots=True)
class Parameter(Expression):
    """A parameter of a prepared statement: $1."""

    text: str


@dataclass(slots=True)
class Column(Expression):
    """A name, perhaps qualified, perhaps a path into a SUPER value: which, its scope tells."""

    name: Name
    is_outer: bool = False  # marked with (+)


@dataclass(slots=True)
class Navigation(Expression):
    """Steps into a SUPER value: an attribute's name or a subscript each."""

    base: Expression
    steps: list[str | Expression]


@dataclass(slots=True)
class Star(Expression):
    """`*` or `t.*`, with the columns that EXCLUDE names."""

    qualifier: Name = ()
    excluded: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Unary(Expression):
    """`not a`, `- a`, `+ a`, `~ a`, `|/ a`, `@ a`."""

    operator: str
    operand: Expression


@dataclass(slots=True)
class Binary(Expression):
    """Two operands and an operator between them, `and`, `or` and `at time zone` too."""

    operator: str
    left: Expression
    right: Expression


@dataclass(slots=True)
class Is(Expression):
    """`a is [not] null|true|false|unknown`."""

    operand: Expression
    what: str
    negated: bool


@dataclass(slots=True)
class Between(Expression):
    """`a [not] between b and c`."""

    operand: Expression
    low: Expression
    high: Expression
    negated: bool


@dataclass(slots=True)
class Like(Expression):
    """`a [not] like|ilike|similar to b [escape c]`."""

    operator: str
    operand: Expression
    pattern: Expression
    escape: Expression | None
    negated: bool


@dataclass(slots=True)
class In(Expression):
    """`a [not] in (...)`: a list or a query."""

    operand: Expression
    among: list[Expression] | Query
    negated: bool


@dataclass(slots=True)
class Quantified(Expression):
    """`a = any|some|all (query)`."""

    operand: Expression
    operator: str
    quantifier: str
    query: Query


@dataclass(slots=True)
class Exists(Expression):
    """`exists (query)`."""

    query: Query


@dataclass(slots=True)
class Subquery(Expression):
    """A query that gives one value."""

    query: Query


@dataclass(slots=True)
class Row(Expression):
    """`(a, b)`."""

    items: list[Expression]


@dataclass(slots=True)
class ArrayList(Expression):
    """`array[a, b]`, an array of the leader node's."""

    items: list[Expression]


@dataclass(slots=True)
class Case(Expression):
    """`case [a] when b then c ... [else d] end`."""

    subject: Expression | None
    branches: list[tuple[Expression, Expression]]
    otherwise: Expression | None


@dataclass(slots=True)
class TypeName:
    """A type as written, in lower case and without its arguments, and those."""

    name: str
    arguments: list[str]


@dataclass(slots=True)
class Cast(Expression):
    """`cast(a as t)`, `a::t`, `t 'literal'`, `try_cast(a as t)`."""

    operand: Expression
    to: TypeName
    is_try: bool = False


@dataclass(slots=True)
class Interval(Expression):
    """`interval '1 day'`, `interval '1' day`."""

    text: str
    unit: str


@dataclass(slots=True)
class Window:
    """What follows OVER; the frame is its words."""

    partition: list[Expression]
    order: list[OrderItem]
    frame: str


@dataclass(slots=True)
class Call(Expression):
    """A function's call. Where the grammar takes words for arguments (EXTRACT, TRIM), they are arguments here."""

    name: Name
    arguments: list[Expression]
    distinct: bool = False
    is_star: bool = False
    approximate: bool = False
    within: list[OrderItem] = field(default_factory=list)
    nulls: str = ""  # '', 'ignore' or 'respect'
    window: Window | None = None


@dataclass(slots=True)
class Grouping(Expression):
    """`grouping sets (...)`, `rollup (...)`, `cube (...)` of GROUP BY; several expressions of one item are a row."""

    word: str
    items: list[Expression]
