"""LAND: datasets that a typo may have made.

In: what landed, the datasets that are known. Out: a message for each that is new and whose name resembles a known one:
the first file that bears a name makes a dataset, so that a typo would be one for good. Pure builders, and a thin call.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest_lambda.arrive.lookalikes import lookalike
from ingest_lambda.legible import page
from ingest_lambda.load.outcomes import FileOutcome
from ingest_lambda.tell.notify import MAX_FILES_NAMED, MAX_SUBJECT, attributes, by_protocol

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


@dataclass(frozen=True)
class Newcomer:
    """A dataset that its first files have made, the known one that its name resembles, and these files by address."""

    dataset: str
    resembles: str
    files: tuple[str, ...]


def first_files(outcomes: Iterable[FileOutcome], declared: Collection[str]) -> dict[str, list[str]]:
    """Gather, by dataset, the files whose load made its table; of those that nobody has declared."""
    found: dict[str, list[str]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.is_first and outcome.dataset and outcome.dataset not in declared:
            found[outcome.dataset].append(outcome.file.uri)
    return dict(found)


def newcomers(files: dict[str, list[str]], known: Collection[str]) -> list[Newcomer]:
    """Pick the new datasets whose names resemble known ones; two that come together may be meant.

    >>> newcomers({"pengiuns": ["s3://b/raw/pengiuns/a.parquet"], "claims": []}, ["penguins", "pengiuns", "claims"])
    [Newcomer(dataset='pengiuns', resembles='penguins', files=('s3://b/raw/pengiuns/a.parquet',))]
    """
    others = set(known) - set(files)
    return [
        Newcomer(dataset, alike, tuple(of_dataset))
        for dataset, of_dataset in files.items()
        if (alike := lookalike(dataset, others))
    ]


def send(sns: SNSClient, topic_arn: str, environment: str, found: Iterable[Newcomer]) -> None:
    """Announce new datasets: a message each."""
    for each in found:
        title = f"[landfall {environment}] new dataset {each.dataset}; did you mean {each.resembles}?"[:MAX_SUBJECT]
        sns.publish(
            TopicArn=topic_arn,
            Subject=title,
            Message=by_protocol(title, text(each), machine_text(each, environment)),
            MessageStructure="json",
            MessageAttributes=attributes("low", each.dataset, environment),
        )


def text(newcomer: Newcomer) -> str:
    """Say, for people, what has landed, what may have been meant, and what to do."""
    name, meant = newcomer.dataset, newcomer.resembles
    return page(
        [
            f"The first file of {name} has landed, in a table that was made for it. No dataset had that name;",
            f"did you mean {meant}?",
            "",
            *_named(newcomer.files),
            "",
            f"If {meant} was meant:",
            f"  landfall drop-dataset {name}",
            f"  landfall upload FILE --dataset {meant}",
            f"The first takes landing.{name} away, the files stay in the bucket; the second lands one as meant.",
            f"If {name} was meant, there is nothing to do: this is said once. docs/runbook.md#new-dataset says more.",
        ]
    )


def machine_text(newcomer: Newcomer, environment: str) -> str:
    """Say the same as JSON."""
    facts = {"stage": "land", "dataset": newcomer.dataset, "environment": environment}
    files = list(newcomer.files[:MAX_FILES_NAMED])
    return json.dumps({**facts, "resembles": newcomer.resembles, "first_files": files}, ensure_ascii=False)


def _named(files: Sequence[str]) -> list[str]:
    more = len(files) - MAX_FILES_NAMED
    return [*(f"  {file}" for file in files[:MAX_FILES_NAMED]), *([f"  ... and {more} more"] if more > 0 else [])]
