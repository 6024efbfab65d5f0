"""The pictures of docs/performance.md, drawn from benchmarks/results: SVG, the same bytes each time.

    python -m benchmarks.plots

A picture whose results are not there is not drawn. Text stays text, so that it can be searched and read aloud.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.home import ROOT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RESULTS, IMAGES = ROOT / "benchmarks" / "results", ROOT / "docs" / "images"
NOW, BEFORE, GREY = "#1f6f8b", "#c97b3c", "#777777"
# Nothing in it but what is drawn: no date, no random ids, no font of the machine.
SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "landfall",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "axes.axisbelow": True,
}
PLAIN = "{x:,.0f}"
PATHS = {"as_is": "copied as it is", "canonical": "rewritten"}
Result = Mapping[str, Any]


@contextmanager
def picture(path: Path, width: float, height: float, columns: int = 1) -> Iterator[Sequence[Axes]]:
    """Give axes to draw on, side by side, and write them as a file."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(SETTINGS):
        figure: Figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(1, columns, squeeze=False)[0]
        yield list(axes)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="svg", metadata={"Date": None})


def line(axes: Axes, points: Sequence[Result], x: str, y: str, label: str, color: str = NOW) -> None:
    """Draw one figure of a curve's points."""
    axes.plot([each[x] for each in points], [each[y] for each in points], "o-", color=color, label=label)


def bursts(growth: Result, path: Path) -> None:
    """Draw how long a burst takes, and in how many loads it lands."""
    points = growth["bursts"]["points"]
    with picture(path, 9, 3.2, 2) as (seconds, loads):
        line(seconds, points, "files", "drain_seconds", "from the first upload until all have landed")
        uploaded = [each for each in points if each["upload_seconds"]]  # a file is there in no time
        line(seconds, uploaded, "files", "upload_seconds", "of which uploading", BEFORE)
        seconds.set(title="Seconds", xlabel="files in the burst", xscale="log", yscale="log")
        seconds.legend(frameon=False)
        line(loads, points, "files", "loads", "loads")
        loads.set(title="Loads", xlabel="files in the burst", xscale="log", ylim=(0, None))
        for axis in (seconds.xaxis, seconds.yaxis, loads.xaxis):
            axis.set_major_formatter(PLAIN)


def backlog(result: Result, path: Path) -> None:
    """Draw how many files had come and not yet landed, while a burst was worked off; of each revision."""
    with picture(path, 9, 2.8) as (axes,):
        for (name, found), color in zip(result["burst"].items(), (NOW, BEFORE), strict=False):
            waiting = found["waiting"]
            label = f"{name}: {found['loads']:,} loads"
            axes.plot(
                [second for second, *_ in waiting],
                [came - landed for _, came, landed in waiting],
                color=color,
                label=label,
            )
            came = [(second, came) for second, came, _ in waiting if second <= found["upload_seconds"]]
            axes.plot(*zip(*came, strict=True), color=color, linestyle=":", label=f"{name}: uploaded")
        axes.set(
            title="Files that wait to land", xlabel="seconds since the burst began", xlim=(0, None), ylim=(0, None)
        )
        axes.yaxis.set_major_formatter(PLAIN)
        axes.legend(frameon=False)


def curves(growth: Result, path: Path) -> None:
    """Draw what history, datasets and columns cost."""
    drawn = {
        "history": ("orders", (("upsert_database_cpu", "the database"), ("upsert_client_cpu", "dbt"))),
        "datasets": ("datasets", (("cpu_seconds", "the function"), ("database_cpu_seconds", "the database"))),
        "columns": ("columns", (("cpu_seconds", "the function"), ("database_cpu_seconds", "the database"))),
    }
    there = [name for name in drawn if name in growth]
    titles = {"history": "orders modeled before", "datasets": "datasets of 200 files", "columns": "columns"}
    with picture(path, 3.6 * len(there), 3.2, len(there)) as each:
        for name, axes in zip(there, each, strict=True):
            x, lines = drawn[name]
            for (y, label), color in zip(lines, (NOW, BEFORE), strict=True):
                line(axes, growth[name]["points"], x, y, label, color)
            axes.set(title="CPU seconds", xlabel=titles[name], ylim=(0, None))
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(PLAIN)
            axes.legend(frameon=False)


