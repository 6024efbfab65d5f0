"""OPERATE: the `landfall` command. In: argv and the SDK's environment. Out: a result on stdout, an exit code.

Each module in `landfall/commands/` adds its commands by `register(app)`. Those modules import nothing heavy at their
top, so that `landfall --help` stays quick: what a command needs (boto3, pyarrow, dbt) is imported when it runs.
"""

import inspect
import os
import sys
from functools import cache
from importlib import import_module

import typer

from landfall import failures

# In the order of the help page: the stack, then the data's way through it.
COMMAND_MODULES = (
    "local",
    "deploy",
    "demo",
    "plan",
    "size",
    "upload",
    "status",
    "history",
    "tail",
    "backfill",
    "reconcile",
    "replay",
    "housekeeping",
    "evolve",
    "drop_dataset",
    "rename_dataset",
    "undo",
    "pause",
    "rotate",
    "transform",
    "gates",
    "quarantine",
    "query",
    "report",
    "new_dataset",
    "columns",
    "catalog",
    "unload",
    "doctor",
    "verify",
    "smoke",
    "docs",
)

EPILOG = (
    "Exit codes: 0 done; 1 the answer is no (a file was rejected, a gate failed); 2 no answer (time-out, or a command "
    "line that cannot be read); 3 something for the operator to correct; 4 a passing fault, try again; 70 a bug."
)


@cache
def build() -> typer.Typer:
    """Build the command line with every command registered, once a process."""
    app = typer.Typer(
        name="landfall",
        help="Parquet from S3 into Amazon Redshift: landed once, checked, upserted, announced.",
        epilog=EPILOG,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # it would take `[raw/orders/]` for markup, and cut long options short
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name in COMMAND_MODULES:
        import_module(f"landfall.commands.{name}").register(app)
    _summarise(app)
    return app


def _summarise(app: typer.Typer) -> None:
    """Let the list of commands show the whole first paragraph of each command's help, not its first few words."""
    for command in app.registered_commands:
        said = inspect.getdoc(command.callback) or ""
        command.short_help = " ".join(said.split("\n\n")[0].split())
    for group in app.registered_groups:
        if group.typer_instance:
            group.short_help = group.typer_instance.info.help
            _summarise(group.typer_instance)


def main() -> None:
    """Run the command line; say what went wrong in a sentence, with what to do, and exit truthfully."""
    _take_region()
    try:
        build()()
    except Exception as error:
        sys.exit(failures.report(error))


def _take_region() -> None:
    """Take the Region from AWS_REGION where boto3 has none of its own, since it reads AWS_DEFAULT_REGION alone.

    AWS's other SDKs read AWS_REGION: https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
    """
    region = os.environ.get("AWS_REGION")
    if region and not os.environ.get("AWS_DEFAULT_REGION"):
        os.environ["AWS_DEFAULT_REGION"] = region


if __name__ == "__main__":
    main()
