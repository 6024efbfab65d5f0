"""Seeing: what the dashboard and the saved queries name exists, and no alarm of a function is left out."""

import json
import re
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.tell.report import Report
from local.home import ROOT
from tests.infra.templates import load, of_type
from tests.infra.test_alarms import metrics as written
from tests.support.local_stack import LocalStack

ENVIRONMENT = "prod"
VALUES = {
    "EnvironmentName": ENVIRONMENT,
    "AWS::Region": "eu-central-1",
    "AWS::AccountId": "123456789012",
    "WorkgroupName": "analytics",
    "StateMachineArn": "arn:aws:states:eu-central-1:123456789012:stateMachine:landfall-prod-transform",
}
QUESTIONS = ["Volume", "Errors", "Latency", "Backlog", "Cost"]
FUNCTIONS = ("ingest", "transform", "reconcile")


def substituted(text: str, values: dict[str, str]) -> str:
    """Put values in for `${Name}`, as Fn::Sub does; an unknown name is an error."""
    return re.sub(r"\$\{([\w:]+)\}", lambda found: values[found[1]], text)


def dashboard() -> dict[str, Any]:
    text, own = load("observe")["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    own.pop("Workgroup")
    values = VALUES | {name: substituted(value["Fn::Sub"], VALUES) for name, value in own.items()}
    values["Workgroup"] = VALUES["WorkgroupName"]
    body: dict[str, Any] = json.loads(substituted(text, values))
    return body


def metrics() -> list[tuple[str, str, dict[str, str]]]:
    """Return namespace, name and dimensions of every metric of the dashboard; those of searches with names alone."""
    found = []
    for widget in dashboard()["widgets"]:
        for first, *rest in widget["properties"].get("metrics", []):
            if isinstance(first, str):
                name, *pairs = [each for each in rest if isinstance(each, str)]
                found.append((first, name, dict(zip(pairs[::2], pairs[1::2], strict=True))))
            elif searched := re.search(r"SEARCH\('\{([^}]+)\} MetricName=\"(\w+)\"", first["expression"]):
                namespace, *dimensions = searched[1].split(",")
                found.append((namespace, searched[2], dict.fromkeys(dimensions, "")))
    return found


def code(folder: str) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / folder).rglob("*.py")))


def test_the_dashboard_answers_five_questions_in_rows_that_do_not_overlap() -> None:
    widgets = dashboard()["widgets"]
    headings = [each["properties"]["markdown"] for each in widgets if each["type"] == "text"]
    assert headings == [f"## {question}" for question in QUESTIONS]
    cells = [
        (x, y)
        for each in widgets
        for x in range(each["x"], each["x"] + each["width"])
        for y in range(each["y"], each["y"] + each["height"])
    ]
    assert len(cells) == len(set(cells))
    assert (
        max(x for x, _ in cells) < 24
    )  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html


def test_the_dashboard_shows_metrics_that_somebody_writes() -> None:
    of_code, of_aws = {"ingest": code("ingest_lambda"), "transform": code("transform_lambda")}, written()
    for namespace, name, dimensions in metrics():
        if namespace == "Landfall":
            writers = [dimensions["service"]] if dimensions["service"] else ["ingest"]
            assert all(f'add_metric("{name}"' in of_code[writer] for writer in writers), name
            assert all(f'add_dimension("{each}"' in of_code[writers[0]] for each in set(dimensions) - {"service"}), name
        else:
            assert set(dimensions) == set(of_aws[namespace, name]["dimensions"].split(",")), name


def test_the_dashboard_names_functions_and_queues_that_the_stages_make() -> None:
    made = {
        substituted(name, VALUES)
        for template in ("land", "model", "reconcile", "alert")
        for body in load(template)["Resources"].values()
        for name in [body.get("Properties", {}).get(NAMED.get(body["Type"], ""), {}).get("Fn::Sub", "")]
        if name
    }
    named = {
        value
        for _, _, dimensions in metrics()
        for dimension, value in dimensions.items()
        if dimension in {"FunctionName", "QueueName"}
    }
    assert named
    assert named <= made


NAMED = {"AWS::Lambda::Function": "FunctionName", "AWS::SQS::Queue": "QueueName", "AWS::Logs::LogGroup": "LogGroupName"}


def test_the_saved_queries_read_log_groups_that_the_stages_make() -> None:
    made = {
        body["Properties"]["LogGroupName"]["Fn::Sub"]
        for template in ("land", "model", "reconcile")
        for body in of_type(load(template), "AWS::Logs::LogGroup").values()
    }
    queries = of_type(load("observe"), "AWS::Logs::QueryDefinition")
    guide = " ".join((ROOT / "docs" / "deploy.md").read_text(encoding="utf-8").split())
    for query in queries.values():
        assert {group["Fn::Sub"] for group in query["Properties"]["LogGroupNames"]} <= made
        folder, _, name = query["Properties"]["Name"]["Fn::Sub"].partition("/")
        assert folder == "landfall-${EnvironmentName}"
        assert name in guide


def test_the_query_of_slow_loads_names_fields_of_the_line_that_land_writes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = FileVersion("bucket", "raw/orders/a.parquet", "v1")
    landed = FileOutcome(file, Status.LANDED, "orders", rows=3, load_path="as_is")
    Report(Logger(service="test"), "dev").load("orders", [landed], 1.2)
    line = json.loads(next(line for line in capsys.readouterr().out.splitlines() if "_aws" in line))
    fields = {
        f"{name}.{number}" if isinstance(value, list) else name
        for name, value in line.items()
        for number in range(len(value) if isinstance(value, list) else 1)
    }
    text = load("observe")["Resources"]["SlowLoadsQuery"]["Properties"]["QueryString"]
    named = set(re.findall(r"`([^`]+)`", text)) | {"dataset", "path"}
    assert {"Seconds.0", "Rows.0"} < named <= fields


