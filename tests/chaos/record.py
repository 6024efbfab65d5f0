"""What storms have been played, and the tables of it that docs/reliability.md shows.

`python -m tests.chaos.record` prints the tables. In: runs, each of a layer's seeds from one on, with what they had and
which of them failed; mutations, each with the seed that found it. Out: benchmarks/results/storms.json, where a run of
the same first seed takes the place of the one before.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.circumstances import circumstances
from local.home import ROOT

RESULTS = ROOT / "benchmarks" / "results" / "storms.json"


@dataclass(frozen=True)
class Recorder:
    """Writes runs to a file; of no file it writes none."""

    path: Path | None

    def run(self, layer: str, seed: int, schedules: int, had: Mapping[str, int], failed: Sequence[int]) -> None:
        """Record a run; one of the same layer that began with the same seed is replaced."""
        if self.path is None or not schedules:
            return
        kept = recorded(self.path)
        others = [run for run in kept["runs"] if (run["layer"], run["seed"]) != (layer, seed)]
        run = {"layer": layer, "seed": seed, "schedules": schedules, "failed": list(failed), "had": dict(had)}
        kept["runs"] = sorted([*others, run | circumstances()], key=lambda each: (each["layer"], each["seed"]))
        _write(self.path, kept)

    def mutation(self, name: str, layer: str, promise: str, seed: int) -> None:
        """Record which seed has found a mutation."""
        if self.path is None:
            return
        kept = recorded(self.path)
        kept["mutations"][name] = {"layer": layer, "promise": promise, "seed": seed} | circumstances()
        _write(self.path, kept)


def recorded(path: Path) -> dict[str, Any]:
    """Read what has been recorded; nothing, where there is no file."""
    if not path.exists():
        return {"runs": [], "mutations": {}}
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return kept


def _write(path: Path, kept: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def table(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Write runs as a table, a line a layer.

    >>> runs = [{"layer": "sql", "seed": 1, "schedules": 2, "failed": [2], "had": {"files": 1234}}]
    >>> print(list(table(runs))[-1])
    | `sql` | 2 | 1 to 2 | 1,234 files | 2 |
    """
    yield "| layer | schedules | seeds | with | failed |"
    yield "|---|---:|---|---|---|"
    for layer in dict.fromkeys(run["layer"] for run in runs):
        of_layer = [run for run in runs if run["layer"] == layer]
        had: Counter[str] = sum((Counter(run["had"]) for run in of_layer), Counter())
        spans = ranges((run["seed"], run["seed"] + run["schedules"] - 1) for run in of_layer)
        seeds = ", ".join(f"{first} to {last}" for first, last in spans)
        failed = ", ".join(str(seed) for run in of_layer for seed in run["failed"]) or "none"
        words = ", ".join(f"{number:,} {what}" for what, number in had.items() if not what.startswith("amid "))
        yield f"| `{layer}` | {sum(run['schedules'] for run in of_layer):,} | {seeds} | {words} | {failed} |"


def ranges(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join spans of seeds, both ends among them, where one begins behind the other.

    >>> ranges([(3, 4), (1, 2), (9, 9)])
    [(1, 4), (9, 9)]
    """
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and joined[-1][1] + 1 == first:
            first, _ = joined.pop()
        joined.append((first, last))
    return joined


def table_of_mutations(mutations: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Write which seed has found what is broken as a table.

    >>> print(list(table_of_mutations({"x": {"layer": "core", "promise": "all is well", "seed": 7}}))[-1])
    | x | all is well | `core` | 7 |
    """
    yield "| mutation | breaks the promise that | layer | found by seed |"
    yield "|---|---|---|---:|"
    for name, found in mutations.items():
        yield f"| {name} | {found['promise']} | `{found['layer']}` | {found['seed']} |"


def main() -> None:
    """Print the tables."""
    argparse.ArgumentParser(prog="tests.chaos.record", description="Print what storms have been played.").parse_args()
    kept = recorded(RESULTS)
    print("\n".join([*table(kept["runs"]), "", *table_of_mutations(kept["mutations"])]))


if __name__ == "__main__":
    main()
