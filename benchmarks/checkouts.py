"""A revision of the product on a local stack of its own, used from outside, as its operator does.

In: a revision, None for the files as they are. Out: its folder, its commands, and what its processes use. Nothing of
the revision is imported here: what is measured may have other modules than this one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from benchmarks.sampler import Sampler
from local.home import ROOT

_CACHES = ("aws-venv", "dist/dependencies")  # made from pinned requirements, slow to make
_KEPT = ROOT / ".landfall" / "revisions"  # what other revisions have made of theirs
_TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE_SECONDS = 0.05


@contextmanager
def checked_out(revision: str | None, folder: Path) -> Iterator[Path]:
    """Yield a folder with the files of a revision; for None this checkout, as it is."""
    if revision is None:
        yield ROOT
        return
    tree = folder / "tree"
    kept = _KEPT / _git("rev-parse", revision)
    _git("worktree", "add", "--quiet", "--detach", str(tree), revision)
    try:
        for cache in _CACHES:
            _copy(kept / cache if (kept / cache).exists() else ROOT / ".landfall" / cache, tree / ".landfall" / cache)
        yield tree
        for cache in _CACHES:
            if not (kept / cache).exists():
                _copy(tree / ".landfall" / cache, kept / cache)
    finally:
        _git("worktree", "remove", "--force", str(tree))


def copy_checkout(tree: Path) -> None:
    """Copy this checkout as it is, with what it has made of the pinned requirements."""
    for name in filter(None, _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    for cache in _CACHES:
        _copy(ROOT / ".landfall" / cache, tree / ".landfall" / cache)


def _copy(cache: Path, place: Path) -> None:
    if cache.exists():
        shutil.copytree(cache, place, symlinks=True)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603, S607 - our own words
    return done.stdout.strip()


@dataclass
class RunningStack:
    """A local stack of a checkout, up and deployed."""

    tree: Path
    home: Path
    info: dict[str, Any] = field(default_factory=dict)

    def landfall(self, *arguments: str) -> str:
        """Run one of the checkout's commands; return what it printed."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DBT_", "LANDFALL_"))}
        told = self.info.get("environment", {})
        done = subprocess.run(  # noqa: S603 - the product's own command
            [sys.executable, "-m", "landfall.app", *arguments],
            cwd=self.tree,
            env=own | {"LANDFALL_HOME": str(self.home)} | told,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout

    def client(self, service: str) -> Any:
        """Return a boto3 client of the stack."""
        make: Any = boto3.client  # its stubs know no service by a variable
        return make(
            service,
            endpoint_url=self.info["aws_endpoint_url"],
            region_name=self.info["aws_region"],
            aws_access_key_id=self.info["aws_access_key_id"],
            aws_secret_access_key=self.info["aws_secret_access_key"],
        )

    def output(self, name: str) -> str:
        """Return an output of the deployed stack."""
        [stack] = self.client("cloudformation").describe_stacks(StackName=self.info["stack_name"])["Stacks"]
        [value] = [output["OutputValue"] for output in stack["Outputs"] if output["OutputKey"] == name]
        return str(value)

    @property
    def redshift(self) -> dict[str, Any]:
        """Return what the local Redshift says of itself."""
        facts: dict[str, Any] = json.loads((self.home / "redshift" / "redshift.json").read_text())
        return facts

    def workers(self, function: str) -> list[int]:
        """Return the processes in which local AWS runs a function."""
        server = json.loads((self.home / "info.json").read_text())["processes"]["aws"]["pid"]
        return [pid for pid in _children(server) if f"AWS_LAMBDA_FUNCTION_NAME={function}".encode() in _environ(pid)]


@contextmanager
def running(tree: Path, home: Path) -> Iterator[RunningStack]:
    """Bring up a stack of the checkout, and take it down again."""
    stack = RunningStack(tree, home)
    try:
        stack.landfall("local", "up")
        stack.info = json.loads(stack.landfall("local", "info", "--json"))
        stack.info["environment"] = _exports(stack.landfall("local", "env"))
        yield stack
    finally:
        stack.landfall("local", "down")
        shutil.rmtree(home, ignore_errors=True)


def _exports(shell: str) -> dict[str, str]:
    """Read the lines that `landfall local env` prints for a shell, but for PATH.

    >>> _exports("export A='b c'\\nexport PATH='x':\\"$PATH\\"")
    {'A': 'b c'}
    """
    pairs = (line.removeprefix("export ").partition("=") for line in shell.splitlines())
    return {name: value[1:-1] for name, _, value in pairs if name != "PATH"}


def _children(parent: int) -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(errors="replace").rpartition(") ")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[1]) == parent:
            yield int(stat.parent.name)


def _environ(pid: int) -> Sequence[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return ()


@dataclass
class CpuSampler(Sampler):
    """Reads a function's processor time, time after time; what a process that ended has used stays counted.

    What was used before its beginning does not count, but for a process that starts from then on.
    """

    EVERY_SECONDS = _SAMPLE_SECONDS
    stack: RunningStack
    function: str
    samples: list[tuple[float, float]] = field(default_factory=list)
    _used: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._before = {pid: _cpu_seconds(pid) for pid in self.stack.workers(self.function)}

    def sample(self) -> None:
        """Read each process."""
        for pid in self.stack.workers(self.function):
            self._used[pid] = max(self._used.get(pid, 0.0), _cpu_seconds(pid) - self._before.get(pid, 0.0))
        self.samples.append((time.time(), sum(self._used.values())))

    def until(self, moment: float) -> float:
        """Return the seconds used until a moment (of time.time())."""
        return max((used for at, used in self.samples if at <= moment), default=0.0)


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(") ")[2].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / _TICKS
