"""The demonstration that the README begins with, whole and small; and how its quarantined rows are looked at."""

import csv
import io
import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from local.home import ROOT
from tests.documents.blocks import blocks, commands, matches
from tests.support.local_stack import LocalStack

pytestmark = pytest.mark.xdist_group("end_to_end")

FEWEST_ORDERS = "50"
# What depends on how many orders are sent, and on what else a stack holds.
GATES = re.compile(r"\d+ of \d+ gates passed(, \d+ warned)?")
FIGURE = re.compile(r"(?<![\w-])\d[\d,]*(\.\d+)?(?![\w-])")
HEADS = ("step", "expectations met", "what happened")


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


def test_the_readme_shows_what_the_demonstration_prints(shown: str) -> None:
    (told, table), (printed, rows) = _parted(_sample()), _parted(shown)
    assert [_without_figures(happened) for _, _, happened in table] == [_without_figures(row[2]) for row in rows]
    assert [row[:2] for row in table] == [row[:2] for row in rows]
    assert matches(_without_figures(printed), _without_figures(told))


def test_a_sample_that_has_gone_stale_is_told_from_what_is_printed() -> None:
    told, table = _parted(_sample())
    assert [met for _, met, _ in table] == ["10", "8", "7", "5", "8", "6", "6", "8", "3"]
    assert table[0][0] == "1. New orders land by event and are modeled behind gates"
    printed = told.replace("<id>", "710ab12b-08df-4440-9b29-afda3d180079").replace("1,000 rows", "50 rows")
    assert matches(_without_figures(printed), _without_figures(told))
    assert not matches(_without_figures(printed.replace("outcome of the run", "the run")), _without_figures(told))


def _sample() -> str:
    """Return what the README says that `make demo` prints."""
    (printed,) = (
        step.printed
        for block in blocks(ROOT / "README.md")
        if block.content.startswith("$ make demo\n")
        for step in commands(block)
    )
    assert printed
    return printed


def _parted(text: str) -> tuple[str, list[tuple[str, str, str]]]:
    """Take the closing table out of what is printed: the rest, and a row a step, its cells unwrapped."""
    lines = text.splitlines()
    head = next(number for number, line in enumerate(lines) if line.split() == " ".join(HEADS).split())
    end = next((number for number in range(head, len(lines)) if not lines[number].strip()), len(lines))
    starts = [lines[head].index(name) for name in HEADS]
    rows: list[list[str]] = []
    for line in lines[head + 2 : end]:
        cells = [line[start:stop].strip() for start, stop in zip(starts, [*starts[1:], None], strict=True)]
        if cells[1]:
            rows.append(cells)
        else:
            rows[-1] = [f"{cell} {more}".strip() for cell, more in zip(rows[-1], cells, strict=True)]
    return "\n".join(lines[:head] + lines[end:]), [(step, met, happened) for step, met, happened in rows]


def _without_figures(text: str) -> str:
    return FIGURE.sub("0", GATES.sub("gates passed", text))


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
