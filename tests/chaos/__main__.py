"""Play storms: `python -m tests.chaos --layer core --seed 1 --minutes 5`.

In: a layer, the first seed, how many schedules or how many minutes. Out: a line a failing seed with the command that
plays it again, and the count; with `--record FILE` the count is kept there too. Exit code 1 where a seed failed.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.chaos.layers import LAYERS, Play
from tests.chaos.record import Recorder
from tests.support import quick_drivers, run_folder

SHOWN = 3  # failures whose trace is shown
SAID_EVERY = 100


def main(arguments: list[str] | None = None) -> int:
    """Play; return the exit code."""
    options = _options(arguments)
    quick_drivers.quicken()
    run_folder.begin()
    try:
        layers = list(LAYERS) if options.layer == "all" else [options.layer]
        failed = [storm(layer, options) for layer in layers]
    finally:
        run_folder.end(run_folder.folder())
    return 1 if any(failed) else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.chaos", description="Play seeded storms against Landfall.")
    parser.add_argument("--layer", choices=["all", *LAYERS], default="all")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (default 1)")
    parser.add_argument("--schedules", type=int, default=10**9, help="how many seeds, at most")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long a layer plays, at most (default 1)")
    parser.add_argument("--stop", action="store_true", help="end at the first failure")
    parser.add_argument("--record", type=Path, help="a file of JSON that keeps what was played (tests/chaos/record.py)")
    return parser.parse_args(arguments)


def storm(layer: str, options: argparse.Namespace) -> list[int]:
    """Play a layer until the time or the seeds are over; return the seeds that failed."""
    said = sys.stderr
    failed: list[int] = []
    played, had = 0, Counter[str]()
    recorder = Recorder(options.record)
    with LAYERS[layer]() as play:
        began, cpu = time.monotonic(), time.process_time()
        for seed in range(options.seed, options.seed + options.schedules):
            if time.monotonic() - began > 60 * options.minutes:
                break
            played += 1
            had += _play(play, layer, seed, failed)
            if played % SAID_EVERY == 0:
                print(f"{layer}: {played} schedules, {len(failed)} failed", file=said, flush=True)
                recorder.run(layer, options.seed, played, had, failed)
            if failed and options.stop:
                break
        spent, own = time.monotonic() - began, time.process_time() - cpu
    recorder.run(layer, options.seed, played, had, failed)
    counted = ", ".join(f"{number} {what}" for what, number in had.items())
    print(
        f"{layer}: {played} schedules from seed {options.seed} on, with {counted}, in {spent:.0f} s "
        f"({own:.0f} s of this process's CPU); failed: {failed or 'none'}",
        file=said,
        flush=True,
    )
    return failed


def _play(play: Play, layer: str, seed: int, failed: list[int]) -> Counter[str]:
    try:
        return play(seed)
    except Exception:  # whatever it is, this seed has found it
        failed.append(seed)
        again = f"make chaos LAYER={layer} SEED={seed} SCHEDULES=1"
        print(f"{layer}: seed {seed} fails; again: {again}", file=sys.stderr, flush=True)
        if len(failed) <= SHOWN:
            traceback.print_exc()
        return Counter()


if __name__ == "__main__":
    sys.exit(main())
