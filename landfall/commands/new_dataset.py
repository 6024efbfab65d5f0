"""`landfall new-dataset`: what a new dataset needs in the dbt project, written from one of its files."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingest_lambda.errors import RejectedFileError
from landfall import output

if TYPE_CHECKING:
    from ingest_lambda.judge.snapshots import Snapshot
    from landfall.new_dataset.design import Design
    from landfall.new_dataset.shapes import Shape
    from landfall.new_dataset.specimen import Specimen

ROOT = Path(__file__).parent.parent.parent


class Changes(StrEnum):
    """Whose changes the rows of a file are."""

    AUTO = "auto"
    NONE = "none"
    DMS = "dms"
    DEBEZIUM = "debezium"
    AIRBYTE = "airbyte"
    FIVETRAN = "fivetran"


def register(app: typer.Typer) -> None:
    """Add `new-dataset` to the command line."""
    app.command("new-dataset")(new_dataset)


def new_dataset(
    name: Annotated[str, typer.Argument(help="The dataset, as in raw/<dataset>/; the modeled table bears it too.")],
    source: Annotated[
        str, typer.Option("--from", metavar="FILE", help="One of its files, parquet, CSV or JSON, or s3://bucket/key.")
    ],
    key: Annotated[str, typer.Option(metavar="COL[,COL]", help="The columns that tell one thing from another.")],
    time: Annotated[
        str | None,
        typer.Option(
            metavar="COL[:UNIT][,COL]",
            help="When a row last changed: the newest wins (default: the file's own time). The first that a row has "
            "counts; of a number say the unit: s, ms, us or ns since 1970.",
        ),
    ] = None,
    changes: Annotated[
        Changes,
        typer.Option(
            help="The tool whose changes (inserts, updates, deletes) the rows are; `none`: they are no changes."
        ),
    ] = Changes.AUTO,
    domain: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The folder and group it belongs to (default: the dataset's name)."),
    ] = None,
    snapshot: Annotated[
        str | None,
        typer.Option(
            metavar="file|marker[=NAME]|manifest[=NAME]|count[=N]",
            help="Each file replaces the one before; or the files of each folder do that an object NAME ends (default: "
            "_SUCCESS), that a manifest NAME lists (*manifest), that are N, or as many as their names say (3-of-8).",
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
        try:
            specimen = read(source, _names(key))
        except RejectedFileError as error:
            error.add_note(f"the file is {source}")
            raise
    ended = _snapshot(snapshot)
    shape = _shape(changes, specimen, is_snapshot=ended is not None, may_ask=not as_json)
    made = design(Request(name, _names(key), _names(time or ""), domain, ended, history, shape), specimen)
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
    end, _, value = said.partition("=")
    try:
        return parse_snapshot({"end": end, **({end: int(value) if value.isdecimal() else value} if value else {})})
    except ValueError as error:
        raise ConfigError(f"--snapshot {said}: {error}") from error


def _names(said: str) -> list[str]:
    return [name.strip() for name in said.split(",") if name.strip()]


def _shape(changes: Changes, specimen: "Specimen", *, is_snapshot: bool, may_ask: bool) -> "Shape | None":
    """Say which tool wrote the file: the one named, or the one that its columns tell of, unless a person says no.

    A snapshot says what there is, and not what was done.

    Raises:
        ConfigError: the tool named did not write it, or it is said to be a snapshot.
    """
    from ingest_lambda.errors import ConfigError
    from landfall.new_dataset.shapes import recognise, shape_of

    if is_snapshot and changes not in (Changes.AUTO, Changes.NONE):
        raise ConfigError(f"rows of a snapshot are no changes: --snapshot or --changes {changes.value}")
    if is_snapshot or changes is Changes.NONE:
        return None
    if changes is not Changes.AUTO:
        return shape_of(changes.value, specimen.columns)
    shape = recognise(specimen.columns, specimen.few_values)
    if shape and may_ask and sys.stdin.isatty():
        marks = " and ".join(f"`{mark}`" for mark in shape.marks)
        question = f"{marks} look as {shape.producer} writes changes. Do they say what the source did with a row?"
        return shape if typer.confirm(question, default=True) else None
    return shape


def _to_dict(made: "Design", paths: list[str], is_dry: bool) -> dict[str, object]:
    return {
        "dataset": made.dataset,
        "domain": made.domain,
        "written": not is_dry,
        "files": paths,
        "columns": [
            {"landing": column.landing, "modeled": column.name, "type": column.type} for column in made.columns
        ],
        "producer": made.shape.producer if made.shape else None,
        "changes": made.changes,
        "cautions": made.cautions,
        "snapshot": made.snapshot,
        "text_format": made.text_format,
        "left_in_landing": list(made.left_in_landing),
        "next": _next_steps(made),
    }


def _tell(made: "Design", paths: list[str], is_dry: bool) -> None:
    rows = [(column.landing, column.name, column.type) for column in made.columns]
    output.stdout().print(output.table(f"modeled.{made.dataset}", ("landing column", "modeled column", "type"), rows))
    if made.shape:
        typer.echo(
            f"rows are taken for changes, as {made.shape.producer} writes them: {made.changes} "
            "(docs/producers.md#changes; `--changes none` if they are none)"
        )
    for caution in made.cautions:
        typer.echo(f"caution: {caution}")
    if made.text_format:
        typer.echo(
            f"{made.text_format} says no types: they are those of the values seen, and the source YAML declares them; "
            "what is no value of its type is rejected with its row (docs/verdicts.md#csv-and-json)"
        )
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
