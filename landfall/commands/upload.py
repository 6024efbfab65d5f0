"""`landfall upload`: files into the landing bucket, and what becomes of them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingest_lambda.errors import ConfigError, TransientError
from landfall import output

if TYPE_CHECKING:
    from ingest_lambda.judge.contracts import Contract
    from landfall.operate.columns import Difference, Seen
    from landfall.operate.uploads import Plan, Upload
    from landfall.stack import Stack

NOT_LANDED, TIMED_OUT = 1, 2
MOST_NAMED = 10


def register(app: typer.Typer) -> None:
    """Add `upload` to the command line."""
    app.command()(upload)


def upload(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH", help="Files (parquet; CSV or JSON where the dataset takes them), or folders of them."
        ),
    ],
    dataset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Dataset that the files belong to (default: by their names)."),
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Key in the bucket, for one file (default: raw/<dataset>/<file name>).")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the outcome of each file.")] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds that --wait waits.")] = 300.0,
    as_json: output.JsonOption = False,
) -> None:
    """Upload files, and say where they go; with --wait, what became of each and of landing's columns.

    Each ends landed, duplicate, gone, ignored, rejected or undone. Exits 1 if a file was rejected, ignored, undone,
    or is gone, 2 if the time was up before every file had its outcome.
    """
    from landfall import environment
    from landfall.operate import columns, declared, uploads
    from landfall.operate.files import NOT_LANDING

    stack = environment.stack()
    contracts = declared.contracts()
    left_out: dict[Path, str] = {}
    rules = declared.rules(stack.route_pattern, contracts)
    plans = uploads.plan_uploads(paths, dataset, key, rules, left_out.__setitem__)
    for line in _left_out(left_out):
        typer.echo(line, err=True)
    datasets = {plan.dataset for plan in plans if plan.dataset}
    before = _columns(stack, datasets) if wait else None
    done = _upload_all(stack, plans)
    for line in _hints(stack, datasets, contracts):
        typer.echo(line, err=True)
    if wait:
        done = _wait_for_all(stack, done, timeout)
        for line in _copies(stack, done):
            typer.echo(line, err=True)
    after = _columns(stack, datasets) if before is not None else None
    changes = columns.differences(before, after) if before is not None and after is not None else []
    if as_json:
        output.print_json([_face(each, changes) for each in done])
    else:
        _show(stack, done, changes, contracts)
    if any(each.outcome in NOT_LANDING for each in done):
        raise typer.Exit(NOT_LANDED)
    if wait and any(each.outcome is None for each in done):
        raise typer.Exit(TIMED_OUT)


def _left_out(found: Mapping[Path, str]) -> list[str]:
    """Say which files of folders are not uploaded."""
    named = [f"not uploaded: {path}: {why}" for path, why in islice(found.items(), MOST_NAMED)]
    return [*named, *([f"and {len(found) - MOST_NAMED:,} more are not"] if len(found) > MOST_NAMED else [])]


def _columns(stack: "Stack", datasets: Set[str]) -> "Seen | None":
    """Look at landing's columns; None where the warehouse cannot be asked, which is no reason not to upload."""
    from landfall.operate import columns

    try:
        return columns.look(stack.warehouse, datasets)
    except (ConfigError, TransientError):
        return None


def _hints(stack: "Stack", datasets: Set[str], contracts: Mapping[str, "Contract"]) -> Iterator[str]:
    """Say what is worth knowing of where the files went; what cannot be asked is passed over, for they are there."""
    from landfall.operate import names, pausing

    try:
        if pausing.is_paused(stack):
            yield "landing is paused: what is uploaded waits for `landfall resume`"
        yield from names.typos(stack, datasets, contracts)
    except (ConfigError, TransientError):
        return


