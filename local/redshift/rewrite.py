"""Redshift's SQL as PostgreSQL reads it: a query by local/redshift/sql, everything else by pattern on masked SQL.

In: one statement as a client sends it. Out: the statement for PostgreSQL. What Redshift lacks is refused first
(refuse.py). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from local.redshift.alter_type import rewrite_alter_type
from local.redshift.append import rewrite_append
from local.redshift.bodies import refuse_bodies
from local.redshift.comments import comment_on_view
from local.redshift.ddl import (
    make_temporary,
    require_key,
    rewrite_alter_table,
    rewrite_create_table,
    rewrite_materialized_view,
)
from local.redshift.declared_types import hold_columns, with_argument_types
from local.redshift.grammar.command import refuse_unknown
from local.redshift.late_binding import rewrite_late_binding_view
from local.redshift.masking import IDENTIFIER, NAME, STRING, mask, without_comments
from local.redshift.name_case import keeps_case, rewrite_set_case
from local.redshift.parameters import prepared
from local.redshift.privileges import hold_identities
from local.redshift.query_part import query_part
from local.redshift.refuse import refuse_names, refuse_unsupported
from local.redshift.remembering import remembered
from local.redshift.schemas import in_its_database
from local.redshift.settings import refuse_own_settings, rewrite_setting
from local.redshift.show import rewrite_show
from local.redshift.sql.simple_source import simple_source
from local.redshift.sql.translate import Answer, Needs, needs, translate
from local.redshift.sql.values.lengths import CHAR_BYTES, VARCHAR_BYTES
from local.redshift.storage import storage_comment
from local.redshift.table_rules import refuse_table, with_defaults
from local.redshift.time_zones import rewrite_time_zone


def _rule(pattern: str, replacement: str) -> Callable[[str], str]:
    compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    return lambda text: compiled.sub(replacement, text)


_TYPES: tuple[Callable[[str], str], ...] = (
    # lengths: 256 bytes unless given, MAX = 65535 (https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html)
    _rule(r"\b(?:national\s+)?(varchar|nvarchar|character\s+varying)\s*\(\s*max\s*\)", f"varchar({VARCHAR_BYTES})"),
    _rule(r"\b(?:char|character|nchar|bpchar)\s*\(\s*max\s*\)", f"char({CHAR_BYTES})"),
    _rule(r"\bnvarchar\b|\bnational\s+character\s+varying\b", "varchar"),
    _rule(r"\bvarbyte(?:\s*\([^)]*\))?", "varbyte"),
    _rule(r"(::\s*)(?:text|varchar|character\s+varying)\b(?!\s*[(.])", r"\1varchar(256)"),
    # DECIMAL without precision is DECIMAL(18,0) (https://docs.aws.amazon.com/redshift/latest/dg/r_Numeric_types201.html)
    _rule(r"(::\s*)(?:decimal|numeric)\b(?!\s*\()", r"\1numeric(18,0)"),
)
_STATEMENTS: tuple[Callable[[str], str], ...] = (
    _rule(
        r"^\s*((?:begin|start)(?:\s+(?:work|transaction))?)\s+(?:isolation\s+level\s+"
        r"(?:serializable|read\s+committed|read\s+uncommitted|repeatable\s+read)\s*,?\s*)",
        r"\1 ",
    ),
    _rule(r"^\s*(lock)\s+(?:table\s+)?", r"\1 table "),
    _rule(r"^\s*vacuum\s+(?:full|sort\s+only|delete\s+only|reindex|recluster)\b", "vacuum"),
    _rule(r"^(\s*vacuum\b.*?)(?:\s+to\s+\d+\s+percent)?(?:\s+boost)?\s*$", r"\1"),
    # by it groups are told from roles (prelude/45_privileges.sql)
    _rule(rf"^(\s*create\s+group\s+{IDENTIFIER})(?:\s+with)?", r"\1 noinherit"),
    _rule(r"^(\s*(?:create|alter)\s+(?:user|database)\b.*?\bconnection\s+limit\s+)unlimited\b", r"\1-1"),
    _rule(r"^(\s*create\s+database\b.*?)\bcollate\s+(?:case_sensitive|cs)\b", r"\1"),
    _rule(r"^(\s*analyze\b.*?)\s(?:predicate|all)\s+columns", r"\1"),
    _rule(r"^(\s*create\s+schema\b.*?)\s+quota\s+(?:unlimited|\d+\s*(?:mb|gb|tb)?)", r"\1"),
)
_PRIVILEGES: tuple[Callable[[str], str], ...] = (
    _rule(r"\brole\s+(sys:monitor)\b", r'role "\1"'),
    _rule(r"^(\s*(?:grant|revoke(?:\s+admin\s+option\s+for)?))\s+role\s+", r"\1 "),
    _rule(r"(\b(?:to|from)|,)\s*role\s+(?=[\w\x02\"])", r"\1 "),
)
_EXPLAINS_CREATE = re.compile(r"explain\s+(?:verbose\s+)?(?=create\b)", re.IGNORECASE)
_ALTER_SYSLOG = rf"^\s*alter\s+user\s+({IDENTIFIER})\s+(?:with\s+)?syslog\s+access\s+"
_USERS: tuple[Callable[[str], str], ...] = (
    _rule(r"\bpassword\s+disable\b", "password null"),
    # who sees all rows of the system views is a member of a role (prelude/60_history.sql)
    _rule(r"^(\s*create\s+user\b.*?)\bsyslog\s+access\s+unrestricted\b(.*)$", r"\1\2 in role pg_read_all_stats"),
    _rule(rf"{_ALTER_SYSLOG}unrestricted\s*$", r"grant pg_read_all_stats to \1"),
    _rule(rf"{_ALTER_SYSLOG}restricted\s*$", r"revoke pg_read_all_stats from \1"),
    _rule(rf"\bsyslog\s+access\s+restricted\b|\bsession\s+timeout\s+\d+\b|\bexternalid\s+{STRING}", " "),
    _rule(r"\bcreateuser\b", "superuser"),
    _rule(r"\bnocreateuser\b", "nosuperuser"),
)


@remembered(most=1000)
def needs_of(sql: str) -> Needs | None:
    """Return the names whose meaning the catalog must tell before `sql` can be rewritten, None if it holds no query.

    Raises:
        RedshiftError: its query has a syntax error.
    """
    query = query_of(sql)
    return needs(query) if query else None


def query_of(sql: str) -> str:
    """Return the query of a statement, '' if it holds none.

    >>> query_of("create view v as select 1 with no schema binding")
    'select 1'
    """
    masked = mask(sql)
    code = without_comments(masked.text)
    part = query_part(code)
    return masked.restore(code[part.start : part.end]) if part else ""


@remembered(most=1000)
def rewrite(
    sql: str, in_transaction: bool = False, answer: Answer = (), external_query: str = "", written: str = ""
) -> str:
    """Return `sql`, one statement, as PostgreSQL reads it.

    >>> print(rewrite("create view v as select nvl(a, 'nvl(')::text as b from t"))
    create view v as select (coalesce("a", 'nvl('))::varchar as "b" from "t" as "t"

    Args:
        sql: a statement whose quoted names stand for themselves (name_case.py).
        in_transaction: whether a transaction block is open.
        answer: what the catalog says of the names that it needs (see needs_of).
        external_query: the query of the view that it makes, where that is over external tables.
        written: the statement as the client sent it, where that is another text.

    Raises:
        RedshiftError: Redshift would refuse the statement.
    """
    masked = mask(sql)
    code = without_comments(masked.text)
    part, source = query_part(code), None
    if part:  # out of the way of the rules by pattern
        told = (*answer, *prepared(code[: part.start]))
        selected = masked.restore(code[part.start : part.end])
        query = translate(selected, told, part.makes_table)
        source = simple_source(selected) if part.makes_table else None
        code = code[: part.start] + masked.hold(query) + code[part.end :]
    refuse_names(code, masked)
    refuse_own_settings(code, masked)
    explains, code = _without_explain(code)
    code = make_temporary(masked.with_physical_names(code), masked)
    storage = storage_comment(code, masked, source)
    refuse_unsupported(code, masked, in_transaction)
    refuse_bodies(code, masked)
    if part is None or part.start:
        refuse_unknown(explains + code, masked)
        hold_columns(code, masked)
        refuse_table(code, masked)
        code = with_argument_types(with_defaults(code, masked), masked)
    if by_call := in_its_database(code, masked) or comment_on_view(code, masked):
        return by_call
    for whole in (rewrite_show, rewrite_append, rewrite_alter_type, rewrite_set_case):
        if by_call := whole(code, masked):
            return by_call
    is_kept = False if written else keeps_case(masked) or None
    view = rewrite_late_binding_view(code, masked, written or sql, is_kept, external_query)
    if view is not None:
        return view
    if by_block := hold_identities(code, masked, lambda granted: masked.restore(rewrite_masked(granted))):
        return by_block
    code = rewrite_setting(rewrite_time_zone(code, masked), masked)
    rewritten = masked.restore(rewrite_masked(require_key(code, masked)))
    return explains + rewritten if explains else rewritten + storage  # of a table that is made


def _without_explain(code: str) -> tuple[str, str]:
    """Return the EXPLAIN of a CREATE TABLE AS, '' without one, and what is explained."""
    explains = _EXPLAINS_CREATE.match(code)
    return (explains[0], code[explains.end() :]) if explains else ("", code)


def rewrite_masked(text: str) -> str:
    """Apply the rules to masked SQL without comments."""
    text = rewrite_materialized_view(rewrite_alter_table(rewrite_create_table(_column_types(text))))
    rules = _STATEMENTS + _TYPES
    if re.match(r"\s*(?:grant|revoke|alter\s+default)\b", text, re.IGNORECASE):
        rules = _PRIVILEGES + rules
    if re.match(r"\s*(?:create|alter)\s+user\b", text, re.IGNORECASE):
        rules = _USERS + rules
    for rule in rules:
        text = rule(text)
    return text


_COLUMN_TEXT = re.compile(
    r"(?<=[\s\x04])(?:text|nvarchar|varchar|(?:national\s+)?character\s+varying|(?P<blanks>bpchar))\b(?!\s*[(.])"
    r"(?=\s*(?:,|\)|$|\bencode\b|\bnot\b|\bnull\b|\bdefault\b"
    r"|\bprimary\b|\bunique\b|\bdistkey\b|\bsortkey\b|\breferences\b|\bcollate\b))",
    re.IGNORECASE,
)
_COLUMN_DECIMAL = re.compile(
    r"(?<=[\s\x04])(?:decimal|numeric)\b(?!\s*\()(?=\s*(?:,|\)|$|\bencode\b|\bnot\b|\bnull\b|\bdefault\b))",
    re.IGNORECASE,
)
_DEFINES_COLUMNS = re.compile(
    rf"^\s*(?:create\s+(?:(?:local\s+)?temp(?:orary)?\s+)?table\s+(?:if\s+not\s+exists\s+)?{NAME}\s*\(|alter\s+table\b)",
    re.I,
)


def _column_types(text: str) -> str:
    """Give bare VARCHAR, NVARCHAR, TEXT, BPCHAR and DECIMAL columns the length that Redshift gives them."""
    if not _DEFINES_COLUMNS.match(text):
        return text
    return _COLUMN_DECIMAL.sub("numeric(18,0)", _COLUMN_TEXT.sub(_with_length, text))


def _with_length(match: re.Match[str]) -> str:
    return "char(256)" if match["blanks"] else "varchar(256)"
