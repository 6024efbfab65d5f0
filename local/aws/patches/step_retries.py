"""A task is tried again after the pauses that its retrier asks for, and a throttled function is an error by its name.

Stock ministack knows neither a retrier's `MaxDelaySeconds` nor its `JitterStrategy`, and calls a throttled invocation
`Lambda.Unknown`. On AWS a pause is no longer than the one, and of `FULL` jitter between nothing and its length; the
error is `Lambda.TooManyRequestsException`
(https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html,
https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html).
"""

import json
import random
from typing import Any

from ministack.services import stepfunctions  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

THROTTLED = "TooManyRequestsException"


def apply() -> None:
    """Hand a retrier over whose next pause is the one that it has, and name what is throttled."""
    find, call = stepfunctions._find_matching_retrier, stepfunctions._call_lambda
    expect_source(find, "cb494ae8503cce39ee49c409d9c1946a51cbf7709a67b5f5ce376db5a0c79170")
    expect_source(call, "25830369b12636da09a4e4650489842a507f43aa952b5186a47458ff6f3c47d5")

    def find_matching_retrier(retriers: list[Any], error: str, counts: dict[int, int]) -> tuple[Any, int]:
        retrier, index = find(retriers, error, counts)
        if retrier is None:
            return retrier, index
        return {**retrier, "IntervalSeconds": _pause(retrier, counts.get(index, 0)), "BackoffRate": 1.0}, index

    def call_lambda(function: Any, event: Any) -> Any:
        try:
            return call(function, event)
        except stepfunctions._ExecutionError as error:
            if error.error == "Lambda.Unknown" and _type(error.cause) == THROTTLED:
                raise stepfunctions._ExecutionError(f"Lambda.{THROTTLED}", error.cause) from error
            raise

    stepfunctions._find_matching_retrier, stepfunctions._call_lambda = find_matching_retrier, call_lambda


def _pause(retrier: dict[str, Any], tried: int) -> float:
    """Return the seconds before the next attempt, when so many have been repeated by this retrier."""
    pause: float = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** tried
    longest = min(pause, retrier.get("MaxDelaySeconds", pause))
    return random.uniform(0.0, longest) if retrier.get("JitterStrategy") == "FULL" else longest  # noqa: S311 - no secret


def _type(cause: str) -> str | None:
    try:
        found = json.loads(cause)
    except ValueError:
        return None
    return found.get("__type") if isinstance(found, dict) else None
