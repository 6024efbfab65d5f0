"""Each query of documented.tsv gives what the page of Redshift's documentation that it names says."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.local.redshift.support import Client

# One worker: all share the warehouse, and queries of the table hold the schema's name.
pytestmark = pytest.mark.xdist_group("documented")
TABLE = Path(__file__).with_name("documented.tsv")
DOCUMENT = (
    '{"name": "widget", "lines": [{"sku": "a1", "qty": 1}, {"sku": "b2", "qty": 2}], "nothing": null,'
    ' "size": {"w": 1, "h": 2}}'
)
TABLES = (
    "create table t (k int, v varchar(9), d decimal(8,2), e decimal(8,2), day date, at timestamp, f float8, c char(5), "
    "big bigint)",
    "insert into t values (1, 'a', 10, 3, '2025-01-31', '2025-01-31 10:20:30', 1.5, 'ab', 1), "
    "(2, 'b ', 5.5, 2, '2025-02-28', '2025-02-28', 2.5, 'cd', 2), (3, null, null, 1, null, null, null, null, 3)",
    "create table u (n int, g varchar(4), m varchar(4))",
    "insert into u values (1, 'x', 'a'), (2, 'y', null), (3, 'x', 'b')",
    "create table o (id int, doc super)",
    f"insert into o select 1, json_parse('{DOCUMENT}')",
)


def documented() -> list[Any]:
    """Return the page, the query and what is expected, for each row of the table."""
    with TABLE.open(newline="") as table:
        rows = [row for row in csv.reader(table, delimiter="\t", quoting=csv.QUOTE_NONE) if not row[0].startswith("#")]
    return [pytest.param(query, expected, id=f"{page}: {query[:60]}") for page, query, expected in rows]


@pytest.fixture(scope="module")
def warehouse(facts: dict[str, Any], administrator: Client) -> Iterator[Client]:
    """A connection in a schema that holds the tables."""
    client = Client(facts)
    client.run("create schema documented", "set search_path to documented", *TABLES)
    yield client
    client.close()
    administrator.run("drop schema documented cascade")


def as_text(value: Any) -> str | None:
    """Return a value as the table writes it."""
    return None if value is None else str(value)


@pytest.mark.parametrize(("query", "expected"), documented())
def test_a_query_gives_what_the_documentation_says(warehouse: Client, query: str, expected: str) -> None:
    if expected.startswith("!"):
        assert warehouse.error(query)["C"] == expected[1:]
        return
    assert [[as_text(value) for value in row] for row in warehouse.run(query)] == json.loads(expected)
