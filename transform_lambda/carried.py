"""MODEL: what the state machine carries from action to action. In: results, of any size. Out: results that fit, the
rest of them in S3.

Step Functions takes 256 KiB for each state's input and output, and for each variable
(https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html); more ends the execution with
States.DataLimitExceeded. The payload of an action is its plan and two results (of a build: of the parts before it, and
of its first attempt), so that each of those stays below a fourth of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

LIMIT = 60_000  # bytes of JSON
FOLDER = "reports/transform/carried/"  # expires as reports do
KEY = "carried"
# What the state machine itself reads of a result.
_READ = (
    *("build", "parts", "entities", "quiet", "quiet_until"),
    *("outcome", "part_outcome", "after"),
)

Json = Mapping[str, Any]


def put_away(s3: Any, bucket: str, result: dict[str, Any]) -> dict[str, Any]:
    """Return a result that can be carried: itself, or, where it is large, what the machine reads of it and a key."""
    text = json.dumps(result)
    if len(text) <= LIMIT:
        return result
    key = f"{FOLDER}{uuid4()}.json"
    s3.put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType="application/json")
    return {name: result[name] for name in _READ if name in result} | {KEY: key}


def fetched(s3: Any, bucket: str, event: Json) -> dict[str, Any]:
    """Return an event in which what was put away is whole again."""
    return {name: _whole(s3, bucket, value) for name, value in event.items()}


def _whole(s3: Any, bucket: str, value: Any) -> Any:
    if not (isinstance(value, Mapping) and KEY in value):
        return value
    return json.loads(s3.get_object(Bucket=bucket, Key=value[KEY])["Body"].read())
