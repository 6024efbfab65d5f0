"""Landfall beside the loaders that people use instead, side by side in one run, each answer held to the right one.

    python -m benchmarks.peers [--workloads many-rows many-files] [--ways NAME ...] [--json FILE]

brings up a local stack, uploads each workload's files, and lets each way load them into a table of its own: orders,
of which a fifth change what an earlier file brought, some come twice in a file, some come too late, and some files'
events come twice. All ask the same local Redshift. Printed are Markdown tables; --json keeps machine, releases and
commit too.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from benchmarks.changes import scratch_folder
from benchmarks.circumstances import circumstances, parquet
from benchmarks.peers.environments import REQUIREMENTS, interpreter
from benchmarks.peers.surroundings import Surroundings, surroundings
from benchmarks.peers.ways import WAYS, Load, Measured, measure
from benchmarks.peers.workload import Workload
from ingest_lambda.file_version import FileVersion

WORKLOADS = {
    "many-rows": Workload("many_rows", files=200, rows=5_000),
    "many-files": Workload("many_files", files=2_000, rows=100),
    "trial": Workload("trial", files=10, rows=500),
}
FIGURES = (
    ("wall_seconds", "wall s"),
    ("cpu_seconds", "client CPU s"),
    ("database_cpu_seconds", "database CPU s"),
    ("peak_megabytes", "peak MB"),
    ("statements", "statements"),
    ("copies", "COPYs"),
    ("writing_transactions", "commits"),
    ("s3_requests", "S3 requests"),
)


def upload(around: Surroundings, workload: Workload, dataset: str) -> Load:
    """Put the workload's files below a dataset's prefix; return them in the order of their events."""
    client = around.stack.client("s3")
    files = []
    for number, table in enumerate(workload.tables()):
        key, body = f"raw/{dataset}/{number:06}.parquet", parquet(table)
        stored = client.put_object(Bucket=around.bucket, Key=key, Body=body)
        files.append(FileVersion(around.bucket, key, stored["VersionId"], stored["ETag"].strip('"'), len(body)))
    return Load(dataset, [files[number] for number in workload.arrivals()])


def compare(workloads: Sequence[Workload], ways: Sequence[str]) -> Iterator[tuple[str, dict[str, Measured]]]:
    """Let every way load every workload; yield {way: figures} for each workload as it is done."""
    with scratch_folder() as scratch, tempfile.TemporaryDirectory() as samples:
        folder = Path(scratch)
        # A dataset for each of our own ways: what is landed is not landed again.
        own = {way: f"{index}" for index, way in enumerate(way for way in ways if way.startswith("landfall"))}
        datasets = {(each.name, way): f"{each.name}_{number}" for each in workloads for way, number in own.items()}
        declared = {name: Path(samples) / f"{name}.parquet" for name in datasets.values()} or {
            each.name: Path(samples) / f"{each.name}.parquet" for each in workloads
        }
        for file in declared.values():
            pq.write_table(next(workloads[0].tables()), file)
        with surroundings(folder, declared) as around:
            for workload in workloads:
                yield workload.name, dict(_measured(around, workload, ways, datasets))


def _measured(
    around: Surroundings, workload: Workload, ways: Sequence[str], datasets: Mapping[tuple[str, str], str]
) -> Iterator[tuple[str, Measured]]:
    right, load = workload.answer(), None
    for number, way in enumerate(ways):
        if (workload.name, way) in datasets or load is None:
            load = upload(around, workload, datasets.get((workload.name, way), workload.name))
        measured, found = measure(around, WAYS[way], load, f"{workload.name}_by_{number}")
        expected = workload.landed() if WAYS[way].keeps_all_rows else right
        measured["right"] = found == expected
        measured["found"], measured["expected"] = (str(each) for each in (found, expected))
        print(f"{workload.name}: {way}: {json.dumps(measured)}", flush=True)
        yield way, measured


def as_table(figures: Mapping[str, Measured]) -> str:
    """Write a workload's figures as a Markdown table, a row a way."""
    lines = [["way", *(title for _, title in FIGURES), "right"], ["---", *["---:"] * len(FIGURES), "---"]]
    for way, measured in figures.items():
        values = [f"{measured[name]:,.10g}" for name, _ in FIGURES]
        lines.append([way, *values, _answer(measured)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _answer(measured: Measured) -> str:
    if measured["exit_code"]:
        return "**failed**"
    return "yes" if measured["right"] else "**no**"


def releases() -> str:
    """Name the releases of the other loaders."""
    return " ".join(line for file in sorted(REQUIREMENTS.iterdir()) for line in file.read_text().split())


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=["many-rows", "many-files"])
    parser.add_argument("--ways", nargs="+", metavar="NAME", default=list(WAYS), help="beginnings of their names")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file too")
    options = parser.parse_args()
    ways = [name for name in WAYS if any(name.startswith(told) for told in options.ways)]
    for name in {WAYS[way].library for way in ways} - {""}:
        interpreter(name)  # now, and not while others are measured
    before = {**circumstances(), "peers": releases()}
    results = dict(compare([WORKLOADS[name] for name in options.workloads], ways))
    if options.json:
        options.json.write_text(json.dumps({**before, "workloads": results}, indent=2) + "\n", encoding="utf-8")
    for name, figures in results.items():
        print(f"\n## {name.replace('_', ' ')}\n\n{as_table(figures)}")


if __name__ == "__main__":
    main()
