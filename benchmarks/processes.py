"""Processor time of a process and all that it has started, from Linux's /proc.

In: a process id. Out: seconds.
"""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds_of_tree(root: int) -> float:
    """Add up the time of a process, of its children, alive or ended, and of theirs."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            process, (parent, *times) = _read(stat)
        except OSError:  # it has just ended
            continue
        if root in (process, parent):
            total += sum(times)
    return total / _TICKS


def _read(stat: Path) -> tuple[int, tuple[int, ...]]:
    """Return (process, (parent, own time, own system time, and those of its ended children))."""
    process, _, rest = stat.read_text(encoding="utf-8", errors="replace").partition(" (")
    fields = rest.rpartition(") ")[2].split()
    return int(process), (int(fields[1]), *map(int, fields[11:15]))
