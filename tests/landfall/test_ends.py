"""`landfall replay --wait` takes for the end of a file what its own announcement has led to, and nothing else."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

import landfall
from ingest_lambda.errors import TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.tell.waiting import Waiting
from landfall import environment
from landfall.app import build
from landfall.operate import ends, files, marking, pausing, replays, waiting
from landfall.operate.files import Outcome
from landfall.operate.replays import RESTORED, SENT, UNDONE, End, Replay
from landfall.stack import Stack

NOON = datetime(2025, 11, 13, 12, tzinfo=UTC)
FILE = FileVersion("b", "raw/orders/a.parquet", "v1")
VERDICT = {"reason": "incompatible_type", "detail": "no number", "column": "n", "remedy": "mend it"}


class Log:
    """The function's log, as it is asked; a look each takes the lines of one list."""

    def __init__(self, *looks: list[dict[str, Any]], error: ClientError | None = None) -> None:
        self.looks, self.error = list(looks), error

    def get_paginator(self, _: str) -> "Log":
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"events": self.looks.pop(0) if self.looks else []}
        if self.error:
            raise self.error


def line(outcome: str, file: FileVersion = FILE, asked: float | None = 0.0, logged: float = 1.0, **facts: Any) -> Any:
    """Write a line of the log, so many seconds after noon; `asked` is the time of the event that it answers."""
    said = {"message": "file", "file": file.uri, "file_id": file.file_id, "outcome": outcome, "dataset": "orders"}
    if asked is not None:
        said["event_time"] = (NOON + timedelta(seconds=asked)).isoformat()
    at = int((NOON + timedelta(seconds=logged)).timestamp() * 1000)
    return {"logStreamName": "s", "timestamp": at, "message": json.dumps(said | facts)}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ends, "time", SimpleNamespace(monotonic=iter(range(10_000)).__next__, sleep=lambda _: None))
    monkeypatch.setattr(waiting, "noted", lambda *_: [])
    monkeypatch.setattr(files, "outcomes", lambda *_: {FILE.file_id: Outcome("rejected", "of before", verdict=VERDICT)})


def ended(log: Log, replay: Replay | None = None, timeout: float = 100, failed: Any = lambda _: None) -> Replay:
    stack: Any = SimpleNamespace(logs=log, output=str, warehouse=None)
    (done,) = ends.wait(stack, [replay or Replay(FILE, "orders", SENT)], NOON, timeout, failed=failed)
    return done


@pytest.mark.parametrize(
    ("facts", "reason", "verdict"),
    [
        ({"outcome": "landed", "rows": 3}, None, None),
        ({"outcome": "duplicate", "reason": "already landed", "rows": 3}, "already landed", None),
        ({"outcome": "ignored", "reason": "no data file"}, "no data file", None),
        ({"outcome": "gone", "reason": "it exists no more"}, "it exists no more", None),
        (
            {"outcome": "rejected", "reason": "incompatible_type", "detail": "no number"},
            "incompatible_type: no number",
            VERDICT,
        ),
        ({"outcome": "rejected", "reason": "encrypted", "detail": "no key"}, "encrypted: no key", None),
    ],
)
def test_each_outcome_is_told_whole_and_no_verdict_of_another_try(
    facts: dict[str, Any], reason: str | None, verdict: Any
) -> None:
    done = ended(Log([], [line(**facts)]))
    assert (done.outcome, done.reason, done.to_dict()["rows"]) == (facts["outcome"], reason, facts.get("rows"))
    assert done.end is not None
    assert done.end.verdict == verdict
    assert done.to_dict()["remedy"] == ("mend it" if verdict else None)


def test_a_verdict_that_cannot_be_asked_for_is_told_by_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise TransientError("asleep")

    monkeypatch.setattr(files, "outcomes", fail)
    done = ended(Log([line("rejected", reason="encrypted", detail="no key")]))
    assert (done.outcome, done.reason) == ("rejected", "encrypted: no key")


@pytest.mark.parametrize("known", [Outcome("undone", "undone at noon, and stays out", rows=0), None])
def test_a_file_that_was_undone_meanwhile_is_told_as_undone(
    monkeypatch: pytest.MonkeyPatch, known: Outcome | None
) -> None:
    monkeypatch.setattr(files, "outcomes", lambda *_: {FILE.file_id: known} if known else {})
    done = ended(Log([line("duplicate", reason="undone", rows=0)]))
    assert (done.outcome, done.reason) == ("undone", known.reason if known else replays.REASONS[UNDONE])
    assert done.outcome in files.NOT_LANDING


@pytest.mark.parametrize(
    "before",
    [
        line("rejected", asked=-5, logged=2, reason="encrypted"),  # the log is late, or its clock is ahead
        line("rejected", asked=None, logged=-1, reason="encrypted"),
        line("retried", reason="a fault that passes"),
        line("rejected", FileVersion("b", "raw/orders/a.parquet", "v2"), reason="encrypted"),
    ],
)
def test_how_the_file_ended_before_is_not_its_end(before: Any) -> None:
    assert ended(Log([before], [line("landed", rows=3)])).outcome == "landed"
    left = ended(Log([before]), timeout=3)
    assert (left.outcome, left.reason) == (None, "no outcome within 3 s; `landfall status` shows the queue")


