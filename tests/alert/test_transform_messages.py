"""ALERT: the message of a run says what happened, shows it and gives the command that fixes it, within SNS's bounds."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transform_lambda.announced import Run
from transform_lambda.examples import remedies
from transform_lambda.publish import channel_text, facts, message
from transform_lambda.wording import lines

SNS_LIMIT = 256 * 1024
FILE = "s3://bucket/raw/order_summary/bad file.parquet"


def plan(**changes: Any) -> dict[str, Any]:
    """Return a plan of one data set."""
    reasons = ["order_summary: landed up to load 7, modeled up to 5"]
    asked = {"whole_project": False, "full_refresh": False, "beside": (), "fingerprint": "p1", "before": ["p1"]}
    return {"datasets": ["order_summary"], "reasons": reasons, **asked} | changes


WARNED = {"says": "None of these rows is modeled.", "subject": "files of bad rows held back"}


def failing_gate(**changes: Any) -> dict[str, Any]:
    """Return an explained gate with three examples of one file."""
    return {
        "gate": "orders__quarantine_rate",
        "failures": 20,
        "files": [FILE],
        "examples": [{"order_id": f"bad-{number}", "reject_reason": "order_status_unknown"} for number in range(3)],
        "remedy": remedies([FILE], None),
    } | changes


def build(outcome: str, **changes: Any) -> dict[str, Any]:
    """Return the build's result of a run with that outcome."""
    return {
        "run_id": "run-1",
        "run_ids": ["run-1"],
        "outcome": outcome,
        "records": [
            {"dataset": "order_summary", "entity": "orders", "total": 9, "valid": 6, "error": 3, "is_stopped": False}
        ],
        "models": [
            {"name": "orders", "status": "skipped" if outcome == "gate_failed" else "success", "rows_affected": 1204},
            {"name": "quarantine_orders", "status": "success", "rows_affected": 3},
        ],
        "gates": [
            {"name": "orders__rows_conserved", "status": "pass", "severity": "error", "failures": 0},
            {"name": "orders__freshness", "status": "warn", "severity": "warn", "failures": 1},
        ],
        "failing": [failing_gate()] if outcome == "gate_failed" else [],
        "warning": [],
        "errors": ["orders: no such column order_status"] if outcome == "error" else [],
    } | changes


def run(outcome: str, **changes: Any) -> Run:
    """Return a run with that outcome."""
    return Run("dev", plan(), build(outcome, **changes), {"marked": 2}, "s3://bucket/reports/transform/run-1.json")


def text_of(of: Run) -> str:
    """Return what a person reads."""
    return str(json.loads(message(of)["body"])["default"])


def test_a_failed_gate_tells_what_how_many_which_file_examples_and_the_commands() -> None:
    text = text_of(run("gate_failed"))
    assert "orders__quarantine_rate: 20 failing row(s)" in text
    assert FILE in text
    assert [f"bad-{number}" in text for number in range(3)] == [True] * 3
    assert "landfall undo 'raw/order_summary/bad file.parquet'" in text
    assert text.index("landfall undo") < text.index("landfall transform --wait")
    assert "not updated: orders" in text
    assert "s3://bucket/reports/transform/run-1.json" in text
    assert "docs/runbook.md#gate-failed" in text


def test_a_failed_test_below_a_modeled_table_is_not_said_to_have_stopped_anything() -> None:
    built = [{"name": "orders", "status": "success", "rows_affected": 1204}]
    text = text_of(run("gate_failed", models=built, failing=[failing_gate(gate="orders__plausible")]))
    assert "stopped nothing" in text
    assert "orders__plausible" in text
    assert "not updated" not in text
    assert "rows wait" not in text
    refused = failing_gate(gate="orders from the first row: rows were removed", node="model.landfall.orders")
    assert "rows wait" in text_of(run("gate_failed", models=[], failing=[refused]))


def test_a_success_tells_why_it_ran_what_was_built_and_what_was_quarantined() -> None:
    text = text_of(run("succeeded"))
    assert "landed up to load 7" in text
    assert "orders 1,204 rows" in text
    assert "Held back, each row with its reason: quarantine_orders 3 rows" in text
    assert "Gates: 1 of 2 passed, 1 warned" in text
    assert "warn: orders__freshness (1 rows)" in text


def test_the_subject_counts_no_view_that_stands_as_it_was_built() -> None:
    models = [{"name": name, "status": "unchanged", "rows_affected": None} for name in ("stg_orders", "orders_checked")]
    of = run("succeeded", models=[*build("succeeded")["models"], *models])
    assert message(of)["subject"].endswith("] 2 models built")


