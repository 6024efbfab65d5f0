"""CREATE TABLE and ALTER TABLE of Redshift, as PostgreSQL reads them.

In: masked SQL. Out: masked SQL without what tells Redshift where and how to store rows (DISTKEY, SORTKEY, ENCODE,
BACKUP; storage.py keeps it) and without keys: Redshift keeps keys as a hint to its planner and enforces none
(https://docs.aws.amazon.com/redshift/latest/dg/t_Defining_constraints.html). Pure.
"""

from __future__ import annotations

import re

from local.redshift.brackets import BLANKS, closing, split_commas
from local.redshift.masking import IDENTIFIER, NAME, STRING, Masked, unquote_identifier
from local.redshift.sql.tokens import syntax_error
from local.redshift.sql.words import CATALOG_COLUMNS, RESERVED

CREATE_TABLE = re.compile(
    rf"^\s*create\s+(?P<temporary>(?:local\s+)?temp(?:orary)?\s+)?table\s+(?P<exists>if\s+not\s+exists\s+)?(?P<name>{NAME})",
    re.IGNORECASE,
)
ALTER_TABLE = re.compile(rf"^\s*alter\s+table\s+(?P<name>{NAME})\s+(?P<action>.*)$", re.IGNORECASE | re.DOTALL)

# https://docs.aws.amazon.com/redshift/latest/dg/r_VARBYTE_type.html: its names, and its bytes where none are given
VARBYTE = r"varbyte|varbinary|binary\s+varying"
VARBYTE_BYTES = 64_000

_STORAGE = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bbackup\s+(?:yes|no)\b",
        r"\bdiststyle\s+(?:auto|even|key|all)\b",
        r"\bdistkey\s*\([^)]*\)",
        r"\b(?:(?:compound|interleaved)\s+)?sortkey\s*(?:\([^)]*\)|auto\b)",
        r"\bencode\s+auto\b",
    )
]
_COLUMN_ATTRIBUTES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bencode\s+\w+",
        r"\bdistkey\b",
        r"\bsortkey\b",
        r"\bprimary\s+key\b",
        r"\bunique\b",
        rf"\breferences\s+{NAME}\s*(?:\([^)]*\))?",
        rf"\bcollate\s+(?:case_sensitive|case_insensitive|{STRING})",
    )
]
_COLUMN_NAME = re.compile(rf"(?:add\s+(?:column\s+)?)?{IDENTIFIER}\s", re.IGNORECASE)
TABLE_KEY = re.compile(rf"^(?:constraint\s+{IDENTIFIER}\s+)?(?:primary\s+key|unique|foreign\s+key)\s*\(", re.IGNORECASE)
_PRIMARY_KEY = re.compile(r"\bprimary\s+key\b\s*(?:\((?P<columns>[^)]*)\))?", re.IGNORECASE)
_IDENTITY = re.compile(
    r"\b(generated\s+by\s+default\s+as\s+)?identity\s*\(\s*(-?\d+)\s*,\s*(-?\d+)\s*\)", re.IGNORECASE
)
_VARBYTE = re.compile(
    rf"^(?:add\s+(?:column\s+)?)?(?P<name>{IDENTIFIER})\s+(?P<type>{VARBYTE})\b(?:\s*\(\s*(?P<length>\d+)\s*\))?",
    re.IGNORECASE,
)
_LONG_DECIMAL = re.compile(
    rf"^(?:add\s+(?:column\s+)?)?(?P<name>{IDENTIFIER})\s+(?:decimal|numeric|dec)\s*\(\s*19\s*(?:,\s*(?P<scale>\d+)\s*)?\)",
    re.IGNORECASE,
)
_BLANKS = re.compile(f"[{BLANKS}]+")
_NO_OP_ACTION = re.compile(
    r"^alter\s+(?:diststyle|distkey|(?:compound\s+|interleaved\s+)?sortkey|encode|(?:column\s+)?\S+\s+encode)\b|^add\s+(?:constraint\s+\S+\s+)?"
    r"(?:primary\s+key|unique|foreign\s+key)\b",
    re.IGNORECASE,
)


