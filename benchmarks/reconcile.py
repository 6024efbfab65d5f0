"""What a night's reconcile takes where a million files have landed.

    python -m benchmarks.reconcile --files 1000000

starts a local AWS and a local Redshift of its own, writes a ledger of so many files, and lets the function compare it
with a listing of the same files that is generated (a page of a thousand each time it is asked for the next), of which
a few have not landed. It prints, for the first night, which compares all, and the next, which compares what is young
and a sixteenth of the rest: the calls of ten minutes, requests to the Data API and their statements, how many rows of
ledger and landing were read for these, seconds, and CPU seconds and peak memory of the function.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types

from benchmarks.landing import surroundings
from benchmarks.meter import SUBMITS, peak_megabytes
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.reconcile import handler
from ingest_lambda.reconcile.mark import Marks
from ingest_lambda.warehouse.client import Target
from ingest_lambda.warehouse.sessions import Warehouse
from landfall.deploy import bootstrap
from tests.land.warehouse import Land, new_dataset, target

PAGE = 1_000
LOST_EVERY = 100_000
STATEMENTS = "statements"
SECONDS_A_CALL = 600.0
BEGAN = datetime.now(UTC)
STORED = BEGAN - timedelta(days=30)


class Listing:
    """S3 as far as reconcile asks it: generated versions, all of one dataset, the oldest first."""

    def __init__(self, bucket: str, dataset: str, files: int) -> None:
        self.bucket, self.dataset, self.files = bucket, dataset, files

    def file(self, number: int) -> FileVersion:
        """Return a version of the listing."""
        return FileVersion(self.bucket, f"raw/{self.dataset}/{number:08d}.parquet", "v", "e" * 32, 1_000)

    def get_paginator(self, _: str) -> Listing:
        """Return itself, as boto3 returns a paginator."""
        return self

    def paginate(self, KeyMarker: str = "", **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803 - boto3's name
        """Yield pages of versions behind a key."""
        first = int(KeyMarker.rsplit("/", 1)[1].removesuffix(".parquet")) + 1 if KeyMarker else 0
        for start in range(first, self.files, PAGE):
            numbers = range(start, min(start + PAGE, self.files))
            yield {"Versions": [self._version(self.file(number)) for number in numbers]}

    def _version(self, file: FileVersion) -> dict[str, Any]:
        about = {"ETag": f'"{file.etag}"', "Size": file.size, "IsLatest": True, "StorageClass": "STANDARD"}
        return {"Key": file.key, "VersionId": file.version_id, "LastModified": STORED, **about}


def fill(land: Land, listing: Listing) -> None:
    """Write the ledger of the listing's files, and a row of landing for each; a few are left out."""
    land.warehouse.transaction(bootstrap.dataset_statements(listing.dataset, Contract()))
    with connect(land) as connection, connection.cursor() as cursor:
        for start in range(0, listing.files, 100_000):
            ledger, landing = io.StringIO(), io.StringIO()
            for number in range(start, min(start + 100_000, listing.files)):
                if number % LOST_EVERY != LOST_EVERY // 2:
                    file = listing.file(number)
                    stored = f"{STORED:%Y-%m-%d %H:%M:%S}"
                    seq = number // 1_000 + 1
                    ledger.write(f"{file.file_id}\t{file.bucket}\t{file.key}\tv\t1\t{seq}\t{stored}\n")
                    landing.write(f"{file.file_id}\t{seq}\n")
            ledger.seek(0)
            landing.seek(0)
            columns = "file_id, bucket, key, version_id, row_count, load_seq, loaded_at"
            cursor.copy_expert(f'copy ledger."{listing.dataset}" ({columns}) from stdin', ledger)
            cursor.copy_expert(f'copy landing."{listing.dataset}" (_file_id, _load_seq) from stdin', landing)
        cursor.execute(f'analyze ledger."{listing.dataset}"')
        cursor.execute(f'analyze landing."{listing.dataset}"')


def connect(land: Land) -> Any:
    """Connect to the PostgreSQL behind the local Redshift, as its administrator."""
    facts = land.services.redshift
    return psycopg2.connect(
        host=facts["host"],
        port=facts["postgres_port"],
        user=facts["admin_user"],
        password=facts["admin_password"],
        dbname=facts["database"],
    )


def rows_read(land: Land, dataset: str) -> int:
    """Say how many rows of a dataset's ledger and landing table PostgreSQL has read until now, without an index."""
    with connect(land) as connection, connection.cursor() as cursor:
        cursor.execute("select sum(seq_tup_read) from pg_stat_user_tables where relname = %s", (dataset,))
        return int(cursor.fetchone()[0])


def night(land: Land, listing: Any, queue_url: str, marks: Marks, day: int) -> dict[str, Any]:
    """Run a night's calls to their end."""
    asked: Counter[str] = Counter()
    client = land.services.client("redshift-data")
    client.meta.events.register("before-call.redshift-data", lambda model, **_: asked.update([model.name]))
    client.meta.events.register("provide-client-params.redshift-data", partial(_count_statements, asked))
    where: Target = target(land.settings)
    settings = handler.Settings(
        land.bucket,
        "benchmark",
        queue_url,
        land.settings.failure_topic_arn,
        where,
        land.settings.lease_table,
        None,
        400,
        "",
    )
    clients = handler.Clients(listing, land.client("sqs"), land.client("sns"))
    read = rows_read(land, listing.dataset)
    wall, cpu, calls, sent, mismatches, listed = time.monotonic(), time.process_time(), 0, 0, 0, 0
    is_complete = False
    while not is_complete:
        left = partial(_left, time.monotonic() + SECONDS_A_CALL)
        result = handler.run(settings, clients, Warehouse(client, where), left, BEGAN + timedelta(days=day), marks)
        calls, is_complete = calls + 1, result.complete
        sent, listed, mismatches = sent + result.sent, listed + result.listed, mismatches + len(result.mismatches)
    cpu_seconds = time.process_time() - cpu
    statements = asked.pop(STATEMENTS, 0)
    return {
        "calls": calls,
        "listed": listed,
        "sent": sent,
        "mismatches": mismatches,
        "data_api_calls": asked.total(),
        "statements": statements,
        "rows_read": rows_read(land, listing.dataset) - read,
        "wall_seconds": round(time.monotonic() - wall, 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "peak_megabytes": peak_megabytes(),
    }


def _count_statements(asked: Counter[str], params: dict[str, Any], model: Any, **_: Any) -> None:
    if model.name in SUBMITS:
        asked[STATEMENTS] += len(params.get("Sqls") or [params["Sql"]])


def _left(ends_at: float) -> float:
    return ends_at - time.monotonic()


def main() -> None:
    """Measure, and print JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.reconcile", description=__doc__)
    parser.add_argument("--files", type=int, default=1_000_000)
    options = parser.parse_args()
    with surroundings() as land:
        listing = Listing(land.bucket, new_dataset("reconcile"), options.files)
        fill(land, listing)
        queue_url = land.client("sqs").create_queue(QueueName=new_dataset("reconcile"))["QueueUrl"]
        marks = Marks(land.client("dynamodb"), land.settings.lease_table)
        nights = {name: night(land, listing, queue_url, marks, day) for day, name in enumerate(("first", "next"))}
    print(json.dumps({"files": options.files, **nights}, indent=2))


if __name__ == "__main__":
    main()
