"""OPERATE: the smoke test. In: a stack. Out: what became of one file on its way, leg by leg; it is taken out again.

The file goes the way of every file: S3, the landing queue, the function, COPY, the ledger. Its dataset is the smoke
test's own (`ingest_lambda.arrive.smoke`), of which nothing is announced, so that no transform starts. Modeled is its
row by the transform function, as the transformer and with the statements of an UPSERT, in a transaction that is rolled
back: no model of dbt, no gate and no message takes part.

Objects go first and tables then, so that an event that comes again finds no file to land. Several tests may be under
way: each looks at its own row, takes out its own file, and leaves the tables to the last. A test that is killed leaves
a dataset of one row, which nothing reads and a later test takes out before it begins: a key says until when its test
may be under way.
"""

import io
import json
import math
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
from landfall.operate import pausing, uploads
from landfall.operate.statements import bookkeeping, transactions
from landfall.operate.uploads import Plan, Upload

if TYPE_CHECKING:
    from landfall.stack import Stack

OTHER_LEGS_SECONDS = 900.0  # how long a function of Lambda runs at most
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

    `timeout_seconds` is beside the queue's batching window.

    Raises:
        ConfigError: landing is paused, so that no file comes through.
        TransientError: what an earlier test has left cannot be taken out now.
    """
    if pausing.is_paused(stack):
        raise ConfigError("landing is paused, so that no file comes through: landfall resume")
    patience = timeout_seconds + pausing.batching_seconds(stack)
    take_out(stack)
    token, legs = uuid.uuid4().hex, list[Leg]()
    key = key_of(token, time.time() + patience + OTHER_LEGS_SECONDS)
    sent: list[Upload] = []
    steps: dict[str, Callable[[], str]] = {
        "upload": lambda: _upload(stack, key, token, sent),
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
        last = _leg("taking out", lambda: take_out(stack, key))
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


def key_of(token: str, until: float) -> str:
    """Return the key of the file of a test that has ended, one way or another, at a time (seconds since 1970).

    >>> key_of("abc", 1763000000.5)
    'raw/landfall_smoke/1763000001-abc.parquet'
    """
    return f"{PREFIX}{math.ceil(until)}-{token}.parquet"


def is_under_way(key: str, now: float) -> bool:
    """Tell whether the test whose file it is may be under way; files of other names are of nobody.

    >>> key = key_of("abc", 1763000000)
    >>> is_under_way(key, 1762999999), is_under_way(key, 1763000001), is_under_way("raw/landfall_smoke/a.parquet", 0)
    (True, False, False)
    """
    until, _, _ = key.removeprefix(PREFIX).partition("-")
    return until.isdigit() and now <= int(until)


def take_out(stack: "Stack", own: str = "") -> str:
    """Delete every version of the files of a test and of those that were cut short, then what has become of them.

    The tables, and what is recorded of the dataset, go with the last file. Again is no harm.

    Raises:
        TransientError, ConfigError: the warehouse does not answer, or refuses.
        botocore.exceptions.ClientError: the bucket refuses.
    """
    now, found = time.time(), list(_versions(stack))
    others = {key for key, _ in found if key != own and is_under_way(key, now)}
    objects.delete(stack.s3, stack.bucket, [objects.Stored(*each) for each in found if each[0] not in others])
    if others:
        return "no file of it is left; another smoke test is under way, which takes out the tables"
    if _is_known(stack):
        try:
            stack.warehouse.transaction(transactions.forget_dataset(DATASET))
        except (ConfigError, TransientError):  # of two who find that they are the last, one comes too late
            if _is_known(stack):
                raise
    return "no file and no table of it is left"


def _is_known(stack: "Stack") -> bool:
    warehouse = stack.warehouse
    return DATASET in {*landed_datasets(warehouse, DATASET), *datasets(warehouse, DATASET)}


def _leg(name: str, step: Callable[[], str]) -> Leg:
    started = time.monotonic()
    try:
        passed, detail, is_late = True, step(), False
    except (LegError, ConfigError, TransientError, ClientError, BotoCoreError) as error:
        passed, detail, is_late = False, str(error), isinstance(error, LateError)
    return Leg(name, passed, detail, time.monotonic() - started, is_late)


def _upload(stack: "Stack", key: str, token: str, sent: list[Upload]) -> str:
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
    rows = stack.warehouse.query(bookkeeping.select_smoke(DATASET, token))
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
