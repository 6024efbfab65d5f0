"""The ways of loading that are compared, and how each is run.

In: the surroundings, the files in the order of their events. Out: what it took and what is in its table. Whatever the
way, the same is measured: its processes by the kernel, its requests to S3 by a proxy in between, its statements and
commits in the database server's own log.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.checkouts import CpuSampler
from benchmarks.peers.environments import interpreter
from benchmarks.peers.surroundings import PASSWORD, PEER, STAGING_BUCKET, Surroundings
from benchmarks.peers.workload import COLUMNS, KEY, TIME, Answer
from benchmarks.processes import cpu_seconds_of_tree
from benchmarks.transform import PAUSES, spans
from benchmarks.ways import Task
from ingest_lambda.file_version import FileVersion
from local.home import ROOT
from tests.land.proxy import Interference, proxy
from tests.land.warehouse import message, notification

SCRIPTS = Path(__file__).parent / "scripts"
TRANSFORM = "landfall-local-transform"
Measured = dict[str, Any]


@dataclass(frozen=True)
class Load:
    """Files of one dataset in S3, in the order in which their events come: some twice."""

    dataset: str
    files: Sequence[FileVersion]

    @property
    def keys(self) -> list[str]:
        """Return the keys, an event each."""
        return [file.key for file in self.files]


@dataclass(frozen=True)
class Way:
    """A way of loading: who asks the database, where the rows end, and the program."""

    users: tuple[str, ...]
    table: Callable[[Load, str], str]  # of the load and a schema of the way's own
    program: Callable[[Surroundings, Load, str, Mapping[str, str]], Measured]
    keeps_all_rows: bool = False  # its table is the landing table: each row of each file once
    is_given_its_table: bool = False
    library: str = ""  # of requirements/, in whose environment it runs


def measure(around: Surroundings, way: Way, load: Load, schema: str) -> tuple[Measured, Answer | None]:
    """Let a way load the files into a schema of its own; return what it took, and what it made."""
    around.execute(f"create schema {schema} authorization {PEER}")
    if way.is_given_its_table:
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        table = way.table(load, schema)
        around.execute(f"create table {table} ({columns})", f"alter table {table} owner to {PEER}")
    told = around.stack.info["environment"]
    postgres = int(around.stack.redshift["postgres_pid"])
    with proxy({name: value for name, value in told.items() if name.startswith("AWS_")}, Interference()) as between:
        database = cpu_seconds_of_tree(postgres)
        asked = [around.log.begin(user) for user in way.users]
        measured = way.program(around, load, schema, between.environment)
        counts = [each() for each in asked]
        kinds = [each.by_kind() for each in counts]
        measured |= {
            "database_cpu_seconds": round(cpu_seconds_of_tree(postgres) - database, 2),
            "connections": sum(len(each.connections) for each in counts),
            "statements": sum(len(each.statements) for each in counts),
            "copies": sum(each.get("copy", 0) for each in kinds),
            # The log does not say whose a commit was, and nobody else writes meanwhile.
            "writing_transactions": counts[0].writing_transactions,
            "s3_requests": sum(request.service == "aws" and _is_of_s3(request.path) for request in between.requests),
        }
    return measured, around.answer(way.table(load, schema))


def _is_of_s3(path: str) -> bool:
    return path.strip("/") != ""  # the other services are asked at /


def _run(command: Sequence[str], task: Mapping[str, Any], env: Mapping[str, str]) -> Measured:
    """Run a program with the task on its standard input; return what it took."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LANDFALL_", "DBT_"))}
    done = subprocess.run(  # noqa: S603 - the benchmark's own programs
        [sys.executable, "-m", "benchmarks.peers.metered", *command],
        input=json.dumps(task),
        text=True,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**kept, **env},
        check=True,
    )
    measured: Measured = json.loads(done.stdout.splitlines()[-1])
    return measured


def _handler(around: Surroundings, load: Load, _: str, env: Mapping[str, str]) -> Measured:
    """Hand the ingest function the events, a thousand a batch, in the code and with the settings that are deployed."""
    task = _task(around, load, f"landing.{load.dataset}")
    own = {"PYTHONPATH": os.pathsep.join([str(around.function), str(ROOT)]), **around.function_environment()}
    return _run([sys.executable, "-m", "benchmarks.ways", "landfall"], asdict(task), {**env, **own})


