"""OPERATE: what the operator reads when a command fails. In: an exception. Out: lines on stderr, an exit code."""

import sys
import traceback

from ingest_lambda.errors import CatalogChangedError, ConfigError, RejectedFileError, TransientError, UnsureError
from ingest_lambda.legible import page
from ingest_lambda.reasons import REMEDIES

REJECTED, CONFIGURATION, TRANSIENT, BUG = 1, 3, 4, 70

# botocore's exception classes by name: importing botocore for this would slow every command's start.
UNREACHABLE = {"EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError"}
UNCONFIGURED = {
    "NoRegionError": "Set AWS_REGION, or a region in ~/.aws/config",
    "ProfileNotFound": "Set AWS_PROFILE to one that `aws configure list-profiles` names",
}
LOGGED_OUT = {"NoCredentialsError", "PartialCredentialsError", "TokenRetrievalError", "UnauthorizedSSOTokenError"}
# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html, and what S3 calls the same
# (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
STALE = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "InvalidAccessKeyId"}

# What AWS's own clients try again: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
THROTTLED = {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown"}
SERVERS_FAULT = 500

POINT_AT_LOCAL = 'For the local stack: eval "$(landfall local env)"'
LOG_IN = f"Log in to AWS (`aws sso login`, `aws configure`). {POINT_AT_LOCAL}"
START_LOCAL = "For the local stack: is it up (`landfall local up`)?"
RESUME = (
    "`aws redshift resume-cluster --cluster-identifier NAME` starts it; a file that has come waits for 25 to 50 "
    "minutes, and is then on the dead-letter queue: `landfall replay --dlq`, or the nightly reconcile, lands it"
)
REDEPLOY = "If it stays so, another release deployed it: `landfall deploy`, on this machine `landfall local up`"
TRY_AGAIN = "Nothing is half done; try again"


def report(error: Exception) -> int:
    """Print one clear line about an error (for a bug, its trace before it), and its notes; return the exit code."""
    line, code = explain(error)
    if code == BUG:
        traceback.print_exception(error)
    for said in (line, *getattr(error, "__notes__", ())):
        print(page(f"landfall: {said}".split("\n")), file=sys.stderr)
    return code


def explain(error: Exception) -> tuple[str, int]:
    """Return the sentence and the exit code for an error, by who must act on it.

    >>> explain(ConfigError("LANDFALL_STACK is not set"))
    ('LANDFALL_STACK is not set', 3)
    >>> explain(KeyError("x"))[1]
    70
    """
    if isinstance(error, ConfigError):
        return str(error), CONFIGURATION
    if isinstance(error, RejectedFileError):
        return f"rejected: {_ended(error)}. What to do: {error.remedy or REMEDIES[error.reason]}", REJECTED
    if isinstance(error, TransientError):
        return f"{_ended(error)}. {_what_helps(error)}", TRANSIENT
    return _explain_sdk(error)


def _what_helps(error: TransientError) -> str:
    """Say what to do about something that may pass; that a cluster is paused, the Data API tells in words alone."""
    if isinstance(error, UnsureError):
        return error.remedy
    if isinstance(error, CatalogChangedError):
        return f"{TRY_AGAIN}. {REDEPLOY}"
    cause = error.__cause__
    if type(cause).__name__ in UNREACHABLE:
        return f"{TRY_AGAIN}. {START_LOCAL}"
    return RESUME if hasattr(cause, "response") and "paused" in str(cause).lower() else TRY_AGAIN


def _explain_sdk(error: Exception) -> tuple[str, int]:
    name = type(error).__name__
    if isinstance(error, OSError) and error.filename:  # a path that was given cannot be read or written
        return str(error), CONFIGURATION
    if name in UNREACHABLE:
        return f"AWS cannot be reached: {_ended(error)}. {START_LOCAL}", TRANSIENT
    if name in UNCONFIGURED:
        return f"{_ended(error)}. {UNCONFIGURED[name]}. {POINT_AT_LOCAL}", CONFIGURATION
    if name in LOGGED_OUT:
        return f"{_ended(error)}. {LOG_IN}", CONFIGURATION
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        code, status = response["Error"].get("Code"), response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in THROTTLED or status >= SERVERS_FAULT:
            return f"AWS cannot answer now: {_ended(error)}. Try again", TRANSIENT
        is_stale = code in STALE
        return (f"AWS refused: {_ended(error)}. {LOG_IN}" if is_stale else f"AWS refused: {error}"), CONFIGURATION
    return f"{name}: {_ended(error)}. This is a bug in landfall: the lines above say where", BUG


def _ended(error: Exception) -> str:
    """Give an error's words without a full stop, so that a sentence can follow."""
    return str(error).rstrip(". ")
