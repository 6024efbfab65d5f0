"""MODEL: a file that replaces the one before: what the newest complete snapshot lacks is deleted."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.following import assert_as_built_anew
from tests.support.model_warehouse import ModelWarehouse
from tests.support.snapshots import LISTINGS, listing, marker, modeled, part, roster, stock, thing
from tests.support.warehouse_seed import NOON

pytestmark = pytest.mark.xdist_group("snapshots")  # one warehouse, one after the other

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ROSTERS = ("--select", "int_rosters__checked", "rosters")
STOCKS = ("--select", "int_stocks__checked", "stocks")
CATALOGS = ("--select", "int_catalogs__checked", "catalogs")


def test_a_row_missing_from_the_next_export_is_deleted_and_comes_back_with_a_later_one(
    snapshots: ModelWarehouse,
) -> None:
    first, second = roster("1", [thing("a"), thing("b")]), roster("2", [thing("a")], NOON + DAY)
    snapshots.loader.land(first)
    snapshots.run_green(*ROSTERS)
    assert modeled(snapshots, "rosters") == [("a", "Ada", False), ("b", "Ada", False)]

    snapshots.loader.land(second)
    snapshots.run_green(*ROSTERS)
    assert modeled(snapshots, "rosters") == [("a", "Ada", False), ("b", None, True)]
    gone = "select _source_file, _file_modified_at from modeled.rosters where is_deleted"
    assert snapshots.transformer.rows(gone) == [(second.source, second.modified_at)]

    snapshots.loader.land(roster("3", [thing("b", "Bob")], NOON + 2 * DAY))
    snapshots.run_green(*ROSTERS)
    assert modeled(snapshots, "rosters") == [("a", None, True), ("b", "Bob", False)]


def test_a_key_may_be_called_as_what_tells_of_snapshots(snapshots: ModelWarehouse) -> None:
    modeled_listings = "select seen_in, name, is_deleted from modeled.listings order by 1"
    for name, keys, stored_at in (("1", "ab", NOON), ("2", "a", NOON + DAY)):
        snapshots.loader.land(listing(name, keys, stored_at))
        snapshots.run_green("--select", f"+{LISTINGS}")
    assert snapshots.transformer.rows(modeled_listings) == [("a", "Ada", False), ("b", None, True)]
    snapshots.loader.land(listing("3", "b", NOON + 2 * DAY))
    snapshots.run_green("--full-refresh", "--select", f"+{LISTINGS}")
    assert snapshots.transformer.rows(modeled_listings) == [("a", None, True), ("b", "Ada", False)]


def test_a_backup_that_was_restored_has_older_times_and_is_right(snapshots: ModelWarehouse) -> None:
    snapshots.loader.land(roster("1", [thing("a", "new", NOON + DAY)]))
    snapshots.run_green(*ROSTERS)
    snapshots.loader.land(roster("1", [thing("a", "restored", NOON - DAY)], NOON + DAY, version="2"))
    snapshots.run_green(*ROSTERS)
    assert modeled(snapshots, "rosters") == [("a", "restored", False)]


def test_a_late_snapshot_moves_where_a_row_went_and_never_whether_it_lives(snapshots: ModelWarehouse) -> None:
    gone = "select id, _source_file, is_deleted from modeled.rosters where id in ('b', 'c') order by 1"
    first = roster("1", [thing("a"), thing("b"), thing("c")])
    last = roster("5", [thing("a")], NOON + 5 * DAY)
    for file in (first, last):
        snapshots.loader.land(file)
        snapshots.run_green(*ROSTERS)
    assert snapshots.transformer.rows(gone) == [("b", last.source, True), ("c", last.source, True)]

    late = roster("3", [thing("a"), thing("c", "late")], NOON + 3 * DAY)
    snapshots.loader.land(late)
    snapshots.run_green(*ROSTERS)
    assert snapshots.transformer.rows(gone) == [("b", late.source, True), ("c", last.source, True)]

    later = roster("2", [thing("a"), thing("d")], NOON + 2 * DAY)
    snapshots.loader.land(later)
    snapshots.run_green(*ROSTERS)
    assert snapshots.transformer.rows(gone) == [("b", later.source, True), ("c", last.source, True)]
    assert modeled(snapshots, "rosters") == [
        ("a", "Ada", False),
        ("b", None, True),
        ("c", None, True),
        ("d", None, True),
    ]
    assert_as_built_anew(snapshots, ROSTERS, "rosters")


def test_a_key_whose_row_is_quarantined_is_there(snapshots: ModelWarehouse) -> None:
    snapshots.loader.land(roster("1", [thing("a"), thing("b")]))
    snapshots.run_green(*ROSTERS)
    snapshots.loader.land(roster("2", [thing("a"), thing("b", at=None)], NOON + DAY))
    snapshots.run_green(*ROSTERS)
    assert modeled(snapshots, "rosters") == [("a", "Ada", False), ("b", "Ada", False)]
    assert snapshots.transformer.rows("select id from gate.quarantine_rosters") == [("b",)]

    snapshots.loader.land(roster("3", [thing("a")], NOON + 2 * DAY))
    snapshots.run_green(*ROSTERS)
    assert modeled(snapshots, "rosters") == [("a", "Ada", False), ("b", None, True)]
    assert_as_built_anew(snapshots, ROSTERS, "rosters")


def test_a_bad_row_brings_nothing_back_that_was_gone(snapshots: ModelWarehouse) -> None:
    for number, rows in enumerate([[thing("a"), thing("b")], [thing("a")], [thing("a"), thing("b", at=None)]]):
        snapshots.loader.land(roster(str(number), rows, NOON + number * DAY))
        snapshots.run_green(*ROSTERS)
    assert modeled(snapshots, "rosters") == [("a", "Ada", False), ("b", None, True)]
    assert snapshots.transformer.rows("select id from gate.quarantine_rosters") == [("b",)]
    assert_as_built_anew(snapshots, ROSTERS, "rosters")


def test_what_has_landed_of_a_snapshot_changes_and_deletes_nothing_before_the_last_of_it(
    snapshots: ModelWarehouse,
) -> None:
    old = part("1", "part-0", [thing("a"), thing("b")])
    snapshots.loader.land(old, marker("1", [old]))
    snapshots.run_green(*CATALOGS)
    before = [("a", "Ada", False), ("b", "Ada", False)]
    assert modeled(snapshots, "catalogs") == before

    parts = [part("2", f"part-{key}", [thing(key, "new")], NOON + DAY) for key in "ac"]
    end = marker("2", parts, NOON + DAY)
    for file in (parts[0], end):
        snapshots.loader.land(file)
        snapshots.run_green(*CATALOGS)
        assert modeled(snapshots, "catalogs") == before
        waiting = "select id, reject_reason from gate.pending_catalogs"
        assert snapshots.transformer.rows(waiting) == [("a", "snapshot_incomplete")]

    snapshots.loader.land(parts[1])
    snapshots.run_green(*CATALOGS)
    assert modeled(snapshots, "catalogs") == [("a", "new", False), ("b", None, True), ("c", "new", False)]
    assert snapshots.transformer.rows("select * from gate.pending_catalogs") == []
    assert_as_built_anew(snapshots, CATALOGS, "catalogs")


@pytest.mark.parametrize("is_last_first", [False, True])
def test_a_folder_of_a_count_changes_and_deletes_nothing_before_the_last_of_it_and_nothing_after(
    snapshots: ModelWarehouse, is_last_first: bool
) -> None:
    snapshots.loader.land(*stock("1", {"p": [thing("a")], "q": [thing("b")]}))
    snapshots.run_green(*STOCKS)
    before = [("a", "Ada", False), ("b", "Ada", False)]
    assert modeled(snapshots, "stocks") == before

    parts = {"p": [thing("a", "new")], "q": [thing("c", "new")]}
    files = stock("2", parts, NOON + DAY, NOON + DAY)
    for file in reversed(files) if is_last_first else files:
        assert modeled(snapshots, "stocks") == before
        snapshots.loader.land(file)
        snapshots.run_green(*STOCKS)
    after = [("a", "new", False), ("b", None, True), ("c", "new", False)]
    assert modeled(snapshots, "stocks") == after

    late = replace(files[0], rows=[thing("b", "late")], modified_at=NOON + 2 * DAY, version="2", counted_with=None)
    snapshots.loader.land(late)
    snapshots.run_green(*STOCKS)
    assert modeled(snapshots, "stocks") == after
    assert snapshots.transformer.rows("select id, reject_reason from gate.pending_stocks") == [
        ("b", "snapshot_incomplete")
    ]
    assert_as_built_anew(snapshots, STOCKS, "stocks")


def test_a_part_that_a_later_snapshot_holds_as_well_is_of_the_later_one(snapshots: ModelWarehouse) -> None:
    kept, replaced = part("1", "part-0", [thing("a")]), part("1", "part-1", [thing("b"), thing("c")])
    snapshots.loader.land(kept, replaced, marker("1", [kept, replaced]))
    snapshots.run_green(*CATALOGS)
    again = part("1", "part-1", [thing("b", "new")], NOON + DAY)
    snapshots.loader.land(replace(again, version="2"))
    snapshots.loader.land(marker("1", [kept, replace(again, version="2")], NOON + DAY, version="2"))
    snapshots.run_green(*CATALOGS)
    assert modeled(snapshots, "catalogs") == [("a", "Ada", False), ("b", "new", False), ("c", None, True)]
    assert_as_built_anew(snapshots, CATALOGS, "catalogs")


def test_a_folder_may_not_name_a_part_whose_rows_left_landing_before_folders_were_declared(
    snapshots: ModelWarehouse,
) -> None:
    kept = part("1", "part-0", [thing("a")])
    snapshots.loader.land(kept, marker("1", [kept]))
    snapshots.run_green(*CATALOGS)
    snapshots.loader.may_remove("catalogs")
    snapshots.loader.remove(kept)  # as of a dataset each of whose files was a snapshot
    new = part("1", "part-1", [thing("b")], NOON + DAY)
    snapshots.loader.land(new, marker("1", [kept, new], NOON + DAY, version="2"))
    refused = snapshots.dbt("run", *CATALOGS)
    assert (refused.status("int_catalogs__checked"), refused.status("catalogs")) == ("error", "skipped")
    assert "landfall backfill raw/ --dataset catalogs --removed" in refused.messages
    assert modeled(snapshots, "catalogs") == [("a", "Ada", False)]

    snapshots.loader.bring_back(kept)
    snapshots.run_green(*CATALOGS)
    assert modeled(snapshots, "catalogs") == [("a", "Ada", False), ("b", "Ada", False)]


def test_of_exports_of_one_file_the_older_ones_may_leave_landing(snapshots: ModelWarehouse) -> None:
    first = roster("1", [thing("a"), thing("b")])
    snapshots.loader.land(first)
    snapshots.loader.land(roster("2", [thing("a")], NOON + DAY))
    snapshots.run_green(*ROSTERS)
    snapshots.loader.may_remove("rosters")
    snapshots.loader.remove(first)
    snapshots.loader.land(roster("3", [thing("a", "new")], NOON + 2 * DAY))
    snapshots.run_green(*ROSTERS)
    assert modeled(snapshots, "rosters") == [("a", "new", False), ("b", None, True)]


def test_an_export_that_is_undone_is_followed_by_the_one_before(snapshots: ModelWarehouse) -> None:
    wrong = roster("2", [thing("a", "wrong")], NOON + DAY)
    snapshots.loader.land(roster("1", [thing("a"), thing("b")]))
    snapshots.loader.land(wrong)
    snapshots.run_green(*ROSTERS)
    assert modeled(snapshots, "rosters") == [("a", "wrong", False), ("b", None, True)]
    snapshots.loader.undo(wrong)
    snapshots.run_green("--full-refresh", *ROSTERS)
    assert modeled(snapshots, "rosters") == [("a", "Ada", False), ("b", "Ada", False)]


def test_an_export_of_far_fewer_rows_stops_at_the_gate_until_it_is_undone(snapshots: ModelWarehouse) -> None:
    keys = "abcd"
    snapshots.loader.land(roster("1", [thing(key) for key in keys]))
    assert snapshots.build("--select", "+rosters").status("rosters__snapshot_shrinks") == "pass"
    before = modeled(snapshots, "rosters")
    cut = roster("2", [thing("a")], NOON + DAY)
    snapshots.loader.land(cut)

    for _ in range(2):  # the next one, as small, is no way around it
        stopped = snapshots.build("--select", "+rosters")
        assert stopped.status("rosters__snapshot_shrinks") == "fail"
        assert stopped.status("rosters") == "skipped"
        assert modeled(snapshots, "rosters") == before
        second = roster("3", [thing("a")], NOON + 2 * DAY)
        snapshots.loader.land(second)
    for file in (cut, second):
        snapshots.loader.undo(file)
    snapshots.loader.land(roster("4", [thing("a"), thing("b")], NOON + 3 * DAY))
    assert snapshots.build("--select", "+rosters").success
    assert modeled(snapshots, "rosters") == [
        ("a", "Ada", False),
        ("b", "Ada", False),
        ("c", None, True),
        ("d", None, True),
    ]


def test_a_shrink_that_was_let_through_does_not_stop_a_rebuild(snapshots: ModelWarehouse) -> None:
    snapshots.loader.land(roster("1", [thing(key) for key in "abcd"]))
    snapshots.run_green(*ROSTERS)
    snapshots.loader.land(roster("2", [thing("a")], NOON + DAY))
    snapshots.run_green(*ROSTERS)  # `dbt run` asks no gate
    assert snapshots.build("--full-refresh", "--select", "+rosters").status("rosters__snapshot_shrinks") == "pass"


def test_old_exports_that_are_stored_again_stop_at_the_gate_until_all_are_undone(snapshots: ModelWarehouse) -> None:
    days = [roster(str(day), [thing("a", f"of day {day}"), thing(f"{day}")], NOON + day * DAY) for day in range(3)]
    for file in days:
        snapshots.loader.land(file)
    first = snapshots.build("--select", "+rosters")
    assert first.status("rosters__snapshot_stored_again") == "pass"
    before = modeled(snapshots, "rosters")

    again = [replace(file, version="2", modified_at=NOON + 9 * DAY + number * HOUR) for number, file in enumerate(days)]
    for file in again:
        snapshots.loader.land(file)
    for left in range(len(again), 0, -1):
        stopped = snapshots.build("--select", "+rosters")
        assert stopped.status("rosters__snapshot_stored_again") == "fail"
        shown = snapshots.transformer.rows(stopped.compiled["rosters__snapshot_stored_again"])
        assert sorted(source for source, *_ in shown) == [file.source for file in again[:left]]
        assert stopped.status("rosters") == "skipped"
        assert modeled(snapshots, "rosters") == before
        snapshots.loader.undo(again[left - 1])
    assert snapshots.build("--select", "+rosters").success
    assert modeled(snapshots, "rosters") == before


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("ABAA", {"A": 2}),
        ("ABCAABBCC", {"A": 2, "B": 2, "C": 2}),
        ("AAAA", {}),
        ("AABBB", {}),
    ],
)
def test_each_version_of_an_export_counts_as_stored_again_once_another_key_came(
    snapshots: ModelWarehouse, stored: str, told: dict[str, int]
) -> None:
    for number, name in enumerate(stored):
        rows = [thing("a", f"{number}")]
        snapshots.loader.land(roster(name, rows, NOON + number * DAY, str(stored[:number].count(name))))
    gate = snapshots.build("--select", "+rosters")
    name = "rosters__snapshot_stored_again"
    assert gate.status(name) == ("fail" if told else "pass")
    sources = [source for source, *_ in snapshots.transformer.rows(gate.compiled[name])]
    assert sorted(sources) == sorted(roster(key, []).source for key, times in told.items() for _ in range(times))


def test_one_key_may_be_stored_again_and_so_may_one_that_a_newer_export_follows(snapshots: ModelWarehouse) -> None:
    gate = "rosters__snapshot_stored_again"
    for number in range(3):
        snapshots.loader.land(roster("daily", [thing("a", f"{number}")], NOON + number * DAY, str(number)))
        assert snapshots.build("--select", "+rosters").status(gate) == "pass"
    snapshots.loader.land(roster("2025-11-20", [thing("a", "3")], NOON + 3 * DAY))
    snapshots.loader.land(roster("daily", [thing("a", "again")], NOON + 4 * DAY, "again"))
    snapshots.loader.land(roster("2025-11-21", [thing("a", "5")], NOON + 5 * DAY))
    assert snapshots.build("--select", "+rosters").status(gate) == "pass"
    assert modeled(snapshots, "rosters") == [("a", "5", False)]


def test_a_snapshot_has_no_other_dataset_beside_it(snapshots: ModelWarehouse) -> None:
    assert snapshots.manifest is not None
    meta = snapshots.manifest.flat_graph["sources"]["source.landfall.landing.order_flattened"]["config"]["meta"]
    meta["snapshot"] = {"end": "file"}
    try:
        with pytest.raises(RuntimeError, match=r"order_flattened is a snapshot.*Model them as two entities"):
            snapshots.dbt("compile", "--select", "int_orders__checked")
    finally:
        del meta["snapshot"]
