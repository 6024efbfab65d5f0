"""CloudFormation takes saved queries of Logs Insights, and notes that they are there.

Stock ministack refuses a template with the type. AWS lists such a query in the console
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-logs-querydefinition.html); nothing here
reads one, so it is a resource of its stack and no more.
"""

import uuid
from typing import Any

from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import UpstreamChangedError, expect_source

TYPE = "AWS::Logs::QueryDefinition"


def apply() -> None:
    """Let stacks have the type; its physical id is an UUID, which an update keeps."""
    expect_source(provisioners._provision_resource, "3b8f01fb187141b6e85be8e34409f906b46b659ceae8dc4da87a1510e639f9a0")
    if TYPE in provisioners._RESOURCE_HANDLERS:
        raise UpstreamChangedError(f"ministack knows {TYPE} by now: drop the patch")
    provisioners._RESOURCE_HANDLERS[TYPE] = {"create": _create, "update": _update, "delete": _delete}


def _create(_logical_id: str, properties: dict[str, Any], _stack: str) -> tuple[str, dict[str, str]]:
    for name in ("Name", "QueryString"):
        if not properties.get(name):
            raise ValueError(f"{name} is required for {TYPE}")
    found = str(uuid.uuid4())
    return found, {"QueryDefinitionId": found}


def _update(physical_id: str, _old: dict[str, Any], _new: dict[str, Any], _stack: str) -> tuple[str, dict[str, str]]:
    return physical_id, {"QueryDefinitionId": physical_id}


def _delete(_physical_id: str, _properties: dict[str, Any]) -> None:
    """Nothing is kept of it."""
