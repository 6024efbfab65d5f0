"""Calls that Redshift and PostgreSQL write or mean differently, rewritten argument by argument.

In: masked SQL. Out: masked SQL. What can be a function in PostgreSQL is one (see prelude/): here is only what needs the
grammar (a date part without quotes, WITHIN GROUP) or changes the meaning of a name that PostgreSQL has too. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from local.redshift.brackets import closing, rewrite_calls, split_commas
from local.redshift.errors import RedshiftError

DATE_PART = (
    r"(?:millenni(?:um|a)|mil|mils|centur(?:y|ies)|c|cent|cents|decades?|decs?|epoch|years?|y|yrs?|quarters?|qtrs?"
    r"|months?|mons?|weeks?|w|dayofweek|dow|dw|weekday|dayofyear|doy|dy|yearday|days?|d|hours?|h|hrs?|minutes?|m|mins?"
    r"|seconds?|s|secs?|milliseconds?|ms|msecs?|msecond|microseconds?|us|microsecs?|usecs?|timezone)"
)
_PART_FIRST = re.compile(rf"\b(dateadd|date_add|datediff|date_diff|date_part|datepart)\s*\(\s*({DATE_PART})\s*,", re.I)
_EXTRACT = re.compile(rf"\bextract\s*\(\s*({DATE_PART})\s+from\b", re.IGNORECASE)
_LISTAGG = re.compile(r"\blistagg\s*\(", re.IGNORECASE)
_WITHIN_GROUP = re.compile(r"\s*within\s+group\s*\(\s*", re.IGNORECASE)
_TRY_CAST = re.compile(r"^(.*)\s+as\s+([\w\s]+(?:\([\d\s,]+\))?)$", re.IGNORECASE | re.DOTALL)


def rewrite_functions(text: str) -> str:
    """Apply every rule of this module.

    >>> rewrite_functions("select dateadd(day, 1, getdate()), extract(year from d)")
    "select dateadd('day', 1, getdate()), rs_extract('year', d)"
    """
    text = _PART_FIRST.sub(lambda match: f"{match[1]}('{match[2].lower()}',", text)
    text = _EXTRACT.sub(lambda match: f"rs_extract('{match[1].lower()}',", text)
    text = rewrite_listagg(text)
    for name, rewriter in _REWRITERS.items():
        text = rewrite_calls(text, name, rewriter)
    return text


def rewrite_listagg(text: str) -> str:
    """Write LISTAGG as STRING_AGG.

    >>> rewrite_listagg("listagg(distinct f(a), x) within group (order by f(a)) over (partition by b)")
    'string_agg(distinct (f(a))::text, x order by (f(a))::text) over (partition by b)'
    """
    for match in reversed(list(_LISTAGG.finditer(text))):
        end = closing(text, match.end() - 1)
        arguments = split_commas(text[match.end() : end])
        distinct = re.match(r"distinct\s+", arguments[0], re.IGNORECASE)
        measure = arguments[0][distinct.end() :] if distinct else arguments[0]
        order, rest = "", end + 1
        within = _WITHIN_GROUP.match(text, end + 1)
        if within:
            opening = text.index("(", end + 1)
            rest = closing(text, opening) + 1
            order = " " + text[within.end() : rest - 1].strip()
            if distinct:  # PostgreSQL sorts distinct values by the very expression it aggregates
                order = re.sub(rf"(?i)(order\s+by\s+){re.escape(measure)}(?!\w)", rf"\1({measure})::text", order)
        delimiter = arguments[1] if len(arguments) > 1 else "''"
        word = "distinct " if distinct else ""
        text = f"{text[: match.start()]}string_agg({word}({measure})::text, {delimiter}{order}){text[rest:]}"
    return text


def _nvl(arguments: Sequence[str]) -> str:
    return f"coalesce({', '.join(arguments)})"


def _nvl2(arguments: Sequence[str]) -> str | None:
    if len(arguments) != 3:
        return None
    subject, filled, empty = arguments
    return f"case when ({subject}) is not null then {filled} else {empty} end"


def _decode(arguments: Sequence[str]) -> str | None:
    """DECODE(expression, search, result, ... [, default]); NULL equals NULL in it."""
    if len(arguments) < 3:
        return None
    subject, *rest = arguments
    default = f" else {rest.pop()}" if len(rest) % 2 else ""
    pairs = zip(rest[::2], rest[1::2], strict=True)
    cases = " ".join(f"when ({subject}) is not distinct from ({search}) then {result}" for search, result in pairs)
    return f"case {cases}{default} end"


def _concat(arguments: Sequence[str]) -> str:
    """CONCAT takes two arguments and is NULL if one is (PostgreSQL's skips NULLs)."""
    if len(arguments) != 2:
        raise RedshiftError(f"function concat with {len(arguments)} arguments does not exist", "42883")
    return f"(({arguments[0]})::text || ({arguments[1]})::text)"


def _regexp_replace(arguments: Sequence[str]) -> str | None:
    """REGEXP_REPLACE replaces every match (PostgreSQL's only the first)."""
    if len(arguments) == 2:
        return f"regexp_replace({', '.join(arguments)}, '', 'g')"
    return f"regexp_replace({', '.join(arguments)}, 'g')" if len(arguments) == 3 else None


def _try_cast(arguments: Sequence[str]) -> str | None:
    match = _TRY_CAST.match(", ".join(arguments))
    if not match:
        return None
    value, target = f"({match[1]})::text", match[2].strip()
    # the cast stands outside: PostgreSQL evaluates a cast of a constant while it plans, in a branch not taken too
    return f"(case when pg_input_is_valid({value}, '{target}') then {value} end)::{target}"


_BARE_TYPE = re.compile(r"^(.*\bas)\s+(?:(text|varchar|character\s+varying)|(decimal|numeric))$", re.I | re.S)


def _cast(arguments: Sequence[str]) -> str | None:
    """CAST to a type without length gives the length that Redshift gives it."""
    match = _BARE_TYPE.match(", ".join(arguments))
    return f"cast({match[1]} {'varchar(256)' if match[2] else 'numeric(18,0)'})" if match else None


_REWRITERS = {
    "cast": _cast,
    "nvl": _nvl,
    "nvl2": _nvl2,
    "decode": _decode,
    "concat": _concat,
    "regexp_replace": _regexp_replace,
    "try_cast": _try_cast,
}
