"""`landfall evolve`: a column's type changes only if every value stays what it is, and the rejected file lands then."""

from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.errors import CatalogChangedError
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.load.outcomes import Status
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.catalog import read_columns
from ingest_lambda.warehouse.statements import Column
from landfall.operate import evolution
from landfall.operate.evolution import Change
from tests.land.warehouse import new_dataset
from tests.landfall.conftest import Desk


def landed(desk: Desk, columns: dict[str, Any]) -> str:
    """Land one file of a new dataset; return the dataset."""
    dataset = new_dataset()
    (outcome,) = desk.function.receive(desk.land.put(f"raw/{dataset}/a.parquet", pa.table(columns)))
    assert outcome.status is Status.LANDED
    return dataset


def column_of(desk: Desk, dataset: str, column: str) -> list[Any]:
    return [row["v"] for row in desk.land.rows(f'select "{column}" as v from landing."{dataset}" order by 1')]  # noqa: S608 - our names


def test_a_rejected_file_lands_after_the_command_that_its_verdict_names(desk: Desk) -> None:
    dataset = landed(desk, {"n": pa.array([1, 2, None], pa.int64()), "t": ["x", "y", "z"]})
    text = desk.land.put(f"raw/{dataset}/text.parquet", pa.table({"n": ["three"]}))
    (rejected,) = desk.function.receive(text)
    assert rejected.verdict is not None
    assert f"landfall evolve {dataset} n 'VARCHAR(65535)'" in rejected.verdict.remedy

    planned = desk.landfall("evolve", dataset, "n", "VARCHAR(65535)", "--dry-run")
    assert (planned["outcome"], planned["rows"], planned["from"]) == ("changed", 0, "BIGINT")
    assert column_of(desk, dataset, "n") == [1, 2, None]
    assert desk.say("evolve", dataset, "n", "varchar", "--dry-run").splitlines()[0] == "begin;"

    done = desk.landfall("evolve", dataset, "n", "VARCHAR(65535)")
    assert (done["to"], done["rows"], done["statements"]) == ("VARCHAR(65535)", 3, planned["statements"])
    records = desk.land.rows(f"select * from ops.schema_changes where dataset = '{dataset}'")  # noqa: S608 - our names
    assert [(row["column_name"], row["found"], row["became"], row["load_id"]) for row in records] == [
        ("n", "BIGINT", "VARCHAR(65535)", None)
    ]
    assert desk.landfall("replay", text.key)[0]["action"] == "sent"
    assert [outcome.status for outcome in desk.deliver()] == [Status.LANDED]
    assert column_of(desk, dataset, "n") == ["1", "2", "three", None]
    assert desk.landfall("evolve", dataset, "n", "varchar")["outcome"] == "unchanged"


@pytest.mark.parametrize(
    ("values", "type_", "after"),
    [
        (pa.array([1, 2**53 + 1], pa.int64()), "double precision", None),
        (pa.array([1, 2**53], pa.int64()), "double precision", [1.0, 2.0**53]),
        (pa.array([1, 70_000], pa.int32()), "smallint", None),
        (pa.array([1, 700], pa.int32()), "smallint", [1, 700]),
        (pa.array(["7", "x"]), "integer", None),
        (pa.array(["7", "8"]), "integer", [7, 8]),
    ],
)
def test_a_value_that_would_change_stops_it_and_nothing_is_changed(
    desk: Desk, values: Any, type_: str, after: list[Any] | None
) -> None:
    dataset = landed(desk, {"v": values})
    before = column_of(desk, dataset, "v")
    if after is None:
        assert "v" in desk.landfall("evolve", dataset, "v", type_, exits=3)
        assert column_of(desk, dataset, "v") == before
    else:
        assert desk.landfall("evolve", dataset, "v", type_)["rows"] == 2
        assert column_of(desk, dataset, "v") == after


@pytest.mark.parametrize(
    ("values", "type_", "after"),
    [
        ([["a"], ["b"]], "varchar", None),
        ([{"a": 1}, None], "varchar", None),
        (pa.array([None, None], pa.list_(pa.int64())), "varchar", [None, None]),
    ],
)
def test_a_value_that_would_become_null_stops_it_and_nothing_is_changed(
    desk: Desk, values: Any, type_: str, after: list[Any] | None
) -> None:
    dataset = landed(desk, {"v": values})
    assert [column.type for column in read_columns(desk.land.warehouse, dataset) or () if column.name == "v"] == [
        sqltypes.SUPER
    ]
    before = column_of(desk, dataset, "v")
    if after is None:
        guarded = evolution.plan_change(desk.stack.warehouse, dataset, "v", type_).statements(may_lose=False)
        assert "are not the same as VARCHAR" in desk.landfall("evolve", dataset, "v", type_, exits=3)
        with pytest.raises(CatalogChangedError):
            desk.stack.warehouse.transaction(guarded)
        assert column_of(desk, dataset, "v") == before
    else:
        assert desk.landfall("evolve", dataset, "v", type_)["rows"] == 2
        assert column_of(desk, dataset, "v") == after


def test_lossy_says_that_values_may_change(desk: Desk) -> None:
    dataset = landed(desk, {"v": pa.array([2**53 + 1], pa.int64())})
    assert "--lossy" in desk.landfall("evolve", dataset, "v", "double precision", exits=3)
    assert desk.landfall("evolve", dataset, "v", "double precision", "--lossy")["outcome"] == "changed"
    assert column_of(desk, dataset, "v") == [float(2**53)]


