"""`landfall unload`: a model as parquet in S3, with the reader's rights, whole or not there; and landed again."""

# ruff: noqa: S608 - the tests' own tables

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest_lambda.errors import ConfigError
from ingest_lambda.judge.contracts import parse_contract
from ingest_lambda.load.outcomes import Status
from ingest_lambda.warehouse.sessions import Warehouse
from landfall import api
from landfall.operate import declared, exports, glue_tables, raw_catalog, unloading
from landfall.stack import Stack
from local.home import ROOT
from tests.land.warehouse import new_dataset
from tests.landfall.conftest import Desk

DATABASE = "landfall_test_exports"


@pytest.fixture(scope="module")
def database(worker_desk: Desk) -> Iterator[str]:
    """The catalog's database of exports."""
    glue = worker_desk.land.client("glue")
    glue.create_database(DatabaseInput={"Name": DATABASE})
    yield DATABASE
    glue.delete_database(Name=DATABASE)


@pytest.fixture
def exporting(desk: Desk, database: str, export_role: str, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk of a stack that can export, in a checkout whose models restrict nothing."""
    more = {
        "ReaderSecretArn": "land/landfall_reader",
        "TransformerSecretArn": "land/landfall_transformer",
        "ExportRoleArn": export_role,
        "ExportDatabaseName": database,
    }
    stack = replace(desk.stack, outputs={**desk.stack.outputs, **more})
    monkeypatch.setattr(Stack, "from_environment", lambda: stack)
    monkeypatch.setattr(declared, "restricted_columns", lambda _: frozenset())
    return replace(desk, stack=stack)


@pytest.fixture
def transformer(exporting: Desk) -> Warehouse:
    return exporting.stack.warehouse_as("TransformerSecretArn")


@pytest.fixture
def model(transformer: Warehouse) -> Iterator[str]:
    """A mart of three rows."""
    name = new_dataset("mart")
    transformer.transaction(
        [
            f"create table marts.{name} (id bigint, region char(2), total decimal(18,2), day date, _file_id char(1))",
            f"insert into marts.{name} values (1, 'EU', 1.5, '2026-01-01', 'f'), (2, 'US', null, '2026-01-02', 'f'), "
            "(3, 'EU', 0.01, '2026-01-02', 'f')",
        ]
    )
    yield name
    transformer.execute(f"drop table marts.{name}")


def catalogued(desk: Desk, model: str) -> Any:
    """Return the catalog's table of a model; None where there is none."""
    glue = desk.land.client("glue")
    try:
        return glue.get_table(DatabaseName=DATABASE, Name=model)["Table"]
    except glue.exceptions.EntityNotFoundException:
        return None


def names(desk: Desk, folder: str) -> list[str]:
    """List what is in an export's folder."""
    return sorted(key.rpartition("/")[2] for key in desk.land.keys(below(desk, folder)))


def below(desk: Desk, folder: str) -> str:
    return folder.removeprefix(f"s3://{desk.land.bucket}/")


def folders(desk: Desk, model: str) -> tuple[list[str], list[str]]:
    return exports.folders(desk.land.client("s3"), desk.land.bucket, model)


def test_an_export_is_complete_registered_and_without_what_is_landfalls_own(exporting: Desk, model: str) -> None:
    done = exporting.landfall("unload", model)
    assert (done["schema"], done["rows"], done["files"], done["partition_by"]) == ("marts", 3, 2, [])
    assert done["columns"] == ["id", "region", "total", "day"]
    assert names(exporting, done["folder"]) == ["0000_part_00.parquet", "0001_part_00.parquet", "_SUCCESS", "_manifest"]
    body = exporting.land.client("s3").get_object(
        Bucket=exporting.land.bucket, Key=below(exporting, done["folder"]) + "_SUCCESS"
    )
    said = json.loads(body["Body"].read())
    assert (said["rows"], said["bytes"], said["columns"]) == (3, done["bytes"], done["columns"])
    table = catalogued(exporting, model)
    assert done["table"] == f"{DATABASE}.{model}"
    assert table["StorageDescriptor"]["Location"] == done["folder"]
    assert [(each["Name"], each["Type"]) for each in table["StorageDescriptor"]["Columns"]] == [
        ("id", "bigint"),
        ("region", "string"),
        ("total", "decimal(18,2)"),
        ("day", "date"),
    ]


def test_partitions_are_folders_that_the_catalog_projects(exporting: Desk, model: str) -> None:
    done = exporting.landfall("unload", model, "--partition-by", "region", "--partition-by", "day")
    keys = exporting.land.keys(below(exporting, done["folder"]))
    assert {key.removeprefix(below(exporting, done["folder"])).rpartition("/")[0] for key in keys} == {
        "",
        "region=EU/day=2026-01-01",
        "region=EU/day=2026-01-02",
        "region=US/day=2026-01-02",
    }
    table = catalogued(exporting, model)
    assert [each["Name"] for each in table["PartitionKeys"]] == ["region", "day"]
    assert [each["Name"] for each in table["StorageDescriptor"]["Columns"]] == ["id", "total"]
    assert table["Parameters"]["storage.location.template"] == f"{done['folder']}region=${{region}}/day=${{day}}/"
    assert table["Parameters"]["projection.region.values"] == "EU,US"
    assert table["Parameters"]["projection.day.values"] == "2026-01-01,2026-01-02"


def test_a_partition_that_glue_refuses_is_told_with_the_export_that_the_table_points_to(
    exporting: Desk, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporting.landfall("unload", model, "--partition-by", "region")

    def refuse(table: str, *_: object) -> None:
        raise ConfigError(f"{table}, partition EU: too many")

    with monkeypatch.context() as patched:
        patched.setattr(glue_tables, "_in_batches", refuse)
        done = exporting.landfall("unload", model, "--partition-by", "region")
    assert done["table"] == f"{DATABASE}.{model}"
    assert catalogued(exporting, model)["StorageDescriptor"]["Location"] == done["folder"]
    assert "partition EU: too many" in done["why"]
    assert "unload once more" in done["why"]
    assert exporting.landfall("unload", model, "--partition-by", "region")["why"] is None


def test_the_warehouse_reads_an_export_and_the_one_that_comes_after_it(
    exporting: Desk, transformer: Warehouse, model: str, spectrum_role: Callable[[str, str, str], str]
) -> None:
    role = spectrum_role(exporting.land.bucket, "landfall_test_no_raw", DATABASE)
    admin = replace(
        exporting.stack,
        outputs={**exporting.stack.outputs, "AdminSecretArn": f"land/{exporting.land.services.redshift['admin_user']}"},
    ).warehouse_as("AdminSecretArn")
    schema = new_dataset("exports")
    admin.execute(raw_catalog.external_schema(schema, DATABASE, role))
    query = f"select id, region, day from {schema}.{model} order by id"

    def read() -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in admin.query(query)]

    exporting.landfall("unload", model)
    assert [row[:2] for row in read()] == [(1, "EU"), (2, "US"), (3, "EU")]
    exporting.landfall("unload", model, "--partition-by", "region")
    assert [row[:2] for row in read()] == [(1, "EU"), (2, "US"), (3, "EU")]
    transformer.execute(f"update marts.{model} set region = 'US', day = '2026-01-03' where id = 1")
    transformer.execute(f"delete from marts.{model} where id = 3")
    exporting.landfall("unload", model, "--partition-by", "region")
    assert [row[:2] for row in read()] == [(1, "US"), (2, "US")]
    exporting.landfall("unload", model, "--partition-by", "region", "--partition-by", "day")
    assert read() == [(1, "US", "2026-01-03"), (2, "US", "2026-01-02")]
    admin.execute(f"drop schema {schema}")


def test_every_row_is_in_sight_of_the_catalog_whatever_its_partition(
    exporting: Desk, transformer: Warehouse, model: str
) -> None:
    transformer.transaction(
        [
            f"alter table marts.{model} add column month integer",
            f"update marts.{model} set month = 202601, day = '2999-12-31' where id = 1",
        ]
    )
    exporting.landfall("unload", model, "--partition-by", "month", "--partition-by", "day", "--partition-by", "month")
    parameters = catalogued(exporting, model)["Parameters"]
    assert parameters["projection.month.values"] == "202601,__HIVE_DEFAULT_PARTITION__"
    assert parameters["projection.day.values"] == "2026-01-02,2999-12-31"
    assert (parameters["projection.month.type"], parameters["projection.day.type"]) == ("enum", "enum")


def test_python_exports_as_the_command_does(exporting: Desk, model: str) -> None:
    by_command = exporting.landfall("unload", model, "--partition-by", "region")
    done = api.unload(model, "region", keep=1, stack=exporting.stack)
    assert done.removed == [below(exporting, by_command["folder"])]
    differs = {name: by_command[name] for name in ("folder", "removed")}
    assert {**json.loads(json.dumps(done.to_dict())), **differs} == by_command
    for refused, said in (({"keep": 0}, "it is 1 at least"), ({"partition_by": "colour"}, "exports no column colour")):
        with pytest.raises(ConfigError, match=said):
            api.unload(model, stack=exporting.stack, **refused)
    assert folders(exporting, model) == ([below(exporting, done.folder)], [])


@pytest.mark.parametrize(
    ("partition_by", "keys", "said"),
    [
        (["a"], [], "it has no rows"),
        (["a"], ["a=x,y/1.parquet"], "no projection can list: 'x,y'"),
        (["a"], ["a=/1.parquet"], "no projection can list: ''"),
        (["a", "b"], ["b=1/a=1/1.parquet"], "not named as its partitions are"),
        (["a"], ["1.parquet"], "not named as its partitions are"),
        (["a b"], ["a b=1/1.parquet"], "a partition's name that no projection can have: 'a b'"),
    ],
)
def test_what_the_catalog_cannot_have_is_said(partition_by: list[str], keys: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        unloading.projection(partition_by, keys)


def test_an_export_without_rows_is_complete_with_a_manifest_and_without(
    exporting: Desk, transformer: Warehouse, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = exporting.landfall("unload", model, "--partition-by", "region")
    transformer.execute(f"delete from marts.{model}")
    partitioned = exporting.landfall("unload", model, "--partition-by", "region", "--keep", "1")
    assert (partitioned["rows"], partitioned["table"], partitioned["removed"]) == (0, None, [])
    assert "it has no rows" in partitioned["why"]
    assert catalogued(exporting, model)["StorageDescriptor"]["Location"] == before["folder"], "and that one is there"
    assert "0000_part_00.parquet" in names(exporting, before["folder"])

    monkeypatch.setattr(unloading, "unload_statement", lambda *_: "select 1")  # as an UNLOAD that writes nothing at all
    done = exporting.landfall("unload", model, "--keep", "1")
    assert (done["rows"], done["files"], done["table"]) == (0, 0, f"{DATABASE}.{model}")
    assert names(exporting, done["folder"]) == ["_SUCCESS"]
    assert len(done["removed"]) == 2


def test_a_table_of_the_catalog_that_another_made_stays_and_the_export_is_complete(exporting: Desk, model: str) -> None:
    glue = exporting.land.client("glue")
    of_another = {"Name": model, "StorageDescriptor": {"Location": "s3://elsewhere/", "Columns": []}}
    glue.create_table(DatabaseName=DATABASE, TableInput=of_another)
    refused = exporting.landfall("unload", model)
    assert refused["table"] is None
    assert f"{DATABASE}.{model} is a table that another made" in refused["why"]
    assert catalogued(exporting, model)["StorageDescriptor"]["Location"] == "s3://elsewhere/"
    assert len(folders(exporting, model)[0]) == 1
    earlier = {"Name": model, "StorageDescriptor": {"Location": refused["folder"], "Columns": []}}
    glue.update_table(DatabaseName=DATABASE, TableInput=earlier)
    done = exporting.landfall("unload", model)
    assert done["table"] == f"{DATABASE}.{model}"
    assert catalogued(exporting, model)["Owner"] == "landfall"


def test_two_tables_of_one_name_are_refused_by_both_their_schemas(
    exporting: Desk, transformer: Warehouse, model: str
) -> None:
    transformer.execute(f"create table modeled.{model} (id bigint)")
    assert f"{model} is a table of marts and of modeled" in exporting.landfall("unload", model, exits=3)
    assert folders(exporting, model) == ([], [])
    transformer.execute(f"drop table modeled.{model}")


def test_an_export_that_a_newer_one_has_overtaken_leaves_the_catalog_and_both_alone(
    exporting: Desk, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete, newer = exports.complete, []

    def overtaken(*arguments: Any) -> None:
        monkeypatch.setattr(exports, "complete", complete)
        newer.append(exporting.landfall("unload", model))
        complete(*arguments)

    monkeypatch.setattr(exports, "complete", overtaken)
    older = exporting.landfall("unload", model, "--keep", "1")
    assert (older["table"], older["removed"]) == (None, [])
    assert "a newer export is complete" in older["why"]
    assert catalogued(exporting, model)["StorageDescriptor"]["Location"] == newer[0]["folder"]
    assert len(folders(exporting, model)[0]) == 2


@pytest.mark.parametrize(
    ("partition_by", "said"),
    [
        (["nothing"], "exports no column nothing"),
        (["_file_id"], "exports no column _file_id"),
        (["total"], "total is DECIMAL: partitions are by"),
        (["id", "region", "day", "total"], "total is DECIMAL"),
    ],
)
def test_partitions_that_cannot_be_are_refused_and_nothing_is_written(
    exporting: Desk, model: str, partition_by: list[str], said: str
) -> None:
    options = [word for name in partition_by for word in ("--partition-by", name)]
    assert said in exporting.landfall("unload", model, *options, exits=3)
    assert (folders(exporting, model), catalogued(exporting, model)) == (([], []), None)


def test_a_restricted_column_is_left_out_and_no_partition_either(
    exporting: Desk, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(declared, "restricted_columns", lambda _: frozenset({"region", "elsewhere"}))
    done = exporting.landfall("unload", model)
    assert (done["columns"], done["restricted"]) == (["id", "total", "day"], ["region"])
    assert "exports no column region" in exporting.landfall("unload", model, "--partition-by", "region", exits=3)
    assert "without region" in exporting.say("unload", model)


def test_what_the_reader_may_not_read_is_not_exported(exporting: Desk, transformer: Warehouse, model: str) -> None:
    transformer.transaction(
        [f"revoke select on marts.{model} from landfall_reader", f"grant insert on marts.{model} to landfall_reader"]
    )
    assert "permission denied" in exporting.landfall("unload", model, exits=3)
    assert (folders(exporting, model), catalogued(exporting, model)) == (([], []), None)


def test_a_table_outside_of_what_readers_see_is_no_model_to_export(exporting: Desk, transformer: Warehouse) -> None:
    name = new_dataset("identities")
    transformer.execute(f"create table restricted.{name} (id bigint)")
    assert f"the reader sees no table {name}" in exporting.landfall("unload", name, exits=3)
    assert "is no name of a model" in exporting.landfall("unload", "a.b", exits=3)
    assert folders(exporting, name) == ([], [])
    transformer.execute(f"drop table restricted.{name}")


def test_the_newest_export_is_the_one_in_the_catalog_and_older_ones_go(exporting: Desk, model: str) -> None:
    done = [exporting.landfall("unload", model) for _ in range(3)]
    assert [each["removed"] for each in done] == [[], [], [below(exporting, done[0]["folder"])]]
    assert catalogued(exporting, model)["StorageDescriptor"]["Location"] == done[2]["folder"]
    last = exporting.landfall("unload", model, "--keep", "1")
    assert folders(exporting, model) == ([below(exporting, last["folder"])], [])
    assert names(exporting, done[2]["folder"]) == []


def test_without_a_catalog_an_export_is_complete_all_the_same(
    exporting: Desk, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = {name: value for name, value in exporting.stack.outputs.items() if name != "ExportDatabaseName"}
    monkeypatch.setattr(Stack, "from_environment", lambda: replace(exporting.stack, outputs=outputs))
    done = exporting.landfall("unload", model)
    assert (done["table"], done["why"]) == (None, "no catalog is deployed (CreateCatalog)")
    assert folders(exporting, model) == ([below(exporting, done["folder"])], [])


@pytest.mark.parametrize("step", ["exports.verified", "exports.complete", "unloading.register"])
def test_a_killed_export_is_not_in_the_catalog_and_a_later_one_takes_it_away(
    exporting: Desk, model: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = exporting.landfall("unload", model)
    asked = {"outputs": exporting.stack.outputs, "model": model, "step": step}
    unload = [sys.executable, "-m", "tests.landfall.killed_unload", json.dumps(asked)]
    killed = subprocess.run(unload, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert catalogued(exporting, model)["StorageDescriptor"]["Location"] == before["folder"]
    complete, unfinished = folders(exporting, model)
    is_whole = step == "unloading.register"
    assert (len(complete), len(unfinished)) == ((2, 0) if is_whole else (1, 1))

    if not is_whole:  # it may be under way still, for all that anybody knows
        assert exporting.landfall("unload", model, "--keep", "9")["removed"] == []
    monkeypatch.setattr(exports, "LONGEST", timedelta(seconds=-1))
    last = exporting.landfall("unload", model, "--keep", "1")
    assert folders(exporting, model) == ([below(exporting, last["folder"])], [])
    assert exporting.land.keys(f"exports/{model}/") == exporting.land.keys(below(exporting, last["folder"]))


def test_a_file_that_no_manifest_lists_keeps_an_export_from_being_complete(
    exporting: Desk, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = exports.verified

    def stray(s3: Any, bucket: str, folder: str) -> Any:
        s3.put_object(Bucket=bucket, Key=f"{folder}0000_part_09.parquet", Body=b"twice")
        return verified(s3, bucket, folder)

    monkeypatch.setattr(exports, "verified", stray)
    said = exporting.landfall("unload", model, exits=4)
    assert "manifest and its folder differ" in said
    assert "0000_part_09.parquet" in said
    assert (len(folders(exporting, model)[0]), catalogued(exporting, model)) == (0, None)


# a column's type, its value, the type it is declared with to land again, and how what has landed compares
TYPES = [
    ("boolean", "true", "boolean", "{0}"),
    ("smallint", "-7", "smallint", "{0}"),
    ("integer", "2147483647", "integer", "{0}"),
    ("bigint", "9223372036854775807", "bigint", "{0}"),
    ("real", "1.5", "real", "{0}"),
    ("double precision", "1e-300", "double precision", "{0}"),
    ("decimal(18,2)", "-1.50", "decimal(18,2)", "{0}"),
    ("decimal(38,10)", "0.0000000001", "decimal(38,10)", "{0}"),
    ("varchar(20)", "'it''s é'", "varchar(20)", "{0}"),
    ("char(5)", "'ab'", "char(5)", "{0}"),
    ("date", "'1999-12-31'", "date", "{0}"),
    ("timestamp", "'2026-01-02 03:04:05.678901'", "timestamp", "{0}"),
    # what lands as another type (docs/export.md)
    ("timestamptz", "'2026-01-02 03:04:05.678901+02'", "timestamp", "{0} at time zone 'utc'"),
    ("varbyte(9)", "to_varbyte('00ff', 'hex')", "varchar(18)", "from_varbyte({0}, 'hex')"),
    ("time", "'03:04:05.678901'", "varchar(15)", "cast({0} as varchar(15))"),
    (
        "super",
        "json_parse('{{\"a\": [1, null]}}')",
        "varchar(max)",
        "case when {0} is not null then json_serialize({0}) end",
    ),
]


def test_what_was_exported_lands_as_it_was(exporting: Desk, transformer: Warehouse) -> None:
    """Each type alone in a column, a NULL in each, and one column in the path."""
    model, dataset = new_dataset("mart"), new_dataset("back")
    columns = [f"c{number}" for number in range(len(TYPES))]
    typed = ", ".join(f"{name} {each[0]}" for name, each in zip(columns, TYPES, strict=True))
    values = ", ".join(each[1].format() for each in TYPES)
    transformer.transaction(
        [
            f"create table marts.{model} (id bigint, day date, {typed})",
            f"insert into marts.{model} select 1, '2026-01-01', {values}",
            f"insert into marts.{model} (id, day) values (2, '2026-01-02')",
        ]
    )
    done = exporting.landfall("unload", model, "--partition-by", "day")
    land = exporting.land
    land.contracts[dataset] = parse_contract(
        {
            "schema_change": "freeze",
            "columns": [{"name": "id", "data_type": "bigint"}, {"name": "day", "data_type": "date"}]
            + [{"name": name, "data_type": each[2]} for name, each in zip(columns, TYPES, strict=True)],
        }
    )
    s3, files = land.client("s3"), []
    for key in sorted(land.keys(below(exporting, done["folder"]))):
        if key.endswith(".parquet"):
            body = s3.get_object(Bucket=land.bucket, Key=key)["Body"].read()
            files.append(land.put(f"raw/{dataset}/{key.removeprefix(below(exporting, done['folder']))}", body))
    outcomes = land.function().receive(*files)
    assert [each.status for each in outcomes] == [Status.LANDED] * 2, outcomes

    names = ", ".join(["id", "day", *columns])
    before = ", ".join(["id", "day", *(each[3].format(name) for name, each in zip(columns, TYPES, strict=True))])
    landed, exported = f"select {names} from landing.{dataset}", f"select {before} from marts.{model}"
    assert transformer.query(f"{landed} except {exported}") == []
    assert transformer.query(f"{exported} except {landed}") == []
    assert land.count(f"landing.{dataset}") == 2
    transformer.execute(f"drop table marts.{model}")


def test_the_models_yaml_says_which_columns_are_restricted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "dbt_project" / "models" / "marts"
    folder.mkdir(parents=True)
    columns = "[{name: id}, {name: Name, config: {meta: {restricted: true}}}, {name: Old, meta: {restricted: true}}]"
    (folder / "people.yml").write_text(f"models:\n  - name: people\n    columns: {columns}\n  - name: plain\n")
    (folder / "_docs.yml").write_text("")
    monkeypatch.setattr("scripts.package.ROOT", tmp_path)
    assert declared.restricted_columns("people") == {"name", "old"}
    assert declared.restricted_columns("plain") == frozenset()
    with pytest.raises(ConfigError, match="no model nobody is declared"):
        declared.restricted_columns("nobody")


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ("columns: [{name: a, config: {meta: {restrict: true}}}]", "restrict is no setting; restricted is"),
        ("columns: [{name: a, meta: {Restricted: true}}]", "Restricted is no setting"),
        ("columns: [{name: a, config: {meta: {restricted: 'yes'}}}]", "restricted is true or false, not 'yes'"),
        ("config: {meta: {restricted: true}}", "is declared as restricted: nothing of it is exported"),
    ],
)
def test_a_restriction_that_cannot_be_followed_exports_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meta: str, said: str
) -> None:
    folder = tmp_path / "dbt_project" / "models"
    folder.mkdir(parents=True)
    (folder / "people.yml").write_text(f"models:\n  - name: people\n    {meta}\n")
    monkeypatch.setattr("scripts.package.ROOT", tmp_path)
    with pytest.raises(ConfigError, match=said):
        declared.restricted_columns("people")
