"""What others are told: one event a dataset and load, one alert a dataset, in words and as JSON."""

import json
from dataclasses import replace

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.plan import ColumnChange
from ingest_lambda.judge.verdict import verdict_of
from ingest_lambda.load.outcomes import AddedAhead, FileOutcome, Status
from ingest_lambda.reasons import REMEDIES, Reason
from ingest_lambda.tell.notify import (
    MAX_FILES_NAMED,
    MAX_MESSAGE_BYTES,
    added_details,
    changes_text,
    landed_details,
    machine_text,
    rejected_message,
    subject,
    text,
)


def file(number: int, dataset: str = "orders") -> FileVersion:
    return FileVersion("b", f"raw/{dataset}/{number}.parquet", "v")


def landed(number: int, dataset: str = "orders", status: Status = Status.LANDED, load_seq: int = 1) -> FileOutcome:
    rows = 10 if status is Status.LANDED else 0
    return FileOutcome(file(number, dataset), status, dataset, rows=rows, load_id=f"l{load_seq}", load_seq=load_seq)


def rejected(number: int) -> FileOutcome:
    error = RejectedFileError(Reason.UNSUPPORTED_TYPE, "no", column="items", found="list<int>", expected="one value")
    verdict = verdict_of(error, file(number), "orders")
    return FileOutcome(file(number), Status.REJECTED, "orders", reason=verdict.reason, verdict=verdict)


def test_a_load_is_one_event_whatever_its_number_of_files() -> None:
    details = landed_details([landed(1), landed(2), landed(1, "customers")], "prod")
    common = {"environment": "prod", "schema_changes": []}

    assert details == [
        {"dataset": "orders", "load_id": "l1", "load_seq": 1, "files": 2, "rows": 20} | common,
        {"dataset": "customers", "load_id": "l1", "load_seq": 1, "files": 1, "rows": 10} | common,
    ]


def test_a_duplicate_is_told_with_the_load_that_landed_it() -> None:
    [detail] = landed_details([landed(1, status=Status.DUPLICATE, load_seq=7)], "prod")

    assert (detail["load_seq"], detail["rows"]) == (7, 0)


def test_what_did_not_land_is_no_event() -> None:
    others = [FileOutcome(file(1), status, "orders") for status in Status if status not in {"landed", "duplicate"}]

    assert landed_details(others, "prod") == []


def test_an_alert_names_file_column_and_remedy() -> None:
    said = text("orders", [rejected(1)])

    remedy = REMEDIES[Reason.UNSUPPORTED_TYPE]
    for part in ("s3://b/raw/orders/1.parquet", "items", "list<int>", remedy, "landfall history"):
        assert part in said


def test_an_alert_about_many_files_names_some_and_counts_all() -> None:
    many = [rejected(number) for number in range(500)]

    assert f"and {500 - MAX_FILES_NAMED} more" in text("orders", many)
    told = json.loads(machine_text("orders", "prod", many))
    assert (told["rejected"], len(told["verdicts"])) == (500, MAX_FILES_NAMED)


def test_what_a_load_changed_is_told_once_with_from_and_to() -> None:
    changes = (ColumnChange("note", None, "VARCHAR(65535)"), ColumnChange("n", "INTEGER", "BIGINT"))
    files = [replace(landed(number), schema_changes=changes) for number in (1, 2)]

    [detail] = landed_details(files, "prod")

    assert detail["schema_changes"] == [
        {"column": "note", "found": None, "into": "VARCHAR(65535)"},
        {"column": "n", "found": "INTEGER", "into": "BIGINT"},
    ]
    said = changes_text(detail)
    assert "note is new, VARCHAR(65535)" in said
    assert "n was INTEGER, is BIGINT" in said


def test_what_a_load_changed_that_landed_nothing_is_told_as_that() -> None:
    [detail] = added_details([AddedAhead("orders", "l1", (ColumnChange("note", None, "SUPER"),))], "prod")

    assert (detail["files"], detail["load_seq"]) == (0, None)
    said = changes_text(detail)
    assert "note is new, SUPER" in said
    assert "rows did not land" in said


def test_an_alert_is_never_longer_than_a_message_may_be() -> None:
    longest = "😀" * 5_000
    error = RejectedFileError(Reason.UNREADABLE_DATA, longest, column=longest, found=longest, expected=longest)
    outcomes = [replace(rejected(n), verdict=verdict_of(error, file(n), "orders")) for n in range(MAX_FILES_NAMED)]

    message = rejected_message("orders", "prod", outcomes)

    assert len(message.encode()) <= MAX_MESSAGE_BYTES
    assert json.loads(json.loads(message)["sqs"])["rejected"] == MAX_FILES_NAMED


def test_a_subject_is_ascii_and_short() -> None:
    for files in (1, 2):
        line = subject("production" * 10, "d" * 100, files)
        assert len(line) <= 100
        assert line.isascii()
