"""`landfall plan`: it forecasts what the function then does, with a warehouse and without one."""

import gzip
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from pyarrow import parquet as pq

from ingest_lambda.arrive.routing import Format
from ingest_lambda.errors import ConfigError
from ingest_lambda.judge.contracts import Contract, SchemaChange
from ingest_lambda.judge.snapshots import End, Snapshot
from ingest_lambda.load.outcomes import Status
from ingest_lambda.read.footer import TAIL_BYTES
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.statements import Column
from landfall import stack
from landfall.operate import declared, expected_table
from landfall.operate.planning import Planner
from tests import land as land_files
from tests.land.warehouse import new_dataset
from tests.landfall.conftest import Desk

OUTCOMES = {Status.LANDED: "lands", Status.REJECTED: "rejected"}


def write(folder: Path, name: str, columns: dict[str, Any]) -> Path:
    path = folder / f"{name}.parquet"
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture
def connected(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The desk, its stack named as a deployed one is."""
    monkeypatch.setenv(stack.STACK_VARIABLE, desk.stack.name)
    monkeypatch.setattr(
        expected_table, "widen_row_limit", lambda _: 100
    )  # no function is deployed here that could be asked
    return desk


def test_the_forecast_is_what_the_function_then_does(connected: Desk, tmp_path: Path) -> None:
    desk, dataset = connected, new_dataset()
    first = desk.land.put(f"raw/{dataset}/first.parquet", pa.table({"n": pa.array([1], pa.int32()), "t": ["x"]}))
    desk.function.receive(first)
    contents: dict[str, Any] = {
        "same": {"n": pa.array([1, 2], pa.int32()), "t": ["x", "y"]},
        "wider": {"n": pa.array([1], pa.int64()), "t": ["x"]},
        "added": {"n": pa.array([1], pa.int32()), "extra": [datetime(2025, 11, 13)]},
        "nanoseconds": {"n": pa.array([1], pa.int32()), "at": pa.array([1], pa.timestamp("ns"))},
        "retyped": {"n": ["not a number"]},
    }
    paths = {name: write(tmp_path, name, columns) for name, columns in contents.items()}
    (tmp_path / "broken.parquet").write_bytes(b"no parquet at all")
    paths["broken"] = tmp_path / "broken.parquet"

    plan = desk.landfall("plan", *map(str, paths.values()), "--dataset", dataset, exits=1)
    assert plan["warehouse"]
    forecasts = {Path(each["file"]).stem: each for each in plan["files"]}
    files = {name: desk.land.put(f"raw/{dataset}/{name}.parquet", path.read_bytes()) for name, path in paths.items()}
    done = dict(zip(files, desk.function.receive(*files.values()), strict=True))
    assert {name: each["outcome"] for name, each in forecasts.items()} == {
        name: OUTCOMES[outcome.status] for name, outcome in done.items()
    }
    for name, outcome in done.items():
        forecast = forecasts[name]
        if outcome.verdict is None:
            assert (forecast["path"], forecast["rows"]) == (outcome.load_path, outcome.rows), name
        else:
            verdict = outcome.verdict
            assert (forecast["reason"], forecast["column"]) == (verdict.reason.value, verdict.column), name
            assert forecast["remedy"] == verdict.remedy
    assert {(change["column"], change["from"], change["to"]) for change in plan["changes"]} == {
        ("n", "INTEGER", "BIGINT"),
        ("extra", None, "TIMESTAMP"),
        ("at", None, "TIMESTAMP"),
    }


def test_objects_are_planned_by_key_and_those_that_have_landed_are_told(connected: Desk) -> None:
    desk, dataset = connected, new_dataset()
    landed, new = (desk.land.put(f"raw/{dataset}/{name}.parquet", pa.table({"a": [1]})) for name in ("a", "b"))
    desk.function.receive(landed)
    plan = desk.landfall("plan", landed.key, new.uri, "raw/x/_SUCCESS")
    assert {each["file"]: each["outcome"] for each in plan["files"]} == {
        landed.key: "decided",
        new.uri: "lands",
        "raw/x/_SUCCESS": "ignored",
    }
    assert "neither a local path nor an object" in desk.landfall("plan", "raw/none/x.parquet", exits=3)
    misspelt = desk.landfall("plan", "ordres.parquet", exits=3)
    assert "ordres.parquet is no local path, and an object is called by s3:// or its key under raw/" in misspelt
    assert desk.land.count(f"landing.{dataset}") == 1


def test_a_marker_is_forecast_to_end_a_snapshot(
    connected: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk, dataset = connected, new_dataset()
    monkeypatch.setattr(declared, "contracts", lambda: {dataset: Contract(snapshot=Snapshot(End.MARKER, "_SUCCESS"))})
    marker = desk.land.put(f"raw/{dataset}/2025-11-13/_SUCCESS", b"")
    (tmp_path / "_SUCCESS").touch()
    plan = desk.landfall("plan", marker.key, str(tmp_path / "_SUCCESS"), "--dataset", dataset)
    assert [(each["outcome"], each["rows"]) for each in plan["files"]] == [("lands", 0)] * 2


def test_a_table_too_large_to_widen_is_forecast_as_the_functions_own_limit_says(
    connected: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk, dataset = connected, new_dataset()
    desk.function.receive(desk.land.put(f"raw/{dataset}/a.parquet", pa.table({"n": pa.array([1], pa.int32())})))
    monkeypatch.setattr(expected_table, "widen_row_limit", lambda _: 0)
    wider = write(tmp_path, "wider", {"n": pa.array([1], pa.int64())})
    (forecast,) = desk.landfall("plan", str(wider), "--dataset", dataset, exits=1)["files"]
    assert forecast["reason"] == "table_too_large_to_widen"
    assert forecast["remedy"].startswith(f"landfall evolve {dataset} n 'BIGINT'")


def test_without_a_stack_it_plans_for_a_first_landing_and_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(stack.STACK_VARIABLE, raising=False)
    monkeypatch.setenv("LANDFALL_HOME", str(tmp_path / "no local stack"))
    path = write(tmp_path, "sensors_20251113_001", {"a": [1]})
    plan = desk.landfall("plan", str(path))
    assert not plan["warehouse"]
    (forecast,) = plan["files"]
    assert (forecast["dataset"], forecast["outcome"], forecast["rows"]) == ("sensors", "lands", 1)
    said = desk.say("plan", str(path))
    assert "landing.sensors would be created" in said
    assert "no stack is named" in said
    assert "no stack is named" in desk.landfall("plan", "raw/sensors/x.parquet", exits=3)


def test_a_frozen_contract_is_kept_without_a_warehouse_too(tmp_path: Path) -> None:
    contract = Contract(SchemaChange.FREEZE, (Column("a", sqltypes.BIGINT),))
    path = write(tmp_path, "sensors_1", {"a": [1], "b": [2]})
    (forecast,) = Planner({"sensors": contract}).plan([str(path)]).files
    assert forecast.verdict is not None
    assert (forecast.verdict.reason, forecast.verdict.column) == ("schema_frozen", "b")


def test_a_long_footer_is_read_whole(tmp_path: Path) -> None:
    path = write(tmp_path, "wide_1", {f"column_{number:04}": [1] for number in range(1000)})
    assert path.stat().st_size > TAIL_BYTES
    (forecast,) = Planner({}).plan([str(path)]).files
    assert (forecast.outcome, forecast.rows) == ("lands", 1)


def test_what_is_neither_path_nor_object_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no local path"):
        Planner({}).plan([str(tmp_path / "absent.parquet")])


def test_text_of_a_dataset_that_takes_it_is_planned_found_missing_and_ignored_elsewhere(
    connected: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, dataset, other = connected, new_dataset(), new_dataset()
    contract = Contract(columns=(Column("n", sqltypes.BIGINT),), formats=frozenset({Format.CSV}))
    monkeypatch.setattr(declared, "contracts", lambda: {dataset: contract})
    file, foreign = (desk.land.put(f"raw/{name}/a.csv", b"n,t\n1,x\n") for name in (dataset, other))
    first, second = desk.landfall("plan", file.key, foreign.key)["files"]
    assert {each["file"]: each["outcome"] for each in (first, second)} == {file.key: "lands", foreign.key: "ignored"}
    assert next(each["rows"] for each in (first, second) if each["outcome"] == "lands") == 1
    found = desk.landfall("backfill", f"raw/{dataset}/", "--dry-run")
    assert [each["source_file"] for each in found["missing"]] == [file.uri]
    assert desk.landfall("backfill", f"raw/{other}/", "--dry-run")["passed_over"] == {"no data file": 1}


TEXTS: dict[str, bytes] = {
    "good.csv": b"n,t\n1,x\n2,y\n",
    "packed.csv.gz": gzip.compress(b"n,t\n1,x\n"),
    "array.json": b'[{"n": 1}, {"n": 2, "new": true}]',
    "lines.ndjson": b'{"n": 1}\n{"n": 2}\n{"n": 3}\n',
    "packed.jsonl.gz": gzip.compress(b'{"n": 1}\n{"n": 2}\n'),
    "empty.json": b"[]",
    "no_value.csv": b"n,t\n1,x\nmany,y\n",
    "cut.json": b'[{"n": 1}, {"n": 2}',
    "cut.json.gz": gzip.compress(b'[{"n": 1}, {"n": 2}]')[:-4],
    "other.csv": b"n;t\n1;x\n",
    "page.json": b"<!doctype html><html></html>",
    "latin.csv": "n,t\n1,größe\n".encode("cp1252"),
    "keyless.json": b'[{"t": "x"}]',
    "nothing.csv": b"",
}


def test_local_texts_and_folders_of_them_are_forecast_as_they_land(
    connected: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk, dataset = connected, new_dataset()
    columns = (Column("n", sqltypes.BIGINT), Column("t", sqltypes.VARCHAR))
    contract = Contract(columns=columns, formats=frozenset(Format) - {Format.PARQUET}, key=("n",))
    monkeypatch.setattr(declared, "contracts", lambda: {dataset: contract})
    desk.land.contracts[dataset] = contract
    for name, body in TEXTS.items():
        (tmp_path / name).write_bytes(body)
    write(tmp_path, "table", {"n": [1]})

    forecasts = {
        Path(each["file"]).name: each
        for each in desk.landfall("plan", str(tmp_path), "--dataset", dataset, exits=1)["files"]
    }
    alone = desk.landfall("plan", str(tmp_path / "good.csv"), "--dataset", dataset)["files"]
    files = {path.name: desk.land.put(f"raw/{dataset}/{path.name}", path.read_bytes()) for path in tmp_path.iterdir()}
    done = dict(zip(files, desk.land.function().receive(*files.values()), strict=True))

    assert forecasts.keys() == done.keys()
    assert alone == [forecasts["good.csv"]]
    for name, outcome in done.items():
        forecast = forecasts[name]
        assert forecast["outcome"] == OUTCOMES[outcome.status], name
        if outcome.verdict is None:
            assert (forecast["path"], forecast["rows"]) == (outcome.load_path, outcome.rows), name
        else:
            verdict = outcome.verdict
            assert forecast["why"] == verdict.detail, name
            assert [forecast[said] for said in ("reason", "column", "found", "remedy")] == [
                verdict.reason.value,
                verdict.column,
                verdict.found,
                verdict.remedy,
            ], name
    assert {outcome.status for outcome in done.values()} == {Status.LANDED, Status.REJECTED}


def test_of_a_sensitive_dataset_a_forecast_tells_no_value(tmp_path: Path) -> None:
    contract = Contract(columns=(Column("n", sqltypes.BIGINT),), formats=frozenset({Format.CSV}), sensitive=True)
    for name, body in {"a": "n\nsecret\n", "b": "secret,secret\n"}.items():
        (tmp_path / f"{name}.csv").write_text(body)

    forecasts = Planner({"people": contract}).plan([str(tmp_path)], "people").files

    assert [(each.outcome, each.verdict and each.verdict.found) for each in forecasts] == [
        ("rejected", "(withheld)")
    ] * 2
    assert "secret" not in str(forecasts)


def test_the_columns_of_folders_are_forecast_as_they_land(connected: Desk, tmp_path: Path) -> None:
    desk, dataset = connected, new_dataset()
    desk.function.receive(desk.land.put(f"raw/{dataset}/1.parquet", pa.table({"id": [1], "n": [1]})))
    keys = [f"raw/{dataset}/{folder}/2.parquet" for folder in ("region=EU/n=07", "region=US/n=seven", "oid=1")]
    files = [desk.land.put(key, pa.table({"id": [2]})) for key in keys]

    plan = desk.landfall("plan", *keys, exits=1)
    said = desk.say("plan", *keys).replace("\n", " ")
    outcomes = desk.function.receive(*files)

    forecasts = {each["file"]: each for each in plan["files"]}
    for key, outcome in zip(keys, outcomes, strict=True):
        assert forecasts[key]["outcome"] == OUTCOMES[outcome.status]
        assert forecasts[key]["remedy"] == (outcome.verdict.remedy if outcome.verdict else None)
    assert forecasts[keys[0]]["path_columns"] == {"region": "EU", "n": "07"}
    assert [change["column"] for change in plan["changes"]] == ["region"]
    assert f"landing.{dataset}.region is what the folders of the keys say" in said


def test_folders_that_are_no_columns_are_told_with_what_would_make_them_some(tmp_path: Path) -> None:
    folder = tmp_path / "region=EU"
    folder.mkdir()
    write(folder, "sensors_1", {"a": [1]})
    outlook = Planner({"sensors": Contract(partitions=False)}).plan([str(tmp_path)], "sensors")
    assert outlook.folders() == [("sensors", "region", False)]
    assert Planner({}).plan([str(tmp_path)], "sensors").folders() == [("sensors", "region", True)]


WRITERS = Path(land_files.__file__).with_name("files")


def test_what_lands_as_users_of_its_writer_would_not_expect_is_said(desk: Desk) -> None:
    plan = desk.landfall("plan", str(WRITERS / "duckdb.parquet"), str(WRITERS / "chdb.parquet"), "--dataset", "tried")

    said = {Path(each["file"]).stem: each["cautions"] for each in plan["files"]}
    told = {name: [caution["column"] for caution in cautions] for name, cautions in said.items()}
    assert told == {"duckdb": ["huge", "waited"], "chdb": ["large", "address"]}
    assert "HUGEINT" in said["duckdb"][0]["caution"]


def test_folders_in_doubt_and_names_that_say_nothing_are_forecast_as_the_function_does(
    connected: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, new, old = connected, new_dataset("shop"), new_dataset("old")
    table = pa.table({"n": [1]})
    with monkeypatch.context() as patched:  # before there was a rule
        patched.setattr(desk.land, "contracts", {old: Contract(any_folders=True)})
        desk.land.function().receive(desk.land.put(f"raw/{old}/eu/a.parquet", table))
    contents = {
        f"raw/{new}/orders/a.parquet": table,
        f"raw/{old}/us/a.parquet": table,
        f"raw/{new}/part-00000": table,
        f"raw/{new}/notes": b"hello",
        f"raw/{new}/orders/notes": b"hello",
        f"raw/{new}/_temporary/a.parquet": table,
    }
    files = [desk.land.put(key, content) for key, content in contents.items()]

    plan = desk.landfall("plan", *contents, exits=1)

    said = {each["file"]: each for each in plan["files"]}
    assert said[f"raw/{new}/orders/a.parquet"]["reason"] == "ambiguous_folder"
    assert said[f"raw/{new}/_temporary/a.parquet"]["dataset"] == new
    done = desk.land.function().receive(*files)
    ends = OUTCOMES | {Status.IGNORED: "ignored"}
    assert {key: each["outcome"] for key, each in said.items()} == {
        outcome.file.key: ends[outcome.status] for outcome in done
    }


def test_a_plan_tells_instants_from_wall_clocks_in_parquet_and_texts_as_landing_does(
    connected: Desk, tmp_path: Path
) -> None:
    desk, dataset = connected, new_dataset()
    clock = pa.table({"id": [1], "at": pa.array([datetime(2026, 3, 1)], pa.timestamp("us"))})
    instant = clock.cast(pa.schema([("id", pa.int64()), ("at", pa.timestamp("us", "UTC"))]))
    tables = {"clock": clock, "instant": instant}
    for name, table in tables.items():
        pq.write_table(table, tmp_path / f"{name}.parquet")
    paths = [str(tmp_path / f"{name}.parquet") for name in tables]
    first = [each["outcome"] for each in desk.landfall("plan", *paths, "--dataset", dataset, exits=1)["files"]]
    desk.function.receive(desk.land.put(f"raw/{dataset}/landed.parquet", instant))
    then = desk.landfall("plan", *paths, "--dataset", dataset, exits=1)["files"]

    assert sorted(first) == ["lands", "rejected"]
    told = {Path(each["file"]).stem: each for each in then}
    assert {name: each["outcome"] for name, each in told.items()} == {"clock": "rejected", "instant": "lands"}
    assert told["clock"]["expected"].endswith(f"raw/{dataset}/landed.parquet")
    columns = (Column("id", sqltypes.BIGINT), Column("at", sqltypes.TIMESTAMP))
    written = {"a": "2026-03-01 12:00", "b": "2026-03-01 12:00Z", "c": "2026-03-01", "d": "2026-03-02 12:00"}
    for name, at in written.items():
        (tmp_path / f"{name}.csv").write_text(f"id,at\n1,{at}\n")
    contract = Contract(columns=columns, formats=frozenset({Format.CSV}))
    outlook = Planner({"texts": contract}).plan([str(tmp_path / f"{name}.csv") for name in written], "texts")
    assert {Path(each.name).stem: each.outcome for each in outlook.files} == {
        "a": "lands",
        "b": "rejected",
        "c": "lands",
        "d": "lands",
    }