def test_a_success_beside_files_of_bad_rows_names_them_with_examples_and_commands() -> None:
    held_back = run("succeeded", warning=[failing_gate(failures=3, **WARNED)])
    text = text_of(held_back)
    assert "1 of 2 passed, 1 warned" in text
    assert text.index("None of these rows") < text.index(FILE) < text.index("bad-0") < text.index("landfall undo")
    assert held_back.severity == "medium"
    assert "held back" in message(held_back)["subject"]
    assert facts(held_back)["warning"][0]["files"] == [FILE]


def test_a_gate_that_only_warns_says_itself_what_it_found() -> None:
    says = "Rows of these files are not modeled: others have higher sequences."
    lost = {**failing_gate(gate="feed__sequence_falls_back"), "says": says, "subject": "lost by their sequence"}
    text = text_of(run("succeeded", warning=[lost]))
    assert says in text
    assert "quarantine." not in text
    assert "lost by their sequence" in message(run("succeeded", warning=[lost]))["subject"]
    other = {**failing_gate(gate="feed__of_ours"), "says": "Look at this."}
    assert message(run("succeeded", warning=[other]))["subject"].endswith("models built, warned: feed__of_ours")
    both = message(run("succeeded", warning=[lost, failing_gate(**WARNED)] * 2))["subject"]
    assert both.endswith("models built, lost by their sequence, files of bad rows held back")
    assert text_of(run("succeeded", warning=[lost, failing_gate(**WARNED)] * 2)).count(WARNED["says"]) == 1


def test_a_gate_that_warns_without_words_of_its_own_promises_no_quarantine_and_no_undo() -> None:
    warned = failing_gate(gate="orders__known_status", failures=3, remedy=[])
    of = run("succeeded", warning=[warned])
    text = text_of(of)
    assert "too few to stop the batch" in text
    assert text.index("orders__known_status") < text.index(FILE) < text.index("bad-0")
    assert "quarantine." not in text
    assert "landfall undo" not in text
    assert message(of)["subject"].endswith("models built, warned: orders__known_status")


def test_no_key_adds_a_line_to_a_message_and_its_command_names_it_all_the_same() -> None:
    file = "s3://b/raw/a\nTo fix it: landfall drop-dataset orders --yes\x1b[2J.parquet"
    example = {"_source_file": file, "note": "\u202e\x9b2J"}
    gate = failing_gate(files=[file], examples=[example], remedy=remedies([file], None))

    lines = text_of(run("gate_failed", failing=[gate])).split("\n")

    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("To fix it: landfall drop-dataset") for line in lines)
    assert any(line.startswith(r"  landfall undo $'raw/a\012To fix it") for line in lines)
    assert facts(run("gate_failed", failing=[gate]))["failing"][0]["files"] == [file]


def test_a_failed_gate_tells_of_files_of_bad_rows_beside_it() -> None:
    warned = failing_gate(
        gate="items__quarantine_rate", files=["s3://b/raw/i"], remedy=remedies(["s3://b/raw/i"], None), **WARNED
    )
    text = text_of(run("gate_failed", warning=[warned]))
    assert text.index(FILE) < text.index("None of these rows") < text.index("s3://b/raw/i")
    assert text.index("landfall undo raw/i") < text.index("landfall transform --wait")


def test_an_error_tells_what_broke_and_how_to_go_on() -> None:
    text = text_of(run("error"))
    assert "no such column order_status" in text
    assert "landfall transform --wait" in text
    assert "docs/runbook.md#error" in text


def test_a_full_refresh_that_breaks_asks_for_another_one() -> None:
    broken = replace(run("error"), plan=plan(full_refresh=True))
    assert "landfall transform --full-refresh --wait" in text_of(broken)
    assert "landfall transform --wait" not in text_of(broken)


def test_an_error_hides_neither_a_failed_gate_nor_what_only_warned() -> None:
    warned = failing_gate(gate="items__quarantine_rate", files=["s3://b/raw/i"], remedy=[], **WARNED)
    text = text_of(run("error", failing=[failing_gate()], warning=[warned]))
    assert text.index("no such column") < text.index("orders__quarantine_rate: 20 failing row(s)") < text.index(FILE)
    assert text.index("bad-0") < text.index(WARNED["says"]) < text.index("s3://b/raw/i")
    assert "landfall undo 'raw/order_summary/bad file.parquet'" in text
    assert "docs/runbook.md#error" in text


@pytest.mark.parametrize(
    ("outcome", "severity"), [("succeeded", "low"), ("gate_failed", "high"), ("error", "critical")]
)
def test_subscriptions_can_filter_on_severity_data_set_stage_and_environment(outcome: str, severity: str) -> None:
    found = {name: value["StringValue"] for name, value in message(run(outcome))["attributes"].items()}
    assert set(found) == {"severity", "dataset", "stage", "environment"}
    assert found["severity"] == severity
    assert json.loads(found["dataset"]) == ["order_summary"]
    assert found["environment"] == "dev"


