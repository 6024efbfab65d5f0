"""LAND: the errors, named after who must act.

`TransientError`: nobody, the message comes back and is tried again. `RejectedFileError`: the producer of the file, who
gets a verdict. `ConfigError`: the operator, and the function fails fast. Anything else is a bug and propagates.
"""

from __future__ import annotations

from ingest_lambda.reasons import Reason


class TransientError(Exception):
    """Something that may well succeed on the next attempt; also everything whose cause is not known."""


class UnsureError(TransientError):
    """Something that may have been done, although nobody has said so; `remedy` says what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class TransactionConflictError(TransientError):
    """The transaction lost against a concurrent one and was rolled back: run it again, whole."""


class CatalogChangedError(TransientError):
    """A table or column has come or gone since the catalog was read: read it and plan again."""


class ObjectInTheWayError(Exception):
    """Something stands on a column that a load must change, and stays there; the text names it."""


class FileGoneError(Exception):
    """That version of the object exists no more: there is nothing to land and nobody to tell."""


class ConfigError(Exception):
    """The deployment is wrong (a missing variable, a denied permission): the operator must act."""


class LoginRefusedError(ConfigError):
    """The warehouse refuses a user's password: its secret has another one than the user."""


class StagedDataError(Exception):
    """COPY cannot read the data of an object; the text is Redshift's own."""


class UnexpectedValueError(Exception):
    """A column has a value that the file's footer says it has not; the file must be judged anew.

    `number` is the file's in its load, `position` the column's in the file, from 0.
    """

    def __init__(self, number: int, position: int) -> None:
        super().__init__(f"column {position} of file {number} has a value although its footer says that all are NULL")
        self.number = number
        self.position = position


class RejectedFileError(Exception):
    """The file cannot land as it is; the producer must act. `row` counts from 1.

    `remedy` says how, where this very file needs another word than its reason's. `evolve_to`: the type that the
    operator may give the landing column instead, so that the file lands as it is.

    >>> from ingest_lambda.reasons import Reason
    >>> error = RejectedFileError(Reason.NOT_PARQUET, "it starts with '{'", found="no PAR1 at the end")
    >>> error.reason.value, error.found
    ('not_parquet', 'no PAR1 at the end')
    """

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        column: str | None = None,
        found: str | None = None,
        expected: str | None = None,
        row: int | None = None,
        remedy: str | None = None,
        evolve_to: str | None = None,
    ) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail
        self.column = column
        self.found = found
        self.expected = expected
        self.row = row
        self.remedy = remedy
        self.evolve_to = evolve_to


class OverLimitError(RejectedFileError):
    """Reading the file takes more memory or time than the function gives it: COPY may read it all the same."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.CRASHES_READER, detail)
