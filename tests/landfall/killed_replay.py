"""`landfall replay --without-positions` in a process of its own, which is killed after so many of its transactions.

In: a JSON of the stack's outputs, the dataset, its contract, and how many transactions. A file is a transaction.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from ingest_lambda.judge.contracts import parse_contract
from ingest_lambda.warehouse.client import Outcome, retry_conflicts
from landfall.operate import declared, replays
from landfall.stack import Stack


def main(asked: dict[str, Any]) -> None:
    """Replay, and die."""
    numbers = count(1)

    def then_die(work: Callable[[], Outcome]) -> Outcome:
        done = retry_conflicts(work)
        if next(numbers) == asked["transactions"]:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    stack = Stack("landfall-test", asked["outputs"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(declared, "contracts", lambda: {asked["dataset"]: parse_contract(asked["contract"])})
        patch.setattr(replays, "FORGOTTEN_AT_ONCE", 1)
        patch.setattr(replays, "retry_conflicts", then_die)
        replays.replay_without_positions(stack, asked["dataset"], rate=0.0)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
