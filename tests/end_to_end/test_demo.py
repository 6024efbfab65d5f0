"""The demonstration that the README begins with, whole and small; and how its quarantined rows are looked at."""

import csv
import io
import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.support.local_stack import LocalStack

pytestmark = pytest.mark.xdist_group("end_to_end")

FEWEST_ORDERS = "50"


@pytest.fixture(scope="module")
def shown(stack: LocalStack) -> str:
    """What `make demo` shows."""
    done = stack.landfall("demo", "--orders", FEWEST_ORDERS, timeout_seconds=900)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_demonstration_runs_to_its_end(shown: str) -> None:
    assert shown.endswith("demo: ok\n")
    assert [line for line in shown.splitlines() if line.startswith("9. The operator's page")]
    (where,) = [line for line in shown.splitlines() if line.startswith("the operator's page: open file://")]
    page = Path(unquote(urlsplit(where.rsplit(" ", 1)[1]).path)).read_text(encoding="utf-8")
    assert "orders__quarantine_rate" in page


@pytest.mark.usefixtures("shown")
def test_quarantined_rows_are_shown_by_dataset_and_reason(stack: LocalStack) -> None:
    negative = ("--dataset", "order_summary", "--reason", "order_total_negative")
    done = stack.landfall("quarantine", *negative, "--json")
    assert done.returncode == 0, done.stderr
    ((entity, rows),) = ((each["entity"], each["rows"]) for each in json.loads(done.stdout))
    assert entity == "orders"
    assert rows
    assert all(float(row["order_total"]) < 0 and "order_total_negative" in row["reject_reason"] for row in rows)
    as_csv = csv.DictReader(io.StringIO(stack.landfall("quarantine", *negative, "--csv").stdout))
    assert [row["order_id"] for row in as_csv] == [row["order_id"] for row in rows]
    text = stack.landfall("quarantine", *negative).stdout
    assert f"{len(rows)} rows of orders are quarantined" in text
    assert f"landfall undo {rows[0]['_source_file']}" in text
    none = stack.landfall("quarantine", "--reason", "order_total", "--json")
    assert (none.returncode, json.loads(none.stdout)) == (0, [])
    unknown = stack.landfall("quarantine", "--dataset", "ordres")
    assert unknown.returncode == 3
    assert "ordres is not modeled; did you mean orders?" in unknown.stderr
