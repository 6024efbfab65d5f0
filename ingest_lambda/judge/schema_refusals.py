"""LAND: the words in which a change of landing's columns is refused.

In: the columns, the types that meet. Out: the rejection. Pure. `schema_change` decides which it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.judge.verdict import declared_as
from ingest_lambda.judge.widening import to_evolve
from ingest_lambda.read.schema import FileColumn
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse.sqltypes import SqlType
from ingest_lambda.warehouse.statements import Column, Widening


def listed(what: str, columns: Sequence[Column | Widening]) -> str:
    """Say how many columns are so, and which, with the types that they are to have.

    >>> from ingest_lambda.warehouse.sqltypes import BIGINT, VARCHAR
    >>> listed("new", [Column("n", BIGINT), Column("t", VARCHAR)])
    '2 new (n BIGINT, t VARCHAR(65535))'
    >>> listed("of another type", [])
    '0 of another type'
    """
    names = [
        f"{each.column} {each.into}" if isinstance(each, Widening) else f"{each.name} {each.type}" for each in columns
    ]
    count = f"{len(names)} {what}"
    return f"{count} ({', '.join(names)})" if names else count


def frozen(name: str, column: FileColumn, expected: str) -> RejectedFileError:
    """Refuse what would change the columns of a dataset that takes no changes."""
    return RejectedFileError(
        Reason.SCHEMA_FROZEN,
        "the dataset takes neither new columns nor wider types",
        column=name,
        found=str(column.type or column.found),
        expected=expected,
    )


def incompatible(name: str, found: SqlType, landing: SqlType, *, is_text: bool = False) -> RejectedFileError:
    """Refuse values that the landing column does not hold; say the type that would hold both, if there is one.

    `is_text`: they are of a text file, so that their type is what is declared.
    """
    by_hand = to_evolve(landing, found)
    return RejectedFileError(
        Reason.INCOMPATIBLE_TYPE,
        f"values of type {found} do not fit the landing column of type {landing}",
        column=name,
        found=str(found),
        expected=str(landing),
        remedy=f"{declared_as(str(landing).lower())}, deploy, then landfall replay the file" if is_text else None,
        evolve_to=str(by_hand) if by_hand else None,
    )
