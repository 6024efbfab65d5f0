"""What others are told: one event a dataset and load, one alert a dataset, in words and as JSON."""

import json

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.events import FileVersion
from ingest_lambda.notify import MAX_FILES_NAMED, landed_details, machine_text, subject, text
from ingest_lambda.outcomes import FileOutcome, Status
from ingest_lambda.verdict import REMEDIES, Reason, verdict_of


def file(number: int, dataset: str = "orders") -> FileVersion:
    return FileVersion("b", f"raw/{dataset}/{number}.parquet", "v")


def landed(number: int, dataset: str = "orders", status: Status = Status.LANDED, load_seq: int = 1) -> FileOutcome:
    rows = 10 if status is Status.LANDED else 0
    return FileOutcome(file(number, dataset), status, dataset, rows=rows, load_id=f"l{load_seq}", load_seq=load_seq)


def rejected(number: int) -> FileOutcome:
    error = RejectedFileError(Reason.NESTED_TYPE, "no", column="items", found="list<int>", expected="one value")
    verdict = verdict_of(error, file(number), "orders")
    return FileOutcome(file(number), Status.REJECTED, "orders", reason=verdict.reason, verdict=verdict)


def test_a_load_is_one_event_whatever_its_number_of_files() -> None:
    details = landed_details([landed(1), landed(2), landed(1, "customers")], "prod")

    assert details == [
        {"dataset": "orders", "load_id": "l1", "load_seq": 1, "files": 2, "rows": 20, "environment": "prod"},
        {"dataset": "customers", "load_id": "l1", "load_seq": 1, "files": 1, "rows": 10, "environment": "prod"},
    ]


def test_a_duplicate_is_told_with_the_load_that_landed_it() -> None:
    [detail] = landed_details([landed(1, status=Status.DUPLICATE, load_seq=7)], "prod")

    assert (detail["load_seq"], detail["rows"]) == (7, 0)


def test_what_did_not_land_is_no_event() -> None:
    others = [FileOutcome(file(1), status, "orders") for status in Status if status not in {"landed", "duplicate"}]

    assert landed_details(others, "prod") == []


def test_an_alert_names_file_column_and_remedy() -> None:
    said = text("orders", [rejected(1)])

    for part in ("s3://b/raw/orders/1.parquet", "items", "list<int>", REMEDIES[Reason.NESTED_TYPE], "landfall history"):
        assert part in said


def test_an_alert_about_many_files_names_some_and_counts_all() -> None:
    many = [rejected(number) for number in range(500)]

    assert f"and {500 - MAX_FILES_NAMED} more" in text("orders", many)
    told = json.loads(machine_text("orders", "prod", many))
    assert (told["rejected"], len(told["verdicts"])) == (500, MAX_FILES_NAMED)


def test_a_subject_is_ascii_and_short() -> None:
    for files in (1, 2):
        line = subject("production" * 10, "d" * 100, files)
        assert len(line) <= 100
        assert line.isascii()
