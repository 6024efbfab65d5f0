"""docs/producers.md shows what the producers' modules say of themselves."""

import pytest

from tests.land.producers import document


def test_the_table_of_producers_is_what_their_modules_say() -> None:
    page = document.PAGE.read_text(encoding="utf-8")

    assert document.written(page) == document.section(), "run: python -m tests.land.producers.document"


@pytest.mark.parametrize(
    "producer",
    ["airbyte", "athena", "debezium", "delta", "dms", "fivetran", "hive", "hudi", "iceberg", "pandas", "spark"],
)
def test_every_producer_has_its_module(producer: str) -> None:
    assert f"test_{producer}" in document.modules()
