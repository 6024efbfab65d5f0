"""OPERATE: try all probes on a deployed stack. In: the stack. Out: what holds on its warehouse and what does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from landfall.verify import copying, tables, transactions, unloads, upserts, values, views
from landfall.verify.probe import Answer, Probe
from landfall.verify.scene import scene

if TYPE_CHECKING:
    from landfall.stack import Stack

PROBES: tuple[Probe, ...] = (
    *(*values.PROBES, *tables.PROBES, *views.PROBES, *upserts.PROBES),
    *(*transactions.PROBES, *copying.PROBES, *unloads.PROBES),
)


@dataclass(frozen=True)
class Verdict:
    """A probe and what it found."""

    probe: Probe
    answer: Answer

    @property
    def breaks(self) -> bool:
        """Tell whether something that Landfall rests on is otherwise here."""
        return not self.answer.holds and self.probe.relied_on is not None


def verify(
    stack: Stack, admin_secret: str, progress: Callable[[int], None], probes: Sequence[Probe] = PROBES
) -> list[Verdict]:
    """Try the probes, one after the other; `progress` is told how many are done.

    Raises:
        ConfigError: a user of the stack or the administrator cannot log in, or may not do what a probe begins with.
        TransientError: the warehouse does not answer.
    """
    verdicts = []
    with scene(stack, admin_secret) as tried:
        for number, probe in enumerate(probes, start=1):
            verdicts.append(Verdict(probe, probe.ask(tried)))
            progress(number)
    return verdicts
