"""A file that was refused for its folder lands by the remedy of its verdict, run as a person would."""

import json
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.judge.contracts import Contract
from ingest_lambda.load.outcomes import Status
from landfall.operate import declared, files
from scripts import contracts, package
from tests.land.remedies import recorded
from tests.land.warehouse import new_dataset
from tests.landfall.conftest import Desk

TABLE = pa.table({"a": [1, 2, 3]})


def outcomes(desk: Desk, dataset: str) -> dict[str, str]:
    return {line["source_file"]: line["outcome"] for line in desk.landfall("history", "--dataset", dataset)}


def rejected_count(desk: Desk, dataset: str) -> int:
    return sum(total.files_rejected for total in files.totals(desk.stack.warehouse, dataset))


def deploy(desk: Desk, monkeypatch: pytest.MonkeyPatch, project: Path, name: str, meta: str) -> None:
    """Declare a dataset in source YAML, its `config.meta` as a verdict words it; start the function that has it."""
    folder = project / "dbt_project" / "models" / "landing"
    folder.mkdir(parents=True, exist_ok=True)
    text = f"sources:\n  - name: landing\n    tables:\n      - name: {name}\n        config: {{meta: {{{meta}}}}}\n"
    (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(package, "ROOT", project)
    assert name in contracts.read_contracts(project)
    monkeypatch.setattr(desk.land, "contracts", declared.contracts())
    monkeypatch.setattr(desk, "function", desk.land.function())


def declaration(remedy: str, before: str) -> str:
    return remedy.partition(before)[2].partition("declare ")[2].partition(" under config.meta")[0]


@pytest.mark.parametrize("rule", ["prefixes", "folders"])
def test_the_remedy_of_a_refused_folder_lands_its_files_and_settles_their_rejections(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rule: str
) -> None:
    schema = new_dataset("shop")
    target = schema if rule == "folders" else new_dataset("orders")
    file = desk.land.put(f"raw/{schema}/orders/LOAD1.parquet", TABLE)
    other = desk.land.put(f"raw/{schema}/items/LOAD1.parquet", TABLE)
    with recorded() as worded:
        assert [outcome.status for outcome in desk.function.receive(file, other)] == [Status.REJECTED] * 2
    assert worded == ["arrive.known_folders.refusal"] * 2
    assert rejected_count(desk, schema) == 2
    [row] = desk.land.rows(f"select verdict from ops.rejected_files where file_id = '{file.file_id}'")  # noqa: S608 - our id
    remedy = json.loads(row["verdict"])["remedy"]
    meta = declaration(remedy, "if it is another table" if rule == "prefixes" else f"if it is {schema}")

    deploy(desk, monkeypatch, tmp_path, target, meta)
    command = remedy.rpartition("landfall replay ")[2].split()
    desk.landfall("replay", *command, "--dataset", schema, "--rate", "0")
    landed = {outcome.file.file_id: outcome.status for outcome in desk.deliver()}

    if rule == "prefixes":
        assert landed == {file.file_id: Status.LANDED, other.file_id: Status.REJECTED}
        assert outcomes(desk, schema) == {file.uri: "resolved", other.uri: "rejected"}
        assert (rejected_count(desk, schema), desk.land.count(f"landing.{target}")) == (1, 3)
        again = desk.landfall("replay", *command, "--dataset", schema, "--rate", "0")
        assert {each["source_file"] for each in again} == {other.uri}
        desk.messages()
    else:
        assert landed == {file.file_id: Status.LANDED, other.file_id: Status.LANDED}
        assert rejected_count(desk, schema) == 0
        assert desk.land.count(f"landing.{schema}") == 6


def test_a_table_that_landed_among_another_dataset_s_rows_is_taken_out_as_the_runbook_says(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    schema, table = new_dataset("shop"), new_dataset("orders")
    mixed = [desk.land.put(f"raw/{schema}/{name}/LOAD1.parquet", TABLE) for name in ("orders", "items")]
    with monkeypatch.context() as patched:  # before there was a rule
        patched.setattr(desk.land, "contracts", {schema: Contract(any_folders=True)})
        assert [outcome.status for outcome in desk.land.function().receive(*mixed)] == [Status.LANDED] * 2

    deploy(desk, monkeypatch, tmp_path, table, f'prefixes: ["raw/{schema}/orders/"]')
    assert desk.landfall("undo", mixed[0].key)["dataset"] == schema
    assert desk.landfall("backfill", f"raw/{schema}/orders/", "--rate", "0")["sent"] == 1

    assert [outcome.status for outcome in desk.deliver()] == [Status.LANDED]
    assert (desk.land.count(f"landing.{schema}"), desk.land.count(f"landing.{table}")) == (3, 3)
