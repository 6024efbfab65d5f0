"""LAND: telling others.

In: the outcomes of a batch. Out: a "Dataset landed" event a load (which starts the transform), an alert a dataset for
what was rejected, and a note a load that changed landing's columns. Pure builders, and three thin calls.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ingest_lambda.judge.plan import ColumnChange
from ingest_lambda.legible import page
from ingest_lambda.load.outcomes import AddedAhead, FileOutcome, Status

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

SOURCE = "landfall.ingest"
DETAIL_TYPE = "Dataset landed"
TOLD = frozenset({Status.LANDED, Status.DUPLICATE})  # what a ledger holds
MAX_ENTRIES = 10  # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
MAX_FILES_NAMED = 10
MAX_CHANGES_NAMED = 50
MAX_MESSAGE_BYTES = 250_000  # of 262,144: https://docs.aws.amazon.com/sns/latest/dg/sns-large-payloads.html
MAX_CHANNEL_TEXT = 2_000  # our own, below what a notification in a channel may have
MAX_SUBJECT = 100  # characters, ASCII: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html


LANDED_NOT_MODELED = """\
A new column is landed, not modeled: take it into staging if it is wanted. Was a column renamed, then the old one is
NULL in these rows. docs/schema_change.md says what else can change, and how."""

Detail = dict[str, Any]


def landed_details(outcomes: Iterable[FileOutcome], environment: str) -> list[Detail]:
    """Sum up, per dataset and load, what the ledger holds: landed now, or before (a duplicate).

    Duplicates are told as well: the event of the load that landed them may have been lost. `schema_changes` is what the
    load did to landing's columns: `{"column", "found", "into"}`, `found` null where the column is new.
    """
    groups: dict[tuple[str, str | None, int | None], list[FileOutcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.dataset and outcome.status in TOLD:
            groups[outcome.dataset, outcome.load_id, outcome.load_seq].append(outcome)
    return [
        {
            "dataset": dataset,
            "load_id": load_id,
            "load_seq": load_seq,
            "files": len(files),
            "rows": sum(file.rows or 0 for file in files),
            "environment": environment,
            "schema_changes": [asdict(change) for change in _changes(files)[:MAX_CHANGES_NAMED]],
        }
        for (dataset, load_id, load_seq), files in groups.items()
    ]


def added_details(added: Iterable[AddedAhead], environment: str) -> list[Detail]:
    """Say of loads that have landed nothing what they did to landing's columns, in the form of `landed_details`."""
    return [
        {
            "dataset": each.dataset,
            "load_id": each.load_id,
            "load_seq": None,
            "files": 0,
            "rows": 0,
            "environment": environment,
            "schema_changes": [asdict(change) for change in each.changes[:MAX_CHANGES_NAMED]],
        }
        for each in added
    ]


def send_landed(events: EventBridgeClient, bus: str, details: Sequence[Detail]) -> int:
    """Send the events; return how many the bus refused. A lost event delays the transform's next sweep, no more."""
    entries: list[PutEventsRequestEntryTypeDef] = [
        {"Source": SOURCE, "DetailType": DETAIL_TYPE, "EventBusName": bus, "Detail": json.dumps(detail)}
        for detail in details
    ]
    batches = [entries[start : start + MAX_ENTRIES] for start in range(0, len(entries), MAX_ENTRIES)]
    return sum(events.put_events(Entries=batch)["FailedEntryCount"] for batch in batches)


def send_rejected(sns: SNSClient, topic_arn: str, environment: str, rejected: Iterable[FileOutcome]) -> None:
    """Alert about rejected files: one message a dataset, with attributes that subscriptions can filter by."""
    by_dataset: dict[str, list[FileOutcome]] = defaultdict(list)
    for outcome in rejected:
        by_dataset[outcome.dataset or ""].append(outcome)
    for dataset, files in by_dataset.items():
        sns.publish(
            TopicArn=topic_arn,
            Subject=subject(environment, dataset, len(files)),
            Message=rejected_message(dataset, environment, files),
            MessageStructure="json",
            MessageAttributes=attributes("medium", dataset, environment),
        )


def rejected_message(dataset: str, environment: str, rejected: Sequence[FileOutcome]) -> str:
    """Write an alert for people and for machines; it names fewer files where their verdicts are too long for SNS."""
    for named in (MAX_FILES_NAMED, 1):
        told = text(dataset, rejected, named)
        message = by_protocol(
            subject(environment, dataset, len(rejected)), told, machine_text(dataset, environment, rejected, named)
        )
        if len(message) <= MAX_MESSAGE_BYTES:  # ASCII, as `dumps` escapes the rest
            break
    return message


