"""OPERATE: is everything in place? In: a stack. Out: findings, each with what to do.

Looks at the whole chain, in the data's order: the stack, the bucket and its trigger, the queues, the function, the
warehouse with its users and rights, COPY itself, the transform, the schedules, who is told. It changes nothing but for
one probe object under staging/ that COPY reads, and that is removed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ingest_lambda.errors import ConfigError, TransientError

if TYPE_CHECKING:
    from landfall.stack import Stack


class Status(StrEnum):
    """How a check ended. A warning is something to know: a pause, an alert that nobody gets."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """What one check found, and what to do about it where it is not well."""

    check: str
    status: Status
    detail: str
    remedy: str | None = None


Check = Callable[["Stack"], Iterator[Finding]]


def ok(check: str, detail: str) -> Finding:
    """Say that something is as it should be."""
    return Finding(check, Status.OK, detail)


def judged(check: str, is_well: bool, detail: str, remedy: str, otherwise: Status = Status.FAILED) -> Finding:
    """Say that something is as it should be, or else what to do."""
    return ok(check, detail) if is_well else Finding(check, otherwise, detail, remedy)


def examine(
    stack: "Stack", checks: Sequence[tuple[str, Check]], watch: Callable[[int], None] = lambda _: None
) -> list[Finding]:
    """Run every check; one that cannot look is a finding too. `watch` is told how many are done."""
    findings: list[Finding] = []
    for number, (name, check) in enumerate(checks, start=1):
        findings += _guarded(stack, name, check)
        watch(number)
    return findings


def _guarded(stack: "Stack", name: str, check: Check) -> list[Finding]:
    from botocore.exceptions import BotoCoreError, ClientError

    found: list[Finding] = []
    try:
        found.extend(check(stack))
    except ConfigError as error:
        found.append(Finding(name, Status.FAILED, str(error), "deploy again: landfall deploy"))
    except TransientError as error:
        found.append(Finding(name, Status.FAILED, str(error), "is the warehouse running, and reachable? try again"))
    except (ClientError, BotoCoreError) as error:
        remedy = "may you look at it? else it is gone: landfall deploy"
        found.append(Finding(name, Status.FAILED, f"cannot be looked at: {error}", remedy))
    return found
