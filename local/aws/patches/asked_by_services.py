"""A service that is served elsewhere, the local Redshift's Data API, asks here whether a request that it got may pass.

The request's signature is verified as it arrived there, and each action is evaluated against the caller's policies, as
for a request to this server. The caller is named in the answer: a condition may hold a statement to who submitted it
(https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-iam.html). Stock ministack serves no Data API.

    POST /_landfall/authorize {"service", "path", "headers": [[name, value], ...], "body", "checks": [{"action",
    "resource", "keys"}, ...]}  ->  {"caller": "AROA...:session", "denied": null or {"code", "message"}}
"""

import json
from typing import Any

from ministack import app  # type: ignore[import-not-found]  # server environment
from ministack.core import iam_evaluator  # type: ignore[import-not-found]  # server environment
from ministack.core.iam_actions import identity_denial_message  # type: ignore[import-not-found]  # server environment
from ministack.core.responses import get_account_id  # type: ignore[import-not-found]  # server environment
from ministack.core.router import extract_access_key_id, extract_region  # type: ignore[import-not-found]

from local.aws.patches.guard import expect_source

PATH = "/_landfall/authorize"


def apply() -> None:
    """Answer at the path, beside ministack's own."""
    shortcuts = app._handle_post_body_shortcuts
    expect_source(shortcuts, "950ae5cb53a4d007610efa3aabad14bc693b2bff228d1ed0f07b9f26fa1e4537")
    expect_source(iam_evaluator.pin_signed_request, "7fbb21e6b82f7fbd2f3d5adabfa1cfaeaa014852e82b408fa8aaddfd9017187b")
    expect_source(iam_evaluator.authenticate, "42c3660c401bdfa76200ea232aec2c660c0b4d8b94b620dcf50948199c77f825")

    async def shortcuts_and_this(method: str, path: str, headers: Any, body: bytes, *rest: Any) -> Any:
        if path != PATH:
            return await shortcuts(method, path, headers, body, *rest)
        return 200, {"Content-Type": "application/json"}, json.dumps(_answer(json.loads(body))).encode()

    app._handle_post_body_shortcuts = shortcuts_and_this


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in question["headers"]]
    headers = {name.lower(): value for name, value in question["headers"]}
    iam_evaluator.pin_signed_request("POST", question["path"], {}, lines)
    iam_evaluator.pin_signed_body(question["body"].encode())
    key, region = extract_access_key_id(headers), extract_region(headers)
    for check in question["checks"]:
        action, resource = check["action"], check["resource"]
        denied = iam_evaluator.enforce(key, action, question["service"], region, resource, check["keys"])
        if isinstance(denied, iam_evaluator.AuthError):
            return {"caller": "", "denied": {"code": denied.code, "message": denied.message}}
        if denied:
            message = identity_denial_message(action, denied.principal_arn, resource, denied.decision == "Deny")
            return {"caller": "", "denied": {"code": "AccessDeniedException", "message": message}}
    return {"caller": iam_evaluator.resolve_principal(key, get_account_id()).keys.get("aws:userid"), "denied": None}
