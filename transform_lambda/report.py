"""ALERT: write a run's report to S3, and hand back what the state machine ends with and what it publishes."""

from __future__ import annotations

import json
from typing import Any

from transform_lambda.project import Memory
from transform_lambda.publish import Json, Run, message
from transform_lambda.results import Outcome

FOLDER = "reports/transform/"


def report_key(run_id: str | None, execution: str) -> str:
    """Return the report's key. A run that broke before dbt gave it an id goes by its execution's name.

    >>> report_key("4f2", "arn:aws:states:x:execution:transform:e-1"), report_key(None, "arn:x:e-1")
    ('reports/transform/4f2.json', 'reports/transform/e-1.json')
    """
    return f"{FOLDER}{run_id or execution.rsplit(':', 1)[-1]}.json"


def result_of(build: Json, key: str) -> dict[str, Any]:
    """Build the execution's output."""
    kept = ("outcome", "run_id", "models", "gates", "failing", "errors")
    return {"status": "done", **{name: build[name] for name in kept}, "report_key": key}


def report(s3: Any, bucket: str, environment: str, event: Json) -> dict[str, Any]:
    """Write the report, keep the memory of what was built, and compose the message.

    Returns:
        {"result": the execution's output, "message": {"subject", "body", "attributes"}}.
    """
    plan, build, archive = event["plan"], event["build"], event["archive"]
    key = report_key(build["run_id"], event["execution"])
    content = {"environment": environment, "execution": event["execution"], "plan": plan, "build": build}
    s3.put_object(
        Bucket=bucket,
        Key=key,
        Body=json.dumps({**content, "archive": archive}, indent=2).encode(),
        ContentType="application/json",
    )
    remember(Memory(s3, bucket), plan, Outcome(build["outcome"]))
    run = Run(environment, plan, build, archive, f"s3://{bucket}/{key}")
    return {"result": result_of(build, key), "message": message(run)}


def remember(memory: Memory, plan: Json, outcome: Outcome) -> None:
    """Keep the project's fingerprint once all of it was built; after an error the next run builds all of it again."""
    if outcome is Outcome.ERROR:
        memory.forget()
    elif outcome is Outcome.SUCCEEDED and plan["whole_project"]:
        memory.write(plan["fingerprint"])
