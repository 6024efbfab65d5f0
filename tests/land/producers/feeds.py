"""A producer's change files, from `landfall new-dataset` over landing to the modeled table; nothing written by hand."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import yaml
from pyarrow import parquet as pq
from typer.testing import CliRunner

from ingest_lambda.judge.contracts import parse_contract
from landfall.app import build as command_line
from landfall.deploy import bootstrap
from local.home import ROOT
from scripts.contracts import read_contracts
from tests.land.producers.arrival import Arrivals
from tests.land.warehouse import Land
from tests.support.model_warehouse import DbtRun, ModelWarehouse

PROJECT = ("dbt_project", "macros", "dbt_project.yml", "profiles.yml", ".sqlfluff", ".sqlfluffignore")


@dataclass(frozen=True)
class Feed:
    """A dataset that `new-dataset` wrote into a copy of the project, of one file of its producer."""

    name: str
    folder: Path
    land: Land
    dbt: ModelWarehouse

    @property
    def changes(self) -> dict[str, Any]:
        """Return what its source declares."""
        (source,) = (self.folder / "dbt_project/models/landing").glob(f"_{self.name}__sources.yml")
        (table,) = yaml.safe_load(source.read_text(encoding="utf-8"))["sources"][0]["tables"]
        changes: dict[str, Any] = table["config"]["meta"]["changes"]
        return changes

    def put(self, *files: tuple[str, pa.Table]) -> None:
        """Let files arrive under the names that the producer gives them, one after the other."""
        arrivals = Arrivals(self.land, self.land.function())
        for key, table in files:
            arrivals.put(key, table)
        assert {end.status.value for end in arrivals.ends.values()} == {"landed"}, arrivals.ends

    def build(self) -> DbtRun:
        """Build the dataset; its gates and its unit test pass. Values that its first file had not may warn."""
        run = self.dbt.dbt("build", "--select", f"+{self.name}")
        assert run.success, run.messages
        own = {name: status for name, status in run.statuses.items() if name.startswith(f"{self.name}_")}
        assert {status for name, status in own.items() if "__known_" not in name} == {"pass"}, own
        assert f"{self.name}_row_rules" in own
        return run

    def rows(self, columns: str) -> list[tuple[Any, ...]]:
        """Return what is modeled, by key."""
        return self.dbt.transformer.rows(f"select {columns} from modeled.{self.name} order by 1")  # noqa: S608 - ours

    def quarantined(self) -> list[tuple[Any, ...]]:
        """Return the key and the reasons of what is held back."""
        return self.dbt.transformer.rows(f"select id, reject_reason from gate.quarantine_{self.name}")  # noqa: S608

    def lint(self) -> None:
        """Assert that its SQL keeps the house style."""
        models = [str(path) for path in (self.folder / "dbt_project").rglob(f"*{self.name}*.sql")]
        self.dbt.lint(*models)


def written(
    land: Land, models: ModelWarehouse, folder: Path, name: str, file: pa.Table, arguments: Sequence[str] = ()
) -> Feed:
    """Write the dataset from one of its files into a copy of the project, and parse that."""
    copy_project(folder)
    pq.write_table(file, folder / "file.parquet")
    add_dataset(land, folder, name, folder / "file.parquet", arguments)
    return Feed(name, folder, land, parsed(models, folder))


def copy_project(folder: Path) -> None:
    """Copy what dbt reads of the project into a folder."""
    for part in PROJECT:
        (shutil.copytree if (ROOT / part).is_dir() else shutil.copy)(ROOT / part, folder / part)


def add_dataset(land: Land, folder: Path, name: str, file: Path, arguments: Sequence[str] = ()) -> None:
    """Write a dataset from one of its files, as an operator does; make its landing tables, as a deployment does."""
    command = ["new-dataset", name, "--from", str(file), "--key", "id", "--project", str(folder)]
    done = CliRunner().invoke(command_line(), [*command, *arguments])
    assert done.exit_code == 0, (done.output, done.exception)
    contract = parse_contract(dict(read_contracts(folder)[name]))
    land.contracts[name] = contract
    land.warehouse.transaction(bootstrap.dataset_statements(name, contract))


def parsed(models: ModelWarehouse, folder: Path) -> ModelWarehouse:
    """Give dbt on the same warehouse, with the project of a folder."""
    places = {"DBT_PROJECT_DIR": str(folder), "DBT_PROFILES_DIR": str(folder)}
    places |= {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")}
    dbt = replace(models, environment={**models.environment, **places}, manifest=None)
    dbt.parse()
    return dbt
