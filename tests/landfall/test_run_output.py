"""What people read of a run: a line where all is well, and what is notable; all of it where they ask."""

import io
from typing import Any

import pytest
from rich.console import Console

from landfall.commands.transform import show_run
from landfall.operate.transforms import Run, of_report, read

MODELS: list[dict[str, Any]] = [
    {"name": "stg_orders", "status": "success", "rows_affected": None},
    {"name": "orders", "status": "success", "rows_affected": 3},
    {"name": "customers", "status": "success", "rows_affected": 0},
]
GATES: list[dict[str, Any]] = [
    {"name": "orders__schema", "status": "pass", "severity": "error", "failures": 0},
    {"name": "orders__volume", "status": "warn", "severity": "warn", "failures": 1},
]


def shown(run: Run, *, every: bool = False) -> str:
    console = Console(file=io.StringIO(), width=160)
    show_run(console, run, every=every)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_of_a_good_run_only_what_took_rows_in_and_what_did_not_pass_is_listed() -> None:
    text = shown(Run("arn", "succeeded", gates=GATES, models=MODELS))
    assert "3 of 3 models built, 1 of 2 gates passed, 1 warned; `landfall report --all` lists them" in text
    assert text.endswith("transform: succeeded\n")
    listed = [line.split()[0] for line in text.splitlines() if line.startswith((" orders", " stg_", " customers"))]
    assert listed == ["orders", "orders__volume"]


def test_every_model_and_gate_is_listed_where_that_is_asked_for() -> None:
    text = shown(Run("arn", "succeeded", gates=GATES, models=MODELS), every=True)
    for each in (*MODELS, *GATES):
        assert f" {each['name']} " in text


def test_a_model_that_was_not_built_is_listed() -> None:
    models = [*MODELS, {"name": "fct_orders", "status": "skipped", "rows_affected": None}]
    text = shown(Run("arn", "gate_failed", models=models))
    assert " fct_orders " in text
    assert "3 of 4 models built" in text


def test_a_failed_gate_shows_rows_as_yaml_and_both_ways_out() -> None:
    failing = {
        "gate": "orders__quarantine_rate",
        "files": ["s3://b/raw/orders/a.parquet"],
        "examples": [{"order_id": "o-1", "country": "NO", "total": 3}],
        "remedy": ["landfall undo raw/orders/a.parquet", "landfall transform --wait"],
    }
    lines = [line.strip() for line in shown(Run("arn", "gate_failed", failing=[failing])).splitlines()]
    assert lines[lines.index("for example") + 1 :][:3] == ["order_id: o-1", "country: 'NO'", "total: 3"]
    assert "to fix it: landfall undo raw/orders/a.parquet" in lines
    assert any("where the gate is what is wrong: change it in dbt_project/models" in line for line in lines)


def test_that_files_could_not_be_marked_is_told_beside_the_outcome_with_a_way_out() -> None:
    result = {"outcome": "succeeded", "models": MODELS, "unmarked": "ConfigError: S3 denies it"}
    told = {
        "build": {**result, "unmarked": None},
        "execution": "arn",
        "archive": {"error": "ConfigError: S3 denies it"},
    }
    for run in (read("arn", result), of_report(told)):
        text = shown(run)
        assert "files could not be marked as modeled in S3: ConfigError: S3 denies it" in text
        assert "landfall transform --full-refresh --wait" in text
        assert text.endswith("transform: succeeded\n")
        assert run.to_dict()["unmarked"] == "ConfigError: S3 denies it"
    assert "marked" not in shown(Run("arn", "succeeded", models=MODELS))


@pytest.mark.parametrize(("reason", "is_said"), [("nothing to build", True), (None, False)])
def test_where_nothing_was_built_it_says_how_a_model_of_the_checkout_would_be(
    reason: str | None, is_said: bool
) -> None:
    assert ("`landfall deploy`" in shown(Run("arn", "succeeded", reason))) == is_said
