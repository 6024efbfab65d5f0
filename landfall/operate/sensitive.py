"""OPERATE: which tables hold values of sensitive datasets in clear. In: a table, the dbt project. Out: yes or no.

The models' own files say what they read: a table of staging or of the gates is followed down to its sources. One that
cannot be followed is taken for sensitive.
"""

import re
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from scripts.package import ROOT

MODELS = ROOT / "dbt_project" / "models"
READS = re.compile(r"\b(ref|source)\(\s*['\"](\w+)['\"](?:\s*,\s*['\"](\w+)['\"])?\s*\)")


def holds_values(schema: str, table: str, sensitive: Collection[str]) -> bool:
    """Tell whether a table of landing, staging or the gates has values of one of the sensitive datasets.

    >>> holds_values("landing", "orders", {"patients"}), holds_values("staging", "stg_patient_identities", {"patients"})
    (False, True)
    >>> holds_values("gate", "quarantine_orders", {"patients"}), holds_values("gate", "of_somebody", {"patients"})
    (False, True)
    """
    if schema == "landing":
        return table in sensitive
    found = datasets_of(table)
    return bool(sensitive) and (not found or not found.isdisjoint(sensitive))


@cache
def datasets_of(model: str, root: Path = MODELS) -> frozenset[str]:
    """Follow a model down to the datasets that it reads; none where that cannot be told."""
    found: set[str] = set()
    seen: set[str] = set()
    left = [model]
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        for kind, first, second in _reads(name, root):
            if kind == "source":
                found.update({second} if first == "landing" else ())
            else:
                left.append(first)
    return frozenset(found)


def _reads(model: str, root: Path) -> Iterator[tuple[str, str, str]]:
    """Yield what a model's file names: kind, name, a source's table. What macros read beside that is bookkeeping."""
    for path in root.rglob(f"{model}.sql"):
        yield from READS.findall(path.read_text(encoding="utf-8"))
