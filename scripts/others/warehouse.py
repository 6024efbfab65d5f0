"""A local Redshift of a suite's own, alone or with a local AWS, started from this checkout and ended with the run."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redshift_connector

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 180  # initdb on a busy machine; one second on an idle one
_STOP_SECONDS = 60


class WarehouseError(Exception):
    """A local Redshift that did not start: names its log."""


@dataclass(frozen=True)
class Warehouse:
    """Where it listens, and its administrator."""

    host: str
    port: int
    database: str
    user: str
    password: str
    data_api_url: str
    certificate: Path  # of its TLS, which drivers that verify have to trust
    aws: Mapping[str, str] = field(default_factory=dict)  # the variables by which SDKs find its local AWS

    def run(self, *statements: str) -> None:
        """Run statements as the administrator, each in a transaction of its own."""
        connection: Any = redshift_connector.connect(
            host=self.host, port=self.port, database=self.database, user=self.user, password=self.password, ssl=False
        )
        connection.autocommit = True
        try:
            for statement in statements:
                connection.cursor().execute(statement)
        finally:
            connection.close()

    def keep_case(self, *, keeps: bool) -> None:
        """Let quoted names keep their case, or not, in the sessions that the administrator begins from now on."""
        self.run(f"alter user {self.user} set enable_case_sensitive_identifier to {keeps}")


@contextmanager
def started(log: Path, statements: Sequence[str] = ()) -> Iterator[Warehouse]:
    """Yield a new and empty local Redshift in which the statements have run; its data go with it.

    Args:
        log: a file for what the server says.
        statements: what a suite's documentation says to make beforehand, such as users.

    Raises:
        WarehouseError: it did not come up.
    """
    with tempfile.TemporaryDirectory(prefix="others-") as home, log.open("wb") as output:
        Path(home).chmod(0o755)  # PostgreSQL may run as another user
        command = [sys.executable, "-m", "local.redshift.server", "--home", home]
        server = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)  # noqa: S603 - our own words
        try:
            warehouse = _described(Path(home) / "redshift.json", server, log)
            warehouse.run(*statements)
            yield warehouse
        finally:
            server.terminate()
            server.wait(_STOP_SECONDS)


@contextmanager
def started_with_aws(log: Path, statements: Sequence[str] = ()) -> Iterator[Warehouse]:
    """Yield a new and empty local Redshift beside a new and empty local AWS; all that they hold goes with them.

    Args:
        log: a file for what is said while they start and stop.
        statements: what a suite's documentation says to make beforehand, such as users.

    Raises:
        WarehouseError: they did not come up.
    """
    with tempfile.TemporaryDirectory(prefix="others-") as home, log.open("wb") as output:
        Path(home).chmod(0o755)  # PostgreSQL may run as another user
        command = [sys.executable, "-m", "local"]
        options = ["--home", home]
        try:
            start = subprocess.run(  # noqa: S603 - our own words
                [*command, "start", *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=output, check=False
            )
            if start.returncode:
                raise WarehouseError(f"the local AWS and Redshift did not start. They said why in {log}.")
            found = json.loads(start.stdout)
            warehouse = _of(found["redshift"], Path(home) / "redshift" / "tls" / "server.crt", found["environment"])
            warehouse.run(*statements)
            yield warehouse
        finally:
            subprocess.run([*command, "stop", *options], cwd=ROOT, stdout=output, stderr=output, check=False)  # noqa: S603


def _described(path: Path, server: subprocess.Popen[bytes], log: Path) -> Warehouse:
    deadline = time.monotonic() + _START_SECONDS
    while not path.exists():
        if server.poll() is not None or time.monotonic() > deadline:
            raise WarehouseError(f"the local Redshift did not start. It said why in {log}.")
        time.sleep(0.1)
    return _of(json.loads(path.read_text()), path.parent / "tls" / "server.crt", {})


def _of(facts: dict[str, Any], certificate: Path, aws: Mapping[str, str]) -> Warehouse:
    return Warehouse(
        facts["host"], facts["wire_port"], facts["database"], facts["admin_user"], facts["admin_password"],
        facts["data_api_url"], certificate, aws,
    )  # fmt: skip
