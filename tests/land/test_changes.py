"""What may be declared of a feed of changes: read by packaging, the function and the macros alike."""

from datetime import datetime
from typing import Any

import pytest

from ingest_lambda.judge.changes import Code, Order, parse_changes
from ingest_lambda.judge.contracts import parse_contract
from scripts.contracts import from_document

NOON = datetime(2025, 11, 13, 12)
COLUMNS = ("id", "op", "__deleted", "lsn", "position")
FEEDS: list[dict[str, Any]] = [
    {"operation": "Op"},
    {"operation": "op", "codes": {"insert": ["c", "r"], "update": ["u"], "delete": ["d"]}, "deleted": "__deleted"},
    {"deleted": "__deleted", "sequence": ["lsn"], "order": "sequence"},
    {"operation": "op", "sequence": ["lsn", "position"]},
    {"operation": "op", "order": "file"},
    {"sequence": ["lsn"]},
    {"sequence": ["lsn"], "restarts": ["2025-11-13 12:00:00", "2025-11-14 00:00:00"]},
]


def document(changes: Any) -> dict[str, Any]:
    columns = [{"name": name, "data_type": "varchar(max)"} for name in COLUMNS]
    return {
        "sources": [
            {"name": "landing", "tables": [{"name": "a", "config": {"meta": {"changes": changes}}, "columns": columns}]}
        ]
    }


@pytest.mark.parametrize("changes", FEEDS)
def test_a_feed_that_can_be_followed_reaches_the_function_as_it_is_declared(changes: dict[str, Any]) -> None:
    contract = from_document(document(changes))["a"]

    assert contract["changes"] == changes
    parsed = parse_contract(contract)
    assert parsed.keeps_positions
    assert parsed.changes == parse_changes(changes, COLUMNS)
    assert {column.name for column in parsed.columns} == set(COLUMNS)


def test_what_is_not_said_is_as_dms_writes_it_and_ordered_by_time() -> None:
    changes = parse_changes({"operation": "Op", "codes": {"delete": ["X"]}}, COLUMNS)

    assert changes.operation == "op"
    assert changes.codes == {Code.INSERT: ("I",), Code.UPDATE: ("U",), Code.DELETE: ("X",)}
    assert (changes.sequence, changes.order) == ((), Order.TIME)


def test_without_a_declaration_nothing_is_a_change() -> None:
    assert "changes" not in from_document({"sources": [{"name": "landing", "tables": [{"name": "a"}]}]})["a"]
    assert not parse_contract({"columns": [{"name": "op", "data_type": "varchar"}]}).keeps_positions


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "at least one of"),
        ({"operation": "op", "restarts": ["2025-11-13 12:00:00"]}, "no sequence that could begin anew"),
        *(
            ({"sequence": ["lsn"], "restarts": said}, "a list of quoted times")
            for said in (
                "2025-11-13 12:00:00",
                ["2025-11-13"],
                ["2025-11-13 12:00:00"] * 2,
                [NOON],
                ["2025-1-1 12:00:00"],
            )
        ),
        ("op", "at least one of"),
        (
            {"operations": "op"},
            "changes say 'operations'; they can say codes, deleted, operation, order, restarts, sequence",
        ),
        ({"operation": ["op"]}, "operation is .* the name of a column"),
        ({"operation": "operation"}, "name 'operation', which is no column with a data_type"),
        ({"sequence": "lsn"}, "a list of one or two columns"),
        ({"sequence": ["lsn", "position", "id"]}, "a list of one or two columns"),
        ({"deleted": "__deleted", "codes": {"delete": ["d"]}}, "no operation whose values they are"),
        ({"operation": "op", "codes": {"truncate": ["t"]}}, "they say insert, update, delete"),
        ({"operation": "op", "codes": {"delete": [True]}}, "the codes of delete are"),
        ({"operation": "op", "codes": {"delete": ["u"]}}, "the code 'U' means two things"),
        ({"operation": "op", "order": "lsn"}, "order is 'lsn'; it can be time, sequence, file"),
        ({"operation": "op", "order": "sequence"}, "name no column for it"),
        ({"operation": "op", "order": "file", "sequence": ["lsn"]}, "which is better: order: sequence"),
    ],
)
def test_a_declaration_that_cannot_be_followed_is_refused_where_it_is_made(changes: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        from_document(document(changes))
    assert str(refused.value).startswith("a: changes")
