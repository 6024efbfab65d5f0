"""The functions that queries may call, read from functions.tsv. Every other is refused."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("functions.tsv")
ANY_NUMBER = 10_000


@dataclass(frozen=True, slots=True)
class Function:
    """A row of the table: its columns are explained there."""

    name: str
    kind: str
    fewest: int
    most: int
    result: str
    template: str
    page: str


def read_functions() -> dict[str, Function]:
    """Return the functions by name."""
    with TABLE.open(newline="") as table:
        rows = [row for row in csv.reader(table, delimiter="\t", quoting=csv.QUOTE_NONE) if not row[0].startswith("#")]
    return {
        name: Function(name, kind, int(fewest), ANY_NUMBER if most == "*" else int(most), result, template, page)
        for name, kind, fewest, most, result, template, page in rows
    }


FUNCTIONS = read_functions()
