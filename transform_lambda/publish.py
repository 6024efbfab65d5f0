"""ALERT: compose the message of a run. In: plan, build and archive results. Out: subject, body and attributes for SNS.

One message per run and outcome, in plain text (SNS e-mail has no HTML) that a person can act on: what, how many, three
failing examples, where to look, the commands that fix it. Machines get the same as JSON.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from transform_lambda.legible import visible
from transform_lambda.plan import FULL_REFRESH, WITHDRAW, next_run
from transform_lambda.results import Outcome
from transform_lambda.row_counts import is_waiting

# A message with its attributes is at most 256 KiB (https://docs.aws.amazon.com/general/latest/gr/sns.html), and so is
# the output of the state that hands it on, beside the result of the run: bytes of JSON as they stand in that output.
BODY_LIMIT = 160_000
SUBJECT_LIMIT = 100  # ASCII, no line breaks (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html)
SMS_LIMIT = 140  # characters of one SMS (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html)
TEXT_LIMIT = 20_000  # bytes of JSON
# Our own, below what a notification in a channel may have.
CHAT_LIMIT = 2_000
NAME_LIMIT = 20
WORD_LIMIT = 40
OTHER_WAY_OUT = (
    "Where the gate is what is wrong: change it in dbt_project/models, in the YAML that has its name, and deploy."
)

# What finds the whole, and stays whole.
_WHOLE = {"report", "run_id", "environment", "Bucket", "Key"}
TOO_FEW = "Found, and too few to stop the batch:"  # of a gate that has no words of its own for it
_NOT_PASSED = {"fail", "warn", "error", "runtime error"}

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """Everything that is known about a run when it is announced."""

    environment: str
    plan: Json
    build: Json
    archive: Json
    report: str  # where the whole report is, s3://bucket/key
    is_reminder: bool = False

    @property
    def outcome(self) -> Outcome:
        """Return how it ended."""
        return Outcome(self.build["outcome"])

    @property
    def severity(self) -> str:
        """Return the severity that subscriptions filter on: critical | high | medium (files) | low | info."""
        if self.outcome is Outcome.ERROR:
            return "critical"
        if self.outcome is Outcome.GATE_FAILED:
            return "high"
        if self.build["warning"] or self.archive.get("error"):
            return "medium"
        return "low" if any(gate["status"] == "warn" for gate in self.build["gates"]) else "info"


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
        Outcome.GATE_FAILED: f"gate failed: {_names(gate['gate'] for gate in run.build['failing'])}",
        Outcome.ERROR: "transform ended with an error",
    }[run.outcome]
    reminder = "reminder: " if run.is_reminder else ""
    return plain_ascii(f"[landfall {run.environment}] {reminder}{what}")[:SUBJECT_LIMIT]


def _built(models: Sequence[Json]) -> int:
    """Count the models that the run built: a view that stands as it was is none."""
    return sum(model["status"] == "success" for model in models)


def _tally(gates: Sequence[Json]) -> str:
    """Say how many of the gates passed, and how many warned.

    >>> _tally([{"status": "pass"}, {"status": "warn"}]), _tally([{"status": "pass"}])
    ('1 of 2 passed, 1 warned', '1 of 1 passed')
    """
    ends = Counter(gate["status"] for gate in gates)
    warned = f", {ends['warn']} warned" if ends["warn"] else ""
    return f"{ends['pass']} of {len(gates)} passed{warned}"


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


def lines(run: Run) -> list[str]:
    """Compose the text for people, line by line."""
    told = {Outcome.SUCCEEDED: _success, Outcome.GATE_FAILED: _gate_failure, Outcome.ERROR: _error}[run.outcome]
    return [*told(run), *_unmarked(run.archive), *_owed(run.plan), "", *_where_to_look(run)]


def _owed(plan: Json) -> list[str]:
    """Tell of a full refresh that has not succeeded, and that this run was not.

    >>> _owed({"owed_refresh_since": "2026-01-31T12:00:00+00:00"})[2]
    '  landfall transform --full-refresh --wait'
    >>> _owed({"owed_refresh_since": None})
    []
    """
    if not (since := plan.get("owed_refresh_since")):
        return []
    return [
        "",
        f"A full refresh of {since} has not succeeded yet. What it was to take out or make anew is as it was before:",
        f"  {FULL_REFRESH}",
        f"Where it is not wanted any more: {WITHDRAW}",
    ]


def _unmarked(archive: Json) -> list[str]:
    """Tell of files that could not be marked as modeled, which changes nothing of what is modeled.

    >>> _unmarked({"marked": 2, "after": None})
    []
    """
    if not archive.get("error"):
        return []
    return [
        "",
        f"Files of this run could not be marked as modeled in S3: {archive['error']}",
        "What is modeled is not concerned, and no file is lost: they only stay in the storage class that they are in.",
        "After the cause is fixed, all files that are modeled are marked by: landfall transform --full-refresh --wait",
        "Where rows have left landing, being old, it is refused: bring them back first, or leave the files.",
    ]


def _success(run: Run) -> list[str]:
    waiting = [model for model in run.build["models"] if is_waiting(model["name"]) and model["rows_affected"]]
    built = [model for model in run.build["models"] if not is_waiting(model["name"])]
    return [
        "The models are up to date.",
        "",
        *(f"Why: {reason}" for reason in run.plan["reasons"][:NAME_LIMIT]),
        f"Built: {_counted(built)}",
        f"Held back, each row with its reason: {_counted(waiting) or 'nothing'}",
        f"Gates: {_tally(run.build['gates'])}",
        *(_not_passed(gate) for gate in run.build["gates"] if gate["status"] in _NOT_PASSED),
        *_found(run),
    ]


def _gate_failure(run: Run) -> list[str]:
    failing: Sequence[Json] = run.build["failing"]
    skipped = _names(model["name"] for model in run.build["models"] if model["status"] == "skipped")
    built = _names(model["name"] for model in run.build["models"] if model["status"] == "success")
    return [
        f"{len(failing)} gate(s) failed. What lies behind them was not updated: {skipped}.",
        "Nothing is lost: the rows wait in the landing tables, and a later run takes them in.",
        *([f"All else went on: {built}."] if built else []),
        *_found(run),
    ]


def _found(run: Run) -> list[str]:
    """Tell what gates have found, and what fixes it."""
    failing, warning = run.build["failing"], run.build["warning"]
    if not (failing or warning):
        return []
    return [
        *(line for gate in failing for line in _explained_gate(gate)),
        *_warnings(warning),
        *_to_fix([*failing, *warning]),
    ]


def _warnings(gates: Sequence[Json]) -> list[str]:
    """Tell of what stops nothing, so that nobody would see it: in words of its gate, if it has any."""
    return [
        line
        for says in dict.fromkeys(gate.get("says", TOO_FEW) for gate in gates)
        for line in (
            "",
            says,
            *(line for gate in gates if gate.get("says", TOO_FEW) == says for line in _explained_gate(gate)),
        )
    ]


def _explained_gate(gate: Json) -> list[str]:
    return [
        "",
        f"Gate {gate['gate']}: {gate['failures']} failing row(s)",
        *(f"  file: {visible(file)}" for file in gate["files"]),
        *(f"  example: {visible(json.dumps(example, ensure_ascii=False))}" for example in gate["examples"]),
        *([f"  {gate['note']}"] if gate.get("note") else []),
    ]


def _to_fix(failing: Iterable[Json]) -> list[str]:
    """List every command once, in the order of the gates; the run that shows that it worked comes last.

    >>> _to_fix([{"remedy": ["undo a", "run"]}, {"remedy": ["undo b", "run"]}])[2:-1]
    ['  undo a', '  undo b', '  run']
    """
    commands = [command for gate in failing for command in gate["remedy"]]
    if not commands:
        return ["", OTHER_WAY_OUT]
    last_places = {command: place for place, command in enumerate(commands)}
    return [
        "",
        "To fix it (undo takes a file's rows out again; the file itself stays):",
        *(f"  {visible(command)}" for command, _ in sorted(last_places.items(), key=lambda item: item[1])),
        OTHER_WAY_OUT,
    ]


def _error(run: Run) -> list[str]:
    failing = run.build["failing"]
    stopped = f"Beside that, {len(failing)} gate(s) failed, which stays when the cause of the error is fixed."
    return [
        "dbt could not do its work. Models that failed are as they were.",
        *(f"  {error}" for error in run.build["errors"]),
        "",
        "After the cause is fixed, everything that landed meanwhile is built by:",
        f"  {next_run(run.plan)}",
        *(["", stopped] if failing else []),
        *_found(run),
    ]


def _where_to_look(run: Run) -> list[str]:
    anchor = {Outcome.SUCCEEDED: "succeeded", Outcome.GATE_FAILED: "gate-failed", Outcome.ERROR: "error"}[run.outcome]
    return [
        f"Environment: {run.environment}",
        f"Run: {run.build['run_id']}",
        f"Report: {run.report}",
        f"Runbook: docs/runbook.md#{anchor}",
    ]


def _not_passed(gate: Json) -> str:
    return f"  {gate['status']}: {gate['name']} ({gate['failures']} rows)"


def _counted(models: Iterable[Json]) -> str:
    """List models with their rows.

    >>> _counted([{"name": "orders", "rows_affected": 1200}, {"name": "stg_orders", "rows_affected": None}])
    'orders 1,200 rows, stg_orders'
    """
    texts = [
        model["name"] if model["rows_affected"] is None else f"{model['name']} {model['rows_affected']:,} rows"
        for model in models
    ]
    return _names(texts)


def _names(names: Iterable[str]) -> str:
    """Join names, at most 20 of them.

    >>> _names(f"m{number}" for number in range(22))[-12:]
    ' m19, 2 more'
    """
    every = list(names)
    more = [f"{len(every) - NAME_LIMIT} more"] if len(every) > NAME_LIMIT else []
    return ", ".join([*every[:NAME_LIMIT], *more])


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
