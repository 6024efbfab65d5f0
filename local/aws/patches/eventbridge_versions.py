"""An event of S3 for EventBridge names the version of its object.

Stock ministack leaves `version-id` out, whatever the bucket. On AWS it is there for a bucket with versions
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html), and landing reads objects by it.
"""

import json
from contextvars import ContextVar
from typing import Any

from ministack.services import eventbridge, s3  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

_version: ContextVar[str | None] = ContextVar("version", default=None)


def apply() -> None:
    """Add the version to what S3 hands to EventBridge."""
    fire, dispatch = s3._fire_s3_event, eventbridge._dispatch_event
    expect_source(fire, "2ab38cfade76bf2e1f76f9a467af19a3d5bc3e5f0a6d944a8c879677facbfdc4")
    expect_source(dispatch, "d1bfe064f602d11c9700f4890bde62c7641b4442a9f2d61da81c075c8186416d")

    def fire_with_version(*arguments: Any, version_id: str | None = None, **options: Any) -> None:
        token = _version.set(version_id)
        try:
            fire(*arguments, version_id=version_id, **options)
        finally:
            _version.reset(token)

    def dispatch_with_version(event: dict[str, Any], *arguments: Any, **options: Any) -> Any:
        version = _version.get()
        if version and event.get("Source") == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version
            event = event | {"Detail": json.dumps(detail)}
        return dispatch(event, *arguments, **options)

    s3._fire_s3_event, eventbridge._dispatch_event = fire_with_version, dispatch_with_version
