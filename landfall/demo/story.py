"""OPERATE, demo: the story. In: a stack. Out: two waves of orders, step by step, each held to its expectation."""

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from landfall.commands.transform import show_run
from landfall.demo import sample
from landfall.demo.domains import OtherDomains
from landfall.demo.inbox import Inbox, Notification, subscribed
from landfall.demo.narrator import Narrator
from landfall.demo.pipeline import Pipeline
from landfall.demo.sample import ITEM_FACTS, ITEM_KEY, ORDER_FACTS, ORDER_KEY, Wave
from landfall.operate import docs, pages, undos, uploads
from landfall.operate.transforms import Run, gates_in_words
from landfall.operate.uploads import Upload
from scripts.order_rows import Plan

if TYPE_CHECKING:
    from landfall.stack import Stack

# Order numbers come from the clock, so that every demonstration has orders of its own.
EPOCH = 1_760_000_000
NUMBERS_A_SECOND = 1_000
FEW_BAD, FEW_OF = 5, 200  # 2.5 % of the file: quarantined, and the rest goes on
MANY_BAD, MANY_OF = 60, 150  # 40 % of the file: the gate stops the batch
MOST_ORDERS = 5_000
NUMBERS = MOST_ORDERS + 2_000  # the range that is this demonstration's own: seven seconds' worth


