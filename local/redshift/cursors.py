"""The one cursor that a session may have open, followed through its statements. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/declare.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from local.redshift.errors import ACTIVE_TRANSACTION, RedshiftError
from local.redshift.masking import IDENTIFIER, code_of, mask, unquote_identifier
from local.redshift.name_case import ends_transaction
from local.redshift.names import folded

_DECLARES = re.compile(rf"declare\s+(?P<name>{IDENTIFIER})", re.IGNORECASE)
_CLOSES = re.compile(rf"close\s+(?:(?P<all>all)\b|(?P<name>{IDENTIFIER}))", re.IGNORECASE)


def open_behind(cursor: str, statements: Iterable[str]) -> str:
    """Return the cursor that is open behind statements that succeed, '' for none; before them `cursor` is.

    >>> open_behind("c", ["close C", "declare d cursor for select 1"]), open_behind("c", ["close e"])
    ('d', 'c')
    >>> open_behind("c", ["commit"]), open_behind("c", ["close all"]), open_behind("", ["fetch all from c"])
    ('', '', '')

    Raises:
        RedshiftError: one declares a cursor while another is open.
    """
    for statement in statements:
        code = code_of(statement)
        if declares := _DECLARES.match(code):
            if cursor:
                raise RedshiftError("only one cursor can be open in a session at a time", ACTIVE_TRANSACTION)
            cursor = _name(declares["name"], statement)
        elif closes := _CLOSES.match(code):
            cursor = "" if closes["all"] or _name(closes["name"], statement) == cursor else cursor
        elif ends_transaction(statement):
            cursor = ""
    return cursor


def _name(name: str, statement: str) -> str:
    """Return a name, folded: of two that differ in case alone one is not open, and to close that one fails."""
    return folded(unquote_identifier(mask(statement).restore(name)))
