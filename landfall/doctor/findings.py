"""OPERATE: is everything in place? In: a stack. Out: findings, each with what to do.

Looks at the whole chain, in the data's order: the stack, the bucket and its trigger, the queues, the function, the
warehouse with its users and rights, COPY itself, the transform, the schedules, who is told. It changes nothing but for
one probe object under staging/ that COPY reads, and that is removed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from ingest_lambda.errors import ConfigError, TransientError

if TYPE_CHECKING:
    from landfall.stack import Stack


# What a release finds, and has not caused: it ended before. One that mends the cause would be undone for the traces.
TRACES = frozenset({"dead letters", "last transform"})
REFUSED = 403  # of services that speak JSON it is 400, with a code that says so


class Status(StrEnum):
    """How a check ended. A warning is something to know (a pause); unknown is what could not be looked at."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


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


def after_release(findings: Sequence[Finding]) -> list[Finding]:
    """Let what was there before a release be a warning of it.

    >>> [found.status.value for found in after_release([Finding("dead letters", Status.FAILED, "1 message")])]
    ['warning']
    """
    return [
        replace(found, status=Status.WARNING) if found.check in TRACES and found.status is Status.FAILED else found
        for found in findings
    ]


def status_of(error: BaseException | None) -> Status:
    """Tell what failed from what could not be looked at: nothing answered, or who asks may not look.

    >>> status_of(TransientError("no answer")).value, status_of(ConfigError("no such table")).value
    ('unknown', 'failed')
    """
    from botocore.exceptions import BotoCoreError, ClientError

    while error is not None:
        if isinstance(error, (TransientError, BotoCoreError)):
            return Status.UNKNOWN
        if isinstance(error, ClientError):
            http = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            is_refused = http == REFUSED or error.response["Error"]["Code"].startswith("AccessDenied")
            return Status.UNKNOWN if is_refused else Status.FAILED
        error = error.__cause__
    return Status.FAILED


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
        found.append(Finding(name, status_of(error), str(error), "deploy again: landfall deploy"))
    except TransientError as error:
        found.append(Finding(name, status_of(error), str(error), "is the warehouse running, and reachable? try again"))
    except (ClientError, BotoCoreError) as error:
        remedy = "may you look at it? else it is gone: landfall deploy"
        found.append(Finding(name, status_of(error), f"cannot be looked at: {error}", remedy))
    return found
