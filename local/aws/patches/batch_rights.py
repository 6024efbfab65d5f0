"""The right to send, delete or hide a message holds for ten of them at once.

SQS knows no rights for its batch operations: `sqs:SendMessage` allows SendMessageBatch, and so on
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api.html). Stock ministack asks
for `sqs:SendMessageBatch`, which no policy can name.
"""

from typing import Any

from ministack.core import iam_actions  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

_RIGHTS = {
    f"sqs:{operation}Batch": f"sqs:{operation}"
    for operation in ("SendMessage", "DeleteMessage", "ChangeMessageVisibility")
}


def apply() -> None:
    """Ask for the right of the single operation."""
    original = iam_actions.extract_iam_action
    expect_source(original, "ec476b92d969822b69c5b51b7c86cbc85794d3126a2f4c15f70f5444851cd5a6")

    def extract_iam_action(*request: Any) -> str | None:
        action: str | None = original(*request)
        return _RIGHTS.get(action, action) if action else None

    iam_actions.extract_iam_action = extract_iam_action
