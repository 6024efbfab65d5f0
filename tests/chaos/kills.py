"""Storms in which processes die by kill -9, at a seeded request: functions, PostgreSQL, its front; and start again.

In: a seed. Out: a dataset that has landed whole all the same. The function is a process of its own and speaks to the
services over HTTP, by way of a proxy that counts its requests; what dies, dies while one of them is under way: the wait
after it is long enough for a COPY or a commit to have begun, or to be over.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from local import stack
from local.processes import is_running
from local.services import AWS, REDSHIFT
from local.state import load
from tests.chaos import events
from tests.chaos.cluster import Life
from tests.chaos.files import write
from tests.chaos.invariants import assert_rows_are_whole
from tests.land.function_process import FunctionProcesses, environment_of
from tests.land.proxy import Interference, Request, proxy
from tests.land.warehouse import Land, message
from tests.support.waiting import wait_for

MOST_REQUESTS = 22
LONGEST_WAIT = 0.1  # seconds after a request, of which a statement of these files takes most


class Victim(StrEnum):
    """What is killed."""

    FUNCTION = "the function"
    POSTGRES = "PostgreSQL"
    FRONT = "the front"


@dataclass(frozen=True)
class Services:
    """The services that a world stands on, which die and are started again."""

    land: Land

    def kill(self, victim: Victim) -> None:
        """Kill PostgreSQL, or the front with the Data API, and wait until nobody answers any more."""
        server = load(self.land.services.home).processes[REDSHIFT]
        pid = server.pid if victim is Victim.FRONT else int(self.land.services.redshift["postgres_pid"])
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not is_running(server), "the end of the local Redshift")

    def start(self) -> None:
        """Start what does not run."""
        stack.start(self.land.services.home, lambda _: None, (AWS, REDSHIFT))


@dataclass
class Strike(Interference):
    """Kills at a request, once the service has taken it; the answer is lost."""

    at: int
    wait: float
    kill: Callable[[], None]
    struck: list[Request] = field(default_factory=list)

    def answers(self, request: Request) -> bool:
        """Let nobody hear the answer to the request at which it strikes."""
        if request.number != self.at:
            return True
        self.struck.append(request)
        time.sleep(self.wait)
        self.kill()
        return False


def landing(land: Land, functions: FunctionProcesses, seed: int) -> Counter[str]:
    """Play the storm of a seed on a dataset of its own; judge it and count what it had."""
    dice = random.Random(seed)  # noqa: S311 - a storm, no secret
    services, life = Services(land), Life(land, is_parallel=True)
    contents = [*events.Shape, *events.Shape, *events.Poison]
    for number in range(dice.randint(1, 4)):
        upload = events.Upload(f"{number}.parquet", dice.choice(contents), dice.randint(1, 3), events.Fate.ON_TIME)
        life.put(upload.key, write(upload, number), [0])
    victim = dice.choice(tuple(Victim))
    kill = functions.kill if victim is Victim.FUNCTION else lambda: services.kill(victim)
    strike = Strike(dice.randint(1, MOST_REQUESTS), dice.uniform(0, LONGEST_WAIT), kill)
    with proxy(environment_of(land), strike) as between:
        functions.start(between.environment, [message(letter.body) for letter in life.queue])
        functions.answer()
    services.start()
    vars(land).pop("warehouse", None)  # with the session that died
    life.look()
    life.calm()
    assert_rows_are_whole(life)
    mid = next((f"amid {request.operation or request.method}" for request in strike.struck), "")
    return Counter({"files": len(life.files), f"{victim} killed": len(strike.struck), **({mid: 1} if mid else {})})
