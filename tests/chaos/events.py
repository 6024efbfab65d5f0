"""What happens in a storm: events, and how a seed draws a schedule of them.

In: a seed. Out: the events of a dataset's life, each of which says all that it needs, so that a schedule is the same
wherever it is played. Numbers that choose among things are taken modulo what there is when the event happens.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

KEYS = ("a.parquet", "b.parquet", "sub=1/c.parquet")
MOST_CALLS = 26  # of an invocation, of those that a fault may choose among


class Shape(StrEnum):
    """What a good file looks like; any two of them fit one table, in either order."""

    PLAIN = "plain"
    WIDE = "a new column, wider numbers"
    EMPTY = "no rows"
    NULLS = "a column without a value"
    NANOSECONDS = "what COPY would misread"


class Poison(StrEnum):
    """What a bad file looks like."""

    NONSENSE = "no parquet"
    CUT = "cut short"
    NO_BYTES = "no bytes"
    BAD_PAGE = "a good footer, a page that is not"


class Fate(StrEnum):
    """What becomes of the event that S3 sends for a file."""

    ON_TIME = "on time"
    TWICE = "twice"
    LATE = "late"
    LOST = "lost"


class Fault(StrEnum):
    """What happens at a call of a function to AWS, or at the first statement from it on."""

    KILLED_BEFORE = "the function is killed before the call"
    KILLED_AFTER = "the function is killed when the work is done"
    ANSWER_LOST = "the work is done and the answer lost"
    BUSY = "throttled"
    BROKEN = "an internal error"
    REFUSED = "precondition failed"
    CONFLICT = "error 1023"
    DISK_FULL = "the warehouse's disk is full"
    SESSION_ENDED = "the warehouse ends the session"
    OUTLIVED = "the function is killed and its statement runs on"
    TIME_UP = "the function's time is up"


OF_STATEMENTS = frozenset({Fault.CONFLICT, Fault.DISK_FULL, Fault.SESSION_ENDED, Fault.OUTLIVED})


@dataclass(frozen=True)
class Upload:
    """Somebody writes a version of a key; `skew_hours`: how wrong the clock is that dates its event."""

    key: str
    content: Shape | Poison
    rows: int
    fate: Fate
    skew_hours: int = 0


@dataclass(frozen=True)
class Delete:
    """Somebody deletes a key: a marker hides its versions, or its last version goes for good."""

    key: str
    for_good: bool


@dataclass(frozen=True)
class Invocation:
    """A function takes messages, in some order; from call `at` on a fault happens `times` over.

    `amid` happens amid call `amid_at`. `sees_again`: messages that another function is still at come to this one too.
    """

    slot: int
    messages: int
    order: int
    fault: Fault | None = None
    at: int = 0
    times: int = 1
    amid: tuple[Event, ...] = ()
    amid_at: int = 0
    sees_again: bool = False


@dataclass(frozen=True)
class Deliver:
    """Functions are invoked: at once, where the layer can, else one after the other."""

    invocations: tuple[Invocation, ...]


@dataclass(frozen=True)
class Undo:
    """An operator takes back what landed last under a key."""

    key: str


@dataclass(frozen=True)
class Evolve:
    """An operator widens the column of numbers."""


@dataclass(frozen=True)
class Replay:
    """An operator sends a file again."""

    number: int


@dataclass(frozen=True)
class Reconcile:
    """The night's comparison of bucket and ledger sends what is missing."""


@dataclass(frozen=True)
class Pause:
    """An operator stops landing for so many steps."""

    steps: int


Event = Upload | Delete | Deliver | Undo | Evolve | Replay | Reconcile | Pause


def draw(seed: int) -> list[Event]:
    """Draw a schedule."""
    dice = random.Random(seed)  # noqa: S311 - a storm, no secret
    return [_upload(dice), *(_event(dice, depth=0) for _ in range(dice.randint(6, 14)))]


def _event(dice: random.Random, depth: int) -> Event:
    kinds: tuple[Callable[[random.Random], Event], ...] = (
        _upload,
        partial(_deliver, depth=depth),
        _delete,
        _undo,
        _evolve,
        _replay,
        _reconcile,
        _pause,
    )
    [kind] = dice.choices(kinds, (30, 42, 6, 6, 3, 7, 3, 3))
    return kind(dice)


def _upload(dice: random.Random) -> Upload:
    is_bad = dice.random() < 0.2
    content = dice.choice(tuple(Poison)) if is_bad else dice.choices(tuple(Shape), (5, 3, 1, 2, 2))[0]
    [fate] = dice.choices(tuple(Fate), (6, 2, 1, 1))
    return Upload(dice.choice(KEYS), content, dice.randint(1, 3), fate, dice.choice((0, 0, -24, 24)))


def _deliver(dice: random.Random, depth: int) -> Deliver:
    count = 1 if depth else dice.choice((1, 1, 2, 3))
    return Deliver(tuple(_invocation(dice, depth, count == 1) for _ in range(count)))


def _invocation(dice: random.Random, depth: int, is_alone: bool) -> Invocation:
    fault = dice.choice((None, *Fault)) if dice.random() < 0.7 else None
    has_amid = is_alone and depth < 2 and dice.random() < 0.35
    return Invocation(
        slot=dice.randrange(3),
        messages=dice.randint(1, 5),
        order=dice.randrange(1000),
        fault=fault,
        at=dice.randint(1, MOST_CALLS),
        times=dice.choice((1, 1, 2, 7)),
        amid=tuple(_event(dice, depth + 1) for _ in range(dice.randint(1, 2))) if has_amid else (),
        amid_at=dice.randint(1, MOST_CALLS),
        sees_again=dice.random() < 0.4,
    )


def _delete(dice: random.Random) -> Delete:
    return Delete(dice.choice(KEYS), dice.random() < 0.5)


def _undo(dice: random.Random) -> Undo:
    return Undo(dice.choice(KEYS))


def _evolve(dice: random.Random) -> Evolve:
    return Evolve()


def _replay(dice: random.Random) -> Replay:
    return Replay(dice.randrange(100))


def _reconcile(dice: random.Random) -> Reconcile:
    return Reconcile()


def _pause(dice: random.Random) -> Pause:
    return Pause(dice.randint(1, 2))
