"""What a build of the models takes when a batch has landed, and how that depends on the history before it.

    python -m benchmarks.incremental --history 20 200

starts a local Redshift of its own. For each length of history it lands as many loads of orders and their items, builds
everything, and then, time after time, lands one more batch of the same size (half new orders, half changed ones) and
builds again. Printed is the median of those builds: what the orders' models up to the UPSERT take with their gates, and
what the marts take, which are rebuilt.
"""

# ruff: noqa: S608 - the benchmark's own statements

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types

from benchmarks.landing import Measured, as_table
from benchmarks.processes import cpu_seconds_of_tree
from local.home import Home
from local.services import redshift_facts
from tests.support import run_folder
from tests.support.model_warehouse import ModelWarehouse, model_warehouse

ORDERS_A_LOAD = 1_000
ITEMS_AN_ORDER = 3
TO_UPSERT = ("--select", "+orders", "+order_items")
MARTS = ("--select", "marts.orders")
EVERYTHING = ("--select", "+marts.orders")

ORDERS = """
insert into landing.order_summary (
    order_id, customer_id, order_status, currency, shipping_country, item_count, order_total, ordered_at, updated_at,
    _file_id, _source_file, _file_modified_at, _load_id, _load_seq, _loaded_at
)
select
    'order-' || n, 'customer-' || n % 5000, 'placed', 'EUR', 'DE', {items}, {items} * 10.00,
    timestamp '2025-11-01' + n * interval '1 second', timestamp '2025-11-01' + {version} * interval '1 minute',
    md5('order_summary' || load), 's3://landfall-benchmark/raw/order_summary/' || load || '.parquet',
    timestamp '2025-11-20', 'load-' || load, load, getdate()
from (select n, {load} as load from generate_series({first}, {last}) as n) as numbers
"""
ITEMS = """
insert into landing.order_items (
    order_item_id, order_id, product_id, quantity, unit_price, discount_amount, line_total, updated_at,
    _file_id, _source_file, _file_modified_at, _load_id, _load_seq, _loaded_at
)
select
    'item-' || n || '-' || position, 'order-' || n, 'product-' || n % 100, 2, 5.00, 0.00, 10.00,
    timestamp '2025-11-01' + {version} * interval '1 minute',
    md5('order_items' || load), 's3://landfall-benchmark/raw/order_items/' || load || '.parquet',
    timestamp '2025-11-20', 'load-' || load, load, getdate()
from (select n, {load} as load from generate_series({first}, {last}) as n) as numbers
cross join generate_series(1, {items}) as position
"""
LEDGER = """
insert into ledger.{dataset} (file_id, bucket, "key", version_id, row_count, load_id, load_seq, loaded_at)
select
    _file_id, 'landfall-benchmark', max(_source_file), '1', count(*), max(_load_id), max(_load_seq), max(_loaded_at)
from landing.{dataset} where _load_seq > {after} group by _file_id
"""


@dataclass
class History:
    """Lands batches behind the front's back: PostgreSQL makes the rows, which nobody measures."""

    warehouse: ModelWarehouse
    port: int
    user: str
    password: str
    database: str
    loads: int = 0
    orders: int = 0

    def begin(self, loads: int) -> None:
        """Land so many loads of new orders."""
        self.loads, self.orders = loads, loads * ORDERS_A_LOAD
        self._land(f"(n - 1) / {ORDERS_A_LOAD} + 1", [(1, self.orders)], 0)

    def add(self) -> None:
        """Land one more load: half of it new orders, half changes of the oldest."""
        self.loads += 1
        half = ORDERS_A_LOAD // 2
        self._land(str(self.loads), [(self.orders + 1, self.orders + half), (1, half)], self.loads - 1)
        self.orders += half

    def _land(self, load: str, ranges: list[tuple[int, int]], after: int) -> None:
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user=self.user, password=self.password, dbname=self.database
        )
        with connection, connection.cursor() as cursor:
            for first, last in ranges:
                values = {"load": load, "first": first, "last": last, "items": ITEMS_AN_ORDER, "version": self.loads}
                cursor.execute(ORDERS.format(**values))
                cursor.execute(ITEMS.format(**values))
            for dataset in ("order_summary", "order_items"):
                cursor.execute(LEDGER.format(dataset=dataset, after=after))
                cursor.execute(f"update lock.{dataset} set load_seq = {self.loads}")
            for dataset in ("order_summary", "order_items"):
                cursor.execute(f"analyze landing.{dataset}")
        connection.close()


def measure(history: History, postgres: int, loads: int, builds: int) -> Measured:
    """Build a history, then batch after batch; return the medians of one batch."""
    warehouse = history.warehouse
    warehouse.reset()
    history.begin(loads)
    first = timed(postgres, lambda: warehouse.build_green(*EVERYTHING))
    upserts, marts = [], []
    for _ in range(builds):
        history.add()
        upserts.append(timed(postgres, lambda: warehouse.build_green(*TO_UPSERT)))
        marts.append(timed(postgres, lambda: warehouse.build_green(*MARTS)))
    modeled = warehouse.transformer.value("select count(*) from modeled.orders")
    if modeled != history.orders:
        raise RuntimeError(f"{modeled} orders modeled, expected {history.orders}")
    return {
        "orders": history.orders,
        "first_build_seconds": first[0],
        "upsert_seconds": statistics.median(wall for wall, _, _ in upserts),
        "upsert_client_cpu": statistics.median(client for _, client, _ in upserts),
        "upsert_database_cpu": statistics.median(database for _, _, database in upserts),
        "marts_seconds": statistics.median(wall for wall, _, _ in marts),
        "marts_database_cpu": statistics.median(database for _, _, database in marts),
    }


def timed(postgres: int, work: Callable[[], object]) -> tuple[float, float, float]:
    """Return (wall, this process's CPU, the database's CPU), in seconds."""
    wall, client, database = time.monotonic(), time.process_time(), cpu_seconds_of_tree(postgres)
    work()
    ends = (time.monotonic() - wall, time.process_time() - client, cpu_seconds_of_tree(postgres) - database)
    return (round(ends[0], 2), round(ends[1], 2), round(ends[2], 2))


@contextmanager
def histories() -> Iterator[Callable[[int, int], Measured]]:
    """Start a local Redshift; yield what measures a history of so many loads by so many builds."""
    run_folder.begin()
    try:
        with model_warehouse() as warehouse:
            [home] = run_folder.folder().glob("model-*")
            facts = redshift_facts(Home(home))
            login = str(facts["admin_user"]), str(facts["admin_password"]), str(facts["database"])
            history = History(warehouse, int(str(facts["postgres_port"])), *login)
            postgres = int(str(facts["postgres_pid"]))
            yield lambda loads, builds: measure(history, postgres, loads, builds)
    finally:
        run_folder.end(run_folder.folder())


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--history", type=int, nargs="+", default=[20, 200], help="loads of 1,000 orders")
    parser.add_argument("--builds", type=int, default=3)
    options = parser.parse_args()
    with histories() as measured:
        print(as_table({f"{loads} loads": measured(loads, options.builds) for loads in options.history}))


if __name__ == "__main__":
    main()
