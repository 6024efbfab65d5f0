"""`landfall add-column`, `rename-column`, `drop-column`, `retype-column`: an entity's columns, in all its files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from landfall import output
from landfall.commands.new_dataset import ROOT

if TYPE_CHECKING:
    from landfall.new_dataset.columns import LandedColumn
    from landfall.new_dataset.evolving import Entity

EntityArgument = Annotated[str, typer.Argument(metavar="ENTITY", help="The entity, whose table is modeled.ENTITY.")]
ColumnArgument = Annotated[str, typer.Argument(metavar="COLUMN", help="One of its modeled columns.")]
ProjectOption = Annotated[Path, typer.Option(metavar="DIR", help="The project's folder.", show_default=False)]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Say which files would change; write nothing.")]
BY_HAND = 1
REBUILT = "the first run after that builds {entity} from the first row: docs/evolving.md says what that costs"
ALTERED = "the first run after that changes its tables in place; docs/evolving.md says what stays as it was"


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("add-column")(add_column)
    app.command("rename-column")(rename_column)
    app.command("drop-column")(drop_column)
    app.command("retype-column")(retype_column)


def add_column(
    entity: EntityArgument,
    column: Annotated[str, typer.Argument(metavar="COLUMN", help="A column of its landing table.")],
    dataset: Annotated[
        str | None, typer.Option(help="The dataset that has the column, where several make the entity.")
    ] = None,
    name: Annotated[str | None, typer.Option("--as", metavar="NAME", help="What to call it in the model.")] = None,
    type_: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="The modeled type (default: one that holds landing's).")
    ] = None,
    is_unfilled: Annotated[
        bool, typer.Option("--from-now-on", help="Rows that are modeled already stay without it; nothing is rewritten.")
    ] = False,
    project: ProjectOption = ROOT,
    is_dry: DryOption = False,
    as_json: output.JsonOption = False,
) -> None:
    """Take a landing column into an entity: source, staging, checks, UPSERT, history and words.

    Its type is the one that the source declares, else that of the landing table. The first run after the deployment
    fills the column of all rows from landing, unless --from-now-on. Exits 1 where a file must be changed by hand.
    """
    from ingest_lambda.errors import ConfigError
    from landfall.new_dataset.evolving import Entity

    found = Entity(project, entity)
    if dataset is None and len(found.datasets) > 1:
        raise ConfigError(f"{entity} is modeled from {', '.join(found.datasets)}: say which has it, --dataset NAME")
    source = dataset or found.datasets[0]
    landed = _landed(project, source, column, type_)
    taken = found.modeled_column(source, landed, name, type_)
    found.add(source, landed, taken, is_unfilled=is_unfilled)
    done = f"{source}.{landed.name} becomes {entity}.{taken.name}, {taken.type}"
    _tell(found, done, is_dry=is_dry, as_json=as_json, is_in_place=is_unfilled)


def rename_column(
    entity: EntityArgument,
    column: ColumnArgument,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
    project: ProjectOption = ROOT,
    is_dry: DryOption = False,
    as_json: output.JsonOption = False,
) -> None:
    """Call a modeled column otherwise; its landing column keeps its name.

    Exits 1 where a file must be changed by hand.
    """
    from landfall.new_dataset.evolving import Entity

    found = Entity(project, entity)
    found.rename(column, new)
    _tell(found, f"{entity}.{column} becomes {entity}.{new}", is_dry=is_dry, as_json=as_json)


def drop_column(
    entity: EntityArgument,
    column: ColumnArgument,
    project: ProjectOption = ROOT,
    is_dry: DryOption = False,
    as_json: output.JsonOption = False,
) -> None:
    """Take a column out of an entity; landing keeps it. Exits 1 where a file must be changed by hand."""
    from landfall.new_dataset.evolving import Entity

    found = Entity(project, entity)
    found.drop(column)
    is_in_place = found.history is None
    _tell(found, f"{entity}.{column} goes", is_dry=is_dry, as_json=as_json, is_in_place=is_in_place)


def retype_column(
    entity: EntityArgument,
    column: ColumnArgument,
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="The type that it shall have, as 'varchar(1024)'.")],
    project: ProjectOption = ROOT,
    is_dry: DryOption = False,
    as_json: output.JsonOption = False,
) -> None:
    """Give a modeled column another type; landing's is changed by `landfall evolve`.

    Values that do not fit are quarantined, as ever. Exits 1 where a file must be changed by hand.
    """
    from landfall.new_dataset.evolving import Entity

    found = Entity(project, entity)
    found.retype(column, type_)
    _tell(found, f"{entity}.{column} becomes {type_.lower()}", is_dry=is_dry, as_json=as_json)


def _landed(project: Path, dataset: str, column: str, type_: str | None) -> "LandedColumn":
    """Find a landing column: as its source declares it, else as its table has it, else by the type that is said.

    Raises:
        ConfigError: neither knows the column.
    """
    from ingest_lambda.errors import ConfigError
    from landfall import environment
    from landfall.new_dataset.landed import declared_column, landing_column, said_column
    from landfall.operate.names import did_you_mean

    if found := declared_column(project, dataset, column):
        return found
    stack = environment.stack_if_any()
    if stack:
        found, columns = landing_column(stack.warehouse, dataset, column)
        if found:
            return found
        if columns:
            raise ConfigError(
                f"landing.{dataset} has no column {column}{did_you_mean(column, columns) or '.'} "
                f"It has {', '.join(columns)}"
            )
    if type_ is None:
        raise ConfigError(f"no source declares {dataset}.{column} and it has not landed: say its type, --type TYPE")
    return said_column(column, type_)


def _tell(entity: "Entity", done: str, *, is_dry: bool, as_json: bool, is_in_place: bool = False) -> None:
    paths = entity.changed() if is_dry else entity.write()
    left = [{"file": str(path), "write": what} for path, what in entity.edits.by_hand]
    after = ALTERED if is_in_place else REBUILT.format(entity=entity.name)
    steps = ["deploy it: `landfall local up`, or `landfall deploy --env ENV`", after]
    if as_json:
        output.print_json(
            {
                "entity": entity.name,
                "written": not is_dry,
                "files": [str(path) for path in paths],
                "by_hand": left,
                "look_at": entity.edits.look_at,
                "next": steps,
            }
        )
    else:
        typer.echo(done)
        typer.echo("would change:" if is_dry else "changed:")
        for path in paths:
            typer.echo(f"  {path}")
        for each in left:
            typer.echo(f"by hand: {each['file']}: {each['write']}")
        for model in entity.edits.look_at:
            typer.echo(f"look at: {model}, which reads {entity.name} and has the word")
        typer.echo(f"next: {steps[0]}; {steps[1]}")
    if left:
        raise typer.Exit(BY_HAND)
