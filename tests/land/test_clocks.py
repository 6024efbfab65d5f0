"""Instants and wall clocks never share a column unsaid: whatever the order of files, loads, undos and replays."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest_lambda.clock import Clock
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract, parse_contract
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.reasons import Reason
from ingest_lambda.table_format import OwnedFolder, TableFormat
from ingest_lambda.warehouse import clocks
from ingest_lambda.warehouse.owned_folders import as_planned
from ingest_lambda.warehouse.statements import MAX_STATEMENT_BYTES, advance_counter, insert_ledger, size_of
from landfall.operate.undos import undo
from scripts.contracts import from_document
from tests.land.test_batches import RecordingDataApi
from tests.land.test_partitions import old_dataset
from tests.land.warehouse import Function, Land, new_dataset

MOMENT = datetime(2026, 3, 1, 12)
TYPES = {Clock.WALL: pa.timestamp("us"), Clock.INSTANT: pa.timestamp("us", "UTC")}
OTHER = {Clock.WALL: Clock.INSTANT, Clock.INSTANT: Clock.WALL}
DECLARED = parse_contract({"wall_clocks": {"At": "UTC"}})
FILES = Path(__file__).with_name("files")


def table_of(clock: Clock, *ids: int, at: datetime | None = MOMENT) -> pa.Table:
    return pa.table({"id": list(ids or [1]), "at": pa.array([at] * len(ids or [1]), TYPES[clock])})


@pytest.fixture(params=["as_is", "canonical"])
def receive(land: Land, request: pytest.FixtureRequest) -> Callable[..., FileOutcome]:
    """Let a function load a file of a dataset, alone or together with another that is alike."""
    numbers = itertools.count()

    def receive(dataset: str, table: pa.Table, function: Function | None = None, **options: Any) -> FileOutcome:
        copies = 1 if request.param == "as_is" else 2
        files = [land.put(f"raw/{dataset}/{next(numbers)}.parquet", table, **options) for _ in range(copies)]
        outcomes = (function or land.function()).receive(*files)
        assert len({(outcome.status, outcome.reason) for outcome in outcomes}) == 1, outcomes
        return outcomes[0]

    return receive


Receive = Callable[..., FileOutcome]


@pytest.mark.parametrize("policy", ["evolve", "freeze"])
@pytest.mark.parametrize("first", list(Clock))
def test_a_file_of_the_other_kind_is_rejected_and_says_why(
    land: Land, receive: Receive, first: Clock, policy: str
) -> None:
    dataset = new_dataset()
    columns = [{"name": "id", "data_type": "bigint"}, {"name": "at", "data_type": "timestamp"}]
    land.contracts[dataset] = parse_contract({"schema_change": policy, "columns": columns})
    assert receive(dataset, table_of(first)).status is Status.LANDED

    outcome = receive(dataset, table_of(OTHER[first]))

    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.CLOCK_MISMATCH)
    verdict = outcome.verdict
    assert verdict is not None
    assert verdict.column == "at"
    assert (verdict.found or "").startswith(OTHER[first].value)
    assert (verdict.expected or "").startswith(first.value)
    assert f"raw/{dataset}/" in (verdict.expected or "")
    assert "wall_clocks: {at: UTC}" in verdict.remedy
    assert receive(dataset, table_of(first)).status is Status.LANDED


def test_the_people_who_are_told_read_file_column_both_meanings_and_the_remedy(
    land: Land, alerts: Callable[[], list[dict[str, Any]]]
) -> None:
    dataset = new_dataset()
    function = land.function()
    function.receive(land.put(f"raw/{dataset}/old.parquet", table_of(Clock.WALL)))

    function.receive(land.put(f"raw/{dataset}/new.parquet", table_of(Clock.INSTANT)))

    [alert] = [each for each in alerts() if "Message" in each and "new.parquet" in each["Message"]]
    for word in ("clock_mismatch", "wall clocks", "instants", f"raw/{dataset}/old.parquet", "wall_clocks: {at: UTC}"):
        assert word in alert["Message"], alert["Message"]


def test_spark_s_int96_is_of_instants_and_that_of_others_of_wall_clocks(land: Land) -> None:
    spark = (FILES / "spark_legacy_int96.parquet").read_bytes()
    naive = pa.table({"id": pa.array([1], pa.int32()), "at": pa.array([MOMENT], pa.timestamp("us"))})
    instants = naive.cast(pa.schema([("id", pa.int32()), ("at", pa.timestamp("us", "UTC"))]))
    ends = []
    for before, after, options in [
        (spark, instants, {}),
        (spark, naive, {}),
        (naive, naive, {"use_deprecated_int96_timestamps": True}),
        (naive, naive, {"use_deprecated_int96_timestamps": True, "store_schema": False}),
        (instants, instants, {"use_deprecated_int96_timestamps": True}),
        (naive, spark, {}),
    ]:
        dataset = new_dataset()
        first = land.put(f"raw/{dataset}/0.parquet", before)
        second = land.put(f"raw/{dataset}/1.parquet", after, **options)
        ends.append([land.function().receive(file)[0].reason for file in (first, second)])

    refused = [None, Reason.CLOCK_MISMATCH]
    assert ends == [[None] * 2, refused, [None] * 2, [None] * 2, [None] * 2, refused]


def test_where_the_wall_clocks_are_declared_to_be_in_utc_both_land_without_a_word(
    land: Land, receive: Receive, alerts: Callable[[], list[dict[str, Any]]]
) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = DECLARED

    for clock in (Clock.WALL, Clock.INSTANT, Clock.WALL):
        outcome = receive(dataset, table_of(clock))
        assert (outcome.status, outcome.schema_changes) == (Status.LANDED, ())

    assert {str(row["at"]) for row in land.rows(f"select at from landing.{dataset}")} == {"2026-03-01 12:00:00"}
    assert not [each for each in alerts() if "wall" in str(each)]
    del land.contracts[dataset]  # what stands has both by now, so that nothing is new
    assert [receive(dataset, table_of(clock)).status for clock in Clock] == [Status.LANDED] * 2


def test_a_mixed_column_is_mixed_no_more_once_one_kind_was_undone(land: Land) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = DECLARED
    files = {clock: land.put(f"raw/{dataset}/{clock[0]}.parquet", table_of(clock)) for clock in Clock}
    land.function().receive(*files.values())
    del land.contracts[dataset]
    warm = land.function()
    more = [land.put(f"raw/{dataset}/more_{n}.parquet", table_of(Clock.WALL, n)) for n in range(2)]
    assert warm.receive(more[0])[0].status is Status.LANDED  # it knows that the column is mixed
    for file in (files[Clock.WALL], more[0]):
        undo(land.warehouse, land.bucket, file.key)

    assert warm.receive(more[1])[0].reason is Reason.CLOCK_MISMATCH


def test_of_one_batch_the_first_kind_lands_and_the_other_is_rejected(land: Land) -> None:
    dataset = new_dataset()
    tables = [table_of(Clock.WALL if n % 2 else Clock.INSTANT, n) for n in range(6)]
    files = [land.put(f"raw/{dataset}/{n}.parquet", table) for n, table in enumerate(tables)]

    outcomes = land.function().receive(*files)

    assert [outcome.reason for outcome in outcomes] == [None, Reason.CLOCK_MISMATCH] * 3
    assert [row["id"] for row in land.rows(f"select id from landing.{dataset} order by id")] == [0, 2, 4]


def test_a_file_that_did_not_land_decides_nothing(land: Land) -> None:
    dataset = new_dataset()
    bad = pa.table({"id": [1], "at": pa.array([MOMENT], TYPES[Clock.INSTANT]), "name": ["a\0"]})
    files = [land.put(f"raw/{dataset}/bad.parquet", bad), land.put(f"raw/{dataset}/x.parquet", table_of(Clock.WALL))]

    outcomes = land.function().receive(*files)

    assert [outcome.reason for outcome in outcomes] == [Reason.INVALID_TEXT, None]


def test_once_the_files_of_one_kind_are_undone_those_of_the_other_land(land: Land) -> None:
    dataset = new_dataset()
    old = land.put(f"raw/{dataset}/old.parquet", table_of(Clock.WALL, 1))
    new = land.put(f"raw/{dataset}/new.parquet", table_of(Clock.INSTANT, 2))
    warm = land.function()
    assert [warm.receive(file)[0].reason for file in (old, new)] == [None, Reason.CLOCK_MISMATCH]
    undo(land.warehouse, land.bucket, old.key)

    assert warm.receive(new)[0].status is Status.LANDED
    again = warm.receive(old)[0]  # an event that comes again is no file that does
    assert (again.status, again.reason) == (Status.DUPLICATE, "undone")
    cold = land.function().receive(old)[0]
    assert (cold.status, cold.reason) == (Status.DUPLICATE, "undone")
    assert [row["id"] for row in land.rows(f"select id from landing.{dataset}")] == [2]


def test_a_warm_function_hears_of_what_another_has_landed_since(land: Land) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = Contract()
    warm = land.function()
    empty = land.put(f"raw/{dataset}/0.parquet", pa.table({"id": [1]}))
    assert warm.receive(empty)[0].status is Status.LANDED
    land.function().receive(land.put(f"raw/{dataset}/1.parquet", table_of(Clock.WALL)))

    outcome = warm.receive(land.put(f"raw/{dataset}/2.parquet", table_of(Clock.INSTANT)))[0]

    assert outcome.reason is Reason.CLOCK_MISMATCH


@pytest.mark.parametrize("first", list(Clock))
def test_a_column_without_a_value_says_nothing(land: Land, receive: Receive, first: Clock) -> None:
    dataset = new_dataset()
    nothing, none = table_of(OTHER[first], at=None), table_of(OTHER[first]).slice(0, 0)

    for table in (nothing, none, table_of(first), nothing, none, table_of(first)):
        assert receive(dataset, table).status is Status.LANDED
    for options in ({"write_statistics": False}, {}):
        assert receive(dataset, nothing, **options).status is Status.LANDED


@pytest.mark.parametrize("first", list(Clock))
def test_a_first_file_of_nulls_that_does_not_say_so_decides_nothing(land: Land, receive: Receive, first: Clock) -> None:
    dataset = old_dataset(land, "id bigint, at timestamp")  # whose type the column has already: nothing else asks
    nothing = table_of(OTHER[first], at=None)
    for table, options in [(nothing, {"write_statistics": False}), (table_of(first), {}), (table_of(first), {})]:
        assert receive(dataset, table, **options).status is Status.LANDED
    assert receive(dataset, table_of(OTHER[first])).reason is Reason.CLOCK_MISMATCH


def test_an_older_dataset_goes_on_and_remembers_from_then_on(land: Land, receive: Receive) -> None:
    dataset = old_dataset(land, "id bigint, at timestamp")
    warm = land.function()
    assert receive(dataset, pa.table({"id": [1]}), warm).status is Status.LANDED
    rows = f"select column_name from svv_columns where table_schema = 'ledger' and table_name = '{dataset}'"
    assert "timestamp_kinds" not in {row["column_name"] for row in land.rows(rows)}

    assert receive(dataset, table_of(Clock.WALL), warm).status is Status.LANDED
    assert receive(dataset, pa.table({"id": [1]})).status is Status.LANDED

    assert "timestamp_kinds" in {row["column_name"] for row in land.rows(rows)}
    for function in (warm, land.function()):
        assert receive(dataset, table_of(Clock.INSTANT), function).reason is Reason.CLOCK_MISMATCH


def test_a_load_of_timestamps_has_no_statement_more_than_any(land: Land) -> None:
    sent = []
    for table in (pa.table({"id": [1], "at": ["x"]}), table_of(Clock.WALL)):
        dataset = new_dataset()
        api = RecordingDataApi(land.client("redshift-data"))
        for function in (land.function(), land.function(api)):  # the second is cold, and finds the tables
            assert function.receive(land.put(f"raw/{dataset}/a.parquet", table))[0].status is Status.LANDED
        sent.append(len(api.sent))

    assert sent[0] == sent[1]


def test_as_many_columns_as_a_table_holds_may_be_timestamps_whatever_they_are_called(land: Land) -> None:
    names = [f"At {n}" if n % 2 else f"a_name_of_no_few_letters_{n}" for n in range(1_000)]
    dataset, types = new_dataset(), [TYPES[Clock.WALL], TYPES[Clock.INSTANT]]
    for kinds, reason in [(types, None), (types, None), (types[::-1], Reason.CLOCK_MISMATCH)]:
        columns = {name: pa.array([MOMENT], kinds[n % 2]) for n, name in enumerate(names)}
        file = land.put(f"raw/{dataset}/{reason}_{len(kinds)}.parquet", pa.table(columns))
        assert land.function().receive(file)[0].reason == reason


@pytest.mark.parametrize("mixed", [0, 300, 1_000, 1_594])
def test_what_a_load_of_timestamps_is_held_against_fits_its_statements(mixed: int) -> None:
    dataset, names = "d" * 100, [f"n{'x' * 19}{n:04}" for n in range(1_594)]
    brought = {name: frozenset({Clock.WALL}) for name in names}

    folders = [OwnedFolder(dataset, "b", f"raw/{dataset}/{n}/", TableFormat.DELTA, "log") for n in range(1_000)]

    held, also_held = clocks.shared_out(clocks.as_planned(dataset, brought, set(names[:mixed])))

    for statement in (
        insert_ledger(dataset, "0" * 64, "0" * 64, [as_planned(dataset, folders), *held], records_paths=True),
        advance_counter(dataset, also_held),
    ):
        assert size_of(statement) <= MAX_STATEMENT_BYTES
    asked = " ".join([*held, *also_held])
    assert all(f"' i:{name} '" in asked for name in names)
    assert sum(asked.count(f"' w:{name} '") for name in names) == mixed


def test_hundreds_of_mixed_columns_of_many_land_and_are_mixed_no_more_once_one_kind_was_undone(land: Land) -> None:
    dataset, number = new_dataset(), 1_000
    names = [f"a_name_of_no_few_let{n:04}" for n in range(number)]

    def put(name: str, mixed: Clock) -> FileVersion:
        kinds = [TYPES[mixed if n < 500 else Clock.WALL] for n in range(number)]
        table = pa.table({name: pa.array([MOMENT], kind) for name, kind in zip(names, kinds, strict=True)})
        return land.put(f"raw/{dataset}/{name}.parquet", table)

    land.contracts[dataset] = parse_contract({"wall_clocks": dict.fromkeys(names[:500], "UTC")})
    wall, instant = put("wall", Clock.WALL), put("instant", Clock.INSTANT)
    assert [land.function().receive(file)[0].status for file in (wall, instant)] == [Status.LANDED] * 2
    del land.contracts[dataset]
    warm = land.function()

    [outcome] = warm.receive(put("more", Clock.INSTANT))

    assert outcome.status is Status.LANDED, outcome
    undo(land.warehouse, land.bucket, wall.key)
    assert warm.receive(put("late", Clock.WALL))[0].reason is Reason.CLOCK_MISMATCH


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["load", "load", "load", "again", "undo", "warm"]), st.integers(1, 3), st.integers(0, 99)
    ),
    min_size=3,
    max_size=8,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS, st.permutations([Clock.WALL, Clock.INSTANT] * 4))
def test_whatever_comes_in_whatever_order_no_column_has_both_and_a_declaration_lands_all(
    land: Land, events: list[tuple[str, int, int]], kinds: Sequence[Clock]
) -> None:
    dataset = new_dataset()
    files = [land.put(f"raw/{dataset}/{n}.parquet", table_of(clock, n)) for n, clock in enumerate(kinds)]
    kind_of = {file.file_id: clock for file, clock in zip(files, kinds, strict=True)}
    waiting, seen, undone, rejected = list(files), list[FileVersion](), set[str](), set[str]()
    function = land.function()

    def standing() -> dict[str, Clock]:
        if not land.count(f"ledger.{dataset}"):
            return {}
        found = land.rows(f"select file_id from ledger.{dataset} where undone_at is null")
        return {row["file_id"]: kind_of[row["file_id"]] for row in found}

    def arrive(batch: Sequence[FileVersion]) -> None:
        before = standing()
        known = {row["file_id"] for row in land.rows(f"select file_id from ledger.{dataset}")} if before else undone
        for outcome in function.receive(*batch):
            file_id = outcome.file.file_id
            if outcome.status is Status.REJECTED:
                assert outcome.reason is Reason.CLOCK_MISMATCH
                assert file_id not in known
                expected = str(outcome.verdict and outcome.verdict.expected)
                [named] = [file.file_id for file in files if file.key in expected]
                assert standing()[named] is not kind_of[file_id]
                rejected.add(file_id)
            else:
                assert outcome.status in (Status.LANDED, Status.DUPLICATE), outcome
                rejected.discard(file_id)
        assert len(set(standing().values())) <= 1

    for what, number, pick in events:
        if what == "load" and waiting:
            batch, waiting = waiting[:number], waiting[number:]
            seen += batch
            arrive(batch)
        elif what == "again" and seen:
            arrive([seen[pick % len(seen)]])
        elif what == "undo" and standing():
            file_id = sorted(standing())[pick % len(standing())]
            undo(land.warehouse, land.bucket, next(file.key for file in files if file.file_id == file_id))
            undone.add(file_id)
        elif what == "warm":
            function = land.function()
    land.contracts[dataset] = DECLARED
    function = land.function()
    outcomes = function.receive(*waiting, *(file for file in seen if file.file_id in rejected))

    assert {outcome.status for outcome in outcomes} <= {Status.LANDED}
    assert set(standing()) == {file.file_id for file in files} - undone


def test_what_cannot_be_declared_is_told() -> None:
    def contract(zones: Any, policy: str = "freeze") -> Any:
        columns = [{"name": "At", "data_type": "timestamp"}]
        meta = {"wall_clocks": zones, "schema_change": policy}
        table = {"name": "orders", "config": {"meta": meta}, "columns": columns}
        return from_document({"sources": [{"name": "landing", "tables": [table]}]})["orders"]

    assert parse_contract(contract({"at": "UTC"})).utc_wall_clocks == {"at"}
    evolved = contract({"shipped_at": "UTC"}, "evolve")  # a file has brought it, and the declaration is its remedy
    assert parse_contract(evolved).utc_wall_clocks == {"shipped_at"}
    for zones, why in [
        ({"at": "Europe/Berlin"}, "orders: the wall clocks of at are in 'Europe/Berlin', and landing converts none"),
        (["at"], "orders: wall_clocks are"),
        ({}, "orders: wall_clocks are"),
        ({"other": "UTC"}, "orders: wall_clocks have 'other', which is no column with a data_type"),
    ]:
        with pytest.raises(ValueError, match=why):
            contract(zones)
