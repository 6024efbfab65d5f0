"""What every kept result bears: when, where and of what commit it was taken. Out: figures for a file of JSON."""

from __future__ import annotations

import io
import os
import platform
import subprocess
from datetime import UTC, datetime

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from local.home import ROOT


def circumstances() -> dict[str, str | float | int | None]:
    """Tell where and on what figures are taken; call it before they are, for the load of the machine."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
        "pyarrow": pa.__version__,
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }


def parquet(table: pa.Table) -> bytes:
    """Write a table as a parquet file."""
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()
