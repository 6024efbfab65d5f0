"""A queue loses no message, and gets none back, while an event source polls it.

A queue on AWS takes and gives messages at once. Stock ministack's event source holds a lock while it replaces a queue's
list of messages by a shorter one, at each poll; who sends or deletes a message does not. So a message that is sent
meanwhile is lost, and one that is deleted meanwhile is there again.
Not among these: what a function's own dead-letter queue or destination is sent, which no event source here polls.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues-at-least-once-delivery.html
"""

import functools
import threading
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge, s3, sns, sqs  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

_CHANGE_A_QUEUE = (
    (sqs, "_act_send_message"),
    (sqs, "_act_delete_message"),
    (sqs, "_act_delete_message_batch"),
    (sqs, "_act_purge_queue"),
    (sqs, "_collect_msgs"),
    (sqs, "_expire_retained"),
    (sqs, "_dlq_sweep"),
    (s3, "_deliver_event_to_sqs"),
    (sns, "_deliver_to_sqs"),
    (eventbridge, "_dispatch_to_sqs"),
)


def apply() -> None:
    """Let whatever changes a queue's messages hold the lock that the event source holds."""
    expect_source(sqs._dlq_sweep, "6a77691e16715a0d5d433deef257ceaf4751dd44c61dc8d6962588b77d8804d6")
    expect_source(sqs._delete_messages_for_esm, "c1686f29b48b42eea5a69e1c24da77bd47e96f44372ac765f24fbcb8cf68362b")
    sqs._queues_lock = threading.RLock()  # some of them call others
    for module, name in _CHANGE_A_QUEUE:
        original = getattr(module, name)
        locked = _locked(original)
        setattr(module, name, locked)
        for action, handler in sqs._HANDLERS.items():
            if handler is original:
                sqs._HANDLERS[action] = locked


def _locked(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapped(*args: Any, **options: Any) -> Any:
        with sqs._queues_lock:
            return function(*args, **options)

    return wrapped
