"""OPERATE: what a rejection says, wherever people look. In: a verdict, as landing keeps it. Out: facts, and lines.

`plan`, `upload` and `history` tell the same of a file, in the same order.
"""

from collections.abc import Mapping
from typing import Any

from ingest_lambda.legible import visible

FACTS = ("column", "row", "found", "expected", "remedy")


def facts(verdict: Mapping[str, Any] | None) -> dict[str, Any]:
    """Pick what the producer needs, for JSON; of a file that was not rejected all of it is None.

    >>> facts({"reason": "oversize_value", "column": "name", "row": 2})["row"]
    2
    """
    said = verdict or {}
    return {name: said.get(name) for name in FACTS}


def lines(name: str, verdict: Mapping[str, Any]) -> list[str]:
    """Say for people why a file was rejected, and what to do.

    >>> for line in lines("a.parquet", {"reason": "oversize_value", "detail": "too long", "row": 2}): print(line)
    a.parquet: oversize_value: too long
      row       2
    """
    told = [f"  {fact:<9} {value}" for fact, value in facts(verdict).items() if value is not None]
    return [visible(f"{name}: {verdict.get('reason')}: {verdict.get('detail')}"), *told]
