"""Folders and names: a writer's own files are not data, two tables never become one, parquet is known by its bytes."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import io
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.arrive import folders
from ingest_lambda.arrive.known_folders import PARTS, doubtful, read_folders
from ingest_lambda.arrive.routing import NOT_BY_BYTES, Route, Rules, route
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract, parse_contract
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse.statements import literal
from scripts.contracts import from_document
from tests.land.warehouse import Function, Land, new_dataset, parquet

TABLE = pa.table({"id": [1, 2, 3]})


def statuses(outcomes: list[FileOutcome]) -> list[Status]:
    return [outcome.status for outcome in outcomes]


def verdicts(land: Land, file: FileVersion) -> list[dict[str, Any]]:
    rows = land.rows(f"select verdict from ops.rejected_files where file_id = '{file.file_id}'")
    return [json.loads(row["verdict"]) for row in rows]


def declared(land: Land, monkeypatch: pytest.MonkeyPatch, **contracts: str) -> Function:
    """Start a function that was packaged with datasets declared in source YAML, their `config.meta` in `contracts`."""
    tables = [{"name": name, "config": {"meta": yaml.safe_load(meta)}} for name, meta in contracts.items()]
    found = from_document({"sources": [{"name": "landing", "tables": tables}]})
    monkeypatch.setattr(
        land, "contracts", {name: parse_contract(json.loads(json.dumps(found[name]))) for name in found}
    )
    return land.function()


def test_what_a_writer_has_not_finished_or_notes_for_itself_never_lands(land: Land) -> None:
    dataset = new_dataset()
    good = [
        land.put(f"raw/{dataset}/{name}", TABLE)
        for name in ("part-0.parquet", "_dt=2026-01-01/part-0.parquet", "year=2026/part-0.parquet")
    ]
    own = [
        land.put(f"raw/{dataset}/{name}", pa.table({"id": [9], "txn": ["x"]}))
        for name in (
            "_temporary/0/_temporary/attempt_1/part-0.parquet",
            ".spark-staging-1/part-0.parquet",
            "_delta_log/_sidecars/a.parquet",
            "_change_data/cdc-0.parquet",
            ".Trash/part-0.parquet",
            "year=2026/.hive-staging/part-0.parquet",
        )
    ]

    outcomes = land.function().receive(*good, *own)

    assert statuses(outcomes) == [Status.LANDED] * 3 + [Status.IGNORED] * 6
    assert land.count(f"landing.{dataset}") == 9
    names = land.rows(
        f"select column_name from svv_columns where table_name = '{dataset}' and table_schema = 'landing'"
    )
    assert "txn" not in {row["column_name"] for row in names}
    assert land.rows(f"select 1 from ops.rejected_files where dataset = '{dataset}'") == []
    above = land.put("raw/_temporary/x.parquet", TABLE)
    assert statuses(land.function().receive(above)) == [Status.IGNORED]
    assert land.count("landing._temporary") == land.count("landing.x") == 0


def test_two_tables_of_a_schema_do_not_become_one(land: Land, alerts: Callable[[], list[dict[str, Any]]]) -> None:
    schema = new_dataset("shop")
    orders = land.put(f"raw/{schema}/orders/LOAD1.parquet", TABLE)
    items = land.put(f"raw/{schema}/items/2026/11/28/LOAD1.parquet", pa.table({"sku": ["a"]}))

    outcomes = land.function().receive(orders, items)

    assert statuses(outcomes) == [Status.REJECTED] * 2
    assert [outcome.reason for outcome in outcomes] == [Reason.AMBIGUOUS_FOLDER] * 2
    assert land.count(f"landing.{schema}") == land.count(f"ledger.{schema}") == 0
    [verdict] = verdicts(land, items)
    assert verdict["found"] == f"raw/{schema}/items/"
    assert f'prefixes: ["raw/{schema}/items/"]' in verdict["remedy"]
    assert {f"quarantine/{file.key}" for file in (orders, items)} <= land.keys(f"quarantine/raw/{schema}/")
    [alert] = [each for each in alerts() if each["MessageAttributes"]["dataset"]["Value"] == schema]
    assert "ambiguous_folder" in alert["Message"]


def test_the_prefix_that_the_verdict_names_lands_the_file_where_it_belongs_and_nothing_else_elsewhere(
    land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema, table = new_dataset("shop"), new_dataset("orders")
    key = f'raw/{schema}/year=2026/Or"d, [é] #ers/LOAD1.parquet'
    file, other = land.put(key, TABLE), land.put(f"raw/{schema}/items/LOAD1.parquet", TABLE)
    direct = land.put(f"raw/{schema}/a.parquet", TABLE)
    assert statuses(land.function().receive(file, other, direct)) == [Status.REJECTED, Status.REJECTED, Status.LANDED]
    remedy = verdicts(land, file)[0]["remedy"]
    meta = remedy.partition("declare ")[2].partition(" under config.meta")[0]

    function = declared(land, monkeypatch, **{table: meta})

    assert statuses(function.receive(file, other, direct)) == [Status.LANDED, Status.REJECTED, Status.DUPLICATE]
    assert land.count(f"landing.{table}") == 3
    assert land.count(f"landing.{schema}") == 3


def test_any_folders_lands_the_file_in_the_dataset_that_the_verdict_names(
    land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = new_dataset("sales")
    file = land.put(f"raw/{dataset}/eu/north/a.parquet", TABLE)
    assert statuses(land.function().receive(file)) == [Status.REJECTED]
    remedy = verdicts(land, file)[0]["remedy"]
    meta = remedy.partition(f"if it is {dataset}, declare ")[2].partition(" under config.meta")[0]

    function = declared(land, monkeypatch, **{dataset: meta})

    assert statuses(function.receive(file)) == [Status.LANDED]
    assert land.count(f"landing.{dataset}") == 3


def test_a_dataset_whose_ledger_holds_such_folders_goes_on_and_it_is_told_once(
    land: Land, monkeypatch: pytest.MonkeyPatch, alerts: Callable[[], list[dict[str, Any]]]
) -> None:
    dataset, other = new_dataset("old"), new_dataset("other")
    before = land.put(f"raw/{dataset}/eu/year=2025/a.parquet", TABLE)
    elsewhere = land.put(f"raw/{other}/2025/11/a.parquet", TABLE)
    with monkeypatch.context() as patched:  # as a deployment without the rule landed it
        patched.setattr(land, "contracts", {dataset: Contract(any_folders=True)})
        assert statuses(land.function().receive(before, elsewhere)) == [Status.LANDED] * 2

    function = land.function()
    more = land.put(f"raw/{dataset}/us/b.parquet", TABLE)
    new = land.put(f"raw/{other}/us/b.parquet", TABLE)

    assert statuses(function.receive(more, new)) == [Status.LANDED, Status.REJECTED]
    assert land.count(f"landing.{dataset}") == 6
    assert land.count(f"landing.{other}") == 3

    told = [each for each in alerts() if each["MessageAttributes"]["dataset"]["Value"] == dataset]
    assert [each["MessageAttributes"]["severity"]["Value"] for each in told] == ["low"]
    assert json.loads(told[0]["Message"])["folders"] == [f"raw/{dataset}/eu/"]
    for again in (function, land.function()):
        assert statuses(again.receive(land.put(f"raw/{dataset}/us/c.parquet", TABLE))) == [Status.LANDED]
    assert [each for each in alerts() if each["MessageAttributes"]["dataset"]["Value"] == dataset] == []


def test_only_what_is_in_landing_lets_a_dataset_go_on(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = new_dataset("old")
    accident = land.put(f"raw/{dataset}/items/a.parquet", TABLE)
    with monkeypatch.context() as patched:
        patched.setattr(land, "contracts", {dataset: Contract(any_folders=True)})
        land.function().receive(accident)
    assert read_folders(land.warehouse, dataset, Rules()) == (f"raw/{dataset}/items/",)

    land.rows(f"update ledger.{dataset} set undone_at = sysdate")

    assert read_folders(land.warehouse, dataset, Rules()) == ()
    more = land.put(f"raw/{dataset}/items/b.parquet", TABLE)
    assert statuses(land.function().receive(more)) == [Status.REJECTED]


def test_the_warehouse_is_asked_for_folders_once_a_dataset_and_only_when_one_is_in_doubt(land: Land) -> None:
    dataset = new_dataset("asked")
    client = Counting(land.client("redshift-data"))
    function = land.function(client)
    function.receive(land.put(f"raw/{dataset}/2026/11/region=EU/a.parquet", TABLE))
    assert not client.asked(dataset)

    for name in ("b", "c"):
        function.receive(land.put(f"raw/{dataset}/eu/{name}.parquet", TABLE))

    assert len(client.asked(dataset)) == 2  # whether there is a ledger, and of what folders


class Counting:
    """The real Data API, remembering the single statements that were asked of it."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._statements: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def execute_statement(self, **request: Any) -> Any:
        self._statements.append(request["Sql"])
        return self._client.execute_statement(**request)

    def asked(self, dataset: str) -> list[str]:
        return [sql for sql in self._statements if dataset in sql and ("as folder" in sql or "svv_tables" in sql)]


