"""Storms over the whole way of a row: real files land through the real function, and real dbt runs model them.

In: a seed. Out: modeled orders and items that are what an independent telling of the law says, and what a full refresh
makes of them. Amid the statements of a run another run takes place, files land, the warehouse ends the run's sessions;
what is to be built, and whether anew, is decided by the transform's own plan.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from landfall.operate.undos import undo
from tests.chaos import events
from tests.chaos.cluster import Life
from tests.chaos.files import Written
from tests.land.warehouse import Land, parquet
from tests.support.convergence import ENTITY_MODELS, modeled_items, modeled_orders
from tests.support.following import assert_as_built_anew
from tests.support.model_warehouse import ModelWarehouse, Moment
from tests.support.order_rows import flattened, item, order
from tests.support.second_builder import SecondBuilder
from tests.support.waiting import wait_for
from tests.support.warehouse_seed import NOON, Row, SeedFile
from transform_lambda.facts import read_facts
from transform_lambda.facts_sql import UNDONE_SEQ
from transform_lambda.plan import Plan, decide

RUN = ("--select", *ENTITY_MODELS)
ALL_BELOW = ("--select", "+orders", "+order_items")
READERS = {
    "order_summary": {"modeled.orders"},
    "order_flattened": {"modeled.orders", "modeled.order_items"},
    "order_items": {"modeled.order_items"},
}
ORDERS = "select order_id, order_status, updated_at, is_deleted from modeled.orders order by 1"
ITEMS = "select order_item_id, order_id, quantity, updated_at, is_deleted from modeled.order_items order by 1"
BACKENDS = "from pg_stat_activity where usename = 'landfall_transformer' and pid not in ({kept})"
MOST_STATEMENTS = 9  # that an event may choose among, of one model
MOSTLY = 0.7
TIED = 0.5  # of the files have a later line that changes the key of an earlier one at the same moment
CALM_RUNS = 12
LEDGER = frozenset({UNDONE_SEQ})  # what a ledger of this release can say


@dataclass
class Season:
    """Datasets that land and are modeled: a life each, what each file holds, and which were undone."""

    land: Land
    warehouse: ModelWarehouse
    other: SecondBuilder
    dice: random.Random
    crash: Callable[[], None] | None = None
    lives: dict[str, Life] = field(default_factory=dict)
    files: dict[str, SeedFile] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Begin with empty tables."""
        self.warehouse.empty()
        self.lives = {name: Life(self.land, is_parallel=True, dataset=name) for name in READERS}

    def pass_by(self) -> None:
        """Let a storm pass, and after it the calm; judge what is modeled."""
        steps = (self._upload, self._deliver, self._run, self._undo)
        for step in self.dice.choices(steps, (35, 25, 35, 5), k=self.dice.randint(6, 11)):
            step()
        for life in self.lives.values():
            life.calm()
            assert life.queue == life.dead == []
            assert set(life.landed) == {file.file_id for file in life.files}
        self._run_until_nothing_is_left()
        self._judge()

    def _upload(self) -> None:
        dataset = self.dice.choice(tuple(READERS))
        life = self.lives[dataset]
        rows = draw_rows(self.dice, dataset)
        written = Written(parquet(table_of(rows)), tuple(range(len(rows))), is_good=True)
        file = life.put(f"{len(self.files)}.parquet", written, [life.step] * self.dice.choice((0, 1, 1, 1, 2)))
        head = self.land.client("s3").head_object(Bucket=file.bucket, Key=file.key)
        modified_at = head["LastModified"].replace(tzinfo=None)
        self.files[file.file_id] = SeedFile(dataset, file.key, rows, modified_at, file.version_id)
        self.happened["files"] += 1

    def _deliver(self) -> None:
        for life in self.lives.values():
            life.step += 1
            fault = self.dice.choice((None, *events.Fault))
            at, times = self.dice.randint(1, events.MOST_CALLS), self.dice.choice((1, 2))
            life.deliver([events.Invocation(self.dice.randrange(3), 5, self.dice.randrange(99), fault, at, times)])

    def _undo(self) -> None:
        landed = [(life, file) for life in self.lives.values() for file in life.files if file.file_id in life.landed]
        if landed:
            life, file = self.dice.choice(landed)
            undo(self.land.warehouse, file.bucket, file.key, file.version_id)
            life.undone.add(file.file_id)
            self.happened["undone"] += 1

    def _run(self) -> None:
        """Run dbt as the plan says, or anew where an operator wants it, with something amid it, which may end it."""
        amid = self.dice.choice((None, self._upload_and_deliver, self._undo, self._run_beside, self._end_sessions))
        if self.crash and self.dice.random() < MOSTLY:
            amid = self._crash
        model = self.dice.choice(ENTITY_MODELS)
        moment = Moment.at_statement(model, self.dice.randint(1, MOST_STATEMENTS))
        if self.dice.random() < 0.3:
            moment = Moment(self.dice.choice(sorted(Moment.EVENTS)), model)
        is_anew = self.dice.random() < 0.1
        plan = self._plan()
        if not (plan.is_empty and not is_anew):
            self._build(bool(plan.rebuilt) or is_anew, moment, amid)

    def _build(self, is_anew: bool, moment: Moment | None = None, amid: Callable[[], None] | None = None) -> None:
        refresh = ("--full-refresh",) if is_anew else ()
        run = self.warehouse.dbt("run", *refresh, *RUN, during={moment: amid} if moment and amid else {})
        self.other.finish_if_running()
        self.happened["runs"] += 1
        is_disturbed = amid is not None and amid in (self._run_beside, self._end_sessions, self._crash)
        self.happened["failed runs"] += not run.success
        assert run.success or is_disturbed, run.messages

    def _upload_and_deliver(self) -> None:
        self._upload()
        self._deliver()

    def _run_beside(self) -> None:
        """Begin another run, and let it come as far as it can."""
        if self.other.is_running:
            return
        self.happened["runs beside"] += 1
        self.other.start("run", *RUN)
        waits = "select count(*) from pg_locks where not granted"
        wait_for(lambda: self.other.has_ended() or self.warehouse.admin.value(waits) > 0, "the other run", seconds=300)

    def _end_sessions(self) -> None:
        """Let the warehouse end every session of dbt."""
        self.happened["sessions ended"] += 1
        own = self.warehouse.transformer.value("select pg_backend_pid()")
        self.warehouse.admin.run(f"select pg_terminate_backend(pid) {BACKENDS.format(kept=own)}")

    def _crash(self) -> None:
        """Let the warehouse die, and start again."""
        if self.crash:
            self.happened["crashes"] += 1
            self.crash()

    def _plan(self) -> Plan:
        def query(sql: str) -> list[dict[str, object]]:
            with self.warehouse.transformer.connection.cursor() as cursor:
                cursor.execute(sql)
                names = [column[0] for column in cursor.description]
                return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

        return decide(read_facts(query, READERS, dict.fromkeys(READERS, LEDGER)).datasets, project_changed=False)

    def _run_until_nothing_is_left(self) -> None:
        for _ in range(CALM_RUNS):
            plan = self._plan()
            if plan.is_empty:
                return
            self._build(bool(plan.rebuilt))
        raise AssertionError(f"in calm weather there is always something to build: {self._plan().reasons}")

    def _judge(self) -> None:
        undone = set().union(*(life.undone for life in self.lives.values()))
        standing = [file for file_id, file in self.files.items() if file_id not in undone]
        orders = [
            (key, row["order_status"], row["updated_at"], row["op"] == "d")
            for key, row in sorted(modeled_orders(standing).items(), key=repr)
        ]
        items = [
            (key, row["order_id"], row["quantity"], row["updated_at"], row["op"] == "d")
            for key, row in sorted(modeled_items(standing).items(), key=repr)
        ]
        assert self.warehouse.transformer.rows(ORDERS) == orders
        assert self.warehouse.transformer.rows(ITEMS) == items
        assert_as_built_anew(self.warehouse, RUN, "orders", "order_items")


