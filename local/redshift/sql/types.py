"""Types of expressions, and what Redshift makes of several. Pure.

Sources: https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html, r_numeric_computations201.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from local.redshift.errors import RedshiftError
from local.redshift.sql.words import CATALOG_TYPES, TYPES

MAX_PRECISION, MAX_SCALE, LEAST_SCALE = 38, 37, 4
VARCHAR_BYTES, CHAR_BYTES = 65_535, 4_096
_MOMENT_BYTES = 32  # `294276-12-31 23:59:59.999999 BC`


@dataclass(frozen=True, slots=True)
class Type:
    """A type by PostgreSQL's name, the precision and scale of a DECIMAL, and the bytes of a VARCHAR, 0 if not known."""

    name: str
    precision: int = 0
    scale: int = 0
    length: int = field(default=0, compare=False)  # VARCHARs of two lengths are of one type

    @property
    def sql(self) -> str:
        """Return the type as PostgreSQL writes it, whose `char` alone would be one character."""
        if self.name == "numeric" and self.precision:
            return f"numeric({self.precision}, {self.scale})"
        return "bpchar" if self.name == "char" else self.name


UNKNOWN = Type("")
"""What only PostgreSQL knows: a parameter, NULL, a string that has no type yet, a column of an unknown table."""
ARRAY = Type("[]")
"""An array of the leader node's: a column of the catalog, or what CURRENT_SCHEMAS gives; it has elements, by number."""
CODE = Type('"char"')
"""One byte of the catalog's, such as pg_class.relkind, which a string literal can become."""
INTEGERS = {"smallint": 5, "integer": 10, "bigint": 19}
FLOATS = frozenset({"real", "double precision"})
STRINGS = frozenset({"varchar", "char"})
MOMENTS = frozenset({"date", "timestamp", "timestamptz", "time", "timetz"})
_FORMATTED = re.compile(
    r'^(?:pg_catalog\.)?"?(?P<name>[a-z_ ]+?)"?(?:\((?P<arguments>[\d,]+)\))?(?P<rest> with(?:out)? time zone)?$'
)
_VECTORS = frozenset({"oidvector", "int2vector"})
_SPELLINGS = {**TYPES, "text": "varchar", "name": "varchar", "jsonb": "super", "bytea": "varbyte"}


@lru_cache(maxsize=1000)
def of_catalog(formatted: str) -> Type:
    """Return the type that PostgreSQL's format_type names.

    >>> of_catalog("numeric(8,2)").sql, of_catalog("character varying(9)").length, of_catalog("text").name
    ('numeric(8, 2)', 9, 'varchar')
    """
    match = _FORMATTED.match(formatted)
    name = _SPELLINGS.get((match["name"] + (match["rest"] or "")) if match else "")
    if formatted.endswith("[]") or formatted in _VECTORS:
        return ARRAY
    if formatted == CODE.name:
        return CODE
    if not match or not name:
        return UNKNOWN
    if name == "varchar":
        return Type(name, length=int(match["arguments"] or 0))
    if name != "numeric":
        return Type(name)
    if not match["arguments"]:
        return Type("numeric")
    precision, scale = match["arguments"].split(",")
    return Type("numeric", int(precision), int(scale))


def of_words(name: str, arguments: list[str], allows_catalog: bool) -> tuple[Type, str]:
    """Return the type that a query names, and how PostgreSQL writes it.

    A VARCHAR without a length is one of any length: only a column gets 256 bytes
    (https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html).

    >>> of_words("decimal", ["8", "2"], False)[1], of_words("varchar", ["max"], False)[1]
    ('numeric(8, 2)', 'varchar(65535)')

    Raises:
        RedshiftError: there is no such type, or its length is too large.
    """
    if allows_catalog and name in CATALOG_TYPES:
        return UNKNOWN, CATALOG_TYPES[name]
    known = TYPES.get(name)
    if known is None:
        raise RedshiftError(f'type "{name}" does not exist', "42704")
    if known == "numeric":
        precision, scale = (int(text) for text in [*(arguments or ["18"]), "0"][:2])
        hold_decimal(precision, scale)
        return Type("numeric", precision, scale), f"numeric({precision}, {scale})"
    if known in STRINGS and arguments:
        limit = VARCHAR_BYTES if known == "varchar" else CHAR_BYTES
        length = limit if arguments[0] == "max" else int(arguments[0])
        if length > limit:
            raise RedshiftError(f"length for type {name} cannot exceed {limit}", "22023")
        return Type(known, length=length if known == "varchar" else 0), f"{known}({length})"
    if name == "bpchar":
        return Type("char"), "char(256)"
    if name == "float" and arguments:
        known = "real" if int(arguments[0]) <= 24 else known
    elif known.startswith("interval ") and not arguments:
        return Type("interval"), known
    elif known == "interval":
        return Type(known), f"interval {' '.join(arguments)}".strip()
    elif arguments and known not in ("varbyte", "timestamp", "timestamptz", "time", "timetz"):
        raise RedshiftError(f'type modifier is not allowed for type "{name}"', "42601")
    return Type(known), known


