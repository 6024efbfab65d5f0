"""SET of a session's or a user's time zone, as PostgreSQL reads it. Pure.

In: masked SQL. Out: masked SQL in which an offset is an interval: `-8:00` lies west of Greenwich, as ISO 8601 has it,
where PostgreSQL would read a POSIX zone east of it.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_timezone_config.html
"""

from __future__ import annotations

import re

from local.redshift.masking import IDENTIFIER, STRING, Masked, unquote

_SET = re.compile(
    rf"^\s*(?P<set>(?:alter\s+user\s+{IDENTIFIER}\s+)?set\s+(?:session\s+|local\s+)?)"
    rf"(?:timezone\s*(?:to\b|=|(?=interval\b))|time\s+zone\b)\s*(?P<interval>interval\s*)?(?P<zone>{STRING})\s*;?\s*$",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"[+-]?\d{1,2}:\d{2}")


def rewrite_time_zone(code: str, masked: Masked) -> str:
    """Return a SET of the time zone to an offset as PostgreSQL reads it; anything else comes back unchanged.

    >>> from local.redshift.masking import mask
    >>> masked = mask("set timezone to '-8:00'")
    >>> masked.restore(rewrite_time_zone(masked.text, masked))
    "set time zone interval '-8:00' hour to minute"
    >>> masked = mask("set timezone interval '-8 hours'")
    >>> masked.restore(rewrite_time_zone(masked.text, masked))
    "set time zone interval '-8 hours'"
    """
    match = _SET.match(code)
    if not match:
        return code
    if _OFFSET.fullmatch(unquote(masked.restore(match["zone"])).strip()):
        return f"{match['set']}time zone interval {match['zone']} hour to minute"
    return f"{match['set']}time zone interval {match['zone']}" if match["interval"] else code
