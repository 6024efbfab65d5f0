"""LAND, arrive: what a notification comes in.

In: the body of an SQS message. Out: the object versions that it announces, whatever is around them: S3's own event
notification, the same through SNS (delivered raw, or in SNS's envelope), EventBridge's event of S3 (direct, or through
SNS). The two spell their fields differently, and only S3's own encodes keys. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from ingest_lambda.file_version import UNVERSIONED, FileVersion

KNOWN = (
    'what is known: an S3 event notification ({"Records": [...]}); the same through SNS, raw or in its envelope '
    '({"Type": "Notification", "Message": "..."}); EventBridge\'s "Object Created" of aws.s3, direct or through SNS'
)

Content = Mapping[str, Any]


def parse_notification(body: str) -> tuple[FileVersion, ...]:
    """Read the object versions that a message's body announces.

    Test notifications (sent when one is configured), removals and all that is no creation announce nothing.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html

    >>> parse_notification('{"Event": "s3:TestEvent"}')
    ()
    >>> event = {"source": "aws.s3", "detail-type": "Object Deleted", "detail": {}}
    >>> parse_notification(json.dumps({"Type": "Notification", "Message": json.dumps(event)}))
    ()

    Raises:
        ValueError: the body is none of these; the message says what is wrong, and what is known.
    """
    content = _object(body, "the body")
    if "Type" in content and ("Message" in content or "TopicArn" in content):
        content = _out_of_sns(content)
    if content.get("Event") == "s3:TestEvent":
        return ()
    if "detail-type" in content:
        return _of_eventbridge(content)
    records = content.get("Records")
    if not isinstance(records, list):
        raise ValueError(f"the body is no event of S3 ({_described(content)}); {KNOWN}")
    return _guarded("an S3 event", lambda: tuple(_by_s3(record) for record in records if _is_creation(record)))


def _object(text: str, what: str) -> Content:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{what} is not JSON ({error}); {KNOWN}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{what} is not a JSON object; {KNOWN}")
    return content


def _out_of_sns(envelope: Content) -> Content:
    """Take the message out of its envelope: https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html."""
    kind, message = envelope["Type"], envelope.get("Message")
    if kind in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        # https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html
        raise ValueError(
            f"SNS sent a {kind} of the topic {envelope.get('TopicArn')}, which announces no file: its SubscribeURL "
            "confirms the subscription"
        )
    if kind != "Notification" or not isinstance(message, str):
        raise ValueError(f"the SNS message of type {kind!r} is no notification; {KNOWN}")
    return _object(message, "the Message in SNS's envelope")


def _of_eventbridge(event: Content) -> tuple[FileVersion, ...]:
    """Read an event of EventBridge; S3's other events are of objects that are gone, restored, tagged or moved.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
    """
    source, kind = event.get("source"), str(event["detail-type"])
    if source != "aws.s3" or not kind.startswith("Object "):
        raise ValueError(f"EventBridge's {kind!r} of {source!r} is no event of an S3 object; {KNOWN}")
    return _guarded("EventBridge's event of S3", lambda: (_by_eventbridge(event),)) if kind == "Object Created" else ()


def _guarded(what: str, read: Callable[[], tuple[FileVersion, ...]]) -> tuple[FileVersion, ...]:
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ValueError(f"a record is not {what}: {type(error).__name__} {error}; {KNOWN}") from error


def _is_creation(record: Content) -> bool:
    return str(record["eventName"]).removeprefix("s3:").startswith("ObjectCreated:")


def _by_s3(record: Content) -> FileVersion:
    stored = record["s3"]["object"]
    return FileVersion(
        bucket=_text(record["s3"]["bucket"]["name"]),
        key=_text(unquote_plus(stored["key"], errors="strict")),
        version_id=_text(stored.get("versionId") or UNVERSIONED),
        etag=str(stored.get("eTag") or ""),
        size=int(stored.get("size") or 0),
        sequencer=str(stored.get("sequencer") or ""),
        event_time=_utc(record.get("eventTime")),
    )


def _by_eventbridge(event: Content) -> FileVersion:
    detail = event["detail"]
    stored = detail["object"]
    return FileVersion(
        bucket=_text(detail["bucket"]["name"]),
        key=_text(stored["key"]),  # as it is: `+` is a plus
        version_id=_text(stored.get("version-id") or UNVERSIONED),
        etag=str(stored.get("etag") or ""),
        size=int(stored.get("size") or 0),
        sequencer=str(stored.get("sequencer") or ""),
        event_time=_utc(event.get("time")),
    )


def _text(value: Any) -> str:
    """Take a name that S3 can have: text that can be written as UTF-8, and is not empty."""
    if not isinstance(value, str) or not value:
        raise TypeError(f"{value!r} is no name")
    value.encode()
    return value


def _utc(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _described(content: Content) -> str:
    names = ", ".join(list(content)[:10])
    return f"a JSON object of {names}"[:200] if names else "an empty JSON object"
