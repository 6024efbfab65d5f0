"""`landfall catalog`: a dataset's files as a table of the Glue catalog, from its contract and from where they lie."""

import json
import secrets
from typing import Any

import pytest
from botocore.stub import Stubber

from ingest_lambda.errors import ConfigError
from ingest_lambda.judge.contracts import Contract, parse_contract
from landfall.operate import raw_catalog
from tests.infra.templates import load
from tests.support.local_stack import LocalStack

DECLARED: dict[str, Any] = {
    "schema_change": "evolve",
    "columns": [
        {"name": "id", "data_type": "varchar(max)"},
        {"name": "amount", "data_type": "decimal(18,2)"},
        {"name": "seen_at", "data_type": "timestamp"},
        {"name": "details", "data_type": "super"},
    ],
}


def contract(**more: Any) -> Contract:
    return parse_contract({**DECLARED, **more})


def test_a_table_has_the_contracts_columns_in_athenas_types_and_says_which_it_cannot_have() -> None:
    made = raw_catalog.table("bucket", "sales", contract(), ["raw/sales/a.parquet"])
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
    keys = ["raw/sales/year=2025/month=12/region=EU/a", "raw/sales/year=2026/month=01/region=US/b"]
    definition = raw_catalog.table("bucket", "sales", contract(), keys).definition
    parameters = definition["Parameters"]
    assert [key["Name"] for key in definition["PartitionKeys"]] == ["year", "month", "region"]
    template = "s3://bucket/raw/sales/year=${year}/month=${month}/region=${region}/"
    assert parameters["storage.location.template"] == template
    assert (parameters["projection.year.range"], parameters["projection.month.digits"]) == ("2025,2036", "2")
    assert parameters["projection.region.values"] == "EU,US"


@pytest.mark.parametrize("declared", [{"columns": []}, {"formats": ["csv"]}])
def test_a_dataset_that_cannot_be_a_table_is_refused_with_the_reason(declared: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"sales (declares no columns|takes csv beside parquet)"):
        raw_catalog.table("bucket", "sales", contract(**declared), [])


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


def test_the_partitions_that_have_files_are_registered_for_who_projects_none(stack: LocalStack) -> None:
    s3, glue, database = stack.client("s3"), stack.client("glue"), "landfall_local_raw"
    bucket = name = f"sold-{secrets.token_hex(4)}"
    s3.create_bucket(Bucket=bucket)
    keys = [f"sold/day=2026-01-0{day}/region={region}/a.parquet" for day, region in ((1, "EU"), (2, "EU"), (2, "a b"))]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    parts = raw_catalog.partitions("sold/", keys)
    definition = raw_catalog.describe(name, "sold", f"s3://{bucket}/sold/", [("id", "bigint")], parts)
    raw_catalog.register(glue, database, definition)
    for _ in range(2):  # those that are registered already stay
        found = raw_catalog.folders(s3, definition)
        raw_catalog.register_partitions(glue, database, definition, found)
        registered = glue.get_partitions(DatabaseName=database, TableName=name)["Partitions"]
        assert {tuple(each["Values"]): each["StorageDescriptor"]["Location"] for each in registered} == {
            ("2026-01-01", "EU"): f"s3://{bucket}/sold/day=2026-01-01/region=EU/",
            ("2026-01-02", "EU"): f"s3://{bucket}/sold/day=2026-01-02/region=EU/",
            ("2026-01-02", "a b"): f"s3://{bucket}/sold/day=2026-01-02/region=a b/",
        }
    full = {"ErrorCode": "ResourceNumberLimitExceededException", "ErrorMessage": "too many"}
    errors = [{"PartitionValues": ["2026-01-01", "EU"], "ErrorDetail": full}]
    with Stubber(glue) as refusing:
        refusing.add_response("batch_create_partition", {"Errors": errors})
        with pytest.raises(ConfigError, match=f"{name}, partition 2026-01-01/EU: too many"):
            raw_catalog.register_partitions(glue, database, definition, found[:1])
    glue.delete_table(DatabaseName=database, Name=name)
    whole = raw_catalog.describe(name, "sold", f"s3://{bucket}/sold/", [("id", "bigint")], {})
    assert raw_catalog.folders(s3, whole) == []


def test_a_dataset_that_nobody_declared_is_refused_and_nothing_is_registered(stack: LocalStack) -> None:
    done = stack.landfall("catalog", "nowhere")
    assert done.returncode == 3
    assert "not declared: nowhere" in done.stderr
    with pytest.raises(stack.client("glue").exceptions.EntityNotFoundException):
        stack.client("glue").get_table(DatabaseName="landfall_local_raw", Name="nowhere")


def test_the_warehouses_schema_names_the_catalog_and_the_role_that_reads_it(stack: LocalStack) -> None:
    done = stack.landfall("catalog", "--sql")
    assert done.returncode == 0, done.stderr
    assert "from data catalog database 'landfall_local_raw'" in done.stdout
    assert "iam_role 'arn:aws:iam::000000000000:role/" in done.stdout