def test_a_value_that_lands_at_the_last_moment_stops_it_too(desk: Desk) -> None:
    dataset = landed(desk, {"v": pa.array([1], pa.int64())})
    change = evolution.plan_change(desk.stack.warehouse, dataset, "v", "double precision")
    desk.land.rows(f"insert into landing.{dataset} (v) select {2**53 + 1}")
    with pytest.raises(CatalogChangedError):
        desk.stack.warehouse.transaction(change.statements(may_lose=False))
    assert column_of(desk, dataset, "v") == [1, 2**53 + 1]


def test_a_column_that_somebody_else_has_changed_is_left_alone(desk: Desk) -> None:
    dataset = landed(desk, {"v": pa.array([1], pa.int32())})
    stale = Change(dataset, Column("v", sqltypes.BIGINT), Column("v", sqltypes.SMALLINT))
    with pytest.raises(CatalogChangedError):
        desk.stack.warehouse.transaction(stale.statements(may_lose=False))
    assert evolution.plan_change(desk.stack.warehouse, dataset, "v", "integer").outcome == "unchanged"


def test_a_view_that_is_bound_to_the_table_is_named_and_nothing_is_changed(desk: Desk) -> None:
    dataset = landed(desk, {"v": pa.array([1], pa.int32())})
    view = f"landing.{dataset}_view"
    desk.stack.warehouse.transaction([f"create view {view} as select v from landing.{dataset}"])  # noqa: S608 - our names

    said = desk.landfall("evolve", dataset, "v", "bigint", exits=3)

    assert f"views that are bound to it: {view}; drop them" in said
    [column] = [each for each in read_columns(desk.stack.warehouse, dataset) or () if each.name == "v"]
    assert column.type == sqltypes.INTEGER
    desk.stack.warehouse.transaction([f"drop view {view}"])
    assert desk.landfall("evolve", dataset, "v", "bigint")["outcome"] == "changed"


def test_a_column_that_is_not_there_is_added_and_the_loader_fills_it(desk: Desk) -> None:
    dataset = landed(desk, {"v": [1]})
    added = desk.landfall("evolve", dataset, "Note", "varchar(20)")
    assert (added["outcome"], added["to"]) == ("added", "VARCHAR(65535)")
    assert added["notice"].startswith("note becomes VARCHAR(65535), not varchar(20): ")
    (outcome,) = desk.function.receive(
        desk.land.put(f"raw/{dataset}/b.parquet", pa.table({"v": [2], "note": ["x" * 50]}))
    )
    assert outcome.status is Status.LANDED
    assert column_of(desk, dataset, "note") == ["x" * 50, None]


@pytest.mark.parametrize(
    ("type_", "said"),
    [
        ("VARCHAR(10)", "n becomes VARCHAR(65535), not VARCHAR(10): "),
        ("char", "n becomes VARCHAR(65535), not char: "),
        ("varbyte(5)", f"n becomes {sqltypes.VARBYTE}, not varbyte(5): "),
        ("varchar", None),
        ("VARCHAR(MAX)", None),
        ("DECIMAL(20,2)", None),
    ],
)
def test_a_type_that_is_not_the_one_that_was_asked_for_is_said_with_its_reason(type_: str, said: str | None) -> None:
    column = evolution.wanted_column("n", type_)
    told = evolution.widened(type_, column)
    assert told is None if said is None else (told or "").startswith(said)
    assert (said is None) == (evolution.widened(str(column.type), column) == told)


@pytest.mark.parametrize(
    ("column", "type_", "said"),
    [
        ("v", "hstore", "is not a type of landing tables"),
        ("_file_id", "varchar", "a column of landing's own"),
        ("a\nb", "integer", "cannot be an identifier"),
    ],
)
def test_what_cannot_be_is_refused(desk: Desk, column: str, type_: str, said: str) -> None:
    dataset = landed(desk, {"v": [1]})
    assert said in desk.landfall("evolve", dataset, column, type_, exits=3)
    assert "there is no table" in desk.landfall("evolve", new_dataset(), "v", "integer", exits=3)


def test_a_misspelt_name_is_asked_about_and_nothing_is_added(desk: Desk) -> None:
    dataset = new_dataset("finches")
    desk.function.receive(desk.land.put(f"raw/{dataset}/a.parquet", pa.table({"price": [1.5]})))
    before = read_columns(desk.land.warehouse, dataset)
    said = desk.landfall("evolve", dataset, "prcie", "double precision", exits=3)
    assert "has no column prcie; did you mean price? To add it, give --add too" in said
    assert f"did you mean {dataset}?" in desk.landfall("evolve", f"{dataset}x", "price", "real", exits=3)
    assert "these are bigint, boolean, " in desk.landfall("evolve", dataset, "price", "dubble", exits=3)
    assert read_columns(desk.land.warehouse, dataset) == before
    assert desk.landfall("evolve", dataset, "prcie", "double precision", "--add")["outcome"] == "added"


def test_a_contract_that_says_otherwise_is_told() -> None:
    contracts = {"orders": Contract(columns=(Column("n", sqltypes.INTEGER),))}
    change = Change("orders", Column("n", sqltypes.BIGINT), Column("n", sqltypes.INTEGER))
    assert "`data_type: bigint` for n" in (evolution.undeclared(contracts, change) or "")
    assert evolution.undeclared({}, change) is None
    declared = Change("orders", Column("n", sqltypes.INTEGER), Column("n", sqltypes.SMALLINT))
    assert evolution.undeclared(contracts, declared) is None
