"""The landing queue and what takes messages from it. In: files by number, as they come. Out: batches of them.

A message goes to one of those who are asking at that moment, whoever it is, or waits in order. On AWS five pollers ask
at first, each gathering a batch of its own (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html),
and beside them functions that take from a backlog.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from simpy import AnyOf, Environment, Event

Step = Generator[Event, Any, Any]


@dataclass
class Receiver:
    """Someone who asks for messages: at most so many. `first` and `full` happen once."""

    room: int
    first: Event
    full: Event
    files: list[int] = field(default_factory=list)

    def offer(self, file: int) -> None:
        """Receive a file."""
        self.files.append(file)
        if not self.first.triggered:
            self.first.succeed()
        if len(self.files) >= self.room and not self.full.triggered:
            self.full.succeed()


class Queue:
    """Messages, a file each."""

    def __init__(self, env: Environment, draw: Random) -> None:
        self._env = env
        self._draw = draw
        self._waiting: deque[int] = deque()
        self._receivers: list[Receiver] = []

    def __len__(self) -> int:
        """Return how many wait that nobody has received."""
        return len(self._waiting)

    def put(self, files: Iterable[int]) -> None:
        """Let messages come, or come back."""
        for file in files:
            if self._receivers:
                receiver = self._draw.choice(self._receivers)
                receiver.offer(file)
                if receiver.full.triggered:
                    self._receivers.remove(receiver)
            else:
                self._waiting.append(file)

    def take(self, most: int) -> list[int]:
        """Take those that have waited longest."""
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def receive(self, most: int, window_seconds: float) -> Step:
        """Wait for a first message, and so long for more; return them."""
        receiver = self._ask(most)
        if not receiver.files:
            yield receiver.first
        if window_seconds and not receiver.full.triggered:
            yield AnyOf(self._env, [receiver.full, self._env.timeout(window_seconds)])
        return self._end(receiver)

    def receive_within(self, most: int, seconds: float) -> Step:
        """Take what waits, or wait so long for anything; return it, which may be nothing."""
        receiver = self._ask(most)
        if not receiver.files:
            yield AnyOf(self._env, [receiver.first, self._env.timeout(seconds)])
        return self._end(receiver)

    def _ask(self, most: int) -> Receiver:
        receiver = Receiver(most, self._env.event(), self._env.event())
        for file in self.take(most):
            receiver.offer(file)
        if not receiver.full.triggered:
            self._receivers.append(receiver)
        return receiver

    def _end(self, receiver: Receiver) -> Sequence[int]:
        if receiver in self._receivers:
            self._receivers.remove(receiver)
        return receiver.files
