"""A virtual cluster: a queue, functions that stay warm until they are killed, an operator, the night's reconcile.

In: a `Land`, real or in memory, and events. Out: a dataset's life, at whose every step nothing may be half there. The
handler, its statements, and what the operator does are the product's own; the queue is told here, as SQS keeps it: at
least once, in any order, to the dead letters after so many deliveries.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.bucket.objects import Place
from ingest_lambda.errors import CatalogChangedError, ConfigError, RejectedFileError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.ingest import Clients, Ingest
from ingest_lambda.load.loader import Loader
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.reconcile import handler as reconcile
from ingest_lambda.warehouse.sessions import Warehouse
from landfall.operate.evolution import carry_out, plan_change
from landfall.operate.undos import landed_versions, undo
from tests.chaos import events
from tests.chaos.files import Written, write
from tests.chaos.memory_aws import MemoryQueue
from tests.chaos.weather import Call, Killed, Weather
from tests.land.invariants import assert_nothing_is_half_there
from tests.land.nights import Queue, settings_for
from tests.land.warehouse import EVENT_TIME, Function, Land, RecordingReport, message, new_dataset, notification, target

SLOTS = 3
MAX_RECEIVES = 4  # fewer than the template's, so that storms come so far
LATE_STEPS = 3
CALM_ROUNDS = 12
MOST_TRIES = 4  # of a command that says: try again
OUTSIDE = (events.Upload, events.Delete, events.Replay, events.Pause)  # what changes nothing in the warehouse
# What a function may meet in a storm; all else is a bug of its own.
KNOWN = (TransientError, ConfigError, CatalogChangedError, ClientError, BotoCoreError, RejectedFileError)


@dataclass(eq=False)  # two that say the same are two
class Letter:
    """A message on the queue: how often it has been received, and the step before which nobody sees it."""

    body: str
    received: int = 0
    not_before: int = 0


@dataclass
class Slot:
    """Where a function lives: cold until it is first called, and again once it was killed."""

    weather: Weather
    function: Function | None = None
    is_busy: bool = False


@dataclass
class Life:
    """What was uploaded, what became of it, and what was said of it."""

    land: Land
    is_parallel: bool
    dataset: str = field(default_factory=lambda: new_dataset("storm"))
    files: dict[FileVersion, Written] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    undone: set[str] = field(default_factory=set)
    landed: dict[str, int] = field(default_factory=dict)
    log: list[Call] = field(default_factory=list)
    queue: list[Letter] = field(default_factory=list)
    dead: list[Letter] = field(default_factory=list)
    in_flight: list[Letter] = field(default_factory=list)
    lambda_queue: MemoryQueue = field(default_factory=MemoryQueue)
    slots: list[Slot] = field(default_factory=list)
    step: int = 0
    paused_until: int = 0
    faults: int = 0  # that struck
    invocations: int = 0

    def __post_init__(self) -> None:
        """Provide the slots."""
        self.slots = [Slot(Weather(self.log)) for _ in range(SLOTS)]

    def play(self, schedule: Sequence[events.Event]) -> None:
        """Let a storm pass, and after it the calm."""
        for event in schedule:
            self.step += 1
            self.act(event)
            if not isinstance(event, OUTSIDE):
                self.look()
        self.calm()

    def act(self, event: events.Event) -> None:
        """Let something happen."""
        match event:
            case events.Upload():
                self._upload(event)
            case events.Delete(key, for_good):
                self._delete(key, for_good)
            case events.Deliver(invocations):
                self.deliver(invocations)
            case events.Undo(key):
                self._undo(key)
            case events.Evolve():
                self._evolve()
            case events.Replay(number):
                self._replay(number)
            case events.Reconcile():
                self._reconcile()
            case events.Pause(steps):
                self.paused_until = self.step + steps

    def _act_all(self, amid: Sequence[events.Event]) -> None:
        for event in amid:
            self.act(event)

    def look(self) -> None:
        """Nothing is half there; what has landed stays so, once, unless it was undone."""
        found = assert_nothing_is_half_there(self.land, self.dataset, has_tables=bool(self.landed))
        assert set(self.landed) <= set(found), "what has landed is in the ledger for good"
        by_id = {file.file_id: written for file, written in self.files.items()}
        for file_id, rows in found.items():
            assert by_id[file_id].is_good, "a bad file never lands"
            assert rows == (0 if file_id in self.undone else len(by_id[file_id].ids))
        self.landed = found

    def _upload(self, upload: events.Upload) -> None:
        at = EVENT_TIME + timedelta(hours=upload.skew_hours)
        count = {events.Fate.TWICE: 2, events.Fate.LOST: 0}.get(upload.fate, 1)
        late = LATE_STEPS if upload.fate is events.Fate.LATE else 0
        self.put(upload.key, write(upload, len(self.files)), [self.step + late] * count, at)

    def put(self, key: str, written: Written, announced: Sequence[int], at: datetime = EVENT_TIME) -> FileVersion:
        """Store a file; its event, of time `at`, comes at each of the steps of `announced`."""
        stored = self.land.put(f"raw/{self.dataset}/{key}", written.body)
        file = replace(stored, event_time=at)
        self.files[file] = written
        self.queue += [Letter(notification([file]), not_before=step) for step in announced]
        return file

    def _delete(self, key: str, for_good: bool) -> None:
        path = f"raw/{self.dataset}/{key}"
        versions = [file for file in self.files if file.key == path and file.file_id not in self.lost]
        version = {"VersionId": versions[-1].version_id} if versions and for_good else {}
        if version:
            self.lost.add(versions[-1].file_id)
        self.land.client("s3").delete_object(Bucket=self.land.bucket, Key=path, **version)

    def _undo(self, key: str) -> None:
        """Undo the version that landed last; of several, the operator says which."""
        path = f"raw/{self.dataset}/{key}"
        for version in landed_versions(self.land.warehouse, self.land.bucket, path)[:1]:
            done = undo(self.land.warehouse, self.land.bucket, path, None if version.is_skipped else version.version_id)
            self.undone.add(done.version.file_id)

    def _evolve(self) -> None:
        """Widen the column; where a load was quicker the operator is told to try again, and does."""
        with suppress(ConfigError):  # there is no table yet
            for _ in range(MOST_TRIES):
                try:
                    carry_out(self.land.warehouse, plan_change(self.land.warehouse, self.dataset, "id", "bigint"))
                except CatalogChangedError:
                    continue
                return
            raise AssertionError("an operator is told to try again and again")

    def _replay(self, number: int) -> None:
        if self.files:
            file = list(self.files)[number % len(self.files)]
            self.queue.append(Letter(notification([replace(file, event_time=datetime.now(UTC))])))

    def _reconcile(self) -> None:
        settings = settings_for(self.land, Queue(self.lambda_queue, "queue"))
        clients = reconcile.Clients(self.land.client("s3"), self.lambda_queue, self.land.client("sns"))  # type: ignore[arg-type]
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        result = reconcile.run(settings, clients, self.land.warehouse, lambda: 60.0, tomorrow)
        assert [each for each in result.mismatches if each.dataset == self.dataset] == []
        self.queue += [Letter(body) for body in self.lambda_queue.take() if f"raw/{self.dataset}/" in body]

    def deliver(self, invocations: Sequence[events.Invocation]) -> None:
        if self.step < self.paused_until:
            return
        ready = [work for each in invocations if (work := self._prepared(each))]
        if self.is_parallel and len(ready) > 1:
            with ThreadPoolExecutor(len(ready)) as pool:
                ended = list(pool.map(lambda work: work(), ready))
        else:
            ended = [work() for work in ready]
        for end in ended:
            end()

    def _prepared(self, invocation: events.Invocation) -> Callable[[], Callable[[], None]] | None:
        """Take messages for a function, if it is free; return what invokes it, which returns what comes of it."""
        slot = self.slots[invocation.slot % SLOTS]
        if slot.is_busy:
            return None
        letters = self._receive(invocation)
        slot.is_busy = True
        slot.weather.begin(invocation.fault, invocation.at, invocation.times)
        if invocation.amid:
            slot.weather.amid_at = invocation.amid_at
            slot.weather.amid = partial(self._act_all, invocation.amid)
        self.in_flight += letters

        def invoke() -> Callable[[], None]:
            failed = self._invoke(slot, letters)
            return lambda: self._returned(slot, letters, failed)

        return invoke

    def _receive(self, invocation: events.Invocation) -> list[Letter]:
        there = [letter for letter in self.queue if letter.not_before <= self.step]
        random.Random(invocation.order).shuffle(there)  # noqa: S311 - a storm, no secret
        taken = there[: invocation.messages]
        self.queue = [letter for letter in self.queue if letter not in taken]
        for letter in taken:
            letter.received += 1
        again = [replace(letter) for letter in self.in_flight[:2]] if invocation.sees_again else []
        return [*taken, *again]

    def _invoke(self, slot: Slot, letters: Sequence[Letter]) -> list[Letter]:
        """Invoke a function; return the messages that come back."""
        records = [message(each.body, each.received) for each in letters]
        sent = {record["messageId"]: letter for record, letter in zip(records, letters, strict=True)}
        function = slot.function or self._cold(slot.weather)
        slot.function = function
        function.report.errors.clear()
        try:
            failed = function.handle(records)
        except Killed:
            slot.function, slot.weather.is_dead = None, False
            return list(letters)
        self._check(function.report.outcomes)
        assert [error for error in function.report.errors if not isinstance(error, KNOWN)] == []
        return [sent[each.message_id] for each in failed]

    def _returned(self, slot: Slot, letters: Sequence[Letter], failed: Sequence[Letter]) -> None:
        slot.is_busy = False
        self.invocations += 1
        self.faults += slot.weather.fault is not None and slot.weather.calls >= slot.weather.at
        self.in_flight = [letter for letter in self.in_flight if letter not in letters]
        for letter in failed:
            letter.not_before = self.step + 1
            (self.dead if letter.received >= MAX_RECEIVES else self.queue).append(letter)

    def _cold(self, weather: Weather) -> Function:
        settings = self.land.settings
        names = ("s3", "events", "sns", "dynamodb")
        clients = Clients(*(weather.over(name, self.land.client(name)) for name in names))
        api = weather.over("redshift-data", self.land.client("redshift-data"))
        warehouse = Warehouse(api, target(settings), weather.remaining_seconds)
        place = Place(self.land.bucket, settings.copy_role_arn)
        loader = Loader(clients.s3, warehouse, place, self.land.contracts, settings.widen_row_limit)
        report = RecordingReport()
        return Function(Ingest(settings, clients, warehouse, loader, report), report)

    def _check(self, outcomes: Sequence[FileOutcome]) -> None:
        good = {file.file_id for file, written in self.files.items() if written.is_good}
        for outcome in outcomes:
            is_good = outcome.file.file_id in good
            assert is_good or outcome.status in {Status.REJECTED, Status.GONE, Status.RETRIED}, outcome
            assert not is_good or outcome.status is not Status.REJECTED, outcome
            assert outcome.status is not Status.GONE or outcome.file.file_id in self.lost, outcome

    def calm(self) -> None:
        """Work off in calm weather what is queued, what the night finds to be lost, and what is dead, by one replay."""
        self._let_statements_run()
        self.step, self.paused_until = self.step + LATE_STEPS, 0
        self._work_off()
        self._reconcile()
        self._work_off()
        letters, self.dead = self.dead, []
        self.queue += [Letter(letter.body) for letter in letters]
        self._work_off()

    def _let_statements_run(self) -> None:
        api: Any = self.land.client("redshift-data")
        if hasattr(api, "let_run"):
            api.let_run()

    def _work_off(self) -> None:
        for number in range(CALM_ROUNDS):
            if not self.queue:
                self.look()
                return
            self.step += 1
            self.deliver([events.Invocation(slot=number, messages=100, order=number)])
        raise AssertionError(f"in calm weather {len(self.queue)} messages come back again and again")