def draw_rows(dice: random.Random, dataset: str) -> Sequence[Row]:
    """Draw the rows of a file: few keys, few moments, so that versions meet and tie; some break a rule."""

    def at() -> datetime:
        return NOON + timedelta(hours=dice.randrange(3))

    def operation() -> str | None:
        return dice.choice((None, None, "U", "d"))

    def an_order() -> Row:
        order_id = dice.choice(("o-1", "o-2", "o-1", "o-2", None))
        return order(order_id, dice.choice(("placed", "paid", "unheard of")), at(), op=operation())

    def an_item() -> Row:
        item_id, order_id = dice.choice(("i-1", "i-2")), dice.choice(("o-1", "o-2", None))
        return item(item_id, order_id, at(), quantity=dice.choice((2, 2, 2, 0)), op=operation())

    if dataset == "order_flattened":
        return [flattened(an_order(), an_item())]
    draw = an_order if dataset == "order_summary" else an_item
    rows = [draw() for _ in range(dice.randint(1, 4))]
    if dice.random() < TIED:
        earlier = dice.choice(rows)
        rows.append(
            {
                **draw(),
                **{name: earlier[name] for name in ("order_id", "order_item_id", "updated_at") if name in earlier},
            }
        )
    return rows


def table_of(rows: Sequence[Row]) -> pa.Table:
    """Write rows as a table, in the types that the sources declare."""
    types = {datetime: pa.timestamp("us"), Decimal: pa.decimal128(18, 2), int: pa.int32()}
    columns = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        known = next((type(value) for value in values if value is not None), str)
        columns[name] = pa.array(values, types.get(known, pa.string()))
    return pa.table(columns)
