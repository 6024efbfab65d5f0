"""Files of a table format are known by their footers and refused, with what to do instead, unless they are meant."""

from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.judge.contracts import Contract, parse_contract
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.read.footer import parse_footer
from ingest_lambda.read.table_signs import Sign
from ingest_lambda.reasons import Reason
from ingest_lambda.table_format import TableFormat
from scripts.contracts import from_document
from tests.land.test_corpus import NO_CORPUS, SPECIMENS, Specimen
from tests.land.warehouse import Land, new_dataset, parquet

ROWS = pa.table({"id": [1, 2], "name": ["a", None]})
UUID = "8f2a6b1c-0d3e-4f5a-9b8c-7d6e5f4a3b2c"
GROUP = pa.array([None], pa.struct({"path": pa.string()}))


def said(table: pa.Table, **words: str) -> pa.Table:
    """Give a file the writer's words: `__` in a name stands for a dot."""
    return table.replace_schema_metadata({name.replace("__", "."): word for name, word in words.items()})


def numbered(table: pa.Table, *ids: int) -> pa.Table:
    """Give the columns field ids."""
    fields = [
        field.with_metadata({"PARQUET:field_id": str(number)}) for field, number in zip(table.schema, ids, strict=True)
    ]
    return table.cast(pa.schema(fields))


HUDI_COLUMNS = ("_hoodie_commit_time", "_hoodie_commit_seqno", "_hoodie_record_key", "_hoodie_file_name")
HUDI = pa.table({**{name: ["x", "y"] for name in HUDI_COLUMNS}, "id": [1, 2]})
POSITIONS = numbered(pa.table({"file_path": ["s3://b/a.parquet"], "pos": [0]}), 2147483546, 2147483545)
ROW_IDS = numbered(pa.table({"id": [1], "_row_id": [7]}), 1, 2147483540)
# columns of real checkpoints, in short
CHECKPOINT = pa.table(dict.fromkeys(("txn", "add", "remove", "metaData", "protocol"), GROUP))

DATA_FILES = {
    "Hudi's columns": (HUDI, TableFormat.HUDI),
    "Hudi's bloom filter": (said(ROWS, org__apache__hudi__bloomfilter="AAA"), TableFormat.HUDI),
    "Hudi's record keys": (said(ROWS, hoodie_min_record_key="1"), TableFormat.HUDI),
    "Iceberg's schema": (said(ROWS, iceberg__schema="{}"), TableFormat.ICEBERG),
    "Iceberg's row ids": (ROW_IDS, TableFormat.ICEBERG),
    "Delta's mapped columns": (pa.table({f"col-{UUID}": [1]}), TableFormat.DELTA),
}
OWN_FILES = {
    "Iceberg's positions to delete": (POSITIONS, TableFormat.ICEBERG),
    "Iceberg's rows to delete": (
        said(ROWS, **{"iceberg__schema": "{}", "delete-type": "equality", "delete-field-ids": "1"}),
        TableFormat.ICEBERG,
    ),
    "Delta's checkpoint": (CHECKPOINT, TableFormat.DELTA),
}
PLAIN_FILES = {
    "columns that are numbered": numbered(ROWS, 1, 2),
    "Spark's row metadata": said(ROWS, org__apache__spark__sql__parquet__row__metadata="{}"),
    "a commit time to order by": HUDI.select(["_hoodie_commit_time", "id"]),
    "a flag for Hudi to delete by": pa.table({"id": [1], "_hoodie_is_deleted": [False]}),
    "columns called as Iceberg's": pa.table({"file_path": ["a"], "pos": [1]}),
    "columns called as Delta's": pa.table({name: [1] for name in ("add", "remove", "metaData", "protocol")}),
    "a column called almost as Delta's": pa.table({"col-1": [1]}),
}
FILES = {**DATA_FILES, **OWN_FILES}
APPEND_ONLY = {"meta": {"table_format": "append_only"}}


def land_one(land: Land, table: pa.Table, contract: Contract | None = None) -> tuple[str, FileOutcome]:
    dataset = new_dataset()
    if contract is not None:
        land.contracts[dataset] = contract
    [outcome] = land.function().receive(land.put(f"raw/{dataset}/a.parquet", table))
    return dataset, outcome


