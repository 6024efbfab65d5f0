"""ALERT: how the operator's page reads and writes numbers, times and objects. In: answers' texts. Out: values. Pure."""

from __future__ import annotations

import json

FULL = 100.0
LEAST = 2.0  # of a bar that stands for something: one that nobody sees would say that there is nothing


def number(value: str | None) -> int:
    """Read a count; nothing is none.

    >>> number("12"), number(None)
    (12, 0)
    """
    return int(float(value)) if value else 0


def share(value: float, most: float) -> float:
    return round(max(LEAST, FULL * value / most), 2) if value and most else 0.0


def duration(seconds: float) -> str:
    """Say how long something took, in the unit that a person would use.

    >>> [duration(seconds) for seconds in (0.4, 42, 90, 7200, 200_000)]
    ['0.4 s', '42 s', '1.5 min', '2 h', '2.3 days']
    """
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= size * (1 if size < 86_400 else 2):
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.1f}".removesuffix(".0") + " s"


def to_the_second(time: str) -> str:
    return time[: len("2025-11-13 12:00:00")]


def json_object(text: str | None) -> dict[str, str]:
    """Read an object of texts and numbers; nothing, where it was cut."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return (
        {str(name): str(value) for name, value in found.items() if value is not None} if isinstance(found, dict) else {}
    )
