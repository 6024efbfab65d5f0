"""LAND: taking more than a batch from a queue on which files are waiting.

In: a batch as the event source hands it over. Out: further messages of its queue, as many as one invocation can land;
and, once they have landed, their deletion, which for these is the function's own to do.

What it takes is bounded by the work that the messages announce, which the event source cannot see: it counts messages.
So a burst of small files becomes few loads, a burst of large ones keeps to the batches, and a lone file waits for
nobody (docs/decisions/0013-backlog.md).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.arrive.events import Message, parse_messages
from ingest_lambda.arrive.queue_urls import MAX_ENTRIES, QueueUrls

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# A batch of fewer is no sign of a backlog, unless there was one just now: a function that gathers leaves the others
# a few files each time, which would be loads of their own.
SIGN_OF_A_BACKLOG = 10
BACKLOG_LASTS_SECONDS = 30.0
# Files may still be coming: it goes on until a second brings none, and no longer than this. It is what a file waits
# for others by default anyway (BatchingWindowSeconds).
GATHER_SECONDS = 10.0
# Where several functions gather they share what comes, and ten seconds of it may be little: then it goes on until the
# load is worth its commit, if that will be soon.
WORTH_A_LOAD = 250
MOST_GATHER_SECONDS = 30.0
WAIT_SECONDS = 1  # the shortest that asks all of the queue's servers, of which a request without a wait misses some
PARALLEL_REQUESTS = 16
# What landing takes with the least memory that is common, 1024 MB or 0.58 of a CPU, and as much again to spare:
# 6 ms of CPU a file and 26 a megabyte (benchmarks/README.md).
SECONDS_A_FILE = 0.02
SECONDS_A_MEGABYTE = 0.09
# A message that is made from the ledger says no size, and so does one of an empty file. As if it were large: what is
# taken and not got to is a delivery more, of twelve.
UNKNOWN_MEGABYTES = 128
SECONDS_A_PROBE = 0.25  # of a file whose message has come before, which is first read in a process of its own
SHARE_OF_TIME = 0.25  # of what the invocation has left; the rest is the warehouse's, and a slow day's
SPARE_SECONDS = 60  # after the function's end is due, until what it took comes back if it has died


def is_enough(files: int, gathered: float, remaining: float) -> bool:
    """Tell whether so many files are a load, after gathering for so many seconds, `remaining` left at the beginning.

    >>> [is_enough(files, 9.9, 300.0) for files in (20, 150, 250)]
    [False, False, False]
    >>> [is_enough(files, 10.0, 300.0) for files in (20, 150, 250)]  # at 2 a second it will be little in any case
    [True, False, True]
    >>> is_enough(249, 30.0, 300.0), is_enough(150, 10.0, 40.0)  # no longer than that, and no longer than it has time
    (True, True)
    """
    if gathered < GATHER_SECONDS:
        return False
    will_be_worth_it = files * MOST_GATHER_SECONDS >= WORTH_A_LOAD * gathered
    longest = min(MOST_GATHER_SECONDS, remaining * SHARE_OF_TIME)
    return files >= WORTH_A_LOAD or not will_be_worth_it or gathered >= longest


def is_backlog(files: int, gathered: float) -> bool:
    """Tell whether so many files in so many seconds were a backlog, and no stream that never ends.

    >>> is_backlog(10, 0.1), is_backlog(9, 0.1), is_backlog(150, 10.0), is_backlog(30, 10.0)
    (True, False, True, False)
    """
    return files >= SIGN_OF_A_BACKLOG * max(1.0, gathered)


class Room:
    """How much more an invocation may take: so many files, and so many seconds' work."""

    def __init__(self, files: int, seconds: float) -> None:
        self._files = files
        self._seconds = seconds
        self.filled = 0  # files

    def fill(self, messages: Iterable[Message]) -> None:
        """Count what has been taken."""
        for message in messages:
            for file in message.files:
                self._files -= 1
                self.filled += 1
                megabytes = file.size / 1024**2 if file.size else UNKNOWN_MEGABYTES
                self._seconds -= SECONDS_A_FILE + megabytes * SECONDS_A_MEGABYTE
                self._seconds -= SECONDS_A_PROBE if message.receive_count > 1 else 0.0

    @property
    def requests(self) -> int:
        """How many requests for ten messages fit, at most as many as are made at once; 0 when it is full."""
        if self._files <= 0 or self._seconds <= 0:
            return 0
        return min(PARALLEL_REQUESTS, math.ceil(self._files / MAX_ENTRIES))


