"""An SQS event source honours MaximumBatchingWindowInSeconds and a BatchSize above 10.

Stock ministack ignores the window and takes at most 10 messages. On AWS the service gathers until the window ends, the
batch is full or the payload is 6 MB (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html,
https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching).
"""

import time
from typing import Any

from ministack.services import lambda_svc, sqs  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

# 6 MB is the limit of an invocation; a record is its body and about 1 KB around it.
_PAYLOAD_BYTES = 6_000_000
_RECORD_BYTES = 1_000

_gathering_since: dict[str, float] = {}


def apply() -> None:
    """Replace the receive step of the event source's poller."""
    expect_source(sqs._receive_messages_for_esm, "f230dbcd4974adcf5f22b7a8c3d72e41deff97d5ccd39b990f59af9fe9910ff0")
    expect_source(lambda_svc._poll_sqs, "e438a6a1e09482dc121bc3105d2410c10ed7c582890db22e686153784ea18161")
    expect_source(sqs._collect_msgs, "308a6eb1b3d4c8ad5e5e63b0abb0e8ae9556d70f8c8126bfa221b0b3dbf6360a")
    sqs._receive_messages_for_esm = _receive_messages


def _receive_messages(queue_url: str, batch_size: int | str) -> list[dict[str, Any]]:
    with sqs._queues_lock:
        queue = sqs._get_q(queue_url)
        sqs._expire_retained(queue)
        sqs._dlq_sweep(queue)
        batch_size = int(batch_size)  # text, when CloudFormation updated it from a parameter
        waiting = [message for message in queue["messages"] if message.get("visible_at", 0) <= time.time()]
        fitting = _fitting(waiting, batch_size)
        if not waiting:  # whoever else took what was waiting: the window begins with the next
            _gathering_since.pop(queue["attributes"]["QueueArn"], None)
            return []
        if fitting == len(waiting) < batch_size and _is_gathering(queue):
            return []
        _gathering_since.pop(queue["attributes"]["QueueArn"], None)
        visibility_seconds = int(queue["attributes"].get("VisibilityTimeout", "30"))
        batch: list[dict[str, Any]] = sqs._collect_msgs(queue, fitting, visibility_seconds)
        return batch


def _fitting(messages: list[dict[str, Any]], batch_size: int) -> int:
    """Return how many of the first messages make one batch: at least one, as one message is always under 6 MB."""
    total, count = 0, 0
    for message in messages[:batch_size]:
        total += len(message["body"].encode()) + _RECORD_BYTES
        if count and total > _PAYLOAD_BYTES:
            break
        count += 1
    return count


def _is_gathering(queue: dict[str, Any]) -> bool:
    arn = queue["attributes"]["QueueArn"]
    since = _gathering_since.setdefault(arn, time.time())
    return time.time() - since < _window_seconds(arn)


def _window_seconds(queue_arn: str) -> int:
    windows = [
        int(source.get("MaximumBatchingWindowInSeconds") or 0)
        for _account, _region, source in lambda_svc._iter_all_esms()
        if source.get("EventSourceArn") == queue_arn
    ]
    return max(windows, default=0)
