"""A second dbt, in a process of its own: dbt cannot run twice in one."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from dbt.cli.main import dbtRunner

from tests.support import parses, quick_drivers
from tests.support.model_warehouse import ModelWarehouse

PATIENCE_SECONDS = 300.0  # for a busy machine


@dataclass
class SecondBuilder:
    """Runs dbt commands one after the other, beside whatever runs here."""

    _commands: Connection
    is_running: bool = False

    def start(self, *arguments: str) -> None:
        """Begin a command, once the one has ended that a failed test did not wait for."""
        if self.is_running:
            self.finish()
        self._commands.send(arguments)
        self.is_running = True

    def finish(self) -> bool:
        """Wait for the command's end, and tell whether it succeeded."""
        if not self._commands.poll(PATIENCE_SECONDS):
            raise TimeoutError("the second dbt does not end")
        self.is_running = False
        return bool(self._commands.recv())

    def has_ended(self) -> bool:
        """Tell whether the command that was begun is over."""
        return self._commands.poll()

    def finish_if_running(self) -> None:
        """Wait for the end of a command that may have been begun, however it ends."""
        if self.is_running:
            self.finish()

    def run(self, *arguments: str) -> None:
        """Run a command and assert that it succeeded."""
        self.start(*arguments)
        assert self.finish(), arguments


@contextmanager
def second_builder(warehouse: ModelWarehouse) -> Iterator[SecondBuilder]:
    """Start the process; it takes over what the first dbt has parsed."""
    own = Path(warehouse.environment["DBT_TARGET_PATH"]).with_name("second-target")
    environment = {**warehouse.environment, "DBT_TARGET_PATH": str(own)}
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")  # a fork would share the sessions with the warehouse
    assert warehouse.manifest is not None
    parsed = parses.written(warehouse.manifest)
    process = context.Process(target=_serve, args=(theirs, environment, parsed), daemon=True)
    process.start()
    try:
        yield SecondBuilder(ours)
    finally:
        ours.send(None)
        process.join(PATIENCE_SECONDS)


def _serve(commands: Connection, environment: Mapping[str, str], parsed: bytes) -> None:
    os.environ.update(environment)
    quick_drivers.quicken()
    quick_drivers.quicken_dbt()
    manifest = parses.read(parsed)
    while (arguments := commands.recv()) is not None:
        quietly = ("--quiet", "--log-level", "none", "--log-level-file", "none", "--no-write-json")
        commands.send(dbtRunner(manifest=manifest).invoke([*quietly, *arguments]).success)
