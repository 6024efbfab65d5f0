"""What a producer's module says of itself, and docs/producers.md shows: `python -m tests.land.producers.document`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Files = list[tuple[str, bytes]]


@dataclass(frozen=True)
class Modeled:
    """A dataset that `landfall new-dataset` models of a producer's files, by their column `id`.

    `files` writes them, with the help of a folder: their names below the dataset's and what is in them, in the order in
    which they come. The first data file is what `new-dataset` is given.
    """

    name: str
    files: Callable[[Path], Files]


@dataclass(frozen=True)
class Producer:
    """A row of the table of producers.

    `made_by`: the real library with its release, or the page whose layout is made with pyarrow.
    """

    name: str
    made_by: str
    works: str
    to_set: str
    refused: str

    def row(self, module: str) -> str:
        """Write the row; the name links to the module that shows it."""
        link = f"[{self.name}](../tests/land/producers/{module}.py)"
        return f"| {link} | {self.works} | {self.to_set} | {self.refused} | {self.made_by} |"
