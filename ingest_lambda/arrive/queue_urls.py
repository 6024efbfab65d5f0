"""LAND: where a queue is. In: the ARN that a message came with. Out: the URL that SQS takes, looked up once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Of any request for several messages:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html
MAX_ENTRIES = 10


class QueueUrls:
    """The URLs of queues; kept while the function is warm."""

    def __init__(self, sqs: SQSClient) -> None:
        self._sqs = sqs
        self._urls: dict[str, str] = {}

    def of(self, arn: str) -> str:
        """Return the URL of a queue.

        Raises:
            ValueError: `arn` is not a queue's.
            ClientError, BotoCoreError: SQS does not know it, or does not answer.
        """
        if arn not in self._urls:
            *_, account, name = arn.split(":")
            response = self._sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
            self._urls[arn] = response["QueueUrl"]
        return self._urls[arn]
