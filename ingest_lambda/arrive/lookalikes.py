"""LAND: names that resemble others. In: a name that nobody knows, those that are known. Out: the likely one. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

ALIKE = 0.8  # of 1.0: one letter of five is another, or two of ten stand in each other's place


def lookalike(name: str, known: Iterable[str]) -> str | None:
    """Find the known name that resembles `name` most; None where none does.

    >>> lookalike("pengiuns", ["orders", "penguins"]), lookalike("claims", ["orders", "claims"])
    ('penguins', None)
    """
    return next(iter(get_close_matches(name, sorted(set(known) - {name}), n=1, cutoff=ALIKE)), None)