@dataclass
class Story:
    """The demonstration under way: what has been sent so far, and who watches."""

    narrator: Narrator
    pipeline: Pipeline
    inbox: Inbox
    folder: Path
    first_order: int
    orders: int
    order_tables: list[pa.Table] = field(default_factory=list)
    item_tables: list[pa.Table] = field(default_factory=list)
    to_undo: list[str] = field(default_factory=list)

    def tell(self) -> None:
        """Tell it all."""
        first = self.first_wave()
        updates = self.updates()
        self.no_effect(first, updates)
        self.corrupt(first)
        self.broken_rows()
        self.failing_gate()
        self.other_domains()
        self.what_to_look_at()

    def first_wave(self) -> Wave:
        """New orders: landed by event, modeled behind gates, announced."""
        self.narrator.begin("New orders land by event and are modeled behind gates")
        self.narrator.command(f"python -m scripts.order_generator --orders {self.orders} --format json --out ...")
        self.narrator.command("python -m scripts.json_to_parquet .../orders_20251113_001.json --out ...")
        self.narrator.command("landfall upload ... --wait")
        wave = self._make(Plan(self.orders, first_order=self.first_order), 1)
        self.order_tables.append(wave.table("order_summary"))
        self.item_tables.append(wave.table("order_items"))
        run = self._land_and_model(wave, list(wave.files))
        modeled = self._expect_modeled(run)
        self.narrator.sum_up(f"{len(wave.files)} files landed", *modeled)
        return wave

    def updates(self) -> Wave:
        """Updates of the same orders: the UPSERT."""
        self.narrator.begin("A third of the orders changed: UPSERT")
        plan = Plan(self.orders, first_order=self.first_order, wave=2, update_share=0.33)
        wave = self._make(plan, 2)
        self.order_tables.append(wave.table("order_summary"))
        self.item_tables.append(wave.table("order_items"))
        run = self._land_and_model(wave, ["order_summary", "order_items"])
        facts = self._expect_modeled(run)
        changed = wave.rows("order_summary")
        modeled = self.pipeline.modeled("orders", ORDER_KEY, ORDER_FACTS)
        newest = sample.newest([wave.table("order_summary")], ORDER_KEY, ORDER_FACTS)
        taken = sum(modeled.get(name) == row for name, row in newest.items())
        self.narrator.expect("orders that now read as their update", taken, changed)
        self.narrator.sum_up(f"{changed:,} orders updated in place", *facts)
        return wave

    def no_effect(self, first: Wave, updates: Wave) -> None:
        """The same event again, and an older file after a newer one."""
        self.narrator.begin("Redelivered and out of order: no effect")
        uploaded = self._uploaded[updates.files["order_summary"]]
        file_id = uploads.file_id(self.pipeline.stack, uploaded)
        with self.narrator.busy("S3's event for the update is sent to the queue again"):
            size = uploaded.plan.path.stat().st_size
            bucket = self.pipeline.stack.bucket
            self.pipeline.redeliver(sample.notification(bucket, uploaded.plan.key, uploaded.version_id, size))
        found = self.pipeline.landed_rows(file_id, "order_summary")
        self.narrator.expect("rows of the redelivered file in landing", found, updates.rows("order_summary"))
        late = self.folder / "order_summary_20251101_901.parquet"
        late.write_bytes(first.files["order_summary"].read_bytes())
        run = self._land_and_model(replace(first, files={"order_summary": late}), ["order_summary"])
        self.narrator.say("the older file landed after the newer one; every order keeps its newest state:")
        self.narrator.sum_up(
            "the second event landed nothing", "the late file changed no order", *self._expect_modeled(run)
        )

    def corrupt(self, first: Wave) -> None:
        """Half a parquet file: rejected, told, not landed."""
        self.narrator.begin("A corrupt file: rejected with a verdict")
        broken = sample.corrupt_file(self.folder, first.files["order_summary"])
        with self.narrator.busy("half a file is uploaded"):
            (upload,) = self.pipeline.upload([self._plan("order_summary", broken)])
        self.narrator.expect("outcome", upload.outcome, "rejected")
        verdict = self.pipeline.verdict(upload).verdict or {}
        self.narrator.expect("the verdict names the file", verdict.get("file"), self.pipeline.uri(upload))
        self.narrator.expect("the verdict has a remedy", bool(verdict.get("remedy")), True, str(verdict.get("remedy")))
        landed = self.pipeline.landed_rows(uploads.file_id(self.pipeline.stack, upload), "order_summary")
        self.narrator.expect("its rows in landing", landed, 0)
        self._expect_told("failure", "FailureTopicArn", stage="land")
        self.narrator.sum_up(f"rejected ({upload.reason})", "the failure topic told")

    def broken_rows(self) -> None:
        """A few rows that break rules: quarantined with reasons, the good ones go on."""
        self.narrator.begin(f"{FEW_BAD} of {FEW_OF} rows break a rule: quarantined, the others go on")
        wave = self._make(Plan(FEW_OF, first_order=self.first_order + MOST_ORDERS, bad_rows=FEW_BAD), 3)
        self.order_tables.append(sample.good_orders(wave))
        run = self._land_and_model(wave, ["order_summary"])
        facts = self._expect_modeled(run)
        upload = self._uploaded[wave.files["order_summary"]]
        reasons = self.pipeline.quarantined(self.pipeline.uri(upload))
        self.narrator.expect("rows in quarantine", len(reasons), FEW_BAD)
        found = Counter(reason for reason in sample.expected_reasons(FEW_BAD) for row in reasons if reason in row)
        expected = sample.expected_reasons(FEW_BAD)
        self.narrator.expect("each with its reason", dict(found), expected, ", ".join(expected))
        self.narrator.sum_up(f"{FEW_BAD} rows quarantined with reasons", *facts)

    def failing_gate(self) -> None:
        """A batch that a gate stops; undoing the file which it names lets the next run pass."""
        self.narrator.begin(f"{MANY_BAD} of {MANY_OF} rows break a rule: the gate stops the batch")
        wave = self._make(Plan(MANY_OF, first_order=self.first_order + MOST_ORDERS + 1_000, bad_rows=MANY_BAD), 4)
        before = self.pipeline.modeled("orders", ORDER_KEY, ORDER_FACTS)
        run = self._land_and_model(wave, ["order_summary"])
        uri = self.pipeline.uri(self._uploaded[wave.files["order_summary"]])
        self.to_undo.append(uri)
        self.narrator.expect("outcome of the run", run.outcome, "gate_failed")
        self.narrator.expect("the UPSERT of orders", _status(run, "orders"), "skipped")
        after = self.pipeline.modeled("orders", ORDER_KEY, ORDER_FACTS)
        self.narrator.expect("modeled orders are unchanged", after == before, True, f"{len(after):,} rows as before")
        named = sorted({file for failing in run.failing for file in failing.get("files") or ()})
        self.narrator.expect("the gate names the file", named, [uri], ", ".join(named))
        self._expect_told("failure", "FailureTopicArn", stage="gate")
        self.narrator.sum_up("UPSERT skipped, modeled orders unchanged", "the failure topic told")

        self.narrator.begin("`landfall undo` of the file which the gate named; the next run passes")
        self.narrator.command(f"landfall undo {uri}")
        stack = self.pipeline.stack
        done = undos.undo(stack.warehouse, *undos.locate(uri, stack.bucket))
        self.to_undo.remove(uri)
        self.narrator.expect("rows that left landing", done.rows, MANY_OF)
        self.narrator.command("landfall transform --wait")
        with self.narrator.busy("the transform is running"):
            run = self.pipeline.transform()
        self.narrator.sum_up(f"{done.rows:,} rows left landing", *self._expect_modeled(run))

    def other_domains(self) -> None:
        """Exchange rates and claims."""
        newest = sample.newest(self.order_tables, ORDER_KEY, ("currency", "ordered_at", "order_total", "updated_at"))
        orders = {name: (row[0], date.fromisoformat(row[1][:10]), Decimal(row[2])) for name, row in newest.items()}
        OtherDomains(self.narrator, self.pipeline, self.folder, self.first_order).tell(orders)

    def what_to_look_at(self) -> None:
        """The operator's page, which the last run has published, and the documentation, with the lineage."""
        stack = self.pipeline.stack
        self.narrator.begin("The operator's page, and the lineage from landed dataset to exposure")
        self.narrator.expect(
            "the last run has published the page", pages.is_published(stack), True, pages.published(stack)
        )
        with self.narrator.busy("the page is made"):
            page, _ = pages.write(stack, pages.FOLDER, pages.DAYS)
        self.narrator.expect("the page is written", page.exists(), True, page.as_uri())
        with self.narrator.busy("dbt is writing its documentation"):
            documentation = docs.generate()
        self.narrator.expect("dbt docs are written", documentation.exists(), True, documentation.as_uri())
        self.narrator.sum_up("two pages, no server needed")

    def undo_leftovers(self) -> None:
        """Take out what a story that broke off would leave in the way of the next one."""
        stack = self.pipeline.stack
        for uri in self.to_undo:
            undos.undo(stack.warehouse, *undos.locate(uri, stack.bucket))

    _uploaded: dict[Path, Upload] = field(default_factory=dict)

    def _make(self, plan: Plan, sequence: int) -> Wave:
        with self.narrator.busy("orders are generated and flattened to parquet"):
            return sample.make_wave(plan, self.folder, sequence)

    def _plan(self, dataset: str, path: Path) -> uploads.Plan:
        return uploads.Plan(path, self.pipeline.key(dataset, path), dataset)

    def _land_and_model(self, wave: Wave, datasets: list[str]) -> Run:
        """Upload, see each file land, and follow the run that its event started."""
        before = self.pipeline.quiet()
        plans = [self._plan(dataset, wave.files[dataset]) for dataset in datasets]
        with self.narrator.busy("files are uploaded, and land by their events"):
            done = self.pipeline.upload(plans)
        for upload in done:
            self._uploaded[upload.plan.path] = upload
            dataset = str(upload.plan.dataset)
            expected = ("landed", wave.rows(dataset))
            shown = f"{upload.rows or 0:,} rows"
            self.narrator.expect(f"{dataset} landed", (upload.outcome, upload.rows), expected, shown)
        with self.narrator.busy("the state machine is running dbt: models, gates, UPSERT"):
            run = self.pipeline.await_run(before)
        self.narrator.say(f"run {run.run_id}: {len(run.models)} models, {len(run.gates)} gates")
        return run

    def _expect_modeled(self, run: Run) -> tuple[str, ...]:
        """Expect a run that succeeded, was announced, and left modeled tables equal to the newest of all good rows.

        Returns what came of it, for the summary.
        """
        if run.outcome != "succeeded":
            show_run(self.narrator.console, run)
        self.narrator.expect("outcome of the run", (run.outcome, run.reason), ("succeeded", None), "succeeded")
        failed = [gate["name"] for gate in run.gates if gate["status"] not in ("pass", "warn")]
        gates = gates_in_words(run.gates)
        self.narrator.expect("gates", failed, [], gates)
        orders = sample.newest(self.order_tables, ORDER_KEY, ORDER_FACTS)
        found = self.pipeline.modeled("orders", ORDER_KEY, ORDER_FACTS)
        shown = f"{len(found):,} rows, {sample.total(found, 3):,} in all"
        self.narrator.expect("modeled orders are the newest of what was sent", found, orders, shown)
        items = sample.newest(self.item_tables, ITEM_KEY, ITEM_FACTS)
        found_items = self.pipeline.modeled("order_items", ITEM_KEY, ITEM_FACTS)
        shown = f"{len(found_items):,} rows, {sample.total(found_items, 2):,} in all"
        self.narrator.expect("modeled order items are, too", found_items, items, shown)
        self._expect_told("success", "SuccessTopicArn", stage="model")
        return f"{len(found):,} orders and {len(found_items):,} items modeled", gates

    def _expect_told(self, who: str, topic: str, stage: str) -> None:
        arn = self.pipeline.stack.output(topic)

        def fits(notification: Notification) -> bool:
            return notification.topic == arn and notification.attributes.get("stage") == stage

        with self.narrator.busy("notifications arrive"):
            notification = self.inbox.wait_for(fits)
        self.narrator.expect(f"the {who} topic is told", notification is not None, True, _told(notification))


