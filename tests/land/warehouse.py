"""A local Redshift and local AWS of a test worker's own, with what the ingest function finds around it: bucket, role,
secret, topic, queue, and a warehouse prepared as `landfall` prepares one."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import io
import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from aws_lambda_powertools import Logger

from ingest_lambda.arrive.events import Message, parse_messages
from ingest_lambda.bucket.objects import Place
from ingest_lambda.file_version import FileVersion
from ingest_lambda.ingest import Clients, Ingest
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.load.loader import Loader
from ingest_lambda.load.outcomes import FileOutcome
from ingest_lambda.settings import Settings
from ingest_lambda.tell.report import Report
from ingest_lambda.warehouse import removals
from ingest_lambda.warehouse.client import Row, Target
from ingest_lambda.warehouse.sessions import Warehouse
from ingest_lambda.warehouse.statements import MAX_STATEMENTS
from landfall.deploy import bootstrap
from local import stack
from local.home import Home
from local.services import AWS, REDSHIFT
from tests.support import run_folder
from tests.support.local_stack import LocalServices

DATABASE = "landfall"
ENVIRONMENT = "test"
EVENT_TIME = datetime(2025, 11, 13, 9, 5, tzinfo=UTC)
PLACES: list["Land"] = []  # of this process, in which tests land files now


class RecordingReport(Report):
    """Writes to the log as the product does, and remembers the outcomes."""

    def __init__(self) -> None:
        super().__init__(Logger(service="land-tests"), ENVIRONMENT)
        self.outcomes: list[FileOutcome] = []
        self.errors: list[Exception] = []

    def file(self, outcome: FileOutcome) -> None:
        super().file(outcome)
        self.outcomes.append(outcome)

    def failure(self, file: FileVersion, dataset: str, error: Exception) -> None:
        super().failure(file, dataset, error)
        self.errors.append(error)


@dataclass
class Function:
    """One ingest function, warm: batches of events go in, outcomes come out."""

    ingest: Ingest
    report: RecordingReport

    def receive(self, *files: FileVersion, receive_count: int = 1) -> list[FileOutcome]:
        """Handle one message a file in one batch; return the outcomes in the order of `files`."""
        self.handle([message(notification([file]), receive_count) for file in files])
        by_id = {outcome.file.file_id: outcome for outcome in self.report.outcomes}
        return [by_id[file.file_id] for file in files]

    def handle(self, records: Sequence[Mapping[str, Any]]) -> list[Message]:
        """Handle one batch of SQS records; return the messages that must come back."""
        self.report.outcomes.clear()
        return self.ingest.handle(parse_messages({"Records": list(records)}))


@dataclass
class Land:
    """What the ingest function lives in."""

    services: LocalServices
    bucket: str
    settings: Settings
    contracts: dict[str, Contract] = field(default_factory=dict)
    clients: dict[str, Any] = field(default_factory=dict)
    lent: list[Warehouse] = field(default_factory=list)
    spare: list[Warehouse] = field(default_factory=list)

    def client(self, service: str) -> Any:
        """Return the boto3 client of a service, made once."""
        if service not in self.clients:
            self.clients[service] = self.services.client(service)
        return self.clients[service]

    @cached_property
    def warehouse(self) -> Warehouse:
        """The warehouse as the loader sees it."""
        return Warehouse(self.client("redshift-data"), target(self.settings))

    def function(self, client: Any = None, widen_row_limit: int | None = None) -> Function:
        """Start a function of its own, which has seen no file; `client` stands for its Data API client.

        Its session with the warehouse may be one that a function of an earlier test has left warm.
        """
        limit = self.settings.widen_row_limit if widen_row_limit is None else widen_row_limit
        warehouse = Warehouse(client, target(self.settings)) if client else self._lend()
        services = (self.client(name) for name in ("s3", "events", "sns", "dynamodb"))
        clients = Clients(*services)
        place = Place(self.bucket, self.settings.copy_role_arn)
        loader = Loader(clients.s3, warehouse, place, self.contracts, limit)
        report = RecordingReport()
        return Function(Ingest(self.settings, clients, warehouse, loader, report), report)

    def _lend(self) -> Warehouse:
        """Lend a warehouse to a function: a new session's first statements are ten times as dear as its later ones.

        Nor do sessions add up, each of which counts for minutes towards the most that there may be.
        """
        is_there = bool(self.spare)
        self.lent.append(
            self.spare.pop() if is_there else Warehouse(self.client("redshift-data"), target(self.settings))
        )
        return self.lent[-1]

    def take_back(self) -> None:
        """Let the functions of later tests have what was lent in one that has ended."""
        self.spare += self.lent
        self.lent.clear()

    def put(self, key: str, content: bytes | pa.Table, **options: Any) -> FileVersion:
        """Store an object; a table is written as parquet, with `options` for the writer."""
        body = content if isinstance(content, bytes) else parquet(content, **options)
        stored = self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)
        return FileVersion(self.bucket, key, stored["VersionId"], stored["ETag"].strip('"'), len(body))

    def rows(self, sql: str) -> list[Row]:
        """Query the warehouse as the loader."""
        with self.warehouse.session() as session:
            return session.query(sql)

    def count(self, table: str) -> int:
        """Count a table's rows; 0 where there is no such table."""
        schema, name = table.split(".")
        if not self.rows(
            f"select 1 from svv_columns where table_schema = '{schema}' and table_name = '{name}' limit 1"
        ):
            return 0
        return int(self.rows(f'select count(*) as n from {schema}."{name}"')[0]["n"])

    def forget_removals(self) -> None:
        """Let no dataset have a gap, whichever test made it: a gap of any bars a full refresh of everything."""
        changes = [
            f'update ledger."{row["dataset"]}" set removed_at = null where removed_at is not null'
            for row in self.rows(removals.select_ledgers())
        ]
        for start in range(0, len(changes), MAX_STATEMENTS):
            self.warehouse.transaction(changes[start : start + MAX_STATEMENTS])

    def keys(self, prefix: str) -> set[str]:
        """List the bucket's keys under a prefix."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return {entry["Key"] for page in pages for entry in page.get("Contents", [])}


def target(settings: Settings) -> Target:
    """Name the loader's login."""
    return Target(settings.database, settings.secret_arn, settings.workgroup, settings.cluster_id)


