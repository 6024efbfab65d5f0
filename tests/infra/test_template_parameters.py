"""What a deployment is given and puts out: every parameter, the rules that they are held to, the outputs."""

import json
import re

import pytest

from local.home import ROOT
from tests.infra.templates import FOLDER, NAMES, load, of_type, rule_holds


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_described_and_grouped(name: str) -> None:
    template = load(name)
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [parameter for group in groups for parameter in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])
    assert all(parameter.get("Description") for parameter in template["Parameters"].values())


def test_main_gives_each_nested_stack_what_it_takes_and_reads_what_it_puts_out() -> None:
    main = load("main")
    for logical_name, body in of_type(main, "AWS::CloudFormation::Stack").items():
        nested = load(logical_name.lower())
        given = set(body["Properties"]["Parameters"])
        needed = {name for name, parameter in nested["Parameters"].items() if "Default" not in parameter}
        assert given <= set(nested["Parameters"]), logical_name
        assert needed <= given, logical_name
    read = re.findall(r'"(\w+)", "Outputs\.(\w+)"', json.dumps(main))
    assert read
    assert all(output in load(stack.lower())["Outputs"] for stack, output in read)


def test_main_puts_out_what_the_operators_commands_read() -> None:
    assert set(load("main")["Outputs"]) == {
        "BucketName",
        "LandingQueueUrl",
        "DeadLetterQueueUrl",
        "SuccessTopicArn",
        "FailureTopicArn",
        "AlarmTopicArn",
        "PageTopicArn",
        "StateMachineArn",
        "IngestFunctionName",
        "TransformFunctionName",
        "PagesPolicyArn",
        "LoaderSecretArn",
        "TransformerSecretArn",
        "ReaderSecretArn",
        "CopyRoleArn",
        "ExportRoleArn",
        "KmsKeyArn",
        "WorkgroupName",
        "ClusterIdentifier",
        "DatabaseName",
        "EventBusName",
        "PasswordHash",
        "LeaseTableName",
        "RoutePattern",
        "EnvironmentName",
        "ReconcileFunctionName",
        "CatalogDatabaseName",
        "ExportDatabaseName",
        "CatalogWorkgroupName",
    }


def test_the_deployment_guide_explains_every_parameter_that_a_person_sets() -> None:
    computed = {
        "ArtifactBucket",
        "ArtifactPrefix",
        "IngestCodeKey",
        "TransformCodeKey",
        "EnvironmentName",
        "Stages",
        "Release",
    }
    guide = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert [name for name in load("main")["Parameters"] if name not in computed and f"`{name}`" not in guide] == []


@pytest.mark.parametrize(
    ("workgroup", "cluster", "created", "is_right"),
    [
        ("wg", "", "false", True),
        ("", "c", "false", True),
        ("", "", "true", True),
        ("", "", "false", False),
        ("wg", "c", "false", False),
        ("wg", "", "true", False),
        ("", "c", "true", False),
    ],
)
def test_exactly_one_warehouse_is_accepted(workgroup: str, cluster: str, created: str, is_right: bool) -> None:
    rule = load("main")["Rules"]["OneWarehouse"]
    given = {"WorkgroupName": workgroup, "ClusterIdentifier": cluster, "CreateWarehouse": created}
    assert rule_holds(rule, given) == is_right


@pytest.mark.parametrize(
    ("host", "created", "network", "is_right"),
    [
        ("h", "false", "false", True),
        ("", "true", "true", True),
        ("", "true", "false", True),
        ("", "false", "false", False),
        ("h", "false", "true", False),
    ],
)
def test_a_warehouse_that_is_there_has_a_host_and_a_network(
    host: str, created: str, network: str, is_right: bool
) -> None:
    rule = load("main")["Rules"]["HostIsKnown"]
    assert rule_holds(rule, {"RedshiftHost": host, "CreateWarehouse": created, "CreateNetwork": network}) == is_right


@pytest.mark.parametrize(
    ("batch_size", "window", "is_right"),
    [("10", "0", True), ("11", "0", False), ("10000", "0", False), ("10000", "1", True), ("1", "0", True)],
)
def test_a_batch_of_more_than_ten_needs_a_window(batch_size: str, window: str, is_right: bool) -> None:
    rule = load("main")["Rules"]["LargeBatchesHaveAWindow"]
    assert rule_holds(rule, {"BatchSize": batch_size, "BatchingWindowSeconds": window}) == is_right


def test_the_ingest_function_has_the_batches_the_disk_and_the_settings_that_the_parameters_give() -> None:
    land = load("land")
    assert land["Parameters"]["BatchSize"]["MaxValue"] == 10_000
    (source,) = of_type(land, "AWS::Lambda::EventSourceMapping").values()
    assert source["Properties"]["BatchSize"] == {"Ref": "BatchSize"}
    function = land["Resources"]["IngestFunction"]["Properties"]
    assert function["EphemeralStorage"] == {"Size": {"Ref": "EphemeralStorageMegabytes"}}
    variables = function["Environment"]["Variables"]
    assert variables["LANDFALL_WIDEN_ROW_LIMIT"] == {"Ref": "WidenRowLimit"}
    assert variables["LANDFALL_ROUTE_PATTERN"] == {"Ref": "RoutePattern"}


def test_a_nested_template_and_main_agree_on_defaults_and_limits() -> None:
    main, land = load("main")["Parameters"], load("land")["Parameters"]
    limits = ("Type", "Default", "MinValue", "MaxValue", "AllowedValues")
    groups = load("main")["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    (land_group,) = (group["Parameters"] for group in groups if group["Label"] == {"default": "Land"})
    land |= load("reconcile")["Parameters"] | load("observe")["Parameters"]
    for name in land_group:
        assert [main[name].get(limit) for limit in limits] == [land[name].get(limit) for limit in limits], name


@pytest.mark.parametrize("environment", ["local", "dev", "staging", "prod", "own"])
def test_the_parameter_files_fit_the_template(environment: str) -> None:
    main = load("main")
    document = json.loads((FOLDER / "parameters" / f"{environment}.json").read_text(encoding="utf-8"))
    given: dict[str, str] = document["Parameters"]
    assert set(given) <= set(main["Parameters"])
    for name, value in given.items():
        assert value in map(str, main["Parameters"][name].get("AllowedValues", [value])), name
    defaults = {name: str(parameter.get("Default", "")) for name, parameter in main["Parameters"].items()}
    values = defaults | {"RedshiftHost": "which the local stack knows once it runs"} | given
    assert [name for name, rule in main["Rules"].items() if not rule_holds(rule, values)] == []
