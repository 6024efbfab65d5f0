"""An update of a nested stack keeps the attributes of resources that do not change.

Stock ministack forgets them, so that `!GetAtt` of an unchanged resource fails in the next update of a nested stack
("Requested attribute Arn does not exist in schema"). A stack that is not nested is updated right.
"""

from typing import Any

from ministack.services import cloudformation  # type: ignore[import-not-found]  # server environment
from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source


def apply() -> None:
    """Look the old attributes up where the caller does not pass them."""
    original = provisioners._update_resource
    expect_source(original, "21b9b1207f59a864b54bf49fa9859887d593490605e31eaf896e00a3d223dfd2")
    deploy = provisioners._cfn_nested_stack_deploy
    expect_source(deploy, "66d29efafd8a6e02b6a9dc5fa3541c5f90d33b7c96a22564debdb54999a17009")

    def update_resource(
        resource_type: str,
        physical_id: str,
        old_properties: dict[str, Any],
        new_properties: dict[str, Any],
        stack_name: str,
        logical_id: str | None = None,
        old_attributes: dict[str, Any] | None = None,
    ) -> tuple[Any, ...]:
        if old_attributes is None:
            resources = cloudformation._stacks.get(stack_name, {}).get("_resources", {})
            old_attributes = resources.get(logical_id, {}).get("Attributes")
        result: tuple[Any, ...] = original(
            resource_type, physical_id, old_properties, new_properties, stack_name, logical_id, old_attributes
        )
        return result

    provisioners._update_resource = update_resource
