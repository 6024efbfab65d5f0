"""A variable in a condition of a policy (`${aws:userid}`) stands for the request's own value of that key.

Stock ministack compares with the variable's name, so such a condition is never met
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html). A key that the request does not
have leaves the variable as it is written, which equals nothing.
"""

import re
from typing import Any

from ministack.core import iam_evaluator  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

_VARIABLE = re.compile(r"\$\{([\w:/-]+)\}")


def apply() -> None:
    """Put the values in before conditions are evaluated."""
    met = iam_evaluator._conditions_met
    expect_source(met, "15b4c24a03e3ff173cb97d5adec29f2135f6e0468f39dde9b18e013e26f3c5aa")

    def met_with_values(conditions: dict[str, Any], context: Any) -> bool:
        return bool(met(_with_values(conditions, context), context))

    iam_evaluator._conditions_met = met_with_values


def _with_values(part: Any, context: Any) -> Any:
    if isinstance(part, dict):
        return {key: _with_values(value, context) for key, value in part.items()}
    if isinstance(part, list):
        return [_with_values(value, context) for value in part]
    if not isinstance(part, str) or "${" not in part:
        return part

    def value(variable: re.Match[str]) -> str:
        found = iam_evaluator._resolve_condition_key(variable[1], context)
        return variable[0] if found is None else str(found)

    return _VARIABLE.sub(value, part)
