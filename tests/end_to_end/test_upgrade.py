"""Taking over a deployment of the release before: nothing is refused, rebuilt or changed unannounced; it rolls back."""

# ruff: noqa: S608 - the tests' own names

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from pyarrow import parquet as pq

from benchmarks.checkouts import checked_out, copy_checkout
from landfall.demo import domains, sample
from landfall.demo.sample import ITEM_FACTS, ITEM_KEY, ORDER_FACTS, ORDER_KEY, Rows, Wave
from landfall.operate import pausing, uploads
from landfall.operate.uploads import Plan, Upload
from landfall.stack import Stack
from local import faces, stack
from local.home import Home
from scripts import claim_generator, claim_rows, fx_generator, fx_rows
from scripts.generator_files import Naming
from scripts.order_rows import Plan as Orders
from tests.support import run_folder
from tests.support.lambdas import unique
from tests.support.local_stack import NO_SCHEDULES
from tests.support.releases import Release, is_known
from tests.support.waiting import wait_for

# Schedules that have a group of their own now, and had none in the release before.
GROUPED = ("sweep", "freshness")
# The commit before landing learned of folders, partition columns and what writers put into parquet.
BEFORE = "77efbb7e1d42a724e7178954672b3857430218ca"
ORDERS = 120
# A dataset of one's own, whose files stand in subfolders and hive parts.
OWN = "legacy_sales"
CLAIMS = 60


@dataclass(frozen=True)
class Entity:
    """A modeled table of the other domains: its key, and the facts of it that the files can be compared with."""

    key: tuple[str, ...]
    facts: tuple[str, ...]


ENTITIES = {
    "fx_rates": Entity(("as_of_date", "ccy"), ("rate_to_usd", "updated_at")),
    "claims": Entity(("claim_id",), ("provider_id", "claim_status", "billed_amount", "paid_amount", "updated_at")),
    "providers": Entity(("provider_id",), ("npi", "specialty", "is_in_network", "updated_at")),
}
UPSERTED = ("orders", "order_items", "customers", "products", *ENTITIES, "patients", OWN)
SECOND = 1.1  # S3 dates versions by the second
SAID_AGAIN = "order_flattened"
KEYS = [f"same-moment-{number}" for number in range(8)]
LAST_COUNTRY = "IT"

pytestmark = [
    pytest.mark.xdist_group("upgrade"),
    pytest.mark.skipif(not is_known(BEFORE), reason=f"a shallow clone, without {BEFORE}"),
]


