"""Fivetran: a table that it keeps, exported, made with pyarrow after its page.

https://fivetran.com/docs/core-concepts/system-columns-and-tables: `_fivetran_deleted` marks deleted rows,
`_fivetran_synced` says when a row was synced last, in UTC. Its data lake writes Iceberg and Delta Lake tables
(https://fivetran.com/docs/destinations/data-lakes), whose files are no feed.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from tests.land.producers.conftest import Modeling
from tests.land.producers.feeds import written
from tests.land.producers.producer import Producer

PRODUCER = Producer(
    name="Fivetran",
    made_by="pyarrow, after [its page](https://fivetran.com/docs/core-concepts/system-columns-and-tables)",
    works="exports (`UNLOAD`) of the tables that it keeps, whole or of what was synced since the last; "
    "`_fivetran_deleted` deletes",
    to_set="`changes: {deleted: _fivetran_deleted}` ([Changes](#changes)); `_fivetran_synced` is the time",
    refused="the folders of its data lake, which are Iceberg or Delta Lake (`table_format`)",
)
NOON = datetime(2025, 11, 13, 12, tzinfo=UTC)


def synced(id_: int, state: str, at: datetime = NOON, *, is_deleted: bool = False) -> dict[str, Any]:
    return {"id": id_, "state": state, "_fivetran_deleted": is_deleted, "_fivetran_synced": at}


@pytest.mark.xdist_group("modeling")  # a warehouse of its own, with models in it
def test_new_dataset_models_what_was_synced_last_and_deletes_what_is_marked(modeling: Modeling, tmp_path: Path) -> None:
    first = pa.Table.from_pylist([synced(1, "first"), synced(2, "first"), synced(3, "first", is_deleted=True)])
    later = pa.Table.from_pylist(
        [
            synced(1, "second", NOON + timedelta(microseconds=1)),
            synced(2, "first", is_deleted=True),  # a re-sync marks many at once, and leaves the time as it was
            synced(3, "again", NOON + timedelta(microseconds=1)),
        ]
    )
    feed = written(*modeling, tmp_path, "kept_accounts", later)
    assert feed.changes == {"deleted": "_fivetran_deleted"}

    feed.put(("raw/kept_accounts/20251113_0000_part_00.parquet", first))
    feed.build()
    feed.put(("raw/kept_accounts/20251114_0000_part_00.parquet", later))
    feed.build()

    assert feed.rows("id, state, is_deleted") == [(1, "second", False), (2, "first", True), (3, "again", False)]
    assert feed.quarantined() == []
    feed.lint()
