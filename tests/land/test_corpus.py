"""Real files of many writers, good and bad: each ends as its content deserves, and none ends the process.

The files are not part of the project; `LANDFALL_CORPUS` names their folder (default: `../shared/corpus` beside the
checkout), which has an `index.tsv` and the files under `files/`.
"""

import csv
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.load.outcomes import FileOutcome, Status
from local.home import ROOT
from tests.land.landed_values import expected, landed
from tests.land.warehouse import Function, Land, new_dataset

CORPUS = Path(os.environ.get("LANDFALL_CORPUS", ROOT.parent / "shared" / "corpus"))
MAX_COMPARED = 2_000  # rows

# Good parquet that no table of Redshift can hold.
UNLANDABLE = {
    "duckdb__silly-names.parquet": "invalid_column_name",  # a column without a name
    "parquet-testing__int96_from_spark.parquet": "value_out_of_range",  # a year before -200000, by overflow
}
# Reading these takes gigabytes: they are sent as files seen again, as a function that they ended would get them.
KILLERS = {"parquet-testing__large_string_map.brotli.parquet"}
# Columns that land as what pyarrow does not read: the values of VARIANTs.
VARIANTS: dict[str, dict[str, list[Any]]] = {
    "parquet-testing__shredded_variant_case-046.parquet": {"var": [{"a": None, "b": ""}]},
    "parquet-testing__shredded_variant_case-083.parquet": {
        "var": [None, {"c": {"b": "iceberg"}}, {"c": 8, "d": 0.0}, {"c": {"a": 34, "b": ""}, "d": 0.0}]
    },
}
# Not damaged, but of a schema that parquet's specification forbids.
FORBIDDEN = {"kylo__core_file-metadata_file-metadata-core_src_test_resources_test.parquet": "unsupported_type"}
# What may be wrong with a bad file. Any other reason would be a false one.
DAMAGE = {"corrupt_footer", "unreadable_data", "encrypted", "crashes_reader", "invalid_column_name"}


@dataclass(frozen=True)
class Specimen:
    """A file of the corpus, and whether it is good."""

    path: Path
    is_good: bool

    @property
    def name(self) -> str:
        return self.path.name


def specimens() -> list[Specimen]:
    """Read the index; nothing where there is none."""
    index = CORPUS / "index.tsv"
    if not index.exists():
        return []
    with index.open(encoding="utf-8") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        return [Specimen(CORPUS / "files" / row["file"], row["class"] == "good") for row in rows]


SPECIMENS = specimens()
NO_CORPUS = pytest.mark.skipif(not SPECIMENS, reason=f"no corpus at {CORPUS}")


@pytest.fixture(scope="module")
def function(land: Land) -> Function:
    return land.function()


def receive(land: Land, function: Function, specimen: Specimen) -> tuple[str, FileOutcome]:
    """Let a file land in a dataset of its own."""
    dataset = new_dataset("corpus")
    file = land.put(f"raw/{dataset}/{specimen.name}.parquet", specimen.path.read_bytes())
    [outcome] = function.receive(file, receive_count=2 if specimen.name in KILLERS else 1)
    return dataset, outcome


@NO_CORPUS
def test_every_good_file_lands_with_the_values_that_pyarrow_reads(land: Land, function: Function) -> None:
    for specimen in SPECIMENS:
        if not specimen.is_good or specimen.name in UNLANDABLE:
            continue
        dataset, outcome = receive(land, function, specimen)

        assert outcome.status is Status.LANDED, (specimen, outcome)
        table = pq.read_table(specimen.path, coerce_int96_timestamp_unit="us")
        assert outcome.rows == table.num_rows == land.count(f"landing.{dataset}"), specimen
        if table.num_rows <= MAX_COMPARED:
            meant = VARIANTS.get(specimen.name, {})
            values = landed(land, dataset, table.drop_columns(list(meant)).schema, order=None)
            columns = {name: expected(column_of(table, name)) for name in values}
            for name, of_rows in meant.items():
                rows = land.rows(f'select "{name}" from landing.{dataset}')  # noqa: S608 - our own names
                values[name] = [row[name] and json.loads(row[name]) for row in rows]
                columns[name] = of_rows
            assert rows_of(values) == rows_of(columns), specimen


def column_of(table: pa.Table, name: str) -> pa.Array:
    """Join a column's chunks; an empty column has none."""
    chunked = table.column(name)
    return pa.concat_arrays(chunked.chunks) if chunked.num_chunks else pa.array([], chunked.type)


def rows_of(columns: dict[str, list[Any]]) -> list[str]:
    """Word the rows, in an order that both sides share."""
    return sorted(map(repr, zip(*columns.values(), strict=True)))


@NO_CORPUS
def test_every_other_file_gets_a_verdict_with_a_true_reason(land: Land, function: Function) -> None:
    for specimen in SPECIMENS:
        if specimen.is_good and specimen.name not in UNLANDABLE:
            continue
        dataset, outcome = receive(land, function, specimen)

        assert outcome.status is Status.REJECTED, (specimen, outcome)
        assert outcome.verdict is not None
        named = {**UNLANDABLE, **FORBIDDEN}.get(specimen.name)
        allowed = {named} if named else DAMAGE
        assert outcome.verdict.reason in allowed, (specimen, outcome)
        assert outcome.verdict.detail
        assert outcome.verdict.remedy
        assert land.count(f"landing.{dataset}") == 0
        assert land.count(f"ledger.{dataset}") == 0
