"""The SHOW commands that tell of the catalog, as queries of it (prelude/51_show.sql).

In: a statement, masked. Out: a query, or None for any other statement, the SHOW of a setting among them. Pure.
Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_TABLES.html, r_SHOW_COLUMNS.html, r_SHOW_SCHEMAS.html,
r_SHOW_DATABASES.html, r_SHOW_TABLE.html, r_SHOW_VIEW.html, r_SHOW_GRANTS.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.masking import IDENTIFIER, NAME, STRING, Masked, quote_literal, unquote, unquote_identifier

MOST_ROWS = 10_000
_SHOW = re.compile(r"^show\s+(?:databases|schemas|tables|columns|table|view|grants|procedures?|functions?|parameters|"
                   r"constraints|datashares|model|external\s+table|template)\b", re.IGNORECASE)  # fmt: skip
_TAIL = rf"(?:\s+like\s+(?P<like>{STRING}))?(?:\s+limit\s+(?P<limit>\d+))?"


@dataclass(frozen=True)
class _Form:
    """A form of SHOW: its pattern, the function that tells it, the most parts of its name, what LIKE looks at."""

    pattern: re.Pattern[str]
    function: str
    parts: int
    liked: str = ""


def _form(pattern: str, function: str, parts: int, liked: str = "") -> _Form:
    return _Form(re.compile(rf"^show\s+{pattern}$", re.IGNORECASE), function, parts, liked)


_FORMS = (
    _form(rf"databases{_TAIL}", "rs_show_databases", 0, "database_name"),
    _form(rf"schemas\s+from\s+database\s+(?P<name>{IDENTIFIER}){_TAIL}", "rs_show_schemas", 1, "schema_name"),
    _form(rf"tables\s+from\s+schema\s+(?P<name>{NAME}){_TAIL}", "rs_show_tables", 2, "table_name"),
    _form(rf"columns\s+from\s+table\s+(?P<name>{NAME}){_TAIL}", "rs_show_columns", 3, "column_name"),
    _form(rf"table\s+(?P<name>{NAME})", "rs_show_table", 2),
    _form(rf"view\s+(?P<name>{NAME})", "rs_show_view", 2),
    _form(
        rf"grants\s+on\s+(?P<kind>table|schema|database)\s+(?P<name>{NAME})"
        rf"(?:\s+for\s+(?:role\s+)?(?P<grantee>{IDENTIFIER}))?{_TAIL}",
        "rs_show_grants_on",
        3,
    ),
    _form(rf"grants\s+for\s+(?:role\s+)?(?P<name>{IDENTIFIER}){_TAIL}", "rs_show_grants_for", 1),
)


def rewrite_show(code: str, masked: Masked) -> str | None:
    """Return the query that answers a SHOW command.

    >>> from local.redshift.masking import mask
    >>> masked = mask("show tables from schema s like 'a%' limit 5")
    >>> print(rewrite_show(masked.text, masked))
    select * from pg_catalog.rs_show_tables('s') where pg_catalog.rs_true_name(table_name) like 'a%' limit 5

    Raises:
        RedshiftError: a form that Redshift does not have, or that is not offered here.
    """
    code = code.rstrip("; \n\t")
    if not _SHOW.match(code):
        return None
    for form in _FORMS:
        if match := form.pattern.match(code):
            return _query(form, match.groupdict(), masked)
    command = " ".join(code.split()[:2]).upper()
    raise RedshiftError(f"{command}: no form of it that the local Redshift offers", SYNTAX_ERROR)


def _query(form: _Form, found: dict[str, str | None], masked: Masked) -> str:
    parts = _parts(found["name"], masked) if found.get("name") else []
    if len(parts) > form.parts:
        raise RedshiftError(f"improper qualified name (too many dotted names): {'.'.join(parts)}", SYNTAX_ERROR)
    arguments = [quote_literal(part) for part in parts]
    if kind := found.get("kind"):
        arguments.insert(0, quote_literal(kind.lower()))
    query = f"select * from pg_catalog.{form.function}({', '.join(arguments)})"  # noqa: S608 - quoted
    conditions = []
    if like := found.get("like"):
        if not form.liked:
            raise RedshiftError('syntax error at or near "like"', SYNTAX_ERROR)
        conditions.append(f"pg_catalog.rs_true_name({form.liked}) like {quote_literal(unquote(masked.restore(like)))}")
    if grantee := found.get("grantee"):
        conditions.append(f"identity_name = {quote_literal(unquote_identifier(masked.restore(grantee)))}")
    if conditions:
        query += f" where {' and '.join(conditions)}"
    limit = found.get("limit")
    if limit and int(limit) > MOST_ROWS:
        raise RedshiftError(f"LIMIT must be between 0 and {MOST_ROWS}", "22023")
    return f"{query} limit {limit}" if limit else query


def _parts(name: str | None, masked: Masked) -> list[str]:
    return [unquote_identifier(masked.restore(part)) for part in re.findall(IDENTIFIER, name or "")]
