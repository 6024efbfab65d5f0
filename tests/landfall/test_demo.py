"""The demonstration's own judgement: a missed expectation stops it, and what it expects follows from the files."""

import io
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
from rich.console import Console
from typer.testing import CliRunner

from ingest_lambda.arrive.routing import Route, route
from ingest_lambda.errors import ConfigError
from landfall.app import build
from landfall.demo import sample, story
from landfall.demo.narrator import MissedExpectationError, Narrator
from landfall.demo.pipeline import Pipeline
from landfall.stack import Stack
from scripts.order_rows import Plan
from tests.support import json_schemas


@pytest.fixture
def narrator() -> Narrator:
    return Narrator(Console(file=io.StringIO(), width=120))


def test_a_met_expectation_is_counted_and_summed_up(narrator: Narrator) -> None:
    narrator.begin("Land")
    narrator.expect("rows", 3, 3)
    narrator.expect("outcome", "landed", "landed")
    narrator.sum_up("3 rows")
    assert narrator.summary == [("1. Land", 2, "3 rows")]


def test_a_missed_expectation_stops_the_story_and_says_which(narrator: Narrator) -> None:
    narrator.begin("Land")
    with pytest.raises(MissedExpectationError, match=r"step 1 \(Land\), rows: expected 3, found 2"):
        narrator.expect("rows", 2, 3)


def test_the_steps_are_told_as_json_to_the_one_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def tell(_stack: Stack, narrator: Narrator, *_: object) -> None:
        narrator.begin("Land")
        narrator.expect("rows", 3, 3)
        narrator.sum_up("3 rows")
        narrator.begin("Model")
        narrator.expect("rows", 2, 3)

    monkeypatch.setattr(story, "tell", tell)
    monkeypatch.setattr(Stack, "from_environment", lambda: Stack("none", {}))
    monkeypatch.setenv("LANDFALL_STACK", "none")
    command = ["demo", "--on", "none", "--json"]
    done = CliRunner().invoke(build(), command)
    told = json_schemas.read(command, done.stdout)
    assert (done.exit_code, told["ok"], len(told["steps"])) == (1, False, 1)
    assert told["steps"][0] == {"step": "1. Land", "expectations": 1, "happened": "3 rows"}
    assert told["missed"].startswith("step 2 (Model), rows: expected 3, found 2")


@pytest.mark.parametrize(("missed", "exit_code", "last_word"), [(True, 1, "demo: failed: "), (False, 0, "demo: ok")])
def test_the_commands_exit_code_and_last_word_are_the_storys(
    monkeypatch: pytest.MonkeyPatch, missed: bool, exit_code: int, last_word: str
) -> None:
    def tell(*_: object) -> None:
        if missed:
            raise MissedExpectationError("step 1")

    monkeypatch.setattr(story, "tell", tell)
    monkeypatch.setattr(Stack, "from_environment", lambda: Stack("none", {}))
    monkeypatch.setenv("LANDFALL_STACK", "none")
    done = CliRunner().invoke(build(), ["demo", "--on", "none"])
    assert done.exit_code == exit_code
    assert done.output.strip().splitlines()[-1].startswith(last_word)


@pytest.mark.parametrize(
    ("named", "arguments", "said"),
    [
        ("landfall-dev", (), "landfall-dev, which would get made-up orders: if that is meant, --on landfall-dev"),
        ("landfall-dev", ("--on", "landfall-prod"), "LANDFALL_STACK names landfall-dev, and the two must be one"),
        ("", ("--on", "landfall-dev"), "LANDFALL_STACK names none"),
    ],
)
def test_it_is_shown_on_no_stack_but_the_local_one_unless_that_is_named_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr(story, "tell", Mock(side_effect=AssertionError("it was told")))
    monkeypatch.setenv("LANDFALL_STACK", named)
    monkeypatch.setenv("LANDFALL_HOME", str(tmp_path))
    done = CliRunner().invoke(build(), ["demo", *arguments])
    assert isinstance(done.exception, ConfigError)
    assert said in str(done.exception)


def test_of_two_tables_only_the_difference_is_told(narrator: Narrator) -> None:
    expected = {f"order-{number}": ("paid",) for number in range(1000)}
    found = {**expected, "order-7": ("placed",)}
    with pytest.raises(MissedExpectationError) as missed:
        narrator.expect("orders", found, expected)
    assert "{'order-7': ('placed',)}" in str(missed.value)
    assert "order-8" not in str(missed.value)


def test_the_newest_of_each_key_is_expected_in_whatever_order_files_come(tmp_path: Path) -> None:
    first = sample.make_wave(Plan(60), tmp_path, 1)
    second = sample.make_wave(Plan(60, wave=2, update_share=0.5), tmp_path, 2)
    tables = [wave.table("order_summary") for wave in (first, second)]
    expected = sample.newest(tables, sample.ORDER_KEY, sample.ORDER_FACTS)
    assert expected == sample.newest(reversed(tables), sample.ORDER_KEY, sample.ORDER_FACTS)
    assert len(expected) == 60
    assert sum(expected[row["order_id"]][0] == row["order_status"] for row in tables[1].to_pylist()) == len(tables[1])
    times = tables[1]["updated_at"].to_pylist()
    assert max(times) - min(times) < timedelta(days=40)


def test_good_orders_are_those_that_no_fault_touched(tmp_path: Path) -> None:
    wave = sample.make_wave(Plan(40, bad_rows=6), tmp_path, 1)
    assert wave.rows("order_summary") == 40
    assert len(sample.good_orders(wave)) == 34
    assert sum(sample.expected_reasons(6).values()) == 6


def test_a_corrupt_file_is_no_parquet_any_more(tmp_path: Path) -> None:
    wave = sample.make_wave(Plan(40), tmp_path, 1)
    broken = sample.corrupt_file(tmp_path, wave.files["order_summary"])
    assert not broken.read_bytes().endswith(b"PAR1")
    assert broken.name.startswith("order_summary_")


def test_a_key_of_the_demonstration_names_its_dataset_and_no_ambiguous_folder() -> None:
    pipeline = Pipeline(Mock(), "demo-1", "first", "last")
    routed = route(pipeline.key("order_summary", Path("order_summary_20251113_001.parquet")))
    assert isinstance(routed, Route)
    assert (routed.dataset, routed.folder) == ("order_summary", None)
