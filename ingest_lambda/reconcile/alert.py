"""LAND, reconcile: telling what a nightly run has found.

In: the result of a run. Out: at most one message to the failure topic, of severity high where rows do not match the
ledger or the run did not finish, else medium; none where nothing was found. Pure builders, and one thin call.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ingest_lambda.arrive.routing import Kind
from ingest_lambda.legible import page
from ingest_lambda.reconcile.ledger import Mismatch
from ingest_lambda.reconcile.listing import Listed
from ingest_lambda.reconcile.snapshots import Waiting
from ingest_lambda.reconcile.tables import Found, describe_gone, face
from ingest_lambda.reconcile.tables import describe as describe_table
from ingest_lambda.table_format import OwnedFolder
from ingest_lambda.tell.notify import attributes, by_protocol

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

NAMED = 10  # of each kind
MAX_DATASETS = 100
MAX_SUBJECT = 100  # characters, ASCII: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html


@dataclass
class Result:
    """What a nightly run did. `sent`: files whose events were sent again; `complete`: every object was looked at.

    `unread`: files that neither landed nor were rejected, and whose names do not say what they are; the young of them
    are announced again (`unread_sent`), which nobody has to know: most are ignored for their bytes, as before.
    `tables`: folders that turned out to be of a table format; `freed`: those that are no more.
    `waiting`: snapshots that have begun and are not whole. `goes_on`: another call looks at the rest. `is_broken`: an
    error ended this call, which Lambda makes again. `is_restored`: the warehouse does not hold what an earlier night
    has written.
    """

    listed: int = 0
    sent: int = 0
    examples: list[Listed] = field(default_factory=list)
    offline: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
    datasets: set[str] = field(default_factory=set)
    unread: int = 0
    unread_sent: int = 0
    ignored: Counter[Kind] = field(default_factory=Counter)
    tables: list[Found] = field(default_factory=list)
    freed: list[OwnedFolder] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    complete: bool = True
    goes_on: bool = False
    is_broken: bool = False
    is_restored: bool = False

    @property
    def severity(self) -> str | None:
        """Say how urgent it is: None where nobody has to know."""
        if self.mismatches or not (self.complete or self.goes_on):
            return "high"
        if self.is_restored:
            return "medium"
        return "medium" if self.sent or self.offline or self.tables or self.freed or self.waiting else None

    def take_tables(self, found: Sequence[Found]) -> None:
        """Note folders that turned out to be of a table format."""
        self.tables += found
        self.datasets |= {each.folder.dataset for each in found}

    def facts(self) -> dict[str, Any]:
        """Return the result for machines, examples bounded."""
        return {
            "listed": self.listed,
            "sent": self.sent,
            "sent_examples": [_place(listed) for listed in self.examples[:NAMED]],
            "offline": self.offline,
            "unread": self.unread,
            "unread_sent": self.unread_sent,
            "ignored": {kind.value: count for kind, count in sorted(self.ignored.items())},
            "tables": [face(found) for found in self.tables[:NAMED]],
            "freed": [folder.prefix for folder in self.freed[:NAMED]],
            "waiting_snapshots": [each.face() for each in self.waiting[:NAMED]],
            "mismatches": len(self.mismatches),
            "mismatch_examples": [asdict(mismatch) for mismatch in self.mismatches[:NAMED]],
            "complete": self.complete,
            "goes_on": self.goes_on,
            "restored": self.is_restored,
        }


def publish(sns: SNSClient, topic_arn: str, environment: str, result: Result) -> bool:
    """Tell the failure topic, if there is something to tell."""
    severity = result.severity
    if severity is None:
        return False
    facts = {"stage": "land", "environment": environment, "severity": severity, **result.facts()}
    sns.publish(
        TopicArn=topic_arn,
        Subject=subject(environment, result),
        Message=by_protocol(subject(environment, result), text(result), json.dumps(facts, ensure_ascii=False)),
        MessageStructure="json",
        MessageAttributes={
            **attributes(severity, "all", environment),
            "dataset": {"DataType": "String.Array", "StringValue": json.dumps(_named(result.datasets))},
        },
    )
    return True


def _named(datasets: Iterable[str]) -> list[str]:
    """Name the datasets, which a filter policy matches one by one; all, where it is about none or too many.

    >>> _named({"orders"}), _named(())
    (['orders'], ['all'])
    """
    names = sorted(datasets)
    return names if 0 < len(names) <= MAX_DATASETS else [*names[:MAX_DATASETS], "all"]


def subject(environment: str, result: Result) -> str:
    """Word the subject.

    >>> subject("prod", Result(sent=2))
    '[landfall prod] reconcile: 2 files had no event'
    """
    return f"[landfall {environment}] reconcile: {'; '.join(_findings(result))}"[:MAX_SUBJECT]


def text(result: Result) -> str:
    """Say, for people, what was found and what to do.

    >>> print(text(Result(listed=5, offline=1)).splitlines()[0])
    5 object versions were compared with the warehouse.
    """
    lines = [f"{result.listed:,} object versions were compared with the warehouse.", ""]
    if result.is_restored:
        lines += [
            "The warehouse does not hold what an earlier night wrote into it: it was restored from a snapshot. So",
            "every file and every row is compared, and the next transform builds all models.",
            "",
        ]
    if result.sent:
        lines += [
            f"{result.sent:,} had neither landed nor been rejected: their events were lost. They were sent again.",
            *(f"  {_place(listed)}" for listed in result.examples[:NAMED]),
            "See whether they land: landfall history",
            "",
        ]
    if result.offline:
        lines += [
            f"{result.offline:,} are missing, and in an archive class: restore them, then `landfall reconcile`.",
            "",
        ]
    if left := result.unread - result.unread_sent:
        lines += [
            f"{left:,} do not say by their names what they are, and have not landed: parquet whose event was lost, or",
            "files that were ignored for their bytes. `landfall reconcile` announces them all.",
            "",
        ]
    lines += [line for found in result.tables[:NAMED] for line in (describe_table(found), "")]
    lines += [line for folder in result.freed[:NAMED] for line in (describe_gone(folder), "")]
    if result.waiting:
        lines += [
            "Snapshots that are not whole change and delete nothing:",
            *(f"  {line}" for each in result.waiting[:NAMED] for line in (each.describe(), f"  {each.remedy}")),
            "",
        ]
    if result.mismatches:
        lines += [
            f"{len(result.mismatches):,} files have other rows in landing than their ledger rows say:",
            *(f"  {describe(mismatch)}" for mismatch in result.mismatches[:NAMED]),
            "Landfall changes both in one transaction, so someone else has changed one of them. To put a file right:",
            "landfall undo <file> --version <version>, then landfall replay <file> --version <version> --undone",
            "What is archived has to be restored in S3 first; what is gone from there cannot land again.",
            "Of a file that was undone its rows are back: landfall undo <file> --version <version> alone.",
            "",
        ]
    if result.is_broken:
        lines += [
            "Not every object was looked at: an error broke this call off. Lambda makes it again, twice at most; where",
            "that fails too, the next night goes on from there, or `landfall reconcile` from a shell.",
            "",
        ]
    elif result.goes_on:
        lines += ["Not every object was looked at: another call goes on from there.", ""]
    elif not result.complete:
        lines += ["The time was up before every object was looked at: run `landfall reconcile` from a shell.", ""]
    return page(lines).rstrip()


def describe(mismatch: Mismatch) -> str:
    """Word one mismatch.

    >>> describe(Mismatch("orders", "f1", "s3://b/k", "v", 3, 2))
    'orders: s3://b/k (version v): 3 rows expected, 2 found'
    >>> describe(Mismatch("orders", "f1", None, None, 0, 2))
    "orders: rows of no file (_file_id = 'f1'): 0 rows expected, 2 found"
    >>> describe(Mismatch("orders", "f1", "s3://b/k", "v", 0, 2, is_undone=True))
    'orders: s3://b/k (version v): 0 rows expected, as it was undone, 2 found'
    """
    of_none = f"rows of no file (_file_id = '{mismatch.file_id}')"
    why = "as it was undone, " if mismatch.is_undone else ""
    file = f"{mismatch.source_file} (version {mismatch.version_id})" if mismatch.source_file else of_none
    return f"{mismatch.dataset}: {file}: {mismatch.expected} rows expected, {why}{mismatch.found} found"


def _findings(result: Result) -> Iterable[str]:
    if result.mismatches:
        yield f"{len(result.mismatches)} files do not match their rows"
    if result.sent:
        yield f"{result.sent} file{'' if result.sent == 1 else 's'} had no event"
    if result.offline:
        yield f"{result.offline} archived before landing"
    if result.tables:
        yield f"{len(result.tables)} folder{'' if len(result.tables) == 1 else 's'} of a table format"
    if result.freed:
        yield f"{len(result.freed)} no more of a table format"
    if result.waiting:
        yield f"{len(result.waiting)} snapshot{'' if len(result.waiting) == 1 else 's'} not whole"
    if result.is_restored:
        yield "the warehouse was restored"
    if not (result.complete or result.goes_on):
        yield "not finished"


def _place(listed: Listed) -> str:
    return f"{listed.file.uri} (version {listed.file.version_id})"