_PLAIN_STRING = re.compile(r"'((?:[^'\\]|'')*)'")


def literal_length(text: str) -> int:
    """Return the length of a string literal's type: its bytes, 1 at least; 0 (not known) where a backslash escapes.

    dbt-redshift's tests have it so (tests/functional/test_columns_in_relation.py of 1.11.1); there is no VARCHAR(0).

    >>> literal_length("'a'"), literal_length("'it''s é'"), literal_length("''"), literal_length("'a\\\\n'")
    (1, 7, 1, 0)
    """
    match = _PLAIN_STRING.fullmatch(text)
    length = max(len(match[1].replace("''", "'").encode()), 1) if match else 0
    return length if length <= VARCHAR_BYTES else 0


def fits_varchar(type_: Type, sql: str) -> bool:
    """Tell whether no value of a type is a longer text than a VARCHAR, as `of_words` writes it, holds.

    >>> fits_varchar(Type("bigint"), "varchar(20)"), fits_varchar(Type("numeric", 18, 2), "varchar(20)")
    (True, False)
    """
    name, _, length = sql.rstrip(")").partition("(")
    if name != "varchar" or not length:
        return False
    longest = {"date": _MOMENT_BYTES, "timestamp": _MOMENT_BYTES} | {kind: 1 + INTEGERS[kind] for kind in INTEGERS}
    if type_.name == "numeric" and type_.precision:
        longest["numeric"] = type_.precision + 3  # the sign, the point, and a zero before it
    return type_.name in longest and longest[type_.name] <= int(length)


def hold_decimal(precision: int, scale: int) -> None:
    """Hold a DECIMAL to the largest (https://docs.aws.amazon.com/redshift/latest/dg/r_Numeric_types201.html).

    Raises:
        RedshiftError: it is larger.
    """
    if not 1 <= precision <= MAX_PRECISION:
        raise RedshiftError(f"DECIMAL precision {precision} must be between 1 and {MAX_PRECISION}", "22023")
    if scale > min(MAX_SCALE, precision):
        raise RedshiftError(f"DECIMAL scale {scale} must be between 0 and {min(MAX_SCALE, precision)}", "22023")


def decimal_of(type_: Type) -> Type | None:
    """Return the DECIMAL that a number counts as in a computation, None if it is none."""
    if type_.name == "numeric":
        return type_ if type_.precision else None
    digits = INTEGERS.get(type_.name)
    return Type("numeric", digits, 0) if digits else None


def arithmetic(operator: str, left: Type, right: Type) -> Type:
    """Return the type of a computation.

    >>> arithmetic("/", Type("numeric", 8, 2), Type("numeric", 8, 2)).sql
    'numeric(17, 9)'
    >>> arithmetic("*", Type("integer"), Type("bigint")).sql
    'bigint'
    """
    if left.name in FLOATS or right.name in FLOATS:
        both = left.name == right.name == "real"
        return Type("real" if both else "double precision") if {left.name, right.name} <= _NUMBERS else UNKNOWN
    if left.name in INTEGERS and right.name in INTEGERS:
        return left if INTEGERS[left.name] >= INTEGERS[right.name] else right
    first, second = decimal_of(left), decimal_of(right)
    if first is None or second is None:
        return UNKNOWN
    p1, s1, p2, s2 = first.precision, first.scale, second.precision, second.scale
    if operator in ("+", "-"):
        scale = max(s1, s2)
        precision = max(p1 - s1, p2 - s2) + 1 + scale
    elif operator == "*":
        scale, precision = s1 + s2, p1 + p2 + 1
    elif operator == "/":
        scale = max(LEAST_SCALE, s1 + p2 - s2 + 1)
        precision = p1 - s1 + s2 + scale
        if precision > MAX_PRECISION:
            scale = max(MAX_PRECISION + scale - precision, LEAST_SCALE)
    else:
        scale = max(s1, s2)
        precision = max(p1 - s1, p2 - s2) + scale
    return Type("numeric", min(precision, MAX_PRECISION), min(scale, MAX_SCALE))


