"""`landfall catalog`: tables over the files under raw/, for Athena and for the warehouse's external schemas."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from ingest_lambda.errors import ConfigError
from landfall import output


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
    """Register datasets in the Glue catalog from their contracts, partitioned as their files lie; repeat it freely."""
    import boto3

    from landfall.operate import declared, raw_catalog
    from landfall.stack import Stack

    stack = Stack.from_environment()
    database = stack.outputs.get("CatalogDatabaseName")
    if not database:
        raise ConfigError("no catalog is deployed: landfall deploy ... --parameter CreateCatalog=true")
    if sql:
        typer.echo(raw_catalog.external_schema(database, stack.output("CopyRoleArn")) + ";")
        return
    contracts = declared.contracts()
    unknown = sorted(set(datasets or ()) - set(contracts))
    if unknown:
        raise ConfigError(f"not declared: {', '.join(unknown)}; declare it in dbt_project/models/landing/")
    glue = boto3.client("glue")
    results: list[dict[str, Any]] = []
    for dataset in datasets or sorted(contracts):
        keys = raw_catalog.some_keys(stack.s3, stack.bucket, dataset)
        try:
            table = raw_catalog.table(stack.bucket, dataset, contracts[dataset], keys)
        except ConfigError as error:
            if datasets:
                raise
            results.append(_result(dataset, "left out", why=str(error)))
            continue
        outcome = raw_catalog.register(glue, database, table.definition)
        partitions = [key["Name"] for key in table.definition["PartitionKeys"]]
        raw_catalog.register_partitions(
            glue, database, table.definition, raw_catalog.folders(stack.s3, table.definition)
        )
        results.append(_result(dataset, outcome, partitions, table.left_out))
    if as_json:
        output.print_json({"database": database, "tables": results})
        return
    for each in results:
        said = each["why"] or ", ".join(each["partitions"]) or "no partitions"
        typer.echo(f"{each['outcome']:<9} {database}.{each['dataset']} ({said})")
        if each["left_out"]:
            typer.echo(f"          without {', '.join(each['left_out'])}: no file of such a column can be queried")


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
