"""A running local stack, as tests see it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from landfall.deploy.local import deploy_locally
from local import clients, faces, stack
from local.home import Home
from local.services import aws_environment, redshift_facts
from local.state import Ports
from tests.support import json_schemas, run_folder
from tests.support.commands import landfall, run

# Variables by which a developer's own stack or account could leak into a test.
_FOREIGN = ("AWS_", "DBT_", "LANDFALL_", "PG")
# Tests run at any time of the day, and count what the warehouse is asked: they make a schedule's requests themselves.
NO_SCHEDULES = dict.fromkeys(
    ("SweepSchedule", "DailySweepSchedule", "FreshnessSchedule", "ReconcileSchedule"), "cron(0 0 1 1 ? 2099)"
)


@dataclass(frozen=True)
class LocalServices:
    """Local AWS, local Redshift, or both, with nothing deployed on them."""

    home: Home
    ports: Ports

    def client(self, service: str) -> Any:
        """Return a boto3 client of one service, `redshift-data` included."""
        return clients.client(service, self.ports)

    @property
    def env(self) -> dict[str, str]:
        """Return a whole environment for a subprocess that shall find these services and nobody else's."""
        return _clean_environment() | aws_environment(self.ports)

    @property
    def redshift(self) -> dict[str, Any]:
        """Return what the local Redshift says of itself: host, wire_port, database, admin_user, admin_password, ..."""
        return redshift_facts(self.home)


@dataclass(frozen=True)
class LocalStack(LocalServices):
    """A whole local stack with the product deployed on it."""

    @cached_property
    def info(self) -> dict[str, Any]:
        """Return what `landfall local info --json` prints."""
        return faces.info(self.home)

    @property
    def env(self) -> dict[str, str]:
        """Return a whole environment for a subprocess, as after `eval "$(landfall local env)"`."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return _clean_environment() | faces.environment(self.home) | {"PATH": path}

    def dbt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run dbt from the root in this stack's environment; the caller judges its exit code."""
        return run("dbt", *arguments, environment=self.env, timeout_seconds=300)

    def landfall(self, *arguments: str, timeout_seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run `landfall` with the arguments; what it prints as JSON is held to its schema."""
        done = landfall(*arguments, environment=self.env, timeout_seconds=timeout_seconds)
        if "--json" in arguments:
            json_schemas.read(arguments, done.stdout)
        return done


def whole_stack() -> LocalStack:
    """Return the run's one whole stack, brought up by whichever worker needs it first."""
    home = Home(run_folder.folder() / "stack")
    state = stack.up(home, partial(deploy_locally, changes=NO_SCHEDULES), _progress)
    assert state.ports is not None
    return LocalStack(home, state.ports)


def services(*names: str) -> LocalServices:
    """Return the run's bare services (`aws`, `redshift`), started by whichever worker needs them first."""
    home = Home(run_folder.folder() / "services")
    state = stack.start(home, _progress, names)
    assert state.ports is not None
    return LocalServices(home, state.ports)


def _progress(line: str) -> None:
    print(line, file=sys.stderr)


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
