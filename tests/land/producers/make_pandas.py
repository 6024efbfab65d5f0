"""Writes frames with pandas. Runs in the producers' own environment. In: a folder. Out: the names of its files."""

import os
import sys
from pathlib import Path


def main(folder: Path) -> None:
    """A frame with an index and a missing number; one whose column has nothing; one parted by a column."""
    import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]  # not ours

    moment = pd.Timestamp("2025-11-13 09:05:01.234567")
    full = pd.DataFrame({"id": [1, 2], "n": [10, 20], "note": ["a", "b"], "at": [moment, None]})
    full.to_parquet(folder / "1_full.parquet")
    missing = pd.DataFrame({"id": [3, 4], "n": [30, None], "note": [None, None], "at": [moment, moment]})
    missing.to_parquet(folder / "2_missing.parquet")
    half = pd.DataFrame({"id": [5, 6], "n": [1.5, None], "note": ["e", "f"], "at": [moment, moment]})
    half.to_parquet(folder / "3_half.parquet")
    keyed = full.set_index("id")  # 1, 2: evenly spaced, which pandas keeps as a range and writes into the footer alone
    keyed.to_parquet(folder / "4_range.parquet")
    keyed.to_parquet(folder / "5_index.parquet", index=True)
    full.assign(region=["EU", None]).to_parquet(folder / "parted", partition_cols=["region"])
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        sys.stdout.write(f"{path.relative_to(folder).as_posix()}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(0)  # all is written; pyarrow's threads may abort a busy machine's process at its exit (see make_delta.py)