def send_schema_changes(sns: SNSClient, topic_arn: str, environment: str, details: Iterable[Detail]) -> None:
    """Announce columns that are new or wider: they landed, and no model knows them yet. One message a load."""
    for detail in details:
        if detail["schema_changes"]:
            machine = json.dumps({"stage": "land", **detail}, ensure_ascii=False)
            title = f"[landfall {environment}] {detail['dataset']}: columns changed"[:MAX_SUBJECT]
            sns.publish(
                TopicArn=topic_arn,
                Subject=title,
                Message=by_protocol(title, changes_text(detail), machine),
                MessageStructure="json",
                MessageAttributes=attributes("low", detail["dataset"], environment),
            )


def by_protocol(title: str, told: str, machine: str) -> str:
    """Compose SNS's JSON by protocol: text for people, JSON for queues, a notification for a channel.

    Amazon Q Developer posts what is of this form, and drops a plain text:
    https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html

    >>> json.loads(json.loads(by_protocol("s", "t", "{}"))["https"])["content"]["description"].splitlines()
    ['```', 't', '```']
    """
    shown = as_it_is(told if len(told) <= MAX_CHANNEL_TEXT else f"{told[:MAX_CHANNEL_TEXT]}\n…")
    content = {"textType": "client-markdown", "title": as_it_is(title), "description": f"```\n{shown}\n```"}
    channel = json.dumps({"version": "1.0", "source": "custom", "content": content})
    return json.dumps({"default": told, "sqs": machine, "https": channel})


def as_it_is(text: str) -> str:
    """Take from a text what a channel would act on: mentions and links in angle brackets, the end of a block of code.

    https://docs.slack.dev/messaging/formatting-message-text/

    >>> as_it_is("<!channel> ` &")
    "&lt;!channel&gt; ' &amp;"
    """
    for live, shown in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("`", "'")):
        text = text.replace(live, shown)
    return text


def changes_text(detail: Detail) -> str:
    """Say, for people, what happened to landing's columns, and what to do."""
    dataset = detail["dataset"]
    rows = "Their rows landed." if detail["files"] else "Their rows did not land by that load: they are tried again."
    lines = [f"Files of {dataset} changed the columns of landing.{dataset}. {rows}", ""]
    for change in detail["schema_changes"]:
        was = f"was {change['found']}, is" if change["found"] else "is new,"
        lines.append(f"  {change['column']} {was} {change['into']}")
    return "\n".join([*lines, "", LANDED_NOT_MODELED])


def subject(environment: str, dataset: str, files: int) -> str:
    """Word the subject of an alert.

    >>> subject("prod", "orders", 1)
    '[landfall prod] orders: 1 file rejected'
    """
    return f"[landfall {environment}] {dataset}: {files} file{'' if files == 1 else 's'} rejected"[:MAX_SUBJECT]


def text(dataset: str, rejected: Sequence[FileOutcome], named: int = MAX_FILES_NAMED) -> str:
    """Say, for people, which files were rejected, why, and what to do."""
    lines = [f"{len(rejected)} file(s) of {dataset} were rejected; no row of them landed.", ""]
    for outcome in rejected[:named]:
        verdict = outcome.verdict
        if verdict is not None:
            where = f", column {verdict.column}" if verdict.column is not None else ""
            lines += [
                f"{verdict.file} (version {verdict.version_id})",
                f"  {verdict.reason}{where}: {verdict.detail}",
                *([f"  found: {verdict.found}"] if verdict.found else []),
                *([f"  expected: {verdict.expected}"] if verdict.expected else []),
                f"  what to do: {verdict.remedy}",
                "",
            ]
    if len(rejected) > named:
        lines += [f"... and {len(rejected) - named} more", ""]
    lines += ["Copies and verdicts are under quarantine/ in the bucket.", f"See: landfall history --dataset {dataset}"]
    return page(lines)


def machine_text(dataset: str, environment: str, rejected: Sequence[FileOutcome], named: int = MAX_FILES_NAMED) -> str:
    """Say the same as JSON."""
    verdicts = [json.loads(file.verdict.to_json()) for file in rejected[:named] if file.verdict]
    facts = {"stage": "land", "dataset": dataset, "environment": environment, "rejected": len(rejected)}
    return json.dumps({**facts, "verdicts": verdicts}, ensure_ascii=False)


def _changes(files: Sequence[FileOutcome]) -> list[ColumnChange]:
    """List what a load changed, once, however many files it had."""
    return list(dict.fromkeys(change for file in files for change in file.schema_changes))


def attributes(severity: str, dataset: str, environment: str) -> dict[str, MessageAttributeValueTypeDef]:
    """Say what subscriptions filter by.

    `severity`: critical (a run broke), high (a gate failed), medium (a file was rejected), low (a new column), info.
    """
    values = {"severity": severity, "dataset": dataset, "stage": "land", "environment": environment}
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}
