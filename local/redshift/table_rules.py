"""What Redshift refuses of a table's keys and defaults that its syntax allows. Pure.

In: CREATE TABLE, CREATE TABLE AS, CREATE MATERIALIZED VIEW or ALTER TABLE, masked. Out: the same with defaults as
PostgreSQL reads them, or a RedshiftError, of which the wordings are not documented. What needs the types of columns is
asked when they are known (prelude/42_storage_rules.sql).
Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html, r_CREATE_TABLE_AS.html
"""

from __future__ import annotations

import re

from local.redshift.brackets import closing, split_commas
from local.redshift.ddl import ALTER_TABLE, CREATE_TABLE, MATERIALIZED_VIEW, TABLE_KEY
from local.redshift.errors import NOT_SUPPORTED, SYNTAX_ERROR, RedshiftError
from local.redshift.grammar.notation import expression_end
from local.redshift.grammar.tokens import tokens_of
from local.redshift.masking import IDENTIFIER, STRING, Masked, unquote_identifier
from local.redshift.sql.translate import translate

MOST_COMPOUND, MOST_INTERLEAVED = 400, 8
_DISTSTYLE = re.compile(r"\bdiststyle\s+(\w+)", re.IGNORECASE)
_SORTKEY = re.compile(
    r"\b(?:(?P<style>compound|interleaved)\s+)?sortkey\s*(?:\((?P<columns>[^)]*)\)|auto\b)", re.IGNORECASE
)
_PRIMARY_KEY = re.compile(r"\bprimary\s+key\b", re.IGNORECASE)
_KEY_COLUMNS = re.compile(r"\b(?:primary\s+key|unique|foreign\s+key)\s*\(([^)]*)\)", re.IGNORECASE)
_IDENTITY = re.compile(rf"^{IDENTIFIER}\s+(?!(?:int|integer|int4|bigint|int8)\b)\w+.*\bidentity\s*\(", re.I | re.DOTALL)
# Its type is the column's; what is computed has a type of its own.
_LITERAL = re.compile(rf"\(*\s*(?:{STRING}|[-+]?\s*[\d.]+|null|true|false)\s*\)*", re.IGNORECASE)
_SELECTED = re.compile(r'select (?P<value>.*) as "(?:[^"]|"")*"', re.DOTALL)


def refuse_table(code: str, masked: Masked) -> None:
    """Refuse a table that says of its keys what Redshift does not take.

    Raises:
        RedshiftError: it does.
    """
    items, attributes = _parts(code)
    columns = [item for item in items if not TABLE_KEY.match(item)]
    in_columns = " ".join(re.sub(rf"^{IDENTIFIER}", "", column) for column in columns)
    distkeys = len(re.findall(r"\bdistkey\b", f"{in_columns} {attributes}", re.IGNORECASE))
    styles = [style.lower() for style in _DISTSTYLE.findall(attributes)]
    if distkeys > 1 or len(styles) > 1:
        raise RedshiftError("a table has one DISTSTYLE and one DISTKEY", SYNTAX_ERROR)
    if styles and (styles[0] == "key") != bool(distkeys):
        raise RedshiftError(f"DISTSTYLE {styles[0].upper()} with{'' if distkeys else 'out'} a DISTKEY", SYNTAX_ERROR)
    _refuse_sort_keys(in_columns, attributes, masked)
    _refuse_keys(columns, items, masked)
    if any(_IDENTITY.match(column) for column in columns):
        raise RedshiftError("an IDENTITY column must be INT or BIGINT", NOT_SUPPORTED)


def _parts(code: str) -> tuple[list[str], str]:
    """Return what stands in a table's brackets, and its attributes."""
    if view := MATERIALIZED_VIEW.match(code):
        return [], view["attributes"]
    table = CREATE_TABLE.match(code)
    rest = code[table.end() :] if table else ""
    items: list[str] = []
    if rest.lstrip().startswith("("):
        opening = rest.index("(")
        end = closing(rest, opening)
        items, rest = split_commas(rest[opening + 1 : end]), rest[end + 1 :]
    query = re.search(r"\bas\b", rest, re.IGNORECASE)
    return items, rest[: query.start()] if query else rest


