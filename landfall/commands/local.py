"""`landfall local`: the whole product on this machine: start, stop, forget, and how to reach it."""

import json
from typing import Annotated

import typer

from local import faces, stack
from local.home import home_from_environment

NEXT = (
    "next: .venv/bin/landfall status, .venv/bin/landfall upload FILE --wait\n"
    'for dbt, and for what changes landed rows, name the stack in this shell: eval "$(.venv/bin/landfall local env)"'
)

_group = typer.Typer(
    no_args_is_help=True,
    help="The whole product on this machine: local AWS, local Redshift, and what `landfall deploy` puts there.",
)
_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else, on stdout.")]


def register(app: typer.Typer) -> None:
    """Add the `local` commands to the command line."""
    app.add_typer(_group, name="local")


@_group.command()
def up(as_json: _Json = False) -> None:
    """Start the local stack and deploy the product on it; what it held before is still there."""
    from landfall.deploy.local import deploy_locally  # it imports half of AWS's SDK

    home = home_from_environment()
    stack.up(home, deploy_locally, _progress)
    facts = faces.info(home)
    _say(facts, f"up: stack {facts['stack_name']}, bucket {facts['bucket']}\n{NEXT}", as_json)


@_group.command()
def down(as_json: _Json = False) -> None:
    """Stop the local stack: no process stays; its data does."""
    home = home_from_environment()
    stack.down(home, _progress)
    _say({"state": "down", "home": str(home.folder)}, f"down; the data stays in {home.folder}", as_json)


@_group.command()
def reset(as_json: _Json = False) -> None:
    """Stop the local stack and delete everything that it holds."""
    home = home_from_environment()
    stack.reset(home, _progress)
    _say({"state": "absent", "home": str(home.folder)}, f"reset; {home.folder} is empty", as_json)


@_group.command()
def info(as_json: _Json = False) -> None:
    """Show how to reach the running local stack: endpoints, names; with --json the passwords too."""
    facts = faces.info(home_from_environment())
    _say(facts, "\n".join(f"{name:<28} {value}" for name, value in faces.shown(facts)), as_json)


@_group.command()
def env() -> None:
    """Print shell lines that point dbt, AWS SDKs and `landfall` at the local stack: eval "$(landfall local env)"."""
    home = home_from_environment()
    typer.echo(faces.export_lines(faces.environment(home)))


def _say(facts: dict[str, object], text: str, as_json: bool) -> None:
    typer.echo(json.dumps(facts) if as_json else text)


def _progress(line: str) -> None:
    typer.echo(line, err=True)
