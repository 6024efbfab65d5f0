"""LAND: from SQS messages to object versions.

In: the Lambda event of an SQS source whose messages are S3 event notifications. Out: one `Message` a record, with the
object versions that it announces, or with what is wrong with it. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from ingest_lambda.file_version import UNVERSIONED, FileVersion


@dataclass(frozen=True)
class Message:
    """One SQS message: the versions it announces, or `malformed` saying why it cannot be read."""

    message_id: str
    receipt_handle: str
    queue_arn: str
    receive_count: int
    files: tuple[FileVersion, ...] = ()
    malformed: str | None = None


def parse_messages(event: Mapping[str, Any]) -> list[Message]:
    """Read the messages of one invocation, in order."""
    return [_message(record) for record in event.get("Records", [])]


def parse_notification(body: str) -> tuple[FileVersion, ...]:
    """Read the object versions that the body of an S3 event notification announces.

    Keys arrive URL-encoded, with `+` for a space. A test notification (`s3:TestEvent`, sent when a notification is
    configured) announces nothing; removals and other events announce nothing either
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html).

    >>> parse_notification('{"Event": "s3:TestEvent"}')
    ()

    Raises:
        ValueError: the body is no such notification; the message says what is wrong.
    """
    try:
        content = json.loads(body)
    except json.JSONDecodeError as error:
        raise ValueError(f"the body is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise ValueError("the body is not a JSON object")
    if content.get("Event") == "s3:TestEvent":
        return ()
    records = content.get("Records")
    if not isinstance(records, list):
        raise ValueError("the body has no list Records")
    try:
        return tuple(_file(record) for record in records if _is_creation(record))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"a record is not an S3 event: {type(error).__name__} {error}") from error


def _message(record: Mapping[str, Any]) -> Message:
    message = Message(
        message_id=record["messageId"],
        receipt_handle=record.get("receiptHandle", ""),
        queue_arn=record.get("eventSourceARN", ""),
        receive_count=int(record.get("attributes", {}).get("ApproximateReceiveCount", "1")),
    )
    try:
        return replace(message, files=parse_notification(record["body"]))
    except ValueError as error:
        return replace(message, malformed=str(error))


def _is_creation(record: Mapping[str, Any]) -> bool:
    name = str(record["eventName"])
    return name.removeprefix("s3:").startswith("ObjectCreated:")


def _file(record: Mapping[str, Any]) -> FileVersion:
    stored = record["s3"]["object"]
    return FileVersion(
        bucket=str(record["s3"]["bucket"]["name"]),
        key=unquote_plus(stored["key"], errors="strict"),
        version_id=str(stored.get("versionId") or UNVERSIONED),
        etag=str(stored.get("eTag") or ""),
        size=int(stored.get("size") or 0),
        sequencer=str(stored.get("sequencer") or ""),
        event_time=_utc(record.get("eventTime")),
    )


def _utc(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
