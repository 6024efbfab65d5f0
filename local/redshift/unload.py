"""One UNLOAD under way: a query's rows gathered, then written to S3 (unload_files.py).

In: an UnloadStatement, the columns and rows of its query as PostgreSQL spells them. Out: objects in S3, or a
RedshiftError.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from local.redshift.unload_column import UnloadColumn
from local.redshift.unload_statement import UnloadStatement


@dataclass
class Unload:
    """An UNLOAD: its columns are told once, its rows one by one, then it is finished."""

    statement: UnloadStatement
    columns: list[UnloadColumn] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)

    def finish(self) -> None:
        """Write the files, and the manifest when they are there.

        Raises:
            RedshiftError: the destination holds files, a column cannot be unloaded, or S3 refuses.
        """
        # here, in the thread that writes: pyarrow and botocore take longer to load than a session to begin
        from local.redshift.unload_files import UnloadedFiles

        UnloadedFiles(self.statement, self.columns, self.rows).write()
