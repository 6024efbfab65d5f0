"""OPERATE: names that nobody knows. In: a name, and those that are known. Out: the one that was probably meant.

A dataset is made by the first file that bears its name, so a typo would be one for good: it is announced.
"""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from ingest_lambda.arrive.lookalikes import lookalike
from ingest_lambda.reconcile.ledger import datasets
from ingest_lambda.warehouse.catalog import landed_datasets

if TYPE_CHECKING:
    from landfall.stack import Stack


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Ask for the known name that resembles `name`; an empty text where none does.

    >>> did_you_mean("pengiuns", ["orders", "penguins"])
    '; did you mean penguins?'
    >>> did_you_mean("claims", ["orders"])
    ''
    """
    alike = lookalike(name, known)
    return f"; did you mean {alike}?" if alike else ""


def typos(stack: "Stack", names: Collection[str], declared: Collection[str]) -> list[str]:
    """Announce the datasets among `names` that nobody knows and that resemble a known one, and how they go again.

    The warehouse is asked only where one is not declared.
    """
    strange = sorted(set(names) - set(declared))
    if not strange:
        return []
    known = {*declared, *landed_datasets(stack.warehouse)}
    asked = {name: did_you_mean(name, known) for name in strange if name not in known}
    return [
        f"new dataset {name}{question} Then `landfall drop-dataset {name}`, when it has landed, takes it away"
        for name, question in asked.items()
        if question
    ]


def unknown(stack: "Stack", name: str, declared: Collection[str]) -> str | None:
    """Say that nothing is known of a dataset, and which there are; None where something is, or it is declared.

    The warehouse is asked only where it is not declared.
    """
    if name in declared or name in datasets(stack.warehouse):
        return None
    known = {*declared, *landed_datasets(stack.warehouse)}
    others = f" There are {', '.join(sorted(known))}" if known else " None has landed yet"
    return f"no dataset {name} is known{did_you_mean(name, known) or '.'}{others}"
