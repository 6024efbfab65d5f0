"""What statements on tables Redshift has that external tables do not take here, refused by name. Pure.

In: a masked statement. Out: what is refused, if the schema that it names is external. Without this the statement would
reach PostgreSQL, which knows no such table.
"""

from __future__ import annotations

import re

from local.redshift.external.command import Unoffered
from local.redshift.external.create_table import PAGE, of_schema
from local.redshift.external.seen import ExternalNames
from local.redshift.masking import IDENTIFIER, NAME, Masked

_NAMED = rf"(?P<name>{NAME})"
_SOURCE = "c-spectrum-external-tables.html"


def _form(words: str, pattern: str, remedy: str) -> tuple[str, re.Pattern[str], str]:
    return words, re.compile(pattern, re.IGNORECASE | re.DOTALL), remedy


# what errors call it, its form up to the table's name, and what to do instead
_FORMS = (
    _form("TRUNCATE", rf"truncate\s+(?:table\s+)?{_NAMED}", "delete the files below its LOCATION"),
    _form("ANALYZE", rf"analyze\s+(?:verbose\s+)?{_NAMED}", "nothing needs it here"),
    _form("VACUUM", rf"vacuum\s+(?:(?:full|sort\s+only|delete\s+only|reindex|recluster)\s+)?{_NAMED}",
          "nothing needs it here"),
    _form("LOCK", rf"lock\s+(?:table\s+)?{_NAMED}", "nothing locks its files"),
    _form("GRANT ON TABLE", r"(?:grant|revoke)\b.*?"
          rf"\son\s+(?:(?:external\s+)?table\s+)?(?!schema\b){_NAMED}\s*(?:to|from|,)\b",
          "GRANT USAGE ON SCHEMA lets users read its tables"),
    _form("COMMENT", rf"comment\s+on\s+(?:table|view)\s+{_NAMED}", "describe it in the Data Catalog"),
    _form("COMMENT", rf"comment\s+on\s+column\s+{_NAMED}\s*\.\s*{IDENTIFIER}\s+is\b",
          "describe it in the Data Catalog"),
    _form("COPY", rf"copy\s+{_NAMED}", "put the files below its LOCATION"),
    _form("CREATE TABLE LIKE",
          rf"create\s+(?:(?:local\s+)?temp(?:orary)?\s+)?table\s+(?:if\s+not\s+exists\s+)?{NAME}\s*"
          rf"\((?:[^()]|\([^()]*\))*?(?<=[(,\s])like\s+{_NAMED}", "write its columns"),
)  # fmt: skip
_RENAME = re.compile(rf"alter\s+schema\s+(?P<name>{IDENTIFIER})\s+rename\b", re.IGNORECASE)
FIRST_WORDS = re.compile(
    r"(?:truncate|analyze|vacuum|lock|grant|revoke|comment|copy|create\s+(?:(?:local\s+)?temp(?:orary)?\s+)?table)\b",
    re.I,
)


def unoffered(code: str, masked: Masked, known: ExternalNames) -> Unoffered | None:
    """Return what a statement would do with an external table and cannot, None for any other statement."""
    if match := _RENAME.match(code):
        schema = of_schema(match["name"], masked).table
        reason = (
            "ALTER SCHEMA RENAME of an external schema is not offered by the local Redshift: create one of the new "
            "name over the same database, and drop this one"
        )
        return Unoffered(schema, "ALTER SCHEMA", reason) if schema in known else None
    for words, pattern, remedy in _FORMS:
        if match := pattern.match(code):
            named = of_schema(match["name"], masked)
            reason = (
                f"{words} of an external table is not offered by the local Redshift, which reads its files alone: "
                f"{remedy} ({PAGE}{_SOURCE})"
            )
            if named.schema in known:
                return Unoffered(named.schema, words, reason, within=named.within)
    return None
