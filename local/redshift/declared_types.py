"""Types as commands declare them: of columns, of the arguments of routines and of prepared statements. Pure.

In: a command, masked. Out: the same with types as PostgreSQL knows them, or a RedshiftError. They are those that a
query may cast to (sql/values/type_names.py), and no others of PostgreSQL's.
Source: https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html
"""

from __future__ import annotations

import re

from local.redshift.brackets import closing, split_commas
from local.redshift.ddl import ALTER_TABLE, CREATE_TABLE, TABLE_KEY, VARBYTE
from local.redshift.errors import RedshiftError
from local.redshift.masking import IDENTIFIER, NAME, Masked
from local.redshift.sql.parse.cursor import Cursor
from local.redshift.sql.parse.types import parse_type
from local.redshift.sql.tokens import QUOTED
from local.redshift.sql.values.type_names import of_words

_ROUTINE = re.compile(
    rf"^\s*(?:create\s+(?:or\s+replace\s+)?|alter\s+|drop\s+|grant\b.*\bon\s+|revoke\b.*\bon\s+)(?:function|procedure)\s+"
    rf"(?:if\s+exists\s+)?{NAME}\s*(?=\()",
    re.IGNORECASE | re.DOTALL,
)
_PREPARES = re.compile(rf"^\s*prepare\s+{IDENTIFIER}\s*(?=\()", re.IGNORECASE)
_RETURNS = re.compile(r"\breturns\s+(?=\w)", re.IGNORECASE)
_ADDS = re.compile(r"add\s+(?:column\s+)?(?!constraint\b|primary\b|unique\b|foreign\b)", re.IGNORECASE)
_MODE = r"(?:in|out|inout)\b"
_ARGUMENT_NAME = re.compile(rf"(?:{_MODE}\s+)?(?:{IDENTIFIER}\s+)?(?:{_MODE}\s+)?", re.IGNORECASE)
_ONLY_MODE = re.compile(rf"(?:{_MODE}\s+)?", re.IGNORECASE)
_VARBYTE = re.compile(rf"^\s*(?:{VARBYTE})\b(?:\s*\(\s*\d+\s*\))?", re.IGNORECASE)
_REFCURSOR = re.compile(r"^\s*refcursor\b", re.IGNORECASE)  # of arguments alone (r_CREATE_PROCEDURE)


def hold_columns(code: str, masked: Masked) -> None:
    """Hold the columns that a table gets to types that Redshift has.

    Raises:
        RedshiftError: there is no such type, or it is not of that length.
    """
    for column in _columns(code):
        name = re.match(rf"\s*{IDENTIFIER}", column)
        if name and not TABLE_KEY.match(column) and not re.match(r"like\s", column, re.IGNORECASE):
            _hold_type(masked.restore(column[name.end() :]))


def _columns(code: str) -> list[str]:
    """Return the columns that CREATE TABLE or ALTER TABLE ADD defines."""
    table, altered = CREATE_TABLE.match(code), ALTER_TABLE.match(code)
    if altered:
        adds = _ADDS.match(altered["action"])
        return [altered["action"][adds.end() :]] if adds else []
    rest = code[table.end() :].lstrip() if table else ""
    listed = split_commas(rest[1 : closing(rest, 0)]) if rest.startswith("(") else []
    return [] if all(re.fullmatch(IDENTIFIER, item) for item in listed) else listed  # names alone are a query's


def with_argument_types(code: str, masked: Masked) -> str:
    """Return a command of a routine, or PREPARE, whose arguments are of types that PostgreSQL knows.

    >>> from local.redshift.masking import mask
    >>> with_argument_types("create function f(varbinary(9), int) returns binary varying", mask(""))
    'create function f(varbyte, int) returns varbyte'
    >>> with_argument_types("drop procedure p(in a int, out varbinary varbinary)", mask(""))
    'drop procedure p(in a int, out varbinary varbyte)'

    Raises:
        RedshiftError: there is no such type.
    """
    head = _ROUTINE.match(code) or _PREPARES.match(code)
    if not head:
        return code
    end = closing(code, head.end())
    written = [_argument(argument, masked) for argument in split_commas(code[head.end() + 1 : end]) if argument]
    rest = code[end:]
    if returns := _RETURNS.search(rest):
        rest = rest[: returns.end()] + _declared(rest[returns.end() :], masked)
    return f"{code[: head.end()]}({', '.join(written)}{rest}"


def _argument(argument: str, masked: Masked) -> str:
    """Return `[mode] [name] [mode] type`; what a type does not pass whole begins by a name."""
    for before in (_ONLY_MODE, _ARGUMENT_NAME):
        start = before.match(argument)
        place = start.end() if start else 0
        if _ends_with_type(masked.restore(argument[place:])):
            return argument[:place] + _declared(argument[place:], masked)
    return argument


def _ends_with_type(sql: str) -> bool:
    cursor = Cursor(sql)
    if not sql or cursor.token.kind not in ("word", "quoted"):
        return False
    parse_type(cursor)
    return cursor.position == len(cursor.tokens) - 1


def _declared(text: str, masked: Masked) -> str:
    """Return what begins with a type of an argument as PostgreSQL reads it, with what stands behind."""
    if not _REFCURSOR.match(text):
        _hold_type(masked.restore(text))
    return _VARBYTE.sub("varbyte", text)


def _hold_type(sql: str) -> None:
    """Hold the type that a text begins with to those that Redshift has."""
    cursor = Cursor(sql)
    if cursor.token.name == "char" and cursor.token.kind == QUOTED:  # which PostgreSQL has one of its own by
        raise RedshiftError(f"type {cursor.token.text} does not exist", "42704")
    named = parse_type(cursor)
    of_words(named.name, named.arguments, False)
