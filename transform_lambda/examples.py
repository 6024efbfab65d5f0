"""GATE: show what a failed gate found: three of its rows, and the files they came from.

In: dbt's results of the failed gates, and a query function. Out: [{"gate", "failures", "files", "examples", "remedy",
"about"}], bounded in every direction, because it travels through the state machine and into a message. The gate's
compiled SQL is run again; it reads only what its own run made, so it finds the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from transform_lambda.alerts import about
from transform_lambda.dbt_runtime import Query
from transform_lambda.legible import quoted
from transform_lambda.withheld import WITHHELD

GATE_LIMIT = 20
EXAMPLE_LIMIT = 3
FILE_LIMIT = 20
COLUMN_LIMIT = 20
VALUE_LIMIT = 200
BYTES_LIMIT = 40_000  # of all explanations together
FILE_COLUMN = "_source_file"
# Of a row of a sensitive dataset: its file, its place there, and why it is told. No file brings any of them.
TOLD_OF_SENSITIVE = (FILE_COLUMN, "_row_number", "reject_reason", "row_status")
WITHOUT_VALUES = {"schema", "volume", "rows_conserved", "snapshot_shrinks", "snapshot_stored_again"}
PLACE = "{file}"  # in a gate's `remedy`, where the key of a file is to stand


def explain(query: Query, failed: Sequence[Any], sensitive: Set[str] = frozenset()) -> list[dict[str, Any]]:
    """Explain each failed gate. An explanation that cannot be had is said so, and stops nothing.

    `sensitive`: the nodes, by unique id, that read a sensitive dataset, whose values no message has.
    """
    explained = [_explain_one(query, result, sensitive) for result in failed[:GATE_LIMIT]]
    # what it is about, by which it is told once, is digested before anything has to be left out
    return within(BYTES_LIMIT, [{**gate, "about": about(gate)} for gate in explained])


def _explain_one(query: Query, result: Any, sensitive: Set[str]) -> dict[str, Any]:
    compiled = result.node.compiled_code
    try:
        examples = query(examples_sql(compiled))
        has_files = bool(examples) and FILE_COLUMN in examples[0]
        files = [row[FILE_COLUMN] for row in query(files_sql(compiled))] if has_files else []
    except Exception as error:  # the gate's own verdict stands, whatever keeps its rows from being shown
        return unexplained(result, str(error), sensitive)
    is_withheld = result.node.unique_id in sensitive and _shows_values(result)
    return {
        "gate": result.node.name,
        "failures": result.failures,
        "files": files,
        "examples": [without_values(row) if is_withheld else readable(row) for row in examples],
        "remedy": _remedy(result, files),
        **({"note": "values are withheld: the dataset is sensitive"} if is_withheld else {}),
        **_said(result),
    }


def _shows_values(result: Any) -> bool:
    """Tell whether the rows that a gate finds have columns of its model's: some of ours show names and counts alone."""
    gate = getattr(getattr(result.node, "test_metadata", None), "name", None)
    return gate not in WITHOUT_VALUES


