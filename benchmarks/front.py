"""What the local Redshift's front costs: a statement, a start, a COPY, many sessions; beside other revisions.

    python -m benchmarks.front [--against REV ...] [--rows 1000000] [--runs 3] [--json]

starts a local AWS, and in turn a local Redshift of each revision. Statements are dbt's: a staged and deduplicated
table's query of some 3 KB, the same text again and again, and with another literal each time, which no cache knows.
Wall is what a client waits for, the database included, which is alike; CPU is the front's process alone. The revisions
take turns within a run, so that a machine that slows down slows all of them; figures are medians of the runs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from benchmarks.checkouts import checked_out
from benchmarks.circumstances import circumstances, parquet
from benchmarks.processes import cpu_seconds_of_tree
from local import stack
from local.home import ROOT, Home
from local.services import AWS, aws_environment

BUCKET, ROLE = "front-benchmark", "arn:aws:iam::000000000000:role/front-benchmark"
COLUMNS = 10
Measured = dict[str, float]


def query(literal: int) -> str:
    """Word a query as dbt compiles a model: a CTE a step, a cast a column."""
    casts = ",\n".join(f"        cast(c{number} as varchar(64)) as text_{number}" for number in range(COLUMNS))
    names = ",\n".join(f"        text_{number}" for number in range(COLUMNS))
    rules = "\n".join(
        f"        || case when text_{number} is null or trim(text_{number}) = '' then 'empty_{number},' else '' end"
        for number in range(COLUMNS)
    )
    return f"""/* {{"app": "dbt", "dbt_version": "1.10.0", "node_id": "model.landfall.benchmark"}} */
with source as (
    select * from bench.narrow
),
renamed as (
    select
        id,
{casts},
        coalesce(id, {literal}) as place
    from source
),
checked as (
    select
        id,
{names},
        place,
        '' {rules} as reasons
    from renamed
),
numbered as (
    select
        id,
{names},
        reasons,
        row_number() over (partition by id order by place desc, text_0) as row_number
    from checked
)
select
    id,
{names},
    reasons
from numbered
where row_number = 1 and reasons is not null"""  # noqa: S608 - our own words


@dataclass(frozen=True)
class Front:
    """A running local Redshift."""

    process: subprocess.Popen[bytes]
    facts: dict[str, Any]

    def connect(self) -> Any:
        """Return a connection of the administrator's, in autocommit."""
        facts = self.facts
        connection = psycopg2.connect(
            host=facts["host"], port=facts["wire_port"], dbname=facts["database"], user=facts["admin_user"],
            password=facts["admin_password"], sslmode="disable",
        )  # fmt: skip
        connection.autocommit = True
        return connection

    def cpu(self) -> float:
        """Return the seconds that the front's event loop has used: those of the process's first thread."""
        return int(Path(f"/proc/{self.process.pid}/schedstat").read_text().split()[0]) / 1e9