def test_a_clock_that_is_behind_and_a_function_that_tells_no_event_hide_no_end() -> None:
    assert ended(Log([line("landed", asked=0.5, logged=-30)])).outcome == "landed"
    assert ended(Log([line("landed", asked=None, logged=1)])).outcome == "landed"


def test_what_was_restored_is_waited_for_as_what_it_is() -> None:
    done = ended(Log([line("landed", asked=-5)], [line("landed", rows=3)]), Replay(FILE, "orders", RESTORED))
    assert (done.outcome, done.to_dict()["version_id"], done.to_dict()["rows"]) == ("landed", "v1", 3)
    assert done.reason == "it was undone, and lands again as the version that it is"


def test_a_dead_letter_is_answered_by_the_event_that_it_holds() -> None:
    old = FileVersion("b", "raw/orders/a.parquet", "v1", event_time=NOON - timedelta(days=3))
    assert ended(Log([line("landed", asked=-3 * 86_400)]), Replay(old, "orders", SENT)).outcome == "landed"


def test_what_was_not_announced_is_not_waited_for() -> None:
    done = ended(Log(error=refusal()), Replay(FILE, "orders", UNDONE))
    assert (done.end, done.outcome) == (None, None)


def test_tries_that_fail_are_told_once_and_say_why_there_is_no_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    def note(at: datetime, reason: str) -> Waiting:
        return Waiting(FILE, "orders", 1, reason, at.isoformat(timespec="seconds"))

    notes = [note(NOON - timedelta(hours=1), "of before"), note(NOON, "the warehouse is paused")]
    monkeypatch.setattr(waiting, "noted", lambda *_: notes)
    told: list[str] = []
    left = ended(Log(), timeout=5, failed=told.append)
    assert told == [f"{FILE.uri}: tried once: the warehouse is paused"]
    assert left.reason == "no outcome within 5 s; tried once: the warehouse is paused"


def refusal() -> ClientError:
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "FilterLogEvents")


def test_a_log_that_cannot_be_read_says_that_the_file_lands_all_the_same() -> None:
    told: list[str] = []
    left = ended(Log(error=refusal()), timeout=5, failed=told.append)
    assert left.outcome is None
    said = "no outcome within 5 s; announced, and lands by itself; its outcome cannot be asked for now: "
    assert str(left.reason).startswith(said)
    assert [line[:39] for line in told] == ["the outcomes cannot be asked for now: A"]


def test_a_log_that_could_not_be_read_once_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log([], [line("landed", rows=3)], error=refusal())
    monkeypatch.setattr("landfall.operate.ends.time.sleep", lambda _: setattr(log, "error", None))
    assert ended(log).outcome == "landed"


def test_what_was_read_before_the_log_failed_is_kept() -> None:
    assert ended(Log([line("landed", rows=3)], error=refusal())).outcome == "landed"


def test_the_function_writes_the_lines_that_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    from aws_lambda_powertools import Logger

    from ingest_lambda.tell.report import Report

    asked = FileVersion(FILE.bucket, FILE.key, FILE.version_id, event_time=NOON)
    Report(Logger(service="ingest"), "test").file(FileOutcome(asked, Status.LANDED, "orders", rows=3))
    written = capsys.readouterr().out.strip()
    at = int((NOON - timedelta(seconds=30)).timestamp() * 1000)
    assert ended(Log([{"logStreamName": "s", "timestamp": at, "message": written}])).outcome == "landed"


class Notes:
    """A bucket whose only note is deleted between the listing and the reading, as its file ends."""

    class exceptions:  # noqa: N801 - the SDK's name
        NoSuchKey = KeyError

    def get_paginator(self, _: str) -> "Notes":
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"Contents": [{"Key": "staging/waiting/a.json", "LastModified": NOON}]}]

    def get_object(self, **_: Any) -> dict[str, Any]:
        raise KeyError("it has landed")


def test_a_note_that_goes_while_it_is_read_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    stack: Any = SimpleNamespace(s3=Notes(), bucket="b")
    assert waiting.noted(stack, [FILE.file_id]) == []


@pytest.mark.parametrize(
    ("outcome", "exits"),
    [("landed", 0), ("duplicate", 0), ("skipped", 0), ("rejected", 1), ("ignored", 1), ("gone", 1), (None, 2)],
)
def test_the_command_exits_and_python_raises_where_a_file_has_not_landed(
    outcome: str | None, exits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, stack = Replay(FILE, "orders", SENT), Stack("a", {})
    monkeypatch.setattr(environment, "stack", lambda: stack)
    monkeypatch.setattr(marking, "changing", lambda _: nullcontext())
    monkeypatch.setattr(pausing, "is_paused", lambda _: False)
    monkeypatch.setattr(replays, "replay_rejected", lambda *_: [sent])
    monkeypatch.setattr(ends, "wait", lambda *_: [replace(sent, end=End(outcome, "why"))])
    done = CliRunner().invoke(build(), ["replay", "--rejected", "--wait", "--json"])
    assert (done.exit_code, json.loads(done.stdout)[0]["outcome"]) == (exits, outcome)
    with pytest.raises(landfall.UnsuccessfulError, match="why") if exits else nullcontext():
        landfall.replay_rejected(wait=True, stack=stack)
