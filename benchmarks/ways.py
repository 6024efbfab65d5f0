"""Ways to land files, each run in a process of its own and metered.

    python -m benchmarks.ways WAY < request.json

In, on standard input: the files, the table they belong to, and where the warehouse is. Out, on standard output: what
the way took. Besides Landfall's own handler, there are loaders as they are found in tutorials, which handle each file
by itself and keep no book of what they have loaded, and the least that any loader could do.
"""

# ruff: noqa: S608 - the benchmark's own statements, of names that it made

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3

from benchmarks.meter import Meter

WAIT_SECONDS = 30
# A message of the queue is about 1 KB and an invocation takes 6 MB; the template's default is far below both.
BATCH_MESSAGES = 1_000


@dataclass(frozen=True)
class Task:
    """Files to land (records of SQS messages, and their s3:// addresses), and the means."""

    records: list[dict[str, Any]]
    urls: list[str]
    table: str
    columns: str
    role: str
    login: dict[str, str]


class Invocation:
    """What Lambda tells a function of an invocation, which here may last 15 minutes."""

    function_name = "benchmark"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:benchmark"
    aws_request_id = "1"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Tell the time that is left."""
        return 900_000


def landfall(task: Task) -> None:
    """Let the function handle the messages, batch by batch."""
    from ingest_lambda.handler import handler  # here, so that the other ways do not pay for its import

    for start in range(0, len(task.records), BATCH_MESSAGES):
        batch = {"Records": task.records[start : start + BATCH_MESSAGES]}
        answer = handler(batch, Invocation())  # type: ignore[arg-type]  # a stand-in for Lambda's context
        if answer["batchItemFailures"]:
            raise RuntimeError(f"{len(answer['batchItemFailures'])} files did not land")


def copy_each(task: Task) -> None:
    """COPY each file into the table: the shortest loader there is. An event that comes twice doubles the rows."""
    for url in task.urls:
        run(task, [_copy(task.table, url, task.role)])


def merge_each(task: Task) -> None:
    """Stage each file, delete the rows that it replaces, insert it: the usual tutorial's loader."""
    for url in task.urls:
        run(
            task,
            [
                f"create temp table staged (like {task.table})",
                _copy("staged", url, task.role),
                f"delete from {task.table} using staged where {task.table}.id = staged.id",
                f"insert into {task.table} select * from staged",
                "drop table staged",
            ],
        )


def copy_all(task: Task) -> None:
    """COPY all files at once: the least that the warehouse can be asked for. It must know that no more will come."""
    run(task, [_copy(task.table, task.urls[0].rpartition("/")[0] + "/", task.role)])


def copy_all_and_deduplicate(task: Task) -> None:
    """The same, and of each id the newest row, by one statement: the least that a table of current rows can cost."""
    newest = "select * from copied qualify row_number() over (partition by id order by updated_at desc) = 1"
    run(
        task,
        [
            f"create temp table copied (like {task.table})",
            _copy("copied", task.urls[0].rpartition("/")[0] + "/", task.role),
            f"insert into {task.table} {newest}",
        ],
    )


def run(task: Task, statements: list[str]) -> None:
    """Run one transaction, and wait for it inside the calls."""
    done: Any = _api().batch_execute_statement(Sqls=statements, WaitTimeSeconds=WAIT_SECONDS, **task.login)
    while done.get("Status") not in {"FINISHED", "FAILED", "ABORTED"}:
        done = _api().describe_statement(Id=done["Id"], WaitTimeSeconds=WAIT_SECONDS)
    if done["Status"] != "FINISHED":
        raise RuntimeError(done.get("Error", done["Status"]))


@cache
def _api() -> Any:
    return boto3.client("redshift-data")


def _copy(table: str, url: str, role: str) -> str:
    return f"copy {table} from '{url}' iam_role '{role}' format as parquet"


_ALL = (landfall, copy_each, merge_each, copy_all, copy_all_and_deduplicate)
WAYS: dict[str, Callable[[Task], None]] = {way.__name__: way for way in _ALL}


def main() -> None:
    """Run the way that is named, once."""
    meter = Meter()
    WAYS[sys.argv[1]](Task(**json.load(sys.stdin)))
    print(json.dumps(meter.result()))


if __name__ == "__main__":
    main()
