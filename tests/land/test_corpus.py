"""Real files of many writers, good and bad: each lands, or gets a verdict, and none ends the process.

The files are not part of the project; `LANDFALL_CORPUS` names their folder (default: `../shared/corpus` beside the
checkout), which has an `index.tsv` and the files under `files/`.
"""

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest_lambda.outcomes import Status
from local.home import ROOT
from tests.land.warehouse import Land, new_dataset

CORPUS = Path(os.environ.get("LANDFALL_CORPUS", ROOT.parent / "shared" / "corpus"))


@dataclass(frozen=True)
class Specimen:
    """A file of the corpus: whether it is good, and how many rows it has (None: not known)."""

    path: Path
    is_good: bool
    rows: int | None


def specimens() -> list[Specimen]:
    """Read the index; nothing where there is none."""
    index = CORPUS / "index.tsv"
    if not index.exists():
        return []
    with index.open(encoding="utf-8") as lines:
        return [
            Specimen(CORPUS / "files" / row["file"], row["class"] == "good", int(row["rows"]) if row["rows"] else None)
            for row in csv.DictReader(lines, delimiter="\t")
        ]


SPECIMENS = specimens()


@pytest.mark.skipif(not SPECIMENS, reason=f"no corpus at {CORPUS}")
def test_every_file_lands_whole_or_gets_a_verdict(land: Land) -> None:
    function = land.function()
    for specimen in SPECIMENS:
        dataset = new_dataset("corpus")
        file = land.put(f"raw/{dataset}/{specimen.path.name}.parquet", specimen.path.read_bytes())

        [outcome] = function.receive(file)

        print(f"{specimen.path.name}: {outcome.status} {outcome.reason} {outcome.rows}")
        assert outcome.status in {Status.LANDED, Status.REJECTED}, (specimen, outcome)
        landed_rows = land.count(f"landing.{dataset}")
        if outcome.status is Status.LANDED:
            assert specimen.rows is None or landed_rows == specimen.rows, specimen
        else:
            assert outcome.verdict is not None
            assert outcome.verdict.remedy
            assert landed_rows == 0
            assert land.count(f"ledger.{dataset}") == 0
