"""`landfall size`: which settings a volume needs, what it costs, how long files take. Nothing is asked or changed."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from landfall import output

if TYPE_CHECKING:
    from landfall.sizing.advice import Choice, Incident

NONE_FITS = 1
BYTES_A_ROW = 40  # of parquet, compressed: what the sample data has
MOST_FILES = 10_000_000
SETTINGS = {
    "batch_size": "BatchSize",
    "batching_window_seconds": "BatchingWindowSeconds",
    "backlog_files": "BacklogFiles",
    "maximum_concurrency": "MaximumConcurrency",
    "ingest_timeout_seconds": "IngestTimeoutSeconds",
    "ingest_memory_megabytes": "IngestMemoryMegabytes",
    "debounce_seconds": "DebounceSeconds",
    "base_rpu": "BaseRpu",
}


def register(app: typer.Typer) -> None:
    """Add `size` to the command line."""
    app.command()(size)


def size(
    files_per_day: Annotated[float, typer.Option(min=0, max=MOST_FILES, help="Files that come on a day.")],
    rows_per_file: Annotated[int, typer.Option(min=0, help="Rows of a file.")] = 1_000,
    bytes_per_file: Annotated[
        int | None, typer.Option(min=1, help="Size of a file.", show_default=f"{BYTES_A_ROW} a row")
    ] = None,
    datasets: Annotated[int, typer.Option(min=1, max=1_000, help="Datasets that share the files.")] = 1,
    hours: Annotated[float, typer.Option(min=0.1, max=24, help="Hours of the day in which they come, evenly.")] = 24.0,
    rpu: Annotated[int, typer.Option(min=4, max=1_024, help="Base capacity of the warehouse, RPUs.")] = 8,
    memory: Annotated[int, typer.Option(min=512, max=10_240, help="IngestMemoryMegabytes.")] = 1_024,
    modeled_within: Annotated[
        float, typer.Option(min=0, metavar="MINUTES", help="The aim: 95 of 100 files modeled within this.")
    ] = 15.0,
    outage_hours: Annotated[float, typer.Option(min=0, max=72, help="Play an outage of the warehouse too.")] = 0.0,
    replay: Annotated[int, typer.Option(min=0, max=MOST_FILES, help="Play so many files sent again too.")] = 0,
    replay_rate: Annotated[float, typer.Option(min=0, help="... so many a second; 0 for all at once.")] = 100.0,
    seed: Annotated[int, typer.Option(help="Draws the moments at which files come.")] = 1,
    batch_size: Annotated[int | None, typer.Option(help="Files at once, the most: BatchSize.")] = None,
    batching_window_seconds: Annotated[
        int | None, typer.Option(help="Seconds to gather files: BatchingWindowSeconds.")
    ] = None,
    backlog_files: Annotated[
        int | None, typer.Option(help="Files of a backlog in one load, the most: BacklogFiles.")
    ] = None,
    maximum_concurrency: Annotated[
        int | None, typer.Option(help="Loads at once, the most: MaximumConcurrency.")
    ] = None,
    ingest_timeout_seconds: Annotated[
        int | None, typer.Option(help="Seconds that a load may take: IngestTimeoutSeconds.")
    ] = None,
    debounce_seconds: Annotated[
        int | None, typer.Option(help="Seconds before a transform starts: DebounceSeconds.")
    ] = None,
    assumptions: Annotated[bool, typer.Option("--assumptions", help="List what the answer rests on.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Tell which settings a volume of files needs, how long files take to land and to be modeled, and a month's cost.

    A day like the one that is described is played out with several settings: queue, functions, loads, commits and
    transforms, each step as long as it was measured, documented, or assumed (--assumptions; docs/costs.md). No stack is
    asked. The same arguments give the same answer. Exits 1 if no settings keep the aim.

    Settings of your own (--batch-size to --debounce-seconds) are played as they are, the others as the templates have
    them; nothing else is tried then.
    """
    from dataclasses import replace

    from landfall.sizing import advice
    from landfall.sizing.assumptions import listed
    from landfall.sizing.costs import Prices
    from landfall.sizing.scene import Scene, Settings, Volume

    own = {
        "batch_size": batch_size,
        "batching_window_seconds": batching_window_seconds,
        "backlog_files": backlog_files,
        "maximum_concurrency": maximum_concurrency,
        "ingest_timeout_seconds": ingest_timeout_seconds,
        "debounce_seconds": debounce_seconds,
    }
    asked = {name: value for name, value in own.items() if value is not None}
    volume = Volume(
        files_per_day,
        rows_per_file,
        BYTES_A_ROW * max(1, rows_per_file) if bytes_per_file is None else bytes_per_file,
        datasets,
        hours,
    )
    scene = Scene(volume, replace(Settings(ingest_memory_megabytes=memory, base_rpu=rpu), **asked), seed=seed)
    _check(scene.settings)
    prices = Prices()
    with output.progress() as bar:
        task = bar.add_task("playing", total=None)
        if asked:
            choices = [advice.play("as asked", scene, prices)]
        else:
            choices = advice.ladder(scene, prices, lambda name: bar.update(task, description=name))
        chosen = advice.choose(choices, modeled_within * 60)
        settled = replace(scene, settings=(chosen or choices[-1]).settings)
        incidents = []
        if outage_hours:
            bar.update(task, description="an outage")
            incidents.append(advice.outage(settled, outage_hours * 3_600, prices))
        if replay:
            bar.update(task, description="a replay")
            incidents.append(advice.replay(settled, replay, replay_rate, prices))
    rests_on = listed(scene.steps, scene.limits)
    if as_json:
        output.print_json(
            {
                "seed": seed,
                "modeled_within_seconds": modeled_within * 60,
                "choices": [_told(each, volume.hours, each is chosen) for each in choices],
                "incidents": [_incident(each) for each in incidents],
                "assumptions": [vars(each) for each in rests_on],
            }
        )
    else:
        _show(choices, chosen, incidents, modeled_within)
        if assumptions:
            rows = [(each.name, f"{each.value:,g}", each.unit, each.source) for each in rests_on]
            output.stdout().print(output.table("What it rests on", ("what", "value", "unit", "from"), rows))
    if chosen is None:
        raise typer.Exit(NONE_FITS)