def tell(stack: "Stack", narrator: Narrator, folder: Path, orders: int) -> None:
    """Tell the story on a deployed stack.

    Raises:
        MissedExpectationError: something was not as expected.
    """
    started = time.monotonic()
    first_order = int((time.time() - EPOCH) * NUMBERS_A_SECOND)
    ids = [f"ORD-{number:010d}" for number in (first_order, first_order + NUMBERS)]
    label = f"demo-{first_order}"
    pipeline = Pipeline(stack, label, *ids)
    with subscribed(stack, f"landfall-{label}") as inbox:
        story = Story(narrator, pipeline, inbox, folder, first_order, orders)
        try:
            story.tell()
        finally:
            story.undo_leftovers()
    narrator.summarise()
    narrator.console.print(f"the operator's page: open {pages.FOLDER.joinpath(pages.PAGE).as_uri()}", soft_wrap=True)
    narrator.console.print(f"lineage: open {docs.FOLDER.joinpath('index.html').as_uri()}", soft_wrap=True)
    narrator.console.print(f"[dim]{time.monotonic() - started:.0f} s[/dim]")


def _told(notification: Notification | None) -> str:
    if notification is None:
        return "nothing"
    attributes = ", ".join(f"{name} {value}" for name, value in sorted(notification.attributes.items()))
    return f"{notification.subject} ({attributes})"


def _status(run: Run, model: str) -> str | None:
    return next((str(each["status"]) for each in run.models if each["name"] == model), None)
