"""`landfall catalog`: tables over the files under raw/, for Athena and for the warehouse's external schemas."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingest_lambda.arrive.routing import PREFIX, Route, Rules, route
from ingest_lambda.errors import ConfigError
from ingest_lambda.legible import visible
from landfall import output

if TYPE_CHECKING:
    from ingest_lambda.judge.contracts import Contract
    from landfall.stack import Stack

REFUSED = "refused"  # its files lie as no table can have them, or a table of its name is another's
LEFT_OUT = "left out"  # what is declared of it can be no table
GONE = "its dataset is declared no longer, or can be no table any longer"


def register(app: typer.Typer) -> None:
    """Add `catalog` to the command line."""
    app.command()(catalog)


def catalog(
    datasets: Annotated[
        list[str] | None, typer.Argument(help="Declared datasets; all that can be registered, if none is named.")
    ] = None,
    sql: Annotated[bool, typer.Option("--sql", help="Only print how the warehouse gets them as a schema.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Register datasets in the Glue catalog from their contracts, partitioned as their files lie; repeat it freely.

    Where none is named, the tables that it made for datasets which can have none any longer are taken away. Exits 1
    where a dataset is refused, because its files lie as no table can have them, or because another made the table of
    its name; the others are registered.
    """
    import boto3

    from landfall.operate import declared, glue_tables, raw_catalog
    from landfall.stack import Stack

    stack = Stack.from_environment()
    database = stack.outputs.get("CatalogDatabaseName")
    if not database:
        raise ConfigError("no catalog is deployed: landfall deploy ... --parameter CreateCatalog=true")
    if sql:
        role = stack.output("CopyRoleArn")
        typer.echo(raw_catalog.external_schema("raw", database, role) + ";")
        typer.echo(raw_catalog.external_schema("exports", stack.output("ExportDatabaseName"), role) + ";")
        return
    contracts = declared.contracts()
    if not contracts and not datasets:
        raise ConfigError(
            "no dataset is declared in dbt_project/models/landing/, so that every table of the catalog would go: "
            "run it where the deployed datasets are declared"
        )
    unknown = sorted(set(datasets or ()) - set(contracts))
    if unknown:
        raise ConfigError(f"not declared: {', '.join(unknown)}; declare it in dbt_project/models/landing/")
    glue = boto3.client("glue")
    rules = declared.rules(stack.route_pattern, contracts)
    folders: dict[str, str] = {}
    left_out: dict[str, str] = {}
    named = datasets or sorted(contracts)
    for dataset in named:
        try:
            folders[dataset] = raw_catalog.folder_of(
                stack.s3, stack.bucket, dataset, contracts[dataset], rules.prefixes
            )
        except ConfigError as error:
            if datasets:
                raise
            left_out[dataset] = str(error)
    # Before anything is registered: a warehouse that does not answer leaves the catalog as it is.
    elsewhere = raw_catalog.elsewhere(stack.warehouse, folders)
    results: list[dict[str, Any]] = []
    for dataset in named:
        if dataset in left_out:
            results.append(_result(dataset, LEFT_OUT, why=left_out[dataset]))
            continue
        try:
            result = _registered(stack, glue, dataset, folders[dataset], contracts[dataset], rules)
        except ConfigError as error:
            result = _result(dataset, REFUSED, why=str(error))
        result["why"] = "; ".join(filter(None, (result["why"], elsewhere.get(dataset)))) or None
        results.append(result)
    if not datasets:
        kept = {each["dataset"] for each in results if each["outcome"] != LEFT_OUT}
        results += [_result(each, "removed", why=GONE) for each in glue_tables.remove_others(glue, database, kept)]
    if as_json:
        output.print_json({"database": database, "tables": results})
    else:
        _say(database, results)
    if any(each["outcome"] == REFUSED for each in results):
        raise typer.Exit(1)


def _say(database: str, results: Sequence[Mapping[str, Any]]) -> None:
    for each in results:
        is_made = each["outcome"] in ("created", "updated")
        partitions = ", ".join(each["partitions"]) or ("no partitions" if is_made else "")
        said = "; ".join(filter(None, (partitions, each["why"])))
        typer.echo(visible(f"{each['outcome']:<9} {database}.{each['dataset']} ({said})"))
        if each["left_out"]:
            without = f"without {', '.join(each['left_out'])}: no file of such a column can be queried"
            typer.echo(f"          {visible(without)}")


def _registered(
    stack: "Stack", glue: Any, dataset: str, folder: str, contract: "Contract", rules: Rules
) -> dict[str, Any]:
    from landfall.operate import glue_tables, hive_layout, raw_catalog

    def is_file(key: str) -> bool:
        found = route(key, rules)
        return isinstance(found, Route) and not found.is_marker

    database = stack.output("CatalogDatabaseName")
    layout = hive_layout.find(stack.s3, stack.bucket, folder, is_file)
    place = f"s3://{stack.bucket}/{folder}"
    table = raw_catalog.table(place, dataset, contract, layout, dt.datetime.now(dt.UTC).date())
    former = {place, f"s3://{stack.bucket}/{PREFIX}{dataset}/"}
    outcome = glue_tables.register(glue, database, table.definition, lambda location: location in former)
    glue_tables.register_partitions(glue, database, table.definition, layout.partitions)
    why = "; ".join(filter(None, (table.why, raw_catalog.archived(stack.s3, stack.bucket, folder))))
    return _result(dataset, outcome, layout.names, table.left_out, why or None)


def _result(
    dataset: str, outcome: str, partitions: Sequence[str] = (), left_out: Sequence[str] = (), why: str | None = None
) -> dict[str, Any]:
    return {
        "dataset": dataset,
        "outcome": outcome,
        "partitions": list(partitions),
        "left_out": list(left_out),
        "why": why,
    }
