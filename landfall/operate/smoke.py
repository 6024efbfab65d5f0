"""OPERATE: the smoke test. In: a stack. Out: what became of one file on its way, leg by leg; it is taken out again.

The file goes the way of every file: S3, the landing queue, the function, COPY, the ledger. Its dataset is the smoke
test's own (`ingest_lambda.arrive.smoke`), of which nothing is announced, so that no transform starts. Modeled is its
row by the transform function, as the transformer and with the statements of an UPSERT, in a transaction that is rolled
back: no model of dbt, no gate and no message takes part.

Objects go first and tables then, so that an event that comes again finds no file to land. A test that is killed leaves
a dataset of one row, which nothing reads and the next test takes out before it begins.
"""

import io
import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.arrive.smoke import DATASET, PREFIX
from ingest_lambda.bucket import objects
from ingest_lambda.errors import ConfigError, TransientError
from ingest_lambda.reconcile.ledger import datasets
from ingest_lambda.warehouse.catalog import landed_datasets
from landfall.operate import pausing, statements, uploads
from landfall.operate.uploads import Plan, Upload

if TYPE_CHECKING:
    from landfall.stack import Stack

REMEDIES = {
    "upload": "may you write to the bucket (s3:PutObject)? `landfall doctor` says whether it is there",
    "landing": "do others stand before it (`landfall status`)? `landfall doctor` goes through trigger, queue, function "
    "and COPY; the log is /aws/lambda/{ingest}",
    "row": "another row than was sent has landed: please tell us, with what `landfall verify` says",
    "transform": "the log is /aws/lambda/{transform}; `landfall doctor` tries users and rights",
    "taking out": "nothing reads what is left, and the next `landfall smoke` takes it out",
}


@dataclass(frozen=True)
class Leg:
    """A part of the way: its name, whether the file came through, what is to be said, and the seconds it took."""

    name: str
    passed: bool
    detail: str
    seconds: float
    is_late: bool = False

    def to_dict(self, remedy: str | None) -> dict[str, Any]:
        """Spell the leg as its JSON face does."""
        return {
            "leg": self.name,
            "passed": self.passed,
            "detail": self.detail,
            "seconds": round(self.seconds, 1),
            "remedy": remedy,
        }


class LegError(Exception):
    """The file did not come through a leg; the text says why."""


class LateError(LegError):
    """The file has not come through in time, and may do so later: others may stand before it."""


def run(stack: "Stack", timeout_seconds: float, tell: Callable[[Leg], None] = lambda _: None) -> list[Leg]:
    """Send a file through, and take it out again; return the legs as far as it came, and the taking out.

    One at a time: each takes out what it finds of another. `timeout_seconds` is beside the queue's batching window.

    Raises:
        ConfigError: landing is paused, so that no file comes through.
        TransientError: what an earlier test has left cannot be taken out now.
    """
    if pausing.is_paused(stack):
        raise ConfigError("landing is paused, so that no file comes through: landfall resume")
    patience = timeout_seconds + pausing.batching_seconds(stack)
    take_out(stack)
    token, legs = uuid.uuid4().hex, list[Leg]()
    sent: list[Upload] = []
    steps: dict[str, Callable[[], str]] = {
        "upload": lambda: _upload(stack, token, sent),
        "landing": lambda: _landing(stack, sent[0], patience),
        "row": lambda: _row(stack, token),
        "transform": lambda: _transform(stack),
    }
    try:
        for name, step in steps.items():
            legs.append(_leg(name, step))
            tell(legs[-1])
            if not legs[-1].passed:
                break
    finally:
        last = _leg("taking out", lambda: take_out(stack))
        tell(last)
    return [*legs, last]


def exit_code(legs: Sequence[Leg]) -> int:
    """Return 0 where the file came through, 2 where it has not in time, which may be nobody's fault, 1 otherwise."""
    failed = [leg for leg in legs if not leg.passed]
    return 0 if not failed else 2 if all(leg.is_late for leg in failed) else 1


def remedy(stack: "Stack", leg: Leg) -> str | None:
    """Say what to do about a leg that the file did not come through."""
    if leg.passed:
        return None
    functions = {
        "ingest": stack.output("IngestFunctionName"),
        "transform": stack.output("TransformFunctionName"),
    }
    return REMEDIES[leg.name].format(**functions)


def take_out(stack: "Stack") -> str:
    """Delete every version of the test's files, then its tables and what is recorded of it; again is no harm.

    Raises:
        TransientError, ConfigError: the warehouse does not answer, or refuses.
        botocore.exceptions.ClientError: the bucket refuses.
    """
    files = [objects.Stored(key, version) for key, version in _versions(stack)]
    objects.delete(stack.s3, stack.bucket, files)
    warehouse = stack.warehouse
    if DATASET in {*landed_datasets(warehouse, DATASET), *datasets(warehouse, DATASET)}:
        warehouse.transaction(statements.forget_dataset(DATASET))
    return "no file and no table of it is left"


def _leg(name: str, step: Callable[[], str]) -> Leg:
    started = time.monotonic()
    try:
        passed, detail, is_late = True, step(), False
    except (LegError, ConfigError, TransientError, ClientError, BotoCoreError) as error:
        passed, detail, is_late = False, str(error), isinstance(error, LateError)
    return Leg(name, passed, detail, time.monotonic() - started, is_late)


def _upload(stack: "Stack", token: str, sent: list[Upload]) -> str:
    key = f"{PREFIX}{token}.parquet"
    stored = objects.put_parquet(stack.s3, stack.bucket, key, _file(token))
    sent.append(Upload(Plan(Path(key), key, DATASET), stored.version_id or ""))
    return f"s3://{stack.bucket}/{key}"


def _landing(stack: "Stack", sent: Upload, timeout_seconds: float) -> str:
    [settled] = uploads.wait(stack, [sent], timeout_seconds)
    if settled.outcome is None:
        raise LateError(str(settled.reason))
    if settled.outcome != "landed":
        raise LegError(f"{settled.outcome}: {settled.reason}")
    return "in the ledger"


def _row(stack: "Stack", token: str) -> str:
    rows = stack.warehouse.query(statements.select_smoke(DATASET, token))
    if rows != [{"token": token, "number": 1}]:
        raise LegError(f"landing.{DATASET} holds {rows}")
    return f"one row in landing.{DATASET}, as it was sent"


def _transform(stack: "Stack") -> str:
    event = {"action": "smoke", "execution": "smoke"}
    answer = stack.lambda_.invoke(FunctionName=stack.output("TransformFunctionName"), Payload=json.dumps(event))
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise LegError(str(said.get("errorMessage")))
    if not said["landed"] == said["merged"] > 0:
        raise LegError(f"an UPSERT of what landed, repeated, left {said}")
    return "the transform function has merged the row twice into a table of its own, which it rolled back: one row"


def _file(token: str) -> bytes:
    import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
    from pyarrow import parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.table({"token": [token], "number": pa.array([1], pa.int64())}), sink)
    return sink.getvalue()


def _versions(stack: "Stack") -> Iterator[tuple[str, str]]:
    for page in stack.s3.get_paginator("list_object_versions").paginate(Bucket=stack.bucket, Prefix=PREFIX):
        for found in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            yield found["Key"], found["VersionId"]
