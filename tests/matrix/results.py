"""What the matrix found: one row a writer and type, recorded in results.tsv beside this module."""

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

RESULTS = Path(__file__).with_name("results.tsv")


@dataclass(frozen=True)
class Result:
    """What became of one type of a writer: the landing column's type, and whether it is equal."""

    writer: str
    version: str
    type: str
    lands_as: str
    outcome: str


def write_results(results: Iterable[Result]) -> None:
    """Record results, the writers in the order of their names."""
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter="\t", lineterminator="\n")
        rows.writerow(field.name for field in fields(Result))
        rows.writerows(astuple(one) for one in sorted(results, key=lambda one: one.writer))


def read_results() -> list[Result]:
    """Read what was recorded last."""
    with RESULTS.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t")
        next(rows)
        return [Result(*row) for row in rows]
