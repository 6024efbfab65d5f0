"""OPERATE: the operator's page and dbt's documentation. In: a stack. Out: files that open without a server.

The transform function makes the page, as it does after every run, so that what a person asks for is what is published.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from ingest_lambda.errors import ConfigError, TransientError

if TYPE_CHECKING:
    from landfall.stack import Stack

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".landfall" / "page"
PREFIX = "reports/pages/"
DAYS = 30  # that the published page tells of
PAGE, DOCS = "index.html", "dbt/index.html"
# Longer than a function takes that starts cold and reads a project which nothing has parsed yet.
PATIENT = Config(read_timeout=310, retries={"total_max_attempts": 1})
# What the function's own errors are called, of those that may pass by themselves.
PASSING = frozenset({"TransientError", "Sandbox.Timedout"})


def write(stack: "Stack", folder: Path, days: int) -> tuple[Path, Path | None]:
    """Have the page made now, and write it; fetch dbt's documentation to the place that it links to.

    Returns:
        The page, and the documentation, None where no run has published it yet.

    Raises:
        TransientError: the warehouse cannot be reached.
        ConfigError: the function cannot make the page.
    """
    html = make(stack, days)
    page = folder / PAGE
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(html, encoding="utf-8")
    return page.resolve(), _fetch_docs(stack, folder / DOCS)


def make(stack: "Stack", days: int) -> str:
    """Ask the transform function for the page, as HTML; once more, where a deployment has replaced it meanwhile."""
    name = stack.output("TransformFunctionName")
    code = _code(stack, name)
    said = _invoke(name, days)
    if "html" not in said and _code(stack, name) != code:
        said = _invoke(name, days)
    if "html" not in said:
        kind, message = said.get("errorType"), f"{name} cannot make the page: {said.get('errorMessage')}"
        raise TransientError(message) if kind in PASSING else ConfigError(f"{message} (log: /aws/lambda/{name})")
    html: str = said["html"]
    return html


def _invoke(name: str, days: int) -> dict[str, Any]:
    """Return what the function answers: {"html"}, or what went wrong."""
    payload = json.dumps({"action": "page", "execution": "landfall report", "days": days})
    answer = boto3.client("lambda", config=PATIENT).invoke(FunctionName=name, Payload=payload)
    said: dict[str, Any] = json.loads(answer["Payload"].read())
    return said


def _code(stack: "Stack", name: str) -> str:
    return stack.lambda_.get_function_configuration(FunctionName=name)["CodeSha256"]


def published(stack: "Stack") -> str:
    """Say where the page is that the last run has published."""
    return f"s3://{stack.bucket}/{PREFIX}{PAGE}"


def is_published(stack: "Stack") -> bool:
    """Tell whether a run has published the page."""
    listed = stack.s3.list_objects_v2(Bucket=stack.bucket, Prefix=f"{PREFIX}{PAGE}", MaxKeys=1)
    return listed["KeyCount"] == 1


def _fetch_docs(stack: "Stack", path: Path) -> Path | None:
    try:
        content = stack.s3.get_object(Bucket=stack.bucket, Key=f"{PREFIX}{DOCS}")["Body"].read()
    except stack.s3.exceptions.NoSuchKey:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path.resolve()
