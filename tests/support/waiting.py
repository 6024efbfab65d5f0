"""Wait for what happens by itself."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 1.0  # seconds


def wait_for(question: Callable[[], T | None], what: str, seconds: float = 120) -> T:
    """Ask until the answer is truthy, and return it; fail after the time, which a busy machine must not reach.

    The longer it takes the less often it asks: the services' answers are work that what is waited for has to wait for.
    """
    started = time.monotonic()
    while (waited := time.monotonic() - started) < seconds:
        if answer := question():
            return answer
        time.sleep(min(max(SHORTEST_PAUSE, waited / 20), LONGEST_PAUSE))
    raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")
