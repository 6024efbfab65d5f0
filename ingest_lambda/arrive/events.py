"""LAND: from SQS messages to object versions.

In: the Lambda event of an SQS source whose messages announce objects of S3. Out: one `Message` a record, with the
object versions that it announces, or with what is wrong with it. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ingest_lambda.arrive.envelopes import parse_notification
from ingest_lambda.file_version import FileVersion


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