def without_values(row: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of a row of a sensitive dataset what no file has brought; a place of 0 is none.

    >>> without_values({"patient_key": "p-1", "_source_file": "s3://b/k", "_row_number": 0, "reject_reason": "old"})
    {'_source_file': 's3://b/k', 'reject_reason': 'old'}
    """
    return {name: _plain(row[name]) for name in TOLD_OF_SENSITIVE if row.get(name)}


def unexplained(result: Any, why: str, sensitive: Set[str] = frozenset()) -> dict[str, Any]:
    """Return what is said of a failed gate whose rows cannot be read."""
    why = WITHHELD if result.node.unique_id in sensitive else why[:VALUE_LIMIT]
    note = f"examples could not be read: {why}"
    return {
        "gate": result.node.name,
        "failures": result.failures,
        "files": [],
        "examples": [],
        "remedy": _remedy(result, []),
        "note": note,
        **_said(result),
    }


def _said(result: Any) -> dict[str, str]:
    """Return what a gate says of what it only warns of: `says` in its `meta`, and `subject`, in short."""
    meta = result.node.config.meta or {}
    if not _only_warns(result) or not meta.get("says"):
        return {}
    return {word: meta[word] for word in ("says", "subject") if meta.get(word)}


def _remedy(result: Any, files: Sequence[str]) -> list[str]:
    """List what fixes it: of what only warns, whose rows may be right, what the gate itself advises or nothing."""
    advice: str | None = (result.node.config.meta or {}).get("remedy")
    return [] if _only_warns(result) and not advice else remedies(files, advice)


def _only_warns(result: Any) -> bool:
    return str(result.status) == "warn"


def within(limit: int, explanations: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the explanations within `limit` bytes of JSON: those that do not fit lose their examples, then their files.

    >>> gates = [{"gate": "a", "files": ["f"], "examples": [{"x": "y" * 99}], "remedy": ["landfall undo f"]}]
    >>> within(90, gates)
    [{'gate': 'a', 'files': ['f'], 'examples': [], 'remedy': ['landfall undo f']}]
    """
    kept: list[dict[str, Any]] = []
    room = limit
    for explanation in explanations:
        smaller = (
            explanation,
            {**explanation, "examples": []},
            {**explanation, "examples": [], "files": [], "remedy": []},
        )
        fitting = next((candidate for candidate in smaller if _size(candidate) <= room), None)
        if fitting is None:
            break
        kept.append(fitting)
        room -= _size(fitting)
    return kept


def _size(value: Any) -> int:
    return len(json.dumps(value).encode())


def examples_sql(compiled: str) -> str:
    """Build the query of a few rows that a gate found.

    >>> print(examples_sql("select 1 as a;"))
    select * from (
    select 1 as a
    ) as found limit 3
    """
    return f"select * from (\n{_bare(compiled)}\n) as found limit {EXAMPLE_LIMIT}"  # noqa: S608 - dbt's own SQL


def files_sql(compiled: str) -> str:
    """Build the query of the files that a gate's rows came from.

    >>> print(files_sql("select 1 as a, 'f' as _source_file"))
    select distinct found._source_file from (
    select 1 as a, 'f' as _source_file
    ) as found where found._source_file is not null order by 1 limit 20
    """
    return (
        f"select distinct found.{FILE_COLUMN} from (\n{_bare(compiled)}\n"  # noqa: S608 - dbt's own SQL
        f") as found where found.{FILE_COLUMN} is not null order by 1 limit {FILE_LIMIT}"
    )


def _bare(compiled: str) -> str:
    return compiled.strip().rstrip(";")


def readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a row into bounded JSON: at most 20 columns, texts of at most 200 characters.

    What is null is left out, and so is our own bookkeeping (a leading underscore), but for the file.

    >>> readable({"order_id": "o-1", "order_date": date(2026, 1, 31), "returned_at": None, "_load_seq": 7})
    {'order_id': 'o-1', 'order_date': '2026-01-31'}
    """
    shown = [(name, value) for name, value in row.items() if value is not None and is_told(name)]
    return {name: _plain(value) for name, value in shown[:COLUMN_LIMIT]}


def is_told(column: str) -> bool:
    """Tell whether a column says something to a person.

    >>> is_told("order_id"), is_told("_source_file"), is_told("_row_digest")
    (True, True, False)
    """
    return column == FILE_COLUMN or not column.startswith("_")


def _plain(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    text = str(value)
    return text if len(text) <= VALUE_LIMIT else text[: VALUE_LIMIT - 1] + "…"


def remedies(files: Sequence[str], advice: str | None) -> list[str]:
    """List what fixes it: the gate's own advice, for each file that it names as `{file}`, or else an undo a file.

    A gate with an advice of its own gets no undo: what it finds may be no file's fault.

    >>> remedies(["s3://bucket/raw/orders/a b.parquet"], None)
    ["landfall undo 'raw/orders/a b.parquet'", 'landfall transform --wait']
    >>> remedies(["s3://bucket/raw/orders/a.parquet"], "deliver the rates of the day")
    ['deliver the rates of the day', 'landfall transform --wait']
    >>> remedies(["s3://bucket/raw/orders/a.parquet"], "landfall undo {file}, or add the currency")
    ['landfall undo raw/orders/a.parquet, or add the currency', 'landfall transform --wait']
    """
    if advice and PLACE not in advice:
        return [advice, "landfall transform --wait"]
    keys = [quoted(key_of(file)) for file in files] or (["KEY"] if advice else [])
    each = advice or f"landfall undo {PLACE}"
    return [*(each.replace(PLACE, key) for key in keys), "landfall transform --wait"]


def key_of(file: str) -> str:
    """Return the key of a file that is named as s3://bucket/key; keys may contain any character.

    >>> key_of("s3://bucket/raw/orders/what?#.parquet")
    'raw/orders/what?#.parquet'
    """
    prefix = f"s3://{urlsplit(file).netloc}/"
    return file.removeprefix(prefix)
