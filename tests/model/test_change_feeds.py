"""MODEL's law, of feeds of changes: equal times, sequences, keys that come back, deletes that have only their key.

Hypothesis draws schedules; the end is compared with what the law says, told independently in
`tests/support/change_feeds.py`, and with a full refresh. What cannot be ordered is still in sight. What may be declared
of a feed stands below: codes, marks of deleted rows, sequences, each as its tool writes it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from dbt.artifacts.resources.v1.components import ColumnInfo
from dbt.contracts.graph.nodes import ModelNode
from hypothesis import HealthCheck, Phase, given, settings

from ingest_lambda.warehouse.sqltypes import ALIASES, parse_type
from tests.support import change_feeds
from tests.support.change_feeds import FEEDS, MODELS, STORED_AGAIN, Feed, schedules
from tests.support.convergence import Step, standing
from tests.support.following import assert_as_built_anew, follow
from tests.support.model_warehouse import ModelWarehouse, Moment
from tests.support.order_rows import customer, customers_file
from tests.support.second_builder import second_builder
from tests.support.warehouse_seed import NOON, Row, SeedFile

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

HOUR = timedelta(hours=1)
EXAMPLES = 5  # each is several dbt runs
RUN = ("--select", *MODELS)
TABLES = ("--select", *MODELS[1:])  # the view before them stays as it is
CUSTOMERS = "select customer_id, country, is_deleted from modeled.customers order by 1"
BY_SEQUENCE, BY_FILE = FEEDS[1:]
QUARANTINED = "select customer_id, reject_reason from gate.quarantine_customers order by 1, 2"
DELETES = (
    "select customer_id, reject_reason from gate.int_customers__checked "
    "where row_status = 'quarantined' and _operation = 'D' order by 1, 2"
)


@pytest.fixture(params=FEEDS, ids=str)
def feed(request: pytest.FixtureRequest, worker_warehouse: ModelWarehouse) -> Iterator[Feed]:
    """A feed that is declared for all schedules."""
    worker_warehouse.empty()
    with change_feeds.declared(worker_warehouse, request.param):
        worker_warehouse.run_green(*RUN)
        yield request.param


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(schedule=schedules())
def test_customers_end_as_their_last_change_and_what_has_no_place_stays_in_sight(
    worker_warehouse: ModelWarehouse, feed: Feed, schedule: Sequence[Step]
) -> None:
    warehouse = worker_warehouse
    warehouse.empty()
    follow(schedule, warehouse, TABLES)

    files = standing(schedule)
    assert warehouse.transformer.rows(CUSTOMERS) == change_feeds.modeled(feed, files)
    # A delete that came together with a newer version of its key leaves with the next run.
    warehouse.run_green(*TABLES)
    assert warehouse.transformer.rows(DELETES) == change_feeds.unplaced(feed, files)
    assert_as_built_anew(warehouse, TABLES, "customers")


def test_codes_are_those_declared_and_another_one_is_told(worker_warehouse: ModelWarehouse) -> None:
    codes = {"insert": ["c", "r"], "update": ["u"], "delete": ["d"]}
    debezium = Feed("Debezium", {"operation": "op", "codes": codes})
    operations = {"created": "c", "read": " R ", "updated": "u", "deleted": "d", "unsaid": None, "dms": "I", "odd": "t"}
    rows = [customer(key, op=op, lsn=None) for key, op in operations.items()]

    assert end(worker_warehouse, debezium, rows) == {
        **dict.fromkeys(("created", "read", "updated", "unsaid"), False),
        "deleted": True,
        "dms": "operation_unknown",
        "odd": "operation_unknown",
    }


@pytest.mark.parametrize(
    ("type_", "marked", "unmarked"),
    [
        ("boolean", True, False),
        ("smallint", 1, 0),
        ("numeric(3, 1)", 0.5, 0),
        ("double precision", 1.0, 0.0),
        ("float", 1, float("nan")),
        ("real", -1.0, -0.0),
        ("timestamp", NOON, None),
        ("date", NOON.date(), None),
        ("text", "true", "false"),
        ("varchar(65535)", "true", "false"),
        ("varchar(65535)", "1.0", " 0.0 "),
        ("varchar(65535)", "2025-11-13T12:00:00Z", ""),
    ],
)
def test_a_mark_deletes_and_a_column_that_is_called_op_says_nothing_of_its_own(
    worker_warehouse: ModelWarehouse, type_: str, marked: object, unmarked: object
) -> None:
    feed = Feed("of marks", {"deleted": "mark"}, {"mark": type_})
    marks = {"deleted": marked, "kept": unmarked, "empty": None}
    rows = [customer(key, op="D", mark=mark) for key, mark in marks.items()]

    assert end(worker_warehouse, feed, rows) == {"deleted": True, "kept": False, "empty": False}


KINDS = {"char": "varchar", "timestamptz": "timestamp"}  # of types that changes do not tell apart


@contextmanager
def declaring(warehouse: ModelWarehouse, types: Mapping[str, str]) -> Iterator[None]:
    """Let the source of customers declare columns of these types, whatever landing has."""
    assert warehouse.manifest is not None
    source = warehouse.manifest.sources[change_feeds.SOURCE]
    columns = source.columns
    source.columns = columns | {name: ColumnInfo(name, data_type=type_) for name, type_ in types.items()}
    warehouse.manifest.build_flat_graph()
    try:
        yield
    finally:
        source.columns = columns
        warehouse.manifest.build_flat_graph()


def test_a_kind_has_every_name_that_a_contract_may_write(worker_warehouse: ModelWarehouse) -> None:
    columns = {f"mark_{n}": name for n, name in enumerate(ALIASES)}
    kinds = ";".join(f"{{{{ declared_kind('customers', '{column}') if execute }}}}" for column in columns)
    with declaring(worker_warehouse, columns):
        [found] = worker_warehouse.dbt("compile", "--inline", kinds).compiled.values()
    known = [parse_type(name).name.lower() for name in ALIASES]
    assert found.split(";") == [KINDS.get(name, name) for name in known]


@pytest.mark.parametrize(
    ("type_", "changes", "said"),
    [
        ("super", {"deleted": "mark"}, "say deleted: mark, which is super: a mark is a boolean, a number, a text or a"),
        ("varbyte", {"deleted": "mark"}, "say deleted: mark, which is varbyte"),
        ("int unsigned", {"deleted": "mark"}, "name mark, which is declared as int unsigned: give it the data_type"),
        ("boolean", {"sequence": ["mark"]}, "say sequence: mark, which is boolean: it is a number or a text"),
        ("timestamp", {"sequence": ["mark"]}, "say sequence: mark, which is timestamp"),
    ],
)
def test_a_column_of_a_kind_that_says_nothing_stops_dbt(
    worker_warehouse: ModelWarehouse, type_: str, changes: Mapping[str, object], said: str
) -> None:
    worker_warehouse.empty()
    with (
        change_feeds.declared(worker_warehouse, Feed("of marks", changes, {"mark": "integer"})),
        declaring(worker_warehouse, {"mark": type_}),
    ):
        run = worker_warehouse.dbt("run", "--select", "stg_customers")
    assert not run.success
    assert said in " ".join(run.messages.split())


def test_where_nothing_is_declared_nothing_deletes(worker_warehouse: ModelWarehouse) -> None:
    rows = [customer("c-1", op="D", lsn=None), customer("c-2", None, created_at=None, op="D", lsn=None)]
    assert end(worker_warehouse, Feed("none", {}), rows) == {"c-1": False, "c-2": "created_at_missing"}


NUMBERS = {
    None: -1,
    " ": -1,
    "7": 7,
    "20251113120000000000000000000000007": 20251113120000000000000000000000007,
    "16/B374D848": 0x16B374D848,
    "FFFFFFFF/FFFFFFFF": 2**64 - 1,
    "00000027:00000ac0:0002": 0x27_00000AC0_0002,
    "3e11fa47-71ca-11e1-9e33-c80aa9429562:23": 23,
    "0-1-100": 100,
    "mysql-bin.000012": 12,
    "db-1.example.000002": 2,
    "first": -2,
    "-5": -2,
    "1.5": -2,
}


def test_a_sequence_is_the_number_that_it_stands_for_and_what_is_none_is_told(
    worker_warehouse: ModelWarehouse,
) -> None:
    rows = [customer(f"c-{n:02}", op="U", lsn=lsn) for n, lsn in enumerate(NUMBERS)]
    worker_warehouse.empty()
    with change_feeds.declared(worker_warehouse, FEEDS[0]):
        worker_warehouse.loader.land(customers_file("numbered", rows))
        worker_warehouse.run_green(*RUN)
        found = worker_warehouse.transformer.rows(
            # as text: of a number the driver keeps 28 digits (findings/redshift_connector_rounds_decimals.sh)
            "select stg.customer_id, stg._sequence::varchar from staging.stg_customers as stg order by 1"
        )
        reasons = worker_warehouse.transformer.rows(
            "select customer_id from gate.quarantine_customers where reject_reason = 'sequence_malformed' order by 1"
        )
    assert [int(number) for _, number in found] == list(NUMBERS.values())
    assert [key for (key,) in reasons] == [key for key, number in found if int(number) == -2]


@pytest.mark.parametrize(("type_", "last"), [("float4", 2**24), ("float", 2**53), ("int8", 2**63 - 1)])
def test_a_sequence_that_its_column_may_have_rounded_is_told(
    worker_warehouse: ModelWarehouse, type_: str, last: int
) -> None:
    feed = Feed("of numbers", {"operation": "op", "sequence": ["number"]}, {"number": type_})
    numbers = [7, last] if type_ == "int8" else [7, last, 2 * last]
    rows = [customer(f"c-{number}", op="U", number=number) for number in numbers]
    assert end(worker_warehouse, feed, rows) == {
        f"c-{number}": False if number <= last else "sequence_malformed" for number in numbers
    }


def test_two_columns_are_one_number_the_first_before_the_second(worker_warehouse: ModelWarehouse) -> None:
    feed = Feed("of two", {"operation": "op", "sequence": ["lsn", "place"]}, {"lsn": "varchar(64)", "place": "bigint"})
    numbers: list[tuple[str, int | None]] = [("9", 7), ("10", None), ("10", 0), ("10", 5), ("11", 1)]
    rows = [
        customer("c-1", op="U", country=f"C{chr(65 + n)}", lsn=lsn, place=place)
        for n, (lsn, place) in enumerate(numbers)
    ]
    for newest in range(1, len(rows)):
        assert end(worker_warehouse, feed, list(reversed(rows[: newest + 1])), "country") == {
            "c-1": rows[newest]["country"]
        }


def end(warehouse: ModelWarehouse, feed: Feed, rows: Sequence[Row], fact: str = "is_deleted") -> dict[str, object]:
    """Land and model the rows; return by key what is modeled of it, or why it is not."""
    warehouse.empty()
    with change_feeds.declared(warehouse, feed):
        warehouse.loader.land(customers_file("changes", rows))
        warehouse.run_green(*RUN)
        modeled = warehouse.transformer.rows(f"select customer_id, {fact} from modeled.customers")  # noqa: S608 - our names
        rejected = warehouse.transformer.rows("select customer_id, reject_reason from gate.quarantine_customers")
    return dict((*modeled, *rejected))


def test_a_file_that_is_copied_onto_itself_changes_nothing_before_or_after_a_full_refresh(
    worker_warehouse: ModelWarehouse,
) -> None:
    warehouse = worker_warehouse
    warehouse.empty()
    with change_feeds.declared(warehouse, BY_FILE):
        first = said("first", NOON, customer("c-1", country="DE"), customer("c-2", country="DE"))
        warehouse.loader.land(first)
        warehouse.loader.land(said("second", NOON + HOUR, customer("c-1", op="D"), customer("c-2", country="FR")))
        warehouse.run_green(*RUN)

        warehouse.loader.land(replace(first, version="2", modified_at=NOON + 2 * HOUR))
        for refresh in ((), ("--full-refresh",)):
            warehouse.run_green(*refresh, *RUN)
            assert warehouse.transformer.rows(CUSTOMERS) == [("c-1", None, True), ("c-2", "FR", False)]
            assert warehouse.transformer.rows(QUARANTINED) == []


def test_a_file_that_is_stored_again_with_other_rows_waits_in_sight_until_one_of_both_is_undone(
    worker_warehouse: ModelWarehouse,
) -> None:
    warehouse = worker_warehouse
    warehouse.empty()
    with change_feeds.declared(warehouse, BY_FILE):
        first = said("load", NOON, customer("c-1", country="DE"), customer("c-2", country="DE"))
        again = replace(
            first, version="2", modified_at=NOON + 2 * HOUR, rows=[*first.rows[:1], customer("c-3", lsn=None)]
        )
        warehouse.loader.land(first)
        warehouse.loader.land(said("between", NOON + HOUR, customer("c-1", country="FR")))
        warehouse.loader.land(again)
        for refresh in ((), ("--full-refresh",)):
            warehouse.run_green(*refresh, *RUN)
            assert warehouse.transformer.rows(CUSTOMERS) == [("c-1", "FR", False), ("c-2", "DE", False)]
            assert warehouse.transformer.rows(QUARANTINED) == [("c-1", STORED_AGAIN), ("c-3", STORED_AGAIN)]

        warehouse.loader.undo(first)  # a reload: what is stored now counts, from when it was stored
        warehouse.run_green("--full-refresh", *RUN)  # as the transform does after an undo
        reloaded = [("c-1", "DE", False), ("c-3", "DE", False)]
        assert warehouse.transformer.rows(CUSTOMERS) == reloaded
        assert warehouse.transformer.rows(QUARANTINED) == []

        warehouse.loader.replay(first)  # the undo was wrong: nothing may be left of what it has let in
        warehouse.run_green(*RUN)
        assert warehouse.transformer.rows(CUSTOMERS) == [("c-1", "FR", False), ("c-2", "DE", False)]
        assert warehouse.transformer.rows(QUARANTINED) == [("c-1", STORED_AGAIN), ("c-3", STORED_AGAIN)]


def test_the_version_that_was_stored_first_is_the_first_even_if_it_lands_last(worker_warehouse: ModelWarehouse) -> None:
    warehouse = worker_warehouse
    warehouse.empty()
    with change_feeds.declared(warehouse, BY_FILE):
        first = said("first", NOON, customer("c-1", country="DE"))
        warehouse.loader.land(replace(first, version="2", modified_at=NOON + 2 * HOUR))
        warehouse.loader.land(said("second", NOON + HOUR, customer("c-1", country="FR")))
        warehouse.run_green(*RUN)
        warehouse.loader.land(first)

        told = warehouse.run_green(*RUN).messages
        assert "customers is built from the first row: s3://landfall-test/raw/customers/first.parquet" in told
        assert warehouse.transformer.rows(CUSTOMERS) == [("c-1", "FR", False)]
        assert "from the first row" not in warehouse.run_green(*RUN).messages


def test_what_another_run_found_to_be_stored_again_stays_so_where_a_run_takes_it_over(
    worker_warehouse: ModelWarehouse,
) -> None:
    warehouse = worker_warehouse
    warehouse.empty()
    with change_feeds.declared(warehouse, BY_FILE), second_builder(warehouse) as other_builder:
        first = said("first", NOON, customer("c-1", country="DE"))
        again = said("first", NOON + 2 * HOUR, customer("c-1", country="FR"), customer("c-2"))
        warehouse.loader.land(first)
        warehouse.run_green(*RUN)

        def cut_in() -> None:
            warehouse.loader.land(replace(again, version="2"))
            other_builder.run("run", *TABLES)

        for during in ({Moment.amid("int_customers__checked"): cut_in}, {}):
            warehouse.run_green(*TABLES, during=during)
            assert warehouse.transformer.rows(CUSTOMERS) == [("c-1", "DE", False)]
            assert warehouse.transformer.rows(QUARANTINED) == [("c-1", STORED_AGAIN), ("c-2", STORED_AGAIN)]


@pytest.mark.parametrize("is_copy", [True, False], ids=["a copy", "other rows"])
def test_a_version_waits_where_another_run_has_looked_at_an_earlier_one_meanwhile(
    worker_warehouse: ModelWarehouse, is_copy: bool
) -> None:
    warehouse = worker_warehouse
    warehouse.empty()
    with change_feeds.declared(warehouse, BY_FILE), second_builder(warehouse) as other_builder:
        warehouse.run_green(*RUN)
        first = said("first", NOON, customer("c-1", country="DE"))
        country = "DE" if is_copy else "FR"
        again = said("first", NOON + 2 * HOUR, customer("c-1", country=country), *[customer("c-2")] * (not is_copy))
        warehouse.loader.land(said("between", NOON + HOUR, customer("c-1", country="IT")))
        warehouse.loader.land(replace(again, version="2"))

        def cut_in() -> None:
            warehouse.loader.land(first)
            other_builder.run("run", *TABLES)

        for during in ({Moment.amid("int_customers__checked"): cut_in}, {}):
            warehouse.run_green(*TABLES, during=during)
            assert warehouse.transformer.rows(CUSTOMERS) == [("c-1", "IT", False)]
        held = [] if is_copy else [("c-1", STORED_AGAIN), ("c-2", STORED_AGAIN)]
        assert warehouse.transformer.rows(QUARANTINED) == held


def test_an_earlier_version_that_another_run_has_only_checked_is_of_the_next_run(
    worker_warehouse: ModelWarehouse,
) -> None:
    warehouse = worker_warehouse
    warehouse.empty()
    with change_feeds.declared(warehouse, BY_FILE), second_builder(warehouse) as other_builder:
        warehouse.run_green(*RUN)
        first = said("first", NOON, customer("c-1", country="DE"))
        again = said("first", NOON + 2 * HOUR, customer("c-1", country="FR"), customer("c-2"))
        warehouse.loader.land(said("between", NOON + HOUR, customer("c-1", country="IT")))
        warehouse.loader.land(replace(again, version="2"))

        def cut_in() -> None:
            warehouse.loader.land(first)
            other_builder.run("run", "--select", "int_customers__checked")

        # Not in its range, hence unknown to it, as what has landed since it began always is.
        warehouse.run_green(*TABLES, during={Moment.amid("int_customers__checked"): cut_in})
        assert warehouse.transformer.rows(CUSTOMERS) == [("c-1", "FR", False), ("c-2", "DE", False)]
        assert warehouse.transformer.rows(QUARANTINED) == []

        assert "customers is built from the first row" in warehouse.run_green(*TABLES).messages
        assert warehouse.transformer.rows(CUSTOMERS) == [("c-1", "IT", False)]
        assert warehouse.transformer.rows(QUARANTINED) == [("c-1", STORED_AGAIN), ("c-2", STORED_AGAIN)]


def test_what_was_stored_again_stays_so_when_the_rows_of_the_first_have_left_landing(
    worker_warehouse: ModelWarehouse,
) -> None:
    warehouse = worker_warehouse
    warehouse.empty()
    warehouse.loader.may_remove("customers")
    with change_feeds.declared(warehouse, BY_FILE):
        first = said("first", NOON, customer("c-1", country="DE"))
        again = said("first", NOON + HOUR, customer("c-1", country="FR"))
        last = said("first", NOON + 2 * HOUR, customer("c-2"))
        warehouse.loader.land(first)
        warehouse.loader.land(replace(again, version="2"))
        warehouse.run_green(*RUN)
        warehouse.loader.remove(first)
        warehouse.run_green(*RUN)
        warehouse.loader.land(replace(last, version="3"))
        warehouse.run_green(*RUN)
        assert warehouse.transformer.rows(CUSTOMERS) == [("c-1", "DE", False)]
        assert warehouse.transformer.rows(QUARANTINED) == [("c-1", STORED_AGAIN), ("c-2", STORED_AGAIN)]


@contextmanager
def staging_where(warehouse: ModelWarehouse, condition: str) -> Iterator[None]:
    """Let the staging model of customers keep those rows alone that meet a condition."""
    assert warehouse.manifest is not None
    node = warehouse.manifest.nodes["model.landfall.stg_customers"]
    assert isinstance(node, ModelNode)
    known = node.raw_code
    source = "from {{ source('landing', 'customers') }}"
    node.raw_code = known.replace(source, f"{source} where {condition}")
    assert node.raw_code != known
    try:
        yield
    finally:
        node.raw_code = known
        warehouse.empty()
        warehouse.run_green("--select", "stg_customers")


@pytest.mark.parametrize("filtered", ["first", "again"])
def test_a_version_of_which_staging_keeps_no_row_has_no_place(worker_warehouse: ModelWarehouse, filtered: str) -> None:
    warehouse = worker_warehouse
    warehouse.empty()
    with change_feeds.declared(warehouse, BY_FILE), staging_where(warehouse, "customer_name <> 'a test'"):
        kept = {"first": "a test", "again": "a test"} | {"again" if filtered == "first" else "first": "real"}
        first = said("first", NOON, customer("c-1", country="DE", customer_name=kept["first"]))
        again = said("first", NOON + 2 * HOUR, customer("c-1", country="FR", customer_name=kept["again"]))
        warehouse.loader.land(first)
        warehouse.loader.land(said("second", NOON + HOUR, customer("c-1", country="IT")))
        for file in (None, replace(again, version="2")):
            if file:
                warehouse.loader.land(file)
            for refresh in ((), ("--full-refresh",)):
                warehouse.run_green(*refresh, *RUN)
                assert warehouse.transformer.rows(QUARANTINED) == []
        assert warehouse.transformer.rows(CUSTOMERS) == [("c-1", "FR" if filtered == "first" else "IT", False)]


def test_what_is_stored_after_a_restart_is_newer_whatever_its_sequence(worker_warehouse: ModelWarehouse) -> None:
    warehouse = worker_warehouse
    restarts = [f"{NOON + HOUR:%Y-%m-%d %H:%M:%S}", f"{NOON + 3 * HOUR:%Y-%m-%d %H:%M:%S}"]
    warehouse.empty()
    with change_feeds.declared(warehouse, replace(BY_SEQUENCE, changes={**BY_SEQUENCE.changes, "restarts": restarts})):
        for number, (hours, lsn, country, modeled) in enumerate(
            [
                (0, "100/0", "DE", "DE"),
                (1, None, "FR", "FR"),  # a reload
                (2, "0/9", "IT", "IT"),
                (0.5, "100/0", "ES", "IT"),  # late
                (3, "0/9", "PT", "PT"),
                (2.5, "100/0", "ES", "PT"),
            ]
        ):
            row = customer("c-1", op="U", lsn=lsn, country=country)
            warehouse.loader.land(customers_file(f"{number}", [row], NOON + hours * HOUR))
            warehouse.run_green(*RUN)
            assert warehouse.transformer.rows(CUSTOMERS) == [("c-1", modeled, False)]
        assert_as_built_anew(warehouse, TABLES, "customers")


def test_files_whose_changes_are_lost_by_their_sequence_are_told(worker_warehouse: ModelWarehouse) -> None:
    warehouse = worker_warehouse
    files: list[tuple[str, dict[str, str | None], list[str]]] = [
        ("1", {"c-1": "0/10", "c-2": "0/10"}, []),
        ("2-reload", {"c-1": None, "c-3": None}, ["c-1"]),
        ("3-restored", {"c-1": "0/9", "c-4": "0/9"}, ["c-1"]),
        ("4-beside", {"c-1": "0/A0", "c-2": "0/9"}, []),
        ("0-late", {"c-1": "0/9"}, []),
    ]
    warehouse.empty()
    with change_feeds.declared(warehouse, BY_SEQUENCE):
        warehouse.run_green("--select", "stg_customers")
        for name, lsns, told in files:
            rows = [customer(key, op="U", lsn=lsn) for key, lsn in lsns.items()]
            warehouse.loader.land(
                customers_file(name, rows, NOON + int(name[0]) * HOUR + 5 * HOUR * (name == "0-late"))
            )
            warehouse.run_green("--select", "int_customers__checked")
            assert fallen_back(warehouse) == told, name
            warehouse.run_green(*TABLES)


def test_a_lost_change_of_a_file_without_positions_is_told_once(worker_warehouse: ModelWarehouse) -> None:
    keys = ["c-1", "c-2", "c-3"]
    warehouse = worker_warehouse
    warehouse.empty()
    with change_feeds.declared(warehouse, BY_SEQUENCE):
        warehouse.run_green("--select", "stg_customers")
        for hour, offset in enumerate([4, 1]):
            rows = [customer(key, op="U", lsn=f"0/{offset + place}") for place, key in enumerate(keys)]
            warehouse.loader.land(customers_file(f"{hour}", rows, NOON + hour * HOUR))
            warehouse.loader.run("update landing.customers set _row_number = null")
            warehouse.run_green("--select", "int_customers__checked")
            assert sorted(fallen_back(warehouse)) == keys * hour
            warehouse.run_green(*TABLES)


def fallen_back(warehouse: ModelWarehouse) -> list[str]:
    """Return the keys that the gate shows, in the state from before the UPSERT."""
    assert warehouse.manifest is not None
    gate = "{{ test_sequence_falls_back(ref('int_customers__checked'), 'customers', ['customer_id']) }}"
    compiled = warehouse.dbt("compile", "--inline", gate).compiled
    (name,) = compiled
    for node_id in [each for each in warehouse.manifest.nodes if each.endswith(f".{name}")]:
        del warehouse.manifest.nodes[node_id]
    return [key for (key,) in warehouse.transformer.rows(f"select customer_id from ({compiled[name]}) as found")]  # noqa: S608 - ours


def said(name: str, stored_at: datetime, *rows: Row) -> SeedFile:
    """Return a file of changes without a sequence."""
    return customers_file(name, [{"lsn": None, "op": "U", **row} for row in rows], stored_at)
