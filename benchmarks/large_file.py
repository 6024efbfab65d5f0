"""What it takes to land one large file on either load path.

    python -m benchmarks.large_file --megabytes 300

lands two files of the same rows: COPY reads one of them right, the other has nanoseconds, so that the function rewrites
it. Started and measured as benchmarks/landing.py does.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from benchmarks.landing import Measured, as_table, draw, run_way, surroundings, task_for
from ingest_lambda.file_version import FileVersion
from tests.land.warehouse import Land, new_dataset

BYTES_PER_ROW = 33  # of `draw`, compressed
ROW_GROUP_ROWS = 500_000
UNITS = {"as_is": "us", "canonical": "ns"}


def write(path: Path, megabytes: int, unit: str) -> int:
    """Write a file of about so many megabytes with timestamps of the unit; return its rows."""
    groups = max(1, megabytes * 1_000_000 // BYTES_PER_ROW // ROW_GROUP_ROWS)
    schema = draw(1, 0).schema
    at = schema.get_field_index("updated_at")
    schema = schema.set(at, pa.field("updated_at", pa.timestamp(unit)))
    with pq.ParquetWriter(path, schema) as writer:
        for group in range(groups):
            writer.write_table(draw(ROW_GROUP_ROWS, group).cast(schema))
    return groups * ROW_GROUP_ROWS


def measure(land: Land, path: str, megabytes: int) -> Measured:
    """Land one file on the path.

    Raises:
        RuntimeError: it took another path, or not every row is there.
    """
    dataset = new_dataset("bench")
    key = f"raw/{dataset}/large.parquet"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large.parquet"
        rows = write(file, megabytes, UNITS[path])
        size = file.stat().st_size
        with file.open("rb") as body:
            stored = land.client("s3").put_object(Bucket=land.bucket, Key=key, Body=body)
    version = FileVersion(land.bucket, key, stored["VersionId"], size=size)
    measured = run_way(land, "landfall", task_for(land, dataset, [version]))
    [landed] = land.rows(f"select load_path, row_count from ledger.{dataset}")  # noqa: S608 - our own name
    if (landed["load_path"], landed["row_count"]) != (path, rows):
        raise RuntimeError(f"{path}: {landed}, expected {rows} rows")
    return {"megabytes": round(size / 1e6), "rows": rows} | measured


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=300)
    options = parser.parse_args()
    with surroundings() as land:
        print(as_table({path: measure(land, path, options.megabytes) for path in UNITS}))


if __name__ == "__main__":
    main()
