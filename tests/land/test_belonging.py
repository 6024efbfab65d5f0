"""A text file that is not its dataset's, and any file without the dataset's key, lands nothing; why is told."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import gzip
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
import yaml

from ingest_lambda.judge import paths
from ingest_lambda.judge.contracts import parse_contract
from ingest_lambda.judge.verdict import Verdict
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.read import characters, json_text
from ingest_lambda.reasons import Reason
from tests.land.warehouse import Land, new_dataset

COLUMNS = [
    {"name": "member_id", "data_type": "bigint"},
    {"name": "full_name", "data_type": "varchar"},
    {"name": "born_on", "data_type": "date"},
]
NAMES = "member_id,full_name,born_on\n"
ROWS = '7,"Doe, Jane",1990-02-03\n8,Zoë,\n'
RECORDS = '{"member_id": 7, "full_name": "Doe, Jane", "born_on": "1990-02-03"}, {"member_id": 8, "full_name": "Zoë"}'
WANTED = [(7, "Doe, Jane", "1990-02-03"), (8, "Zoë", None)]


def declare(land: Land, dataset: str | None = None, **declared: Any) -> str:
    """Declare a dataset that takes text, or declare one anew."""
    name = dataset or new_dataset("own")
    land.contracts[name] = parse_contract({"formats": ["csv", "json"], "columns": COLUMNS, **declared})
    return name


def receive(land: Land, key: str, body: str | bytes) -> FileOutcome:
    [outcome] = land.function().receive(land.put(key, body.encode() if isinstance(body, str) else body))
    return outcome


def rejected(land: Land, name: str, key: str, body: str | bytes | pa.Table) -> Verdict:
    """Let a file be rejected; return its verdict, once it is sure that nothing of it landed."""
    columns_before = columns(land, name)
    [outcome] = land.function().receive(land.put(f"raw/{name}/{key}", body.encode() if isinstance(body, str) else body))
    assert outcome.status is Status.REJECTED, outcome
    assert outcome.verdict is not None
    assert columns(land, name) == columns_before
    assert land.count(f"landing.{name}") == land.count(f"ledger.{name}") == 0
    return outcome.verdict


def columns(land: Land, name: str) -> set[Any]:
    found = land.rows(f"select column_name from svv_columns where table_schema = 'landing' and table_name = '{name}'")
    return {row["column_name"] for row in found}


def landed(land: Land, name: str) -> list[tuple[Any, ...]]:
    rows = land.rows(f"select member_id, full_name, born_on from landing.{name} order by member_id")
    return [tuple(row.values()) for row in rows]


AS_IT_SHOULD_BE = {"csv": NAMES + ROWS, "json": f"[{RECORDS}]"}
ONE_ROW = "7,Jane Doe,1990-02-03\n"
PREAMBLE = f"Members of 2025\n\n{NAMES}"
# What is done about a text of a format, by the words of the remedy that say so: in which format it is written, and how.
ACTS: dict[str, Callable[[str, str], tuple[str, str]]] = {
    "with a comma between fields and quotes of": lambda kind, _: (kind, AS_IT_SHOULD_BE[kind]),
    "write the file with the dataset's columns": lambda kind, _: (kind, AS_IT_SHOULD_BE[kind]),
    "write the names of the columns into the first line": lambda kind, body: (
        kind,
        NAMES + body.removeprefix(PREAMBLE),
    ),
    "write it as CSV": lambda _, __: ("csv", AS_IT_SHOULD_BE["csv"]),
    "or end its name with .json": lambda _, body: ("json", body),
    "write the rows as csv": lambda _, __: ("csv", AS_IT_SHOULD_BE["csv"]),
    "fetch the data again, and upload that": lambda kind, _: (kind, AS_IT_SHOULD_BE[kind]),
    "write them as an array, with nothing around it": lambda kind, _: (kind, AS_IT_SHOULD_BE[kind]),
}
# A text, the words of its cause, and the call that words its remedy.
FOREIGN: dict[str, tuple[str, str | bytes, str, str]] = {
    "semicolons": (
        "csv",
        (NAMES + ROWS).replace(",", ";"),
        "a semicolon divides its fields",
        "judge.causes.cause_in_csv 1",
    ),
    "tabs": ("csv", (NAMES + "7\tx\n").replace(",", "\t"), "a tab divides its fields", "judge.causes.cause_in_csv 1"),
    "quoted otherwise": (
        "csv",
        "'member_id','full_name'\n7,x\n",
        "its names are quoted with '",
        "judge.causes.cause_in_csv 1",
    ),
    "no names": ("csv", ROWS, "no line of names", "judge.causes.cause_in_csv 3"),
    "no names in one row": ("csv", ONE_ROW, "no line of names", "judge.causes.cause_in_csv 3"),
    "a preamble": ("csv", PREAMBLE + ROWS, "its names stand in line 3", "judge.causes.cause_in_csv 2"),
    "other names": ("csv", "sku,price\na,b\n", "the names in its first line are others", "judge.causes.cause_in_csv 4"),
    "JSON in a CSV": ("csv", f"[{RECORDS}]", "it is JSON, and its name says CSV", "judge.causes._json_in_csv 2"),
    "an error in a CSV": (
        "csv",
        '{"error": "rate limit", "code": 429}',
        "an error document with the fields code, error",
        "judge.causes._json_in_csv 1",
    ),
    "HTML in a CSV": (
        "csv",
        "\n<!DOCTYPE html>\n<html><body>Sign in</body></html>",
        "it is an HTML page",
        "read.clues._other",
    ),
    "HTML in a JSON": ("json", "<html><body>Sign in</body></html>", "it is an HTML page", "read.clues._other"),
    "XML": (
        "csv",
        '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
        "it is an XML document",
        "read.clues._other",
    ),
    "parquet in a CSV": ("csv", b"PAR1\x15\x00\x15", "it is a parquet file", "read.clues._other"),
    "a ZIP": ("csv", b"PK\x03\x04\x14\x00", "it is a ZIP archive", "read.clues._other"),
    "packed twice": (
        "csv",
        gzip.compress(gzip.compress(NAMES.encode())),
        "it is packed with gzip twice",
        "read.clues._other",
    ),
    "an error": (
        "json",
        '{"message": "Unauthorized"}',
        "an error document, with the field message",
        "judge.causes.cause_in_json 2",
    ),
    "an error's parts": (
        "json",
        '{"error": {"code": 500, "id": "x"}, "trace": 1}',
        "an error document, with the field error",
        "judge.causes.cause_in_json 2",
    ),
    "records below a field": (
        "json",
        f'{{"page": 1, "items": [{RECORDS}]}}',
        "below the field items",
        "judge.causes.cause_in_json 1",
    ),
    "records below fields": (
        "json",
        f'{{"data": {{"x": [1], "rows": [{RECORDS}]}}}}',
        "below the field data.rows",
        "judge.causes.cause_in_json 1",
    ),
    "other records": ("json", '[{"sku": 1}]', "the fields of its objects are others", "judge.causes.cause_in_json 3"),
    "no fields": ("json", "{}", "the fields of its objects are others", "judge.causes.cause_in_json 3"),
}


@pytest.mark.parametrize(("extension", "body", "cause", "call"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_text_that_is_not_the_datasets_is_rejected_and_lands_once_it_is_written_as_the_verdict_says(
    land: Land, worded: list[str], extension: str, body: str | bytes, cause: str, call: str
) -> None:
    name = declare(land)
    verdict = rejected(land, name, f"a.{extension}", body)

    assert verdict.reason is Reason.FOREIGN_FILE, verdict
    assert cause in verdict.detail
    assert call in worded
    acts = [act for words, act in ACTS.items() if words in verdict.remedy]
    assert acts, verdict.remedy
    for number, act in enumerate(acts):
        kind, written = act(extension, body if isinstance(body, str) else "")
        rows = 1 if body == ONE_ROW else 2
        assert receive(land, f"raw/{name}/{number}.{kind}", written).rows == rows, verdict.remedy


@pytest.mark.parametrize(("extension", "body", "cause"), [case[:3] for case in FOREIGN.values()], ids=FOREIGN.keys())
def test_of_a_sensitive_dataset_nothing_of_such_a_text_is_told(
    land: Land, extension: str, body: str | bytes, cause: str
) -> None:
    verdict = rejected(land, declare(land, sensitive=True), f"a.{extension}", body)

    assert cause in verdict.detail
    assert verdict.found == "(withheld)"
    for value in ("Jane", "1990", "Zoë", "sku", "rate limit", "Unauthorized", "AccessDenied", "Members"):
        assert value not in verdict.to_json()


DECLARED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "semicolons": ("csv", "member_id;full_name\n7;Doe, Jane\n8;Zoë\n", {"csv": {"delimiter": ";"}}),
    "tabs": ("csv", "member_id\tfull_name\n7\tDoe, Jane\n8\tZoë\n", {"csv": {"delimiter": "\t"}}),
    "quotes": ("csv", "'member_id','full_name'\n'7','Doe, Jane'\n8,Zoë\n", {"csv": {"quote": "'"}}),
    "both": ("csv", "'member_id'|'full_name'\n'7'|'Doe, Jane'\n8|Zoë\n", {"csv": {"delimiter": "|", "quote": "'"}}),
    "a field": ("json", f'{{"items": [{RECORDS}], "next": null}}', {"json": {"records": "items"}}),
    "fields": ("json", f'{{"a.b": {{"rows": [{RECORDS}]}}}}', {"json": {"records": ["a.b", "rows"]}}),
}


@pytest.mark.parametrize(("extension", "body", "declared"), DECLARED.values(), ids=DECLARED.keys())
def test_the_declaration_that_a_verdict_proposes_lands_the_file(
    land: Land, extension: str, body: str, declared: dict[str, Any]
) -> None:
    name = declare(land)
    verdict = rejected(land, name, f"a.{extension}", body)
    proposed = verdict.remedy[verdict.remedy.index("{meta:") : verdict.remedy.index(" of the dataset")]
    meta = yaml.safe_load(proposed)["meta"]
    assert meta == declared

    declare(land, name, **meta)
    outcome = receive(land, f"raw/{name}/b.{extension}", body)

    assert (outcome.status, outcome.rows) == (Status.LANDED, 2), outcome
    assert [row[:2] for row in landed(land, name)] == [row[:2] for row in WANTED]


def test_a_path_that_is_not_there_lands_once_it_is_corrected(land: Land, worded: list[str]) -> None:
    body = f'{{"data": {{"items": [{RECORDS}]}}, "next": null}}'
    name = declare(land, json={"records": "data.rows"})

    verdict = rejected(land, name, "a.json", body)

    assert verdict.reason is Reason.FOREIGN_FILE
    assert (verdict.found, verdict.expected) == ("items", "rows")
    assert worded == ["read.json_rows._below"]
    assert "write the records below that field" in verdict.remedy
    assert receive(land, f"raw/{name}/b.json", body.replace("items", "rows")).rows == 2
    assert "json: {records: ...}" in verdict.remedy
    declare(land, name, json={"records": "data.items"})
    assert receive(land, f"raw/{name}/c.json", body).rows == 2


def test_a_long_object_around_the_records_lands_once_declared(
    land: Land, worded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_text, "LARGEST_VALUE", 1_000)
    monkeypatch.setattr(characters, "CHUNK_BYTES", 100)
    body = json.dumps({"items": [{"member_id": number} for number in range(500)]})
    name = declare(land)

    verdict = rejected(land, name, "a.json", body)

    assert verdict.reason is Reason.UNREADABLE_DATA
    assert worded == ["read.json_text.value"]
    assert "write one object a record" in verdict.remedy
    assert "json: {records: ...}" in verdict.remedy
    lines = "\n".join(json.dumps({"member_id": number}) for number in range(500))
    assert receive(land, f"raw/{name}/a.ndjson", lines).rows == 500
    declare(land, name, json={"records": "items"})
    assert receive(land, f"raw/{name}/b.json", body).rows == 500


def test_a_proposed_declaration_keeps_what_is_declared_beside_it(land: Land) -> None:
    body = (NAMES + "7;x;\n").replace(",", ";").encode("utf-16")
    verdict = rejected(land, declare(land, csv={"encoding": "utf-16", "null": ["-"]}), "a.csv", body)

    assert '{delimiter: ";", encoding: "utf-16", null: ["-"]}' in verdict.remedy


def test_without_declared_columns_those_of_the_landing_table_count(land: Land) -> None:
    name = declare(land, columns=[])
    assert receive(land, f"raw/{name}/a.csv", NAMES + ROWS).rows == 2

    outcome = receive(land, f"raw/{name}/b.csv", ROWS)

    assert outcome.verdict is not None
    assert (outcome.status, outcome.verdict.reason) == (Status.REJECTED, Reason.FOREIGN_FILE)
    assert land.count(f"landing.{name}") == 2


def test_a_table_whose_names_came_with_blanks_still_takes_such_files(land: Land) -> None:
    name = declare(land, columns=[])
    land.function().receive(
        land.put(f"raw/{name}/before.parquet", pa.table({" member_id": ["7"], " full_name": ["x"]}))
    )

    assert receive(land, f"raw/{name}/a.csv", " member_id, full_name\n8,y\n").rows == 1


def test_one_column_of_the_dataset_makes_a_text_its_own(land: Land) -> None:
    name = declare(land)

    assert receive(land, f"raw/{name}/a.csv", "note, Member_ID \nx,9\n").rows == 1
    assert receive(land, f"raw/{name}/a.json", '[{"other": 1}, {"MEMBER_ID": 10}]').rows == 2
    assert "note" in columns(land, name)


KEYED: dict[str, Any] = {"key": ["member_id", "Born_On"]}
PARQUET = pa.table({"member_id": [7], "full_name": ["x"]})
KEYLESS: dict[str, tuple[str, str | pa.Table]] = {
    "parquet": ("parquet", PARQUET),
    "csv": ("csv", "member_id,full_name\n7,x\n"),
    "json": ("json", '[{"member_id": 7, "full_name": "x"}]'),
    "ndjson": ("ndjson", '{"member_id": 7}\n{"member_id": 8, "full_name": "x"}\n'),
}


@pytest.mark.parametrize(("extension", "body"), KEYLESS.values(), ids=KEYLESS.keys())
def test_a_file_without_a_column_of_the_declared_key_is_rejected(
    land: Land, extension: str, body: str | pa.Table
) -> None:
    verdict = rejected(land, declare(land, **KEYED), f"a.{extension}", body)

    assert (verdict.reason, verdict.column) == (Reason.MISSING_KEY_COLUMN, "born_on")
    assert verdict.found == "member_id, full_name"
    assert verdict.expected == "member_id, born_on"

    unkeyed = declare(land)
    content = body.encode() if isinstance(body, str) else body
    [outcome] = land.function().receive(land.put(f"raw/{unkeyed}/a.{extension}", content))
    assert outcome.status is Status.LANDED, outcome


def test_a_file_with_the_key_in_any_case_lands_and_so_does_one_without_rows(land: Land) -> None:
    name = declare(land, **KEYED)
    dates = pa.array([7_000], pa.date32())

    outcomes = [
        receive(land, f"raw/{name}/a.csv", NAMES.upper() + ROWS),
        receive(land, f"raw/{name}/a.json", f"[{RECORDS}]"),
        receive(land, f"raw/{name}/empty.json", "[]"),
        *land.function().receive(
            land.put(f"raw/{name}/a.parquet", pa.table({"MEMBER_ID": [9], "born_on": dates})),
            land.put(f"raw/{name}/b.parquet", pa.table({"full_name": pa.array([], pa.string())})),
        ),
    ]

    assert [outcome.status for outcome in outcomes] == [Status.LANDED] * 5
    assert [outcome.rows for outcome in outcomes] == [2, 2, 0, 1, 0]


def test_a_column_of_the_key_may_stand_in_the_path_but_makes_no_text_the_datasets(land: Land) -> None:
    name = declare(land, **KEYED)

    assert receive(land, f"raw/{name}/born_on=1990-02-03/a.csv", "member_id\n7\n").rows == 1
    assert receive(land, f"raw/{name}/member_id=8/b.csv", "born_on\n1990-02-03\n").rows == 1
    outcome = receive(land, f"raw/{name}/member_id=9/c.csv", "sku\nx\n")

    assert landed(land, name) == [(7, None, "1990-02-03"), (8, None, "1990-02-03")]
    assert outcome.verdict is not None
    assert outcome.verdict.reason is Reason.FOREIGN_FILE


def test_a_large_file_that_goes_as_it_is_needs_its_key_too(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "LARGE_BYTES", 0)

    assert rejected(land, declare(land, **KEYED), "a.parquet", PARQUET).reason is Reason.MISSING_KEY_COLUMN
