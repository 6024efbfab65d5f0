"""Writes tables of Delta Lake with deltalake, in the order in which a bucket gets their files: data, then the log.

Runs in the producers' own environment. In: a folder. Out: `table/` and `parted/` in it, and the names of their files.
"""

import os
import sys
from pathlib import Path


def main(folder: Path) -> None:
    """Insert twice, update, delete, compact, checkpoint; beside it a table with partitions and a change feed."""
    import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
    from deltalake import DeltaTable, write_deltalake  # type: ignore[import-not-found,unused-ignore]  # not ours

    rows = pa.table({"id": [1, 2, 3], "region": ["EU", "US", None], "total": [1.5, 2.5, None]})
    table, parted = str(folder / "table"), str(folder / "parted")
    seen: set[Path] = set()
    write_deltalake(table, rows)
    tell(folder, seen)
    write_deltalake(table, pa.table({"id": [4], "region": ["EU"], "total": [4.5]}), mode="append")
    tell(folder, seen)
    DeltaTable(table).update(predicate="id = 1", updates={"total": "9.0"})
    DeltaTable(table).delete("id = 2")
    DeltaTable(table).optimize.compact()
    DeltaTable(table).create_checkpoint()
    tell(folder, seen)
    feed = {"delta.enableChangeDataFeed": "true"}
    write_deltalake(parted, rows, partition_by=["region"], configuration=feed)
    DeltaTable(parted).delete("id = 1")
    tell(folder, seen)

    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

    pq.write_table(pa.table(DeltaTable(table).to_pyarrow_table()), folder / "export.parquet")
    tell(folder, seen)


def tell(folder: Path, seen: set[Path]) -> None:
    """Name what is new: the log last, as it is written."""
    new = [path for path in folder.rglob("*") if path.is_file() and path not in seen]
    for path in sorted(new, key=lambda path: ("_delta_log" in path.parts, path)):
        sys.stdout.write(f"{path.relative_to(folder).as_posix()}\n")
    seen.update(new)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(0)  # all is written: with deltalake 1.6.6 and pyarrow 26.0.1, a busy machine aborts now and then at exit
