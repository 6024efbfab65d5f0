"""ALERT: a run as its message, its report and its texts know it. In: plan, build and archive results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transform_lambda.results import Outcome

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """Everything that is known about a run when it is announced."""

    environment: str
    plan: Json
    build: Json
    archive: Json
    report: str  # where the whole report is, s3://bucket/key
    is_reminder: bool = False

    @property
    def outcome(self) -> Outcome:
        """Return how it ended."""
        return Outcome(self.build["outcome"])

    @property
    def severity(self) -> str:
        """Return the severity that subscriptions filter on: critical | high | medium (files) | low | info."""
        if self.outcome is Outcome.ERROR:
            return "critical"
        if self.outcome is Outcome.GATE_FAILED:
            return "high"
        if self.build["warning"] or self.archive.get("error"):
            return "medium"
        return "low" if any(gate["status"] == "warn" for gate in self.build["gates"]) else "info"
