"""Figures of several revisions as Markdown, beside each other. In: {revision: {case: figures}}. Out: text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Results = Mapping[str, Mapping[str, Mapping[str, Any]]]


def markdown(title: str, results: Results) -> str:
    """Write the totals of every case, then phases and kinds of statements."""
    cases = list(next(iter(results.values())))
    return "\n\n".join(
        [f"## {title}", *(part for case in cases for part in _case(case, {n: r[case] for n, r in results.items()}))]
    )


def _case(case: str, figures: Mapping[str, Mapping[str, Any]]) -> list[str]:
    scalars = _names({k: v for k, v in each.items() if not isinstance(v, Mapping | list)} for each in figures.values())
    totals = [(name, [each.get(name, 0) for each in figures.values()]) for name in scalars]
    phases = [
        (f"{phase}: {name}", [each["phases"].get(phase, {}).get(name, 0) for each in figures.values()])
        for phase in _names(each["phases"] for each in figures.values())
        for name in ("connections", "statements", "client_cpu_seconds", "wall_seconds")
    ]
    kinds = [
        (kind, [each["kinds"].get(kind, 0) for each in figures.values()])
        for kind in _names(each["kinds"] for each in figures.values())
    ]
    tables = [("in all", totals), ("phase", phases), ("kind of statement", kinds)]
    return [f"### {case}", *(_table(heading, list(figures), rows) for heading, rows in tables if rows)]


def _names(figures: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for each in figures for name in each))


def _table(heading: str, names: Sequence[str], rows: Sequence[tuple[str, Sequence[float]]]) -> str:
    """Write one table; with two revisions the last column is the first one's share of the second's.

    >>> print(_table("in all", ["now", "then"], [("cpu_seconds", [1, 4])]))
    | in all | now | then | ratio |
    | --- | ---: | ---: | ---: |
    | cpu seconds | 1 | 4 | 0.25 |
    """
    has_ratio = len(names) == 2
    heads = [heading, *names, *(["ratio"] if has_ratio else [])]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for name, values in rows:
        ratio = [f"{values[0] / values[1]:.2f}" if values[1] else "-"] if has_ratio else []
        lines.append([name.replace("_", " "), *(f"{value:.10g}" for value in values), *ratio])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
