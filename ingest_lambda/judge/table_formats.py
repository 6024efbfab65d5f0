"""LAND: files of a table format, which are no rows to be appended.

In: a file with the sign of a table format, its dataset's contract. Out: nothing, or the rejection. Pure.
"""

from __future__ import annotations

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.judge.contracts import APPEND_ONLY, Contract
from ingest_lambda.read.footer import Inspected
from ingest_lambda.reasons import Reason
from ingest_lambda.table_format import TableFormat

# How a table's rows are had as they are at one moment, by the format's own reader.
EXPORTS = {
    TableFormat.DELTA: "spark.read.format('delta').load(TABLE), or deltalake.DeltaTable(TABLE).to_pyarrow_table()",
    TableFormat.HUDI: "spark.read.format('hudi').load(TABLE), without its _hoodie_ columns",
    TableFormat.ICEBERG: "spark.read.format('iceberg').load(TABLE), or table.scan().to_arrow() of pyiceberg",
}


def refuse_table_format(dataset: str, file: Inspected, contract: Contract) -> None:
    """Refuse a file of a table format, unless its dataset declares that it is meant: then its rows land.

    Raises:
        RejectedFileError: the file is one of a table's, or has no rows of it.
    """
    sign = file.footer.sign
    if sign is None or (contract.append_only and sign.has_rows):
        return
    if not sign.has_rows:
        raise RejectedFileError(
            Reason.TABLE_FORMAT,
            f"the file is {sign.format}'s own: it says which rows of the table count, and has none of them",
            found=sign.found,
            expected="rows",
            remedy=export(sign.format),
        )
    raise RejectedFileError(
        Reason.TABLE_FORMAT,
        f"the file is one of a {sign.format} table, whose files are no rows to be appended: a compaction writes rows "
        "again, and rows that are deleted stay in them",
        found=sign.found,
        expected="rows that no other file has or takes back",
        remedy=f"{export(sign.format)}; {declare(dataset)}",
    )


def export(table_format: TableFormat) -> str:
    """Say what to do with a table instead."""
    return (
        f"export its rows with {table_format}'s own reader ({EXPORTS[table_format]}) and write them as parquet to a "
        "folder of their own; or query the table where it is, with Redshift Spectrum"
    )


def declare(dataset: str) -> str:
    """Say how to land a table's files all the same."""
    return (
        f"if its files are only ever added: declare config: {{meta: {{table_format: {APPEND_ONLY}}}}} for {dataset} in "
        "its source YAML, landfall deploy, then "
        f"landfall replay --rejected --dataset {dataset} --reason {Reason.TABLE_FORMAT}"
    )
