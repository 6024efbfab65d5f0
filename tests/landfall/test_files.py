"""How file ids are put into few statements, and what several ledgers say of one file."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfall.operate import files
from landfall.operate.files import IDS_A_STATEMENT, _chunks


@given(st.dictionaries(st.text("ab", max_size=4), st.integers(0, 3 * IDS_A_STATEMENT), max_size=6))
def test_every_id_is_asked_for_once_in_groups_of_bounded_size(sizes: dict[str, int]) -> None:
    ids = {dataset: [f"{dataset}-{number}" for number in range(size)] for dataset, size in sizes.items()}
    groups = list(_chunks(ids))
    asked = [(dataset, file_id) for group in groups for dataset, part in group for file_id in part]
    assert asked == [(dataset, file_id) for dataset, of_dataset in ids.items() for file_id in of_dataset]
    for group in groups:
        assert 0 < sum(len(part) for _, part in group) <= IDS_A_STATEMENT
        assert len({dataset for dataset, _ in group}) == len(group)


@pytest.mark.parametrize("undone_first", [True, False])
def test_what_one_dataset_has_undone_does_not_settle_a_rejection_of_what_another_still_misses(
    monkeypatch: pytest.MonkeyPatch, *, undone_first: bool
) -> None:
    undone = {"file_id": "f", "etag": "e", "undone_at": "2026-11-01 00:00:00", "removed_at": None}
    removed = {"file_id": "f", "etag": "e", "undone_at": None, "removed_at": "2026-11-02 00:00:00"}
    place = {"dataset": "old", "bucket": "b", "key": "raw/old/a.parquet"}
    verdict = {"reason": "type_conflict", "detail": "", "verdict": "{}", "rejected_at": "2026-11-03 00:00:00"}
    rows = [undone, removed] if undone_first else [removed, undone]
    monkeypatch.setattr(files, "ledgers", lambda _: dict.fromkeys(["old", "new", "other"], True))
    monkeypatch.setattr(files, "_all", lambda *_: [])
    monkeypatch.setattr(files, "_in_ledgers", lambda *_: rows)
    warehouse: Any = SimpleNamespace(query=lambda _: [{"file_id": "f", **place, **verdict}])

    [line] = files.history(warehouse, "old")

    assert line.outcome == "rejected"
