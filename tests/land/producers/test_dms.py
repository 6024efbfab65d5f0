"""AWS DMS: the layout of its S3 target, made with pyarrow after its page.

https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html: `<folder>/<schema>/<table>/LOAD00000001.parquet`,
then changes as `20251113-090501234.parquet`, in `2025/11/13/` with DatePartitionEnabled; `Op` is I, U or D.
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.judge.contracts import Contract
from tests.land.producers.arrival import Arrivals, statuses
from tests.land.producers.conftest import Modeling
from tests.land.producers.feeds import written
from tests.land.producers.producer import Producer
from tests.land.warehouse import Land, new_dataset
from tests.support.model_warehouse import ModelWarehouse

PRODUCER = Producer(
    name="AWS DMS",
    made_by="pyarrow, after [its page](https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html)",
    works="full load and changes, in date folders or not; `Op` (I, U, D) is the column `op`, declared as the "
    "operation: deletes leave a tombstone, an older row overwrites nothing",
    to_set="`DataFormat=parquet`, `BucketFolder=raw`, `IncludeOpForFullLoad`, `TimestampColumnName`; "
    "`changes: {operation: op}` ([Changes](#changes)); "
    "a dataset a table, with `prefixes: [raw/<schema>/<table>/]`",
    refused="`raw/<schema>/<table>/` without a rule (`ambiguous_folder`): tables of a schema would become one",
)
NOON = datetime(2025, 11, 13, 12)


def change(operation: str, customer: str, country: str | None, hours: int = 0) -> dict[str, Any]:
    at = NOON + timedelta(hours=hours)
    return {
        "Op": operation,
        "dms_at": at,
        "customer_id": customer,
        "customer_name": f"Name of {customer}",
        "email": f"{customer}@example.com",
        "country": country,
        "created_at": NOON,
        "updated_at": at,
    }


def test_tables_of_a_schema_wait_for_a_rule_and_land_apart(land: Land) -> None:
    schema, orders, items = new_dataset(), new_dataset(), new_dataset()
    keys = {table: f"raw/{schema}/{table}/LOAD00000001.parquet" for table in (orders, items)}
    arrivals = Arrivals(land, land.function())
    for key in keys.values():
        arrivals.put(key, pa.table({"Op": ["I"], "id": [1]}))
    assert set(statuses(arrivals.ends).values()) == {"ambiguous_folder"}
    assert land.count(f"landing.{schema}") == 0

    for table in (orders, items):
        land.contracts[table] = Contract(prefixes=(f"raw/{schema}/{table}/",))
    ruled = Arrivals(land, land.function())
    for key in keys.values():
        ruled.put(key, pa.table({"Op": ["I"], "id": [1]}))

    assert set(statuses(ruled.ends).values()) == {"landed"}
    for table in (orders, items):
        assert [row["op"] for row in land.rows(f"select op from landing.{table}")] == ["I"]


@pytest.mark.xdist_group("modeling")  # a warehouse of its own, with models in it
def test_changes_are_modeled_deletes_as_tombstones_and_what_comes_late_changes_nothing(modeling: Modeling) -> None:
    land, models = modeling
    declared = land.contracts["customers"]
    land.contracts["customers"] = replace(declared, prefixes=("raw/shop/customers/",))
    arrivals = Arrivals(land, land.function())
    table = "raw/shop/customers/"

    arrivals.put(f"{table}LOAD00000001.parquet", rows(change("I", "c-1", "DE"), change("I", "c-2", "FR")))
    later = [change("U", "c-1", "AT", 2), change("D", "c-2", None, 2), change("I", "c-3", "IT", 2)]
    arrivals.put(f"{table}2025/11/13/20251113-140000123.parquet", rows(*later))
    arrivals.put(f"{table}2025/11/13/20251113-130000123.parquet", rows(change("U", "c-1", "CH", 1)))
    models.run_green("--select", "+customers")

    assert set(statuses(arrivals.ends).values()) == {"landed"}
    assert modeled(models, "c-%") == [("c-1", "AT", False), ("c-2", None, True), ("c-3", "IT", False)]


@pytest.mark.xdist_group("modeling")  # a warehouse of its own, with models in it
def test_of_changes_of_one_second_the_last_in_the_file_is_what_the_source_has(modeling: Modeling) -> None:
    land, models = modeling
    land.contracts["customers"] = replace(land.contracts["customers"], prefixes=("raw/shop/customers/",))
    updates = [change("U", f"second-{n:02}", country) for country in ("DE", "FR", "IT") for n in range(12)]
    back = [change("I", "second-back", "DE"), change("D", "second-back", None), change("I", "second-back", "AT")]
    gone = [change("I", "second-gone", "DE"), change("D", "second-gone", None)]
    arrivals = Arrivals(land, land.function())
    arrivals.put("raw/shop/customers/2025/11/13/20251113-150000123.parquet", rows(*updates, *back, *gone))
    models.run_green("--select", "+customers")

    assert modeled(models, "second-%") == [
        *((f"second-{n:02}", "IT", False) for n in range(12)),
        ("second-back", "AT", False),
        ("second-gone", None, True),
    ]


def modeled(models: ModelWarehouse, keys: str) -> list[tuple[Any, ...]]:
    """Return key, country and whether it is deleted, of the customers whose key is like `keys`."""
    sql = f"select customer_id, country, is_deleted from modeled.customers where customer_id like '{keys}' order by 1"
    return models.transformer.rows(sql)


def rows(*changes: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(changes))


NOON_TEXT = "2025-11-13 12:00:00.000000"  # its own timestamps are text, whatever the types of the source's


def committed(operation: str, id_: int, state: str | None, sequence: str | None) -> dict[str, Any]:
    return {"Op": operation, "committed_at": NOON_TEXT, "change_seq": sequence, "id": id_, "state": state}


@pytest.mark.xdist_group("modeling")
@pytest.mark.parametrize("arguments", [("--time", "committed_at"), ()], ids=["by its timestamp", "by its files"])
def test_new_dataset_models_changes_of_one_second_in_the_order_of_their_lines(
    modeling: Modeling, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    changes = [
        committed("U", 1, "second", None),
        committed("U", 1, "third", None),
        committed("D", 2, None, None),  # of its columns the key alone, as PostgreSQL's default replica identity has it
        committed("D", 3, None, None),
        committed("I", 3, "again", None),
        committed("I", 4, "new", None),
        committed("D", 4, None, None),
    ]
    loaded = [committed("I", id_, "first", None) for id_ in (1, 2, 3)]
    name = f"dms_{len(arguments)}"
    feed = written(*modeling, tmp_path, name, rows(*changes), arguments)
    assert feed.changes == ({"operation": "op"} if arguments else {"operation": "op", "order": "file"})

    feed.put((f"raw/{name}/LOAD00000001.parquet", rows(*loaded)))
    feed.build()
    feed.put((f"raw/{name}/2025/11/13/20251113-120000123.parquet", rows(*changes)))
    feed.build()

    assert feed.rows("id, state, is_deleted") == [
        (1, "third", False),
        (2, None, True),
        (3, "again", False),
        (4, None, True),
    ]
    assert feed.quarantined() == []
    feed.lint()


@pytest.mark.xdist_group("modeling")
def test_the_sequence_of_the_source_orders_files_that_come_in_another_order(modeling: Modeling, tmp_path: Path) -> None:
    def numbered(operation: str, id_: int, state: str | None, number: int) -> dict[str, Any]:
        change = committed(operation, id_, state, f"2025111312000000000000000000{number:07}")
        change["AR_H_CHANGE_SEQ"] = change.pop("change_seq")
        return change

    later = rows(numbered("U", 1, "third", 3), numbered("D", 2, None, 4))
    earlier = rows(numbered("I", 1, "first", 1), numbered("I", 2, "first", 2))
    feed = written(*modeling, tmp_path, "dms_sequence", later)
    assert feed.changes == {"operation": "op", "sequence": ["ar_h_change_seq"], "order": "sequence"}

    feed.put(("raw/dms_sequence/2025/11/13/20251113-120000456.parquet", later))
    feed.build()
    feed.put(("raw/dms_sequence/2025/11/13/20251113-120000123.parquet", earlier))
    feed.build()

    assert feed.rows("id, state, is_deleted") == [(1, "third", False), (2, None, True)]
