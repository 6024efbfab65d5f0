"""`landfall catalog`: a dataset's files as a table of the Glue catalog, from its contract and from where they lie."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from botocore.stub import Stubber

from ingest_lambda.errors import ConfigError, TransientError
from ingest_lambda.judge.contracts import Contract, parse_contract
from ingest_lambda.warehouse.sessions import Warehouse
from landfall.operate import declared, glue_tables, hive_layout, projection, raw_catalog
from landfall.operate.hive_layout import Layout, Partition
from landfall.stack import Stack
from tests.infra.templates import load
from tests.land.warehouse import new_dataset, parquet
from tests.landfall.conftest import Desk
from tests.local.redshift.support import psycopg2_connection
from tests.support.lambdas import unique
from tests.support.local_stack import LocalStack

TODAY = dt.date(2026, 2, 1)
DECLARED: dict[str, Any] = {
    "schema_change": "evolve",
    "columns": [
        {"name": "id", "data_type": "varchar(max)"},
        {"name": "amount", "data_type": "decimal(18,2)"},
        {"name": "seen_at", "data_type": "timestamp"},
        {"name": "details", "data_type": "super"},
    ],
}
PLAIN = {"columns": [{"name": "id", "data_type": "varchar(9)"}, {"name": "more", "data_type": "integer"}]}


def contract(**more: Any) -> Contract:
    return parse_contract({**DECLARED, **more})


def layout(*names: str, found: list[tuple[str, ...]]) -> Layout:
    return Layout(names, tuple(Partition(texts, texts) for texts in found))


def test_a_table_has_the_contracts_columns_in_athenas_types_and_says_which_it_cannot_have() -> None:
    made = raw_catalog.table("s3://bucket/raw/sales/", "sales", contract(), Layout(), TODAY)
    storage = made.definition["StorageDescriptor"]
    assert [tuple(column.values()) for column in storage["Columns"]] == [
        ("id", "string"),
        ("amount", "decimal(18,2)"),
        ("seen_at", "timestamp"),
    ]
    assert storage["Location"] == "s3://bucket/raw/sales/"
    assert list(made.left_out) == ["details SUPER"]
    assert made.definition["PartitionKeys"] == []
    assert "projection.enabled" not in made.definition["Parameters"]


def test_partitions_are_projected_from_the_hive_parts_of_the_keys() -> None:
    lies = layout("year", "month", "region", found=[("2025", "12", "EU"), ("2026", "01", "US")])
    definition = raw_catalog.table("s3://bucket/raw/sales/", "sales", contract(), lies, TODAY).definition
    parameters = definition["Parameters"]
    assert [key["Name"] for key in definition["PartitionKeys"]] == ["year", "month", "region"]
    template = "s3://bucket/raw/sales/year=${year}/month=${month}/region=${region}/"
    assert parameters["storage.location.template"] == template
    assert (parameters["projection.year.range"], parameters["projection.month.digits"]) == ("2025,2036", "2")
    assert parameters["projection.region.values"] == "EU,US"


@pytest.mark.parametrize(
    ("name", "texts", "expected"),
    [
        ("year", {"999", "2026"}, "999,2036"),
        ("year", {"0999", "2026"}, "999,2036 digits 4"),
        ("year", {"099", "2026"}, "enum 099,2026"),
        ("month", {"1", "12"}, "1,12"),
        ("month", {"01", "12"}, "1,12 digits 2"),
        ("month", {"1", "01"}, "enum 01,1"),
        ("month", {"13"}, "enum 13"),
        ("hour", {"00", "24"}, "enum 00,24"),
        ("hour", {"0", "1"}, "0,23"),
        ("year", {"9" * 20}, f"enum {'9' * 20}"),
        ("dt", {"2026-02-30"}, "enum 2026-02-30"),
        ("dt", {"2026-01-01", "2026-02-04"}, "2026-01-01,NOW+3DAYS"),
        ("dt", {"2026-01-01", "9999-12-31"}, "enum 2026-01-01,9999-12-31"),
    ],
)
def test_a_projection_finds_each_text_as_it_is_spelt(name: str, texts: set[str], expected: str) -> None:
    found = projection.project({name: texts}, TODAY)[name]
    digits = f" digits {found['digits']}" if "digits" in found else ""
    said = f"enum {found['values']}" if found["type"] == "enum" else found["range"]
    assert said + digits == expected


@pytest.mark.parametrize("declared", [{"columns": []}, {"formats": ["csv"]}])
def test_a_dataset_that_cannot_be_a_table_is_refused_with_the_reason(desk: Desk, declared: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"sales (declares no columns|takes csv beside parquet)"):
        raw_catalog.folder_of(desk.stack.s3, desk.stack.bucket, "sales", contract(**declared), {})


@dataclass
class Catalog:
    """A catalog of the test's own: its database, its bucket, the datasets that are declared."""

    desk: Desk
    stack: Stack
    contracts: dict[str, Contract]
    admin: Warehouse
    schema: str

    @property
    def database(self) -> str:
        return self.stack.output("CatalogDatabaseName")

    @property
    def glue(self) -> Any:
        return self.desk.land.client("glue")

    def put(self, *keys: str, more: int = 1) -> None:
        """Put a file of one row at each key: its own key's last nine letters, and a number."""
        for key in keys:
            body = parquet(pa.table({"id": [key[-9:]], "more": pa.array([more], pa.int32())}))
            self.stack.s3.put_object(Bucket=self.stack.bucket, Key=f"raw/{key}", Body=body)

    def declare(self, **more: Any) -> str:
        dataset = new_dataset("sold")
        self.contracts[dataset] = parse_contract({**PLAIN, **more})
        return dataset

    def run(self, *datasets: str, exits: int = 0) -> dict[str, Any]:
        said = self.desk.landfall("catalog", *datasets, exits=exits)
        return {each["dataset"]: each for each in said["tables"]}

    def partitions(self, dataset: str) -> Mapping[tuple[str, ...], str]:
        found = self.glue.get_partitions(DatabaseName=self.database, TableName=dataset)["Partitions"]
        place = f"s3://{self.stack.bucket}/raw/{dataset}/"
        return {tuple(each["Values"]): each["StorageDescriptor"]["Location"].removeprefix(place) for each in found}

    def parameters(self, dataset: str) -> Mapping[str, str]:
        table = self.glue.get_table(DatabaseName=self.database, Name=dataset)["Table"]
        return dict(table["Parameters"])

    def read(self, columns: str, dataset: str, where: str = "true") -> list[tuple[Any, ...]]:
        """Query the table through the warehouse's external schema."""
        rows = self.admin.query(f"select {columns} from {self.schema}.{dataset} where {where} order by 1")
        return [tuple(row.values()) for row in rows]


