"""Processor seconds of the tests, with all that they start: services, PostgreSQL, Lambda functions, commands.

In: folders of tests, and the checkout that they are of. Out: a table, and the same as JSON.

Whatever outlives its parent becomes a child of this process (prctl(2), PR_SET_CHILD_SUBREAPER), which waits for all of
them and asks the kernel for their sum (getrusage(2), RUSAGE_CHILDREN): a figure that depends little on what else runs.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from local.home import ROOT

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_PATIENCE_SECONDS = 60  # for services that were told to end


@dataclass(frozen=True)
class Measured:
    """What the tests of some folders took."""

    tests: str
    cpu_seconds: float
    wall_seconds: float
    exit_code: int


def measure(tree: Path, tests: Sequence[str], options: Sequence[str]) -> Measured:
    """Run pytest in a checkout, wait for all that it has started, and add up."""
    before, started = _children_seconds(), time.monotonic()
    pytest = subprocess.Popen([tree / ".venv" / "bin" / "pytest", *options, *tests], cwd=tree)  # noqa: S603
    exit_code = pytest.wait()
    _wait_for_the_others()
    wall = time.monotonic() - started
    return Measured(" ".join(tests), round(_children_seconds() - before, 1), round(wall, 1), exit_code)


def _wait_for_the_others() -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not ended:
            time.sleep(0.1)
    raise TimeoutError("something that the tests have started does not end")


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Measure each folder by itself; 1 when a test failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tests", nargs="+", help="folders or files; those joined by a comma are one run")
    parser.add_argument("--tree", type=Path, default=ROOT, help="another checkout, with a .venv of its own")
    parser.add_argument("--json", type=Path, help="a file to add a line to, for each run")
    parser.add_argument("--options", default="", help="of pytest, such as '-n 3 --dist loadgroup'")
    told = parser.parse_args()
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this system has no subreapers: Linux is needed")
    found = []
    for tests in told.tests:
        found.append(measure(told.tree, tests.split(","), told.options.split()))
        if told.json:
            with told.json.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(found[-1])) + "\n")
    print("| tests | CPU s | wall s |\n| --- | ---: | ---: |")
    for each in found:
        print(f"| {each.tests} | {each.cpu_seconds:.0f} | {each.wall_seconds:.0f} |")
    return int(any(each.exit_code for each in found))


if __name__ == "__main__":
    sys.exit(main())
