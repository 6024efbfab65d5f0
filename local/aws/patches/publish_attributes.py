"""The Step Functions integration `sns:publish` sends MessageAttributes, and a Message that is an object.

Stock ministack hands the task's parameters to a function that reads attributes in the SNS query protocol's numbered
form, and so drops them: subscriptions with a filter policy would get nothing. On AWS they are sent, and a Message that
is JSON is sent as its text (https://docs.aws.amazon.com/step-functions/latest/dg/connect-sns.html).
"""

import json
from typing import Any

from ministack.services import stepfunctions  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

_RESOURCE = "arn:aws:states:::sns:publish"


def apply() -> None:
    """Translate the task's parameters before they are published."""
    publish = stepfunctions._SERVICE_DISPATCH[_RESOURCE]
    expect_source(publish, "81ac6228bc14a16a1ce88ddfccfdc68c9f6d024045bb5addf9bef8a54855af3d")

    def publish_with_attributes(resource: str, parameters: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = publish(resource, _as_query(parameters))
        return answer

    stepfunctions._SERVICE_DISPATCH[_RESOURCE] = publish_with_attributes


def _as_query(parameters: dict[str, Any]) -> dict[str, Any]:
    query = {name: value for name, value in parameters.items() if name != "MessageAttributes"}
    if not isinstance(query.get("Message", ""), str):
        query["Message"] = json.dumps(query["Message"])
    for number, (name, attribute) in enumerate((parameters.get("MessageAttributes") or {}).items(), start=1):
        entry = f"MessageAttributes.entry.{number}"
        query[f"{entry}.Name"] = name
        query.update({f"{entry}.Value.{field}": value for field, value in attribute.items()})
    return query
