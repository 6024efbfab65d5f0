"""Files and plans for the planner's tests, without a bucket."""

from datetime import UTC, datetime

from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.paths import Group, LoadPath
from ingest_lambda.judge.plan import Plan
from ingest_lambda.read.footer import Footer, Inspected
from ingest_lambda.read.schema import FileColumn, Obstacle
from ingest_lambda.warehouse.sqltypes import SqlType


def file_of(
    columns: dict[str, SqlType | None], name: str = "a", obstacle: Obstacle | None = None, size: int = 100
) -> Inspected:
    """Describe a file by its columns' types; None: a column of nulls that have no type."""
    file = FileVersion("b", f"raw/orders/{name}.parquet", "v", size=size)
    described = tuple(
        FileColumn(name, str(type_), type_, obstacle, is_void=type_ is None) for name, type_ in columns.items()
    )
    return Inspected(file, Footer(described, 1), size, "etag", datetime(2025, 11, 13, tzinfo=UTC))


def group_of(*files: Inspected, path: LoadPath = LoadPath.CANONICAL) -> Group:
    """Load files together."""
    return Group(path, files, ("a test",) * len(files))


def landing_after(plan: Plan) -> dict[str, SqlType]:
    """Name landing's columns after a load."""
    return {column.name: column.type for column in plan.after}
