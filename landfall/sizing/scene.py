"""What is played: a volume of files, the deployment's settings, and when each file comes.

In: numbers of the operator. Out: arrivals, drawn by a seed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ingest_lambda.arrive.retry import longest_seconds
from landfall.sizing.assumptions import Limits, Steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEGABYTE = 1_000_000
MAX_RECEIVES = 12  # of a message, then it is dead-lettered: land.yaml
# A message that failed stays away for three quarters of the longest pause on average.
RETRIED_SECONDS = sum(longest_seconds(count) for count in range(1, MAX_RECEIVES)) * 0.75
LAST_PAUSE_SECONDS = longest_seconds(MAX_RECEIVES)


@dataclass(frozen=True)
class Volume:
    """What comes on a day, evenly over `hours` of it, in `datasets` alike. `bytes_per_file`: of the parquet file."""

    files_per_day: float
    rows_per_file: int = 1_000
    bytes_per_file: int = 50_000
    datasets: int = 1
    hours: float = 24.0

    @property
    def megabytes(self) -> float:
        """Megabytes a file."""
        return self.bytes_per_file / MEGABYTE

    @property
    def files_per_second(self) -> float:
        """Files a second while they come."""
        return self.files_per_day / (self.hours * 3_600)


@dataclass(frozen=True)
class Settings:
    """The parameters of the deployment that decide how it is used; defaults as in main.yaml."""

    batch_size: int = 50
    batching_window_seconds: int = 10
    backlog_files: int = 1_000
    maximum_concurrency: int = 5
    ingest_timeout_seconds: int = 300
    ingest_memory_megabytes: int = 1_024
    debounce_seconds: int = 60
    base_rpu: int = 8


@dataclass(frozen=True)
class Scene:
    """A volume under settings, and what is taken for granted."""

    volume: Volume
    settings: Settings = field(default_factory=Settings)
    steps: Steps = field(default_factory=Steps)
    limits: Limits = field(default_factory=Limits)
    seed: int = 1


@dataclass(frozen=True)
class Arrivals:
    """Files by number: when each was uploaded and when its message can first land, in seconds, and of which dataset.

    They are in the order in which their messages come.
    """

    uploaded: NDArray[np.float64]
    comes: NDArray[np.float64]
    dataset: NDArray[np.int64]
    dead_letters: int = 0

    def __len__(self) -> int:
        """Return how many files."""
        return len(self.comes)


def evenly(scene: Scene, seconds: float) -> Arrivals:
    """Let the volume's files come for so long, at moments that know nothing of each other."""
    draw = np.random.default_rng(scene.seed)
    count = round(scene.volume.files_per_second * seconds)
    moments = np.sort(draw.uniform(0, seconds, count))
    return Arrivals(moments, moments, draw.integers(0, scene.volume.datasets, count))


def after_outage(arrivals: Arrivals, begins: float, seconds: float, seed: int) -> Arrivals:
    """Let nothing land for so long, as where the warehouse does not answer.

    Each message fails, and comes back after pauses that grow to ten minutes; what has failed twelve times is
    dead-lettered, and sent again, by one command, when the outage is over.
    """
    draw = np.random.default_rng(seed)
    ends = begins + seconds
    is_hit = (arrivals.comes >= begins) & (arrivals.comes < ends)
    is_dead = is_hit & (arrivals.comes < ends - RETRIED_SECONDS)
    waited = ends - arrivals.comes
    pause = draw.uniform(0, 1, len(arrivals)) * np.clip(waited, 0, LAST_PAUSE_SECONDS)
    comes = np.where(is_hit, np.where(is_dead, ends, ends + pause), arrivals.comes)
    order = np.argsort(comes, kind="stable")
    return Arrivals(arrivals.uploaded[order], comes[order], arrivals.dataset[order], int(is_dead.sum()))


def beside(arrivals: Arrivals, begins: float, files: int, per_second: float, datasets: int, seed: int) -> Arrivals:
    """Add files that are sent again, so many a second; 0 for all at once. They count as uploaded when they are sent."""
    draw = np.random.default_rng(seed)
    sent = begins + (np.arange(files) / per_second if per_second else np.zeros(files))
    comes = np.concatenate([arrivals.comes, sent])
    order = np.argsort(comes, kind="stable")
    uploaded = np.concatenate([arrivals.uploaded, sent])
    dataset = np.concatenate([arrivals.dataset, draw.integers(0, datasets, files)])
    return Arrivals(uploaded[order], comes[order], dataset[order], arrivals.dead_letters)
