"""An event source made by CloudFormation takes its numbers from parameters.

A parameter of type Number reaches a resource as text, and AWS converts it where the property is a number
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html). Stock ministack
compares the text of ScalingConfig.MaximumConcurrency with a number, at every poll, and polls no queue any more.
"""

from typing import Any

from ministack.services import lambda_svc  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source


def apply() -> None:
    """Convert the bound before it is compared."""
    original = lambda_svc._sqs_esm_concurrency
    expect_source(original, "d3e9d1e865aa0b28e7873a2ec3d794ce0383435741658f6fdec000b1b0d9b224")

    def concurrency(source: dict[str, Any], *args: Any) -> int:
        scaling = source.get("ScalingConfig") or {}
        bound = scaling.get("MaximumConcurrency")
        if isinstance(bound, str):
            source = source | {"ScalingConfig": scaling | {"MaximumConcurrency": int(bound)}}
        limit: int = original(source, *args)
        return limit

    lambda_svc._sqs_esm_concurrency = concurrency
