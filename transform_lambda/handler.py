"""MODEL, GATE, ALERT: the transform function. In: one action of the state machine. Out: that action's result, as JSON.

The actions, in the order of the state machine: plan, build, archive, report.
"""

from __future__ import annotations

import functools
import json
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from transform_lambda import archive as archiving
from transform_lambda.build import build as run_build
from transform_lambda.build import modeled_datasets
from transform_lambda.dbt_runtime import Query, connected
from transform_lambda.errors import ConfigError
from transform_lambda.plan import decide, read_facts
from transform_lambda.project import Memory, fingerprint
from transform_lambda.report import report as write_report
from transform_lambda.settings import PASSWORD_VARIABLE, Settings

logger = Logger()
logging.getLogger(logger.name).propagate = False  # dbt's libraries give the root logger a handler: a second, plain line
metrics = Metrics()

_ARCHIVE_RESERVE_MS = 30_000  # of the action's time, kept for what follows the last tag

Event = Mapping[str, Any]


@logger.inject_lambda_context
def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    """Run one action.

    Raises:
        ConfigError: the deployment is wrong, or the action is unknown.
        TransientError: the warehouse cannot be reached; the state machine tries again.
    """
    action = ACTIONS.get(event.get("action", ""))
    if action is None:
        raise ConfigError(f"unknown action {event.get('action')!r}; known: {', '.join(ACTIONS)}")
    logger.append_keys(action=event["action"], execution=event["execution"])
    result = action(event, settings(), context)
    logger.info("done", extra={"size_bytes": len(json.dumps(result))})
    return result


def plan(event: Event, settings: Settings, _context: LambdaContext) -> dict[str, Any]:
    """Decide what must be built; `request` may ask for {"full_refresh": true}."""
    current = fingerprint(settings.project_dir, settings.warehouse)
    datasets = modeled_datasets(settings.project_dir, logger)
    with connected(settings.project_dir) as query:
        _check_user(query, settings.warehouse_user)
        facts = read_facts(query, datasets)
    decided = decide(
        facts,
        project_changed=Memory(s3(), settings.bucket).read() != current,
        full_refresh=(event.get("request") or {}).get("full_refresh") is True,
    )
    for reason in decided.reasons:
        logger.info(reason)
    return {**decided.to_json(), "fingerprint": current}


def build(event: Event, settings: Settings, _context: LambdaContext) -> dict[str, Any]:
    """Run dbt."""
    result = run_build(event["plan"], settings.project_dir, logger)
    metrics.add_dimension("environment", settings.environment)
    metrics.add_metric("ModelsBuilt", MetricUnit.Count, sum(model["status"] == "success" for model in result["models"]))
    metrics.add_metric("GatesFailed", MetricUnit.Count, len(result["failing"]))
    metrics.add_metric("BuildErrors", MetricUnit.Count, len(result["errors"]))
    metrics.flush_metrics()
    return result


def archive(event: Event, settings: Settings, context: LambdaContext) -> dict[str, Any]:
    """Mark the files that the run took in."""
    datasets, run_id = event["plan"]["datasets"], event["build"]["run_id"]
    if not datasets or run_id is None:
        return archiving.mark(s3(), [], lambda: True)
    with connected(settings.project_dir) as query:
        files = archiving.landed_files(query(archiving.files_sql(datasets, run_id)))
    return archiving.mark(s3(), files, lambda: context.get_remaining_time_in_millis() > _ARCHIVE_RESERVE_MS)


def report(event: Event, settings: Settings, _context: LambdaContext) -> dict[str, Any]:
    """Write the report and compose the message."""
    return write_report(s3(), settings.bucket, settings.environment, event)


ACTIONS: dict[str, Callable[[Event, Settings, LambdaContext], dict[str, Any]]] = {
    "plan": plan,
    "build": build,
    "archive": archive,
    "report": report,
}


@functools.cache
def settings() -> Settings:
    """Return the settings, read once.

    With password authentication dbt finds the password in this process's environment from then on, and nowhere else.
    """
    found = Settings.from_environment(os.environ)
    if found.secret_arn:
        secret = boto3.client("secretsmanager").get_secret_value(SecretId=found.secret_arn)["SecretString"]
        os.environ[PASSWORD_VARIABLE] = json.loads(secret)["password"]
    return found


@functools.cache
def s3() -> Any:
    """Return the S3 client, with a connection for each of the archive's threads."""
    return boto3.client("s3", config=Config(max_pool_connections=archiving.THREADS))


def _check_user(query: Query, expected: str) -> None:
    """Refuse to build as somebody else: the tables would get the wrong owner, and no later run could replace them.

    Raises:
        ConfigError: IAM gave credentials of another database user than the role's tag RedshiftDbUser names.
    """
    found = query("select current_user as name")[0]["name"]
    if found != expected:
        raise ConfigError(
            f"logged in to the warehouse as {found!r} instead of {expected!r}: the role's tag RedshiftDbUser has no "
            "effect on this warehouse; deploy with RedshiftAuthentication=database to log in with the secret"
        )
