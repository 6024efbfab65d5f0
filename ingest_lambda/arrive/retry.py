"""LAND: letting failed messages come back soon.

In: messages that must come back. Out: their visibility, shortened to a backoff with jitter, instead of the queue's
whole time-out.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.arrive.events import Message
from ingest_lambda.arrive.queue_urls import MAX_ENTRIES, QueueUrls

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import ChangeMessageVisibilityBatchRequestEntryTypeDef

FIRST_SECONDS = 5
MOST_SECONDS = 600
PARALLEL_REQUESTS = 8


def longest_seconds(receive_count: int) -> int:
    """Say how long a message stays away at most after its delivery number `receive_count`.

    >>> longest_seconds(1), longest_seconds(3), longest_seconds(12)
    (5, 20, 600)
    """
    return min(MOST_SECONDS, FIRST_SECONDS << min(receive_count - 1, 16))


def visibility_seconds(receive_count: int) -> int:
    """Choose how long a message stays away after its delivery number `receive_count`: exponential, equal jitter.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

    >>> 2 <= visibility_seconds(1) <= 5
    True
    """
    longest = longest_seconds(receive_count)
    return random.randint(longest // 2, longest)  # noqa: S311 - spreads load, guards nothing


class Retry:
    """Sets the visibility of messages."""

    def __init__(self, sqs: SQSClient) -> None:
        self._sqs = sqs
        self._urls = QueueUrls(sqs)

    def postpone(self, messages: Iterable[Message]) -> list[Message]:
        """Let each message come back after its backoff; return those that come back at the queue's time-out instead."""
        by_queue: dict[str, list[Message]] = {}
        for message in messages:
            by_queue.setdefault(message.queue_arn, []).append(message)
        requests = [
            (arn, group[start : start + MAX_ENTRIES])
            for arn, group in by_queue.items()
            for start in range(0, len(group), MAX_ENTRIES)
        ]
        with ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
            return [
                message for left in pool.map(lambda request: self._postpone(*request), requests) for message in left
            ]

    def _postpone(self, queue_arn: str, messages: Sequence[Message]) -> list[Message]:
        """Postpone up to ten messages of a queue; return those that could not be."""
        entries: list[ChangeMessageVisibilityBatchRequestEntryTypeDef] = [
            {
                "Id": str(number),
                "ReceiptHandle": message.receipt_handle,
                "VisibilityTimeout": visibility_seconds(message.receive_count),
            }
            for number, message in enumerate(messages)
        ]
        try:
            answer = self._sqs.change_message_visibility_batch(QueueUrl=self._urls.of(queue_arn), Entries=entries)
        except (ClientError, BotoCoreError, ValueError):
            return list(messages)
        return [messages[int(failed["Id"])] for failed in answer.get("Failed", [])]
