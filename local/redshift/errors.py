"""Errors of the local Redshift, worded and coded the way Redshift words and codes them.

In: a reason to refuse, or the fields of a PostgreSQL error. Out: the fields that a Redshift client would read.
"""

from __future__ import annotations

from dataclasses import dataclass

INTERNAL_ERROR = "XX000"
SYNTAX_ERROR = "42601"
NOT_SUPPORTED = "0A000"
ACTIVE_TRANSACTION = "25001"
SERIALIZATION_FAILURE = "40001"
CARDINALITY_VIOLATION = "21000"
NULL_VALUE = "23502"

ErrorFields = dict[str, str]
"""Fields of an ErrorResponse by their one-letter protocol code (S severity, C SQLSTATE, M message, D detail)."""


class RedshiftError(Exception):
    """An error that Redshift would answer to a statement.

    Args:
        message: the primary message, without the `ERROR: ` prefix.
        sqlstate: five characters.
        detail: the `DETAIL:` part, where Redshift gives one.
        fault: why a COPY fails, where that is the error.
    """

    def __init__(
        self, message: str, sqlstate: str = NOT_SUPPORTED, detail: str = "", fault: LoadFault | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.sqlstate = sqlstate
        self.detail = detail
        self.fault = fault

    def fields(self) -> ErrorFields:
        """Return the error as protocol fields."""
        fields = {"S": "ERROR", "C": self.sqlstate, "M": self.message}
        return {**fields, "D": self.detail} if self.detail else fields


class SetupError(Exception):
    """The local Redshift cannot start here; the text says what to change."""


@dataclass(frozen=True)
class LoadFault:
    """Why a COPY from S3 fails: Redshift's numeric code, its context, where it says it happened; file and column."""

    error: str
    code: int
    context: str
    location: str = "dory_util.cpp:1630"
    file: str | None = None
    column: str | None = None

    def to_error(self) -> RedshiftError:
        """Return the block that Redshift prints for a failed load.

        >>> print(LoadFault("Spectrum Scan Error", 15001, "too long").to_error().detail.splitlines()[3])
         code:      15001
        """
        rule = "-" * 47
        lines = [
            rule,
            f"error:  {self.error}",
            f"code:      {self.code}",
            f"context:   {self.context}",
            "query:     0",
            f"location:  {self.location}",
            "process:   worker_thread [pid=0]",
            rule,
        ]
        return RedshiftError(self.error, INTERNAL_ERROR, "\n " + "\n ".join(lines), self)


def translate(fields: ErrorFields, isolation: str = "snapshot", place: tuple[int, int, int] = (0, 0, 0)) -> ErrorFields:
    """Word a PostgreSQL error as Redshift does where code depends on the text.

    Concurrent writers meet PostgreSQL's 40001. Redshift names it 1023 under serializable isolation and a conflict with
    a concurrent transaction under snapshot isolation
    (https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html). `place` is the table, the transaction (as
    sys_query_history numbers it) and the process that 1023 names; the other transactions of the cycle are not known.

    >>> translate({"C": "40001", "M": "could not serialize access due to concurrent update"})["M"]
    'could not complete because of conflict with concurrent transaction'
    >>> translate({"C": "40001", "M": "x"}, "serializable")["M"]
    '1023'
    >>> translate({"C": "23502", "M": "null value in column", "c": "id"})["M"]  # dbt-redshift's tests ask for it
    'Cannot insert a NULL value into column id'
    """
    shown = {code: text for code, text in fields.items() if code in "SVCMDHPstcdn"}
    if fields.get("C") == CARDINALITY_VIOLATION and "MERGE" in fields.get("M", ""):
        return {**shown, "M": "Found multiple matches to update the same tuple."}
    if fields.get("C") == NULL_VALUE and "c" in fields:
        return {**shown, "M": f"Cannot insert a NULL value into column {fields['c']}"}
    if fields.get("C") != SERIALIZATION_FAILURE:
        return shown
    if isolation == "serializable":
        table, transaction, pid = place
        cycle = f"transactions forming the cycle are: 0, {transaction} (pid:{pid})"
        detail = f"Serializable isolation violation on table - {table}, {cycle}"
        return {**shown, "C": INTERNAL_ERROR, "M": "1023", "D": detail}
    return {
        "S": "ERROR",
        "C": INTERNAL_ERROR,
        "M": "could not complete because of conflict with concurrent transaction",
    }
