"""OPERATE: what stands on a landing table and keeps it as it is. In: the warehouse. Out: an error's words."""

from ingest_lambda.errors import ConfigError
from ingest_lambda.warehouse import ddl
from ingest_lambda.warehouse.client import Connection


def in_the_way(warehouse: Connection, dataset: str, error: Exception) -> ConfigError:
    """Word why nothing of a landing table was changed: the views that are bound to it, or else what `error` says."""
    rows = warehouse.query(ddl.select_dependents(dataset))
    views = ", ".join(f"{row['view_schema']}.{row['view_name']}" for row in rows)
    return ConfigError(
        f"nothing was changed: landing.{dataset} has views that are bound to it: {views or error}; "
        "drop them, or make them `with no schema binding`"
    )
