"""GRANT and REVOKE, whose users, groups and roles must be what a statement calls them: PostgreSQL has but roles. Pure.

In: a statement, masked, and what writes it for PostgreSQL. Out: a block that asks for each name (45_privileges.sql) and
runs it, None for any other statement. WITH GRANT OPTION is of the user before it, in PostgreSQL of all that are named.
Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html, r_REVOKE.html, r_ALTER_DEFAULT_PRIVILEGES.html
"""

from __future__ import annotations

import re
from collections.abc import Callable

from local.redshift.brackets import split_commas
from local.redshift.masking import IDENTIFIER, Masked, block, quote_literal, unquote_identifier

_GRANTS = re.compile(
    r"(?P<head>(?:grant|revoke|alter\s+default\s+privileges)\b.*\b(?:to|from)\s)(?P<who>.*?)\s*;?$", re.I | re.DOTALL
)
_ROLES = re.compile(
    r"(?:grant|revoke(?:\s+admin\s+option\s+for)?)\s+(?P<names>role\s.*)\s(?:to|from)\s", re.I | re.DOTALL
)
_OWNERS = re.compile(
    r"alter\s+default\s+privileges\s+for\s+user\s+(?P<names>.*?)\s+(?:in|grant|revoke)\b", re.I | re.DOTALL
)
_IDENTITY = re.compile(rf"(?:(?P<kind>role|group)\s+)?(?P<name>{IDENTIFIER})", re.IGNORECASE)
_OPTION = re.compile(r"\s+(with\s+(?:grant|admin)\s+option)$", re.IGNORECASE)
_SYSTEM = re.compile(r"(?:role\s+)?sys\s*:", re.IGNORECASE)


def hold_identities(code: str, masked: Masked, write: Callable[[str], str]) -> str | None:
    """Return the block that runs a GRANT or REVOKE; `write` makes PostgreSQL's of a masked statement.

    >>> from local.redshift.masking import mask
    >>> masked = mask("grant select on t to u with grant option, public")
    >>> print(hold_identities(masked.text, masked, masked.restore))
    do 'begin perform redshift.hold_identity(''user'', ''u''); execute ''grant select on t to public''; \
execute ''grant select on t to u with grant option''; end'
    """
    match = _GRANTS.match(code)
    if not match:
        return None
    grantees = split_commas(match["who"])
    named = [name for more in (_ROLES, _OWNERS) if (found := more.match(code)) for name in split_commas(found["names"])]
    checks = [f"perform redshift.hold_identity({asked})" for asked in _asked(grantees + named, masked)]
    done = [f"execute {quote_literal(write(statement))}" for statement in _by_option(match["head"], grantees)]
    return block(f"{'; '.join(checks + done)};")


def _by_option(head: str, grantees: list[str]) -> list[str]:
    """Return a statement for who may grant further, and one for the others."""
    by_option: dict[str, list[str]] = {"": []}
    for grantee in grantees:
        option = _OPTION.search(grantee)
        by_option.setdefault(f" {option[1]}" if option else "", []).append(_OPTION.sub("", grantee))
    return [f"{head}{', '.join(some)}{option}" for option, some in by_option.items() if some]


def _asked(identities: list[str], masked: Masked) -> list[str]:
    asked = []
    for identity in identities:
        match = _IDENTITY.match(identity)
        if match and match["name"].lower() != "public" and not _SYSTEM.match(identity):
            name = unquote_identifier(masked.restore(match["name"]))
            asked.append(f"{quote_literal((match['kind'] or 'user').lower())}, {quote_literal(name)}")
    return asked
