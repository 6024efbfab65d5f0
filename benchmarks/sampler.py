"""What is looked at time after time, in a thread of its own, while a measurement goes on."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import ClassVar, Self


class Sampler(ABC):
    """A context in which `sample` is called every so many seconds, and a last time at its end."""

    EVERY_SECONDS: ClassVar[float]

    def __enter__(self) -> Self:
        """Begin."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, with a last look."""
        self._stop.set()
        self._thread.join()
        self.sample()

    @abstractmethod
    def sample(self) -> None:
        """Look."""

    def _run(self) -> None:
        while not self._stop.wait(self.EVERY_SECONDS):
            self.sample()