def _handler_and_transform(around: Surroundings, load: Load, schema: str, env: Mapping[str, str]) -> Measured:
    """The same; then the state machine plans, checks the gates, UPSERTs and tells the outcome."""
    landed = _handler(around, load, schema, env)
    with CpuSampler(around.stack, TRANSFORM) as cpu:
        seconds = _transform(around)
    peak = max((_peak_megabytes(pid) for pid in around.stack.workers(TRANSFORM)), default=0)
    return landed | {
        "wall_seconds": round(landed["wall_seconds"] + seconds, 2),
        "cpu_seconds": round(landed["cpu_seconds"] + cpu.until(time.time()), 2),
        "peak_megabytes": max(landed["peak_megabytes"], peak),
    }


def _transform(around: Surroundings) -> float:
    """Run the state machine; return its seconds without the pause in which it waits for more files."""
    client = around.stack.client("stepfunctions")
    arn = client.start_execution(stateMachineArn=around.stack.output("StateMachineArn"), input="{}")["executionArn"]
    while (described := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(0.1)
    if json.loads(described.get("output") or "{}").get("outcome") != "succeeded":
        raise RuntimeError(f"the transform ended as {described['status']}: {described.get('output')}")
    states = list(spans(client.get_execution_history(executionArn=arn, maxResults=1000)["events"]))
    paused = sum(span.left - span.entered for span in states if span.state in PAUSES)
    return max(span.left for span in states) - min(span.entered for span in states) - paused


def _peak_megabytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024


def _task(around: Surroundings, load: Load, table: str) -> Task:
    workgroup = around.function_environment()["LANDFALL_WORKGROUP"]
    return Task(
        records=[message(notification([file])) for file in load.files],
        urls=[file.uri for file in load.files],
        table=table,
        columns=", ".join(f"{name} {kind}" for name, kind in COLUMNS.items()),
        role=around.copy_role,
        login={"Database": "landfall", "SecretArn": around.secret, "WorkgroupName": workgroup},
    )


def _told(name: str) -> Callable[[Surroundings, Load, str, Mapping[str, str]], Measured]:
    """Run one of benchmarks/ways.py, over the Data API as a user of no rights but its own schema."""

    def program(around: Surroundings, load: Load, schema: str, env: Mapping[str, str]) -> Measured:
        task = _task(around, load, f"{schema}.orders")
        return _run([sys.executable, "-m", "benchmarks.ways", name], asdict(task), env)

    return program


def _peer(library: str, script: str, runs: str) -> Callable[[Surroundings, Load, str, Mapping[str, str]], Measured]:
    """Run another loader in its own environment; `runs` is `each` for an event a file, `once` for all files."""

    def program(around: Surroundings, load: Load, schema: str, env: Mapping[str, str]) -> Measured:
        info = around.stack.info
        task = {name: info["redshift"][name] for name in ("host", "port", "database")} | {
            "user": PEER,
            "password": PASSWORD,
            "bucket": around.bucket,
            "staging_bucket": STAGING_BUCKET,
            "keys": load.keys if runs == "each" else sorted(set(load.keys)),
            "runs": runs,
            "schema": schema,
            "table": "orders",
            "key": KEY,
            "time": TIME,
            "copy_role": around.copy_role,
            "s3_endpoint": env["AWS_ENDPOINT_URL"],
            "region": info["aws_region"],
            "access_key_id": info["aws_access_key_id"],
            "secret_access_key": info["aws_secret_access_key"],
        }
        return _run([str(interpreter(library)), str(SCRIPTS / f"{script}.py")], task, env)

    return program


def _own(_: Load, schema: str) -> str:
    return f"{schema}.orders"


_LANDFALL = ("landfall_loader", "landfall_transformer")
_LANDED = Way(_LANDFALL, lambda load, _: f"landing.{load.dataset}", _handler, keeps_all_rows=True)
# A transform models whatever has landed: what is only landed comes after it.
WAYS: dict[str, Way] = {
    "landfall, landed, checked and modeled": Way(
        _LANDFALL, lambda load, _: f"modeled.{load.dataset}", _handler_and_transform
    ),
    "landfall, landed": _LANDED,
    "lower bound: one COPY, one deduplicating INSERT": Way(
        (PEER,), _own, _told("copy_all_and_deduplicate"), is_given_its_table=True
    ),
    "tutorial: stage, COPY, DELETE, INSERT a file": Way((PEER,), _own, _told("merge_each"), is_given_its_table=True),
    "dlt, delete-insert, one run": Way((PEER,), _own, _peer("dlt", "dlt_merge", "once"), library="dlt"),
    "awswrangler, upsert a file": Way(
        (PEER,), _own, _peer("awswrangler", "awswrangler_upsert", "each"), library="awswrangler"
    ),
    "dlt, delete-insert, a run a file": Way((PEER,), _own, _peer("dlt", "dlt_merge", "each"), library="dlt"),
}
