"""Which statement of which policy has let a request pass is written down.

By it the tests hold roles to least privilege. AWS keeps the like as "last accessed information"
(https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html); stock ministack keeps nothing. A
line of the file that FILE_VARIABLE names is one statement and action, the first time it was needed, as JSON: the `role`
that asked (empty for the account and for services), `sid`, `action`, `resource`.
"""

import json
import os
import threading
from pathlib import Path
from typing import Any

from ministack.core import iam_evaluator  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

FILE_VARIABLE = "LANDFALL_RIGHTS_FILE"

_seen: set[tuple[str, str, str]] = set()
_lock = threading.Lock()


def apply() -> None:
    """Listen where policies are evaluated: those of identities and resources, and those that say who assumes a role."""
    evaluate, trusts = iam_evaluator.evaluate, iam_evaluator.evaluate_trust_policy
    expect_source(evaluate, "2a5dd6932d1aca6a6e0759dca046354fdde705da759f8ea7fed9487e3bc49825")
    expect_source(trusts, "4b50aa29ad29fe20c5e8c3d4419ecb67469e8098b9dfc2b54b3f657c8720347d")

    def recorded_evaluate(context: Any, *layers: Any) -> Any:
        result = evaluate(context, *layers)
        if result.decision == "Allow":
            record(_role_of(context.principal_arn), result.matched_sid, context)
        return result

    def recorded_trusts(document: Any, caller: str, context: Any = None) -> bool:
        is_trusted: bool = trusts(document, caller, context)
        if is_trusted and context is not None:
            statements = iam_evaluator.parse_policy_document(document)
            sid = next(each.sid for each in statements if each.effect == "Allow")
            record(context.resource_arn.rpartition("/")[2], sid, context)
        return is_trusted

    iam_evaluator.evaluate, iam_evaluator.evaluate_trust_policy = recorded_evaluate, recorded_trusts


def record(role: str, sid: str, context: Any) -> None:
    """Write down that a statement was needed, if it is the first time since the server started."""
    key = (role, sid, context.action)
    with _lock:
        if key in _seen:
            return
        _seen.add(key)
        line = {"role": role, "sid": sid, "action": context.action, "resource": context.resource_arn}
        with Path(os.environ[FILE_VARIABLE]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _role_of(principal: str) -> str:
    """Return the role's name in the ARN of its session, or nothing for another principal."""
    kind, _, rest = principal.rpartition(":")[2].partition("/")
    return rest.partition("/")[0] if kind == "assumed-role" else ""
