"""OPERATE, demo: the sample files and what their rows must come to. In: plans. Out: files, expected rows.

The expectation is drawn from the files alone: of every good row with the same key, the newest.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import parquet as pq

from scripts import json_to_parquet, order_generator
from scripts.generator_files import Naming
from scripts.order_rows import FAULTS, Plan, order_batches

Rows = dict[str, tuple[Any, ...]]

ORDER_KEY, ORDER_FACTS = "order_id", ("order_status", "currency", "item_count", "order_total", "updated_at")
ITEM_KEY, ITEM_FACTS = "order_item_id", ("order_id", "quantity", "line_total", "updated_at")

# The rule of the gate stage that each of the generator's faults breaks.
REASONS = {
    "unknown_status": "order_status_unknown",
    "negative_total": "order_total_negative",
    "malformed_currency": "currency_malformed",
    "missing_key": "order_id_missing",
    "future_order": "ordered_at_out_of_range",
}


@dataclass(frozen=True)
class Wave:
    """Files of one generation, by dataset, and the plan that made them."""

    plan: Plan
    files: dict[str, Path]

    def rows(self, dataset: str) -> int:
        """Count the rows of a dataset's file."""
        return int(pq.read_metadata(self.files[dataset]).num_rows)

    def table(self, dataset: str) -> pa.Table:
        """Read a dataset's file."""
        return pq.read_table(self.files[dataset])


def make_wave(plan: Plan, folder: Path, sequence: int) -> Wave:
    """Generate nested JSON orders and flatten them to parquet; the first wave has customers and products too."""
    naming = Naming(folder, sequence=sequence)
    documents = order_generator.generate(plan, naming, "json")[0].path
    conversion = json_to_parquet.convert(documents, folder, naming.date, sequence)
    files = dict(conversion.paths)
    if plan.wave == 1:
        entities = order_generator.generate(plan, Naming(folder / "entities", sequence=sequence), "parquet")
        files |= {each.dataset: each.path for each in entities if each.dataset in ("customers", "products")}
    return Wave(plan, files)


def good_orders(wave: Wave) -> pa.Table:
    """Keep the orders that break no rule: those that a generation without faults has as well."""
    if not wave.plan.bad_rows:
        return wave.table("order_summary")
    clean = order_batches(replace(wave.plan, bad_rows=0))
    expected = pa.concat_tables([batch.orders for batch in clean]).to_pylist()
    found = wave.table("order_summary").to_pylist()
    good = [row for row, clean_row in zip(found, expected, strict=True) if row == clean_row]
    return pa.Table.from_pylist(good, schema=wave.table("order_summary").schema)


def expected_reasons(bad_rows: int) -> dict[str, int]:
    """Count the reasons that so many faulty orders are quarantined for.

    >>> expected_reasons(6)["order_status_unknown"], expected_reasons(6)["order_total_negative"]
    (2, 1)
    """
    return {REASONS[fault]: len(range(turn, bad_rows, len(FAULTS))) for turn, fault in enumerate(FAULTS)}


def newest(tables: Iterable[pa.Table], key: str, facts: tuple[str, ...]) -> Rows:
    """Reduce rows to the newest of each key, as modeled tables do."""
    rows: dict[str, dict[str, Any]] = {}
    for table in tables:
        for row in table.select([key, *facts]).to_pylist():
            if row[key] not in rows or row["updated_at"] > rows[row[key]]["updated_at"]:
                rows[row[key]] = row
    return {name: tuple(_comparable(row[fact]) for fact in facts) for name, row in rows.items()}


def total(rows: Rows, position: int) -> Decimal:
    """Sum one of the facts."""
    return sum((Decimal(row[position]) for row in rows.values()), Decimal(0))


def corrupt_file(folder: Path, source: Path) -> Path:
    """Damage a copy of a good file: its first half, as an upload that broke off leaves it."""
    whole = source.read_bytes()
    broken = folder / f"{source.stem.rsplit('_', 1)[0]}_900.parquet"
    broken.write_bytes(whole[: len(whole) // 2])
    return broken


def notification(bucket: str, key: str, version_id: str, size: int) -> str:
    """Word S3's event for an object version, as S3 would send it again.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    from urllib.parse import quote_plus

    stored = {"key": quote_plus(key, safe="/"), "versionId": version_id, "size": size, "sequencer": "0"}
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "eventTime": "2025-11-13T10:00:00.000Z",
        "s3": {"bucket": {"name": bucket}, "object": stored},
    }
    return json.dumps({"Records": [record]})


def _comparable(value: Any) -> Any:
    """Spell a value as the Data API does: decimals and times as texts."""
    if isinstance(value, Decimal):
        return str(value)
    return value.strftime("%Y-%m-%d %H:%M:%S") if hasattr(value, "strftime") else value
