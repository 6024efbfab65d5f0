"""`landfall transform`: run the models and gates on what has landed."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from landfall import output
from landfall.timestamps import seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from landfall.operate.transforms import Run
    from landfall.stack import Stack

EXIT_CODES = {"succeeded": 0, "gate_failed": 1, "error": 2}
TIMED_OUT = 2
OTHER_WAY_OUT = (
    "where the gate is what is wrong: change it in dbt_project/models, in the YAML that has its name, and deploy"
)
UNMARKED = (
    "what is modeled is not concerned, and no file is lost; after the cause is fixed, all files that are modeled are "
    "marked by: landfall transform --full-refresh --wait"
)
BUILT, PASSED = "success", "pass"  # dbt's words
NOTHING_TO_BUILD = "nothing to build"
NOTHING_NEW = (
    "no deployed model has anything new to read; one that is in this checkout alone is built after `landfall deploy`, "
    "on this machine `landfall local up`"
)


def register(app: typer.Typer) -> None:
    """Add `transform` to the command line."""
    app.command()(transform)


def transform(
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the outcome.")] = False,
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Build everything from the first row.")] = False,
    withdraw: Annotated[
        bool,
        typer.Option("--withdraw-full-refresh", help="Only have a full refresh that was stopped owed no more."),
    ] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds that --wait waits.")] = 1800.0,
    as_json: output.JsonOption = False,
) -> None:
    """Start the transform state machine: model what has landed, behind its gates, and announce the outcome.

    Runs are single: where one is under way it goes round once more for this request, and --wait follows that one.
    With --wait, exits 0 if it succeeded, 1 if a gate failed, 2 on an error or when the time is up.
    """
    from landfall import environment
    from landfall.operate import gaps, transforms

    stack = environment.stack()
    if withdraw and (wait or full_refresh):
        raise typer.BadParameter("--withdraw-full-refresh starts no run: it goes without --wait and --full-refresh")
    if withdraw:
        _withdraw(stack, as_json=as_json)
        return
    if full_refresh:
        gaps.refuse_rebuild(stack, "a full refresh")
    if not wait:
        execution = transforms.start(stack.step_functions, stack.output("StateMachineArn"), full_refresh=full_refresh)
        if as_json:
            output.print_json(transforms.Run(execution, None).to_dict())
        else:
            typer.echo(f"transform is running: {execution}")
        return
    run = run_to_outcome(stack, timeout, full_refresh=full_refresh)
    if as_json:
        output.print_json(run.to_dict())
    else:
        show_end(stack, run)
    raise typer.Exit(exit_code(run))


def _withdraw(stack: "Stack", *, as_json: bool) -> None:
    from landfall.operate import refreshes

    since = refreshes.withdraw(stack.s3, stack.bucket)
    if as_json:
        output.print_json({"withdrawn_since": since})
    else:
        typer.echo(f"the full refresh of {seconds(since)} is owed no more" if since else "no full refresh is owed")


def run_to_outcome(stack: "Stack", timeout: float, *, full_refresh: bool = False) -> "Run":
    """Start a transform and wait for its outcome, with progress on stderr."""
    from landfall.operate import transforms

    client = stack.step_functions
    execution = transforms.start(client, stack.output("StateMachineArn"), full_refresh=full_refresh)
    console = output.stderr()
    with console.status("transform is running"):
        return transforms.follow(client, execution, timeout, console.print)


def exit_code(run: "Run") -> int:
    """Say how a command that has waited for a run exits."""
    return EXIT_CODES.get(run.outcome or "", TIMED_OUT)


def show_end(stack: "Stack", run: "Run") -> None:
    """Print what a run that was waited for did, or that it goes on; where nothing was left to do, also the one before.

    A file that lands starts a run by itself, so the one that somebody asks for often finds its work done.
    """
    from landfall.operate import reports, transforms

    console = output.stdout()
    if run.outcome is None:
        console.print(f"transform is running: {run.execution}")
        return
    before = reports.latest(stack.s3, stack.bucket) if run.reason == NOTHING_TO_BUILD else None
    if before is None or before["build"]["outcome"] != run.outcome:
        show_run(console, run)
        return
    build = before["build"]
    console.print(f"{NOTHING_TO_BUILD}: {NOTHING_NEW}", markup=False, soft_wrap=True)
    console.print(f"the run before, {build['started_at']} to {build['ended_at']}:", markup=False)
    show_run(console, transforms.of_report(before))


def show_run(console: "Console", run: "Run", *, every: bool = False) -> None:
    """Print a finished run: its models and gates, and for a failed gate the files, examples and remedy.

    Unless `every` one is wanted, only models that took rows in or were not built are listed, and gates that did not
    pass.
    """
    from landfall.operate import transforms

    models = [(model["name"], model["status"], model["rows_affected"]) for model in run.models]
    gates = [(gate["name"], gate["status"], gate["severity"], gate["failures"]) for gate in run.gates]
    listed_models = [model for model in models if every or model[1] != BUILT or model[2]]
    listed_gates = [gate for gate in gates if every or gate[1] != PASSED]
    if listed_models:
        console.print(output.table("Models", ("model", "status", "rows"), listed_models))
    if listed_gates:
        console.print(output.table("Gates", ("gate", "status", "severity", "failures"), listed_gates))
    if models or gates:
        said = f"{transforms.models_in_words(run.models)}, {transforms.gates_in_words(run.gates)}"
        console.print(said if every else f"{said}; `landfall report --all` lists them", markup=False)
    for failing in run.failing:
        console.print(f"[red]{failing['gate']}[/red] failed", markup=True)
        for file in failing.get("files") or ():
            console.print(f"  caused by {file}", markup=False)
        for example in failing.get("examples") or ():
            console.print("  for example", markup=False)
            for line in _lines(example):
                console.print(f"    {line}", markup=False, soft_wrap=True)
        for command in failing.get("remedy") or ():
            console.print(f"  to fix it: {command}", markup=False)
    if run.failing:
        console.print(OTHER_WAY_OUT, markup=False, soft_wrap=True)
    if run.unmarked:
        console.print(f"files could not be marked as modeled in S3: {run.unmarked}", markup=False, soft_wrap=True)
        console.print(UNMARKED, markup=False, soft_wrap=True)
    console.print(f"transform: {run.outcome}" + (f" ({run.reason})" if run.reason else ""), markup=False)
    if run.reason == NOTHING_TO_BUILD:
        console.print(NOTHING_NEW, markup=False, soft_wrap=True)


def _lines(example: "Mapping[str, Any]") -> list[str]:
    """Spell a row as YAML, a line a column.

    >>> _lines({"order_id": "o-1", "total": 3, "country": "NO"})
    ['order_id: o-1', 'total: 3', "country: 'NO'"]
    """
    import yaml

    return yaml.safe_dump(dict(example), sort_keys=False, allow_unicode=True, width=1_000).splitlines()