@pytest.mark.parametrize(("table", "expected"), FILES.values(), ids=FILES)
def test_a_file_of_a_table_format_is_refused_and_leaves_nothing(
    land: Land, table: pa.Table, expected: TableFormat
) -> None:
    dataset, outcome = land_one(land, table)

    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.TABLE_FORMAT)
    assert outcome.verdict is not None
    assert expected in outcome.verdict.detail
    assert expected in outcome.verdict.remedy
    assert not outcome.verdict.remedy.endswith("…")  # a command that is cut is none
    assert land.count(f"landing.{dataset}") == 0
    assert land.count(f"ledger.{dataset}") == 0


@pytest.mark.parametrize("table", PLAIN_FILES.values(), ids=PLAIN_FILES)
def test_what_other_writers_leave_too_is_no_sign(land: Land, table: pa.Table) -> None:
    dataset, outcome = land_one(land, table)

    assert outcome.status is Status.LANDED
    assert land.count(f"landing.{dataset}") == table.num_rows


@pytest.mark.parametrize(("table", "_format"), DATA_FILES.values(), ids=DATA_FILES)
def test_rows_of_a_table_land_where_that_is_declared(land: Land, table: pa.Table, _format: TableFormat) -> None:
    dataset, outcome = land_one(land, table, Contract(append_only=True))

    assert outcome.status is Status.LANDED
    assert land.count(f"landing.{dataset}") == table.num_rows


@pytest.mark.parametrize(("table", "_format"), OWN_FILES.values(), ids=OWN_FILES)
def test_a_file_without_rows_of_the_table_never_lands(
    land: Land, worded: list[str], table: pa.Table, _format: TableFormat
) -> None:
    dataset, outcome = land_one(land, table, Contract(append_only=True))

    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.TABLE_FORMAT)
    assert land.count(f"landing.{dataset}") == 0
    assert worded == ["judge.table_formats.refuse_table_format 1"]
    assert outcome.verdict is not None
    assert "write them as parquet to a folder of their own" in outcome.verdict.remedy
    [exported] = land.function().receive(land.put(f"raw/{dataset}_export/a.parquet", pa.table({"id": [1]})))
    assert exported.status is Status.LANDED


def test_the_declaration_that_a_verdict_proposes_lands_the_file(land: Land, worded: list[str]) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", HUDI)
    [refused] = land.function().receive(file)
    assert refused.verdict is not None
    assert worded == ["judge.table_formats.refuse_table_format 2"]
    assert "config: {meta: {table_format: append_only}}" in refused.verdict.remedy

    document = {"sources": [{"name": "landing", "tables": [{"name": dataset, "config": APPEND_ONLY}]}]}
    land.contracts[dataset] = parse_contract(dict(from_document(document)[dataset]))
    [outcome] = land.function().receive(file)

    assert outcome.status is Status.LANDED
    assert land.count(f"landing.{dataset}") == 2


def test_hudis_rows_without_its_columns_land_as_the_verdict_says(land: Land) -> None:
    dataset, refused = land_one(land, HUDI)
    assert refused.verdict is not None
    assert "without its _hoodie_ columns" in refused.verdict.remedy

    [outcome] = land.function().receive(
        land.put(f"raw/{dataset}_export/a.parquet", HUDI.drop_columns(list(HUDI_COLUMNS)))
    )

    assert outcome.status is Status.LANDED
    assert land.count(f"landing.{dataset}_export") == 2


def test_another_meaning_than_append_only_is_no_declaration() -> None:
    table = {"name": "orders", "config": {"meta": {"table_format": "delta"}}}

    with pytest.raises(ValueError, match="orders: table_format is 'delta'; it can be append_only"):
        from_document({"sources": [{"name": "landing", "tables": [table]}]})


def test_the_footer_tells_what_was_found() -> None:
    body = parquet(POSITIONS)

    sign = Sign(TableFormat.ICEBERG, "the field ids 2147483546, 2147483545", has_rows=False)
    assert parse_footer(body, len(body)).sign == sign


@NO_CORPUS
@pytest.mark.parametrize("specimen", [each for each in SPECIMENS if each.is_good], ids=lambda each: each.path.name)
def test_no_real_file_of_another_writer_has_a_sign(specimen: Specimen) -> None:
    content = Path(specimen.path).read_bytes()

    assert parse_footer(content, len(content)).sign is None
