"""A key of any letters stands on its own line of a message, and commands no terminal; machines get it as it is."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.verdict import verdict_of
from ingest_lambda.legible import page, quoted, visible
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.reasons import Reason
from ingest_lambda.reconcile import alert
from ingest_lambda.reconcile.ledger import Mismatch
from ingest_lambda.reconcile.tables import Found
from ingest_lambda.table_format import OwnedFolder, TableFormat
from ingest_lambda.tell import claims, doubts, newcomers, notify
from ingest_lambda.tell.newcomers import Newcomer
from ingest_lambda.warehouse.owned_folders import LandedBefore
from transform_lambda import legible

KEY = "raw/orders/a\n  what to do: landfall drop-dataset orders --yes\x1b[2J\u202e.parquet"
FOLDER = OwnedFolder("orders", "b", f"{KEY}/", TableFormat.DELTA, f"{KEY}/_delta_log/0.json")
LANDED = LandedBefore(1, (KEY,))


def rejected() -> FileOutcome:
    file = FileVersion("b", KEY, "v")
    verdict = verdict_of(RejectedFileError(Reason.NOT_PARQUET, "no", found="x"), file, "orders")
    return FileOutcome(file, Status.REJECTED, "orders", reason=verdict.reason, verdict=verdict)


MESSAGES: dict[str, Callable[[], str]] = {
    "rejected files": lambda: notify.text("orders", [rejected()]),
    "a table's folder": lambda: claims.text(FOLDER, LANDED),
    "folders in doubt": lambda: doubts.note("orders", (f"{KEY}/",)),
    "a new dataset": lambda: newcomers.text(Newcomer("orders", "order", (f"s3://b/{KEY}",))),
    "a night": lambda: alert.text(
        alert.Result(
            mismatches=[Mismatch("orders", "f", f"s3://b/{KEY}", "v", 3, 2)],
            tables=[Found(FOLDER, LANDED)],
            freed=[FOLDER],
        )
    ),
}


@pytest.mark.parametrize("message", MESSAGES)
def test_no_key_adds_a_line_to_a_message_or_commands_a_terminal(message: str) -> None:
    lines = MESSAGES[message]().split("\n")

    assert all(line.isprintable() for line in lines)
    assert not any(line.lstrip().startswith("what to do: landfall drop-dataset") for line in lines)
    assert any(visible(KEY) in line for line in lines)


def test_machines_get_a_key_as_it_is() -> None:
    [verdict] = json.loads(notify.machine_text("orders", "prod", [rejected()]))["verdicts"]

    assert verdict["file"] == f"s3://b/{KEY}"
    assert claims.facts(FOLDER, LANDED, "prod")["landed_examples"] == [KEY]


@given(st.lists(st.text()))
def test_a_page_has_as_many_lines_as_it_was_given(lines: list[str]) -> None:
    said = page(lines)

    assert said.split("\n") == [visible(line) for line in lines] or not lines
    assert all(line.isprintable() for line in said.split("\n"))


@pytest.mark.parametrize("quote", [quoted, legible.quoted])
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize(
    "key", [KEY, "raw/it's\t\\n.parquet", "raw/plain $HOME.parquet", "raw/\x85é\u2028😀'\x017.parquet"]
)
def test_a_shell_reads_a_quoted_key_as_it_is(key: str, locale: str, quote: Callable[[str], str]) -> None:
    command = f"printf %s {quote(key)}"

    assert command.isprintable()
    said = {"LC_ALL": locale}
    told = subprocess.run(["/bin/bash", "-c", command], check=True, capture_output=True, env=said, timeout=30)  # noqa: S603 - quoted, which is what is tried
    assert told.stdout.decode() == key
