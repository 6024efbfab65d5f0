"""Where a play and a measurement overlap: the model of `landfall size` beside the local stack, and how far it is off.

    python -m benchmarks.overlap

In: benchmarks/results/growth.json and latency.json, which their commands have recorded. Two figures of the bursts fix
what a load and a file take on that machine: one file alone, and the end of a burst of a thousand. Of lone files the
medians fix what a load and a run take while both go on. All else is predicted. Out: a table, measured beside played.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.growth import FUNCTIONS_AT_ONCE
from benchmarks.latency import percentiles
from benchmarks.plots import RESULTS
from landfall.sizing.assumptions import Limits, Steps
from landfall.sizing.play import Play
from landfall.sizing.scene import Arrivals, Scene, Settings, Volume
from local.home import ROOT

CALIBRATED_FILES = 1_000
MOST_OFF = 0.25
GATHERERS = 1  # of the local event source: local/aws/patches/event_source_batches.py
STEPS_OF_BISECTION = 12
CALIBRATED: Mapping[str, Any] = {"load": "landed_p50_seconds", "run": "modeled_p50_seconds"}


@dataclass(frozen=True)
class Overlap:
    """A figure, measured and played, in seconds or loads."""

    name: str
    measured: float
    played: float
    is_calibrated: bool = False
    aside: str = ""  # why the play is held to nothing here

    @property
    def is_kept(self) -> bool:
        """Whether the play is near enough, where it is held to be."""
        return bool(self.aside) or abs(self.off) <= MOST_OFF

    @property
    def off(self) -> float:
        """How far the play is off, as a share of what was measured.

        >>> Overlap("x", 4.0, 5.0).off
        0.25
        """
        return self.played / self.measured - 1


@dataclass(frozen=True)
class Machine:
    """What a load, a file and a run take on the machine that was measured, in seconds; and its processors."""

    load: float
    file: float
    run: float = 0.0
    processors: int = 2

    @property
    def steps(self) -> Steps:
        """The model's steps: nothing but these."""
        return Steps(
            file_cpu=self.file,
            megabyte_cpu=0,
            s3_request=0,
            cold_start_cpu=0,
            receive=0,
            data_api_call=0,
            calls_a_load=0,
            copy=self.load / 2,
            copy_rate=1e9,
            insert=0,
            insert_rate=1e9,
            commit=0,
            event=0,
            run=self.run,
            run_rate=1e9,
        )


def local_settings() -> Settings:
    """Read what the local stack deploys with, but for the debouncing pause, which benchmarks/latency.py takes out."""
    said = json.loads((ROOT / "infra/cloudformation/parameters/local.json").read_text(encoding="utf-8"))["Parameters"]
    return Settings(
        batching_window_seconds=int(said["BatchingWindowSeconds"]),
        maximum_concurrency=int(said["MaximumConcurrency"]),
        ingest_memory_megabytes=1_769,  # a whole processor: what a file takes is calibrated as it is
        debounce_seconds=0,
    )


def scene(machine: Machine, files: int, settings: Settings) -> Scene:
    """Set the scene of the local stack."""
    limits = replace(Limits(), pollers=GATHERERS, processors=machine.processors)
    return Scene(Volume(files, bytes_per_file=6_000), settings, machine.steps, limits)


def lags_of(machine: Machine, point: Mapping[str, Any]) -> tuple[float, float]:
    """Play a burst, uploaded in as many seconds as the measured one; tell after how long half and all landed."""
    files = int(point["files"])
    comes = np.linspace(0, point["upload_seconds"], files)
    settings = replace(local_settings(), maximum_concurrency=FUNCTIONS_AT_ONCE)
    arrivals = Arrivals(comes, comes, np.zeros(files, dtype=np.int64))
    lags = np.asarray(Play(scene(machine, files, settings), arrivals).run().landed) - comes
    return float(np.median(lags)), float(lags.max())


