"""MERGE as Redshift restricts it: one update or delete, one insert, no conditions, no alias of the target.

In: masked SQL. Out: nothing, or a RedshiftError. Pure.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_MERGE.html
"""

from __future__ import annotations

import re

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.masking import NAME

_MERGE = re.compile(rf"^\s*merge\s+into\s+(?P<target>{NAME})\s+(?P<rest>.*)$", re.IGNORECASE | re.DOTALL)
_WHEN = re.compile(r"\bwhen\s+(?P<negated>not\s+)?matched\b(?P<condition>.*?)\bthen\s+(?P<action>\w+)", re.I | re.S)


def refuse_unsupported_merge(text: str) -> None:
    """Refuse a MERGE that PostgreSQL would run and Redshift would not.

    >>> refuse_unsupported_merge("merge into t using s on t.a = s.a when matched then update set b = s.b "
    ...                          "when not matched then insert values (s.a, s.b)")

    Raises:
        RedshiftError: what Redshift does not take.
    """
    match = _MERGE.match(text)
    if not match:
        return
    rest = match["rest"]
    if not re.match(r"using\b", rest, re.IGNORECASE):
        raise RedshiftError(f'syntax error at or near "{rest.split()[0]}"', SYNTAX_ERROR)
    if re.search(r"\bremove\s+duplicates\s*$", rest, re.IGNORECASE):
        raise RedshiftError("MERGE ... REMOVE DUPLICATES is not offered by the local Redshift")
    branches = list(_WHEN.finditer(rest))
    for branch in branches:
        if branch["condition"].strip():
            raise RedshiftError(f'syntax error at or near "{branch["condition"].split()[0]}"', SYNTAX_ERROR)
        if branch["action"].lower().startswith("do"):
            raise RedshiftError('syntax error at or near "do"', SYNTAX_ERROR)
    negated = [bool(branch["negated"]) for branch in branches]
    if sorted(negated) != [False, True]:
        raise RedshiftError("MERGE needs exactly one WHEN MATCHED and one WHEN NOT MATCHED clause", SYNTAX_ERROR)
