"""Fixtures of the end-to-end tests: the operator's command line on a deployed stack, as a subprocess."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from pyarrow import parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
from typer.testing import CliRunner

from landfall.app import build
from landfall.demo.inbox import Inbox, subscribed
from landfall.operate import transforms, uploads
from landfall.operate.uploads import Upload
from landfall.stack import Stack
from scripts.generator_draws import identifiers
from tests.support import json_schemas
from tests.support.local_stack import LocalStack
from tests.support.waiting import wait_for


@dataclass(frozen=True)
class Operator:
    """Someone at a shell whose environment names the stack."""

    local: LocalStack
    stack: Stack

    def landfall(self, *arguments: str, exits: int = 0) -> Any:
        """Run a command with --json; check its exit code; return what it printed, if it printed anything."""
        done = self.local.landfall(*arguments, "--json", timeout_seconds=600)
        assert done.returncode == exits, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json_schemas.read(arguments, done.stdout)

    def command(self, *arguments: str, exits: int = 0) -> Any:
        """Do as `landfall` does, without the second that a process of its own takes."""
        done = CliRunner().invoke(build(), [*arguments, "--json"], catch_exceptions=False)
        assert done.exit_code == exits, f"exit code {done.exit_code}\n{done.output}"
        return json_schemas.read(arguments, done.stdout)

    def upload(self, path: Path, key: str | None = None) -> Upload:
        """Upload a file and wait until landing has decided on it, as `upload --wait` does, without a process."""
        sent = uploads.put(self.stack, uploads.plan_uploads([path], key=key)[0])
        return uploads.wait(self.stack, [sent], 180)[0]

    def landed(self, dataset: str) -> list[dict[str, Any]]:
        """Read a landing table."""
        return self.stack.warehouse.query(f'select * from landing."{dataset}"')  # noqa: S608 - the tests' own names

    def modeled(self, entity: str, columns: str, where: str) -> list[dict[str, Any]]:
        """Read a modeled table, as the reader."""
        return self.stack.warehouse_as("ReaderSecretArn").query(f"select {columns} from modeled.{entity} where {where}")  # noqa: S608 - the tests' own names

    def keys(self, prefix: str) -> set[str]:
        """List the bucket."""
        listed = self.stack.s3.list_objects_v2(Bucket=self.stack.bucket, Prefix=prefix)
        return {each["Key"] for each in listed.get("Contents", [])}

    def settle(self) -> None:
        """Wait until no transform is under way. An event still on its way may start one: runs converge all the same."""
        client, arn = self.stack.step_functions, self.stack.output("StateMachineArn")
        wait_for(lambda: transforms.is_idle(client, arn), "the running transform to end", seconds=300)


@pytest.fixture(scope="package")  # its environment must not reach other tests of the worker
def operator(stack: LocalStack) -> Iterator[Operator]:
    """Return an operator of the test run's stack."""
    with ExitStack() as cleanup:
        patched = cleanup.enter_context(pytest.MonkeyPatch.context())
        for name, value in stack.env.items():
            patched.setenv(name, value)
        boto3.setup_default_session()
        yield Operator(stack, Stack.from_environment())


@pytest.fixture
def inbox(operator: Operator, request: pytest.FixtureRequest) -> Iterator[Inbox]:
    """Return a subscriber of both topics."""
    with subscribed(operator.stack, f"test-{abs(hash(request.node.name)) % 10**8}") as inbox:
        yield inbox


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Read a parquet file's rows."""
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def id_range(first: int, count: int) -> str:
    """Word the condition that an order is one of a range."""
    import numpy as np

    low, high = identifiers("ORD-", np.array([first, first + count])).to_pylist()
    return f"order_id >= '{low}' and order_id < '{high}'"
