"""What all generators share: waves that delete, late rows, bad rows, files in every format."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from pyarrow import csv
from pyarrow import parquet as pq

from scripts import claim_generator, claim_rows, fx_generator, fx_rows, order_generator, order_rows
from scripts.claim_schema import CLAIMS
from scripts.fx_rows import FX_RATES
from scripts.generator_files import Late, Naming, Written
from scripts.order_schema import ORDER_FLATTENED, ORDER_ITEMS, ORDER_SUMMARY

Rows = list[dict[str, Any]]

KEPT_BY_DELETES = {"claim_id", "order_id", "as_of_date", "ccy", "updated_at", "op"}


def claims(**options: Any) -> Rows:
    return [row for batch in claim_rows.claim_batches(claim_rows.Plan(500, **options)) for row in batch.to_pylist()]


def rates(**options: Any) -> Rows:
    return [row for batch in fx_rows.rate_batches(fx_rows.Plan(60, **options)) for row in batch.to_pylist()]


def orders(**options: Any) -> Rows:
    return [
        row for batch in order_rows.order_batches(order_rows.Plan(500, **options)) for row in batch.orders.to_pylist()
    ]


def key_of(row: dict[str, Any]) -> Any:
    return row.get("claim_id") or row.get("order_id") or (row["as_of_date"], row["ccy"])


domains = pytest.mark.parametrize("make", [orders, claims, rates])


@domains
def test_the_same_options_give_the_same_rows_and_another_seed_gives_others(make: Callable[..., Rows]) -> None:
    assert make(seed=3) == make(seed=3) != make(seed=4)


@domains
def test_a_wave_without_deletes_has_no_operations(make: Callable[..., Rows]) -> None:
    assert all("op" not in row for row in make(wave=2))
    assert {row["op"] for row in make(delete_share=0.3)} == {"I"}


@domains
def test_a_later_wave_updates_and_deletes_what_the_first_one_made(make: Callable[..., Rows]) -> None:
    first = {key_of(row): row for row in make()}
    second = make(wave=2, update_share=0.5, delete_share=0.3)
    assert {row["op"] for row in second} == {"U", "D"}
    assert 0.2 < sum(row["op"] == "D" for row in second) / len(second) < 0.4
    for row in second:
        assert row["updated_at"] > first[key_of(row)]["updated_at"]
        if row["op"] == "D":
            assert {name for name, value in row.items() if value is not None} <= KEPT_BY_DELETES


@domains
def test_what_is_deleted_comes_in_no_later_wave(make: Callable[..., Rows]) -> None:
    gone: set[Any] = set()
    for wave in range(2, 6):
        rows = make(wave=wave, update_share=0.8, delete_share=0.3)
        assert not gone & {key_of(row) for row in rows}
        gone |= {key_of(row) for row in rows if row["op"] == "D"}


@domains
@pytest.mark.parametrize("wave", [1, 2])
def test_bad_rows_are_as_many_as_asked_for_and_none_is_a_delete(make: Callable[..., Rows], wave: int) -> None:
    options = {"wave": wave, "update_share": 0.5, "delete_share": 0.3}
    clean, spoilt = make(**options), make(**options, bad_rows=18)
    changed = [after for before, after in zip(clean, spoilt, strict=True) if before != after]
    assert len(changed) == 18
    assert all(row["op"] != "D" for row in changed)


def generate_fx(folder: Path, format_: str, late: Late | None = None) -> list[Written]:
    return fx_generator.generate(fx_rows.Plan(10, wave=2, delete_share=0.2), Naming(folder), format_, late)


def generate_claims(folder: Path, format_: str, late: Late | None = None) -> list[Written]:
    return claim_generator.generate(claim_rows.Plan(40, wave=2, delete_share=0.2), Naming(folder), format_, late)


def generate_orders(folder: Path, format_: str, late: Late | None = None) -> list[Written]:
    return order_generator.generate(order_rows.Plan(40, wave=2, delete_share=0.2), Naming(folder), format_, late)


def rows_of(files: list[Written]) -> dict[str, Rows]:
    rows: dict[str, Rows] = {}
    for written in files:
        found = pq.read_table(written.path).to_pylist()
        assert len(found) == written.rows
        rows[written.dataset] = rows.get(written.dataset, []) + found
    return rows


@pytest.mark.parametrize("generate", [generate_fx, generate_claims, generate_orders])
def test_late_rows_are_missing_from_their_file_and_nothing_is_lost(
    tmp_path: Path, generate: Callable[..., list[Written]]
) -> None:
    whole = rows_of(generate(tmp_path / "whole", "parquet"))
    split = generate(tmp_path / "split", "parquet", Late(0.4))
    late = [written for written in split if written.path.parent.name == "late"]
    assert sum(written.rows for written in late) > 0
    for dataset, rows in rows_of(split).items():
        assert sorted(map(str, rows)) == sorted(map(str, whole[dataset]))


@pytest.mark.parametrize("generate", [generate_fx, generate_claims])
def test_every_format_holds_the_same_rows(tmp_path: Path, generate: Callable[..., list[Written]]) -> None:
    for each in generate(tmp_path, "parquet"):
        table = pq.read_table(each.path)
        by_format = {
            written.path.suffix: written.path
            for format_ in ("csv", "json", "jsonl")
            for written in generate(tmp_path, format_)
            if written.dataset == each.dataset
        }
        types = csv.ConvertOptions(column_types=table.schema, strings_can_be_null=True)
        assert csv.read_csv(by_format[".csv"], convert_options=types).equals(table)
        lines = [json.loads(line) for line in by_format[".jsonl"].read_text().splitlines()]
        assert lines == json.loads(by_format[".json"].read_text())
        assert [list(line) for line in lines] == [table.column_names] * len(table)
        texts = [name for name in table.column_names if pa.types.is_string(table.schema.field(name).type)]
        assert [[line[name] for name in texts] for line in lines] == [
            list(row.values()) for row in table.select(texts).to_pylist()
        ]


def test_orders_items_and_both_side_by_side_are_deleted_together(tmp_path: Path) -> None:
    plan = order_rows.Plan(200, wave=2, update_share=0.5, delete_share=0.3)
    tables = {
        each.dataset: pq.read_table(each.path) for each in order_generator.generate(plan, Naming(tmp_path), "parquet")
    }
    for dataset, schema in (
        ("order_summary", ORDER_SUMMARY),
        ("order_items", ORDER_ITEMS),
        ("order_flattened", ORDER_FLATTENED),
    ):
        assert tables[dataset].column_names == [*schema.names, "op"]
    deleted = {row["order_id"] for row in tables["order_summary"].to_pylist() if row["op"] == "D"}
    assert deleted
    for dataset in ("order_items", "order_flattened"):
        for row in tables[dataset].to_pylist():
            assert (row["op"] == "D") == (row["order_id"] in deleted) == (row["quantity"] is None)


@pytest.mark.parametrize(("delete_share", "late_share"), [(0.1, 0.0), (0.0, 0.1)])
def test_nested_documents_take_neither_deletes_nor_late_rows(
    tmp_path: Path, delete_share: float, late_share: float
) -> None:
    plan = order_rows.Plan(3, delete_share=delete_share)
    with pytest.raises(ValueError, match="take csv or parquet"):
        order_generator.generate(plan, Naming(tmp_path), "json", Late(late_share))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_in_an_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'xml' is none of"):
        generate_fx(tmp_path, "xml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("main", "options", "printed"),
    [
        (fx_generator.main, ["--days", "7", "--currencies", "eur,jpy"], "fx_rates_20251231_001.parquet  10 rows"),
        (claim_generator.main, ["--claims", "7"], "claims_20251231_001.parquet  7 rows"),
    ],
)
def test_the_command_line_names_the_files_it_wrote(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    main: Callable[[list[str]], None],
    options: list[str],
    printed: str,
) -> None:
    main([*options, "--out", str(tmp_path), "--date", "20251231"])
    assert printed in capsys.readouterr().out


@pytest.mark.parametrize(
    ("main", "options"),
    [
        (fx_generator.main, ["--currencies", "EUR,XXX"]),
        (fx_generator.main, ["--update-share", "2"]),
        (claim_generator.main, ["--claims", "0"]),
        (order_generator.main, ["--delete-share", "0.1", "--format", "json"]),
    ],
)
def test_the_command_line_refuses_what_it_cannot_make(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], main: Callable[[list[str]], None], options: list[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*options, "--out", str(tmp_path)])
    assert stopped.value.code == 2
    assert "error:" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_claims_hold_together(tmp_path: Path) -> None:
    files = claim_generator.generate(claim_rows.Plan(600, orphans=3), Naming(tmp_path), "parquet")
    tables = {each.dataset: pq.read_table(each.path) for each in files}
    found = tables["claims"].to_pylist()
    assert tables["claims"].schema == CLAIMS
    patients = {row["patient_id"]: row for row in tables["patients"].to_pylist()}
    providers = {row["provider_id"] for row in tables["providers"].to_pylist()}
    assert sum(row["provider_id"] not in providers for row in found) == 3
    for row in found:
        assert row["billed_amount"] >= (row["allowed_amount"] or 0) >= (row["paid_amount"] or 0) >= 0
        assert (row["paid_amount"] is not None) == (row["claim_status"] in ("paid", "denied"))
        assert patients[row["patient_id"]]["birth_date"] <= row["service_date"] <= row["submitted_at"].date()
        assert row["submitted_at"] < row["updated_at"]


def test_rates_are_positive_published_on_working_days_and_independent_of_the_other_currencies() -> None:
    rows = rates(seed=7)
    assert all(row["rate_to_usd"] > 0 and row["as_of_date"].weekday() < 5 for row in rows)
    assert len({key_of(row) for row in rows}) == len(rows)
    alone = rates(seed=7, currencies=("JPY",))
    assert alone == [row for row in rows if row["ccy"] == "JPY"]
    assert pa.Table.from_pylist(alone, schema=FX_RATES).schema == FX_RATES