def rewrite_create_table(text: str) -> str:
    """Return CREATE TABLE as PostgreSQL reads it; anything else comes back unchanged.

    >>> rewrite_create_table("create table t (a int encode zstd distkey, primary key (a)) diststyle key sortkey (a)")
    'create table t (a int)'
    >>> rewrite_create_table("create temp table t diststyle even as (select 1 as sortkey)")
    'create temp table t as (select 1 as sortkey)'
    >>> rewrite_create_table("create table t (a binary varying(9))")
    'create table t (a varbyte check (pg_catalog.rs_fits_varbyte(a, 9)))'
    """
    match = CREATE_TABLE.match(text)
    if not match:
        return text
    rest = text[match.end() :]
    columns = ""
    if rest.lstrip().startswith("("):
        opening = rest.index("(")
        end = closing(rest, opening)
        columns = " (" + ", ".join(_columns(rest[opening + 1 : end])) + ")"
        rest = rest[end + 1 :]
    query = re.search(r"\bas\b", rest, re.IGNORECASE)
    attributes, query_text = (rest[: query.start()], rest[query.start() :]) if query else (rest, "")
    for pattern in _STORAGE:
        attributes = pattern.sub("", attributes)
    attributes = " ".join(attributes.split())
    return " ".join(part for part in (match[0] + columns, attributes, query_text) if part)


def make_temporary(code: str, masked: Masked) -> str:
    """Return CREATE TABLE of a name that begins with #, which makes it a temporary table, as PostgreSQL reads it.

    Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html

    >>> from local.redshift.masking import mask
    >>> masked = mask("create table if not exists #t (a int)")
    >>> masked.restore(make_temporary(masked.text, masked))
    'create temporary table if not exists "#t" (a int)'
    """
    match = CREATE_TABLE.match(code)
    if not match or match["temporary"] or not masked.restore(match["name"]).startswith('"#'):
        return code
    return re.sub(r"\btable\b", "temporary table", code, count=1, flags=re.IGNORECASE)


def require_key(code: str, masked: Masked) -> str:
    """Return CREATE TABLE with the columns of its primary key NOT NULL: the key is not enforced, that is.

    Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html (a key's values are not null),
    r_ALTER_TABLE.html (a nullable column cannot become one: prelude/41_keys.sql).

    >>> require_key("create table t (a int, b int, primary key (a))", Masked(""))
    'create table t (a int not null, b int, primary key (a))'
    >>> require_key("create table t (a int primary key) diststyle all", Masked(""))
    'create table t (a int primary key not null) diststyle all'
    """
    match = CREATE_TABLE.match(code)
    rest = code[match.end() :] if match else ""
    if not match or not rest.lstrip().startswith("(") or not _PRIMARY_KEY.search(rest):
        return code
    opening = rest.index("(")
    end = closing(rest, opening)
    items = split_commas(rest[opening + 1 : end])
    listed = {_named(name, masked) for item in items if TABLE_KEY.match(item) for name in _key_columns(item)}
    required = ", ".join(f"{item} not null" if _is_required(item, listed, masked) else item for item in items)
    return f"{match[0]}{rest[: opening + 1]}{required}{rest[end:]}"


def _key_columns(item: str) -> list[str]:
    key = _PRIMARY_KEY.search(item)
    return split_commas(key["columns"]) if key and key["columns"] else []


def _named(name: str, masked: Masked) -> str:
    return unquote_identifier(masked.restore(name.strip(BLANKS)))


def _is_required(item: str, listed: set[str], masked: Masked) -> bool:
    name = re.match(IDENTIFIER, item)
    if TABLE_KEY.match(item) or not name or re.search(r"\bnot\s+null\b", item, re.IGNORECASE):
        return False
    return bool(_PRIMARY_KEY.search(item)) or _named(name[0], masked) in listed


def _columns(column_list: str) -> list[str]:
    items = [item for item in split_commas(column_list) if not TABLE_KEY.match(item)]
    for item in items:
        refuse_reserved(item)
    return [_column(item) for item in items]


def refuse_reserved(item: str) -> None:
    """Refuse a column whose name is a reserved word without quotes.

    Raises:
        RedshiftError: it is one.
    """
    word = re.match(r"\w+", item)
    if word and word[0].lower() in RESERVED - {"like"} - CATALOG_COLUMNS:
        raise syntax_error(word[0])