def _check(settings: Any) -> None:
    """Refuse what main.yaml refuses.

    Raises:
        BadParameter: a setting is outside of what can be deployed.
    """
    bounds = {
        "batch_size": (1, 10_000),
        "batching_window_seconds": (0, 300),
        "backlog_files": (0, 10_000),
        "maximum_concurrency": (2, 1_000),
        "debounce_seconds": (0, 86_400),
    }
    for name, (least, most) in bounds.items():
        if not least <= getattr(settings, name) <= most:
            raise typer.BadParameter(f"{SETTINGS[name]} is from {least} to {most:,}")
    if settings.ingest_timeout_seconds not in (60, 300, 900):
        raise typer.BadParameter("IngestTimeoutSeconds is 60, 300 or 900")
    if settings.batch_size > 10 and not settings.batching_window_seconds:
        raise typer.BadParameter("BatchingWindowSeconds is at least 1 where BatchSize is above 10")


def _told(choice: "Choice", hours: float, is_chosen: bool) -> dict[str, Any]:
    found = choice.figures
    a_day = hours * 3_600 / found.seconds
    return {
        "name": choice.name,
        "is_chosen": is_chosen,
        "fits": choice.fits,
        "keeps_up": found.keeps_up,
        "parameters": {SETTINGS[name]: value for name, value in vars(choice.settings).items()},
        "landed_seconds": vars(found.landed),
        "modeled_seconds": vars(found.modeled),
        "backlog_peak": found.backlog_peak,
        "files_played": found.files,
        "seconds_played": found.seconds,
        "batches_a_day": round(found.batches * a_day),
        "loads_a_day": round(found.usage.loads * a_day),
        "runs_a_day": round(found.usage.runs * a_day),
        "awake_hours_a_day": round(min(hours, found.usage.awake_seconds * a_day / 3_600), 2),
        "usd_a_month": dict(choice.usd_a_month),
        "limits": [vars(each) for each in found.near],
    }


def _incident(found: "Incident") -> dict[str, Any]:
    told = dict(vars(found))
    return {**told, "landed": vars(found.landed), "modeled": vars(found.modeled)}


def _show(choices: list["Choice"], chosen: "Choice | None", incidents: list["Incident"], modeled_within: float) -> None:
    from landfall.sizing.scene import Settings

    console = output.stdout()
    columns = ("settings", "landed p50", "p95", "p99", "modeled p50", "p95", "p99", "backlog", "USD a month", "")
    rows = []
    for each in choices:
        landed, modeled = each.figures.landed, each.figures.modeled
        times = [_span(seconds) for of in (landed, modeled) for seconds in (of.p50, of.p95, of.p99)]
        said = "choose" if each is chosen else "" if each.fits else "does not keep up"
        rows.append((each.name, *times, each.figures.backlog_peak, f"{each.usd:,.0f}", said))
    console.print(output.table("From upload until landed, and until modeled", columns, rows))
    if chosen is None:
        console.print(f"none of these has 95 of 100 files modeled within {modeled_within:g} minutes, and keeps up")
    else:
        usual, found = vars(Settings()), vars(chosen.settings)
        changed = {SETTINGS[name]: str(value) for name, value in found.items() if value != usual[name]}
        said = ", ".join(f'"{name}": "{value}"' for name, value in changed.items()) or "the defaults"
        console.print(f"parameters: {said}", markup=False)
        costs = ", ".join(f"{name} {usd:,.2f}" for name, usd in chosen.usd_a_month.items())
        console.print(f"a month: {costs} USD")
        near = max(chosen.figures.near, key=lambda each: each.used / each.limit)
        console.print(f"nearest limit: {near.name}, {near.used:,g} of {near.limit:,g}")
    for incident in incidents:
        console.print(_sentence(incident))


def _sentence(found: "Incident") -> str:
    what = "came in the outage" if found.kind == "outage" else "sent again"
    through = ", {:,} of them by way of the dead-letter queue (`landfall replay --dlq`)"
    dead = through.format(found.dead_letters) if found.dead_letters else ""
    return (
        f"{found.files:,} files {what}{dead}: all landed {_span(found.over_after_seconds)} after its end, "
        f"{found.backlog_peak:,} waited at most, {found.usd:,.2f} USD more"
    )


def _span(seconds: float) -> str:
    """Write seconds for people.

    >>> _span(7.25), _span(130), _span(9_000)
    ('7 s', '2.2 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 6_000 else f"{seconds / 3_600:.1f} h"
