"""The real handler in processes of their own, one after the other, each of which can be killed at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from local.home import ROOT
from tests.land.warehouse import Land


@dataclass
class Context:
    """What Lambda tells a function of an invocation."""

    seconds: float = 60.0
    function_name: str = "landfall-test-ingest"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:landfall-test-ingest"
    aws_request_id: str = "1"

    def get_remaining_time_in_millis(self) -> int:
        """Tell the time that is left."""
        return int(self.seconds * 1000)


def environment_of(land: Land) -> dict[str, str]:
    """Return the function's environment, as the template sets it."""
    settings = land.settings
    own = {
        "LANDFALL_BUCKET": settings.bucket,
        "LANDFALL_ENVIRONMENT": settings.environment,
        "LANDFALL_DATABASE": settings.database,
        "LANDFALL_WORKGROUP": settings.workgroup or "",
        "LANDFALL_SECRET_ARN": settings.secret_arn,
        "LANDFALL_COPY_ROLE_ARN": settings.copy_role_arn,
        "LANDFALL_FAILURE_TOPIC_ARN": settings.failure_topic_arn,
        "LANDFALL_EVENT_BUS": settings.event_bus,
        "LANDFALL_LEASE_TABLE": settings.lease_table,
    }
    return own | {name: value for name, value in land.services.env.items() if name.startswith("AWS_")}


class FunctionProcesses:
    """Starts functions, one at a time (see function_server)."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.land.function_server"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._process = 0

    def start(self, environment: dict[str, str], records: list[dict[str, Any]]) -> None:
        """Start a function with a batch; `answer` must be asked for before the next starts."""
        assert self._server.stdin is not None
        print(json.dumps({"environment": environment, "records": records}), file=self._server.stdin, flush=True)
        self._process = int(self._line())

    def kill(self) -> None:
        """End the function at once, as `kill -9` does."""
        os.kill(self._process, signal.SIGKILL)

    def answer(self) -> list[str] | None:
        """Wait for the ids of the messages that must come back; None if the function died."""
        answer: list[str] | None = json.loads(self._line())
        return answer

    def close(self) -> None:
        """Start no more."""
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait()

    def _line(self) -> str:
        assert self._server.stdout is not None
        return self._server.stdout.readline()