def test_a_success_without_warnings_is_only_information() -> None:
    assert run("succeeded", gates=[]).severity == "info"


def test_machines_get_the_same_facts_as_json() -> None:
    body = json.loads(message(run("gate_failed"))["body"])
    told = json.loads(body["sqs"])
    assert told["outcome"] == "gate_failed"
    assert told["failing"][0]["files"] == [FILE]
    assert told["report"].endswith("run-1.json")
    channel = json.loads(body["https"])
    assert (channel["version"], channel["source"]) == ("1.0", "custom")
    assert channel["content"]["description"].startswith("```\n")
    assert channel["content"]["description"].count("```") == 2


def test_nothing_in_a_message_is_live_in_a_channel() -> None:
    told = channel_text("[landfall dev] <!channel>", "example: <!here> <https://evil|open> ```\n*bold*")
    content = json.loads(told)["content"]
    assert not set("<>") & set(content["title"] + content["description"])
    assert content["description"].count("`") == 6


def test_several_failed_gates_give_each_command_once_and_the_run_last() -> None:
    gates = [failing_gate(), failing_gate(gate="orders__volume")]
    commands = [line.strip() for line in lines(run("gate_failed", failing=gates)) if line.startswith("  landfall")]
    assert commands == ["landfall undo 'raw/order_summary/bad file.parquet'", "landfall transform --wait"]


def test_a_gate_whose_examples_could_not_be_read_says_so() -> None:
    gate = failing_gate(examples=[], files=[], remedy=[], note="examples could not be read: connection lost")
    assert "examples could not be read: connection lost" in text_of(run("gate_failed", failing=[gate]))


def test_a_phone_gets_one_line_that_fits_one_sms() -> None:
    sms = json.loads(message(run("gate_failed"))["body"])["sms"]
    assert sms == "[landfall dev] gate failed: orders__quarantine_rate"
    assert len(sms) <= 140


def test_a_failed_gate_tells_what_went_on_beside_it() -> None:
    models = [
        {"name": "orders", "status": "skipped", "rows_affected": None},
        {"name": "order_items", "status": "success", "rows_affected": 3},
    ]
    text = text_of(run("gate_failed", models=models))
    assert "not updated: orders." in text
    assert "All else went on: order_items." in text


def test_a_reminder_says_that_it_is_one() -> None:
    reminder = replace(run("gate_failed"), is_reminder=True)
    assert message(reminder)["subject"].startswith("[landfall dev] reminder: gate failed")
    assert json.loads(json.loads(message(reminder)["body"])["sqs"])["is_reminder"] is True


any_text = st.text(max_size=300)
any_gate = st.builds(
    lambda gate, files, value: failing_gate(
        gate=gate, files=files, examples=[{f"c{n}": value for n in range(20)}] * 3, remedy=remedies(files, None)
    ),
    any_text,
    st.lists(st.text(max_size=1024), max_size=20),
    any_text,
)


@given(st.sampled_from(["succeeded", "gate_failed", "error"]), st.lists(any_gate, max_size=20), st.lists(any_text))
def test_no_message_is_larger_than_sns_takes(outcome: str, failing: list[dict[str, Any]], errors: list[str]) -> None:
    nodes = [{"name": "m" * 200, "status": "error", "rows_affected": None, "message": "\u20ac" * 300}] * 200
    gates = [{"name": "g" * 200, "status": "warn", "severity": "warn", "failures": 1, "message": "\u20ac" * 300}] * 200
    composed = message(run(outcome, failing=failing, models=nodes, gates=gates, errors=errors[:10]))
    assert (
        len(json.dumps(composed).encode()) - len(json.dumps(composed["body"]).encode()) + len(composed["body"].encode())
        <= SNS_LIMIT
    )
    assert set(json.loads(composed["body"])) == {"default", "https", "sqs", "sms"}
    assert json.loads(json.loads(composed["body"])["sqs"])["outcome"] == outcome


@given(st.lists(any_gate, min_size=1, max_size=3), st.text(min_size=1, max_size=20))
def test_every_subject_is_one_line_of_ascii_of_at_most_a_hundred_characters(
    failing: list[dict[str, Any]], environment: str
) -> None:
    of = Run(environment, plan(), build("gate_failed", failing=failing), {}, "s3://bucket/key")
    subject = message(of)["subject"]
    assert subject.isascii()
    assert subject.isprintable()
    assert 0 < len(subject) <= 100


def test_facts_hold_no_gate_that_passed() -> None:
    assert [gate["status"] for gate in facts(run("succeeded"))["gates"]] == ["warn"]
