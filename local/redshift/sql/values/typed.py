"""An expression as PostgreSQL reads it, with what is known of its value. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from local.redshift.sql.values.types import UNKNOWN, Type


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression as PostgreSQL reads it, and its type in Redshift."""

    sql: str
    type: Type = UNKNOWN
    is_literal: bool = False
    scalar: str = ""  # of a SUPER the same for where only its scalar counts, and its null is NULL
    fitting: str = ""  # the same without a length that its text cannot reach, for where no length counts

    @property
    def operand(self) -> str:
        """Return it as an operand or argument, whose length does not matter."""
        return self.fitting or self.sql

    @property
    def is_null(self) -> bool:
        """Tell whether it is the literal NULL; every other literal without a type is a string."""
        return self.is_literal and self.sql.lower() == "null"


def told(sql: str, type_: Type) -> Typed:
    """Return an expression that PostgreSQL is told the type of, where that is known.

    >>> told("avg(a)", Type("bigint")).sql
    '(avg(a))::bigint'
    """
    return Typed(f"({sql})::{type_.sql}" if type_ != UNKNOWN else sql, type_)
