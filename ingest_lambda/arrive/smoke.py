"""LAND: the dataset of the smoke test.

In: nothing. Out: its name and its prefix, which are nobody else's: a key below it is of this dataset whatever the
deployment's pattern says, and what lands there is announced to nobody, so that it starts no transform.
"""

from __future__ import annotations

DATASET = "landfall_smoke"
PREFIX = f"raw/{DATASET}/"


def why_not(name: str | None) -> str | None:
    """Say why a dataset cannot have a name; None where it is not the smoke test's.

    >>> why_not("orders"), why_not("landfall_smoke")
    (None, "'landfall_smoke' is the smoke test's: its tables, and what lands in them, go with every `landfall smoke`")
    """
    if name != DATASET:
        return None
    return f"{name!r} is the smoke test's: its tables, and what lands in them, go with every `landfall smoke`"