def _column(item: str) -> str:
    name = _COLUMN_NAME.match(item)
    start = name.end() if name else 0
    for pattern in _COLUMN_ATTRIBUTES:
        item = item[:start] + pattern.sub("", item[start:])
    item = _IDENTITY.sub(_identity, item)
    if re.match(r"like\s", item, re.IGNORECASE):
        return _like(item)
    varbyte = _VARBYTE.match(item)
    if varbyte:
        length = varbyte["length"] or VARBYTE_BYTES
        item = f"{item[: varbyte.start('type')]}varbyte{item[varbyte.end() :]}"
        item += f" check (pg_catalog.rs_fits_varbyte({varbyte['name']}, {length}))"
    if long := _LONG_DECIMAL.match(item):
        item += f" check (pg_catalog.rs_long_decimal({long['name']}, {long['scale'] or 0}) = {long['name']})"
    return _BLANKS.sub(" ", item).strip(BLANKS)


def _like(item: str) -> str:
    """Return LIKE, which takes over defaults only where it says so; what this front checks of a type is no constraint.

    >>> _like("like a"), _like("like a including defaults")
    ('like a including constraints', 'like a including constraints including defaults')
    """
    including = " including defaults" if re.search(r"\bincluding\s+defaults\b", item, re.IGNORECASE) else ""
    return re.sub(r"^(like\s+\S+).*$", r"\1 including constraints", item, flags=re.IGNORECASE | re.DOTALL) + including


def _identity(match: re.Match[str]) -> str:
    how, start, step = "by default" if match[1] else "always", int(match[2]), int(match[3])
    bound = f" minvalue {start}" if step > 0 and start < 1 else f" maxvalue {start}" if step < 0 and start > -1 else ""
    return f"generated {how} as identity (start with {start} increment by {step}{bound})"


MATERIALIZED_VIEW = re.compile(
    rf"^\s*create\s+materialized\s+view\s+(?P<name>{NAME})(?P<attributes>.*?)\bas\b", re.IGNORECASE | re.DOTALL
)
ALTER_MATERIALIZED_VIEW = re.compile(
    rf"^\s*alter\s+materialized\s+view\s+(?P<name>{NAME})(?P<attributes>\s+auto\s+refresh\s+(?:yes|no))\s*;?\s*$",
    re.IGNORECASE,
)


def rewrite_materialized_view(text: str) -> str:
    """Return CREATE MATERIALIZED VIEW without storage attributes and AUTO REFRESH, ALTER without effect on the view.

    >>> rewrite_materialized_view("create materialized view v backup no auto refresh yes as select 1 as a")
    'create materialized view v as select 1 as a'
    >>> rewrite_materialized_view("alter materialized view v auto refresh yes")
    'alter materialized view v set (autovacuum_enabled = true)'
    """
    if match := ALTER_MATERIALIZED_VIEW.match(text):
        return f"alter materialized view {match['name']} set (autovacuum_enabled = true)"
    match = MATERIALIZED_VIEW.match(text)
    if not match:
        return text
    attributes = match["attributes"]
    for pattern in (*_STORAGE, re.compile(r"\bauto\s+refresh\s+(?:yes|no)\b", re.IGNORECASE)):
        attributes = pattern.sub("", attributes)
    start, end = match.span("attributes")
    return f"{text[:start]} {' '.join(attributes.split())}{text[end:]}"


def rewrite_alter_table(text: str) -> str:
    """Return ALTER TABLE as PostgreSQL reads it; what only concerns storage or keys becomes a statement of no effect.

    >>> rewrite_alter_table("alter table t add column a varchar(9) encode lzo")
    'alter table t add column a varchar(9)'
    >>> rewrite_alter_table("alter table t alter sortkey (a)")
    'alter table t set (autovacuum_enabled = true)'
    """
    match = ALTER_TABLE.match(text)
    if not match:
        return text
    action = match["action"]
    if _NO_OP_ACTION.match(action):
        # it still needs the table and its ownership, and commits or rolls back like any other
        return f"alter table {match['name']} set (autovacuum_enabled = true)"
    if re.match(r"add\b", action, re.IGNORECASE):
        refuse_reserved(re.sub(r"^add\s+(?:column\s+)?", "", action, flags=re.IGNORECASE))
        return f"alter table {match['name']} {_column(action)}"
    return text
