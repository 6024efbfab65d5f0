"""Where storms are played: in memory, or on a local Redshift."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from ingest_lambda import inspection
from ingest_lambda.bucket.refusals import s3_error
from ingest_lambda.errors import FileGoneError, RejectedFileError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.read.content import on_disk
from ingest_lambda.read.faults import faults_of_the_file
from ingest_lambda.reconcile import events as reconcile_events
from ingest_lambda.rewrite import probe_child
from ingest_lambda.settings import Settings
from ingest_lambda.warehouse import client
from ingest_lambda.warehouse.client import Target
from ingest_lambda.warehouse.sessions import Warehouse
from landfall.deploy import bootstrap
from local import services
from local.redshift import data_runner
from tests.chaos.memory_aws import MemoryS3, MemoryTopics
from tests.chaos.memory_redshift import MemoryRedshift
from tests.chaos.one_process import DataApi, redshift
from tests.land.warehouse import DATABASE, ENVIRONMENT, Land, login
from tests.support import run_folder

LONGEST_PAUSE = 0.01
PATIENCE_SECONDS = 600  # a storm that fails because the machine is busy tells nothing
QUIET = {"POWERTOOLS_LOG_LEVEL": "CRITICAL", "POWERTOOLS_METRICS_DISABLED": "true"}
BUCKET = "landfall-test-land"


def memory_land() -> Land:
    """Make a world in memory, empty."""
    s3 = MemoryS3()
    return _land(s3, MemoryRedshift(s3))


@contextmanager
def sql_land(isolation: str) -> Iterator[Land]:
    """Make a world with a local Redshift in this process, under the isolation level; all else is in memory."""
    s3, folder = MemoryS3(), run_folder.folder() / f"one-process-{isolation}"
    logins = [login(user) for user in (bootstrap.LOADER, bootstrap.TRANSFORMER, bootstrap.READER)]
    with redshift(folder, isolation, s3, {_secret(each.username): each for each in logins}) as api:
        land = _land(s3, api)
        admin = Warehouse(land.client("redshift-data"), Target(DATABASE, _secret("admin"), land.settings.workgroup))
        bootstrap.bootstrap(admin, land.warehouse, logins, {})
        yield land


def _secret(user: str) -> str:
    return f"arn:aws:secretsmanager:us-east-1:000000000000:secret:{user}"


def _land(s3: MemoryS3, api: MemoryRedshift | DataApi) -> Land:
    topics = MemoryTopics()
    settings = Settings(
        bucket=BUCKET,
        environment=ENVIRONMENT,
        database=DATABASE,
        workgroup="landfall-test",
        cluster_id=None,
        secret_arn=_secret(bootstrap.LOADER),
        copy_role_arn="arn:aws:iam::000000000000:role/copy",
        failure_topic_arn="arn:aws:sns:us-east-1:000000000000:failure",
        event_bus="default",
        lease_table="lease",
        route_pattern=None,
    )
    services: Any = None  # there are none
    clients = {"s3": s3, "redshift-data": api, **dict.fromkeys(("sns", "events", "dynamodb"), topics)}
    return Land(services, BUCKET, settings, clients=clients)


def read_here(s3: Any, files: Iterable[FileVersion], **_: object) -> dict[str, RejectedFileError | None]:
    """Read suspects as the product's child process does, in this one: no file of these storms ends its reader.

    They are small, so that the product too reads all of them, whatever it is told beside.
    """
    found: dict[str, RejectedFileError | None] = {}
    for file in files:
        found[file.file_id] = None
        try:
            size = _size(s3, file)
            with on_disk(s3, file, size) as path:
                found[file.file_id] = _fault_of(path)
        except FileGoneError:
            continue
    return found


def _fault_of(path: Path) -> RejectedFileError | None:
    try:
        with faults_of_the_file("reading the file"):
            probe_child.read(path, probe_child.read_footer(path))
    except RejectedFileError as error:
        return error
    return None


def _size(s3: Any, file: FileVersion) -> int:
    from botocore.exceptions import ClientError

    try:
        return int(s3.head_object(Bucket=file.bucket, Key=file.key, VersionId=file.version_id)["ContentLength"])
    except ClientError as error:
        raise s3_error(error, file) from error


@contextmanager
def quick() -> Iterator[None]:
    """Shorten pauses, silence the log, read suspects here, let a function's calls come in one order; be patient."""
    shim = SimpleNamespace(monotonic=time.monotonic, sleep=lambda seconds: time.sleep(min(seconds, LONGEST_PAUSE)))
    with contextlib.ExitStack() as stack:
        for module in (client, reconcile_events):
            stack.enter_context(mock.patch.object(module, "time", shim))
        stack.enter_context(mock.patch.object(inspection, "probe", read_here))
        stack.enter_context(mock.patch.object(inspection, "PARALLEL_READS", 1))
        stack.enter_context(mock.patch.object(services, "_START_SECONDS", PATIENCE_SECONDS))
        stack.enter_context(mock.patch.object(data_runner, "CONNECT_SECONDS", PATIENCE_SECONDS))
        stack.enter_context(mock.patch.dict(os.environ, QUIET))
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        logging.getLogger("land-tests").setLevel(logging.CRITICAL)
        yield
