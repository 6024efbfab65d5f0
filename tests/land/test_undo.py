"""Undo of what is meant: the version, and the dataset, or a question which; and of rows that somebody has put back."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.errors import ConfigError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import Status
from landfall.operate.statements import transactions
from landfall.operate.undos import Undo, undo
from tests.land.warehouse import Land, new_dataset


def landed(land: Land, key: str, *numbers: int) -> FileVersion:
    version = land.put(key, pa.table({"id": list(numbers)}))
    land.function().receive(version)
    return version


def undone(land: Land, file: FileVersion, version: str | None = None, dataset: str | None = None) -> Undo:
    return undo(land.warehouse, land.bucket, file.key, version, dataset=dataset)


def by_hand(land: Land, *sqls: str) -> None:
    land.warehouse.transaction(list(sqls))


def ids(land: Land, dataset: str) -> list[int]:
    return [row["id"] for row in land.rows(f"select id from landing.{dataset} order by id")]


def test_of_several_versions_with_rows_undo_takes_the_one_that_is_named_and_asks_where_none_is(land: Land) -> None:
    dataset = new_dataset()
    key = f"raw/{dataset}/daily report.parquet"
    bad = landed(land, key, 1)
    good = landed(land, key, 2)

    with pytest.raises(ConfigError, match="has landed several times; which is meant") as asked:
        undone(land, bad)

    assert ids(land, dataset) == [1, 2]
    for version in (bad, good):
        assert f"landfall undo 's3://{land.bucket}/{key}' --version {version.version_id} (1 row, " in str(asked.value)
    assert undone(land, bad, bad.version_id).others == (good.version_id,)
    assert ids(land, dataset) == [2]
    assert undone(land, bad, bad.version_id).outcome == "already_undone"
    assert ids(land, dataset) == [2]
    assert undone(land, good).outcome == "undone", "only one of them has rows"
    assert ids(land, dataset) == []


def test_undo_again_without_a_version_takes_no_older_version_out(land: Land) -> None:
    dataset = new_dataset()
    key = f"raw/{dataset}/a.parquet"
    landed(land, key, 1)
    newest = landed(land, key, 2)
    undone(land, newest, newest.version_id)

    assert undone(land, newest).outcome == "already_undone"

    assert ids(land, dataset) == [1]


def test_of_a_version_with_rows_in_two_datasets_undo_takes_those_of_the_dataset_that_is_named(land: Land) -> None:
    dataset, other = new_dataset(), new_dataset()
    file = landed(land, f"raw/{dataset}/a.parquet", 1)
    elsewhere = landed(land, f"raw/{other}/b.parquet", 1)
    # As if the file's folder had been another dataset's when it came first.
    its_place = f"\"key\" = '{file.key}', version_id = '{file.version_id}', file_id = '{file.file_id}'"
    by_hand(
        land,
        f"update ledger.{other} set {its_place} where file_id = '{elsewhere.file_id}'",
        f"update landing.{other} set _file_id = '{file.file_id}' where _file_id = '{elsewhere.file_id}'",
    )

    for version in (None, file.version_id):
        with pytest.raises(ConfigError, match="has landed in several datasets; which is meant") as asked:
            undone(land, file, version)
        assert f"--version {file.version_id} --dataset {dataset} (1 row, " in str(asked.value)
    assert (ids(land, dataset), ids(land, other)) == ([1], [1])
    with pytest.raises(ConfigError, match=f"has not landed in nowhere, but in {min(dataset, other)}, "):
        undone(land, file, dataset="nowhere")

    assert undone(land, file, dataset=dataset).version.dataset == dataset
    assert (ids(land, dataset), ids(land, other)) == ([], [1])
    assert undone(land, file, file.version_id, other).outcome == "undone"
    assert (ids(land, dataset), ids(land, other)) == ([], [])


def test_rows_that_somebody_put_back_are_taken_out_again_and_the_file_counts_as_undone_from_then(land: Land) -> None:
    dataset = new_dataset()
    file = landed(land, f"raw/{dataset}/a.parquet", 1, 2)
    copied = f"kept_{dataset}"
    by_hand(land, f"create table landing.{copied} as select * from landing.{dataset}")
    first = undone(land, file)
    by_hand(land, f"insert into landing.{dataset} select * from landing.{copied}", f"drop table landing.{copied}")
    assert ids(land, dataset) == [1, 2]

    again = undone(land, file)

    assert (first.outcome, first.rows) == (again.outcome, again.rows) == ("undone", 2)
    assert ids(land, dataset) == []
    assert undone(land, file) == replace(again, outcome="already_undone", rows=0, version=undone(land, file).version)


def let_back(land: Land, dataset: str, file: FileVersion, instead: str) -> None:
    by_hand(land, *transactions.let_back(dataset, file.file_id, instead))


def test_a_replay_that_is_undone_before_it_has_landed_lands_nothing(land: Land) -> None:
    dataset = new_dataset()
    file = landed(land, f"raw/{dataset}/a.parquet", 1, 2)
    undone(land, file)
    let_back(land, dataset, file, "0" * 32)

    done = undone(land, file)

    assert (done.outcome, done.rows, done.ends_replay, done.version.file_id) == ("undone", 0, True, file.file_id)
    assert [each.status for each in land.function().receive(file)] == [Status.DUPLICATE]
    assert ids(land, dataset) == []
    assert undone(land, file) == replace(done, outcome="already_undone", ends_replay=False)
    let_back(land, dataset, file, "1" * 32)
    assert [each.status for each in land.function().receive(file)] == [Status.LANDED], "asked for anew, it lands"


def test_a_replay_that_has_landed_is_undone_as_ever_even_while_undo_looks(land: Land) -> None:
    dataset = new_dataset()
    file = landed(land, f"raw/{dataset}/a.parquet", 1, 2)
    undone(land, file)
    let_back(land, dataset, file, "0" * 32)
    assert [each.status for each in land.function().receive(file)] == [Status.LANDED]
    # What an undo sends that has looked before the file landed.
    by_hand(land, *transactions.give_back(dataset, "0" * 32, file.file_id))
    assert ids(land, dataset) == [1, 2]

    done = undone(land, file)

    assert (done.outcome, done.rows, done.ends_replay) == ("undone", 2, False)
    assert ids(land, dataset) == []
    debt = land.rows(f"select file_id from ledger.{dataset} where undone_at is not null")
    assert {row["file_id"] for row in debt} == {"0" * 32, file.file_id}, "what models made of it first is still owed"
    assert [each.status for each in land.function().receive(file)] == [Status.DUPLICATE]


def test_a_file_whose_dataset_was_dropped_is_undone_already(land: Land) -> None:
    dataset = new_dataset()
    file = landed(land, f"raw/{dataset}/a.parquet", 1)
    undone(land, file)
    by_hand(land, f"drop table landing.{dataset}")

    assert undone(land, file).outcome == "already_undone"


def modeled(land: Land, dataset: str, upto_seq: int) -> None:
    """Record that a model has taken the dataset in from its first row, in a run of that bound."""
    run = f"run-{dataset}-{upto_seq}"
    by_hand(
        land,
        f"insert into ops.run_bounds values ('{run}', '{dataset}', {upto_seq}, getdate())",
        f"insert into ops.model_loads values ('modeled.{dataset}', '{dataset}', 0, {upto_seq}, '{run}', getdate())",
        "insert into ops.runs (run_id, command, outcome, started_at, ended_at, models, gates, failed) "
        f"values ('{run}', 'build', 'succeeded', getdate(), getdate(), 1, 1, 0)",
    )


def numbers(land: Land, dataset: str) -> dict[str, tuple[int, int | None]]:
    rows = land.rows(f"select file_id, load_seq, undone_seq from ledger.{dataset}")
    return {row["file_id"]: (row["load_seq"], row["undone_seq"]) for row in rows}


def test_undos_are_counted_with_the_loads_also_in_a_ledger_that_an_earlier_release_has_made(land: Land) -> None:
    dataset = new_dataset()
    first = landed(land, f"raw/{dataset}/a.parquet", 1)
    by_hand(land, f"alter table ledger.{dataset} drop column undone_seq")
    undone(land, first)
    second = landed(land, f"raw/{dataset}/b.parquet", 2)
    undone(land, second)

    assert numbers(land, dataset) == {first.file_id: (1, 2), second.file_id: (3, 4)}


@pytest.mark.parametrize("dataset", ["counter", "files", "marked"])
def test_a_file_is_undone_whatever_its_dataset_is_called(land: Land, dataset: str) -> None:
    file = landed(land, f"raw/{dataset}/a.parquet", 1)
    assert undone(land, file).outcome == "undone"
    assert land.count(f"landing.{dataset}") == 0


def test_a_dropped_dataset_s_files_are_undone_under_one_number(land: Land) -> None:
    dataset = new_dataset()
    files = [landed(land, f"raw/{dataset}/{name}.parquet", 1) for name in "ab"]
    undone(land, files[0])
    by_hand(land, *transactions.drop_dataset(dataset))

    assert numbers(land, dataset) == {files[0].file_id: (1, 3), files[1].file_id: (2, 4)}


def test_undo_tells_of_a_rebuild_while_models_hold_rows_and_no_longer(land: Land) -> None:
    dataset = new_dataset()
    file = landed(land, f"raw/{dataset}/a.parquet", 1, 2)
    modeled(land, dataset, 1)

    assert undone(land, file).is_held
    assert undone(land, file).is_held, "nothing has been rebuilt yet"
    let_back(land, dataset, file, "0" * 32)
    ended = undone(land, file)
    assert (ended.ends_replay, ended.is_held) == (True, True)
    modeled(land, dataset, 2)  # which knew of it
    again = undone(land, file)
    assert (again.outcome, again.is_held, again.version.was_modeled) == ("already_undone", False, True)
    let_back(land, dataset, file, "1" * 32)
    ended = undone(land, file)
    assert (ended.ends_replay, ended.is_held) == (True, False)
    assert (ended.to_dict()["was_modeled"], ended.to_dict()["ends_replay"]) == (False, True)


def test_undo_of_an_earlier_release_is_judged_by_its_time(land: Land) -> None:
    dataset = new_dataset()
    file = landed(land, f"raw/{dataset}/a.parquet", 1)
    modeled(land, dataset, 1)
    undone(land, file)
    by_hand(land, f"update ledger.{dataset} set undone_seq = null")
    assert undone(land, file).is_held
    by_hand(land, f"update ledger.{dataset} set undone_at = dateadd(minute, -1, undone_at)")
    assert not undone(land, file).is_held
