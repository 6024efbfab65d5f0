"""The places of rows in their files: kept where a dataset declares changes, so that the later line is the newer."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from collections.abc import Sequence

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest_lambda.arrive.routing import Format
from ingest_lambda.judge.contracts import Contract, parse_contract
from ingest_lambda.judge.paths import LoadPath, group_by_path
from ingest_lambda.judge.planner import plan_load
from ingest_lambda.judge.table import Table
from ingest_lambda.load.outcomes import Status
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.statements import Column
from landfall.deploy import bootstrap
from tests.land.plans import file_of
from tests.land.warehouse import Land, new_dataset

FEED = parse_contract(
    {
        "columns": [{"name": "id", "data_type": "bigint"}, {"name": "op", "data_type": "varchar"}],
        "changes": {"operation": "op"},
    }
)
LARGE = 64 * 1024**2


def feed(land: Land, contract: Contract = FEED) -> str:
    """Declare a new dataset as a feed of changes."""
    dataset = new_dataset()
    land.contracts[dataset] = contract
    return dataset


def changes(ids: Sequence[int]) -> pa.Table:
    return pa.table({"id": pa.array(ids, pa.int64()), "op": ["U"] * len(ids)})


def places(land: Land, dataset: str) -> dict[str, list[tuple[int | None, int]]]:
    """Return place and id of each landed row, by file."""
    found: dict[str, list[tuple[int | None, int]]] = {}
    for row in land.rows(f"select _file_id, _row_number, id from landing.{dataset} order by _row_number"):
        found.setdefault(row["_file_id"], []).append((row["_row_number"], row["id"]))
    return found


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(files=st.lists(st.lists(st.integers(0, 3), max_size=7), min_size=1, max_size=4), row_group=st.integers(1, 3))
def test_every_row_keeps_its_place_in_its_file_however_many_land_together(
    land: Land, files: list[list[int]], row_group: int
) -> None:
    dataset = feed(land)
    put = [
        land.put(f"raw/{dataset}/{number}.parquet", changes(ids), row_group_size=row_group)
        for number, ids in enumerate(files)
    ]
    outcomes = land.function().receive(*put)

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}
    expected = {file.file_id: list(enumerate(ids, start=1)) for file, ids in zip(put, files, strict=True) if ids}
    assert places(land, dataset) == expected


def test_rows_of_text_files_keep_their_places(land: Land) -> None:
    dataset = feed(land, parse_contract({**_declared(), "formats": ["csv", "json"]}))
    assert Format.CSV in land.contracts[dataset].formats
    csv = land.put(f"raw/{dataset}/a.csv", b"id,op\n7,I\n8,U\n7,D\n")
    json = land.put(f"raw/{dataset}/b.json", b'{"id": 9, "op": "I"}\n{"id": 8, "op": "D"}\n')
    land.function().receive(csv, json)

    assert places(land, dataset) == {csv.file_id: [(1, 7), (2, 8), (3, 7)], json.file_id: [(1, 9), (2, 8)]}


def test_a_table_from_before_the_declaration_gains_the_column_and_keeps_its_rows(land: Land) -> None:
    dataset = new_dataset()
    before = land.put(f"raw/{dataset}/before.parquet", changes([1, 2]))
    assert land.function().receive(before)[0].load_path is LoadPath.AS_IS

    land.contracts[dataset] = FEED
    after = land.put(f"raw/{dataset}/after.parquet", changes([3, 4]))
    [outcome] = land.function().receive(after)
    assert (outcome.load_path, outcome.schema_changes) == (LoadPath.CANONICAL, ())
    assert set(places(land, dataset)[before.file_id]) == {(None, 1), (None, 2)}
    assert places(land, dataset)[after.file_id] == [(1, 3), (2, 4)]


@pytest.mark.parametrize("declared_first", [True, False])
def test_a_deployment_gives_the_column_to_tables_that_lack_it(land: Land, *, declared_first: bool) -> None:
    dataset = new_dataset()
    contracts = [FEED, FEED] if declared_first else [Contract(FEED.schema_change, FEED.columns), FEED]
    for contract in contracts:
        land.warehouse.transaction(bootstrap.dataset_statements(dataset, contract))
    bootstrap.keep_positions(land.warehouse, dataset)

    assert land.rows(f"select _row_number from landing.{dataset}") == []
    land.contracts[dataset] = FEED
    file = land.put(f"raw/{dataset}/a.parquet", changes([5]))
    land.function().receive(file)
    assert places(land, dataset) == {file.file_id: [(1, 5)]}


def test_a_frozen_feed_takes_the_column_too(land: Land) -> None:
    dataset = new_dataset()
    land.function().receive(land.put(f"raw/{dataset}/before.parquet", changes([1])))
    land.contracts[dataset] = parse_contract({**_declared(), "schema_change": "freeze"})
    file = land.put(f"raw/{dataset}/after.parquet", changes([2]))

    assert land.function().receive(file)[0].status is Status.LANDED
    assert places(land, dataset)[file.file_id] == [(1, 2)]


def test_a_feed_refuses_a_file_that_numbers_its_rows_itself_and_others_land_it(land: Land) -> None:
    table = changes([1]).append_column("_row_number", pa.array([7], pa.int64()))
    declared, other = feed(land), new_dataset()
    refused, landed = (land.put(f"raw/{dataset}/a.parquet", table) for dataset in (declared, other))

    outcomes = {outcome.file.file_id: outcome for outcome in land.function().receive(refused, landed)}
    assert outcomes[refused.file_id].reason == Reason.RESERVED_COLUMN_NAME
    assert land.count(f"landing.{declared}") == 0
    assert land.rows(f"select _row_number from landing.{other}") == [{"_row_number": 7}]


def test_only_a_feed_is_read_for_the_places_of_its_rows() -> None:
    [group] = group_by_path([file_of({"id": sqltypes.BIGINT, "op": sqltypes.VARCHAR}, size=LARGE)])
    landing = Table((Column("id", sqltypes.BIGINT), Column("op", sqltypes.VARCHAR)))

    as_it_is = plan_load("orders", group, landing, Contract())
    assert (as_it_is.path, as_it_is.new_columns) == (LoadPath.AS_IS, ())
    read = plan_load("orders", group, landing, FEED)
    assert (read.path, [column.name for column in read.new_columns]) == (LoadPath.CANONICAL, ["_row_number"])
    assert "places in the file" in read.files[0].why


def _declared() -> dict[str, object]:
    columns = [{"name": column.name, "data_type": str(column.type)} for column in FEED.columns]
    return {"columns": columns, "changes": {"operation": "op"}}
