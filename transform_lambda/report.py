"""ALERT: write a run's reports to S3, and hand back what the state machine ends with and what it publishes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transform_lambda.alerts import Alert, LastAlert, fingerprint_of, is_due, is_news
from transform_lambda.announced import Json, Run
from transform_lambda.kept import OwedRefresh
from transform_lambda.project import Memory
from transform_lambda.publish import message, shortened, subject
from transform_lambda.results import Outcome
from transform_lambda.validation import FOLDER as VALIDATION_FOLDER
from transform_lambda.validation import summed, validation_report

FOLDER = "reports/transform/"
LATEST = f"{FOLDER}latest.json"
KIND = "transform"
# Bytes of JSON: with the message it is one state's output, of which Step Functions takes 256 KiB.
RESULT_LIMIT = 60_000
_LISTS = ("run_ids", "models", "gates", "records", "failing", "warning", "errors")


@dataclass(frozen=True)
class Desk:
    """Where reports go, and what was told last."""

    s3: Any
    bucket: str
    environment: str
    reminder_hours: int
    last: LastAlert | None = None

    def put(self, key: str, content: Mapping[str, Any]) -> None:
        """Write one object of JSON."""
        body = json.dumps(content, indent=2).encode()
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType="application/json")


def report_key(run_id: str | None, execution: str) -> str:
    """Return the report's key. A run that broke before dbt gave it an id goes by its execution's name.

    >>> report_key("4f2", "arn:aws:states:x:execution:transform:e-1"), report_key(None, "arn:x:e-1")
    ('reports/transform/4f2.json', 'reports/transform/e-1.json')
    """
    return f"{FOLDER}{run_id or execution.rsplit(':', 1)[-1]}.json"


def validation_key(dataset: str, report: str) -> str:
    """Return the key of a data set's validation report, which bears the run's name.

    >>> validation_key("claims", "reports/transform/4f2.json")
    'reports/validation/claims/4f2.json'
    """
    return f"{VALIDATION_FOLDER}{dataset}/{report.removeprefix(FOLDER)}"


def result_of(build: Json, key: str, bucket: str) -> dict[str, Any]:
    """Build the execution's output: the lists cut where they are long, and where the whole is."""
    about = {"status": "done", "outcome": build["outcome"], "run_id": build["run_id"], "report_key": key}
    lists: dict[str, Any] = {name: list(build[name]) for name in _LISTS}
    for number in (20, 5, 1):
        if len(json.dumps({**about, **lists})) <= RESULT_LIMIT:
            break
        lists = {**shortened(lists, number), "shortened_from": {"Bucket": bucket, "Key": key}}
    return {**about, **lists}


def report(desk: Desk, event: Json) -> dict[str, Any]:
    """Write the reports, keep the memory of what was built, and compose the message.

    Returns:
        {"result": the execution's output, "message": {"subject", "body", "attributes"}, "alert": what to record once
        the message is sent}; message and alert are None when the same was told already.
    """
    plan, build, archive = event["plan"], event["build"], event["archive"]
    key = report_key(build["run_id"], event["execution"])
    fingerprint = fingerprint_of(build)
    run = Run(
        desk.environment,
        plan,
        build,
        archive,
        f"s3://{desk.bucket}/{key}",
        is_reminder=not is_news(desk.last, fingerprint),
    )
    told = is_due(desk.last, fingerprint, desk.reminder_hours)
    _write(desk, key, run, {"execution": event["execution"], "is_told": told, "fingerprint": fingerprint})
    remember(Memory(desk.s3, desk.bucket), plan, Outcome(build["outcome"]))
    if plan["full_refresh"] and build["outcome"] == Outcome.SUCCEEDED:
        OwedRefresh(desk.s3, desk.bucket).clear()
    alert = Alert(KIND, fingerprint, run.severity, subject(run), build["run_id"], run.report)
    return {
        "result": result_of(build, key, desk.bucket) | _unmarked(archive),
        "message": message(run) if told else None,
        "alert": alert.to_json() if told else None,
    }


def _unmarked(archive: Json) -> dict[str, str]:
    return {"unmarked": archive["error"]} if archive.get("error") else {}


def _write(desk: Desk, key: str, run: Run, about: Mapping[str, Any]) -> None:
    content = {"environment": run.environment, "plan": run.plan, "build": run.build, "archive": run.archive, **about}
    for place in (key, LATEST):
        desk.put(place, content)
    for records in summed(run.build["records"]):
        desk.put(validation_key(records["dataset"], key), validation_report(records, run.report))


def remember(memory: Memory, plan: Json, outcome: Outcome) -> None:
    """Give the memory back that the build has taken: what the plan names is made by this version now.

    What a gate has stopped is made by the version before still. After an error, and where a run does not come this far,
    nothing is remembered, and the next one builds all of it.
    """
    if outcome is Outcome.SUCCEEDED:
        memory.write([plan["fingerprint"]])
    elif outcome is not Outcome.ERROR and plan["before"]:
        memory.write(sorted({*plan["before"], plan["fingerprint"]}))
