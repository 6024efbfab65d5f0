"""Counts what a process asks of AWS, and what it uses of the machine.

In: whatever the process does through boto3's default session. Out: requests to S3 and to the Data API, statements,
transactions, time, CPU and peak memory of the process (on Linux).
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

SUBMITS = ("ExecuteStatement", "BatchExecuteStatement")


@dataclass
class Meter:
    """Counts from its making on; a transaction is what the Data API runs at one call."""

    counts: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        boto3.setup_default_session()
        session: Any = boto3.DEFAULT_SESSION
        session.events.register("before-call.s3", self._count_s3)
        session.events.register("before-call.redshift-data", self._count_call)
        session.events.register("provide-client-params.redshift-data", self._count_statements)

    def result(self) -> dict[str, float]:
        """Return the counts so far, seconds and megabytes."""
        counted = {
            name: self.counts[name]
            for name in ("s3_requests", "data_api_calls", "statements", "copies", "transactions")
        }
        return counted | {
            "wall_seconds": round(time.monotonic() - self.started, 2),
            "cpu_seconds": round(time.process_time(), 2),
            "peak_megabytes": peak_megabytes(),
        }

    def _count_s3(self, **_: Any) -> None:
        self.counts["s3_requests"] += 1

    def _count_call(self, **_: Any) -> None:
        self.counts["data_api_calls"] += 1

    def _count_statements(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if model.name not in SUBMITS:
            return
        statements = params.get("Sqls") or [params["Sql"]]
        self.counts["transactions"] += 1
        self.counts["statements"] += len(statements)
        self.counts["copies"] += sum(sql.lower().startswith("copy") for sql in statements)


def peak_megabytes() -> int:
    """Read this process's own peak of resident memory; `ru_maxrss` would start with that of its parent."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024
