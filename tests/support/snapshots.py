"""Datasets whose files replace the ones before, as `landfall new-dataset` writes them into a copy of the project.

Of `rosters` each file is a snapshot, of `catalogs` a folder of parts that a marker ends, of `stocks` one of two parts.
The key of `listings`, whose files are snapshots too, is called as the columns are that tell of snapshots.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import parquet as pq
from typer.testing import CliRunner

from landfall.app import build
from local.home import ROOT
from tests.support.model_warehouse import ModelWarehouse, model_warehouse
from tests.support.warehouse_seed import NOON, Row, SeedFile

PROJECT = ("dbt_project", "macros", "dbt_project.yml", "profiles.yml", ".sqlfluff", ".sqlfluffignore")
LISTINGS = "listings"
KEY_OF_LISTINGS = (
    *("file_id", "dataset", "place", "snapshot_id", "ended_at", "accepted_in", "seen_in", "next_seen_in"),
    *("is_accepted", "end_file_id", "end_source_file", "end_loaded_at", "complete_seq", "snapshot_before"),
)
ENDS = {"rosters": "file", "catalogs": "marker", "stocks": "count=2"}
PLATFORM = ("stg_landed_files", "stg_model_loads", "stg_snapshots")


def copied_project(folder: Path) -> Path:
    """Copy the dbt project to a folder; return it."""
    for name in PROJECT:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, folder / name)
    return folder


def snapshot_project(folder: Path, ends: Mapping[str, str] = ENDS) -> Path:
    """Write the datasets, with what ends their snapshots, into a copy of the project."""
    copied_project(folder)
    specimen = folder / "specimen.parquet"
    columns = {"id": ["a"], "name": ["Ada"], "changed_at": pa.array([NOON], pa.timestamp("us"))}
    pq.write_table(pa.table(columns), specimen)
    for dataset, end in ends.items():
        command = ["new-dataset", dataset, "--from", str(specimen), "--key", "id", "--time", "changed_at"]
        done = CliRunner().invoke(build(), [*command, "--snapshot", end, "--project", str(folder)])
        assert done.exit_code == 0, done.output
    return folder


def add_listings(project: Path) -> None:
    """Write a dataset of that key into a project."""
    specimen = project / "listings.parquet"
    columns = {**{name: ["a"] for name in KEY_OF_LISTINGS}, "name": ["Ada"]}
    pq.write_table(pa.table(columns), specimen)
    command = ["new-dataset", LISTINGS, "--from", str(specimen), "--key", ",".join(KEY_OF_LISTINGS)]
    done = CliRunner().invoke(build(), [*command, "--snapshot", "file", "--project", str(project)])
    assert done.exit_code == 0, done.output


def listing(name: str, keys: Sequence[str], stored_at: datetime = NOON) -> SeedFile:
    """Return a whole export of listings, of which each has one value in all columns of its key."""
    rows = [{**dict.fromkeys(KEY_OF_LISTINGS, key), "name": "Ada"} for key in keys]
    return SeedFile(LISTINGS, f"raw/{LISTINGS}/{name}.parquet", rows, stored_at, ends=())


@contextmanager
def snapshot_warehouse(folder: Path) -> Iterator[ModelWarehouse]:
    """Start a local Redshift for that project, whose `empty` builds those entities alone."""
    snapshot_project(folder)
    add_listings(folder)
    with model_warehouse(folder, "snapshots") as warehouse:
        warehouse.selection = ("--select", *PLATFORM, *(f"+{dataset}" for dataset in ENDS))
        yield warehouse


def thing(key: str | None, name: str | None = "Ada", at: datetime | None = NOON) -> Row:
    """Return one row of any of the datasets; without its time it breaks a rule."""
    return {"id": key, "name": name, "changed_at": at}


def roster(name: str, rows: Sequence[Row], stored_at: datetime = NOON, version: str = "1") -> SeedFile:
    """Return a whole export."""
    return SeedFile("rosters", f"raw/rosters/{name}.parquet", rows, stored_at, version, ends=())


def part(folder: str, name: str, rows: Sequence[Row], stored_at: datetime = NOON) -> SeedFile:
    """Return one of the files of a folder."""
    return SeedFile("catalogs", f"raw/catalogs/{folder}/{name}.parquet", rows, stored_at)


def marker(folder: str, parts: Sequence[SeedFile], stored_at: datetime = NOON, version: str = "1") -> SeedFile:
    """Return the object that ends a folder, with the parts that it held then."""
    return SeedFile("catalogs", f"raw/catalogs/{folder}/_SUCCESS", (), stored_at, version, ends=parts)


def stock(
    folder: str, parts: Mapping[str, Sequence[Row]], stored_at: datetime = NOON, last_at: datetime = NOON
) -> list[SeedFile]:
    """Return the parts of a folder that is whole when the last of them is stored; each is stored with its list."""
    files = [SeedFile("stocks", f"raw/stocks/{folder}/{name}.parquet", rows, stored_at) for name, rows in parts.items()]
    end = replace(files[-1], modified_at=last_at, ends=tuple(files[:-1]))
    return [*(replace(file, counted_with=end) for file in files[:-1]), end]


def modeled(warehouse: ModelWarehouse, dataset: str) -> list[tuple[Any, ...]]:
    """Return key, name and whether it is deleted, of every modeled row."""
    return warehouse.transformer.rows(f"select id, name, is_deleted from modeled.{dataset} order by 1")  # noqa: S608 - the test's own names
