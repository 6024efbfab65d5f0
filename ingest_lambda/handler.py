"""LAND: the Lambda's entry.

In: a batch of SQS messages that announce objects of S3. Out: the ids of the messages that must come back
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html). The batch is handled as a whole, because
the files of one dataset share a load; where files are waiting, the function takes more of them itself.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from ingest_lambda.arrive.events import parse_messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from ingest_lambda.arrive.events import Message
    from ingest_lambda.runtime import Runtime

logger = Logger()


@lru_cache(maxsize=1)
def runtime() -> Runtime:
    """Make the runtime once, at the first invocation.

    Raises:
        ConfigError: a setting is missing.
    """
    from ingest_lambda.runtime import Runtime

    return Runtime(logger)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Handle one batch."""
    warm = runtime()
    warm.deadline.set(context)
    batch = parse_messages(event)
    taken = warm.backlog.take(batch)

    def let_go(failed: Sequence[Message]) -> None:
        must_come_back = {message.message_id for message in failed}
        warm.backlog.acknowledge([message for message in taken if message.message_id not in must_come_back])
        for message in warm.retry.postpone(failed):
            logger.warning("comes back at its time-out", extra={"sqs_message_id": message.message_id})

    must_come_back = {message.message_id for message in warm.ingest.handle([*batch, *taken], let_go)}
    # Of the batch alone: Lambda takes an id that it does not know for the failure of the whole batch.
    failures = [message for message in batch if message.message_id in must_come_back]
    return {"batchItemFailures": [{"itemIdentifier": message.message_id} for message in failures]}
