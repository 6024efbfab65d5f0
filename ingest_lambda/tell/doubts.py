"""LAND: files of folders that may be another table's.

In: such files of a dataset. Out: their rejections; or none, where the ledger holds files of such folders already: then
they land as before, and one note says so, once a deployment and dataset. That it was sent is kept as an object beside
the quarantine, so that the next function, and the next release, does not send it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.arrive.known_folders import Folders, KnownFolders, refusal
from ingest_lambda.bucket import objects
from ingest_lambda.errors import ConfigError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.legible import page
from ingest_lambda.load.outcomes import FileOutcome, rejection_outcome
from ingest_lambda.tell.notify import MAX_SUBJECT, attributes
from ingest_lambda.tell.report import Report
from ingest_lambda.warehouse.owned_folders import OwnedFolders

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient

NOTES = "quarantine/notes/"
NAMED = 20


@dataclass(frozen=True)
class Desk:
    """Where notes go to, and where it is kept that they were sent."""

    s3: S3Client
    sns: SNSClient
    bucket: str
    topic_arn: str
    environment: str


class Doubts:
    """Decides on files of doubtful folders; kept while the function is warm."""

    def __init__(self, known: KnownFolders, owned: OwnedFolders, desk: Desk, report: Report) -> None:
        self._known = known
        self._owned = owned
        self._desk = desk
        self._report = report
        self._told: set[str] = set()

    def refuse(self, dataset: str, files: Sequence[FileVersion], folders: Mapping[str, str]) -> list[FileOutcome]:
        """Reject the files, whose `folders` go by their ids; none of them where such files have always landed.

        Raises:
            TransientError, ConfigError: the warehouse does not answer, or denies access.
        """
        if known := self._known.of(dataset):
            self._tell_once(dataset, known)
            return []
        owned = self._owned.looked_up(dataset, files)
        strange = [file for file in files if not any(folder.holds(file) for folder in owned)]
        return [rejection_outcome(file, dataset, refusal(dataset, folders[file.file_id])) for file in strange]

    def _tell_once(self, dataset: str, known: Folders) -> None:
        """Send the note, unless it was sent; the files land whether it can be or not."""
        if dataset in self._told:
            return
        self._told.add(dataset)
        try:
            send_note(self._desk, dataset, known)
        except (ClientError, BotoCoreError, ConfigError, TransientError) as error:
            self._report.lost("note", error)


def send_note(desk: Desk, dataset: str, known: Folders) -> bool:
    """Tell of a dataset's doubtful folders, unless that was done before; functions at once may send two.

    Raises:
        ClientError, BotoCoreError, TransientError, ConfigError: it could not be sent, or not be kept that it was.
    """
    key = f"{NOTES}{dataset}.folders.json"
    if desk.s3.list_objects_v2(Bucket=desk.bucket, Prefix=key, MaxKeys=1).get("KeyCount"):
        return False
    facts = {"stage": "land", "dataset": dataset, "environment": desk.environment, "folders": list(known[:NAMED])}
    machine = json.dumps(facts, ensure_ascii=False)
    desk.sns.publish(
        TopicArn=desk.topic_arn,
        Subject=f"[landfall {desk.environment}] {dataset}: folders that may be other tables"[:MAX_SUBJECT],
        Message=json.dumps({"default": note(dataset, known), "sqs": machine}),
        MessageStructure="json",
        MessageAttributes=attributes("low", dataset, desk.environment),
    )
    objects.put(desk.s3, desk.bucket, key, machine.encode(), "application/json")
    return True


def note(dataset: str, known: Folders) -> str:
    """Say, for people, which folders are in doubt, and what to do."""
    more = [f"  and {len(known) - NAMED:,} more: landfall doctor"] * (len(known) > NAMED)
    return page(
        [
            f"Files of {dataset} land from folders that are neither hive parts nor dates:",
            *(f"  {folder}" for folder in known[:NAMED]),
            *more,
            "",
            f"They go on landing in landing.{dataset}, as before. Of a new dataset they would be rejected:",
            "such a folder may be another table's.",
            "",
            f"Are they all {dataset}? Declare folders: any under config.meta of it in the source YAML.",
            "Is one another table? docs/runbook.md#other-tables says how to take it out. This is said once.",
        ]
    )