def test_the_warehouse_tells_folders_apart_as_the_function_does(land: Land) -> None:
    """The pattern of hive parts and dates means the same to Redshift's regular expressions as to Python's."""
    keys = [
        *(f"raw/ds/{folder}/a.parquet" for folder in (
            "2026", "2026/11/28", "2026/11/28/09/45", "20261128T0905Z", "2026-W48", "28-11-2026",
            "2026-11-28T09:05:00+00:00", "eu", "v2", "1042", "99", "2026-11-28x", "orders/2026", "2026/orders",
            "data", "data/x=1/2026", "x=1/eu/y=2", "it's", "a\\b", "é", "a b", "year=2026", "x=", "=x", "_dt=1",
            "2026//11",
        )),
        "raw/ds/a.parquet", "raw//ds/a.parquet", "raw/year=1/ds/a.parquet", "raw/ds_1.parquet", "raw/other/x/a.parquet",
    ]  # fmt: skip
    pattern = literal(f"/(({PARTS})/)+")
    for key in keys:
        sql = f"select regexp_replace(regexp_replace({literal(key)}, '[^/]*$', ''), {pattern}, '/') as folder"
        [row] = land.rows(sql)
        routed = route(key)
        is_doubtful = isinstance(routed, Route) and routed.dataset == "ds" and routed.folder is not None
        assert bool(doubtful("ds", [row["folder"]], Rules())) == is_doubtful, key


