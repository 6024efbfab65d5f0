"""OPERATE: is the bucket of a deleted stack in the way? In: an environment, its stack if any. Out: else a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError
from landfall.deploy import cloudformation

if TYPE_CHECKING:
    from landfall.deploy.clients import Clients

SECTION = "docs/recovery.md#a-stack-that-was-deleted"


def refuse_left_bucket(environment: str, stack: Mapping[str, Any] | None, clients: Clients) -> None:
    """Refuse to make a stack whose bucket is there already: CloudFormation would fail on it, after minutes.

    The bucket outlives a stack that is deleted. What is copied back into a new one would be other versions, which the
    ledgers that stay do not know: so this is nothing to be tried out.

    Raises:
        ConfigError: the bucket is there, and no stack has it.
    """
    if stack is not None and stack["StackStatus"] != cloudformation.EMPTY:
        return
    bucket = f"landfall-{environment}-{clients.account}-{clients.region}"
    try:
        clients.s3.head_bucket(Bucket=bucket)
    except ClientError:  # it is not there; or it cannot be looked at, and CloudFormation says what is wrong
        return
    raise ConfigError(
        f"{bucket} is there, and no stack has it: one that had it was deleted, and a stack cannot make it again. "
        f"Nothing is changed. Copied back, files that have landed would land again: {SECTION}"
    )
