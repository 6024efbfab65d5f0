"""LAND: letting failed messages come back soon.

In: messages that must come back. Out: their visibility, shortened to a backoff with jitter, instead of the queue's
whole time-out.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.events import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

FIRST_SECONDS = 5
MOST_SECONDS = 600


def visibility_seconds(receive_count: int) -> int:
    """Choose how long a message stays away after its delivery number `receive_count`: exponential, equal jitter.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

    >>> 2 <= visibility_seconds(1) <= 5
    True
    """
    longest = min(MOST_SECONDS, FIRST_SECONDS * 2 ** min(receive_count - 1, 16))
    return random.randint(longest // 2, longest)  # noqa: S311 - spreads load, guards nothing


class Retry:
    """Sets the visibility of messages; a queue's URL is looked up once."""

    def __init__(self, sqs: SQSClient) -> None:
        self._sqs = sqs
        self._urls: dict[str, str] = {}

    def postpone(self, messages: Iterable[Message]) -> list[Message]:
        """Let each message come back after its backoff; return those that come back at the queue's time-out instead."""
        return [message for message in messages if not self._postpone(message)]

    def _postpone(self, message: Message) -> bool:
        try:
            self._sqs.change_message_visibility(
                QueueUrl=self._url(message.queue_arn),
                ReceiptHandle=message.receipt_handle,
                VisibilityTimeout=visibility_seconds(message.receive_count),
            )
        except (ClientError, BotoCoreError, ValueError):
            return False
        return True

    def _url(self, arn: str) -> str:
        if arn not in self._urls:
            *_, account, name = arn.split(":")
            response = self._sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
            self._urls[arn] = response["QueueUrl"]
        return self._urls[arn]