def large_files(growth: Result, path: Path) -> None:
    """Draw memory and processor time of one large file, by its path."""
    by_path: dict[str, list[Result]] = {}
    for each in growth["file"]["points"]:
        by_path.setdefault(each["path"], []).append(each)
    with picture(path, 9, 3.2, 2) as (memory, cpu):
        for (name, points), color in zip(by_path.items(), (NOW, BEFORE), strict=False):
            line(memory, points, "megabytes", "peak_megabytes", PATHS[name], color)
            line(cpu, points, "megabytes", "cpu_seconds", PATHS[name], color)
        memory.axhline(400, color=GREY, linestyle=":")
        memory.set(title="The function's peak, MB", xlabel="MB of the file", ylim=(0, 450))
        cpu.set(title="The function's CPU, seconds", xlabel="MB of the file", ylim=(0, None))
        memory.legend(frameon=False)


def latency(result: Result, path: Path) -> None:
    """Draw the percentiles of lone files, of each revision."""
    names = [f"{what}_p{each}_seconds" for what in ("landed", "modeled") for each in (50, 95, 99)]
    revisions = result["latency"]
    with picture(path, 7, 3.2) as (axes,):
        wide = 0.8 / len(revisions)
        for number, ((name, found), color) in enumerate(zip(revisions.items(), (NOW, BEFORE), strict=False)):
            places = [at + number * wide for at in range(len(names))]
            bars = axes.bar(places, [found[each] for each in names], wide, color=color, label=name)
            axes.bar_label(bars, fmt="%.1f", fontsize=8, padding=1)
        middle = (len(revisions) - 1) * wide / 2
        labels = [each.removesuffix("_seconds").replace("_", " ") for each in names]
        axes.set_xticks([at + middle for at in range(len(names))], labels)
        axes.set(title="Seconds from the upload of a lone file, one a second")
        axes.grid(visible=False, axis="x")
        axes.legend(frameon=False)


def peers(result: Result, path: Path) -> None:
    """Draw wall and commits of every way that loads the same files."""
    [workload] = result["workloads"].values()
    ways = {name: each for name, each in workload.items() if each.get("exit_code", 0) == 0}
    names = [name if each["right"] else f"{name} (wrong)" for name, each in ways.items()]
    colors = [NOW if name.startswith("landfall") else GREY for name in ways]
    with picture(path, 11, 3.2, 2) as (wall, commits):
        for axes, figure, title in ((wall, "wall_seconds", "Seconds"), (commits, "writing_transactions", "Commits")):
            bars = axes.barh(names[::-1], [each[figure] for each in ways.values()][::-1], color=colors[::-1])
            axes.bar_label(bars, fontsize=8, padding=2)
            axes.set(title=title)
            axes.grid(visible=False, axis="y")
        commits.set_yticklabels([])


def rewriting(result: Result, path: Path) -> None:
    """Draw the CPU of rewriting, beside the revision before."""
    revisions = result["rewrite"]
    sets = list(revisions["now"])
    with picture(path, 7, 3) as (axes,):
        for number, ((name, found), color) in enumerate(zip(revisions.items(), (NOW, BEFORE), strict=False)):
            values = [found[each]["milliseconds_a_megabyte"] for each in sets]
            bars = axes.bar([at + number * 0.4 for at in range(len(sets))], values, 0.4, color=color, label=name)
            axes.bar_label(bars, fontsize=8, padding=2)
        axes.set_xticks([at + 0.2 for at in range(len(sets))], [each.partition(", 20 ms")[0] for each in sets])
        axes.set(title="Milliseconds of CPU a megabyte rewritten")
        axes.grid(visible=False, axis="x")
        axes.legend(frameon=False)


# Picture: the file that it is drawn from, how, and what must be in the file.
PICTURES: Mapping[str, tuple[str, Callable[[Result, Path], None], Callable[[Result], bool]]] = {
    "backlog": ("burst", backlog, lambda result: True),
    "bursts": ("growth", bursts, lambda result: "bursts" in result),
    "curves": ("growth", curves, lambda result: any(name in result for name in ("history", "datasets", "columns"))),
    "large_files": ("growth", large_files, lambda result: "file" in result),
    "latency": ("latency", latency, lambda result: "latency" in result),
    "peers": ("peers_many_rows", peers, lambda result: True),
    "peers_many_files": ("peers_many_files", peers, lambda result: True),
    "rewriting": ("rewrite_cpu", rewriting, lambda result: True),
}


def draw(folder: Path) -> list[str]:
    """Draw what there are results of; return the names."""
    drawn = []
    for name, (source, how, is_there) in PICTURES.items():
        path = RESULTS / f"{source}.json"
        if path.exists() and is_there(result := json.loads(path.read_text(encoding="utf-8"))):
            how(result, folder / f"{name}.svg")
            drawn.append(name)
    return drawn


def main() -> None:
    """Draw them where the documents show them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    for name in draw(IMAGES):
        print(f"docs/images/{name}.svg")


if __name__ == "__main__":
    main()
