"""Tests that wait ask at once and often, and less often the longer it takes (tests/support/waiting.py)."""

from types import SimpleNamespace

import pytest

from tests.support import waiting


def test_who_waits_a_minute_asks_a_fifth_as_often_as_at_first_and_is_told_within_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    asked: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(waiting, "time", SimpleNamespace(monotonic=lambda: now, sleep=sleep))

    def is_ready() -> bool:
        asked.append(now)
        return now >= 60

    assert waiting.wait_for(is_ready, "the minute")
    assert len([at for at in asked if at < 2]) >= 20
    assert len(asked) < 60 / waiting.SHORTEST_PAUSE / 5
    assert now < 61


def test_what_does_not_come_is_said_to_have_been_waited_for_in_vain() -> None:
    with pytest.raises(AssertionError, match=r"waited 0 s in vain for what never comes"):
        waiting.wait_for(lambda: None, "what never comes", seconds=0.2)
