"""Each writer that PyPI and npm offer writes its types, and each lands equal to what the writer reads back.

Or with a verdict, or as `DEVIATIONS` says, which docs/producers.md tells users. The files are made by the writers
themselves, in an environment of their own: `make matrix` makes it, lets them write, and runs this. Without
LANDFALL_MATRIX, which names the folder of their files, there is nothing to land. The result is recorded in results.tsv.
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ingest_lambda.load.outcomes import Status
from tests.land.warehouse import Function, Land, new_dataset
from tests.matrix.compare import is_same
from tests.matrix.deviations import DEVIATIONS
from tests.matrix.results import RESULTS, Result, write_results

FOLDER = Path(os.environ.get("LANDFALL_MATRIX", "none"))
TOLD = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]

pytestmark = pytest.mark.skipif(not TOLD, reason="no writers have written: make matrix")


def test_what_each_writer_writes_lands_as_what_it_reads_back(land: Land) -> None:
    function = land.function()
    results = [
        tried(land, function, told["writer"], told["version"], of_type) for told in TOLD for of_type in told["types"]
    ]
    write_results(results)

    different = {(one.writer, one.type) for one in results if one.outcome == "differs"}
    assert different == DEVIATIONS.keys() & {(one.writer, one.type) for one in results}
    assert RESULTS.exists()


def tried(land: Land, function: Function, writer: str, version: str, told: dict[str, Any]) -> Result:
    """Land one type's file, and say what became of it."""
    if "file" not in told:
        return Result(writer, version, told["type"], "", "not written")
    dataset = new_dataset("matrix")
    file = land.put(f"raw/{dataset}/a.parquet", (FOLDER / told["file"]).read_bytes())
    [outcome] = function.receive(file)
    if outcome.verdict is not None:
        return Result(writer, version, told["type"], "", f"verdict {outcome.verdict.reason.value}")
    assert outcome.status is Status.LANDED, (writer, told["type"], outcome)
    columns = land.rows(f"select data_type from svv_columns where table_name = '{dataset}' and column_name = 'v'")
    type_ = columns[0]["data_type"] if columns else ""
    if "unread" in told:  # not even its writer reads it back: that it lands, and how, is recorded
        return Result(writer, version, told["type"], type_, "lands, not read back")
    landed = [row["v"] for row in land.rows(f"select v from landing.{dataset} order by id")]
    equal = len(landed) == len(told["values"]) and all(
        is_same(value, word, type_) for value, word in zip(landed, told["values"], strict=True)
    )
    if not equal:
        print(writer, told["type"], type_, landed, told["values"])
    return Result(writer, version, told["type"], type_, "equal" if equal else "differs")
