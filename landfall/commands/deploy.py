"""OPERATE: `landfall deploy` and `landfall package`: from the sources to zips, and to a stack that lands files."""

import json
from pathlib import Path
from typing import Annotated

import typer

from ingest_lambda.errors import ConfigError

_Python = Annotated[str, typer.Option(help="The Lambda runtime's Python, such as 3.13; default: this interpreter's.")]
_Architecture = Annotated[str, typer.Option(help="x86_64 or arm64; default: this machine's.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else, on stdout.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(deploy)
    app.command()(package)


def deploy(
    env: Annotated[str, typer.Option(help="Environment: the stack is landfall-<env>.")],
    admin_secret_arn: Annotated[
        str, typer.Option(help="Secrets Manager secret with the warehouse administrator's username and password.")
    ],
    parameters: Annotated[
        Path | None,
        typer.Option(help="Parameters of main.yaml; default: infra/cloudformation/parameters/<env>.json."),
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE: one parameter more, or instead of the file's.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Build, upload and deploy an environment, and prepare its warehouse."""
    from rich.console import Console
    from rich.markup import escape

    from landfall.deploy import deployment  # boto3 takes longer to import than most commands take to run
    from landfall.deploy.cloudformation import DeploymentError

    file = parameters or deployment.TEMPLATES / "parameters" / f"{env}.json"
    values, tags = deployment.read_parameters(file)
    request = deployment.Deployment(
        environment=env,
        admin_secret_arn=admin_secret_arn,
        parameters={**values, **dict(map(_pair, parameter or []))},
        tags=tags,
    )
    console = Console(stderr=True)
    try:
        with console.status("deploying") as status:
            outputs = deployment.deploy(
                request,
                deployment.Clients.from_environment(),
                progress=lambda line: console.print(line, markup=False, highlight=False),
                detail=lambda line: status.update(escape(line.strip())),
            )
    except DeploymentError as error:
        console.print(f"landfall: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(1) from error
    text = "\n".join(f"{name:<22} {value}" for name, value in sorted(outputs.items()))
    typer.echo(json.dumps(outputs) if as_json else text)


def package(python: _Python = "", architecture: _Architecture = "", as_json: _Json = False) -> None:
    """Build the Lambda zips into .landfall/dist, and print their sizes."""
    from rich.console import Console

    from scripts.package import SIZE_LIMIT, Runtime, build, size_table

    here = Runtime.here()
    packages = build(runtime=Runtime(python or here.python, architecture or here.architecture))
    if as_json:
        facts = [
            {"name": item.name, "path": str(item.path), "zipped": item.zipped, "unzipped": item.unzipped}
            for item in packages
        ]
        typer.echo(json.dumps({"limit": SIZE_LIMIT, "packages": facts}))
    else:
        Console().print(size_table(packages))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ConfigError(f"--parameter {text!r} is not NAME=VALUE")
    return name, value
