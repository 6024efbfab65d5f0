"""LAND: the mark that something may have changed since the warehouse was last asked whether there is anything to model.

In: the table of the transform's lease. Out: one of its items, whose number of changes is counted up. A sweep that finds
no change since a plan that found nothing to do leaves a sleeping warehouse asleep
(docs/decisions/0011-a-quiet-warehouse-sleeps.md). The state machine reads the mark and clears it (transform.asl.json).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ITEM = "changes"  # its key in the table


@dataclass(frozen=True)
class ChangeMark:
    """The mark of one deployment."""

    dynamodb: DynamoDBClient
    table: str

    def set(self) -> None:
        """Set the mark: after the change is committed, and before anybody takes it for done.

        Who clears the mark does so on the condition that the number is the one from before its look at the warehouse,
        so that a change is never cleared unseen, whoever is the slower.

        Raises:
            botocore.exceptions.ClientError, BotoCoreError: it is not set; setting it again is no harm.
        """
        self.dynamodb.update_item(
            TableName=self.table,
            Key={"lease_id": {"S": ITEM}},
            UpdateExpression="ADD change_number :one REMOVE cleared_for",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
