"""OPERATE: a landing column, wherever it is known. In: the source YAML, or the warehouse. Out: a `LandedColumn`."""

from pathlib import Path

from ingest_lambda.errors import ConfigError
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.catalog import read_columns
from ingest_lambda.warehouse.client import Connection
from ingest_lambda.warehouse.sqltypes import parse_type
from ingest_lambda.warehouse.statements import fold_case, identifier
from landfall.new_dataset.columns import LandedColumn
from scripts.contracts import read_contracts


def declared_column(project: Path, dataset: str, name: str) -> LandedColumn | None:
    """Find a column that the source declares."""
    contract = read_contracts(project).get(dataset)
    for column in contract["columns"] if contract else ():
        if fold_case(column["name"]) == fold_case(name):
            return LandedColumn(fold_case(name), parse_type(column["data_type"]))
    return None


def landing_column(warehouse: Connection, dataset: str, name: str) -> tuple[LandedColumn | None, list[str]]:
    """Find a column of the landing table, with the longest text that has landed in it; and name all that there are."""
    columns = {column.name: column.type for column in read_columns(warehouse, dataset) or ()}
    folded = fold_case(name)
    if folded not in columns:
        return None, [each for each in columns if not each.startswith("_")]
    longest = None
    if columns[folded].name == "VARCHAR":
        query = f"select max(octet_length({identifier(folded)})) as longest from landing.{identifier(dataset)}"  # noqa: S608 - quoted
        longest = warehouse.query(query)[0]["longest"]
    return LandedColumn(folded, columns[folded], None if longest is None else int(longest)), list(columns)


def said_column(name: str, type_: str) -> LandedColumn:
    """Take a column for one that lands as it is modeled; texts land in full.

    Raises:
        ConfigError: there is no such type.
    """
    try:
        found = parse_type(type_)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    return LandedColumn(fold_case(name), sqltypes.VARCHAR if found.name == "VARCHAR" else found)
