"""`landfall upload` needs the bucket alone: a warehouse that is away keeps no file from being uploaded."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from pyarrow import parquet as pq

from landfall.stack import Stack
from tests.land.warehouse import new_dataset
from tests.landfall.conftest import Desk

NOBODY = "arn:aws:secretsmanager:us-east-1:000000000000:secret:none-000000"


@pytest.fixture
def away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose warehouse lets nobody in."""
    stack = replace(desk.stack, outputs={**desk.stack.outputs, "LoaderSecretArn": NOBODY})
    monkeypatch.setattr(Stack, "from_environment", lambda: stack)
    return desk


@pytest.mark.parametrize(("options", "exits"), [((), 0), (("--wait", "--timeout", "5"), 2)])
def test_a_file_is_uploaded_although_the_warehouse_is_away(
    away: Desk, tmp_path: Path, options: tuple[str, ...], exits: int
) -> None:
    dataset = new_dataset()
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    (done,) = away.landfall("upload", str(path), "--dataset", dataset, *options, exits=exits)
    assert away.land.keys(f"raw/{dataset}/") == {done["key"]}
    assert done["outcome"] is None
    assert ("lands by itself" in (done["reason"] or "")) == bool(options)
