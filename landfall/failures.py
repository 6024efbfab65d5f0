"""OPERATE: what the operator reads when a command fails. In: an exception. Out: lines on stderr, an exit code."""

import sys
import traceback

from ingest_lambda.errors import ConfigError, RejectedFileError, TransientError

REJECTED, CONFIGURATION, TRANSIENT, BUG = 1, 3, 4, 70

# botocore's exception classes by name: importing botocore for this would slow every command's start.
UNREACHABLE = {"EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError"}
UNCONFIGURED = {"NoCredentialsError", "PartialCredentialsError", "NoRegionError", "ProfileNotFound"}


def report(error: Exception) -> int:
    """Print one clear line about an error (and, for a bug, its trace before it); return the exit code."""
    line, code = explain(error)
    if code == BUG:
        traceback.print_exception(error)
    print(f"landfall: {line}", file=sys.stderr)
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
        return f"rejected: {error}", REJECTED
    if isinstance(error, TransientError):
        return f"{error}. Nothing is half done; try again", TRANSIENT
    return _explain_sdk(error)


def _explain_sdk(error: Exception) -> tuple[str, int]:
    name = type(error).__name__
    if name in UNREACHABLE:
        return f"AWS cannot be reached: {error}. For the local stack: is it up (`landfall local up`)?", TRANSIENT
    if name in UNCONFIGURED:
        return f'{error}. For the local stack: eval "$(landfall local env)"', CONFIGURATION
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        return f"AWS refused: {error}", CONFIGURATION
    return f"{name}: {error}. This is a bug in landfall: the lines above say where", BUG
