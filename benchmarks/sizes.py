"""What `landfall size` says of the volumes that docs/costs.md shows: kept as JSON, printed as its tables.

    python -m benchmarks.sizes [--json benchmarks/results/sizes.json]

Nothing is measured: a model is played (landfall/sizing), so that the same release says the same on every machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from local.home import ROOT

RESULTS = ROOT / "benchmarks" / "results" / "sizes.json"
# Title: the command's arguments.
VOLUMES: Mapping[str, Sequence[str]] = {
    "10,000 files a day (10 GB, 5 datasets)": (
        *("--files-per-day", "10000", "--rows-per-file", "10000", "--bytes-per-file", "1000000", "--datasets", "5"),
    ),
    "500 million rows a month (10,000 files a day, 5 datasets)": (
        *("--files-per-day", "10000", "--rows-per-file", "1644", "--datasets", "5"),
    ),
    "100,000 files a day (100 GB, 10 datasets)": (
        *("--files-per-day", "100000", "--rows-per-file", "10000", "--bytes-per-file", "1000000", "--datasets", "10"),
    ),
    "1,000,000 files a day (500 GB, 20 datasets)": (
        *("--files-per-day", "1000000", "--rows-per-file", "5000", "--bytes-per-file", "500000", "--datasets", "20"),
        *("--modeled-within", "30"),
    ),
}
INCIDENTS: Mapping[str, Sequence[str]] = {
    "six hours without a warehouse, 100,000 files a day": (
        *("--files-per-day", "100000", "--rows-per-file", "10000", "--bytes-per-file", "1000000", "--datasets", "10"),
        *("--outage-hours", "6"),
    ),
    "a million files sent again, 100 a second, beside 10,000 a day": (
        *("--files-per-day", "10000", "--rows-per-file", "1000", "--datasets", "5", "--replay", "1000000"),
    ),
}


def play(arguments: Sequence[str]) -> dict[str, Any]:
    """Ask the command, which exits 1 where nothing keeps the aim; leave out what it rests on."""
    command = [sys.executable, "-m", "landfall.app", "size", *arguments, "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - ourselves
    told = json.loads(done.stdout)
    return {"arguments": list(arguments), "choices": told["choices"], "incidents": told["incidents"]}


def table(volumes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Write what each volume gives as it is deployed, and as it is best set."""
    yield "| volume | set | loads a day | runs | landed after | modeled after | US$ a month |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for title, told in volumes.items():
        for choice in told["choices"]:
            if choice["is_chosen"] or choice["name"] == "as it is deployed":
                landed, modeled = (_minutes(choice[f"{what}_seconds"]["p95"]) for what in ("landed", "modeled"))
                counts = f"{choice['loads_a_day']:,} | {choice['runs_a_day']:,}"
                dollars = sum(choice["usd_a_month"].values())
                yield f"| {title} | {choice['name']} | {counts} | {landed} | {modeled} | {dollars:,.0f} |"
                title = ""


def incidents(told: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Write what each incident does, under the settings that its volume needs."""
    yield "| what happens | files | of them dead-lettered | waiting at most | all landed after its end | US$ more |"
    yield "|---|---:|---:|---:|---:|---:|"
    for title, each in told.items():
        for found in each["incidents"]:
            counts = " | ".join(f"{found[name]:,}" for name in ("files", "dead_letters", "backlog_peak"))
            yield f"| {title} | {counts} | {_minutes(found['over_after_seconds'])} | {found['usd']:,.2f} |"


def _minutes(seconds: float) -> str:
    """Write seconds for a table.

    >>> _minutes(18.4), _minutes(150)
    ('18 s', '2.5 min')
    """
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def main() -> None:
    """Play all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file too")
    options = parser.parse_args()
    results = {
        name: {title: play(arguments) for title, arguments in of.items()}
        for name, of in (("volumes", VOLUMES), ("incidents", INCIDENTS))
    }
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print("\n".join([*table(results["volumes"]), "", *incidents(results["incidents"])]))


if __name__ == "__main__":
    main()
