"""A request for an item of a table has the item's partition key as its condition key `dynamodb:LeadingKeys`.

Stock ministack leaves the key out, and `ForAllValues` is true of what is not there: a role that may touch one item may
touch all (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html).
"""

import json
from typing import Any

from ministack.core import iam_actions  # type: ignore[import-not-found]  # server environment
from ministack.services import dynamodb  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source


def apply() -> None:
    """Add the key to those of the request."""
    original = iam_actions.dynamodb_service_context
    expect_source(original, "0f0021bdc8a3f13c08e31cc7148fc9ffc139fdf8e87d569ee49bb78859d1804f")

    def service_context(body: bytes) -> dict[str, Any]:
        keys: dict[str, Any] = original(body)
        try:
            leading = leading_keys(json.loads(body or b"{}"))
        except ValueError:  # no JSON: refused later, by the service itself
            return keys
        return keys | {"dynamodb:leadingkeys": leading} if leading else keys

    iam_actions.dynamodb_service_context = service_context


def leading_keys(request: dict[str, Any]) -> list[str]:
    """Return the value of the partition key of the one item that a request names; none where it names no item."""
    item = request.get("Key") or request.get("Item") or {}
    table = dynamodb._tables.get(str(request.get("TableName", "")).rpartition("/")[2]) or {}
    names = [each["AttributeName"] for each in table.get("KeySchema", []) if each["KeyType"] == "HASH"]
    return [str(value) for name in names for value in item.get(name, {}).values()]
