"""A queue that many send to and delete from, while an event source polls it, keeps count (patch queue_lock)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.local.aws.test_event_source_batches import connect
from tests.support.local_stack import LocalServices
from tests.support.waiting import wait_for

SENDERS, REQUESTS, A_REQUEST = 4, 60, 10


def test_nothing_is_lost_and_nothing_comes_back(local_aws: LocalServices) -> None:
    url, _ = connect(local_aws, batch_size=10, window_seconds=0)
    sqs = local_aws.client("sqs")

    def send(sender: int) -> None:
        for request in range(REQUESTS):
            bodies = [f"{sender} {request} {number}" for number in range(A_REQUEST)]
            entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
            assert not sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed")

    def take() -> list[Any]:
        refused: list[Any] = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2).get("Messages"):
            entries = [{"Id": str(at), "ReceiptHandle": each["ReceiptHandle"]} for at, each in enumerate(messages)]
            refused += sqs.delete_message_batch(QueueUrl=url, Entries=entries).get("Failed", [])
        return refused

    with ThreadPoolExecutor(SENDERS + 2) as pool:
        sending = [pool.submit(send, sender) for sender in range(SENDERS)]
        taking = [pool.submit(take) for _ in range(2)]
        assert [each.result() for each in sending] == [None] * SENDERS
        assert [each.result() for each in taking] == [[], []]

    def is_empty() -> bool:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return all(int(told[name]) == 0 for name in names)

    wait_for(is_empty, "the function's messages to be deleted")
