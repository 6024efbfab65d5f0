"""The Describes and Executes that PostgreSQL has still to answer, and how the values of each one's rows are spelt.

In: the messages that are sent, and the kinds of what answers them. Out: whose the columns and rows are that come.
PostgreSQL answers in the order of the messages, and after an error nothing until the Sync
(https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY): what the client sends meanwhile
may be of other statements than the rows that come.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from local.redshift.spelling import Spelling
from local.redshift.unload import Unload


@dataclass(slots=True)
class Shape:
    """A prepared statement's columns that are spelt anew: None until described; whether a Describe is sent."""

    spelt: dict[int, Spelling] | None = None
    is_asked: bool = False

    @property
    def may_fail(self) -> bool:
        """Tell whether a row may hold a value that no client could read."""
        return self.spelt is None or any(spelling.may_fail for spelling in self.spelt.values())


@dataclass(slots=True)
class Portal:
    """A bound statement, and the formats that its rows are asked in."""

    shape: Shape = field(default_factory=Shape)
    formats: Sequence[int] = ()


@dataclass(slots=True)
class Description:
    """A Describe: of a portal, or else of a statement; of an UNLOAD; of the front's own, whose answer is kept."""

    shape: Shape
    portal: Portal | None = None
    unload: Unload | None = None
    is_own: bool = False


@dataclass(slots=True)
class Run:
    """An Execute; of an UNLOAD, what gathers its rows."""

    portal: Portal
    unload: Unload | None = None


class UnderWay:
    """What is under way in one session, oldest first; None where a message ends that one ReadyForQuery answers."""

    def __init__(self) -> None:
        self._steps: deque[Description | Run | asyncio.Event | None] = deque()

    def describes(self, step: Description) -> None:
        """Note a Describe that is sent."""
        step.shape.is_asked = True
        self._steps.append(step)

    def runs(self, step: Run) -> None:
        """Note an Execute that is sent."""
        self._steps.append(step)

    def waits(self, over: asyncio.Event) -> None:
        """Note a Close of the front's own, which sets `over` when it is answered."""
        self._steps.append(over)

    def ends_message(self) -> None:
        """Note a Sync, or what else one ReadyForQuery answers."""
        self._steps.append(None)

    def described(self) -> Description | None:
        """Return the Describe that is answered now, None where columns belong to a simple query."""
        if self._steps and isinstance(step := self._steps[0], Description):
            self._steps.popleft()
            return step
        return None

    def running(self) -> Portal | None:
        """Return whose rows come now, None for a simple query's."""
        return step.portal if self._steps and isinstance(step := self._steps[0], Run) else None

    def unloading(self) -> Unload | None:
        """Return the UNLOAD whose rows come now, None where they are of something else, or of a simple query."""
        return step.unload if self._steps and isinstance(step := self._steps[0], Run) else None

    def completed(self) -> None:
        """Note that the Execute whose rows came has ended."""
        if self._steps and isinstance(self._steps[0], Run):
            self._steps.popleft()

    def waited(self) -> bool:
        """Tell whether the Close that is answered now is the front's own."""
        if is_own := bool(self._steps) and isinstance(step := self._steps[0], asyncio.Event):
            step.set()
            self._steps.popleft()
        return is_own

    def failed(self) -> None:
        """Note an error: nothing else will be answered until the Sync."""
        while self._steps and (step := self._steps[0]) is not None:
            self._end(step)
            self._steps.popleft()

    def ready(self) -> None:
        """Note a ReadyForQuery."""
        self.failed()
        if self._steps:
            self._steps.popleft()

    def _end(self, step: Description | Run | asyncio.Event) -> None:
        if isinstance(step, Description):
            step.shape.is_asked = step.shape.spelt is not None
        elif isinstance(step, asyncio.Event):
            step.set()
