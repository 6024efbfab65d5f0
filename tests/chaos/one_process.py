"""The local Redshift inside this process: PostgreSQL, its front and the Data API's own code, and no HTTP between them.

In: a bucket in memory. Out: what stands for boto3's client of the Data API. The SQL, the sessions, the transactions and
the COPYs are those of the local Redshift as it always is; what it asks of AWS (S3, roles, secrets) is told here.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from secrets import token_hex
from types import SimpleNamespace
from typing import Any
from unittest import mock

from landfall.deploy import bootstrap
from local.redshift import connection, data_runner, history, load, ports, s3_source, server, shapes, warehouse
from local.redshift.conversation import FrontSettings
from local.redshift.data_api import Operations
from local.redshift.data_rights import Caller, Check
from local.redshift.data_runner import Runner
from local.redshift.data_validation import ApiError
from local.redshift.history import History
from tests.chaos.memory_aws import MemoryS3, refuse

REGION = "us-east-1"


class Owner(Caller):
    """The account itself, which may do all."""

    def require(self, *_: Check) -> str:
        """Return its identifier: it has none."""
        return ""


@dataclass(frozen=True)
class DataApi:
    """What boto3's client of the Data API does, by the code that answers it."""

    operations: Operations

    def execute_statement(self, **request: Any) -> Any:
        return self._call("ExecuteStatement", request)

    def batch_execute_statement(self, **request: Any) -> Any:
        return self._call("BatchExecuteStatement", request)

    def describe_statement(self, **request: Any) -> Any:
        return self._call("DescribeStatement", request)

    def get_statement_result(self, **request: Any) -> Any:
        return self._call("GetStatementResult", request)

    def _call(self, operation: str, request: dict[str, Any]) -> Any:
        try:
            return self.operations.call(operation, request, Owner("/", [], ""))
        except ApiError as error:
            raise refuse(error.kind, operation, error.body["Message"]) from error


@dataclass(frozen=True)
class CopysS3:
    """What COPY asks of S3, as boto3's client does it."""

    s3: MemoryS3
    meta: Any = field(default_factory=lambda: SimpleNamespace(region_name=REGION))

    def __getattr__(self, name: str) -> Any:
        """Return an operation of the bucket in memory."""
        return getattr(self.s3, name)


@contextmanager
def redshift(home: Path, isolation: str, s3: MemoryS3, logins: Mapping[str, bootstrap.Login]) -> Iterator[DataApi]:
    """Run a local Redshift under `home`, whose COPYs read `s3`; `logins` by the ARNs of their secrets."""
    for folder in ("logs", "tmp"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    postgres, kept = warehouse.open_warehouse(home, ports.free_port(0), server.ISOLATION[isolation])
    secrets = {arn: {"username": each.username, "password": each.password} for arn, each in logins.items()}
    admin = {"username": warehouse.ADMIN, "password": kept.admin}
    token = token_hex()
    settings = FrontSettings(
        postgres.port,
        home / "tmp",
        isolation,
        home / "logs" / "errors.jsonl",
        History(home / "data" / history.FOLDER, shapes.of_environment(os.environ, home)),
        kept.login_key(),
        token,
        None,
    )
    with (
        mock.patch.object(data_runner, "read_secret", lambda arn, _="": secrets.get(arn, admin)),
        mock.patch.object(load, "client_for_role", return_value=CopysS3(s3)),
        mock.patch.object(s3_source, "region_of", return_value=REGION),
    ):
        loop, port = asyncio.new_event_loop(), ports.free_port(0)
        front = loop.run_until_complete(asyncio.start_server(partial(connection.handle, settings), ports.HOST, port))
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        runner = Runner(ports.HOST, port, token, postgres.cancel_backend)
        try:
            yield DataApi(Operations(runner))
        finally:
            loop.call_soon_threadsafe(front.close)
            postgres.stop()
            asyncio.run_coroutine_threadsafe(server.end_conversations(), loop).result()
            runner.stop()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
