"""A producer's files on their way: stored in the bucket under the names it gives them, and announced one by one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.load.outcomes import FileOutcome
from tests.land.warehouse import Function, Land


@dataclass
class Arrivals:
    """A function that gets a producer's files, and what became of each by its name."""

    land: Land
    function: Function
    ends: dict[str, FileOutcome] = field(default_factory=dict)

    def put(self, key: str, content: bytes | pa.Table, **options: Any) -> FileOutcome:
        """Store one object, and announce it."""
        [outcome] = self.function.receive(self.land.put(key, content, **options))
        self.ends[key] = outcome
        return outcome

    def put_all(self, prefix: str, folder: Path, paths: Iterable[Path]) -> dict[str, FileOutcome]:
        """Store files by their names below a folder, and announce each as it comes."""
        return {
            path.relative_to(folder).as_posix(): self.put(f"{prefix}{path.relative_to(folder)}", path.read_bytes())
            for path in paths
        }


def said(table: pa.Table, words: Mapping[str, str]) -> pa.Table:
    """Give a file the words that its writer leaves in the footer."""
    return table.replace_schema_metadata(dict(words))


def statuses(ends: Mapping[str, FileOutcome]) -> dict[str, str]:
    """Say what became of each: its reason where it was rejected."""
    return {name: str(end.reason) if end.status.value == "rejected" else end.status.value for name, end in ends.items()}
