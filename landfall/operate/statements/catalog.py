"""OPERATE: the SQL that asks what the warehouse has, and what its users may do there.

In: names of schemas, columns and rights. Out: SELECTs of the catalog, and a COPY that tries the role.
"""

# ruff: noqa: S608 - SQL is this module's purpose; identifiers and literals go through ingest_lambda.warehouse.statements

from collections.abc import Iterable, Sequence

from ingest_lambda.warehouse.statements import literal
from landfall.operate.statements.unions import literals


def select_schema_owners() -> str:
    """List the schemas with their owners (https://docs.aws.amazon.com/redshift/latest/dg/r_PG_NAMESPACE.html)."""
    return (
        "select spaces.nspname as name, users.usename as owner from pg_namespace as spaces "
        "inner join pg_user as users on users.usesysid = spaces.nspowner"
    )


def select_tables(schema: str) -> str:
    """List the tables of a schema."""
    return f"select tablename as name from pg_tables where schemaname = {literal(schema)}"


def select_tables_with(schema: str, columns: Sequence[str]) -> str:
    """List the tables of a schema that have all of some columns.

    https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMNS.html
    """
    return (
        f"select table_name as name from svv_columns where table_schema = {literal(schema)} "
        f"and column_name in ({literals(columns)}) group by table_name having count(*) = {len(columns)} "
        "order by table_name"
    )


def select_tables_without_right(right: str, schemas: Iterable[str], tables: Iterable[str] | None = None) -> str:
    """List the tables of some schemas (only those of certain names, where given) on which who asks lacks a right.

    Each user asks for itself: to name a table takes the right to use its schema, which another user may not have.
    https://docs.aws.amazon.com/redshift/latest/dg/r_HAS_TABLE_PRIVILEGE.html
    """
    quoted = "'\"' || schemaname || '\".\"' || tablename || '\"'"
    of_names = f" and tablename in ({literals(tables)})" if tables else ""
    return (
        f"select schemaname as schema_name, tablename as name from pg_tables where schemaname in ({literals(schemas)})"
        f"{of_names} and not has_table_privilege({quoted}, {literal(right)})"
    )


def copy_probe(uri: str, role_arn: str) -> list[str]:
    """Copy a file of one INTEGER column into a temporary table that is dropped at once: one transaction."""
    return [
        "create temp table landfall_probe (probe integer)",
        f"copy landfall_probe from {literal(uri)} iam_role {literal(role_arn)} format as parquet",
        "drop table landfall_probe",
    ]
