"""Which settings a volume needs, and what an outage or a replay does to it.

In: a scene. Out: each rung of a ladder of settings with what it gives, the cheapest that keeps the aim; incidents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from landfall.sizing.costs import Prices
from landfall.sizing.play import Play, Played
from landfall.sizing.results import Figures, Lags, figures, lags, usd_a_month
from landfall.sizing.scene import Arrivals, Scene, Settings, after_outage, beside, evenly

# From what waits least to what wakes the warehouse least. Each of the functions that may run at once gathers a batch of
# its own, so two of them wake it less often than five; the last is for volumes for which two are too few.
LADDER: Mapping[str, Mapping[str, int]] = {
    "as it is deployed": {},
    "gather a minute": {
        "batch_size": 1_000,
        "batching_window_seconds": 60,
        "maximum_concurrency": 2,
        "debounce_seconds": 120,
    },
    "gather five minutes": {
        "batch_size": 1_000,
        "batching_window_seconds": 300,
        "maximum_concurrency": 2,
        "debounce_seconds": 300,
    },
    "large loads": {
        "batch_size": 5_000,
        "batching_window_seconds": 300,
        "backlog_files": 5_000,
        "maximum_concurrency": 2,
        "ingest_timeout_seconds": 900,
        "debounce_seconds": 600,
    },
    "largest loads": {
        "batch_size": 10_000,
        "batching_window_seconds": 300,
        "backlog_files": 10_000,
        "maximum_concurrency": 10,
        "ingest_timeout_seconds": 900,
        "debounce_seconds": 900,
    },
}
LEAST_SECONDS, ENOUGH_FILES = 2 * 3_600, 1_500
BEFORE_SECONDS, AFTER_SECONDS = 3_600.0, 2 * 3_600.0


@dataclass(frozen=True)
class Choice:
    """Settings, and what they give. `fits`: it keeps up, within the limits."""

    name: str
    settings: Settings
    figures: Figures
    usd_a_month: Mapping[str, float]

    @property
    def fits(self) -> bool:
        """Whether it can go on like this."""
        return self.figures.keeps_up and all(each.is_kept for each in self.figures.near)

    @property
    def usd(self) -> float:
        """US dollars a month in all."""
        return sum(self.usd_a_month.values())


@dataclass(frozen=True)
class Incident:
    """What happens for once, and does. `over_after_seconds`: from its end until the last of its files has landed."""

    kind: str
    files: int
    dead_letters: int
    backlog_peak: int
    over_after_seconds: float
    landed: Lags
    modeled: Lags
    usd: float


def played_seconds(scene: Scene) -> float:
    """Say how much of a day is played: two hours, longer where few files come, never more than come on a day.

    >>> from landfall.sizing.scene import Volume
    >>> [played_seconds(Scene(Volume(files))) / 3_600 for files in (10, 6_000, 1_000_000)]
    [24.0, 6.0, 2.0]
    """
    enough = ENOUGH_FILES / scene.volume.files_per_second if scene.volume.files_per_day else 0.0
    return min(scene.volume.hours * 3_600, max(LEAST_SECONDS, enough))


def play(name: str, scene: Scene, prices: Prices) -> Choice:
    """Play a stretch of an ordinary day."""
    seconds = played_seconds(scene)
    arrivals = evenly(scene, seconds)
    found = figures(scene, arrivals, Play(scene, arrivals).run(), seconds)
    return Choice(name, scene.settings, found, usd_a_month(scene, found, prices))


def ladder(scene: Scene, prices: Prices, watch: Callable[[str], None] = lambda name: None) -> list[Choice]:
    """Play every rung; what a scene's own settings say beside the ladder's (memory, RPUs) stays."""
    choices = []
    for name, changes in LADDER.items():
        watch(name)
        choices.append(play(name, replace(scene, settings=replace(scene.settings, **changes)), prices))
    return choices


def choose(choices: list[Choice], modeled_within: float) -> Choice | None:
    """Return the cheapest that fits and of which 95 of a hundred files are modeled within so many seconds."""
    good = [each for each in choices if each.fits and each.figures.modeled.p95 <= modeled_within]
    return min(good, key=lambda each: each.usd, default=None)


def outage(scene: Scene, seconds: float, prices: Prices) -> Incident:
    """Let the warehouse not answer for so long, an hour after the beginning."""
    ends = BEFORE_SECONDS + seconds
    lasts = ends + AFTER_SECONDS
    usual = evenly(scene, lasts)
    arrivals = after_outage(usual, BEFORE_SECONDS, seconds, scene.seed)
    played = Play(scene, arrivals).run()
    is_hit = (arrivals.uploaded >= BEFORE_SECONDS) & (arrivals.uploaded < ends)
    last = max((played.landed[file] for file in is_hit.nonzero()[0]), default=ends)
    return _incident("outage", scene, arrivals, played, int(is_hit.sum()), last - ends, lasts, prices)


def replay(scene: Scene, files: int, per_second: float, prices: Prices) -> Incident:
    """Send files again beside those that come, so many a second (0: at once), an hour after the beginning."""
    sends = files / per_second if per_second else 0.0
    lasts = BEFORE_SECONDS + sends + AFTER_SECONDS
    usual = evenly(scene, lasts)
    arrivals = beside(usual, BEFORE_SECONDS, files, per_second, scene.volume.datasets, scene.seed)
    played = Play(scene, arrivals).run()
    before = (arrivals.comes <= BEFORE_SECONDS + sends).nonzero()[0]
    last = max((played.landed[file] for file in before), default=BEFORE_SECONDS)
    over = last - BEFORE_SECONDS - sends
    return _incident("replay", scene, arrivals, played, files, over, lasts, prices)


def _incident(
    kind: str,
    scene: Scene,
    arrivals: Arrivals,
    played: Played,
    files: int,
    over_after: float,
    seconds: float,
    prices: Prices,
) -> Incident:
    """Read what was played; its cost is what it came to beyond as many ordinary hours."""
    usual = play("", scene, prices).figures
    ordinary = usual.usage.times(seconds / usual.seconds) if usual.seconds else usual.usage
    found = figures(scene, arrivals, played, seconds)
    rpu = scene.settings.base_rpu
    more = sum(found.usage.usd(rpu, prices).values()) - sum(ordinary.usd(rpu, prices).values())
    return Incident(
        kind,
        files,
        arrivals.dead_letters,
        played.backlog_peak,
        round(max(0.0, over_after), 1),
        lags(arrivals.uploaded, played.landed),
        lags(arrivals.uploaded, played.modeled),
        round(max(0.0, more), 2),
    )