def parquet(table: pa.Table, **options: Any) -> bytes:
    """Write a table as a parquet file."""
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def new_dataset(prefix: str = "ds") -> str:
    """Name a dataset that no other test uses."""
    return f"{prefix}_{uuid.uuid4().hex[:10]}"


def notification(files: Sequence[FileVersion]) -> str:
    """Write the event notification that S3 sends for objects."""
    return json.dumps({"Records": [_record(file) for file in files]})


def message(body: str, receive_count: int = 1) -> dict[str, Any]:
    """Write the record of an SQS message as Lambda delivers it."""
    return {
        "messageId": uuid.uuid4().hex,
        "receiptHandle": "none",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:none",
        "attributes": {"ApproximateReceiveCount": str(receive_count)},
        "body": body,
    }


def _record(file: FileVersion) -> dict[str, Any]:
    return {
        "eventName": "ObjectCreated:Put",
        "eventTime": (file.event_time or EVENT_TIME).isoformat(),
        "s3": {
            "bucket": {"name": file.bucket},
            "object": {
                "key": quote_plus(file.key),
                "size": file.size,
                "eTag": file.etag,
                "versionId": file.version_id,
                "sequencer": "0055AED6DCD90281E5",
            },
        },
    }


@contextmanager
def land(isolation: str = "snapshot", name: str = "land") -> Iterator[Land]:
    """Start local AWS and Redshift, and prepare them; `isolation` is `snapshot` or `serializable`."""
    home = Home(run_folder.folder() / f"{name}-{isolation}-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LANDFALL_LOCAL_ISOLATION", isolation)
        state = stack.start(home, print, (AWS, REDSHIFT))
    assert state.ports is not None
    services = LocalServices(home, state.ports)
    bucket = "landfall-test-land"
    s3 = services.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    settings = Settings(
        bucket=bucket,
        environment=ENVIRONMENT,
        database=DATABASE,
        workgroup="landfall-test",
        cluster_id=None,
        secret_arn=_prepare_warehouse(services),
        copy_role_arn=_copy_role(services, bucket),
        failure_topic_arn=services.client("sns").create_topic(Name="land-failure")["TopicArn"],
        event_bus="default",
        lease_table=_lease_table(services),
        route_pattern=None,
    )
    place = Land(services, bucket, settings)
    PLACES.append(place)
    yield place
    PLACES.remove(place)


def login(user: str) -> bootstrap.Login:
    """Return a user's login: the same, whichever test prepares the warehouse."""
    return bootstrap.Login(user, f"{user}-Passw0rd")


def _prepare_warehouse(services: LocalServices) -> str:
    facts = services.redshift
    users = (bootstrap.LOADER, bootstrap.TRANSFORMER, bootstrap.READER)
    logins = [login(user) for user in users]
    admin_arn = _secret(services, bootstrap.Login(str(facts["admin_user"]), str(facts["admin_password"])))
    loader_arn, *_ = [_secret(services, login) for login in logins]
    api = services.client("redshift-data")
    admin, loader = (
        Warehouse(api, Target(DATABASE, arn, workgroup="landfall-test")) for arn in (admin_arn, loader_arn)
    )
    bootstrap.bootstrap(admin, loader, logins, {})
    return loader_arn


def _lease_table(services: LocalServices) -> str:
    """Create the table of the transform's lease, which has the mark too."""
    services.client("dynamodb").create_table(
        TableName="land-lease",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "lease_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "lease_id", "KeyType": "HASH"}],
    )
    return "land-lease"


def _secret(services: LocalServices, login: bootstrap.Login) -> str:
    content = json.dumps({"username": login.username, "password": login.password})
    manager = services.client("secretsmanager")
    return str(manager.create_secret(Name=f"land/{login.username}", SecretString=content)["ARN"])


def _copy_role(services: LocalServices, bucket: str) -> str:
    iam = services.client("iam")
    allowed = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    trusted = {"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName=f"{bucket}-copy",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trusted]}),
    )
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName=f"{bucket}-copy", PolicyName="read", PolicyDocument=policy)
    return str(role["Role"]["Arn"])