def calibrate(curve: Mapping[str, Any]) -> Machine:
    """Find what a load and a file take: of one file, and of a burst of CALIBRATED_FILES."""
    points = curve["points"]
    alone = next(each for each in points if each["files"] == 1)
    many = next(each for each in points if each["files"] == CALIBRATED_FILES)
    load = max(0.0, alone["lag_p50_seconds"] - local_settings().batching_window_seconds)
    machine = Machine(load, 0.0, processors=curve["cores"])
    least, most = 0.0, 1.0
    for _ in range(STEPS_OF_BISECTION):
        machine = replace(machine, file=(least + most) / 2)
        is_quick = lags_of(machine, many)[1] < many["lag_most_seconds"]
        least, most = (machine.file, most) if is_quick else (least, machine.file)
    return machine


def of_bursts(growth: Mapping[str, Any]) -> Iterator[Overlap]:
    """Compare how long the files of every burst took, half of them and all.

    A burst whose uploading takes longer than any of its files is none: it is a stream, beside which who uploads, on the
    same processors, is as busy all the while as who lands. That is shown, and the model is not held to it.
    """
    machine = calibrate(growth["bursts"])
    for point in growth["bursts"]["points"]:
        files = int(point["files"])
        half, most = lags_of(machine, point)
        is_alone, is_many = files == 1, files == CALIBRATED_FILES
        name = "a file alone" if is_alone else f"{files:,} files at once"
        aside = "slowly uploaded" if point["upload_seconds"] > point["lag_most_seconds"] else ""
        yield Overlap(f"{name}: half landed after", point["lag_p50_seconds"], half, is_alone, aside)
        yield Overlap(f"{name}: the last after", point["lag_most_seconds"], most, is_alone or is_many, aside)


def of_latency(latency: Mapping[str, Any], processors: int) -> Iterator[Overlap]:
    """Compare lone files, one a second; the medians tell what a load and a run take while both go on.

    Tails are shown, and held to nothing: in the model no step is ever slower than another.
    """
    found = latency["latency"]["now"]
    machine = Machine(0.0, 0.0, processors=processors)
    for step, calibrated in CALIBRATED.items():
        least, most = 0.0, 120.0
        for _ in range(STEPS_OF_BISECTION):
            middle = (least + most) / 2
            machine = replace(machine, load=middle) if step == "load" else replace(machine, run=middle)
            is_quick = play_lone(machine, found["files"])[calibrated] < found[calibrated]
            least, most = (middle, most) if is_quick else (least, middle)
    for name, seconds in play_lone(machine, found["files"]).items():
        aside = "" if "p50" in name else "a tail"
        is_calibrated = name in CALIBRATED.values()
        yield Overlap(f"lone files: {_words(name)}", found[name], seconds, is_calibrated, aside)


def play_lone(machine: Machine, files: int) -> dict[str, float]:
    """Play files that come one a second."""
    comes = np.arange(float(files))
    arrivals = Arrivals(comes, comes, np.zeros(files, dtype=np.int64))
    played = Play(scene(machine, files, local_settings()), arrivals).run()
    return {
        **percentiles("landed", list(np.asarray(played.landed) - comes)),
        **percentiles("modeled", list(np.asarray(played.modeled) - comes)),
    }


def _words(name: str) -> str:
    """Write the name of a figure for people.

    >>> _words("landed_p95_seconds")
    'landed, p95'
    """
    what, percentile, _ = name.split("_")
    return f"{what}, {percentile}"


def found(results: Path = RESULTS) -> list[Overlap]:
    """Compare what has been recorded; nothing where nothing has."""
    overlaps: list[Overlap] = []
    if "bursts" in (growth := _recorded(results / "growth.json")):
        overlaps += of_bursts(growth)
    if latency := _recorded(results / "latency.json"):
        overlaps += of_latency(latency, latency["cores"])
    return overlaps


def _recorded(path: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return result


def table(overlaps: Sequence[Overlap]) -> Iterator[str]:
    """Write them as a table."""
    yield "| | measured | played | off |"
    yield "|---|---:|---:|---:|"
    for each in overlaps:
        off = "calibrated" if each.is_calibrated else f"{each.off:+.0%}{f' ({each.aside})' if each.aside else ''}"
        yield f"| {each.name} | {each.measured:,.1f} | {each.played:,.1f} | {off} |"


def main() -> None:
    """Print the table of docs/performance.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    print("\n".join(table(found())))


if __name__ == "__main__":
    main()
