"""Metrics that a Lambda logs in the embedded metric format become CloudWatch metrics.

Stock ministack keeps the log line alone. CloudWatch extracts the metrics that the line's `_aws` member declares
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
"""

import json
import logging
from collections.abc import Iterator
from functools import wraps
from typing import Any

from ministack.services import cloudwatch, lambda_svc  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

_logger = logging.getLogger(__name__)


def apply() -> None:
    """Read metrics from whatever a function logs."""
    emit_logs = lambda_svc._emit_lambda_logs
    expect_source(emit_logs, "111efbf06968bb207427d25f6070f8048962a56385e2f7c62bb76b5f9d051720")
    expect_source(cloudwatch.record_metric, "7f777bfbe523a0c546fed315883fc1cb1ef995d5fbd0339d400458272d0464a5")

    @wraps(emit_logs)
    def emit_logs_and_metrics(func: Any, request_id: str, log_text: str, *args: Any, **options: Any) -> None:
        emit_logs(func, request_id, log_text, *args, **options)
        for document in _embedded(log_text):
            _record(document)

    lambda_svc._emit_lambda_logs = emit_logs_and_metrics


def _embedded(log_text: str) -> Iterator[dict[str, Any]]:
    """Yield the metric documents of a log; other lines, and JSON that only looks like one, are no metrics."""
    for line in (log_text or "").splitlines():
        if line.startswith("{") and '"_aws"' in line:
            try:
                document = json.loads(line)
            except ValueError:
                continue
            if isinstance(document.get("_aws"), dict):
                yield document


def _record(document: dict[str, Any]) -> None:
    for directive in document["_aws"].get("CloudWatchMetrics", []):
        for names in directive.get("Dimensions") or [[]]:
            dimensions = {name: str(document.get(name)) for name in names}
            for metric in directive["Metrics"]:
                value = document.get(metric["Name"])
                for number in value if isinstance(value, list) else [value]:
                    _record_number(directive["Namespace"], metric, number, dimensions)


def _record_number(namespace: str, metric: dict[str, Any], number: Any, dimensions: dict[str, str]) -> None:
    if not isinstance(number, int | float):
        _logger.warning("metric %s has no numeric value: %r", metric["Name"], number)
        return
    cloudwatch.record_metric(namespace, metric["Name"], number, metric.get("Unit", "None"), dimensions)