@contextmanager
def running(tree: Path, home: Path, aws: dict[str, str]) -> Iterator[Front]:
    """Run a revision's local Redshift."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LANDFALL_", "PG"))}
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "local.redshift.server", "--home", str(home)],
        cwd=tree,
        env=own | aws | {"PYTHONPATH": str(tree)},
        stdout=subprocess.DEVNULL,
    )
    try:
        while not (home / "redshift.json").exists():
            if process.poll() is not None:
                raise RuntimeError(f"the local Redshift of {tree} does not start")
            time.sleep(0.005)
        yield Front(process, json.loads((home / "redshift.json").read_text()))
    finally:
        process.terminate()
        process.wait(60)


def measure(tree: Path, home: Path, aws: dict[str, str], count: int) -> Measured:
    """Measure one revision once, on a warehouse of its own."""
    measured: Measured = {}
    began = time.perf_counter()
    with running(tree, home, aws) as front:
        measured["first_start_s"] = time.perf_counter() - began
        with front.connect() as connection, connection.cursor() as cursor:
            cursor.execute("create schema bench")
            fields = ", ".join(f"c{number} varchar(64)" for number in range(COLUMNS))
            cursor.execute(f"create table bench.narrow (id int, {fields})")
            cursor.execute("create table bench.wide (id bigint, " + _wide_columns() + ")")
        measured |= _statements(front, count)
        measured |= _copy(front)
        measured |= _sessions(front)
    began = time.perf_counter()
    with running(tree, home, aws) as front:
        measured["start_s"] = time.perf_counter() - began
        measured["start_cpu_s"] = cpu_seconds_of_tree(front.process.pid)
    return measured


def _statements(front: Front, count: int) -> Measured:
    measured: Measured = {}
    with front.connect() as connection, connection.cursor() as cursor:
        for kind, literals in (("repeated", [1] * count), ("fresh", range(1000, 1000 + count))):
            for literal in (1, 1, 1):
                cursor.execute(query(literal))
            walls, before = [], front.cpu()
            for literal in literals:
                began = time.perf_counter()
                cursor.execute(query(literal))
                walls.append(time.perf_counter() - began)
            measured[f"{kind}_cpu_us"] = (front.cpu() - before) / count * 1e6
            measured[f"{kind}_wall_us"] = statistics.median(walls) * 1e6
        before = front.cpu()
        for _ in range(count):
            cursor.execute("select 1")
        measured["least_cpu_us"] = (front.cpu() - before) / count * 1e6
    return measured


def _copy(front: Front) -> Measured:
    with front.connect() as connection, connection.cursor() as cursor:
        used = cpu_seconds_of_tree(front.process.pid)
        began = time.perf_counter()
        cursor.execute(f"copy bench.wide from 's3://{BUCKET}/rows.parquet' iam_role '{ROLE}' format as parquet")
        seconds = time.perf_counter() - began
        used = cpu_seconds_of_tree(front.process.pid) - used
        cursor.execute("select count(*) from bench.wide")
        if not cursor.fetchone()[0]:
            raise RuntimeError("COPY has brought no rows")
    return {"copy_s": seconds, "copy_cpu_s": used}


def _sessions(front: Front, number: int = 100, statements: int = 5) -> Measured:
    """Let many sessions open, ask and end at once; the longest that one statement waited."""
    longest: list[float] = []

    def ask() -> None:
        with front.connect() as connection, connection.cursor() as cursor:
            for place in range(statements):
                began = time.perf_counter()
                cursor.execute("select %s as n, count(*) from bench.narrow", [place])
                longest.append(time.perf_counter() - began)

    threads = [threading.Thread(target=ask) for _ in range(number)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(longest) != number * statements:
        raise RuntimeError(f"{number * statements - len(longest)} statements of {number} sessions were not answered")
    return {"sessions_s": time.perf_counter() - began, "sessions_longest_s": max(longest)}


def _wide_columns() -> str:
    kinds = ("varchar(64)", "double precision", "timestamp")
    return ", ".join(f"c{number} {kinds[number % 3]}" for number in range(COLUMNS - 1))


def rows(count: int) -> pa.Table:
    """Draw rows for the COPY."""
    draw = np.random.default_rng(1)
    columns: dict[str, pa.Array] = {"id": pa.array(np.arange(count))}
    for number in range(COLUMNS - 1):
        values = pa.array(draw.integers(0, 2**40, count))
        kinds = (pa.string(), pa.float64(), pa.timestamp("us"))
        columns[f"c{number}"] = values.cast(kinds[number % 3])
    return pa.table(columns)


def prepare(aws: dict[str, str], count: int) -> None:
    """Put the rows into S3, and make the role that COPY reads them with."""
    session = boto3.session.Session(
        aws["AWS_ACCESS_KEY_ID"], aws["AWS_SECRET_ACCESS_KEY"], region_name=aws["AWS_REGION"]
    )
    s3 = session.client("s3", endpoint_url=aws["AWS_ENDPOINT_URL"])
    iam = session.client("iam", endpoint_url=aws["AWS_ENDPOINT_URL"])
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="rows.parquet", Body=parquet(rows(count)))
    trust = {"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}
    read = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    trusted, allowed = (json.dumps({"Version": "2012-10-17", "Statement": [part]}) for part in (trust, read))
    name = ROLE.rpartition("/")[2]
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)
    iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=allowed)


def markdown(results: dict[str, Measured]) -> str:
    """Write results as a table, the ratio of the first to each other behind its figure."""
    first, *others = results
    lines = [["", *results, *(f"ratio to {other}" for other in others)], ["---"] * (len(results) + len(others) + 1)]
    for name in results[first]:
        figures = [results[revision][name] for revision in results]
        ratios = [f"{figures[0] / figure:.2f}" if figure else "" for figure in figures[1:]]
        lines.append([name.replace("_", " "), *(f"{figure:.4g}" for figure in figures), *ratios])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", nargs="*", default=[], metavar="REV", help="revisions to measure too")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the COPY")
    parser.add_argument("--statements", type=int, default=1000, help="of each kind")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print figures and circumstances as JSON")
    options = parser.parse_args()
    at = circumstances()
    scratch = ROOT / ".landfall" / "benchmark"
    scratch.mkdir(parents=True, exist_ok=True)
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(dir=scratch)))
        trees = {"now": ROOT}
        for number, revision in enumerate(options.against):
            place = folder / f"tree{number}"
            place.mkdir()
            trees[revision] = ends.enter_context(checked_out(revision, place))
        home = Home(folder / "aws")
        home.folder.mkdir()
        ends.callback(stack.down, home, lambda _: None)
        ports = stack.start(home, lambda _: None, (AWS,)).ports
        if ports is None:
            raise RuntimeError("the local AWS has no ports")
        aws = aws_environment(ports)
        prepare(aws, options.rows)
        runs: dict[str, list[Measured]] = {revision: [] for revision in trees}
        for number in range(options.runs):
            for revision, tree in trees.items():
                place = folder / f"{number}-{revision}"
                place.mkdir()
                runs[revision].append(measure(tree, place, aws, options.statements))
        results = {
            revision: {name: statistics.median(run[name] for run in taken) for name in taken[0]}
            for revision, taken in runs.items()
        }
    print(json.dumps({**at, "results": results}, indent=2) if options.json else markdown(results))


if __name__ == "__main__":
    main()
