"""OPERATE, catalog: how Athena finds a partition's folder from its value. Pure.

In: the texts that the folders of each partition column have. Out: its projection, which finds each of them.
https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping

# What a projection can list, and what needs no escape in a path; `__HIVE_DEFAULT_PARTITION__` is where NULLs are.
PLAIN = re.compile(r"[\w.-][\w. -]*")
# https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html (Parameters)
LONGEST_PARAMETER = 512_000
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
NUMBER = re.compile(r"\d+", re.ASCII)
BIGGEST = 2**63 - 1
DAYS_AHEAD = 366  # at most: a day that is farther off is a mark such as 9999-12-31, and no range goes so far
YEARS_AHEAD = 10  # a query of a year that no file has costs a listing; a year beyond the range would find nothing
RANGES = {"month": (1, 12), "day": (1, 31), "hour": (0, 23)}


def project(texts: Mapping[str, Collection[str]], today: dt.date) -> dict[str, dict[str, str]]:
    """Project each partition column, so that no folder is out of a query's sight.

    Days go to tomorrow at least, years ten ahead, months, days and hours over all that there can be; of others, and of
    those that are not spelt alike, the very texts are listed.

    >>> today = dt.date(2026, 2, 1)
    >>> project({"year": {"999", "2026"}, "month": {"01", "12"}}, today)
    {'year': {'type': 'integer', 'range': '999,2036'}, 'month': {'type': 'integer', 'range': '1,12', 'digits': '2'}}
    >>> project({"day": {"2026-01-01", "2026-01-09"}}, today), project({"day": {"2026-02-03"}}, today)
    ... # doctest: +NORMALIZE_WHITESPACE
    ({'day': {'type': 'date', 'format': 'yyyy-MM-dd', 'range': '2026-01-01,NOW+1DAYS'}},
     {'day': {'type': 'date', 'format': 'yyyy-MM-dd', 'range': '2026-02-03,NOW+2DAYS'}})
    >>> project({"day": {"2026-01-01", "9999-12-31"}, "month": {"1", "02"}}, today)
    {'day': {'type': 'enum', 'values': '2026-01-01,9999-12-31'}, 'month': {'type': 'enum', 'values': '02,1'}}
    >>> project({"hour": {"24"}, "region": {"EU", "US"}}, today)
    {'hour': {'type': 'enum', 'values': '24'}, 'region': {'type': 'enum', 'values': 'EU,US'}}

    Raises:
        ValueError: which text no projection can list.
    """
    return {name: _days(found, today) or _numbers(name, found) or listed(found) for name, found in texts.items()}


def listed(texts: Collection[str]) -> dict[str, str]:
    """Project a partition by the very texts that there are.

    >>> listed(["2026-11-28", "2999-01-01"])
    {'type': 'enum', 'values': '2026-11-28,2999-01-01'}

    Raises:
        ValueError: which text no projection can list, or that there are too many.
    """
    if strange := sorted(text for text in texts if not PLAIN.fullmatch(text)):
        raise ValueError(f"a partition's text that no projection can list: {strange[0]!r}")
    values = ",".join(sorted(texts))
    if len(values) > LONGEST_PARAMETER:
        raise ValueError(f"{len(texts):,} texts of a partition, more than a projection can list")
    return {"type": "enum", "values": values}


def _days(texts: Collection[str], today: dt.date) -> dict[str, str]:
    if not all(DAY.fullmatch(text) and _is_date(text) for text in texts):
        return {}
    ahead = max((dt.date.fromisoformat(max(texts)) - today).days, 1)
    if ahead > DAYS_AHEAD:
        return {}
    return {"type": "date", "format": "yyyy-MM-dd", "range": f"{min(texts)},NOW+{ahead}DAYS"}


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _numbers(name: str, texts: Collection[str]) -> dict[str, str]:
    """Project numbers that are all spelt alike: as they are, or with zeros before them to one length."""
    if name not in (*RANGES, "year") or not all(NUMBER.fullmatch(text) for text in texts):
        return {}
    low, high = min(map(int, texts)), max(map(int, texts))
    if name == "year":
        first, last = low, high + YEARS_AHEAD
    else:
        first, last = RANGES[name]
    is_plain = all(text == str(int(text)) for text in texts)
    is_alike = len({len(text) for text in texts}) == 1
    if low < first or high > last or last > BIGGEST or not (is_plain or is_alike):
        return {}
    width = len(max(texts))
    # 10, 11, 12 are spelt as 01 would be, and as 1 would be: most writers put zeros before.
    is_padded = not is_plain or (is_alike and name != "year" and width == len(str(last)))
    return {"type": "integer", "range": f"{first},{last}", **({"digits": str(width)} if is_padded else {})}
