"""Metrics in a function's log become CloudWatch metrics (patch emf_metrics)."""

import datetime
from typing import Any

from tests.support.lambdas import create_function, invoke, unique
from tests.support.local_stack import LocalServices
from tests.support.waiting import wait_for

LOGS_METRICS = """
import json, time
def handler(event, context):
    metrics = [{"Name": "FilesLanded", "Unit": "Count"}, {"Name": "Seconds", "Unit": "Seconds"}]
    directive = {"Namespace": event["namespace"], "Dimensions": [["dataset"]], "Metrics": metrics}
    head = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    print('{"_aws" is not JSON')
    print(json.dumps({"_aws": head, "dataset": "orders", "FilesLanded": 3, "Seconds": [0.5, 1.5]}))
"""


def statistics(aws: LocalServices, namespace: str, metric: str, dataset: str) -> dict[str, Any] | None:
    now = datetime.datetime.now(datetime.UTC)
    answer = aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": "dataset", "Value": dataset}],
        StartTime=now - datetime.timedelta(minutes=5),
        EndTime=now + datetime.timedelta(minutes=5),
        Period=3600,
        Statistics=["Sum", "SampleCount"],
    )
    points: list[dict[str, Any]] = answer["Datapoints"]
    return points[0] if points else None


def test_embedded_metrics_are_recorded_with_their_dimensions(local_aws: LocalServices) -> None:
    namespace = unique("Landfall")
    assert invoke(local_aws, create_function(local_aws, LOGS_METRICS), {"namespace": namespace}) is None
    landed = wait_for(lambda: statistics(local_aws, namespace, "FilesLanded", "orders"), "the metric")
    seconds = statistics(local_aws, namespace, "Seconds", "orders")
    assert landed["Sum"] == 3
    assert seconds is not None
    assert (seconds["Sum"], seconds["SampleCount"]) == (2.0, 2.0)
    assert statistics(local_aws, namespace, "FilesLanded", "customers") is None
