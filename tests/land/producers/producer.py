"""What a producer's module says of itself, and docs/producers.md shows: `python -m tests.land.producers.document`."""

from dataclasses import dataclass


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
