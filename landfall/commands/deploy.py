"""OPERATE: `landfall deploy`, `destroy`, `package`: from the sources to zips, to a stack that lands files, and back."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingest_lambda.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from landfall.deploy.change_sets import Change

NOBODY_TO_ASK = "nobody can be asked here, and nothing is changed: --yes asks nothing"
# What a modification can do to a resource, beside changing it in place: its action and replacement in a change set.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
VERBS = {("Modify", "True"): "replace", ("Modify", "Conditional"): "may replace"}
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html (60 seconds)
DOWN = """{name} is down. What stays:
  the stack {name} with the bucket {bucket} and every file in it
  all tables and users in {database}
landfall deploy brings it back. Wait a minute before that: SQS takes no queue of a name that was deleted within the last
60 seconds. It attaches the new COPY role; landfall reconcile --grace 0 then finds the files that had not landed."""
_Python = Annotated[str, typer.Option(help="The Lambda runtime's Python, such as 3.13; default: this interpreter's.")]
_Architecture = Annotated[str, typer.Option(help="x86_64 or arm64; default: this machine's.")]
_Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing: for machines.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else, on stdout.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(deploy)
    app.command()(destroy)
    app.command()(package)


def deploy(
    env: Annotated[str, typer.Option(help="Environment: the stack is landfall-<env>.")],
    admin_secret_arn: Annotated[
        str, typer.Option(help="Secret (ARN) with the administrator's username and password; none if CreateWarehouse.")
    ] = "",
    parameters: Annotated[
        Path | None,
        typer.Option(help="Parameters of main.yaml; default: infra/cloudformation/parameters/<env>.json."),
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE: one parameter more, or instead of the file's.")
    ] = None,
    service_role_arn: Annotated[
        str, typer.Option(help="Role with which CloudFormation acts, from now on; default: as before, at first as you.")
    ] = "",
    termination_protection: Annotated[
        bool | None, typer.Option(help="Keep the stack from being deleted; default: as before.")
    ] = None,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Bring back what was deployed before; once more, and it is as it was.")
    ] = False,
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Prepare warehouse and function although nothing has changed.")
    ] = False,
    smoke: Annotated[bool, typer.Option(help="Send a file through at the end, as `landfall smoke` does.")] = True,
    yes: _Yes = False,
    as_json: _Json = False,
) -> None:
    """Build, upload and deploy an environment, and prepare its warehouse.

    What would change is shown first; without a change nothing is done. What has changed is tried with a file that is
    sent through and taken out again, unless landing is paused.
    """
    from rich.console import Console
    from rich.markup import escape

    from landfall.deploy import deployment  # boto3 takes longer to import than most commands take to run
    from landfall.deploy.change_sets import DeclinedError
    from landfall.deploy.clients import Clients
    from landfall.deploy.cloudformation import Guard
    from landfall.deploy.stack_events import DeploymentError

    file = parameters or deployment.TEMPLATES / "parameters" / f"{env}.json"
    values, tags, stack_policy = deployment.read_parameters(file)
    request = deployment.Deployment(
        environment=env,
        admin_secret_arn=admin_secret_arn,
        parameters={**values, **dict(map(_pair, parameter or []))},
        tags=tags,
        guard=Guard(service_role_arn, stack_policy, termination_protection),
        prepares_anew=prepare,
    )
    console = Console(stderr=True)
    clients = Clients.from_environment()

    def approve(changes: "Sequence[Change]") -> bool:
        status.stop()
        _show(changes, console)
        if not (yes or sys.stdin.isatty()):
            raise ConfigError(NOBODY_TO_ASK)
        where = f"account {clients.account}, {clients.region}"
        wanted = yes or typer.confirm(f"change stack {request.stack_name} ({where})?", err=True)
        status.start()
        return wanted

    try:
        with console.status("deploying") as status:
            telling: Any = {
                "progress": lambda line: console.print(line, markup=False, highlight=False),
                "detail": lambda line: status.update(escape(line.strip())),
                "approve": approve,
            }
            if rollback:
                # what comes back may know no smoke test, and what would bring it back is what it came from
                outputs, smoke = deployment.roll_back(env, clients, **telling), False
            else:
                done = deployment.deploy(request, clients, **telling)
                outputs, smoke = done.outputs, smoke and done.is_changed
    except (DeploymentError, DeclinedError) as error:
        for said in (error, *getattr(error, "__notes__", ())):
            console.print(f"landfall: {said}", style="red", markup=False, highlight=False)
        raise typer.Exit(1) from error
    text = "\n".join(f"{name:<22} {value}" for name, value in sorted(outputs.items()))
    typer.echo(json.dumps(outputs) if as_json else text)
    if smoke and (code := _try_a_file(request.stack_name)):
        typer.echo(f"what was deployed before comes back by: landfall deploy --env {env} --rollback", err=True)
        raise typer.Exit(code)


def destroy(
    env: Annotated[str, typer.Option(help="Environment: the stack is landfall-<env>.")],
    with_data: Annotated[
        bool, typer.Option("--with-data", help="Delete the data too: every file, and all schemas. Asks twice.")
    ] = False,
    with_warehouse: Annotated[
        bool,
        typer.Option("--with-warehouse", help="With --with-data: delete the workgroup that a deployment made too."),
    ] = False,
    admin_secret_arn: Annotated[
        str, typer.Option(help="With --with-data: the secret of the warehouse's administrator.")
    ] = "",
    yes: _Yes = False,
    as_json: _Json = False,
) -> None:
    """Take a deployment down. The bucket with every file and all tables of the warehouse stay, and it can come back."""
    from rich.console import Console

    from landfall.deploy import removal
    from landfall.deploy.clients import Clients
    from landfall.deploy.stack_events import DeploymentError

    if with_data and yes:
        raise ConfigError("--with-data asks twice, so it takes no --yes")
    if with_warehouse and not with_data:
        raise ConfigError("--with-warehouse deletes a warehouse with all that is in it: say --with-data too")
    console = Console(stderr=True)

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False)

    def tell(*, with_data: bool = False, **stays: str) -> None:
        if as_json:
            left = {name: stays.get(name) for name in ("stack", "bucket", "database")}
            typer.echo(json.dumps({"environment": env, **left, "data_deleted": with_data}))

    if not (with_data or yes or sys.stdin.isatty()):
        raise ConfigError(NOBODY_TO_ASK)
    clients = Clients.from_environment()
    where = f"account {clients.account}, {clients.region}"

    def ask_twice(what: str) -> None:
        say(f"deleted are, in {where}: {what}")
        if typer.prompt(f"name the environment to delete ({env})", err=True) != env:
            raise typer.Abort
        typer.confirm("there is no way back; delete it all?", abort=True, err=True)

    try:
        if with_data and (buckets := removal.left_buckets(env, clients)) and not removal.is_deployed(env, clients):
            ask_twice(f"every version of every file in {' and in '.join(buckets)}; its stack is gone already")
            for each in buckets:
                removal.delete_bucket(clients.s3, each)
            say(f"{' and '.join(buckets)}: gone, with all files")
            tell(with_data=True)
            return
        deployed = removal.find(env, clients)
        name, bucket = deployed.stack["StackName"], deployed.bucket
        if with_data:
            own = f"; the workgroup {deployed.outputs.get('WorkgroupName')}" if with_warehouse else ""
            removal.check_warehouse(deployed, with_warehouse=with_warehouse)
            files = " and in ".join(removal.data_buckets(bucket, clients))
            other = removal.taken_by(deployed, clients)
            schemas = (
                f"not the schemas in {deployed.database}, which are those of stack {other} now"
                if other
                else f"Landfall's schemas in {deployed.database}"
            )
            ask_twice(f"every version of every file in {files}, and {schemas}{own}")
            removal.delete_data(deployed, admin_secret_arn, clients, say)
            say(f"{name} is gone, with its data")
            tell(with_data=True)
            return
        if not yes:
            typer.confirm(f"take {name} down ({where})? The data stays", abort=True, err=True)
        removal.take_down(deployed, clients, say)
    except DeploymentError as error:
        console.print(f"landfall: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(1) from error
    say(DOWN.format(name=name, bucket=bucket, database=deployed.database))
    tell(stack=name, bucket=bucket, database=deployed.database)


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


def _try_a_file(stack_name: str) -> int:
    """Send a file through; return the exit code, 0 where nothing was tried, since landing is paused."""
    from landfall.commands.smoke import PATIENCE_SECONDS, say
    from landfall.operate import pausing, smoke
    from landfall.stack import STACK_VARIABLE, Stack

    stack = Stack.from_environment({STACK_VARIABLE: stack_name})
    if pausing.is_paused(stack):
        typer.echo("landing is paused, so no file is sent through: landfall resume, then landfall smoke", err=True)
        return 0
    legs = smoke.run(stack, PATIENCE_SECONDS, say)
    for leg in legs:
        if not leg.passed:
            typer.echo(f"{leg.name}: {smoke.remedy(stack, leg)}", err=True)
    return smoke.exit_code(legs)


def _show(changes: "Sequence[Change]", console: "Console") -> None:
    """Show what would change, a line a resource; what would be replaced stands out."""
    for change in changes:
        verb = VERBS.get((change.action, change.replacement), change.action.lower())
        style = "red" if change.action == "Remove" or (change.action, change.replacement) in VERBS else None
        console.print(f"  {verb:<12} {change.resource} ({change.type})", style=style, markup=False, highlight=False)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ConfigError(f"--parameter {text!r} is not NAME=VALUE")
    return name, value
