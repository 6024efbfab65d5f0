"""A query that reads the catalog and users' tables at once, refused as Redshift refuses it.

In: one statement, masked, without comments. Out: nothing, or a RedshiftError. Pure.

Catalog tables are on the leader node, users' tables on the compute nodes. A query of both runs on the latter, where
most of the catalog's functions and many of its types are unknown
(https://docs.aws.amazon.com/redshift/latest/dg/c_join_PG.html,
https://docs.aws.amazon.com/redshift/latest/dg/c_sql-functions-leader-node.html). Which of its columns would pass is
nothing to rely on: here none do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from local.redshift.brackets import split_commas
from local.redshift.errors import RedshiftError
from local.redshift.masking import IDENTIFIER, NAME, Masked

MESSAGE = "Specified types or functions (one per INFO message) not supported on Redshift tables."
_FROM = re.compile(r"\bfrom\b|\bjoin\b|\busing\b", re.IGNORECASE)
# What follows the relations of a FROM clause.
_END = re.compile(
    r"\b(?:where|group|having|qualify|order|limit|union|intersect|except|minus|when|using|on|join|inner|left|right|full|cross"
    r"|natural|set|window|fetch|offset|with)\b|;",
    re.IGNORECASE,
)
_RELATION = re.compile(rf"(?:only\s+)?(?P<name>{NAME})\s*(?P<call>\()?", re.IGNORECASE)
_CTE = re.compile(rf"(?:\bwith\s+(?:recursive\s+)?|\)\s*,\s*)(?P<name>{IDENTIFIER})\s*(?:\([^()]*\)\s*)?as\s*\(", re.I)
_TARGET = re.compile(
    rf"^(?:insert\s+into|update|merge\s+into|create\s+(?:(?:local\s+)?temp(?:orary)?\s+)?table)\s+{NAME}", re.IGNORECASE
)
# EXTRACT(YEAR FROM x), SUBSTRING(x FROM 1), TRIM(BOTH ' ' FROM x): no clause.
_FROM_OF_A_CALL = re.compile(r"\b(?:extract|substring|trim|overlay)\s*\([^()]*$", re.IGNORECASE)
_CATALOG = re.compile(r"(?:pg_catalog\.|information_schema\.|pg_|svv_)", re.IGNORECASE)
# System tables are on the compute nodes, and views over them may be joined with either.
_SYSTEM = re.compile(r"(?:stl_|stv_|svl_|sys_|svcs_)", re.IGNORECASE)


def refuse_catalog_mix(code: str, masked: Masked) -> None:
    """Refuse the statement if it reads the catalog together with users' tables, or into one.

    Raises:
        RedshiftError: in Redshift's words.
    """
    if not _CATALOG.search(masked.restore(code)) or not _FROM.search(code):
        return
    common = {_plain(match["name"], masked) for match in _CTE.finditer(code)}
    names = {name for name in _relations(code, masked) if name not in common}
    has_catalog = any(_CATALOG.match(name) for name in names)
    has_users = any(not _CATALOG.match(name) and not _SYSTEM.match(name) for name in names)
    if has_catalog and (has_users or _TARGET.match(code)):
        raise RedshiftError(MESSAGE)


def _relations(code: str, masked: Masked) -> Iterator[str]:
    """Name the relations in the FROM clauses of a statement; calls and subqueries are none."""
    for match in _FROM.finditer(code):
        if match[0].lower() == "from" and _FROM_OF_A_CALL.search(code[: match.start()]):
            continue
        for item in split_commas(_clause(code, match.end())):
            relation = _RELATION.match(item)
            if relation and not relation["call"]:
                yield _plain(relation["name"], masked)


def _clause(code: str, start: int) -> str:
    """Return the text from `start` to the end of the clause: the next word that ends it, or its closing bracket."""
    depth = 0
    for index in range(start, len(code)):
        depth += (code[index] == "(") - (code[index] == ")")
        if depth < 0 or (depth == 0 and not code[index - 1].isalnum() and _END.match(code, index)):
            return code[start:index]
    return code[start:]


def _plain(name: str, masked: Masked) -> str:
    return re.sub(r"\s", "", masked.restore(name)).replace('"', "").lower()