class Backlog:
    """Takes messages from the queue that a batch came from; kept while the function is warm."""

    def __init__(self, sqs: SQSClient, most_files: int, remaining_seconds: Callable[[], float], logger: Logger) -> None:
        self._sqs = sqs
        self._urls = QueueUrls(sqs)
        self._most_files = most_files
        self._remaining_seconds = remaining_seconds
        self._logger = logger
        self._seen_at = -BACKLOG_LASTS_SECONDS

    def take(self, batch: Sequence[Message]) -> list[Message]:
        """Take further messages, none where `batch` is no sign of a backlog. Where SQS refuses, they stay there."""
        is_over = time.monotonic() - self._seen_at >= BACKLOG_LASTS_SECONDS
        if not batch or (len(batch) < SIGN_OF_A_BACKLOG and is_over):
            return []
        began, remaining = time.monotonic(), self._remaining_seconds()
        room = Room(self._most_files, remaining * SHARE_OF_TIME)
        room.fill(batch)
        taken: list[Message] = []
        width = 1
        with ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
            while requests := min(width, room.requests):
                if is_enough(room.filled, time.monotonic() - began, remaining):
                    break
                answers = list(pool.map(self._receive, [batch[0].queue_arn] * requests))
                found = [message for answer in answers for message in answer]
                if not found:
                    break
                room.fill(found)
                taken += found
                width = width * 2 if len(found) == requests * MAX_ENTRIES else 1
        if is_backlog(room.filled, time.monotonic() - began):
            self._seen_at = time.monotonic()
        if taken:
            self._logger.info("backlog", extra={"batch": len(batch), "taken": len(taken)})
        return taken

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Delete messages that were taken. One that cannot be deleted comes back, and lands nothing."""
        parts = [messages[start : start + MAX_ENTRIES] for start in range(0, len(messages), MAX_ENTRIES)]
        with ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
            left = sum(pool.map(self._delete, parts))
        if left:
            self._logger.warning("messages come back, whose files have landed", extra={"messages": left})

    def _receive(self, queue_arn: str) -> list[Message]:
        """Ask for ten messages. They stay away until this invocation is over whatever becomes of it, and no longer."""
        try:
            answer = self._sqs.receive_message(
                QueueUrl=self._urls.of(queue_arn),
                MaxNumberOfMessages=MAX_ENTRIES,
                WaitTimeSeconds=WAIT_SECONDS,
                VisibilityTimeout=math.ceil(max(self._remaining_seconds(), 0.0)) + SPARE_SECONDS,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
        except (ClientError, BotoCoreError, ValueError) as error:
            self._logger.warning("no more than the batch is taken", extra={"error": str(error)})
            return []
        return parse_messages({"Records": [_record(each, queue_arn) for each in answer.get("Messages", [])]})

    def _delete(self, messages: Sequence[Message]) -> int:
        """Delete up to ten messages; tell how many could not be."""
        try:
            answer = self._sqs.delete_message_batch(
                QueueUrl=self._urls.of(messages[0].queue_arn),
                Entries=[
                    {"Id": str(number), "ReceiptHandle": message.receipt_handle}
                    for number, message in enumerate(messages)
                ],
            )
        except (ClientError, BotoCoreError):
            return len(messages)
        return len(answer.get("Failed", []))


def _record(message: MessageTypeDef, queue_arn: str) -> dict[str, Any]:
    """Write a message as the event source would.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event
    """
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "eventSourceARN": queue_arn,
    }
