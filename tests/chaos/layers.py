"""The layers of the storms, from the cheapest to the truest: each plays the schedule of a seed, and judges it.

`core`: the real handler and its statements, in memory. `sql`: the same on a local Redshift, with functions at once.
`services`: the same over HTTP, with a local AWS. `model`: files land there and real dbt runs model them. `kill`:
functions in processes of their own, which are killed, and PostgreSQL and its front with them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from ingest_lambda.judge.contracts import parse_contract
from landfall.deploy import bootstrap
from local.home import ROOT
from scripts.contracts import read_contracts
from tests.chaos import events, kills, worlds
from tests.chaos.cluster import Life
from tests.chaos.invariants import assert_all_is_well
from tests.chaos.models import ALL_BELOW, READERS, Season
from tests.land import warehouse
from tests.land.function_process import FunctionProcesses
from tests.land.warehouse import Land
from tests.support.model_warehouse import ModelWarehouse, dbt_environment
from tests.support.second_builder import second_builder
from tests.support.warehouse_seed import Warehouse, session

Play = Callable[[int], Counter[str]]  # plays a seed; counts what the storm had


@contextmanager
def core() -> Iterator[Play]:
    """Play in memory, each seed in a world of its own."""

    def play(seed: int) -> Counter[str]:
        return landing(worlds.memory_land(), seed, is_parallel=False)

    with worlds.quick():
        yield play


@contextmanager
def sql(isolation: str = "snapshot") -> Iterator[Play]:
    """Play on a local Redshift in this process and a bucket in memory, each seed in a dataset that goes with it."""
    with worlds.quick(), worlds.sql_land(isolation) as land:

        def play(seed: int) -> Counter[str]:
            try:
                return landing(land, seed, is_parallel=True)
            finally:
                forget_tables(land)
                land.client("s3").clear()

        yield play


@contextmanager
def services() -> Iterator[Play]:
    """Play on a local Redshift and a local AWS over HTTP, each seed in a dataset that goes with it."""
    with warehouse.land(name="storms") as land, worlds.quick():

        def play(seed: int) -> Counter[str]:
            try:
                return landing(land, seed, is_parallel=True)
            finally:
                forget(land)

        yield play


@contextmanager
def model(*, dies: bool = False) -> Iterator[Play]:
    """Play on a local Redshift and a local S3, with dbt on them, each seed in the datasets of orders, emptied.

    `dies`: PostgreSQL or its front is killed amid dbt's statements.
    """
    with warehouse.land(name="seasons") as land, modeled(land) as models, second_builder(models) as other:

        def play(seed: int) -> Counter[str]:
            dice = random.Random(seed)  # noqa: S311 - a storm, no secret

            def die() -> None:
                services = kills.Services(land)
                services.kill(dice.choice((kills.Victim.POSTGRES, kills.Victim.FRONT)))
                services.start()
                log_in(land, models)

            season = Season(land, models, other, dice, die if dies else None)
            try:
                season.pass_by()
            finally:
                forget(land)
            return season.happened

        with worlds.quick():
            yield play


@contextmanager
def kill() -> Iterator[Play]:
    """Play on the same, with functions in processes of their own, and kill them, PostgreSQL or the front."""
    with warehouse.land(name="kills") as land, worlds.quick():
        functions = FunctionProcesses()

        def play(seed: int) -> Counter[str]:
            try:
                return kills.landing(land, functions, seed)
            finally:
                forget(land)

        try:
            yield play
        finally:
            functions.close()


@contextmanager
def modeled(land: Land) -> Iterator[ModelWarehouse]:
    """Prepare a warehouse in which files land for dbt: the tables of the declared datasets, a session of each user."""
    contracts = {name: parse_contract(contract) for name, contract in read_contracts(ROOT).items()}
    for dataset, contract in contracts.items():
        bootstrap.prepare_dataset(land.warehouse, dataset, contract)
    land.contracts.update({name: contracts[name] for name in READERS})
    folder = land.services.home.folder / "dbt"
    environment = dbt_environment(land.services.redshift, warehouse.login(bootstrap.TRANSFORMER), folder)
    models = ModelWarehouse(*sessions(land), environment, selection=ALL_BELOW)
    models.parse()
    yield models


def log_in(land: Land, models: ModelWarehouse) -> None:
    """Take new sessions, where the warehouse has died with the old ones."""
    vars(land).pop("warehouse", None)
    models.loader, models.transformer, models.admin = sessions(land)


def sessions(land: Land) -> tuple[Warehouse, Warehouse, Warehouse]:
    """Open a session of the loader, the transformer and the administrator; each lasts as long as its process."""
    facts = land.services.redshift
    admin = str(facts["admin_user"]), str(facts["admin_password"])
    users = [(user, warehouse.login(user).password) for user in (bootstrap.LOADER, bootstrap.TRANSFORMER)]
    loader, transformer, administrator = (session(facts, *login) for login in (*users, admin))
    return loader, transformer, administrator


def landing(land: Land, seed: int, *, is_parallel: bool) -> Counter[str]:
    """Play the storm of a seed on a dataset of its own; judge it and count what it had."""
    schedule = events.draw(seed)
    life = Life(land, is_parallel)
    life.play(schedule)
    assert_all_is_well(life)
    return Counter(events=len(schedule), files=len(life.files), invocations=life.invocations, faults=life.faults)


def forget(land: Land) -> None:
    """Take away what storms have left, so that the next finds the world as small as this one did."""
    forget_tables(land)
    s3 = land.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=land.bucket, Prefix=""):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        names = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
        for start in range(0, len(names), 1000):
            s3.delete_objects(Bucket=land.bucket, Delete={"Objects": names[start : start + 1000], "Quiet": True})


def forget_tables(land: Land) -> None:
    """Take away what storms have left in the warehouse."""
    tables = land.rows("select schemaname, tablename from pg_tables where tablename like 'storm%'")
    names = [f'{row["schemaname"]}."{row["tablename"]}"' for row in tables]
    drops = [f"drop table {', '.join(names)}"] if names else []
    land.warehouse.transaction([*drops, "delete from ops.rejected_files"])


LAYERS: Mapping[str, Callable[[], AbstractContextManager[Play]]] = {
    "core": core,
    "sql": sql,
    "serializable": partial(sql, "serializable"),
    "services": services,
    "model": model,
    "kill": kill,
    "crash": partial(model, dies=True),
}
