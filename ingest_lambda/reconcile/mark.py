"""LAND, reconcile: how far the nights have come.

In: the table of the transform's lease, the warehouse. Out: a `Mark`, one of the table's items. A round looks at every
object version once, in as many calls as that takes; each call goes on behind the last version of the one before.

The mark says what need not be compared again, and the warehouse is what it was compared with. So it bears the epoch of
the warehouse: a token that each round writes there. A warehouse that was restored from a snapshot does not hold the
token of a later round; then the mark means nothing, and everything is compared again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ingest_lambda.warehouse.statements import literal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from ingest_lambda.warehouse.client import Connection

ITEM = "reconcile"  # its key in the table
# What was stored, or landed, so long before the last whole round is compared again: two more nights for what was
# announced and has not landed, and for clocks that differ.
OVERLAP = timedelta(days=2)
DIGITS = "0123456789abcdef"  # of the ids of files, which are digests: each is a sixteenth of them
EPOCH_DAYS = 60
UNTOLD = "untold"  # the item's attribute while nobody has been told; marks of earlier releases have none


@dataclass(frozen=True)
class Mark:
    """The round that is under way, or was the last. `whole_at`: when the last that came to its end began.

    `is_restored`: it found an older warehouse than the round before had seen. `is_told`: the message of its first call
    has gone out; until then each call finds the same again, as one may break before its message.
    """

    epoch: str
    began_at: datetime
    whole_at: datetime | None = None
    behind: tuple[str, str] | None = None  # key and version id; None: the round has come to its end
    is_restored: bool = False
    is_told: bool = True

    @property
    def since(self) -> datetime | None:
        """Return from which moment on everything is compared; None: there is no moment, all is compared."""
        return self.whole_at - OVERLAP if self.whole_at else None

    @property
    def digit(self) -> str:
        """Return with which digit the ids of older files begin that are compared tonight; each has its turn."""
        return DIGITS[self.began_at.toordinal() % len(DIGITS)]


@dataclass(frozen=True)
class Marks:
    """The mark of one deployment."""

    dynamodb: DynamoDBClient
    table: str

    def read(self) -> Mark | None:
        """Return the mark; None before the first round."""
        found = self.dynamodb.get_item(TableName=self.table, Key={"lease_id": {"S": ITEM}}, ConsistentRead=True)
        item = {name: value["S"] for name, value in found.get("Item", {}).items()}
        if not item:
            return None
        whole_at = datetime.fromisoformat(item["whole_at"]) if "whole_at" in item else None
        behind = (item["behind_key"], item["behind_version"]) if "behind_key" in item else None
        flags = {"is_restored": "restored" in item, "is_told": UNTOLD not in item}
        return Mark(item["epoch"], datetime.fromisoformat(item["began_at"]), whole_at, behind, **flags)

    def write(self, mark: Mark) -> None:
        """Replace the mark."""
        values = {"lease_id": ITEM, "epoch": mark.epoch, "began_at": mark.began_at.isoformat()}
        if mark.whole_at:
            values["whole_at"] = mark.whole_at.isoformat()
        if mark.behind:
            values["behind_key"], values["behind_version"] = mark.behind
        if mark.is_restored:
            values["restored"] = "true"
        if not mark.is_told:
            values[UNTOLD] = "true"
        item: dict[str, AttributeValueTypeDef] = {name: {"S": value} for name, value in values.items()}
        self.dynamodb.put_item(TableName=self.table, Item=item)

    def take_for_told(self) -> None:
        """Let what the round has found count as told."""
        with suppress(self.dynamodb.exceptions.ConditionalCheckFailedException):
            self.dynamodb.update_item(
                TableName=self.table,
                Key={"lease_id": {"S": ITEM}},
                UpdateExpression=f"REMOVE {UNTOLD}",
                ConditionExpression="attribute_exists(epoch)",  # else it would make an item that is no mark
            )


def is_held(warehouse: Connection, epoch: str) -> bool:
    """Tell whether the warehouse holds an epoch: it has not been restored to a state before it."""
    return bool(warehouse.query(f"select 1 as held from ops.epochs where epoch = {literal(epoch)}"))  # noqa: S608 - quoted


def begin(warehouse: Connection, epoch: str) -> None:
    """Write an epoch into the warehouse."""
    warehouse.transaction(
        [
            f"insert into ops.epochs select {literal(epoch)}, getdate()",
            f"delete from ops.epochs where began_at < dateadd(day, -{EPOCH_DAYS}, getdate())",  # noqa: S608 - ours
        ]
    )
