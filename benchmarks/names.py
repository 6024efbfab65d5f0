"""What it costs to tell files by their bytes, where their names do not say what they are.

    python -m benchmarks.names --files 200

lands as many files of each kind, with the real function in a process of its own, and prints what each kind took:
parquet that says so, parquet without a suffix, files without a suffix that are no parquet, and files whose names say
another format. The last are opened by nobody.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

from benchmarks.landing import Measured, as_table, draw, run_way, surroundings, task_for
from tests.land.warehouse import Land, new_dataset, parquet

ROWS = 100
Content = Callable[[int], bytes]


def rows_of(number: int) -> bytes:
    """Draw a small parquet file."""
    return parquet(draw(ROWS, number))


def notes(number: int) -> bytes:
    """Write a file that is no parquet, as long as a small one is."""
    return f"note {number}\n".encode() * 500


# The end of the name, what is in the file, and whether its rows land.
KINDS: dict[str, tuple[str, Content, bool]] = {
    "parquet, .parquet": (".parquet", rows_of, True),
    "parquet, no suffix": ("", rows_of, True),
    "no parquet, no suffix": ("", notes, False),
    "no parquet, .txt": (".txt", notes, False),
}


def measure(land: Land, kind: str, files: int) -> Measured:
    """Upload files of a kind to a new dataset and let the function handle their events.

    Raises:
        RuntimeError: another number of rows landed than should.
    """
    suffix, content, lands = KINDS[kind]
    dataset = new_dataset("names")
    uploaded = [land.put(f"raw/{dataset}/{number:06}{suffix}", content(number)) for number in range(files)]
    measured = run_way(land, "landfall", task_for(land, dataset, uploaded))
    expected, found = files * ROWS * lands, land.count(f"landing.{dataset}")
    if found != expected:
        raise RuntimeError(f"{kind}: {found} rows, expected {expected}")
    return measured


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with surroundings() as land:
        results = {kind: measure(land, kind, options.files) for kind in KINDS}
    print(json.dumps(results, indent=2) if options.json else as_table(results))


if __name__ == "__main__":
    main()
