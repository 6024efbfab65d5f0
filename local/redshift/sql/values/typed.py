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
    fitting: str = ""  # the same without a length that its text cannot reach, for where no length counts

    @property
    def operand(self) -> str:
        """Return it as an operand or argument, whose length does not matter."""
        return self.fitting or self.sql

    @property
    def is_null(self) -> bool:
        """Tell whether it is the literal NULL; every other literal without a type is a string."""
        return self.is_literal and self.sql.lower() == "null"