def _refuse_sort_keys(in_columns: str, attributes: str, masked: Masked) -> None:
    keys = list(_SORTKEY.finditer(attributes))
    if len(keys) + len(re.findall(r"\bsortkey\b", in_columns, re.IGNORECASE)) > 1:
        raise RedshiftError("a table has one SORTKEY; one of several columns is SORTKEY (column, ...)", SYNTAX_ERROR)
    for key in keys:
        names = [_name(name, masked) for name in split_commas(key["columns"])] if key["columns"] else []
        most = MOST_INTERLEAVED if (key["style"] or "").lower() == "interleaved" else MOST_COMPOUND
        if len(names) > most:
            raise RedshiftError(f"a {key['style'] or 'compound'} SORTKEY has at most {most} columns", "54011")
        if len(set(names)) < len(names):
            raise RedshiftError("a column is twice in SORTKEY", "42701")


def _refuse_keys(columns: list[str], items: list[str], masked: Masked) -> None:
    if sum(bool(_PRIMARY_KEY.search(item)) for item in items) > 1:
        raise RedshiftError("multiple primary keys are not allowed", "42P16")
    if any(re.match(r"like\s", column, re.IGNORECASE) for column in columns):
        return
    there = {_name(first[0], masked) for column in columns if (first := re.match(IDENTIFIER, column))}
    for item in items:
        for key in _KEY_COLUMNS.findall(item) if TABLE_KEY.match(item) else ():
            for name in split_commas(key):
                if _name(name, masked) not in there:
                    raise RedshiftError(f'column "{_name(name, masked)}" named in key does not exist', "42703")


def _name(name: str, masked: Masked) -> str:
    return unquote_identifier(masked.restore(name))


def with_defaults(code: str, masked: Masked) -> str:
    """Return CREATE TABLE or ALTER TABLE ADD with the defaults that are computed as PostgreSQL reads them.

    >>> from local.redshift.masking import mask
    >>> masked = mask("create table t (a int default nvl(null, 7 / 2), b varchar(9) default 'x')")
    >>> masked.restore(with_defaults(masked.text, masked))
    "create table t (a int default (coalesce(null, (7 / 2))), b varchar(9) default 'x')"

    Raises:
        RedshiftError: a default that Redshift does not take.
    """
    table, altered = CREATE_TABLE.match(code), ALTER_TABLE.match(code)
    if altered and re.match(r"add\b", altered["action"], re.IGNORECASE):
        start = altered.start("action")
        return code[:start] + _with_default(code[start:].rstrip("; \n\t"), masked)
    if not table or not code[table.end() :].lstrip().startswith("("):
        return code
    opening = code.index("(", table.end())
    end = closing(code, opening)
    items = [_with_default(item, masked) for item in split_commas(code[opening + 1 : end])]
    return f"{code[: opening + 1]}{', '.join(items)}{code[end:]}"


def _with_default(item: str, masked: Masked) -> str:
    tokens = tokens_of(masked, item)
    for place, token in enumerate(tokens[:-1], start=1):
        if token.key == "default" and tokens[place].key != "as":  # BY DEFAULT AS IDENTITY
            (start, _), (_, end) = tokens[place].span, tokens[expression_end(tokens, place) - 1].span
            return item[:start] + _translated(item[start:end], masked) + item[end:]
    return item


def _translated(value: str, masked: Masked) -> str:
    if _LITERAL.fullmatch(value):
        return value
    selected = _SELECTED.fullmatch(translate(f"select {masked.restore(value)}", ()))
    if selected is None or re.search(r"\(\s*select\b", value, re.IGNORECASE):
        raise RedshiftError("a DEFAULT is an expression without variables and queries", NOT_SUPPORTED)
    return masked.hold(f"({selected['value']})")