def rounded(type_: Type, places: int | None) -> Type:
    """Return the type of a DECIMAL or integer that is rounded, up or down, to decimal places; None: not known which.

    Its values have PostgreSQL's scale, as those of the pages' examples, which says that 28.05 becomes 28.1 and 28.

    >>> rounded(Type("numeric", 8, 2), 0).sql, rounded(Type("numeric", 8, 2), 4).sql, rounded(Type("integer"), 1).sql
    ('numeric(7, 0)', 'numeric(10, 4)', 'numeric(11, 1)')
    """
    decimal = decimal_of(type_)
    if decimal is None or places is None:
        return UNKNOWN
    scale = min(max(places, 0), MAX_SCALE)
    whole = decimal.precision - decimal.scale + (1 if places < decimal.scale else 0)  # 9.9 may become 10
    return Type("numeric", min(max(whole + scale, 1), MAX_PRECISION), scale)


def of_number_format(text: str) -> Type:
    """Return the type of what TO_NUMBER reads by a format: it has as many digits as the format has places.

    Source: https://docs.aws.amazon.com/redshift/latest/dg/r_Numeric_formating.html

    >>> of_number_format("99G999D9S").sql, of_number_format("RN").sql
    ('numeric(6, 1)', '')
    """
    whole, _, fraction = text.upper().replace("D", ".").partition(".")
    if not _PLACES.fullmatch(text.upper()):
        return UNKNOWN
    digits = [sum(part.count(place) for place in "09") for part in (whole, fraction)]
    return Type("numeric", sum(digits), digits[1]) if 1 <= sum(digits) <= MAX_PRECISION else UNKNOWN


def of_digits(text: str) -> Type:
    """Return the DECIMAL that digits have: as many as are written, but for zeros in front.

    >>> of_digits("007.50").sql, of_digits("0.05").sql, of_digits("-1.5e3").sql
    ('numeric(3, 2)', 'numeric(2, 2)', 'numeric(4, 0)')

    Raises:
        RedshiftError: there are more than a DECIMAL has.
    """
    _, digits, exponent = Decimal(text).as_tuple()
    scale = max(-int(exponent), 0)
    precision = max(len(digits) + int(exponent), 0) + scale
    hold_decimal(max(precision, 1), scale)
    return Type("numeric", max(precision, 1), scale)


def of_string(text: str) -> Type:
    """Return the DECIMAL that a string literal spells; UNKNOWN where a backslash may escape.

    >>> of_string("' 3.14159'").sql
    'numeric(6, 5)'

    Raises:
        RedshiftError: it spells no number, or one of more digits than a DECIMAL has.
    """
    match = _PLAIN_STRING.fullmatch(text)
    if not match:
        return UNKNOWN
    if not _NUMBER.fullmatch(match[1]):
        raise RedshiftError(f'invalid input syntax for type numeric: "{match[1]}"', "22P02")
    return of_digits(match[1].strip())


_NUMBER = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?\s*", re.ASCII)
_PLACES = re.compile(r"(?:FM|PL|MI|SG|PR|[09.,DGLS$ ])*")
_NUMBERS = FLOATS | INTEGERS.keys() | {"numeric"}


def common(types: Iterable[Type]) -> Type:
    """Return the type that values of several types have in common (see choice.py).

    One that is not known may be any number or moment, so that beside those there is none; beside others PostgreSQL
    takes no other.

    >>> common([Type("numeric", 8, 2), Type("integer")]).sql, common([Type("numeric", 8, 2), UNKNOWN]) == UNKNOWN
    ('numeric(12, 2)', True)
    """
    all_types = set(types)
    known = list(all_types - {UNKNOWN, ARRAY})
    names = {type_.name for type_ in known}
    if not known or (len(known) < len(all_types) and names & (_NUMBERS | MOMENTS)):
        return UNKNOWN
    if names <= STRINGS:
        return Type(known[0].name if len(names) == 1 else "varchar")  # of which length no page says
    if len(known) == 1:
        return known[0]
    if names <= _NUMBERS:
        if names & FLOATS:
            return Type("double precision")
        if "numeric" not in names:
            return Type(max(names, key=INTEGERS.__getitem__))
        decimals = [decimal_of(type_) for type_ in known]
        if any(decimal is None for decimal in decimals):
            return Type("numeric")
        scale = max(decimal.scale for decimal in decimals if decimal)
        whole = max(decimal.precision - decimal.scale for decimal in decimals if decimal)
        return Type("numeric", min(whole + scale, MAX_PRECISION), scale)
    if names <= {"date", "timestamp"}:
        return Type("timestamp")
    if names <= {"date", "timestamp", "timestamptz"}:
        return Type("timestamptz")
    return UNKNOWN
