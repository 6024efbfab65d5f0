"""The planner: laws that hold for any files of a dataset."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_lambda.errors import OverLimitError
from ingest_lambda.judge.contracts import Contract, SchemaChange
from ingest_lambda.judge.paths import Group, LoadPath, canonical, group_by_path
from ingest_lambda.judge.plan import Plan
from ingest_lambda.judge.planner import plan_load
from ingest_lambda.judge.statement_budget import FREE_STATEMENTS
from ingest_lambda.judge.table import Table
from ingest_lambda.judge.widening import Fit, fit
from ingest_lambda.read.schema import Obstacle
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse import ddl, sqltypes, statements
from ingest_lambda.warehouse.sqltypes import SqlType, fits
from ingest_lambda.warehouse.statements import Column
from tests.land.plans import file_of, group_of, landing_after

TYPES = st.sampled_from(
    [sqltypes.SMALLINT, sqltypes.INTEGER, sqltypes.BIGINT, sqltypes.DOUBLE, sqltypes.VARCHAR, sqltypes.decimal(18, 2)]
)
NAMES = st.sampled_from([f"c{number}" for number in range(8)])
FILE_COLUMNS = st.dictionaries(NAMES, st.none() | TYPES, min_size=1)
LANDING = st.dictionaries(NAMES, TYPES, min_size=1)
ID = Column("id", sqltypes.BIGINT)


def plan_of(
    group: Group,
    landing: dict[str, SqlType] | None,
    contract: Contract | None = None,
    *,
    may_widen: bool = True,
    is_empty: bool | None = False,
) -> Plan:
    existing = None if landing is None else tuple(Column(name, type_) for name, type_ in landing.items())
    table = Table(existing, may_change=may_widen, is_empty=is_empty)
    return plan_load("orders", group, table, contract or Contract())


@given(st.lists(FILE_COLUMNS, max_size=6), st.none() | LANDING, st.sampled_from(SchemaChange), st.booleans())
def test_every_file_is_planned_or_rejected_and_every_column_finds_a_place_that_holds_it(
    files: list[dict[str, SqlType | None]],
    landing: dict[str, SqlType] | None,
    policy: SchemaChange,
    may_widen: bool,
) -> None:
    inspected = [file_of(columns, str(number)) for number, columns in enumerate(files)]

    plan = plan_of(group_of(*inspected), landing, Contract(policy), may_widen=may_widen)

    ends = [file.inspected for file in plan.files] + [rejection.inspected for rejection in plan.rejections]
    assert sorted(end.file.key for end in ends) == sorted(file.file.key for file in inspected)
    after = landing_after(plan)
    for name, type_ in (landing or {}).items():
        assert fits(type_, after[name])
    for planned in plan.files:
        for name, found in zip(planned.names, planned.inspected.footer.columns, strict=True):
            assert found.type is None or fit(found.type, after[name]) is not Fit.NEVER
    brought = {name for planned in plan.files for name in planned.names}
    with_values = {name for planned in plan.files for name in planned.names if name not in planned.empty}
    assert {column.name for column in plan.columns} == with_values
    assert {column.name for column in plan.new_columns} == brought - set(landing or {})
    if policy is SchemaChange.FREEZE:
        assert (plan.new_columns, plan.widenings) == ((), ())
    if not may_widen and landing is not None:
        assert plan.widenings == ()


@given(st.lists(FILE_COLUMNS, min_size=1, max_size=4), st.none() | LANDING)
def test_planned_again_after_it_was_done_a_plan_changes_nothing(
    files: list[dict[str, SqlType | None]], landing: dict[str, SqlType] | None
) -> None:
    plan = plan_of(group_of(*(file_of(columns, str(number)) for number, columns in enumerate(files))), landing)

    again = plan_of(group_of(*(file.inspected for file in plan.files)), landing_after(plan))

    assert (again.rejections, again.new_columns, again.widenings, again.creates_table) == ((), (), (), False)
    assert again.files == plan.files


@given(st.lists(FILE_COLUMNS, min_size=1, max_size=4), LANDING)
def test_a_stage_has_a_type_and_a_place_for_every_column_on_both_paths(
    files: list[dict[str, SqlType | None]], landing: dict[str, SqlType]
) -> None:
    inspected = [file_of(columns, str(number)) for number, columns in enumerate(files)]
    plans = [plan_of(group_of(*inspected), landing)]
    plans += [
        plan_of(group_of(file, path=LoadPath.AS_IS), landing)
        for file in inspected
        if not any(column.is_void for column in file.footer.columns)
    ]
    for plan in plans:
        if plan.files:
            assert len(plan.stage("s").types) == len(plan.targets())
            assert {target.column for target in plan.targets()} == {column.name for column in plan.columns}
            assert plan.stage("s").numbered is (plan.path is LoadPath.CANONICAL)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 1_594), st.integers(1, 127), st.booleans(), st.sampled_from(LoadPath))
def test_the_statements_of_any_planned_file_stay_within_the_limits(
    count: int, length: int, is_new: bool, path: LoadPath
) -> None:
    columns = {f"{number:04d}{'x' * length}"[:127]: sqltypes.VARCHAR for number in range(count)}

    plan = plan_of(group_of(file_of(dict(columns)), path=path), None if is_new else dict(columns))

    if plan.rejections:
        assert plan.rejections[0].error.reason is Reason.TOO_MANY_COLUMNS
        return
    assert plan.fits_one_transaction
    stage = plan.stage("s" * 60)
    for statement in (
        ddl.create_landing("orders", plan.new_columns),
        statements.create_stage(stage),
        statements.insert_rows("orders", "0" * 32, stage, "f" * 60, plan.targets()),
        *ddl.check_types("orders", plan.relied_on),
    ):
        assert statements.size_of(statement) <= statements.MAX_STATEMENT_BYTES


def test_a_rejected_file_brings_no_column() -> None:
    bad = file_of({"extra": sqltypes.BIGINT, "id": sqltypes.VARCHAR})

    plan = plan_of(group_of(bad), {"id": sqltypes.BIGINT})

    assert (plan.files, plan.new_columns) == ((), ())
    assert plan.rejections[0].error.reason is Reason.INCOMPATIBLE_TYPE


def test_many_files_that_each_bring_a_few_new_columns_do_not_fit_one_transaction_but_are_not_rejected() -> None:
    brought = [file_of({f"n{file}_{number}": sqltypes.BIGINT for number in range(20)}, str(file)) for file in range(2)]

    both = plan_of(group_of(*brought), {"id": sqltypes.BIGINT})

    assert (both.rejections, both.fits_one_transaction) == ((), False)
    assert all(plan_of(half, {"id": sqltypes.BIGINT}).fits_one_transaction for half in group_of(*brought).halves())


def test_one_file_that_brings_more_new_columns_than_a_transaction_takes_is_rejected() -> None:
    most = {f"n{number}": sqltypes.BIGINT for number in range(FREE_STATEMENTS)}

    assert plan_of(group_of(file_of(dict(most))), {"id": sqltypes.BIGINT}).rejections == ()
    plan = plan_of(group_of(file_of({**most, "one_more": sqltypes.BIGINT})), {"id": sqltypes.BIGINT})
    assert plan.rejections[0].error.reason is Reason.TOO_MANY_NEW_COLUMNS
    assert plan_of(group_of(file_of({**most, "one_more": sqltypes.BIGINT})), None).rejections == ()


def test_a_load_that_brings_removed_rows_back_has_a_statement_less_for_new_columns_and_its_verdict_says_so() -> None:
    most: dict[str, SqlType | None] = {f"n{number}": sqltypes.BIGINT for number in range(FREE_STATEMENTS)}
    table = Table((ID,), may_change=True, is_empty=False)

    plan = plan_load("orders", group_of(file_of(most)), table, Contract(), restores=True)

    [rejection] = plan.rejections
    assert rejection.error.reason is Reason.TOO_MANY_NEW_COLUMNS
    assert f"at most {FREE_STATEMENTS - 1} new columns" in (rejection.error.expected or "")
    fewer = {name: type_ for name, type_ in most.items() if name != "n0"}
    fits = plan_load("orders", group_of(file_of(fewer)), table, Contract(), restores=True)
    assert (fits.rejections, fits.fits_one_transaction) == ((), True)


def test_an_empty_table_gets_what_is_too_many_for_a_transaction_ahead_of_it() -> None:
    group = group_of(file_of({f"n{number}": sqltypes.BIGINT for number in range(FREE_STATEMENTS + 1)}))

    unknown, empty = (plan_of(group, {}, is_empty=is_empty) for is_empty in (None, True))

    assert (unknown.is_crowded, unknown.ahead, unknown.rejections) == (True, (), ())  # who has counted plans again
    assert (empty.fits_one_transaction, empty.rejections) == (True, ())
    assert empty.ahead == empty.new_columns == empty.relied_on
    few = plan_of(group_of(file_of({"n": sqltypes.BIGINT})), {}, is_empty=True)
    assert (few.ahead, len(few.new_columns)) == ((), 1)


def test_a_table_that_would_get_too_many_columns_takes_none_of_the_file() -> None:
    landing = {f"c{number}": sqltypes.BIGINT for number in range(1_594)}

    plan = plan_of(group_of(file_of({"one_more": sqltypes.BIGINT})), dict(landing))

    assert plan.rejections[0].error.reason is Reason.TOO_MANY_COLUMNS
    assert len(plan.after) == 1_594


def test_a_batch_is_planned_load_after_load_each_on_what_the_one_before_leaves() -> None:
    large = 64 * 1024**2
    files = [
        file_of({"id": sqltypes.BIGINT, "note": sqltypes.VARCHAR}, "large", size=large),
        file_of({"id": sqltypes.BIGINT}, "1"),
        file_of({"note": sqltypes.VARCHAR}, "2"),
    ]

    first, second = group_by_path(files)
    as_is = plan_of(first, {"id": sqltypes.BIGINT})
    rewritten = plan_of(second, landing_after(as_is))

    assert (as_is.path, rewritten.path) == (LoadPath.AS_IS, LoadPath.CANONICAL)
    assert [column.name for column in as_is.new_columns] == ["note"]
    assert rewritten.new_columns == ()
    assert [file.why for file in rewritten.files] == ["one of 2 small files"] * 2


@pytest.mark.parametrize("is_sensitive", [False, True])
def test_of_a_file_that_nothing_can_read_both_reasons_are_told_but_no_value_of_a_sensitive_dataset(
    is_sensitive: bool,
) -> None:
    file = replace(file_of({"id": sqltypes.BIGINT}), over_limit=OverLimitError("it takes too much memory"))

    plan = plan_of(canonical(file, "COPY could not read it: bad 'Smith'"), None, Contract(sensitive=is_sensitive))

    said = "(withheld)" if is_sensitive else "bad 'Smith'"
    assert plan.rejections[0].error.detail == f"it takes too much memory; and COPY could not read it: {said}"
    assert plan.rejections[0].error.reason is Reason.CRASHES_READER


def test_the_paths_of_one_file_say_why() -> None:
    fine, misread = file_of({"id": sqltypes.BIGINT}), file_of({"at": sqltypes.TIMESTAMP}, obstacle=Obstacle.NESTED)

    alone, rewritten = (plan_of(group, None) for file in (fine, misread) for group in group_by_path([file]))

    assert (alone.path, alone.files[0].why) == (LoadPath.AS_IS, "a single file that COPY reads right")
    assert rewritten.path is LoadPath.CANONICAL
    assert rewritten.files[0].why == "COPY cannot read column at: nested values"
