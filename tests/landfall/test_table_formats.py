"""Folders of table formats: `doctor` lists them, `plan` forecasts, and `upload` refuses a table without its log."""

from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from pyarrow import parquet as pq

from ingest_lambda.arrive.routing import Rules
from ingest_lambda.errors import ConfigError
from ingest_lambda.load.outcomes import Status
from ingest_lambda.warehouse import owned_folders
from landfall import stack
from landfall.doctor import findings, table_formats
from landfall.doctor.findings import Finding
from landfall.operate import declared
from landfall.operate.uploads import plan_uploads
from tests.land.test_table_formats import HUDI
from tests.land.warehouse import new_dataset
from tests.landfall.conftest import Desk

ROWS = pa.table({"id": [1, 2]})
LOG = "_delta_log/00000000000000000000.json"


def of(dataset: str, found: list[Finding]) -> list[Finding]:
    """Pick what is said of one dataset: other tests have theirs."""
    return [finding for finding in found if dataset in finding.detail]


def doctor(desk: Desk) -> list[Finding]:
    return findings.examine(desk.stack, [("table formats", table_formats.folders_are_not_tables)])


def test_doctor_names_a_table_from_the_bucket_then_from_its_log_with_what_landed_before(desk: Desk) -> None:
    dataset = new_dataset()
    file = desk.land.put(f"raw/{dataset}/it's.parquet", ROWS)
    desk.land.function().receive(file)
    assert of(dataset, doctor(desk)) == []

    log = desk.land.put(f"raw/{dataset}/{LOG}", b"{}")
    [unheard] = of(dataset, doctor(desk))
    assert "which landing has not heard of yet" in unheard.detail
    assert unheard.remedy == "landfall reconcile --grace 0"

    desk.land.function().receive(log)
    [known] = of(dataset, doctor(desk))
    assert known.status is findings.Status.WARNING
    assert "Delta Lake table: its files are rejected; 1 files of it landed before" in known.detail
    assert f"landfall undo 'raw/{dataset}/it'\"'\"'s.parquet'" in (known.remedy or "")


def test_doctor_has_nothing_to_say_of_what_is_declared(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = new_dataset()
    desk.land.function().receive(desk.land.put(f"raw/{dataset}/{LOG}", b"{}"))
    assert len(of(dataset, doctor(desk))) == 1

    monkeypatch.setattr(declared, "rules", lambda pattern: Rules(pattern, append_only={dataset}))

    assert of(dataset, doctor(desk)) == []


def test_doctor_finds_hudis_rows_that_landed_when_nothing_knew_them(desk: Desk) -> None:
    dataset = new_dataset()
    columns = ", ".join(f'"{name}" varchar(max)' for name in HUDI.column_names)
    desk.land.rows(f"create table landing.{dataset} ({columns})")

    [finding] = of(dataset, doctor(desk))

    assert finding.detail.startswith(f"landing.{dataset} has rows of Hudi files")
    desk.land.rows(f"drop table landing.{dataset}")
    assert of(dataset, doctor(desk)) == []


def test_the_forecast_for_a_table_s_folder_is_what_the_function_then_does(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(stack.STACK_VARIABLE, desk.stack.name)
    dataset = new_dataset()
    desk.land.function().receive(desk.land.put(f"raw/{dataset}/{LOG}", b"{}"))
    pq.write_table(ROWS, tmp_path / "a.parquet")
    file = desk.land.put(f"raw/{dataset}/b.parquet", ROWS)

    plan = desk.landfall("plan", str(tmp_path / "a.parquet"), file.key, "--dataset", dataset, exits=1)

    assert [(each["outcome"], each["reason"]) for each in plan["files"]] == [("rejected", "table_format")] * 2
    [outcome] = desk.land.function().receive(file)
    assert (outcome.status, outcome.reason) == (Status.REJECTED, "table_format")


def test_a_table_is_not_uploaded_without_its_log_unless_that_is_declared(tmp_path: Path) -> None:
    (tmp_path / "_delta_log").mkdir()
    (tmp_path / LOG).write_text("{}")
    pq.write_table(ROWS, tmp_path / "part-0.parquet")

    with pytest.raises(ConfigError, match=r"log of a Delta Lake table.*deltalake\.DeltaTable"):
        plan_uploads([tmp_path], dataset="sales")

    [plan] = plan_uploads([tmp_path], dataset="sales", rules=Rules(append_only={"sales"}))
    assert plan.key == "raw/sales/part-0.parquet"


def test_reconcile_and_backfill_name_a_table_and_announce_none_of_its_files(desk: Desk) -> None:
    dataset = new_dataset()
    landed = desk.land.put(f"raw/{dataset}/a.parquet", ROWS)
    desk.land.function().receive(landed)
    desk.land.put(f"raw/{dataset}/b.parquet", ROWS)
    desk.land.put(f"raw/{dataset}/{LOG}", b"{}")

    shown = desk.landfall("backfill", f"raw/{dataset}/", "--dry-run")
    assert (shown["sent"], [table["landed_examples"] for table in shown["tables"]]) == (0, [[landed.key]])
    assert owned_folders.read_folders(desk.land.warehouse, dataset) == ()

    said = desk.say("backfill", f"raw/{dataset}/")
    assert f"raw/{dataset}/ is the folder of a Delta Lake table" in said.replace("\n", " ")
    assert f"landfall undo {landed.key}" in said.replace("\n", "")
    assert len(owned_folders.read_folders(desk.land.warehouse, dataset)) == 1
    assert desk.messages() == []

    again = desk.landfall("reconcile", "--dataset", dataset, "--grace", "0")
    assert (again["missing"], again["tables"], again["freed"]) == ([], [], [])

    desk.land.client("s3").delete_object(Bucket=desk.land.bucket, Key=f"raw/{dataset}/{LOG}")
    looked = desk.landfall("reconcile", "--dataset", dataset, "--grace", "0", "--no-repair")
    assert looked["freed"] == [f"raw/{dataset}/"]
    assert len(owned_folders.read_folders(desk.land.warehouse, dataset)) == 1
    freed = desk.landfall("reconcile", "--dataset", dataset, "--grace", "0")
    assert freed["freed"] == [f"raw/{dataset}/"]
    assert owned_folders.read_folders(desk.land.warehouse, dataset) == ()