@pytest.fixture
def catalog(
    desk: Desk, spectrum_role: Callable[[str, str, str], str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Catalog]:
    """A catalog with nothing in it, and an external schema over it as `landfall catalog --sql` spells it."""
    bucket, database, schema = unique("catalogued"), new_dataset("raw"), new_dataset("x")
    desk.land.client("s3").create_bucket(Bucket=bucket)
    glue, contracts = desk.land.client("glue"), dict[str, Contract]()
    glue.create_database(DatabaseInput={"Name": database})
    role = spectrum_role(bucket, database, "no_exports")
    more = {
        "BucketName": bucket,
        "CatalogDatabaseName": database,
        "AdminSecretArn": f"land/{desk.land.services.redshift['admin_user']}",
    }
    stack = replace(desk.stack, outputs={**desk.stack.outputs, **more})
    monkeypatch.setattr(Stack, "from_environment", lambda: stack)
    monkeypatch.setattr(declared, "contracts", lambda: contracts)
    admin = stack.warehouse_as("AdminSecretArn")
    admin.execute(raw_catalog.external_schema(schema, database, role))
    yield Catalog(desk, stack, contracts, admin, schema)
    admin.execute(f"drop schema {schema}")
    glue.delete_database(Name=database)


def test_values_and_ranges_are_those_of_all_files(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hive_layout, "PAGE", 2)
    sold = catalog.declare()
    regions = ("EU", "IN", "UK", "US")
    catalog.put(*(f"{sold}/region={each}/year=2026/a.parquet" for each in regions), f"{sold}/region=US/year=999/a")
    made = catalog.run(sold)[sold]
    assert (made["outcome"], made["partitions"], made["why"]) == ("created", ["region", "year"], None)
    parameters = catalog.parameters(sold)
    assert parameters["projection.region.values"] == "EU,IN,UK,US"
    assert parameters["projection.year.range"] == "999,2036"
    expected = {*((each, "2026") for each in regions), ("US", "999")}
    assert set(catalog.partitions(sold)) == expected
    assert set(catalog.read("region, year", sold)) == expected


def test_more_partitions_than_one_call_registers_are_read_by_the_warehouse(catalog: Catalog) -> None:
    sold = catalog.declare()
    days = [(dt.date(2026, 1, 1) + dt.timedelta(each)).isoformat() for each in range(glue_tables.PARTITIONS_A_CALL + 1)]
    catalog.put(*(f"{sold}/day={day}/{day[-5:]}" for day in days))
    for outcome in ("created", "updated"):
        assert catalog.run(sold)[sold]["outcome"] == outcome
        assert set(catalog.partitions(sold)) == {(day,) for day in days}
    assert catalog.read("day, more", sold, f"day >= '{days[-2]}'") == [(day, 1) for day in days[-2:]]
    tables = catalog.admin.query(f"select tablename from svv_external_tables where schemaname = '{catalog.schema}'")
    assert [row["tablename"] for row in tables] == [sold]


def test_archived_files_are_counted_and_read_by_athena_where_they_are_restored(catalog: Catalog) -> None:
    sold = catalog.declare()
    catalog.put(f"{sold}/day=2026-01-01/a", f"{sold}/day=2026-01-02/a")
    assert catalog.run(sold)[sold]["why"] is None
    for storage in ("DEEP_ARCHIVE", "GLACIER_IR"):
        key = f"raw/{sold}/day=2026-01-01/{storage}"
        catalog.stack.s3.put_object(Bucket=catalog.stack.bucket, Key=key, Body=b"x", StorageClass=storage)
    assert catalog.run(sold)[sold]["why"] == ("1 files are archived: Athena passes over those that are not restored")
    assert catalog.parameters(sold)["read_restored_glacier_objects"] == "true"
    assert catalog.read("day, id", sold, "day = '2026-01-02'") == [("2026-01-02", "6-01-02/a")]


def test_files_that_have_landed_from_elsewhere_are_counted_and_named(catalog: Catalog) -> None:
    named, whole = catalog.declare(), catalog.declare()
    files = {
        name: [catalog.desk.land.put(f"raw/{place}", pa.table({"id": ["a"]})) for place in places]
        for name, places in {
            named: (f"{named}/a.parquet", f"{named}_20251113_001.parquet", f"year=2025/{named}/b.parquet"),
            whole: (f"{whole}/day=2026-01-01/a.parquet",),
        }.items()
    }
    for each in files.values():
        catalog.desk.function.receive(*each)
    said = catalog.run(named, whole)
    assert said[named]["why"] == f"2 files lie elsewhere and are not in it, as raw/{named}_20251113_001.parquet"
    assert said[whole]["why"] is None
    for file in files[named][1:]:
        catalog.desk.landfall("undo", file.uri)
    assert catalog.run(named)[named]["why"] is None


def test_where_the_warehouse_does_not_answer_the_catalog_stays_as_it_is(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold = catalog.declare()
    catalog.put(f"{sold}/a.parquet")

    def refuse(*_: object) -> NoReturn:
        raise TransientError("the warehouse is paused")

    with monkeypatch.context() as without:
        without.setattr(Warehouse, "query", refuse)
        assert "the warehouse is paused" in catalog.desk.landfall("catalog", exits=4)
    assert catalog.glue.get_tables(DatabaseName=catalog.database)["TableList"] == []
    assert catalog.run()[sold]["outcome"] == "created"


def test_an_object_beside_the_partitions_is_in_sight_and_named(catalog: Catalog) -> None:
    sold, deeper = catalog.declare(), catalog.declare()
    catalog.put(f"{sold}/day=2026-01-01/a", f"{sold}/zz.parquet", f"{sold}/_SUCCESS")
    catalog.put(f"{deeper}/year=2025/month=01/a", f"{deeper}/year=2026/b", f"{deeper}/year=2026/month=02/c")
    said = catalog.run()
    assert (said[sold]["partitions"], said[deeper]["partitions"]) == ([], ["year"])
    assert said[sold]["why"] == f"raw/{sold}/zz.parquet lies beside folders day="
    assert said[deeper]["why"] == f"raw/{deeper}/year=2026/b lies beside folders month="
    assert len(catalog.read("id", sold)) == 2
    assert catalog.read("year, count(*)", deeper, "true group by 1") == [("2025", 1), ("2026", 2)]


def test_an_object_beside_the_partitions_is_named_whatever_sorts_before(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hive_layout, "PAGE", 2)
    late, first, flat = catalog.declare(), catalog.declare(), catalog.declare()
    catalog.put(f"{late}/y=1/x.parquet", f"{late}/y=2/m=1/x.parquet")
    catalog.put(*(f"{first}/{each}.parquet" for each in "abc"), f"{first}/m=1/x.parquet")
    catalog.put(f"{flat}/y=1/x.parquet", f"{flat}/y=2/x.parquet")
    said = catalog.run()
    assert [said[each]["partitions"] for each in (late, first, flat)] == [["y"], [], ["y"]]
    assert said[late]["why"] == f"raw/{late}/y=1/x.parquet lies beside folders m="
    assert said[first]["why"] == f"raw/{first}/a.parquet lies beside folders m="
    assert said[flat]["why"] is None


def test_a_folder_in_which_another_dataset_has_its_own_is_no_table(catalog: Catalog) -> None:
    sold = catalog.declare()
    catalog.put(f"{sold}/region=EU/a", f"{sold}/region=US/a")
    assert catalog.run(sold)[sold]["outcome"] == "created"
    theirs = catalog.declare(prefixes=[f"raw/{sold}/region=EU/"])
    assert f"those below raw/{sold}/region=EU/ are {theirs}'s" in catalog.desk.landfall("catalog", sold, exits=3)
    said = catalog.desk.landfall("catalog")["tables"]
    assert [(each["dataset"], each["outcome"]) for each in said if each["dataset"] != theirs] == [
        (sold, "left out"),
        (sold, "removed"),
    ]
    assert catalog.read("id", theirs) == [("gion=EU/a",)]


def test_the_registered_partitions_are_those_that_have_files_whatever_was_there(catalog: Catalog) -> None:
    sold = catalog.declare()
    catalog.put(f"{sold}/year=2025/month=1/a", f"{sold}/year=2026/month=2/a")
    catalog.run(sold)
    storage = {"Columns": [], "Location": f"s3://{catalog.stack.bucket}/elsewhere/"}
    entry = {
        "PartitionValueList": ["2025", "1"],
        "PartitionInput": {"Values": ["2025", "1"], "StorageDescriptor": storage},
    }
    catalog.glue.batch_update_partition(DatabaseName=catalog.database, TableName=sold, Entries=[entry])
    catalog.stack.s3.delete_object(Bucket=catalog.stack.bucket, Key=f"raw/{sold}/year=2026/month=2/a")
    catalog.put(f"{sold}/year=2027/month=3/a")
    catalog.run(sold)
    expected = {("2025", "1"): "year=2025/month=1/", ("2027", "3"): "year=2027/month=3/"}
    assert catalog.partitions(sold) == expected
    assert catalog.read("year, month", sold) == sorted(expected)
    full = {"ErrorCode": "ResourceNumberLimitExceededException", "ErrorMessage": "too many"}
    definition = {"Name": sold, "PartitionKeys": [{"Name": "k"}], "StorageDescriptor": {"Location": "s3://b/"}}
    with Stubber(catalog.glue) as refusing:
        refusing.add_response("get_partitions", {"Partitions": []})
        refusing.add_response("batch_create_partition", {"Errors": [{"PartitionValues": ["v"], "ErrorDetail": full}]})
        with pytest.raises(ConfigError, match=f"{sold}, partition v: too many"):
            glue_tables.register_partitions(catalog.glue, "d", definition, [Partition(("v",), ("v",))])


def test_a_changed_layout_leaves_no_partition_of_the_former(catalog: Catalog) -> None:
    sold = catalog.declare()
    catalog.put(f"{sold}/year=2026/a")
    catalog.run(sold)
    assert catalog.read("year", sold) == [("2026",)]
    catalog.stack.s3.delete_object(Bucket=catalog.stack.bucket, Key=f"raw/{sold}/year=2026/a")
    catalog.put(f"{sold}/year=2026/month=01/a")
    made = catalog.run(sold)[sold]
    assert (made["outcome"], made["partitions"]) == ("updated", ["year", "month"])
    assert set(catalog.partitions(sold)) == {("2026", "01")}
    assert catalog.read("year, month", sold) == [("2026", "01")]


def test_a_partition_without_a_value_is_refused_by_key_and_the_others_go_on(catalog: Catalog) -> None:
    empty, twice, good = catalog.declare(), catalog.declare(), catalog.declare()
    catalog.put(f"{empty}/k=/a", f"{empty}/k=1/a", f"{twice}/k=a:b/a", f"{twice}/k=a%3Ab/a", f"{good}/k=1/a")
    said = catalog.run(exits=1)
    assert [said[each]["outcome"] for each in (empty, twice, good)] == ["refused", "refused", "created"]
    assert f"raw/{empty}/k=/ gives k no value" in said[empty]["why"]
    assert f"raw/{twice}/k=a%3Ab/ and raw/{twice}/k=a:b/ are one partition" in said[twice]["why"]


def test_values_are_what_their_writers_escaped_and_none_is_split(catalog: Catalog) -> None:
    sold = catalog.declare()
    catalog.put(f"{sold}/k=a,b/a", f"{sold}/k=a%3Ab/a", f"{sold}/k=__HIVE_DEFAULT_PARTITION__/a")
    made = catalog.run(sold)[sold]
    assert "projection.enabled" not in catalog.parameters(sold)
    assert "Athena too reads the partitions that are registered" in made["why"]
    assert catalog.partitions(sold) == {
        ("a,b",): "k=a,b/",
        ("a:b",): "k=a%3Ab/",
        ("__HIVE_DEFAULT_PARTITION__",): "k=__HIVE_DEFAULT_PARTITION__/",
    }
    assert catalog.read("k", sold, "k is not null") == [("a,b",), ("a:b",)]
    assert catalog.read("count(*)", sold, "k is null") == [(1,)]


def test_tables_of_datasets_that_are_gone_go_and_no_other_does(catalog: Catalog) -> None:
    gone, grown, stays = catalog.declare(), catalog.declare(), catalog.declare()
    catalog.put(*(f"{each}/k=1/a" for each in (gone, grown, stays)))
    catalog.glue.create_table(DatabaseName=catalog.database, TableInput={"Name": "of_another"})
    catalog.run()
    del catalog.contracts[gone]
    catalog.contracts[grown] = parse_contract({**PLAIN, "formats": ["csv"]})
    assert catalog.run(stays)[stays]["outcome"] == "updated"  # where datasets are named nothing goes
    assert set(catalog.partitions(gone)) == {("1",)}
    said = catalog.run()
    assert {each: said[each]["outcome"] for each in said} == {gone: "removed", grown: "removed", stays: "updated"}
    left = catalog.glue.get_tables(DatabaseName=catalog.database)["TableList"]
    assert {each["Name"] for each in left} == {"of_another", stays}


@pytest.mark.parametrize("owner", [{}, {"Owner": "hadoop"}])
def test_a_table_that_another_made_stays_as_it_is_and_is_named(catalog: Catalog, owner: Mapping[str, str]) -> None:
    taken, good = catalog.declare(), catalog.declare()
    catalog.put(f"{taken}/k=1/a", f"{good}/k=1/a")
    place = f"s3://{catalog.stack.bucket}/" + (f"raw/{taken}/" if owner else "elsewhere/")
    of_another = {"Name": taken, **owner, "StorageDescriptor": {"Location": place, "Columns": []}}
    catalog.glue.create_table(DatabaseName=catalog.database, TableInput=of_another)
    said = catalog.run(exits=1)
    assert (said[taken]["outcome"], said[good]["outcome"]) == ("refused", "created")
    assert f"{taken} is a table that another made" in said[taken]["why"]
    assert "delete it in Glue" in said[taken]["why"]
    held = catalog.glue.get_table(DatabaseName=catalog.database, Name=taken)["Table"]
    assert (held["StorageDescriptor"]["Location"], held.get("PartitionKeys", [])) == (place, [])
    assert catalog.partitions(taken) == {}


def test_a_table_of_a_release_that_set_no_owner_is_taken_over_where_it_points_to_the_dataset(catalog: Catalog) -> None:
    sold = catalog.declare()
    catalog.put(f"{sold}/k=1/a")
    place = f"s3://{catalog.stack.bucket}/raw/{sold}/"
    earlier = {"Name": sold, "StorageDescriptor": {"Location": place, "Columns": []}}
    catalog.glue.create_table(DatabaseName=catalog.database, TableInput=earlier)
    assert catalog.run(sold)[sold]["outcome"] == "updated"
    assert set(catalog.partitions(sold)) == {("1",)}
    del catalog.contracts[sold]
    catalog.declare()
    assert catalog.run()[sold]["outcome"] == "removed"


def test_where_nothing_is_declared_the_tables_stay(catalog: Catalog) -> None:
    sold = catalog.declare()
    catalog.put(f"{sold}/k=1/a")
    catalog.run()
    kept = catalog.contracts.pop(sold)
    said = catalog.desk.landfall("catalog", exits=3)
    assert "no dataset is declared in dbt_project/models/landing/" in said
    assert set(catalog.partitions(sold)) == {("1",)}
    catalog.contracts[sold] = kept
    assert catalog.run()[sold]["outcome"] == "updated"


def test_a_dataset_of_another_name_is_a_table_over_the_folder_that_its_files_are_in(catalog: Catalog) -> None:
    old = new_dataset("sold")
    new, both = catalog.declare(prefixes=[f"raw/{old}/"]), new_dataset("sold")
    catalog.put(f"{old}/day=2026-01-01/a")
    assert catalog.run(new)[new]["partitions"] == ["day"]
    assert catalog.read("day", new) == [("2026-01-01",)]
    del catalog.contracts[new]
    catalog.contracts[both] = parse_contract({**PLAIN, "prefixes": [f"raw/{old}/"]})
    catalog.put(f"{both}/b")
    said = catalog.run()[both]
    assert said["outcome"] == "left out"
    assert f"files below raw/{min(old, both)}/ and raw/{max(old, both)}/" in said["why"]


def test_the_deployed_catalog_is_filled_and_filled_again(stack: LocalStack) -> None:
    glue, database = stack.client("glue"), "landfall_local_raw"
    done = stack.landfall("catalog", "--json")
    assert done.returncode == 0, done.stderr
    said = {each["dataset"]: each for each in json.loads(done.stdout)["tables"]}
    made = {name for name, each in said.items() if each["outcome"] == "created"}
    assert {"order_summary", "order_items", "claims"} <= made
    assert said["fx_rates"]["outcome"] == "left out"
    assert {each["Name"] for each in glue.get_tables(DatabaseName=database)["TableList"]} == made
    again = stack.landfall("catalog", "order_summary", "--json")
    assert [each["outcome"] for each in json.loads(again.stdout)["tables"]] == ["updated"]
    workgroup = stack.client("athena").get_work_group(WorkGroup="landfall-local")["WorkGroup"]["Configuration"]
    limit = load("main")["Parameters"]["QueryScanLimitBytes"]["Default"]
    assert int(workgroup["BytesScannedCutoffPerQuery"]) == limit


def test_a_dataset_that_nobody_declared_is_refused_and_nothing_is_registered(stack: LocalStack) -> None:
    done = stack.landfall("catalog", "nowhere")
    assert done.returncode == 3
    assert "not declared: nowhere" in done.stderr
    with pytest.raises(stack.client("glue").exceptions.EntityNotFoundException):
        stack.client("glue").get_table(DatabaseName="landfall_local_raw", Name="nowhere")


def test_the_deployed_role_reads_the_catalog_and_what_was_exported(stack: LocalStack) -> None:
    _, exported = stack.landfall("catalog", "--sql").stdout.split(";")[:2]
    glue, database, bucket = stack.client("glue"), "landfall_local_exports", stack.info["bucket"]
    name = new_dataset("exported")
    body = parquet(pa.table({"id": pa.array([7], pa.int64())}))
    stack.client("s3").put_object(Bucket=bucket, Key=f"exports/{name}/1/k=a/0.parquet", Body=body)
    place = f"s3://{bucket}/exports/{name}/1/"
    definition = raw_catalog.describe(name, "of a test", place, [("id", "bigint")], ["k"], {})
    glue_tables.register(glue, database, definition, lambda _: False)
    glue_tables.register_partitions(glue, database, definition, [Partition(("a",), ("a",))])
    with closing(psycopg2_connection(stack.redshift)) as connection, connection.cursor() as cursor:
        cursor.execute(exported)
        cursor.execute(f"select id, k from exports.{name}")
        assert cursor.fetchall() == [(7, "a")]
        cursor.execute(f"select location from svv_external_tables where tablename = '{name}'")
        assert cursor.fetchall() == [(place,)]
        cursor.execute("drop schema exports")
    glue_tables.remove(glue, database, name)


def test_the_warehouses_schema_names_the_catalog_and_the_role_that_reads_it(stack: LocalStack) -> None:
    done = stack.landfall("catalog", "--sql")
    assert done.returncode == 0, done.stderr
    assert "from data catalog database 'landfall_local_raw'" in done.stdout
    assert "from data catalog database 'landfall_local_exports'" in done.stdout
    assert "iam_role 'arn:aws:iam::000000000000:role/" in done.stdout
