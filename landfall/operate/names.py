"""OPERATE: names that nobody knows. In: a name, and those that are known. Out: the one that was probably meant.

A dataset is made by the first file that bears its name, so a typo would be one for good: it is announced.
"""

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ingest_lambda.reconcile.ledger import datasets

if TYPE_CHECKING:
    from landfall.stack import Stack

ALIKE = 0.8  # of 1.0: one letter of five is another, or two of ten stand in each other's place


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Ask for the known name that resembles `name`; an empty text where none does.

    >>> did_you_mean("pengiuns", ["orders", "penguins"])
    '; did you mean penguins?'
    >>> did_you_mean("claims", ["orders"])
    ''
    """
    alike = get_close_matches(name, sorted(set(known) - {name}), n=1, cutoff=ALIKE)
    return f"; did you mean {alike[0]}?" if alike else ""


def typos(stack: "Stack", names: Collection[str], declared: Collection[str]) -> list[str]:
    """Announce the datasets among `names` that nobody knows and that resemble a known one.

    The warehouse is asked only where one is not declared.
    """
    strange = sorted(set(names) - set(declared))
    if not strange:
        return []
    known = {*declared, *datasets(stack.warehouse)}
    asked = {name: did_you_mean(name, known) for name in strange if name not in known}
    return [f"new dataset {name}{question}" for name, question in asked.items() if question]


def unknown(stack: "Stack", name: str, declared: Collection[str]) -> str | None:
    """Say that nothing is known of a dataset, and which there are; None where something is.

    Ask where no file of it has landed or been rejected.
    """
    known = {*declared, *datasets(stack.warehouse)}
    if name in known:
        return None
    return f"no dataset {name} is known{did_you_mean(name, known) or '.'} There are {', '.join(sorted(known))}"
