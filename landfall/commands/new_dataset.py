"""`landfall new-dataset`: what a new dataset needs in the dbt project, written from one of its files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from landfall import output

if TYPE_CHECKING:
    from ingest_lambda.judge.snapshots import Snapshot
    from landfall.new_dataset.design import Design

ROOT = Path(__file__).parent.parent.parent


def register(app: typer.Typer) -> None:
    """Add `new-dataset` to the command line."""
    app.command("new-dataset")(new_dataset)


def new_dataset(
    name: Annotated[str, typer.Argument(help="The dataset, as in raw/<dataset>/; the modeled table bears it too.")],
    source: Annotated[
        str, typer.Option("--from", metavar="FILE", help="One of its parquet files, or s3://bucket/key.")
    ],
    key: Annotated[str, typer.Option(metavar="COL[,COL]", help="The columns that tell one thing from another.")],
    time: Annotated[
        str | None,
        typer.Option(metavar="COL", help="When a row last changed: the newest wins (default: the file's own time)."),
    ] = None,
    domain: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The folder and group it belongs to (default: the dataset's name)."),
    ] = None,
    snapshot: Annotated[
        str | None,
        typer.Option(
            metavar="file|marker[=NAME]",
            help="Each file replaces the one before, or each folder does that an object NAME ends (default: _SUCCESS).",
        ),
    ] = None,
    history: Annotated[
        bool,
        typer.Option("--history", help="Keep every version too, with the time from which until when it was valid."),
    ] = False,
    project: Annotated[Path, typer.Option(metavar="DIR", help="The project's folder.", show_default=False)] = ROOT,
    is_dry: Annotated[bool, typer.Option("--dry-run", help="Show what would be written; write nothing.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Write source, staging, checks, quarantine, UPSERT, gates and docs of a dataset that nobody has seen yet.

    No file that exists is changed. The result builds and passes as it is; rules and words are for a person to add.
    """
    from landfall.new_dataset import project as files
    from landfall.new_dataset.design import Request, design
    from landfall.new_dataset.specimen import read

    with output.stderr().status(f"reading {source}"):
        specimen = read(source)
    columns = [column.strip() for column in key.split(",") if column.strip()]
    made = design(Request(name, columns, time, domain, _snapshot(snapshot), history), specimen)
    rendered = files.render(made, project)
    if not is_dry:
        files.write(rendered, project)
    if as_json:
        output.print_json(_to_dict(made, [str(path) for path in rendered], is_dry))
    else:
        _tell(made, [str(path) for path in rendered], is_dry)


def _snapshot(said: str | None) -> "Snapshot | None":
    """Read the option.

    Raises:
        ConfigError: it names no end of a snapshot.
    """
    from ingest_lambda.errors import ConfigError
    from ingest_lambda.judge.snapshots import parse_snapshot

    if said is None:
        return None
    end, _, marker = said.partition("=")
    try:
        return parse_snapshot({"end": end, **({"marker": marker} if marker else {})})
    except ValueError as error:
        raise ConfigError(f"--snapshot {said}: {error}") from error


def _to_dict(made: "Design", paths: list[str], is_dry: bool) -> dict[str, object]:
    return {
        "dataset": made.dataset,
        "domain": made.domain,
        "written": not is_dry,
        "files": paths,
        "columns": [
            {"landing": column.landing, "modeled": column.name, "type": column.type} for column in made.columns
        ],
        "operation": made.operation,
        "snapshot": made.snapshot,
        "left_in_landing": list(made.left_in_landing),
        "next": _next_steps(made),
    }


def _tell(made: "Design", paths: list[str], is_dry: bool) -> None:
    rows = [(column.landing, column.name, column.type) for column in made.columns]
    output.stdout().print(output.table(f"modeled.{made.dataset}", ("landing column", "modeled column", "type"), rows))
    if made.operation:
        typer.echo(f"`{made.operation}` is taken for the row's operation: I, U or D (see dbt_project/models/_docs.md)")
    if made.left_in_landing:
        typer.echo(f"left in landing, being bytes: {', '.join(made.left_in_landing)}")
    typer.echo("would write:" if is_dry else "wrote:")
    for path in paths:
        typer.echo(f"  {path}")
    typer.echo("next:")
    for number, step in enumerate(_next_steps(made), start=1):
        typer.echo(f"  {number}. {step}")


def _next_steps(made: "Design") -> list[str]:
    folder = f"dbt_project/models/gate/{made.domain}"
    return [
        f"say what a good row is: rules in {folder}/int_{made.dataset}__checked.sql, gates in the YAML beside it",
        f"say what the columns mean, and who owns them: dbt_project/models/modeled/{made.domain}/_{made.dataset}"
        "__docs.md, and the group in dbt_project/models/landing",
        "deploy it: `landfall local up`, or `landfall deploy --env ENV`",
        f"land files: `landfall upload PATH --dataset {made.dataset} --wait`; those that have landed are modeled too",
        "model it: `landfall transform --wait`",
    ]
