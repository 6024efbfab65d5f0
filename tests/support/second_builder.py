"""A second dbt, in a process of its own: dbt cannot run twice in one."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from tests.support import quick_drivers

PATIENCE_SECONDS = 300.0  # for a busy machine
_PARSED = "partial_parse.msgpack"


@dataclass
class SecondBuilder:
    """Runs dbt commands one after the other, beside whatever runs here."""

    _commands: Connection
    _is_running: bool = False

    def start(self, *arguments: str) -> None:
        """Begin a command, once the one has ended that a failed test did not wait for."""
        if self._is_running:
            self.finish()
        self._commands.send(arguments)
        self._is_running = True

    def finish(self) -> bool:
        """Wait for the command's end, and tell whether it succeeded."""
        if not self._commands.poll(PATIENCE_SECONDS):
            raise TimeoutError("the second dbt does not end")
        self._is_running = False
        return bool(self._commands.recv())

    def run(self, *arguments: str) -> None:
        """Run a command and assert that it succeeded."""
        self.start(*arguments)
        assert self.finish(), arguments


@contextmanager
def second_builder(environment: Mapping[str, str]) -> Iterator[SecondBuilder]:
    """Start the process; it takes over what the first dbt has parsed."""
    target = Path(environment["DBT_TARGET_PATH"])
    own = target.with_name("second-target")
    own.mkdir(parents=True, exist_ok=True)
    shutil.copy(target / _PARSED, own)
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")  # a fork would share the sessions with the warehouse
    process = context.Process(target=_serve, args=(theirs, {**environment, "DBT_TARGET_PATH": str(own)}), daemon=True)
    process.start()
    try:
        yield SecondBuilder(ours)
    finally:
        ours.send(None)
        process.join(PATIENCE_SECONDS)


def _serve(commands: Connection, environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
    quick_drivers.quicken()
    quick_drivers.quicken_dbt()
    parsed = dbtRunner().invoke(["parse", "--quiet"]).result
    assert isinstance(parsed, Manifest)
    while (arguments := commands.recv()) is not None:
        quietly = ("--quiet", "--log-level", "none", "--log-level-file", "none", "--no-write-json")
        commands.send(dbtRunner(manifest=parsed).invoke([*quietly, *arguments]).success)
