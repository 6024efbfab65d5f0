"""ALERT: compose the message of a run. In: plan, build and archive results. Out: subject, body and attributes for SNS.

One message per run and outcome, in plain text (SNS e-mail has no HTML) that a person can act on: what, how many, three
failing examples, where to look, the commands that fix it. Machines get the same as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from transform_lambda.announced import Json, Run
from transform_lambda.results import Outcome
from transform_lambda.wording import NAME_LIMIT, lines, listed

# A message with its attributes is at most 256 KiB (https://docs.aws.amazon.com/general/latest/gr/sns.html), and so is
# the output of the state that hands it on, beside the result of the run: bytes of JSON as they stand in that output.
BODY_LIMIT = 160_000
SUBJECT_LIMIT = 100  # ASCII, no line breaks (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html)
SMS_LIMIT = 140  # characters of one SMS (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html)
TEXT_LIMIT = 20_000  # bytes of JSON
# Our own, below what a notification in a channel may have.
CHAT_LIMIT = 2_000
WORD_LIMIT = 40
# What finds the whole, and stays whole.
_WHOLE = {"report", "run_id", "environment", "Bucket", "Key"}


def message(run: Run) -> dict[str, Any]:
    """Compose the message: {"subject", "body" (SNS's JSON by protocol), "attributes"}."""
    few = facts(_without_details(run))
    for told in (facts(run), few, *(shortened(few, number) for number in (20, 5, 1))):
        body = body_of(lines(run), told, subject(run))
        if len(json.dumps(body)) <= BODY_LIMIT:
            break
    return {"subject": subject(run), "body": body, "attributes": attributes(run)}


def body_of(text_lines: Iterable[str], facts: Json, subject: str) -> str:
    """Compose SNS's JSON by protocol: text for people, JSON for queues, a line for phones, a note for a channel."""
    text = bounded_text(text_lines)
    by_protocol = {
        "default": text,
        "sqs": json.dumps(facts),
        "sms": subject[:SMS_LIMIT],
        "https": channel_text(subject, text),
    }
    return json.dumps(by_protocol)


def channel_text(subject: str, text: str) -> str:
    """Compose what Amazon Q Developer posts to a channel; it drops what is neither an event of AWS's nor of this form.

    https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html

    >>> json.loads(channel_text("s", "t"))["content"]["title"]
    's'
    """
    shown = as_it_is(text if len(text) <= CHAT_LIMIT else f"{text[:CHAT_LIMIT]}\n…")
    content = {"textType": "client-markdown", "title": as_it_is(subject), "description": f"```\n{shown}\n```"}
    return json.dumps({"version": "1.0", "source": "custom", "content": content})


def as_it_is(text: str) -> str:
    """Take from a text what a channel would act on: mentions and links in angle brackets, the end of a block of code.

    https://docs.slack.dev/messaging/formatting-message-text/

    >>> as_it_is("<!channel> ` &")
    "&lt;!channel&gt; ' &amp;"
    """
    for live, shown in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("`", "'")):
        text = text.replace(live, shown)
    return text


def _without_details(run: Run) -> Run:
    explained = {
        kind: [{**gate, "examples": [], "files": gate["files"][:1]} for gate in run.build[kind]]
        for kind in ("failing", "warning")
    }
    return replace(run, build={**run.build, **explained, "models": [], "gates": []})


def shortened(value: Any, number: int) -> Any:
    """Leave of every list its first few, and of every text its first characters: the whole is in the report.

    >>> shortened({"gates": ["a" * 99, "b", "c"]}, 2)["gates"][1:]
    ['b']
    >>> len(shortened({"report": "s3://" + "b" * 99}, 1)["report"])
    104
    """
    if isinstance(value, Mapping):
        return {name: item if name in _WHOLE else shortened(item, number) for name, item in value.items()}
    if isinstance(value, str):
        return value[: WORD_LIMIT * number]
    if isinstance(value, Sequence):
        return [shortened(item, number) for item in value[:number]]
    return value


def subject(run: Run) -> str:
    """Compose the subject: ASCII, one line, at most 100 characters."""
    beside = "".join(dict.fromkeys(f", {_short(gate)}" for gate in run.build["warning"]))
    what = {
        Outcome.SUCCEEDED: f"{_built(run.build['models'])} models built{beside}",
        Outcome.GATE_FAILED: f"gate failed: {listed(gate['gate'] for gate in run.build['failing'])}",
        Outcome.ERROR: "transform ended with an error",
    }[run.outcome]
    reminder = "reminder: " if run.is_reminder else ""
    return plain_ascii(f"[landfall {run.environment}] {reminder}{what}")[:SUBJECT_LIMIT]


def _built(models: Sequence[Json]) -> int:
    """Count the models that the run built: a view that stands as it was is none."""
    return sum(model["status"] == "success" for model in models)


def _short(gate: Json) -> str:
    """Return what a subject says of a gate that warns: its own words in short, or its name."""
    return str(gate.get("subject") or f"warned: {gate['gate']}")


def plain_ascii(text: str) -> str:
    """Replace what a subject may not contain.

    >>> plain_ascii("caf\u00e9\\nbar")
    'caf? bar'
    """
    ascii_text = text.encode("ascii", "replace").decode()
    return " ".join("".join(char if char.isprintable() else " " for char in ascii_text).split())


def attributes(run: Run) -> dict[str, dict[str, str]]:
    """Return the message's attributes in the shape of the SNS API; a filter matches any of the data sets."""
    return {
        "severity": {"DataType": "String", "StringValue": run.severity},
        "stage": {"DataType": "String", "StringValue": "model" if run.outcome is Outcome.SUCCEEDED else "gate"},
        "environment": {"DataType": "String", "StringValue": run.environment},
        "dataset": {"DataType": "String.Array", "StringValue": json.dumps(list(run.plan["datasets"])[:NAME_LIMIT])},
    }


def facts(run: Run) -> dict[str, Any]:
    """Return the message for machines."""
    return {
        "kind": "transform",
        "environment": run.environment,
        "severity": run.severity,
        "outcome": str(run.outcome),
        "is_reminder": run.is_reminder,
        "run_id": run.build["run_id"],
        "run_ids": list(run.build["run_ids"]),
        "datasets": list(run.plan["datasets"]),
        "reasons": list(run.plan["reasons"])[:NAME_LIMIT],
        "owed_refresh_since": run.plan.get("owed_refresh_since"),
        "models": list(run.build["models"]),
        "gates": [gate for gate in run.build["gates"] if gate["status"] != "pass"],
        "failing": list(run.build["failing"]),
        "warning": list(run.build["warning"]),
        "errors": list(run.build["errors"]),
        "records": list(run.build["records"]),
        "archived": dict(run.archive),
        "report": run.report,
    }


def bounded_text(text_lines: Iterable[str]) -> str:
    """Join lines into a text of at most 20,000 bytes of JSON, in which a character takes up to twelve.

    >>> bounded_text(["a", "b"])
    'a\\nb'
    >>> len(json.dumps(bounded_text(["\N{GRINNING FACE}" * 9_000]))) <= TEXT_LIMIT + 100
    True
    """
    text = "\n".join(text_lines)
    if len(json.dumps(text)) <= TEXT_LIMIT:
        return text
    kept, size = 0, 0
    while size <= TEXT_LIMIT:
        size += len(json.dumps(text[kept])) - 2
        kept += 1
    return text[: kept - 1] + "\n… shortened; the report has it all"
