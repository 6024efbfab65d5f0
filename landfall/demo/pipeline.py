"""OPERATE, demo: what the demonstration asks of the deployed stack. In: files, ids. Out: outcomes, runs, rows found."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest_lambda.warehouse.sessions import Warehouse
from ingest_lambda.warehouse.statements import identifier, literal, table
from landfall.demo.narrator import MissedExpectationError
from landfall.demo.sample import Rows
from landfall.operate import files, transforms, uploads
from landfall.operate.standing import queue_depths
from landfall.operate.transforms import Run
from landfall.operate.uploads import Plan, Upload

if TYPE_CHECKING:
    from landfall.stack import Stack

LANDING_SECONDS, RUN_SECONDS, QUIET_SECONDS = 90.0, 300.0, 300.0


@dataclass(frozen=True)
class Pipeline:
    """The deployed stack, as this demonstration uses it: its own keys, its own range of orders."""

    stack: "Stack"
    label: str
    first_id: str
    end_id: str

    @cached_property
    def transformer(self) -> Warehouse:
        """The warehouse as dbt sees it, the quarantine included."""
        return self.stack.warehouse_as("TransformerSecretArn")

    def key(self, dataset: str, path: Path) -> str:
        """Name an object of this demonstration."""
        return f"raw/{dataset}/{self.label}-{path.name}"

    def upload(self, plans: Sequence[Plan]) -> list[Upload]:
        """Upload files and wait until landing has decided on each."""
        sent = [uploads.put(self.stack, plan) for plan in plans]
        return uploads.wait(self.stack, sent, LANDING_SECONDS)

    def quiet(self) -> set[str]:
        """Wait until no transform is under way; return the executions so far, to tell the next one from them."""
        client, arn = self.stack.step_functions, self.stack.output("StateMachineArn")
        deadline = time.monotonic() + QUIET_SECONDS
        while not transforms.is_idle(client, arn):
            if time.monotonic() > deadline:
                raise MissedExpectationError(f"a transform is still under way after {QUIET_SECONDS:g} s")
            time.sleep(0.5)
        return set(transforms.recent(client, arn))

    def await_run(self, before: set[str]) -> Run:
        """Wait for the run that an event started, and follow it to its outcome; `before` are the executions before it.

        Executions that found nothing to build are passed over: a duplicate's event starts them.
        """
        client, arn = self.stack.step_functions, self.stack.output("StateMachineArn")
        deadline = time.monotonic() + RUN_SECONDS
        while time.monotonic() < deadline:
            for execution in transforms.recent(client, arn):
                if execution in before:
                    continue
                run = transforms.follow(client, execution, deadline - time.monotonic())
                if run.outcome and (run.run_id or run.outcome == "error"):
                    return run
            time.sleep(0.5)
        raise MissedExpectationError(f"no event started a transform within {RUN_SECONDS:g} s")

    def transform(self) -> Run:
        """Start a run by hand and follow it, as `landfall transform --wait` does."""
        client = self.stack.step_functions
        execution = transforms.start(client, self.stack.output("StateMachineArn"))
        return transforms.follow(client, execution, RUN_SECONDS)

    def redeliver(self, body: str) -> None:
        """Send an S3 event to the landing queue and wait until it has been handled."""
        self.stack.sqs.send_message(QueueUrl=self.stack.output("LandingQueueUrl"), MessageBody=body)
        deadline = time.monotonic() + LANDING_SECONDS
        while any(queue_depths(self.stack)[name] for name in ("visible", "in_flight")):
            if time.monotonic() > deadline:
                raise MissedExpectationError(f"the landing queue is not empty after {LANDING_SECONDS:g} s")
            time.sleep(0.5)

    def landed_rows(self, file_id: str, dataset: str) -> int:
        """Count a file's rows in landing."""
        sql = f"select count(*) as row_count from {table('landing', dataset)} where _file_id = {literal(file_id)}"  # noqa: S608 - quoted
        return int(self.stack.warehouse.query(sql)[0]["row_count"])

    def verdict(self, upload: Upload) -> files.Outcome:
        """Read the verdict on a rejected file."""
        file_id = uploads.file_id(self.stack, upload)
        return files.outcomes(self.stack.warehouse, {upload.plan.dataset or "": [file_id]})[file_id]

    def modeled(self, entity: str, key: str, facts: Sequence[str]) -> Rows:
        """Read this demonstration's rows of a modeled table."""
        columns = ", ".join(map(identifier, (key, *facts)))
        sql = (
            f"select {columns} from modeled.{identifier(entity)} "  # noqa: S608 - quoted
            f"where order_id >= {literal(self.first_id)} and order_id < {literal(self.end_id)}"
        )
        rows = self.stack.warehouse_as("ReaderSecretArn").query(sql)
        return {row[key]: tuple(_comparable(row[fact]) for fact in facts) for row in rows}

    def quarantined(self, source_file: str) -> list[str]:
        """List the reasons for which orders of a file are in quarantine, a row each."""
        sql = f"select reject_reason from gate.quarantine_orders where _source_file = {literal(source_file)}"  # noqa: S608 - quoted
        return [str(row["reject_reason"]) for row in self.transformer.query(sql)]

    def uri(self, upload: Upload) -> str:
        """Name an uploaded file as gates and verdicts do."""
        return f"s3://{self.stack.bucket}/{upload.plan.key}"


def _comparable(value: Any) -> Any:
    """Cut what an all-zero fraction of a second may add to a time."""
    return value[:19] if isinstance(value, str) and value[:4].isdigit() and value[10:11] == " " else value
