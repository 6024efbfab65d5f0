"""LAND: telling others.

In: the outcomes of a batch. Out: a "Dataset landed" event a dataset (which starts the transform), and an alert a
dataset for what was rejected. Pure builders, and two thin calls.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ingest_lambda.outcomes import FileOutcome, Status

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

SOURCE = "landfall.ingest"
DETAIL_TYPE = "Dataset landed"
MAX_ENTRIES = 10  # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
MAX_FILES_NAMED = 10
SEVERITY = "medium"  # of critical (a run broke), high (a gate failed), medium (a file was rejected), low, info
MAX_SUBJECT = 100  # characters, ASCII: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html


def landed_details(outcomes: Iterable[FileOutcome], environment: str) -> list[dict[str, str | int | None]]:
    """Sum up, per dataset and load, what the ledger holds: landed now, or before (a duplicate).

    Duplicates are told as well: the event of the load that landed them may have been lost.
    """
    groups: dict[tuple[str, str | None, int | None], list[FileOutcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.dataset and outcome.status in {Status.LANDED, Status.DUPLICATE}:
            groups[outcome.dataset, outcome.load_id, outcome.load_seq].append(outcome)
    return [
        {
            "dataset": dataset,
            "load_id": load_id,
            "load_seq": load_seq,
            "files": len(files),
            "rows": sum(file.rows or 0 for file in files),
            "environment": environment,
        }
        for (dataset, load_id, load_seq), files in groups.items()
    ]


def send_landed(events: EventBridgeClient, bus: str, details: Sequence[Mapping[str, str | int | None]]) -> int:
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
            Message=json.dumps({"default": text(dataset, files), "sqs": machine_text(dataset, environment, files)}),
            MessageStructure="json",
            MessageAttributes=_attributes(severity=SEVERITY, dataset=dataset, stage="land", environment=environment),
        )


def subject(environment: str, dataset: str, files: int) -> str:
    """Word the subject of an alert.

    >>> subject("prod", "orders", 1)
    '[landfall prod] orders: 1 file rejected'
    """
    return f"[landfall {environment}] {dataset}: {files} file{'' if files == 1 else 's'} rejected"[:MAX_SUBJECT]


def text(dataset: str, rejected: Sequence[FileOutcome]) -> str:
    """Say, for people, which files were rejected, why, and what to do."""
    lines = [f"{len(rejected)} file(s) of {dataset} were rejected; no row of them landed.", ""]
    for outcome in rejected[:MAX_FILES_NAMED]:
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
    if len(rejected) > MAX_FILES_NAMED:
        lines += [f"... and {len(rejected) - MAX_FILES_NAMED} more", ""]
    lines += ["Copies and verdicts are under quarantine/ in the bucket.", f"See: landfall history --dataset {dataset}"]
    return "\n".join(lines)


def machine_text(dataset: str, environment: str, rejected: Sequence[FileOutcome]) -> str:
    """Say the same as JSON."""
    verdicts = [json.loads(file.verdict.to_json()) for file in rejected[:MAX_FILES_NAMED] if file.verdict]
    facts = {"stage": "land", "dataset": dataset, "environment": environment, "rejected": len(rejected)}
    return json.dumps({**facts, "verdicts": verdicts}, ensure_ascii=False)


def _attributes(**values: str) -> dict[str, MessageAttributeValueTypeDef]:
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}
