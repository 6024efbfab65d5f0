"""A volume played out, event by event. In: a scene and its arrivals. Out: when each file landed and was modeled.

The queue, Lambda's event source and the function that takes from a backlog; loads, each dataset's lock, the one queue
of commits of the warehouse; and transforms, one at a time, debounced. What decides is the product's own: the share of
its time that a function fills, and the weights of files, are those of `ingest_lambda/arrive/backlog.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from random import Random

from simpy import Environment, Resource
from simpy.resources.resource import Request

from ingest_lambda.arrive import backlog
from ingest_lambda.arrive.queue_urls import MAX_ENTRIES
from ingest_lambda.inspection import PARALLEL_READS
from ingest_lambda.judge.paths import LARGE_BYTES, MAX_CANONICAL_BYTES
from landfall.sizing.event_source import Queue, Step
from landfall.sizing.scene import Arrivals, Scene

NOWHERE = -1.0
COMES_BACK_SECONDS = 5.0  # what an invocation did not get to: arrive/retry.py
SAMPLE_SECONDS = 60.0


@dataclass
class Played:
    """What happened. Moments in seconds by file, NOWHERE where it has not; spans are (start, end)."""

    landed: list[float]
    modeled: list[float]
    batches: int = 0
    loads: int = 0
    commits: int = 0
    runs: int = 0
    returned: int = 0
    function_seconds: float = 0.0
    longest_invocation: float = 0.0
    longest_run: float = 0.0
    run_seconds: float = 0.0
    backlog_peak: int = 0
    taken_peak: int = 0
    commit_seconds: float = 0.0
    busy: list[tuple[float, float]] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)  # files that had come and not landed, each minute
    landed_files: int = 0
    ended: float = 0.0


class Play:
    """One scene, once."""

    def __init__(self, scene: Scene, arrivals: Arrivals) -> None:
        self._settings, self._steps, self._limits = scene.settings, scene.steps, scene.limits
        self._volume = scene.volume
        self._comes = arrivals.comes.tolist()
        self._dataset = arrivals.dataset.tolist()
        self._env = env = Environment()
        self._queue = Queue(env, Random(scene.seed))  # noqa: S311 - a game
        self._slots = Resource(env, self._settings.maximum_concurrency)
        self._locks = [Resource(env, 1) for _ in range(self._volume.datasets)]
        self._commits = Resource(env, 1)
        self._warm: list[float] = []
        self._seen_at = -backlog.BACKLOG_LASTS_SECONDS
        self._copying = self._reading = 0
        self._api_free = 0.0
        self._arrived = 0
        self._unmodeled: list[int] = []
        self._news = env.event()
        self._done = env.event()
        files = len(arrivals)
        self.played = Played([NOWHERE] * files, [NOWHERE] * files)
        env.process(self._arrive())
        env.process(self._transform())
        env.process(self._sample())
        pollers = min(self._limits.pollers, self._settings.maximum_concurrency)
        for number in range(pollers):
            # Nobody knows how far apart their windows end; evenly is what wakes the warehouse most often.
            env.process(self._poll(number * self._settings.batching_window_seconds / pollers))

    def run(self, until: float | None = None) -> Played:
        """Play until every file is modeled, or until a moment."""
        if self._comes:
            self._env.run(self._done if until is None else until)
        self.played.ended = float(self._env.now)
        return self.played

    @property
    def held(self) -> int:
        """How many files have come and not landed: on the queue, or with a function."""
        return self._arrived - self.played.landed_files

    def _arrive(self) -> Step:
        for file, moment in enumerate(self._comes):
            if moment > self._env.now:
                yield self._env.timeout(moment - self._env.now)
            self._arrived += 1
            self.played.backlog_peak = max(self.played.backlog_peak, self.held)
            self._queue.put([file])

    def _sample(self) -> Step:
        for _ in count():
            yield self._env.timeout(SAMPLE_SECONDS)
            self.played.waiting.append(self.held)

    def _poll(self, begins: float) -> Step:
        """Gather batch after batch, as long as a function may run."""
        yield self._env.timeout(begins)
        settings = self._settings
        most = min(settings.batch_size, self._limits.payload_files)
        # Without a window a batch is what one request brings.
        most = most if settings.batching_window_seconds else min(most, MAX_ENTRIES)
        while True:
            slot = self._slots.request()
            yield slot
            batch = yield from self._queue.receive(most, settings.batching_window_seconds)
            self._env.process(self._invoke(batch, slot))

    def _invoke(self, batch: Sequence[int], slot: Request) -> Step:
        started = float(self._env.now)
        yield from self._start()
        taken = yield from self._take(len(batch))
        self.played.batches += 1
        self.played.taken_peak = max(self.played.taken_peak, len(batch) + len(taken))
        left = yield from self._land([*batch, *taken], started + self._settings.ingest_timeout_seconds)
        took = float(self._env.now) - started
        self.played.function_seconds += took
        self.played.longest_invocation = max(self.played.longest_invocation, took)
        self._warm.append(float(self._env.now))
        self._slots.release(slot)
        if left:
            self.played.returned += len(left)
            yield self._env.timeout(COMES_BACK_SECONDS)
            self._queue.put(left)

    def _start(self) -> Step:
        """Find a warm function, or start one."""
        self._warm = [since for since in self._warm if self._env.now - since <= self._steps.warm_for]
        if self._warm:
            self._warm.pop()
        else:
            yield self._env.timeout(self._steps.cold_start_cpu / self._processor)

    @property
    def _processor(self) -> float:
        """Processors of a function; more than one does not help what runs one after the other."""
        return min(1.0, self._settings.ingest_memory_megabytes / self._limits.function_cpu_megabytes)

    def _take(self, batch: int) -> Step:
        """Take what waits behind a full batch, as `Backlog.take` does."""
        taken: list[int] = []
        is_over = self._env.now - self._seen_at >= backlog.BACKLOG_LASTS_SECONDS
        if (batch < backlog.SIGN_OF_A_BACKLOG and is_over) or not self._settings.backlog_files:
            return taken
        weight = backlog.SECONDS_A_FILE + self._volume.bytes_per_file / 1024**2 * backlog.SECONDS_A_MEGABYTE
        by_time = self._settings.ingest_timeout_seconds * backlog.SHARE_OF_TIME / weight
        room = ceil(min(self._settings.backlog_files, by_time)) - batch
        width, began, whole = 1, self._env.now, self._settings.ingest_timeout_seconds
        while room > 0 and not backlog.is_enough(batch + len(taken), self._env.now - began, whole):
            requests = min(width, backlog.PARALLEL_REQUESTS, ceil(room / MAX_ENTRIES))
            found = yield from self._queue.receive_within(requests * MAX_ENTRIES, backlog.WAIT_SECONDS)
            if not found:
                break
            yield self._env.timeout(self._steps.receive)
            taken += found
            room -= len(found)
            width = width * 2 if len(found) == requests * MAX_ENTRIES else 1
        if backlog.is_backlog(batch + len(taken), self._env.now - began):
            self._seen_at = self._env.now  # by all functions that are warm, which is what a backlog makes of them
        return taken

    def _land(self, files: Sequence[int], deadline: float) -> Step:
        """Land the files, dataset by dataset; return those for which there was no time."""
        by_dataset: dict[int, list[int]] = {}
        for file in files:
            by_dataset.setdefault(self._dataset[file], []).append(file)
        is_large = self._volume.bytes_per_file > LARGE_BYTES
        most = len(files) if is_large else max(1, MAX_CANONICAL_BYTES // max(1, self._volume.bytes_per_file))
        parts = [group[at : at + most] for group in by_dataset.values() for at in range(0, len(group), most)]
        for number, part in enumerate(parts):
            reading = self._reading_seconds(len(part), is_large)
            # The first always goes on: what is too much for a whole invocation must not come back for ever.
            if number and self._env.now + reading + self._warehouse_seconds(len(part)) > deadline:
                return [file for rest in parts[number:] for file in rest]
            self._reading += 1
            yield self._env.timeout(reading * max(1.0, self._reading / self._limits.processors))
            self._reading -= 1
            yield from self._load(part)
        return []

    def _reading_seconds(self, files: int, is_large: bool) -> float:
        """Say how long the function reads and rewrites files itself."""
        steps, megabytes = self._steps, files * self._volume.megabytes
        requests = files * steps.s3_request / min(PARALLEL_READS, files) + 3 * steps.s3_request
        if is_large:
            return requests + files * (steps.read_large_cpu / self._processor + steps.s3_request / PARALLEL_READS)
        return requests + (files * steps.file_cpu + megabytes * steps.megabyte_cpu) / self._processor

    def _warehouse_seconds(self, files: int) -> float:
        steps, rpu = self._steps, self._settings.base_rpu
        copying = 2 * steps.copy + files * self._volume.megabytes / (steps.copy_rate * rpu)
        inserting = steps.insert + files * self._volume.rows_per_file / (steps.insert_rate * rpu)
        return copying + inserting + steps.commit + steps.calls_a_load * steps.data_api_call

    def _load(self, files: Sequence[int]) -> Step:
        """Copy, then lock, insert and commit. Loads that copy at the same time share the warehouse."""
        steps, settings, env = self._steps, self._settings, self._env
        started = float(env.now)
        self._copying += 1
        yield env.timeout(self._data_api_seconds())
        shared = steps.copy_rate * settings.base_rpu / self._copying
        yield env.timeout(2 * steps.copy + len(files) * self._volume.megabytes / shared)
        with self._locks[self._dataset[files[0]]].request() as lock:
            yield lock
            rate = steps.insert_rate * settings.base_rpu / self._copying
            yield env.timeout(steps.insert + len(files) * self._volume.rows_per_file / rate)
            with self._commits.request() as turn:
                yield turn
                yield env.timeout(steps.commit)
        self._copying -= 1
        self.played.commit_seconds += steps.commit
        self.played.loads += 1
        self.played.busy.append((started, float(env.now)))
        self._tell(files)

    def _data_api_seconds(self) -> float:
        """Say how long a load's calls take, which share the calls a second that are allowed."""
        steps, now = self._steps, float(self._env.now)
        self._api_free = max(self._api_free, now) + steps.calls_a_load / self._limits.data_api_calls
        return max(steps.calls_a_load * steps.data_api_call, self._api_free - now)

    def _tell(self, files: Sequence[int]) -> None:
        for file in files:
            self.played.landed[file] = float(self._env.now)
        self.played.landed_files += len(files)
        self._unmodeled += files
        if not self._news.triggered:
            self._news.succeed()

    def _transform(self) -> Step:
        """Model what has landed, one run at a time: whoever comes meanwhile asks for another round."""
        steps, env = self._steps, self._env
        while True:
            if not self._unmodeled:
                self._news = env.event()
                yield self._news
                yield env.timeout(steps.event)
            yield env.timeout(self._settings.debounce_seconds)
            files, self._unmodeled = self._unmodeled, []
            rate = steps.run_rate * self._settings.base_rpu
            took = steps.run + len(files) * self._volume.rows_per_file / rate
            self.played.busy.append((float(env.now), float(env.now) + took))
            yield env.timeout(took)
            for file in files:
                self.played.modeled[file] = float(env.now)
            self.played.runs += 1
            self.played.run_seconds += took
            self.played.longest_run = max(self.played.longest_run, took)
            if self.played.landed_files == len(self._comes) and not self._unmodeled:
                self._done.succeed()
                return
