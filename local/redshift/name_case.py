"""Whether names in double quotes keep their case: `enable_case_sensitive_identifier`, and statements by it. Pure.

In: a statement as a client sends it. Out: one in which each quoted name is what it means, so that whoever reads it
later takes quoted names as they stand: folded to lower case as the others (the default), or as written.
Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_identifier.html, r_names.html
"""

from __future__ import annotations

import re
from typing import Literal

from local.redshift.masking import HAS_BODY, HOLDER, IDENTIFIER, STRING, Masked, code_of, mask, unquote
from local.redshift.names import folded
from local.redshift.remembering import remembered
from local.redshift.settings import boolean

SETTING = "enable_case_sensitive_identifier"
_OWN_SETTING = f"redshift.{SETTING}"
SHOWN = f"show {_OWN_SETTING}"  # a SELECT would take the snapshot of a transaction
_QUOTED = r"\x02(\d+)\x04"
_LISTED = rf"(?P<names>{IDENTIFIER}(?:\s*,\s*{IDENTIFIER})*)"
# Users, whose names keep their case in any session; groups and roles are none.
_USERS = tuple(
    (re.compile(rf"(?:{head})\b", re.IGNORECASE), re.compile(rf"\b(?:{before})\s+{_LISTED}", re.IGNORECASE))
    for head, before in (
        (r"(?:create|alter|drop)\s+(?:user|group)", r"user(?:\s+if\s+exists)?"),
        (r"alter\s+user", r"rename\s+to"),
        (r"alter", r"owner\s+to"),
        (r"alter\s+default", r"for\s+user"),
        (r"create\s+schema|set\s+session", r"authorization"),
    )
)
_UNLOADS = re.compile(rf"\s*unload\s*\(\s*(?P<query>{STRING})", re.IGNORECASE)
_GRANTS = re.compile(r"(?:grant|revoke|alter\s+default)\b.*\b(?:to|from)\b(?P<grantees>.*)", re.IGNORECASE | re.DOTALL)
_GRANTEE = re.compile(rf"(?:^|,)\s*{_QUOTED}")
_SETS = re.compile(
    rf"(?P<before>set\s+(?:session\s+)?(?P<local>local\s+)?|alter\s+user\s+(?P<user>{IDENTIFIER})\s+set\s+){SETTING}"
    rf"\s*(?:\bto\b|=)\s*(?P<value>{STRING}|\w+)\s*;?\s*",
    re.IGNORECASE,
)
_RESETS_OF_USER = re.compile(rf"(?P<before>alter\s+user\s+{IDENTIFIER}\s+reset\s+){SETTING}\b", re.IGNORECASE)
_CHANGES = re.compile(
    rf"(?:set\s+(?:session\s+|(?P<local>local)\s+)?{SETTING}|reset\s+(?:{SETTING}|all)|discard)\b", re.IGNORECASE
)
_ASKED = re.compile(rf"(?:^|\s)(?:-c\s*|--){SETTING}=(\S+)")
_ENDS = re.compile(r"(?:commit|end|(?P<back>rollback|abort)|truncate)\b", re.IGNORECASE)
Change = Literal["session", "local"]
"""Of the setting: until it is changed again, or until the transaction ends."""


def with_folded_names(sql: str) -> str | None:
    """Return a statement with its quoted names folded as they are by default, None if there is nothing to fold.

    The statements of an UNLOAD and of a body are folded with it.

    >>> print(with_folded_names('''select "Id" as n from "T" where a = '"X"' and b'''))
    select "id" as n from "t" where a = '"X"' and b
    >>> with_folded_names('create user "Ann" in group "Staff"')
    'create user "Ann" in group "staff"'
    >>> with_folded_names('select "id" from T')
    """
    if '"' not in sql:
        return None
    return _with_folded(sql)


@remembered(most=1000)
def _with_folded(sql: str) -> str | None:
    masked, code = mask(sql), code_of(sql)
    users = _places_of_users(code)
    places = _places_of_statements(code)
    for place, piece in enumerate(masked.pieces):
        if piece.startswith('"') and place not in users:
            masked.pieces[place] = folded(piece)
        elif place in places and piece.startswith(("'", "$")):
            masked.pieces[place] = _with_folded_text(piece)
    changed = masked.restore()
    return None if changed == sql else changed


