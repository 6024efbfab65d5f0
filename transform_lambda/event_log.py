"""MODEL: what a run says in the function's log. In: dbt's events. Out: lines, and the invocation's id."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger

# Events worth a line in the function's log: how each node and hook ended, and what went wrong.
_LOGGED = {"LogModelResult", "LogTestResult", "LogHookEndLine", "LogSkipBecauseError", "SkippingDetails"}


class EventLog:
    """Take dbt's events: log those that say how a node ended or what went wrong, and remember the invocation's id."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger
        self.invocation_id: str | None = None

    def __call__(self, event: Any) -> None:
        """Take one event."""
        self.invocation_id = event.info.invocation_id or self.invocation_id
        if event.info.name in _LOGGED or event.info.level in ("warn", "error"):
            level = self._logger.error if event.info.level == "error" else self._logger.info
            level(event.info.msg, extra={"dbt_event": event.info.name, "run_id": event.info.invocation_id})