def _copies(stack: "Stack", done: Sequence["Upload"]) -> list[str]:
    """Say which files have landed before with the same bytes; nothing where the warehouse cannot be asked."""
    from landfall.operate import copies, uploads

    landed: dict[str, list[str]] = defaultdict(list)
    for each in done:
        if each.outcome == "landed" and each.plan.dataset:
            landed[each.plan.dataset].append(uploads.file_id(stack, each))
    try:
        return copies.lines(stack.warehouse, landed)
    except (ConfigError, TransientError):
        return []


def _upload_all(stack: "Stack", plans: Sequence["Plan"]) -> list["Upload"]:
    from landfall.operate import uploads

    done = []
    with output.progress() as progress:
        task = progress.add_task("uploading", total=len(plans))
        for plan in plans:
            done.append(uploads.put(stack, plan))
            progress.advance(task)
    return done


def _wait_for_all(stack: "Stack", done: list["Upload"], timeout: float) -> list["Upload"]:
    from landfall.operate import uploads

    with output.progress() as progress:
        task = progress.add_task("landing", total=len(done))

        def show(settled: Sequence["Upload"]) -> None:
            progress.update(task, completed=sum(each.outcome is not None for each in settled))

        try:
            return uploads.wait(stack, done, timeout, show, lambda line: progress.console.print(line, markup=False))
        except TransientError as error:
            reason = f"uploaded, and lands by itself; its outcome cannot be asked for now: {error}"
            return [replace(each, reason=reason) if each.outcome is None else each for each in done]


def _face(upload: "Upload", changes: Sequence["Difference"]) -> dict[str, Any]:
    of_dataset = [change.to_dict() for change in changes if change.dataset == upload.plan.dataset]
    return {**upload.to_dict(), "schema_changes": of_dataset}


def _show(
    stack: "Stack", done: Sequence["Upload"], changes: Sequence["Difference"], contracts: Mapping[str, "Contract"]
) -> None:
    from landfall.operate import columns, verdicts

    console = output.stdout()
    heads = ("key", "dataset", "outcome", "rows", "reason")
    rows = [(each.plan.key, each.plan.dataset, each.outcome, each.rows, _reason(each)) for each in done]
    console.print(output.table(f"Uploaded to {stack.bucket}", heads, rows))
    for each in done:
        for line in verdicts.lines(each.plan.key, each.verdict) if each.verdict else ():
            console.print(line, markup=False, soft_wrap=True)
    for line in columns.lines(changes):
        console.print(line, markup=False, soft_wrap=True)
    undeployed = {change.dataset for change in changes if change.is_new_table}
    for line in _next(done, contracts, undeployed):
        console.print(f"next: {line}", markup=False, soft_wrap=True)


def _reason(upload: "Upload") -> str | None:
    """Word the reason for the table; that of a rejected file stands below it, with all that its verdict says."""
    return str(upload.verdict["reason"]) if upload.verdict else upload.reason


def _next(done: Sequence["Upload"], contracts: Mapping[str, "Contract"], undeployed: Set[str]) -> Iterator[str]:
    """Say what to type next, by what became of the files of each dataset.

    A deployment makes the tables of the datasets that it models, so that one without any is not deployed.
    """
    by_outcome: dict[str | None, set[str]] = defaultdict(set)
    for each in done:
        if each.plan.dataset:
            by_outcome[each.outcome].add(each.plan.dataset)
    for dataset in sorted(by_outcome[None]):
        yield f"`landfall history --dataset {dataset}` tells what becomes of it; `landfall tail` follows it"
    for dataset in sorted(by_outcome["landed"]):
        if dataset in contracts and dataset in undeployed:
            yield f"`landfall deploy`, on this machine `landfall local up`, deploys the models of {dataset}"
        elif dataset in contracts:
            yield f"{dataset} is modeled by itself: `landfall tail` follows it, `landfall transform --wait` does it now"
        else:
            yield f"`landfall query 'select * from landing.{dataset}'` shows its rows"  # noqa: S608 - words
            yield f"`landfall new-dataset {dataset} --from FILE --key COLUMN` models it"
    if by_outcome["rejected"]:
        yield "mend the files and upload them again, or do what the remedy says and `landfall replay --rejected --wait`"
