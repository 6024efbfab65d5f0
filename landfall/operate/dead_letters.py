"""OPERATE, replay: what is on the dead-letter queue. In: a stack. Out: what went back, and what stays or is dropped.

A message that announces no object would fail twelve times more and return: it stays, until somebody drops it.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.arrive.envelopes import parse_notification
from ingest_lambda.arrive.routing import route
from ingest_lambda.file_version import FileVersion
from ingest_lambda.reconcile import events as reconcile_events
from ingest_lambda.tell.waiting import forget
from landfall.operate import declared
from landfall.operate.replays import SENT, Replay

if TYPE_CHECKING:
    from landfall.stack import Stack

MESSAGES_A_CALL = 10
FAULTS_NAMED, BODIES_SHOWN, BODY_CHARACTERS = 3, 10, 200
# For so long a message that is looked at is nobody else's; one that stays is given back at the end. Should it return
# before, it is hidden anew, so that the queue is empty when no other is left.
HIDDEN_SECONDS = 600
NOTES_SECONDS = 5.0  # that the notes of ten messages' files may take to go


@dataclass(frozen=True)
class Moved:
    """What became of the messages on the dead-letter queue.

    `messages` went back to the landing queue; `malformed` are no events: `dropped` of them were deleted, the others
    stay. `why` says what is wrong with those, each thing once, `bodies` how the first ones begin. `files` are what the
    messages that went back announce.
    """

    messages: int = 0
    malformed: int = 0
    dropped: int = 0
    why: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    files: tuple[Replay, ...] = ()


def replay_dead_letters(
    stack: "Stack",
    rate: float,
    watch: Callable[[int], None] = lambda _: None,
    dropping: Callable[[str, str], None] | None = None,
) -> Moved:
    """Move the messages on the dead-letter queue back to the landing queue, until there are none but malformed ones.

    Each is sent before it is deleted: one that is interrupted is there twice, and lands once. Malformed ones are
    deleted where `dropping` is given: it is told how each begins, and what is wrong with it, while it is still there.
    """
    dead, landing = stack.output("DeadLetterQueueUrl"), stack.output("LandingQueueUrl")
    moved, files = 0, dict[str, FileVersion]()
    malformed: dict[str, tuple[Mapping[str, Any], str]] = {}
    started = time.monotonic()
    while messages := _receive(stack, dead):
        well, tried = list[Mapping[str, Any]](), dict[str, FileVersion]()
        for message in messages:
            try:
                tried |= {file.file_id: file for file in parse_notification(message["Body"])}
            except ValueError as error:
                malformed[message["MessageId"]] = (message, str(error))
                if dropping:
                    dropping(message["Body"][:BODY_CHARACTERS], str(error))
                    stack.sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
            else:
                well.append(message)
        reconcile_events.send(stack.sqs, landing, [message["Body"] for message in well])
        for message in well:
            stack.sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
        _forget(stack, tried.values())
        files |= tried
        moved += len(well)
        watch(moved)
        time.sleep(reconcile_events.pause_seconds(moved, rate, time.monotonic() - started))
    if not dropping:
        _give_back(stack, dead, [message for message, _ in malformed.values()])
    rules = declared.rules(stack.route_pattern)
    faults = Counter(why for _, why in malformed.values())
    return Moved(
        messages=moved,
        malformed=len(malformed),
        dropped=len(malformed) if dropping else 0,
        why=tuple(fault for fault, _ in faults.most_common(FAULTS_NAMED)),
        bodies=tuple(message["Body"][:BODY_CHARACTERS] for message, _ in list(malformed.values())[:BODIES_SHOWN]),
        files=tuple(Replay(file, route(file.key, rules).dataset or "", SENT) for file in files.values()),
    )


def _forget(stack: "Stack", files: Iterable[FileVersion]) -> None:
    """Delete what is noted of the tries before, as nobody else does of a file that is ignored or gone by now.

    A note that may not be deleted stays until the bucket's rule removes it: the files are announced all the same.
    """
    with suppress(BotoCoreError, ClientError):
        forget(stack.s3, stack.bucket, files, NOTES_SECONDS)


def _give_back(stack: "Stack", queue: str, messages: Sequence[Mapping[str, Any]]) -> None:
    """Let messages be seen again; one that is refused can be seen already, or will be when its time is up.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html
    """
    for start in range(0, len(messages), MESSAGES_A_CALL):
        stack.sqs.change_message_visibility_batch(
            QueueUrl=queue,
            Entries=[
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
                for number, message in enumerate(messages[start : start + MESSAGES_A_CALL])
            ],
        )


def _receive(stack: "Stack", queue: str) -> list[Mapping[str, Any]]:
    answer = stack.sqs.receive_message(
        QueueUrl=queue,
        MaxNumberOfMessages=MESSAGES_A_CALL,
        WaitTimeSeconds=1,
        VisibilityTimeout=HIDDEN_SECONDS,
    )
    return [*answer.get("Messages", [])]
