"""A pytest plugin for suites of others: writes one JSON line for each part of a test to the file OTHERS_OUTCOMES.

It runs in the suite's environment and imports nothing of this project. Of a run with workers the main process writes.
"""

import json
import os
from pathlib import Path
from typing import Any


def pytest_runtest_logreport(report: Any) -> None:
    """Write the part (setup, call, teardown) of a test, what became of it and the last line of why."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    line = {"test": report.nodeid, "part": report.when, "outcome": report.outcome, "why": _why(report)}
    with Path(os.environ["OTHERS_OUTCOMES"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _why(report: Any) -> str:
    if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash else report.longrepr or "")
    return text.strip()[:2000]
