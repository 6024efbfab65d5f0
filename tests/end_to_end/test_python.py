"""`import landfall`: the functions return what the commands print as JSON, and raise where those exit 1."""

from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from pyarrow import parquet as pq

import landfall
from tests.end_to_end.conftest import Operator

pytestmark = pytest.mark.xdist_group("end_to_end")
DATASET = "e2e_from_python"


def write(path: Path, columns: dict[str, Any]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_a_file_is_followed_from_python_as_by_the_commands(operator: Operator, tmp_path: Path) -> None:
    good = write(tmp_path / "good.parquet", {"id": [1, 2, 3]})
    (sent,) = landfall.upload(good, DATASET, wait=True, timeout=180)
    assert (sent.outcome, sent.rows) == ("landed", 3)

    (line,) = landfall.history(DATASET)
    assert (line.outcome, line.rows, line.source_file) == ("landed", 3, f"s3://{operator.stack.bucket}/{sent.plan.key}")
    assert [line.to_dict()] == operator.command("history", "--dataset", DATASET)
    assert (
        landfall.status(DATASET).to_dict()["datasets"] == operator.command("status", "--dataset", DATASET)["datasets"]
    )
    assert landfall.query(f"select id from landing.{DATASET} order by id") == [{"id": 1}, {"id": 2}, {"id": 3}]  # noqa: S608
    assert len(landfall.query(f"select id from landing.{DATASET}", limit=2)) == 2  # noqa: S608

    found = landfall.reconcile(DATASET, grace=0)
    assert (found.tally.missing, found.sent, found.mismatches) == ([], 0, [])
    assert found.to_dict() == operator.command("reconcile", "--dataset", DATASET, "--grace", "0")

    undone = landfall.undo(sent.plan.key)
    assert (undone.outcome, undone.rows) == ("undone", 3)
    assert operator.landed(DATASET) == []
    assert [each.outcome for each in landfall.history(DATASET, outcome="undone")] == ["undone"]
    with pytest.raises(landfall.UnsuccessfulError, match="it was undone, and stays out") as left_out:
        landfall.replay(sent.plan.key)
    assert [each.action for each in left_out.value.result] == ["undone"]
    (restored,) = landfall.replay(sent.plan.key, undone=True, wait=True, timeout=180)
    assert (restored.action, restored.outcome, restored.to_dict()["rows"]) == ("restored", "landed", 3)
    assert len(operator.landed(DATASET)) == 3


def test_what_is_rejected_raises_with_the_result_unless_it_is_not_to_be_checked(
    operator: Operator, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"PAR1 no parquet at all PAR1")
    with pytest.raises(landfall.UnsuccessfulError, match=r"bad\.parquet: rejected") as rejected:
        landfall.upload([bad], f"{DATASET}_bad", wait=True, timeout=180)
    (sent,) = rejected.value.result
    assert sent.verdict["remedy"]
    assert operator.command("history", "--dataset", f"{DATASET}_bad", "--outcome", "rejected") == [
        line.to_dict() for line in landfall.history(f"{DATASET}_bad", outcome="rejected")
    ]

    (unchecked,) = landfall.upload(bad, f"{DATASET}_bad", wait=True, timeout=180, check=False)
    assert unchecked.outcome == "rejected"
    with pytest.raises(landfall.UnsuccessfulError, match="no outcome within 0 s"):
        landfall.upload(bad, f"{DATASET}_bad", wait=True, timeout=0)


def test_a_task_that_is_tried_again_lands_its_file_once(operator: Operator, tmp_path: Path) -> None:
    path = write(tmp_path / "again.parquet", {"id": [1]})
    first, second = (landfall.upload(path, f"{DATASET}_again", wait=True, timeout=180, reuse=True) for _ in range(2))
    assert [each.version_id for each in first] == [each.version_id for each in second]
    assert len(operator.landed(f"{DATASET}_again")) == 1

    write(path, {"id": [2]})
    (changed,) = landfall.upload(path, f"{DATASET}_again", wait=True, timeout=180, reuse=True)
    assert changed.version_id != first[0].version_id
    assert len(operator.landed(f"{DATASET}_again")) == 2


def test_a_transform_is_run_and_its_gates_are_read(operator: Operator) -> None:
    operator.settle()
    run = landfall.transform(wait=True, timeout=600)
    assert run.outcome == "succeeded"
    assert landfall.gates().to_dict() == operator.command("gates")
    assert landfall.transform().outcome is None
    operator.settle()


def test_a_stack_is_opened_by_its_name_and_none_by_a_wrong_one(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = landfall.connect(operator.stack.name)
    assert stack.bucket == operator.stack.bucket
    with pytest.raises(landfall.ConfigError, match="no stack elsewhere is deployed"):
        landfall.connect("elsewhere")
    monkeypatch.delenv("LANDFALL_STACK")
    with pytest.raises(landfall.ConfigError, match="which stack"):
        landfall.undo("raw/orders/a.parquet")
    assert landfall.history("no_such_dataset", stack=stack) == []
