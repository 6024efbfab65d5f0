"""LAND and MODEL together: whole exports and folders of parts, from the bucket to the modeled tables."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import parse_contract
from ingest_lambda.load.outcomes import Status
from landfall.deploy import bootstrap
from landfall.operate import undos
from scripts.contracts import read_contracts
from tests.land import warehouse as landing
from tests.land.warehouse import Land
from tests.support.model_warehouse import ModelWarehouse, dbt_environment
from tests.support.snapshots import ENDS, PLATFORM, modeled, snapshot_project
from tests.support.warehouse_seed import NOON, login

pytestmark = pytest.mark.xdist_group("snapshots")  # one warehouse, one after the other

BY_END = {**ENDS, "unloads": "manifest", "shards": "count"}


@dataclass
class Chain:
    """A bucket, an ingest function, and dbt on what it lands."""

    land: Land
    dbt: ModelWarehouse

    def put(self, key: str, *ids: str) -> FileVersion:
        """Store a file of rows."""
        times = pa.array([NOON] * len(ids), pa.timestamp("us"))
        columns = {"id": pa.array(ids, pa.string()), "name": pa.array(ids, pa.string()), "changed_at": times}
        return self.land.put(key, pa.table(columns))

    def receive(self, *files: FileVersion) -> None:
        """Let files land, whose events come in this order."""
        function = self.land.function()
        assert [function.receive(file)[0].status for file in files] == [Status.LANDED] * len(files)

    def alive(self, dataset: str, *, rebuilds: bool = False) -> set[str]:
        """Run dbt, and return the keys that are not deleted."""
        self.dbt.run_green("--select", *PLATFORM, f"+{dataset}", *(["--full-refresh"] if rebuilds else []))
        return {key for key, _, is_deleted in modeled(self.dbt, dataset) if not is_deleted}


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """The chain, with the project of a dataset for each end of a snapshot."""
    project = snapshot_project(tmp_path_factory.mktemp("project"), BY_END)
    with landing.land(name="snapshot-files") as land:
        for dataset, contract in read_contracts(project).items():
            land.contracts[dataset] = parse_contract(dict(contract))
            land.warehouse.transaction(bootstrap.dataset_statements(dataset, land.contracts[dataset]))
        facts = land.services.redshift
        user = bootstrap.Login(str(facts["admin_user"]), str(facts["admin_password"]))
        with login(facts, user.username, user.password) as admin:
            environment = dbt_environment(facts, user, Path(project), project)
            dbt = ModelWarehouse(admin, admin, admin, environment)
            dbt.parse()
            yield Chain(land, dbt)


def test_each_version_of_one_key_replaces_the_one_before_until_it_is_undone(chain: Chain) -> None:
    key = "raw/rosters/rosters.parquet"
    chain.receive(chain.put(key, "a", "b"))
    assert chain.alive("rosters") == {"a", "b"}
    time.sleep(1.1)  # S3 tells times in seconds
    newer = chain.put(key, "b", "c")
    chain.receive(newer)
    assert chain.alive("rosters") == {"b", "c"}

    undos.undo(chain.land.warehouse, chain.land.bucket, key, newer.version_id)
    assert chain.alive("rosters", rebuilds=True) == {"a", "b"}


def test_a_folder_replaces_the_one_before_when_the_last_of_it_has_landed_whatever_comes_first(chain: Chain) -> None:
    days = [f"raw/catalogs/2025-11-{day}" for day in (13, 14)]
    first = [chain.put(f"{days[0]}/part-{key}.parquet", key) for key in "ab"]
    chain.receive(*first, chain.land.put(f"{days[0]}/_SUCCESS", b""))
    assert chain.alive("catalogs") == {"a", "b"}

    time.sleep(1.1)
    second = [chain.put(f"{days[1]}/part-{key}.parquet", key) for key in "bc"]
    chain.receive(chain.land.put(f"{days[1]}/_SUCCESS", b""), second[1])
    assert chain.alive("catalogs") == {"a", "b"}
    chain.receive(second[0])
    assert chain.alive("catalogs") == {"b", "c"}


def test_an_unload_replaces_the_one_before_by_its_manifest_alone(chain: Chain) -> None:
    slices = [chain.put(f"raw/unloads/{number}_part_00.parquet", key) for number, key in enumerate("ab")]
    chain.receive(*slices, chain.land.put("raw/unloads/manifest", manifest_of(slices)))
    assert chain.alive("unloads") == {"a", "b"}

    time.sleep(1.1)
    newer = chain.put(slices[0].key, "c")  # of one slice, so that the other file stays where it is
    chain.receive(chain.land.put("raw/unloads/manifest", manifest_of([newer])))
    assert chain.alive("unloads") == {"a", "b"}
    chain.receive(newer)
    assert chain.alive("unloads") == {"c"}


@pytest.mark.parametrize(
    ("dataset", "names"),
    [("stocks", ("{}/p.parquet", "{}/q.parquet")), ("shards", ("{}-0-of-2.parquet", "{}-1-of-2.parquet"))],
)
def test_an_export_of_so_many_files_replaces_the_one_before_when_the_last_of_it_has_landed(
    chain: Chain, dataset: str, names: tuple[str, str]
) -> None:
    def stored(day: int, *keys: str) -> list[FileVersion]:
        days = [name.format(f"2025-11-{day}") for name in names]
        return [chain.put(f"raw/{dataset}/{name}", key) for name, key in zip(days, keys, strict=True)]

    chain.receive(*stored(13, "a", "b"))
    assert chain.alive(dataset) == {"a", "b"}

    time.sleep(1.1)
    second = stored(14, "b", "c")
    chain.receive(second[1])
    assert chain.alive(dataset) == {"a", "b"}
    chain.receive(second[0])
    assert chain.alive(dataset) == {"b", "c"}

    undos.undo(chain.land.warehouse, chain.land.bucket, second[0].key)
    assert chain.alive(dataset, rebuilds=True) == {"a", "b"}


def manifest_of(files: list[FileVersion]) -> bytes:
    """Write a manifest as UNLOAD does."""
    entries = [{"url": file.uri, "meta": {"content_length": file.size}} for file in files]
    return json.dumps({"entries": entries}).encode()