@pytest.mark.parametrize(
    ("metric", "functions"),
    # the reconcile takes the time that it has, and goes on in another call
    [("Errors", FUNCTIONS), ("Throttles", FUNCTIONS), ("Duration", ("ingest", "transform"))],
)
def test_every_function_has_an_alarm_for_errors_throttles_and_duration(metric: str, functions: tuple[str, ...]) -> None:
    alarmed = set()
    for template in ("land", "model", "reconcile", "observe"):
        resources = load(template)["Resources"]
        for body in of_type(load(template), "AWS::CloudWatch::Alarm").values():
            if body["Properties"]["MetricName"] == metric and body["Properties"]["Namespace"] == "AWS/Lambda":
                (dimension,) = body["Properties"]["Dimensions"]
                value = dimension["Value"]
                name = value.get("Fn::Sub") or resources[value["Ref"]]["Properties"]["FunctionName"]["Fn::Sub"]
                alarmed.add(name.rpartition("-")[2])
    assert alarmed == set(functions)


def test_a_slow_call_is_told_before_the_timeout_ends_it() -> None:
    observe, land = load("observe"), load("land")
    timeouts = land["Parameters"]["IngestTimeoutSeconds"]["AllowedValues"]
    slow = {timeout: values["Milliseconds"] for timeout, values in observe["Mappings"]["SlowLoad"].items()}
    assert slow == {timeout: int(timeout) * 800 for timeout in timeouts}
    timeout = load("model")["Resources"]["TransformFunction"]["Properties"]["Timeout"]
    assert observe["Resources"]["BuildSlow"]["Properties"]["Threshold"] == timeout * 800


def test_a_reconcile_that_did_not_run_is_told_and_only_while_schedules_run() -> None:
    observe = load("observe")
    missed = observe["Resources"]["ReconcileMissed"]
    properties = missed["Properties"]
    assert missed["Condition"] == "HasReconcile"
    assert properties["ActionsEnabled"] == {"Fn::If": ["HasRunningSchedules", True, False]}
    assert (properties["TreatMissingData"], properties["ComparisonOperator"]) == ("breaching", "LessThanThreshold")
    hours = observe["Parameters"]["ReconcileMissedAfterHours"]
    assert properties["Period"] * hours["MaxValue"] <= 604_800
    assert hours["Default"] > 24  # the schedule's pause, and its window


def test_the_budget_counts_this_deployment_and_may_tell_the_topic() -> None:
    budget = load("observe")["Resources"]["Budget"]
    assert budget["Condition"] == "HasBudget"
    (tag,) = budget["Properties"]["Budget"]["CostFilters"]["TagKeyValue"]
    assert substituted(tag["Fn::Sub"], VALUES) == f"user:landfall:environment${ENVIRONMENT}"
    kinds = {
        each["Notification"]["NotificationType"]: each["Notification"]["Threshold"]
        for each in budget["Properties"]["NotificationsWithSubscribers"]
    }
    assert kinds == {"ACTUAL": 80, "FORECASTED": 100}
    alert = json.dumps(load("alert")["Resources"])
    assert alert.count('"Service": "budgets.amazonaws.com"') == 2  # the topic's policy, and its key's


def test_the_deployed_dashboard_and_its_alarms_are_there(stack: LocalStack) -> None:
    client = stack.client("cloudwatch")
    body = json.loads(client.get_dashboard(DashboardName="landfall-local-us-east-1")["DashboardBody"])
    assert [each["type"] for each in body["widgets"]] == [each["type"] for each in dashboard()["widgets"]]
    assert "${" not in json.dumps(body)
    pages = client.get_paginator("describe_alarms").paginate(AlarmNamePrefix="landfall-local-")
    deployed = {alarm["AlarmName"]: alarm for page in pages for alarm in page["MetricAlarms"]}
    for alarm in of_type(load("observe"), "AWS::CloudWatch::Alarm").values():
        name = alarm["Properties"]["AlarmName"]["Fn::Sub"].replace("${EnvironmentName}", "local")
        (action,) = deployed[name]["AlarmActions"]
        assert ":landfall-local-" in action


def test_a_page_that_no_subscriber_got_is_told_by_topics_that_do_not_page() -> None:
    alarm = load("alert")["Resources"]["PageUndelivered"]["Properties"]
    (topic,) = (each["Value"]["Fn::Sub"] for each in alarm["Dimensions"])
    assert topic == load("alert")["Resources"]["PageTopic"]["Properties"]["TopicName"]["Fn::Sub"]
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}, {"Ref": "SuccessTopic"}]


def test_compute_is_counted_by_what_each_value_covers() -> None:
    # "Accumulated compute-unit seconds used in the last 30 minutes":
    # https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-monitoring.html
    alarm = load("observe")["Resources"]["WarehouseHours"]["Properties"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Period"]) == ("ComputeSeconds", "Maximum", 1800)
    default = load("observe")["Parameters"]["RpuSecondsPerHalfHour"]["Default"]
    assert default == load("main")["Parameters"]["BaseRpu"]["Default"] * alarm["Period"]