@given(st.lists(st.sampled_from(["2026", "11", "eu", "x=1", "data", "", "99"]), max_size=4))
def test_what_is_left_of_a_key_without_its_parts_is_as_doubtful_as_the_key(parts: list[str]) -> None:
    whole = f"raw/ds/{''.join(f'{part}/' for part in parts)}"
    left = "".join(
        f"{part}/" for part in ("raw", "ds", *(part for part in parts if not part or not folders.is_part(part)))
    )
    assert bool(doubtful("ds", [whole], Rules())) == bool(doubtful("ds", [left], Rules()))


@pytest.mark.parametrize(
    "name", ["part-00000", "000000_0", "a.parq", "a.parquet.gzip", "a.snappy", "region=EU/3f2a", "2026/11/28/x.c000"]
)
@pytest.mark.parametrize("receive_count", [1, 2])
def test_parquet_lands_whatever_its_name_below_its_datasets_folder(land: Land, name: str, receive_count: int) -> None:
    dataset = new_dataset()

    [outcome] = land.function().receive(land.put(f"raw/{dataset}/{name}", TABLE), receive_count=receive_count)

    assert outcome.status is Status.LANDED
    assert land.count(f"landing.{dataset}") == 3


@pytest.mark.parametrize("content", [b"hello", b"", b"PAR1 but not at its end", b"x" * 100_000])
@pytest.mark.parametrize("receive_count", [1, 2])
def test_what_is_no_parquet_and_does_not_say_so_is_ignored_and_leaves_no_trace(
    land: Land, content: bytes, receive_count: int
) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/notes", content)

    [outcome] = land.function().receive(file, receive_count=receive_count)

    assert (outcome.status, outcome.reason, outcome.dataset) == (Status.IGNORED, NOT_BY_BYTES, dataset)
    assert verdicts(land, file) == []
    assert land.keys(f"quarantine/{file.key}") == set()
    assert land.count(f"landing.{dataset}") == 0


def test_a_file_that_calls_itself_parquet_is_still_rejected_when_it_is_not(land: Land) -> None:
    file = land.put(f"raw/{new_dataset()}/a.parquet", b"hello")

    [outcome] = land.function().receive(file)

    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.NOT_PARQUET)


def test_parquet_without_a_suffix_is_rejected_when_it_is_parquet_that_cannot_land(land: Land) -> None:
    dataset = new_dataset()
    broken = parquet(TABLE)[:-8] + b"\xff\xff\xff\x7fPAR1"
    encrypted = parquet(TABLE)[:-4] + b"PARE"
    files = [land.put(f"raw/{dataset}/part-0", broken), land.put(f"raw/{dataset}/part-1", encrypted)]

    outcomes = land.function().receive(*files)

    assert [outcome.reason for outcome in outcomes] == [Reason.CORRUPT_FOOTER, Reason.ENCRYPTED]


def test_a_file_without_a_suffix_in_a_doubtful_folder_is_rejected_only_if_it_is_parquet(land: Land) -> None:
    dataset = new_dataset()
    files = [land.put(f"raw/{dataset}/eu/part-0", TABLE), land.put(f"raw/{dataset}/eu/README", b"hello")]

    outcomes = land.function().receive(*files)

    assert statuses(outcomes) == [Status.REJECTED, Status.IGNORED]


def test_a_large_file_without_a_suffix_is_read_by_copy_as_it_is(land: Land) -> None:
    sink = io.BytesIO()
    rows = 40
    pq.write_table(
        pa.table({"id": range(rows), "text": ["x" * 60_000] * rows}), sink, compression="none", use_dictionary=False
    )
    dataset = new_dataset()

    [outcome] = land.function().receive(land.put(f"raw/{dataset}/000000_0", sink.getvalue()))

    assert (outcome.status, outcome.load_path, outcome.rows) == (Status.LANDED, "as_is", rows)
    assert land.count(f"landing.{dataset}") == rows


def test_a_table_formats_folders_are_of_one_table_and_it_is_named_as_such(land: Land) -> None:
    names = ("_hoodie_commit_time", "_hoodie_commit_seqno", "_hoodie_record_key", "_hoodie_file_name")
    hudi = pa.table({**{name: ["x"] for name in names}, "id": [1]})
    refused, meant = new_dataset("trips"), new_dataset("trips")
    land.contracts[meant] = Contract(append_only=True)
    files = [land.put(f"raw/{dataset}/americas/brazil/a_0-1_2.parquet", hudi) for dataset in (refused, meant)]

    outcomes = land.function().receive(*files)

    assert [outcome.reason for outcome in outcomes] == [Reason.TABLE_FORMAT, None]
    assert (land.count(f"landing.{refused}"), land.count(f"landing.{meant}")) == (0, 1)
