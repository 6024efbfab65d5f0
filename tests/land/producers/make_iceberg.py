"""Writes a table of Iceberg with pyiceberg, in the order in which a bucket gets its files: its first metadata, and then
data before the metadata of each commit.

Runs in the producers' own environment. In: a folder. Out: `warehouse/shop/orders/` in it, and the names of its files.
"""

import os
import sys
from pathlib import Path


def main(folder: Path) -> None:
    """Create a table, insert twice, delete; export what a scan reads."""
    import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
    from pyiceberg.catalog.sql import SqlCatalog  # type: ignore[import-not-found,unused-ignore]  # not ours

    catalog = SqlCatalog("shop", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse")
    catalog.create_namespace("shop")
    rows = pa.table({"id": [1, 2, 3], "region": ["EU", "US", None]})
    location = f"file://{folder}/warehouse/shop/orders"
    orders = catalog.create_table("shop.orders", rows.schema, location=location)
    seen: set[Path] = set()
    tell(folder, seen)
    orders.append(rows)
    tell(folder, seen)
    orders.append(pa.table({"id": [4], "region": ["EU"]}))
    tell(folder, seen)
    orders.delete("id = 2")
    tell(folder, seen)
    pq.write_table(orders.scan().to_arrow(), folder / "export.parquet")
    tell(folder, seen)


def tell(folder: Path, seen: set[Path]) -> None:
    """Name what is new: metadata last, as it is written."""
    new = [path for path in folder.rglob("*") if path.is_file() and path not in seen and path.suffix != ".db"]
    for path in sorted(new, key=lambda path: ("metadata" in path.parts, path)):
        sys.stdout.write(f"{path.relative_to(folder).as_posix()}\n")
    seen.update(new)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(0)  # all is written; pyarrow's threads may abort a busy machine's process at its exit (see make_delta.py)
