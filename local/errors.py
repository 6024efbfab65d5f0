"""Errors of the local stack: each says what failed and what the person at the keyboard can do."""

from pathlib import Path

from ingest_lambda.errors import ConfigError
from local.files import tail


class LocalStackError(ConfigError):
    """The local stack cannot do what was asked; the message holds the remedy."""


def service_failed(name: str, what: str, log: Path) -> LocalStackError:
    """Return the error for a service that did not come up, with the end of its log."""
    return LocalStackError(
        f"{name} {what}. The end of its log, {log}:\n{tail(log)}\n"
        "Try `landfall local up` again; if it stays so, `landfall local reset` starts from nothing."
    )
