"""LAND: folders that turn out to be tables of a table format.

In: a folder whose log has arrived. Out: a row in `ops.owned_folders`, by which its files are refused from then on, and
an alert that names what has landed of it before. The alert is sent before the row is written, as for rejected files: a
lost alert is sent when the message comes back, at the price of two when the row is what was lost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest_lambda.judge.table_formats import WHY, declare, export
from ingest_lambda.legible import page, quoted
from ingest_lambda.load.outcomes import FileOutcome
from ingest_lambda.table_format import OwnedFolder
from ingest_lambda.tell.notify import MAX_SUBJECT, attributes
from ingest_lambda.warehouse.owned_folders import LandedBefore, OwnedFolders

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

SEVERITY = "medium"


@dataclass(frozen=True)
class Claims:
    """Tells of folders that table formats own, and records them."""

    sns: SNSClient
    topic_arn: str
    environment: str
    owned: OwnedFolders

    def take(self, folder: OwnedFolder) -> list[FileOutcome]:
        """Tell of a folder and record it, once; its log itself lands nothing.

        Raises:
            TransientError, ConfigError, ClientError: something could not be done; all of it can be done again.
        """
        if self.owned.knows(folder):
            return []
        told = self.owned.landed_before(folder)
        self._tell(folder, told)
        self.owned.add(folder)
        landed = self.owned.landed_before(folder)
        if landed.files > told.files:  # a load was on its way meanwhile; none is any more
            self._tell(folder, landed)
        return []

    def _tell(self, folder: OwnedFolder, landed: LandedBefore) -> None:
        machine = json.dumps(facts(folder, landed, self.environment), ensure_ascii=False)
        self.sns.publish(
            TopicArn=self.topic_arn,
            Subject=subject(folder, self.environment),
            Message=json.dumps({"default": text(folder, landed), "sqs": machine}),
            MessageStructure="json",
            MessageAttributes=attributes(SEVERITY, folder.dataset, self.environment),
        )


def subject(folder: OwnedFolder, environment: str) -> str:
    """Word the subject of the alert.

    >>> from ingest_lambda.table_format import TableFormat
    >>> subject(OwnedFolder("sales", "b", "raw/sales/", TableFormat.DELTA, "k"), "prod")
    '[landfall prod] sales: its folder is a Delta Lake table'
    """
    return f"[landfall {environment}] {folder.dataset}: its folder is a {folder.format} table"[:MAX_SUBJECT]


def text(folder: OwnedFolder, landed: LandedBefore) -> str:
    """Say, for people, what the folder is, what has landed of it, and what to do."""
    lines = [
        f"{folder.prefix} is the folder of a {folder.format} table, {WHY}.",
        f"Its log has arrived: {folder.log_key}",
        "From now on its files are rejected: table_format in docs/verdicts.md.",
        "",
    ]
    if landed.files:
        named = len(landed.keys)
        lines += [
            f"{landed.files:,} file(s) of it landed before that. To take their rows out again:",
            *(f"  landfall undo {quoted(key)}" for key in landed.keys),
            *([f"  and {landed.files - named:,} more: landfall history --dataset {folder.dataset}"] * _more(landed)),
            "",
        ]
    return page([*lines, f"What to do: {export(folder.format)};", declare(folder.dataset)])


def facts(folder: OwnedFolder, landed: LandedBefore, environment: str) -> dict[str, object]:
    """Say the same for machines."""
    return {
        "stage": "land",
        "environment": environment,
        "dataset": folder.dataset,
        "reason": "table_format",
        "folder": folder.prefix,
        "format": folder.format.value,
        "log": folder.log_key,
        "landed_before": landed.files,
        "landed_examples": list(landed.keys),
    }


def _more(landed: LandedBefore) -> bool:
    return landed.files > len(landed.keys)