def _with_folded_text(literal: str) -> str:
    """Return a string literal, in which a backslash escapes, whose text is a statement or a body."""
    text = unquote(literal)
    changed = with_folded_names(text)
    if changed is None:
        return literal
    if literal.startswith("$"):
        return literal.replace(text, changed)
    return "'" + changed.replace("\\", "\\\\").replace("'", "''") + "'"


def _places_of_statements(code: str) -> set[int]:
    """Return which strings of masked SQL are SQL themselves."""
    if unload := _UNLOADS.match(code):
        return {int(unload["query"][1:-1])}
    return {int(place) for place in HOLDER.findall(code)} if HAS_BODY.match(code) else set()


def _places_of_users(code: str) -> set[int]:
    """Return which pieces of masked SQL name users."""
    lists = [each["names"] for head, names in _USERS if head.match(code) for each in names.finditer(code)]
    found = [place for listed in lists for place in re.findall(_QUOTED, listed)]
    if grant := _GRANTS.match(code):
        found += _GRANTEE.findall(grant["grantees"])
    return {int(place) for place in found}


def keeps_case(masked: Masked) -> bool:
    """Tell whether a statement has a quoted name that is not folded: the setting is on.

    >>> keeps_case(mask('select "Id"')), keeps_case(mask("select 'Id'"))
    (True, False)
    """
    return any(piece.startswith('"') and folded(piece) != piece for piece in masked.pieces)


def case_change(statement: str) -> Change | None:
    """Return which change of the setting a statement may make.

    >>> case_change("set local enable_case_sensitive_identifier to on"), case_change("reset all")
    ('local', 'session')
    >>> case_change("set enable_result_cache_for_session to off")
    """
    match = _CHANGES.match(code_of(statement))
    return ("local" if match["local"] else "session") if match else None


def ends_transaction(statement: str) -> bool:
    """Tell whether a statement ends a transaction, and with it what was changed for the transaction alone."""
    return _ENDS.match(code_of(statement)) is not None


def rolls_back(statement: str) -> bool:
    """Tell whether a statement takes back what its transaction has changed.

    >>> rolls_back("abort"), rolls_back("end")
    (True, False)
    """
    match = _ENDS.match(code_of(statement))
    return match is not None and match["back"] is not None


def set_case(statement: str) -> bool | None:
    """Return what a statement sets it to, None for another statement, or a default that is not known.

    >>> set_case("set enable_case_sensitive_identifier = 'TRUE'"), set_case("reset enable_case_sensitive_identifier")
    (True, None)

    Raises:
        RedshiftError: it is set to what is no Boolean.
    """
    match = _SETS.fullmatch(code_of(statement))
    return _boolean(match["value"], mask(statement)) if match and not match["user"] else None


def rewrite_set_case(code: str, masked: Masked) -> str | None:
    """Return what sets it in PostgreSQL, in the spelling that SHOW has; None for any other statement.

    >>> rewrite_set_case("set local enable_case_sensitive_identifier to TRUE", mask(""))
    'set local redshift.enable_case_sensitive_identifier to on'

    Raises:
        RedshiftError: it is set to what is no Boolean.
    """
    if match := _RESETS_OF_USER.match(code):
        return masked.restore(f"{match['before']}{_OWN_SETTING}")
    match = _SETS.fullmatch(code)
    if not match:
        return None
    value = _boolean(match["value"], masked)
    return masked.restore(
        f"{match['before']}{_OWN_SETTING} to {'default' if value is None else 'on' if value else 'off'}"
    )


def case_asked(options: str) -> dict[str, str]:
    """Return what a client's `options` at the start of its session set it to, as a setting of PostgreSQL's.

    >>> case_asked("-c enable_case_sensitive_identifier=true -c search_path=s"), case_asked("")
    ({'redshift.enable_case_sensitive_identifier': 'true'}, {})
    """
    found = _ASKED.search(options)
    return {_OWN_SETTING: found[1]} if found else {}


def _boolean(word: str, masked: Masked) -> bool | None:
    """Return a Boolean as PostgreSQL's settings spell it, None for DEFAULT."""
    text = masked.restore(word)
    text = (unquote(text) if text.startswith("'") else text).lower()
    if text == "default":
        return None
    return boolean(SETTING, text)
