"""The tree of a query: what was written, nothing added and nothing dropped. Names are in lower case."""

from __future__ import annotations

from dataclasses import dataclass, field

Name = tuple[str, ...]


class Expression:
    """Anything that has a value."""


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
class OrderItem:
    """One expression of ORDER BY."""

    expression: Expression
    descending: bool
    nulls: str  # '', 'first' or 'last'


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


# --- queries ---


@dataclass(slots=True)
class Item:
    """One expression of a select list, and the name it is given ('' if none)."""

    expression: Expression
    alias: str


class Relation:
    """Anything that stands in FROM."""


@dataclass(slots=True)
class Table(Relation):
    """A table, view, common table expression, or a path into a SUPER value of a table before it."""

    name: Name
    alias: str = ""
    columns: list[str] = field(default_factory=list)
    at: str = ""  # the name of an array element's index


@dataclass(slots=True)
class Derived(Relation):
    """A query in FROM."""

    query: Query
    alias: str
    columns: list[str]


@dataclass(slots=True)
class FunctionTable(Relation):
    """A function's call in FROM."""

    call: Call
    alias: str
    columns: list[str]
    definitions: list[tuple[str, TypeName]] = field(default_factory=list)


@dataclass(slots=True)
class UnpivotObject(Relation):
    """`unpivot path as value at attribute`: an object's attributes as rows."""

    path: Name
    alias: str
    at: str


@dataclass(slots=True)
class Pivot(Relation):
    """`source pivot (aggregate [as a], ... for column in (value [as b], ...))`."""

    source: Relation
    aggregates: list[Item]
    column: Name
    values: list[Item]
    alias: str


@dataclass(slots=True)
class Unpivot(Relation):
    """`source unpivot [include nulls] (value for name in (column [as label], ...))`."""

    source: Relation
    includes_nulls: bool
    value: str
    label: str
    columns: list[Item]
    alias: str


@dataclass(slots=True)
class Join(Relation):
    """Two relations; the kind is `inner join`, `left join`, `cross join`, `,` ..."""

    kind: str
    left: Relation
    right: Relation
    on: Expression | None = None
    using: list[str] = field(default_factory=list)


@dataclass(slots=True)
class CommonTable:
    """One query of WITH."""

    name: str
    columns: list[str]
    query: Query


@dataclass(slots=True)
class Query:
    """What a query has whether it is a SELECT or a set operation."""

    common: list[CommonTable] = field(default_factory=list)
    is_recursive: bool = False
    order: list[OrderItem] = field(default_factory=list)
    limit: Expression | None = None
    offset: Expression | None = None


@dataclass(slots=True)
class Select(Query):
    """SELECT."""

    distinct: bool = False
    top: Expression | None = None
    items: list[Item] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    into: Table | None = None
    into_temporary: bool = False
    source: Relation | None = None
    where: Expression | None = None
    group: list[Expression] = field(default_factory=list)
    groups_all: bool = False
    having: Expression | None = None
    qualify: Expression | None = None


@dataclass(slots=True)
class SetOperation(Query):
    """UNION, INTERSECT, EXCEPT of two queries."""

    operator: str = ""
    left: Query = field(default_factory=Query)
    right: Query = field(default_factory=Query)


# --- statements ---


@dataclass(slots=True)
class Insert:
    """INSERT of a query, of rows, or of defaults (neither)."""

    table: Name
    columns: list[str]
    query: Query | None
    rows: list[list[Expression | None]]  # None: DEFAULT
    common: list[CommonTable]


@dataclass(slots=True)
class Update:
    """UPDATE."""

    table: Table
    assignments: list[tuple[str, Expression | None]]
    source: Relation | None
    where: Expression | None
    common: list[CommonTable]


@dataclass(slots=True)
class Delete:
    """DELETE."""

    table: Table
    source: Relation | None
    where: Expression | None
    common: list[CommonTable]


@dataclass(slots=True)
class Merge:
    """MERGE: update (None: delete) what matches, insert what does not; or REMOVE DUPLICATES."""

    table: Name
    source: Relation
    on: Expression
    assignments: list[tuple[str, Expression]] | None
    columns: list[str]
    values: list[Expression]
    removes_duplicates: bool = False


Statement = Query | Insert | Update | Delete | Merge
