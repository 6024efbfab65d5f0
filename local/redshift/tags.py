"""What a client is told that it has done, where PostgreSQL did it by a procedure or a block of the front's own. Pure.

In: the CommandComplete of PostgreSQL's CALL or DO, and the statement as the client sent it. Out: the tag of that.
"""

from __future__ import annotations

import re

from local.redshift.masking import code_of

OF_FRONT = frozenset({b"CALL\0", b"DO\0"})
_COMMAND = re.compile(
    r"\s*(?P<verb>create|drop|alter|comment|grant|revoke)(?:\s+or\s+replace)?(?:\s+(?P<kind>schema|view|table|default\s+privileges))?\b",
    re.IGNORECASE,
)


def tag_of(statement: str, tag: bytes) -> bytes:
    r"""Return the tag for a client.

    >>> tag_of("create or replace view v as select 1 with no schema binding", b"CALL\0")
    b'CREATE VIEW\x00'
    >>> tag_of("call p()", b"CALL\0")
    b'CALL\x00'
    """
    match = _COMMAND.match(code_of(statement))
    return " ".join(f"{match['verb']} {match['kind'] or ''}".upper().split()).encode() + b"\0" if match else tag
