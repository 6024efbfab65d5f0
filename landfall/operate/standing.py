"""OPERATE: how a stack stands. In: a stack. Out: what has landed, a dataset each, and what waits."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from landfall.operate import files, gaps, pausing, refreshes, waiting
from landfall.operate.files import DatasetTotals, FileLine
from landfall.operate.gaps import Gap

if TYPE_CHECKING:
    from landfall.stack import Stack

DEPTHS = {"visible": "ApproximateNumberOfMessages", "in_flight": "ApproximateNumberOfMessagesNotVisible"}


@dataclass(frozen=True)
class Status:
    """What has landed; the messages on the queues, by what they wait for; files that are tried again; landing's pause;
    rows that were removed; since when a full refresh is owed, which was begun and has not succeeded.

    `queue` has `visible`, `in_flight` and `dead_lettered`, each a count that SQS tells approximately.
    """

    datasets: Sequence[DatasetTotals]
    queue: Mapping[str, int]
    paused: bool
    waiting: Sequence[FileLine]
    gaps: Sequence[Gap] = ()
    owed_refresh_since: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Spell it as its JSON face does."""
        totals = [asdict(total) for total in self.datasets]
        waits = [line.to_dict() for line in self.waiting]
        missing = [gap.to_dict() for gap in self.gaps]
        return {
            "datasets": totals,
            "queue": dict(self.queue),
            "paused": self.paused,
            "waiting": waits,
            "gaps": missing,
            "owed_refresh_since": self.owed_refresh_since,
        }


def status(stack: "Stack", dataset: str | None = None) -> Status:
    """Look at the ledgers, the queues and the notes of files that are tried again."""
    waits = [waiting.line(each) for each in waiting.still_waiting(stack, dataset)]
    totals = files.totals(stack.warehouse, dataset)
    missing = list(gaps.gaps(stack.warehouse, dataset).values())
    owed = refreshes.owed_since(stack.s3, stack.bucket)
    return Status(totals, queue_depths(stack), pausing.is_paused(stack), waits, missing, owed)


def queue_depths(stack: "Stack") -> dict[str, int]:
    """Count the messages that wait, that are being handled, and that were given up.

    SQS answers approximately (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html).
    """
    landing = _attributes(stack, "LandingQueueUrl")
    dead_letter = _attributes(stack, "DeadLetterQueueUrl")
    depths = {name: int(landing[attribute]) for name, attribute in DEPTHS.items()}
    return {**depths, "dead_lettered": int(dead_letter[DEPTHS["visible"]])}


def _attributes(stack: "Stack", queue: str) -> Mapping[str, str]:
    response = stack.sqs.get_queue_attributes(QueueUrl=stack.output(queue), AttributeNames=["All"])
    return {str(name): value for name, value in response["Attributes"].items()}
