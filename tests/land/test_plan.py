"""The planner: laws that hold for any files of a dataset."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_lambda import sqltypes, statements
from ingest_lambda.contracts import Contract, SchemaChange
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.events import FileVersion
from ingest_lambda.footer import Footer, Inspected
from ingest_lambda.plan import FREE_STATEMENTS, LoadPath, Plan, choose_path, plan_load
from ingest_lambda.schema import FileColumn
from ingest_lambda.sqltypes import SqlType, fits
from ingest_lambda.statements import Column
from ingest_lambda.verdict import Reason

TYPES = st.sampled_from(
    [sqltypes.SMALLINT, sqltypes.INTEGER, sqltypes.BIGINT, sqltypes.DOUBLE, sqltypes.VARCHAR, sqltypes.decimal(18, 2)]
)
NAMES = st.sampled_from([f"c{number}" for number in range(8)])
COLUMNS = st.dictionaries(NAMES, TYPES, min_size=1)
FREEZE = Contract(SchemaChange.FREEZE)


def file_of(columns: dict[str, SqlType], name: str = "a", obstacle: Reason | None = None) -> Inspected:
    file = FileVersion("b", f"raw/orders/{name}.parquet", "v")
    described = tuple(FileColumn(name, str(type_), type_, obstacle) for name, type_ in columns.items())
    return Inspected(file, Footer(described, 1), 100, "etag", datetime(2025, 11, 13, tzinfo=UTC))


def landing_after(plan: Plan) -> dict[str, SqlType]:
    return {column.name: column.type for column in (*plan.columns, *plan.new_columns)}


@given(st.lists(COLUMNS, max_size=6), st.none() | COLUMNS, st.sampled_from(SchemaChange))
def test_every_file_is_planned_or_rejected_and_every_column_finds_a_place_that_holds_it(
    files: list[dict[str, SqlType]], landing: dict[str, SqlType] | None, policy: SchemaChange
) -> None:
    inspected = [file_of(columns, str(number)) for number, columns in enumerate(files)]
    existing = None if landing is None else [Column(name, type_) for name, type_ in landing.items()]

    plan = plan_load("orders", inspected, existing, Contract(policy))

    ends = [file.inspected for file in plan.files] + [rejection.inspected for rejection in plan.rejections]
    assert sorted(end.file.key for end in ends) == sorted(file.file.key for file in inspected)
    after = landing_after(plan)
    assert landing is None or landing.items() <= after.items()
    for planned in plan.files:
        assert planned.stage_types == tuple(column.type for column in planned.inspected.footer.columns)
        for position, (staged, found) in enumerate(zip(planned.columns, planned.stage_types, strict=True), start=1):
            assert staged.position == position
            assert fits(found, after[staged.name])
            assert (staged.cast or found) == after[staged.name]
    if policy is SchemaChange.FREEZE:
        assert plan.new_columns == ()


@given(st.lists(COLUMNS, min_size=1, max_size=4))
def test_planned_again_after_it_was_done_a_plan_changes_nothing(files: list[dict[str, SqlType]]) -> None:
    inspected = [file_of(columns, str(number)) for number, columns in enumerate(files)]
    plan = plan_load("orders", inspected, None, Contract())
    done = [Column(name, type_) for name, type_ in landing_after(plan).items()]

    again = plan_load("orders", [file.inspected for file in plan.files], done, Contract())

    assert (again.rejections, again.new_columns, again.creates_table) == ((), (), False)
    assert again.files == plan.files


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 1_594), st.integers(1, 127), st.booleans())
def test_the_statements_of_any_planned_file_stay_within_the_limits(count: int, length: int, is_new: bool) -> None:
    columns = {f"{number:04d}{'x' * length}"[:127]: sqltypes.VARCHAR for number in range(count)}
    landing = None if is_new else [Column(name, sqltypes.VARCHAR) for name in columns]

    plan = plan_load("orders", [file_of(columns)], landing, Contract())

    if plan.rejections:
        assert plan.rejections[0].error.reason is Reason.TOO_MANY_COLUMNS
        return
    assert plan.fits_one_transaction
    [planned] = plan.files
    for statement in (
        statements.create_landing("orders", plan.new_columns),
        statements.create_stage("s" * 60, planned.stage_types),
        statements.insert_rows(
            "orders", "0" * 32, "f" * 60, statements.StagedFile("s" * 60, "0" * 64, planned.columns)
        ),
    ):
        assert statements.size_of(statement) <= statements.MAX_STATEMENT_BYTES


def test_a_column_that_copy_would_misread_keeps_the_file_from_being_read_as_it_is() -> None:
    fine = FileColumn("id", "int64", sqltypes.BIGINT)
    misread = FileColumn("at", "timestamp[ns]", sqltypes.TIMESTAMP, Reason.NANOSECOND_TIMESTAMPS)

    assert choose_path([fine]) is LoadPath.AS_IS
    with pytest.raises(RejectedFileError) as caught:
        choose_path([fine, misread])
    assert (caught.value.reason, caught.value.column) == (Reason.NANOSECOND_TIMESTAMPS, "at")
    assert caught.value.found == "timestamp[ns]"
    assert caught.value.expected


def test_a_rejected_file_brings_no_column() -> None:
    landing = [Column("id", sqltypes.BIGINT)]
    bad = file_of({"id": sqltypes.VARCHAR, "extra": sqltypes.BIGINT})

    plan = plan_load("orders", [bad], landing, Contract())

    assert (plan.files, plan.new_columns) == ((), ())
    assert plan.rejections[0].error.reason is Reason.INCOMPATIBLE_TYPE


def test_a_file_that_drops_out_takes_its_columns_with_it() -> None:
    landing = [Column("id", sqltypes.BIGINT)]
    kept, dropped = file_of({"id": sqltypes.BIGINT}, "1"), file_of({"new": sqltypes.BIGINT}, "2")

    plan = plan_load("orders", [kept, dropped], landing, Contract())

    assert plan.added_by(plan.files) == (Column("new", sqltypes.BIGINT),)
    assert plan.added_by(plan.files[:1]) == ()


def test_more_files_and_columns_than_a_transaction_takes_do_not_fit_one() -> None:
    landing = [Column("id", sqltypes.BIGINT)]
    many = [file_of({"id": sqltypes.BIGINT}, str(number)) for number in range(17)]
    wide = file_of({f"n{number}": sqltypes.BIGINT for number in range(FREE_STATEMENTS - 1)}, "wide")

    assert not plan_load("orders", many, landing, Contract()).fits_one_transaction
    assert plan_load("orders", many[:16], landing, Contract()).fits_one_transaction
    assert plan_load("orders", [wide], landing, Contract()).fits_one_transaction
    assert not plan_load("orders", [wide, many[0]], landing, Contract()).fits_one_transaction


def test_a_frozen_dataset_names_the_column_it_does_not_take() -> None:
    plan = plan_load("orders", [file_of({"extra": sqltypes.BIGINT})], [Column("id", sqltypes.BIGINT)], FREEZE)

    error = plan.rejections[0].error
    assert (error.reason, error.column) == (Reason.SCHEMA_FROZEN, "extra")
    evolving = replace(FREEZE, schema_change=SchemaChange.EVOLVE)
    assert plan_load("orders", [file_of({"extra": sqltypes.BIGINT})], [], evolving).rejections == ()
