"""Types of expressions. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html
"""

from __future__ import annotations

from dataclasses import dataclass, field


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


BOOLEAN, VARCHAR, SUPER, DOUBLE = Type("boolean"), Type("varchar"), Type("super"), Type("double precision")
VARBYTE = Type("varbyte")
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
NUMBERS = FLOATS | INTEGERS.keys() | {"numeric"}
