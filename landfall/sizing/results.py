"""What a play says: percentiles, counts a day, dollars a month, and how near it came to what is allowed.

In: a scene, its arrivals, what was played. Out: figures; seconds where a name says nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from landfall.sizing.costs import (
    AT_REST,
    DAYS_A_MONTH,
    MEGABYTES_A_GIGABYTE,
    TAGGED_BYTES,
    TRANSFORM_GIGABYTES,
    Prices,
    Usage,
    billed_seconds,
)
from landfall.sizing.play import NOWHERE, SAMPLE_SECONDS, Played

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from landfall.sizing.scene import Arrivals, Scene

PERCENTILES = (50, 95, 99)


@dataclass(frozen=True)
class Lags:
    """Seconds from the upload of a file until it was there: of half of the files, of 95 and 99 in a hundred, of all."""

    p50: float
    p95: float
    p99: float
    most: float


@dataclass(frozen=True)
class Near:
    """How much of a limit was used. Of seconds the longest, of counts the most at once, of shares the mean."""

    name: str
    used: float
    limit: float

    @property
    def is_kept(self) -> bool:
        """Whether it stayed below."""
        return self.used <= self.limit


@dataclass(frozen=True)
class Figures:
    """Of one play. Counts are of the stretch that was played."""

    files: int
    landed: Lags
    modeled: Lags
    backlog_peak: int
    keeps_up: bool
    batches: int
    near: tuple[Near, ...]
    usage: Usage
    seconds: float


def lags(uploaded: NDArray[np.float64], there: Sequence[float]) -> Lags:
    """Take the percentiles of those that are there.

    >>> lags(np.array([0.0, 1.0, 2.0]), [2.0, 3.0, NOWHERE])
    Lags(p50=2.0, p95=2.0, p99=2.0, most=2.0)
    """
    ends = np.asarray(there)
    waited = (ends - uploaded)[ends != NOWHERE]
    if not len(waited):
        return Lags(0.0, 0.0, 0.0, 0.0)
    return Lags(*(round(float(each), 1) for each in (*np.percentile(waited, PERCENTILES), waited.max())))


def figures(scene: Scene, arrivals: Arrivals, played: Played, seconds: float) -> Figures:
    """Read a play of files that came for so many seconds."""
    return Figures(
        files=len(arrivals),
        landed=lags(arrivals.uploaded, played.landed),
        modeled=lags(arrivals.uploaded, played.modeled),
        backlog_peak=played.backlog_peak,
        keeps_up=_keeps_up(played, scene, seconds),
        batches=played.batches,
        near=_near(scene, played),
        usage=_usage(scene, played),
        seconds=seconds,
    )


def usd_a_month(scene: Scene, found: Figures, prices: Prices) -> dict[str, float]:
    """Reckon a month of days like the stretch that was played, with what a deployment at rest costs anyway."""
    day = found.usage.times(scene.volume.hours * 3_600 / found.seconds) if found.seconds else Usage()
    # A day has so many hours in which files come, and a warehouse is never billed for more.
    day = replace(day, awake_seconds=min(day.awake_seconds, scene.volume.hours * 3_600))
    whole = day.plus(AT_REST).times(DAYS_A_MONTH)
    return {name: round(usd, 2) for name, usd in whole.usd(scene.settings.base_rpu, prices).items()}


def _usage(scene: Scene, played: Played) -> Usage:
    landed = played.landed_files
    gigabytes = scene.settings.ingest_memory_megabytes / MEGABYTES_A_GIGABYTE
    return Usage(
        files=landed,
        tagged=landed if scene.volume.bytes_per_file >= TAGGED_BYTES else 0,
        loads=played.loads,
        runs=played.runs,
        joins=max(0, played.loads - played.runs),
        awake_seconds=billed_seconds(played.busy),
        landing_gigabyte_seconds=played.function_seconds * gigabytes,
        modeling_gigabyte_seconds=played.run_seconds * TRANSFORM_GIGABYTES,
    )


def _keeps_up(played: Played, scene: Scene, seconds: float) -> bool:
    """Tell whether no more wait at the end than before: the last quarter of the time beside the second."""
    samples = played.waiting[: int(seconds / SAMPLE_SECONDS)]
    quarter = len(samples) // 4
    if not quarter:
        return True
    before, after = np.mean(samples[quarter : 2 * quarter]), np.mean(samples[-quarter:])
    return bool(after <= 1.5 * before + max(10.0, scene.volume.files_per_second * SAMPLE_SECONDS))


def _near(scene: Scene, played: Played) -> tuple[Near, ...]:
    settings, limits = scene.settings, scene.limits
    lasted = max(played.ended, 1.0)
    in_flight = settings.maximum_concurrency * played.taken_peak
    found = (
        Near("seconds of an invocation", played.longest_invocation, settings.ingest_timeout_seconds),
        Near("seconds of a run of the transform", played.longest_run, limits.build),
        Near("functions at once", settings.maximum_concurrency, limits.functions),
        Near("messages in flight", in_flight, limits.in_flight),
        Near("share of time in the queue of commits", played.commit_seconds / lasted, 1.0),
        Near("Data API calls a second", played.loads * scene.steps.calls_a_load / lasted, limits.data_api_calls),
        Near("connections", settings.maximum_concurrency, limits.connections),
    )
    return tuple(replace(each, used=round(float(each.used), 3)) for each in found)