Facts = dict[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Others:
    """Files of rates and claims by dataset, and the rows that they hold."""

    files: dict[str, Path]
    tables: dict[str, list[pa.Table]]


def spelt(row: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """Spell values alike, whether files or the Data API have told them.

    >>> spelt({"at": datetime(2025, 11, 13, 12, 0, 0), "by": None}, ("at", "by"))
    ('2025-11-13 12:00:00', 'None')
    """
    return tuple(str(row[name])[:19] for name in names)


@dataclass(frozen=True)
class Deployment:
    """One local stack, whichever release is deployed on it, and files to send."""

    home: Home
    folder: Path

    @property
    def stack(self) -> Stack:
        """The stack as its outputs are now."""
        os.environ.update(faces.environment(self.home))
        boto3.setup_default_session()
        return Stack.from_environment()

    def wave(self, number: int) -> Wave:
        """Generate the orders of a wave: the first is all of them, later ones change a third."""
        share = 0.33 if number > 1 else 0.0
        return sample.make_wave(Orders(ORDERS, wave=number, update_share=share), self.folder, number)

    def others(self, number: int) -> Others:
        """Generate the rates and claims of a wave; the first rates are CSV, which a producer may change."""
        rates = fx_rows.Plan(domains.RATE_DAYS, domains.FIRST_RATE, domains.CURRENCIES, wave=number, update_share=0.33)
        claims = claim_rows.Plan(CLAIMS, wave=number, update_share=0.33)
        naming = Naming(self.folder / "others", sequence=number)
        written = [
            *fx_generator.generate(rates, naming, "csv" if number == 1 else "parquet"),
            *claim_generator.generate(claims, naming, "parquet"),
        ]
        tables = {
            "fx_rates": [*fx_rows.rate_batches(rates)],
            "claims": [*claim_rows.claim_batches(claims)],
            "providers": [*claim_rows.provider_batches(claims)],
        }
        return Others({each.dataset: each.path for each in written if each.rows}, tables)

    def send(self, path: Path, key: str) -> Upload:
        """Upload a file under a key and wait until landing has decided on it."""
        [upload] = self.send_together({key: path})
        return upload

    def send_together(self, files: Mapping[str, Path]) -> list[Upload]:
        """Upload files under keys, and wait until landing has decided on all of them.

        The rows of SAID_AGAIN are those of two other files of the wave, and have a second of their own: of changes of
        one moment in files of one second the release before says otherwise which is the newer one.
        """
        stack, sent = self.stack, []
        for key, path in files.items():
            dataset = key.split("/")[1]
            if dataset == SAID_AGAIN:
                time.sleep(SECOND)
            sent.append(uploads.put(stack, Plan(path, key, dataset)))
        return uploads.wait(stack, sent, 120)

    def send_rows(self, key: str, **columns: Any) -> Upload:
        """Upload a table under a key."""
        path = self.folder / unique("rows.parquet")
        pq.write_table(pa.table(columns), path)
        return self.send(path, key)

    def send_changes_of_one_moment(self) -> None:
        """Upload three changes of each key, all of one moment: the last one in the file is what the source has."""
        countries, at = ("DE", "FR", LAST_COUNTRY), datetime(2025, 11, 13, 12, tzinfo=UTC)
        rows = [
            {"customer_id": key, "customer_name": "Ada", "email": "ada@example.com", "country": country, "op": "U"}
            for country in countries
            for key in KEYS
        ]
        table = pa.Table.from_pylist([{**row, "created_at": at, "updated_at": at} for row in rows])
        columns = {name: table.column(name) for name in table.column_names}
        assert self.send_rows("raw/customers/2025/11/13/changes.parquet", **columns).outcome == "landed"

    def schedules(self) -> set[tuple[bool, ...]]:
        """Tell where schedules are, of each: in a group of its own, and in the default one under its old name."""
        client = self.stack.scheduler

        def is_there(place: dict[str, str]) -> bool:
            try:
                return client.get_schedule(**place)["State"] == "ENABLED"
            except client.exceptions.ResourceNotFoundException:
                return False

        return {tuple(is_there(place) for place in pausing.places("local", name)) for name in GROUPED}

    def has_all_positions(self) -> bool:
        """Tell whether every customer landed with its position in its file."""
        [row] = self.query("select count(*) as row_count, count(_row_number) as placed from landing.customers")
        return int(row["row_count"]) == int(row["placed"]) != 0

    def own_rows(self) -> list[tuple[int, float]]:
        """Read what is modeled of the dataset of one's own."""
        rows = self.query(f"select id, amount from modeled.{OWN} order by id")
        return [(int(row["id"]), float(row["amount"])) for row in rows]

    def countries(self) -> list[str]:
        """Read the modeled countries of those keys."""
        sql = "select country from modeled.customers where customer_id like 'same-moment-%' order by customer_id"
        return [str(row["country"]) for row in self.query(sql)]

    def send_wave(self, wave: Wave, others: Others) -> None:
        """Upload the files of a wave of every domain, in folders of the day, as producers do."""
        files = {**wave.files, **others.files}
        keys = {f"raw/{dataset}/2025/11/13/{path.name}": path for dataset, path in files.items()}
        for upload in self.send_together(keys):
            assert upload.outcome == "landed", upload

    def query(self, sql: str, user: str = "TransformerSecretArn") -> list[dict[str, Any]]:
        """Ask the warehouse."""
        return self.stack.warehouse_as(user).query(sql)

    def columns_of(self, dataset: str) -> list[str]:
        """Name the columns of a landing table, metadata excluded."""
        sql = f"select column_name from svv_columns where table_schema = 'landing' and table_name = '{dataset}'"
        return sorted(row["column_name"] for row in self.query(sql) if not row["column_name"].startswith("_"))

    def modeled(self, entity: str) -> list[str]:
        """Read a modeled table, a text a row; without digests of amounts: those of FLOATs were once of their texts."""
        rows = self.query(f"select * from modeled.{entity}")
        left_out = {"_row_digest"} if entity == OWN else set()
        return sorted(repr(sorted((name, row[name]) for name in row.keys() - left_out)) for row in rows)

    def tables(self) -> dict[str, int]:
        """Name the UPSERTed tables as the database knows them: one that is made anew has another number."""
        rows = self.query(
            "select c.relname as name, c.oid as number from pg_class as c inner join pg_namespace as n "
            "on n.oid = c.relnamespace where n.nspname = 'modeled'"
        )
        return {row["name"]: int(row["number"]) for row in rows if row["name"] in UPSERTED}

    def facts(self, name: str) -> Facts:
        """Read the facts of a modeled table of the other domains."""
        entity = ENTITIES[name]
        found = self.query(f"select {', '.join((*entity.key, *entity.facts))} from modeled.{name}")
        return {spelt(row, entity.key): spelt(row, entity.facts) for row in found}

    def masks(self) -> dict[str, str]:
        """Read the masked patient of each claim, and of each patient, both of which stay what they are."""
        claims = self.query("select claim_id, patient_key from modeled.claims")
        patients = self.query("select patient_id, patient_key from restricted.patient_identities")
        return {row.get("claim_id") or row["patient_id"]: row["patient_key"] for row in (*claims, *patients)}

    def rows(self, entity: str, key: str, facts: tuple[str, ...]) -> Rows:
        """Read the facts of a modeled table that the sample files can be compared with."""
        found = self.query(f"select {', '.join((key, *facts))} from modeled.{entity}")
        return {
            row[key]: tuple(str(row[fact])[:19] if fact.endswith("_at") else row[fact] for fact in facts)
            for row in found
        }


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    home = Home(run_folder.folder() / unique("upgrade"))
    with mock.patch.dict(os.environ):
        yield Deployment(home, tmp_path)
    stack.reset(home, print)
    boto3.setup_default_session()


def transform(release: Release, *arguments: str) -> None:
    """Model what has landed, and wait for it."""
    outcome = release.landfall("transform", "--wait", *arguments)["outcome"]
    assert outcome == "succeeded"


def expect_newest(deployment: Deployment, waves: list[Wave], others: list[Others]) -> None:
    orders = sample.newest([wave.table("order_summary") for wave in waves], ORDER_KEY, ORDER_FACTS)
    items = sample.newest([wave.table("order_items") for wave in waves], ITEM_KEY, ITEM_FACTS)

    assert deployment.rows("orders", ORDER_KEY, ORDER_FACTS) == orders
    assert deployment.rows("order_items", ITEM_KEY, ITEM_FACTS) == items
    for name, entity in ENTITIES.items():
        sent = [row for each in others for table in each.tables[name] for row in table.to_pylist()]
        rows = sorted(sent, key=lambda row: row["updated_at"])
        assert deployment.facts(name) == {spelt(row, entity.key): spelt(row, entity.facts) for row in rows}, name


def test_a_deployment_is_taken_over_in_place_and_rolls_back(deployment: Deployment, tmp_path: Path) -> None:
    now = tmp_path / "now"
    copy_checkout(now)
    with checked_out(BEFORE, tmp_path) as before:
        # The warehouse is not what is upgraded, and the local one opens no data of another version of itself.
        shutil.rmtree(before / "local" / "redshift")
        shutil.copytree(now / "local" / "redshift", before / "local" / "redshift")
        has_schedules(before)
        releases = Release(before, deployment.home), Release(now, deployment.home)
        model_own_dataset(*releases, tmp_path / "own.parquet")
        take_over_and_roll_back(deployment, *releases)


def has_schedules(before: Path) -> None:
    """Let the release before have the schedules on this machine that it has on AWS, where they never begin."""
    file = before / "infra" / "cloudformation" / "parameters" / "local.json"
    text = file.read_text(encoding="utf-8")
    for name in ("SweepSchedule", "FreshnessSchedule"):
        assert f'"{name}": ""' in text
        text = text.replace(f'"{name}": ""', f'"{name}": "{NO_SCHEDULES[name]}"')
    file.write_text(text, encoding="utf-8")


def model_own_dataset(before: Release, now: Release, file: Path) -> None:
    """Let the release before write the models of a dataset of one's own, and bring them along, as a merge does."""
    pq.write_table(pa.table({"id": [1], "amount": [1.5]}), file)
    said = ["--from", str(file), "--key", "id", "--project", str(before.root)]
    for path in before.landfall("new-dataset", OWN, *said)["files"]:
        (now.root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(before.root / path, now.root / path)


def take_over_and_roll_back(deployment: Deployment, before: Release, now: Release) -> None:
    waves = [deployment.wave(number) for number in (1, 2, 3)]
    others = [deployment.others(number) for number in (1, 2, 3)]
    assert all({"fx_rates", "claims"} <= each.files.keys() for each in others)

    before.up()
    assert deployment.schedules() == {(False, True)}
    deployment.send_wave(waves[0], others[0])
    legacy = deployment.send_rows(f"raw/{OWN}/eu/berlin/year=2025/1.parquet", id=[1, 2], amount=[1.5, 2.5])
    assert legacy.outcome == "landed"
    deployment.send_changes_of_one_moment()
    transform(before)
    expect_newest(deployment, waves[:1], others[:1])
    assert deployment.own_rows() == [(1, 1.5), (2, 2.5)]
    countries = deployment.countries()  # whichever a hash has put last
    masks = deployment.masks()
    assert len(masks) > CLAIMS
    tables, columns = deployment.tables(), deployment.columns_of(OWN)
    assert tables.keys() == set(UPSERTED)

    now.landfall(
        "local", "down"
    )  # local AWS is of the release that starts it, and says since then when its state is written
    now.up()
    assert deployment.schedules() == {(True, False)}
    deployment.send_wave(waves[1], others[1])
    more = deployment.send_rows(f"raw/{OWN}/eu/paris/year=2026/2.parquet", id=[1, 3], amount=[9.5, 3.5])
    assert more.outcome == "landed", more  # a folder that is ambiguous now, of a dataset that has always had them
    assert deployment.columns_of(OWN) == columns  # no column comes of a path because of an upgrade
    refused = deployment.send_rows("raw/shop/eu/1.parquet", id=[1])  # of a dataset that is new it is told what to do
    assert (refused.outcome, refused.verdict is None) == ("rejected", False), refused
    assert 'prefixes: ["raw/shop/eu/"]' in str(refused.verdict)
    transform(now)
    expect_newest(deployment, waves[:2], others[:2])
    assert deployment.masks() == masks
    assert deployment.own_rows() == [(1, 9.5), (2, 2.5), (3, 3.5)]
    assert deployment.countries() == countries
    now.landfall("replay", "--without-positions", "--dataset", "customers")
    wait_for(deployment.has_all_positions, "the files to land anew", 120)
    transform(now)
    assert deployment.countries() == [LAST_COUNTRY] * len(KEYS)
    assert deployment.tables() == tables  # nothing was made anew that nobody asked for

    incremental = {entity: deployment.modeled(entity) for entity in UPSERTED}
    transform(now, "--full-refresh")
    assert {entity: deployment.modeled(entity) for entity in UPSERTED} == incremental

    before.up()
    assert deployment.schedules() == {(False, True)}
    deployment.send_wave(waves[2], others[2])
    again = deployment.send_rows(f"raw/{OWN}/eu/berlin/year=2026/3.parquet", id=[4], amount=[4.5])
    assert again.outcome == "landed"
    transform(before, "--full-refresh")  # as docs/decisions/0003 says: its dbt refuses columns that it does not know
    expect_newest(deployment, waves, others)
    assert deployment.masks() == masks
    assert deployment.own_rows() == [(1, 9.5), (2, 2.5), (3, 3.5), (4, 4.5)]
