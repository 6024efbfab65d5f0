"""Texts that are not UTF-8: named with row, column and likely encoding; what is declared lands right."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from typing import Any

import pytest

from ingest_lambda.judge.contracts import parse_contract
from ingest_lambda.judge.verdict import Verdict
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.reasons import Reason
from tests.land.warehouse import Land, new_dataset

COLUMNS = [{"name": "id", "data_type": "bigint"}, {"name": "note", "data_type": "varchar"}]
CSV = "id,note\n1,plain\n2,Größe: 5€\n"
LINES = '{"id": 1, "note": "plain"}\n{"id": 2, "note": "Größe: 5€"}\n'
TEXTS = {"csv": CSV, "json": LINES}


def dataset(land: Land, **declared: Any) -> str:
    name = new_dataset("encoded")
    land.contracts[name] = parse_contract({"formats": ["csv", "json"], "columns": COLUMNS, **declared})
    return name


def receive(land: Land, key: str, body: bytes) -> FileOutcome:
    [outcome] = land.function().receive(land.put(key, body))
    return outcome


def rejected(land: Land, name: str, key: str, body: bytes) -> Verdict:
    """Let a file be rejected; return its verdict, once it is sure that nothing of it landed."""
    outcome = receive(land, f"raw/{name}/{key}", body)
    assert outcome.status is Status.REJECTED, outcome
    assert outcome.verdict is not None
    assert land.count(f"landing.{name}") == land.count(f"ledger.{name}") == 0
    return outcome.verdict


@pytest.mark.parametrize("extension", TEXTS)
def test_what_is_not_utf_8_is_named_and_lands_once_its_encoding_is_declared(
    land: Land, worded: list[str], extension: str
) -> None:
    name = dataset(land)
    body = TEXTS[extension].encode("cp1252")

    verdict = rejected(land, name, f"a.{extension}", body)

    assert (verdict.reason, verdict.row, verdict.column) == (Reason.INVALID_TEXT, 2, "note")
    assert verdict.found == r"'Gr\xf6\xdfe: 5\x80', in cp1252 'Größe: 5€'"
    assert "read.encodings.not_in_encoding" in worded
    assert f"config: {{meta: {{{extension}: {{encoding: cp1252}}}}}}" in verdict.remedy

    land.contracts[name] = parse_contract(
        {"formats": ["csv", "json"], "columns": COLUMNS, extension: {"encoding": "cp1252"}}
    )
    assert receive(land, f"raw/{name}/b.{extension}", body).rows == 2
    assert notes(land, name) == ["plain", "Größe: 5€"]


@pytest.mark.parametrize("extension", TEXTS)
def test_an_encoding_that_nothing_tells_lands_once_it_is_declared(land: Land, extension: str) -> None:
    name = dataset(land)
    body = TEXTS[extension].replace("Größe: 5€", "Привет").encode("cp1251")

    verdict = rejected(land, name, f"a.{extension}", body)

    assert f"config: {{meta: {{{extension}: {{encoding: ...}}}}}}" in verdict.remedy
    declared = {"formats": ["csv", "json"], "columns": COLUMNS, extension: {"encoding": "cp1251"}}
    land.contracts[name] = parse_contract(declared)
    assert receive(land, f"raw/{name}/b.{extension}", body).rows == 2
    assert notes(land, name) == ["plain", "Привет"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("extension", TEXTS)
def test_a_wide_encoding_is_known_by_its_zeros(land: Land, extension: str, encoding: str) -> None:
    name = dataset(land)
    body = TEXTS[extension].encode(encoding)

    verdict = rejected(land, name, f"a.{extension}", body)

    assert verdict.reason is Reason.INVALID_TEXT
    assert f"{extension}: {{encoding: {encoding}}}" in verdict.remedy

    declared = {"formats": ["csv", "json"], "columns": COLUMNS, extension: {"encoding": encoding}}
    land.contracts[name] = parse_contract(declared)
    assert receive(land, f"raw/{name}/b.{extension}", body).rows == 2
    assert notes(land, name) == ["plain", "Größe: 5€"]


@pytest.mark.parametrize("extension", TEXTS)
def test_a_byte_that_the_declared_encoding_has_not_is_named_too(land: Land, extension: str) -> None:
    name = dataset(land, csv={"encoding": "cp1252"}, json={"encoding": "cp1252"})
    body = TEXTS[extension].encode("cp1252").replace(b"plain", b"a\x81b\x9dc")

    verdict = rejected(land, name, f"a.{extension}", body)

    assert (verdict.reason, verdict.row, verdict.column) == (Reason.INVALID_TEXT, 1, "note")
    assert verdict.found == r"'a\x81b\x9dc'"
    assert "cp1252" in (verdict.expected or "")


def test_a_name_that_is_not_utf_8_is_named(land: Land) -> None:
    verdict = rejected(land, dataset(land), "a.csv", "id,Größe\n1,x\n".encode("cp1252"))
    assert (verdict.reason, verdict.row) == (Reason.INVALID_TEXT, None)
    assert "in cp1252 'id,Größe'" in (verdict.found or "")

    verdict = rejected(land, dataset(land), "a.json", '{"id": 1, "Größe": 1}'.encode("cp1252"))
    assert (verdict.reason, verdict.row) == (Reason.INVALID_TEXT, 1)
    assert "in cp1252 'Größe'" in (verdict.found or "")


def test_of_a_sensitive_dataset_the_text_is_withheld(land: Land) -> None:
    for extension, text in TEXTS.items():
        verdict = rejected(land, dataset(land, sensitive=True), f"a.{extension}", text.encode("cp1252"))
        assert (verdict.row, verdict.column, verdict.found) == (2, "note", "(withheld)")
        assert "Gr" not in verdict.to_json().replace("Größe", "")


def test_a_byte_order_mark_of_utf_8_is_no_part_of_the_text(land: Land) -> None:
    name = dataset(land)
    for extension, text in TEXTS.items():
        assert receive(land, f"raw/{name}/a.{extension}", text.encode("utf-8-sig")).rows == 2
    assert sorted(notes(land, name)) == ["Größe: 5€"] * 2 + ["plain"] * 2


def notes(land: Land, name: str) -> list[Any]:
    return [row["note"] for row in land.rows(f"select note from landing.{name} order by id")]
