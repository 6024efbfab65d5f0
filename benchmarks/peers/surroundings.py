"""One local stack for all ways of loading: Landfall deployed as it is anywhere, and what other loaders need beside it.

In: the datasets to declare, with a file of each. Out: a running stack whose ingest function hears of no upload (the
benchmark hands it the events itself), with a user, a role, a bucket and a secret for the others.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import redshift_connector

from benchmarks.checkouts import RunningStack, checked_out, running
from benchmarks.peers.workload import KEY, TIME, Answer
from benchmarks.server_log import ServerLog
from benchmarks.transform import JOINS

PEER, PASSWORD = "peer", "Peer-Passw0rd"
STAGING_BUCKET = "landfall-peers"
INGEST = "landfall-local-ingest"


@dataclass
class Surroundings:
    """A running stack, and the means of whoever is no part of Landfall."""

    stack: RunningStack
    log: ServerLog
    folder: Path
    copy_role: str
    secret: str

    @property
    def bucket(self) -> str:
        """Return the bucket in which the files are."""
        return str(self.stack.info["bucket"])

    @cached_property
    def function(self) -> Path:
        """Unpack the ingest function's zip, as it was deployed."""
        place = self.folder / "function"
        with zipfile.ZipFile(self.stack.tree / ".landfall" / "dist" / "ingest_lambda.zip") as packed:
            packed.extractall(place)
        return place

    def function_environment(self) -> dict[str, str]:
        """Return the variables that the deployed function has."""
        told = self.stack.client("lambda").get_function_configuration(FunctionName=INGEST)
        return dict(told["Environment"]["Variables"])

    def execute(self, *statements: str) -> None:
        """Run statements as administrator."""
        with self._connect(self.stack.info["redshift"]["user"], self.stack.info["redshift"]["password"]) as session:
            session.autocommit = True
            for sql in statements:
                session.cursor().execute(sql)

    def answer(self, table: str) -> Answer | None:
        """Read a table of orders; None where there is none."""
        schema, name = table.split(".")
        with self._connect(self.stack.info["redshift"]["user"], self.stack.info["redshift"]["password"]) as session:
            cursor = session.cursor()
            cursor.execute("select 1 from svv_tables where table_schema = %s and table_name = %s", (schema, name))
            if not cursor.fetchall():
                return None
            cursor.execute(
                f"select count(*), count(distinct {KEY}), sum(version), cast(sum(amount) * 100 as bigint) from {table}"  # noqa: S608 - our own names
            )
            [found] = cursor.fetchall()
        return Answer(*(int(each or 0) for each in found))

    def _connect(self, user: str, password: str) -> Any:
        told = self.stack.info["redshift"]
        where = {name: told[name] for name in ("host", "port", "database")}
        return redshift_connector.connect(**where, user=user, password=password, ssl=False)


@contextmanager
def surroundings(folder: Path, samples: Mapping[str, Path]) -> Iterator[Surroundings]:
    """Bring up the stack of the last commit with these datasets declared and built; take it down again."""
    with ExitStack() as ends:
        tree = ends.enter_context(checked_out("HEAD", folder))
        for dataset, sample in samples.items():
            declared = ["--from", str(sample), "--key", KEY, "--time", TIME]
            RunningStack(tree, folder).landfall("new-dataset", dataset, *declared)
        stack = ends.enter_context(running(tree, folder / "stack"))
        log = ServerLog(stack.home / "redshift", stack.redshift)
        log.configure(JOINS)
        ends.callback(log.close)
        _silence(stack)
        around = Surroundings(stack, log, folder, _copy_role(stack), _secret(stack))
        around.execute(f"create user {PEER} password '{PASSWORD}'", f"grant create on database landfall to {PEER}")
        stack.landfall("transform", "--wait")  # everything is built once before anything is measured
        yield around


def _silence(stack: RunningStack) -> None:
    """Let nothing start by itself: neither landing nor a transform."""
    stack.client("events").disable_rule(Name="landfall-local-dataset-landed")
    client = stack.client("lambda")
    [mapping] = client.list_event_source_mappings(FunctionName=INGEST)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)


def _copy_role(stack: RunningStack) -> str:
    stack.client("s3").create_bucket(Bucket=STAGING_BUCKET)
    iam = stack.client("iam")
    trusted = {"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    role = iam.create_role(RoleName="peer-copy", AssumeRolePolicyDocument=_policy(trusted))
    iam.put_role_policy(RoleName="peer-copy", PolicyName="read", PolicyDocument=_policy(allowed))
    return str(role["Role"]["Arn"])


def _policy(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _secret(stack: RunningStack) -> str:
    login = json.dumps({"username": PEER, "password": PASSWORD})
    return str(stack.client("secretsmanager").create_secret(Name="peer", SecretString=login)["ARN"])
