"""MODEL: what a run decides to build, from what the warehouse says and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transform_lambda.changes import Changes
from transform_lambda.facts import DatasetFacts, ModelLoad, UndoneFile
from transform_lambda.plan import decide, owed

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
UP_TO_DATE = DatasetFacts("orders", 7, loads=(ModelLoad("modeled.orders", 7),), looked_at=NOON)


def numbered(undone_seq: int, read_upto: int, *, looked_upto: int | None = None) -> DatasetFacts:
    """Return those of a file that undo number `undone_seq` took out, long before the run that read it by the clock."""
    file = UndoneFile(5, NOON - HOUR, "modeled.orders", NOON, undone_seq, read_upto)
    return replace(UP_TO_DATE, undone=(file,), looked_upto=looked_upto)


def undone(at: datetime, read_at: datetime | None) -> DatasetFacts:
    """Return the facts of an up-to-date data set with one file undone that was last read into a model at `read_at`."""
    model = "modeled.orders" if read_at else None
    return replace(UP_TO_DATE, undone=(UndoneFile(5, at, model, read_at),))


def test_what_is_up_to_date_is_not_built() -> None:
    plan = decide([UP_TO_DATE], project_changed=False)
    assert plan.to_json(100, [])["build"] is False
    assert plan.datasets == plan.reasons == ()


def test_a_data_set_that_never_landed_is_not_built() -> None:
    assert decide([DatasetFacts("orders")], project_changed=False).to_json(100, [])["build"] is False


def test_a_data_set_that_no_model_has_taken_in_is_built_as_soon_as_it_has_landed() -> None:
    assert decide([DatasetFacts("orders", 1)], project_changed=False).datasets == ("orders",)


def test_only_what_lies_downstream_of_new_files_is_built() -> None:
    plan = decide([UP_TO_DATE, DatasetFacts("items", 3)], project_changed=False)
    assert plan.select == ["source:landing.items+"]
    assert not plan.full_refresh


def test_the_model_that_lags_behind_decides() -> None:
    loads = (ModelLoad("modeled.orders", 7), ModelLoad("modeled.customers", 6))
    assert decide([replace(UP_TO_DATE, loads=loads)], project_changed=False).datasets == ("orders",)


def test_an_undone_file_that_a_model_holds_asks_for_a_full_refresh() -> None:
    plan = decide([undone(NOON + HOUR, read_at=NOON)], project_changed=False)
    assert plan.rebuilt == ("orders",)
    assert plan.select == ["source:landing.orders+"]
    assert "undone" in plan.reasons[0]


def test_a_run_that_read_the_load_after_the_undo_settles_it() -> None:
    assert decide([undone(NOON - HOUR, read_at=NOON)], project_changed=False).to_json(100, [])["build"] is False


def test_a_run_that_may_have_read_the_file_before_its_undo_was_committed_does_not_settle_it() -> None:
    assert decide([undone(NOON - timedelta(seconds=1), read_at=NOON)], project_changed=False).rebuilt


def test_what_a_run_knew_of_an_undo_is_told_by_numbers_and_by_no_clock() -> None:
    """An undo may wait for the mutex or its commit as long as it likes: its number comes from behind the mutex."""
    assert decide([numbered(8, read_upto=7, looked_upto=9)], project_changed=False).rebuilt == ("orders",)
    assert decide([numbered(8, read_upto=8, looked_upto=8)], project_changed=False).is_empty
    later = replace(numbered(8, read_upto=8, looked_upto=8), looked_at=NOON - 2 * HOUR)
    assert decide([later], project_changed=False).is_empty


def test_a_file_of_a_stopped_batch_whose_undo_no_run_has_seen_needs_a_run() -> None:
    file = UndoneFile(5, NOON - HOUR, undone_seq=8)
    facts = [replace(UP_TO_DATE, undone=(file,), looked_upto=upto) for upto in (7, 8)]
    assert [decide([each], project_changed=False).datasets for each in facts] == [("orders",), ()]


def test_a_file_undone_before_any_model_took_it_in_needs_a_run_but_no_refresh() -> None:
    plan = decide([undone(NOON + HOUR, read_at=None)], project_changed=False)
    assert plan.datasets == ("orders",)
    assert not plan.rebuilt


def test_only_what_was_undone_is_built_from_the_first_row() -> None:
    facts = [replace(undone(NOON + HOUR, read_at=NOON), landed_rows=90), DatasetFacts("items", 3, 1_000, new_rows=5)]
    plan = decide(facts, project_changed=False)
    assert (plan.datasets, plan.rebuilt, plan.full_refresh, plan.rows) == (("items", "orders"), ("orders",), False, 95)
    asked = decide(facts, project_changed=False, full_refresh=True)
    assert (asked.rebuilt, asked.full_refresh, asked.rows) == ((), True, 1_090)


def test_what_reads_landed_rows_each_time_is_told_where_some_were_removed() -> None:
    beside = {"orders": ["mart"], "items": []}
    facts = [replace(UP_TO_DATE, gap=3), DatasetFacts("items", gap=2)]
    [told] = decide(facts, project_changed=False, beside=beside).to_json(100, [])["blocked"]
    assert (told["gate"], told["failures"]) == ("mart lacks landed rows: rows were removed from landing", 3)
    assert told["remedy"][0] == "landfall backfill raw/ --dataset orders --removed"
    assert decide([UP_TO_DATE], project_changed=False, beside=beside).blocked == ()


def test_what_is_owed_stays_owed_where_a_gap_keeps_it_from_being_built() -> None:
    facts = [replace(undone(NOON + HOUR, read_at=NOON), gap=1)]
    plan = decide(facts, project_changed=False)
    assert (plan.rebuilt, [each.what for each in plan.blocked]) == ((), ["rebuild of orders"])
    assert list(owed(facts)) == ["orders"]


def test_what_is_checked_otherwise_is_told_to_stay_as_it_was_unless_it_is_made_anew() -> None:
    changes = Changes(frozenset({"items", "orders"}), unapplied=frozenset({"orders"}))
    facts = [UP_TO_DATE, DatasetFacts("items", 1)]
    plan = decide(facts, project_changed=True, changes=changes)
    assert plan.reasons[:2] == (
        "items: its models have changed",
        "orders: its models have changed; what is modeled stays as it was, what waits as it was staged: "
        "landfall transform --full-refresh makes both anew",
    )
    anew = decide(facts, project_changed=True, changes=changes, full_refresh=True)
    undone_too = decide([undone(NOON + HOUR, read_at=NOON)], project_changed=True, changes=changes)
    for plan in (anew, undone_too):
        assert "orders: its models have changed" in plan.reasons


def test_what_all_models_are_made_by_is_told_to_leave_what_is_modeled_as_it_was() -> None:
    note = "what waits as it was staged: landfall transform --full-refresh makes both anew"
    assert decide([UP_TO_DATE], project_changed=True, is_remade=True).reasons[0].endswith(note)
    assert note not in decide([UP_TO_DATE], project_changed=True, is_remade=True, full_refresh=True).reasons[-1]
    assert note not in decide([DatasetFacts("orders", 1)], project_changed=True, is_remade=True).reasons[0]


def test_who_builds_everything_though_no_row_means_something_else_advises_no_full_refresh() -> None:
    [reason] = decide([UP_TO_DATE], project_changed=True).reasons
    assert reason == "the dbt project is new or has changed, or its last build broke"


def test_that_run_is_made_once() -> None:
    facts = replace(undone(NOON + HOUR, read_at=None), looked_at=NOON + 2 * HOUR)
    assert decide([facts], project_changed=False).to_json(100, [])["build"] is False


@pytest.mark.parametrize(("project_changed", "full_refresh"), [(True, False), (False, True)])
def test_a_changed_project_or_a_request_builds_everything(project_changed: bool, full_refresh: bool) -> None:
    plan = decide([UP_TO_DATE], project_changed=project_changed, full_refresh=full_refresh)
    assert plan.whole_project
    assert plan.select == []
    assert plan.full_refresh is full_refresh
    assert plan.to_json(100, [])["build"] is True


times = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
numbers = st.none() | st.integers(1, 20)
undone_files = st.builds(
    UndoneFile, st.integers(1, 20), times, st.just("modeled.a"), st.none() | times, numbers, st.integers(0, 20)
)
model_loads = st.builds(ModelLoad, st.sampled_from(["modeled.a", "modeled.b"]), st.integers(0, 20))
facts_of_some_dataset = st.builds(
    DatasetFacts,
    name=st.sampled_from(["orders", "items", "customers"]),
    newest_seq=st.integers(0, 20),
    undone=st.lists(undone_files, max_size=3).map(tuple),
    loads=st.lists(model_loads, max_size=2).map(tuple),
    looked_at=st.none() | times,
    looked_upto=st.integers(0, 20),
)


@given(st.lists(facts_of_some_dataset, unique_by=lambda fact: fact.name))
def test_whatever_has_landed_and_is_not_modeled_is_planned(facts: list[DatasetFacts]) -> None:
    planned = decide(facts, project_changed=False).datasets
    for fact in facts:
        if any(fact.newest_seq > load.upto_seq for load in fact.loads) or (fact.newest_seq and not fact.loads):
            assert fact.name in planned


def after_a_run(fact: DatasetFacts, started_at: datetime) -> DatasetFacts:
    """Return what the warehouse says after a full refresh of the data set that began then."""
    upto_seq = max([fact.newest_seq, *(file.undone_seq or 0 for file in fact.undone)])
    loads = fact.loads or (ModelLoad("modeled.a", 0),)
    return replace(
        fact,
        looked_at=started_at,
        looked_upto=upto_seq,
        undone=tuple(replace(file, read_at=started_at, read_upto=upto_seq) for file in fact.undone),
        loads=tuple(replace(load, upto_seq=max(load.upto_seq, fact.newest_seq)) for load in loads),
    )


@given(st.lists(facts_of_some_dataset, unique_by=lambda fact: fact.name))
def test_a_run_that_built_everything_leaves_nothing_to_do(facts: list[DatasetFacts]) -> None:
    later = datetime(2027, 1, 1, tzinfo=UTC)
    done = [after_a_run(fact, later) for fact in facts]
    assert decide(done, project_changed=False).to_json(100, [])["build"] is False


@given(st.lists(facts_of_some_dataset, unique_by=lambda fact: fact.name), st.randoms())
def test_the_plan_does_not_depend_on_the_order_of_the_facts(facts: list[DatasetFacts], random: object) -> None:
    shuffled = list(facts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis's own Random
    assert decide(shuffled, project_changed=False) == decide(facts, project_changed=False)
