"""LAND: from the Data API's error texts to our errors.

In: the text of a failed statement. Out: the kind of failure. Pure. The Data API hands on no SQLSTATE
(https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_DescribeStatement.html, `Error`), so this module, and
no other, reads texts. What it does not know is transient: a file is never rejected for a text that nobody foresaw.
"""

from __future__ import annotations

import re
from enum import Enum, auto


class Failure(Enum):
    """What a failed statement means for whoever sent it."""

    CONFLICT = auto()  # lost against a concurrent transaction: run it again
    CATALOG_CHANGED = auto()  # a table or column has come, gone or changed: plan again
    IN_THE_WAY = auto()  # something stands on a column that must change, or it is a key: whoever made it must act
    BAD_DATA = auto()  # COPY cannot read the object
    LOGIN_REFUSED = auto()  # the user's password is another one: it may just be rotated
    DENIED = auto()  # a right is missing: the operator must act
    UNKNOWN = auto()  # transient


REFUSED_LOGIN = r"password authentication failed"
# What is said of a column that rows are distributed or sorted by, whoever has chosen it; no page of AWS tells it.
# https://github.com/dbt-labs/dbt-redshift/issues/333, https://github.com/practo/tipoca-stream/pull/262
KEY_COLUMN = re.compile(r"cannot drop (distkey|sortkey) column", re.IGNORECASE)
# Names are whoever's who chose them, and none of them says what has failed.
QUOTED_NAME = re.compile(
    r'\b(column|relation|table|view|constraint|index|schema|database|role|user|function|type) ".*?"(?=[\s,;:.)]|$)',
    re.IGNORECASE,
)
DENIALS = rf"permission denied|must be owner of|not authorized|{REFUSED_LOGIN}"

# https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html names 1023 and the snapshot conflict.
PATTERNS: tuple[tuple[Failure, re.Pattern[str]], ...] = (
    (
        Failure.CONFLICT,
        re.compile(
            r"(^|\berror:?\s*|\bcode:?\s*)1023\b|serializable isolation violation"
            r"|conflict with concurrent transaction|concurrent transaction"
            r"|could not serialize access|deadlock detected|could not complete because of conflict",
            re.IGNORECASE,
        ),
    ),
    # Codes of Redshift Spectrum, which reads parquet for COPY: 15001 a value or page, 15007 a schema that does not
    # match. 15003 (a manifest without content_length) is ours, and stays unknown.
    # https://repost.aws/knowledge-center/redshift-spectrum-data-errors
    (
        Failure.BAD_DATA,
        re.compile(
            r"code:\s+15(001|007)\b|incompatible parquet schema"
            r"|length of the data column .* is longer than the length defined|value too long for",
            re.IGNORECASE,
        ),
    ),
    # A division by zero is the load's own check that the columns still have the types that it was planned for.
    (
        Failure.CATALOG_CHANGED,
        re.compile(
            r"\b(relation|column|table) .*(already exists|does not exist)|divi(sion|de) by zero"
            r"|column .* is of type .* but expression is of type",
            re.IGNORECASE,
        ),
    ),
    # What a view that is bound to its table says when a column of it is dropped (SQLSTATE 2BP01)
    # https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html, DROP COLUMN.
    (Failure.IN_THE_WAY, re.compile(r"other objects depend on it|depends on (table|column|view)\b", re.IGNORECASE)),
    (Failure.IN_THE_WAY, KEY_COLUMN),
    (Failure.LOGIN_REFUSED, re.compile(REFUSED_LOGIN, re.IGNORECASE)),
    (Failure.DENIED, re.compile(DENIALS, re.IGNORECASE)),
)


def key_in_the_way(text: str) -> str | None:
    """Tell which key of its table a column is that cannot be dropped; None where something else is in the way.

    >>> key_in_the_way('ERROR: cannot drop distkey column "n"'), key_in_the_way("view v depends on column n")
    ('distkey', None)
    """
    found = KEY_COLUMN.search(text)
    return found[1].lower() if found else None


def classify(text: str) -> Failure:
    """Tell what an error text means.

    >>> classify("ERROR: 1023 DETAIL: Serializable isolation violation on table - 1")
    <Failure.CONFLICT: 1>
    >>> classify('ERROR: column "1023" of relation "orders" already exists')
    <Failure.CATALOG_CHANGED: 2>
    >>> classify("ERROR: the weather")
    <Failure.UNKNOWN: 7>
    """
    said = QUOTED_NAME.sub(r'\1 ""', text)
    return next((failure for failure, pattern in PATTERNS if pattern.search(said)), Failure.UNKNOWN)
