"""ALERT: tell a thing once. In: what an alert is about, and what was told before (ops.alerts). Out: whether it is due.

Every sweep finds the same failed gate again until somebody acts. What is about the same gates and files as the last
message of its kind is not sent again before a reminder is due. The record is appended after the message has been sent:
what is lost on the way is told twice, and never not at all.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from transform_lambda.dbt_runtime import Query

Json = Mapping[str, Any]

_NUMBERS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")  # ids and numbers differ from run to run for the same error
_FOLDERS = re.compile(r"/\w+/dbt-\w+")  # of dbt's, another one in each process


@dataclass(frozen=True)
class Alert:
    """One message about a run or a check. `fingerprint` is empty for good news, which is always told."""

    kind: str  # transform | freshness
    fingerprint: str
    severity: str
    subject: str
    run_id: str | None
    report: str

    def to_json(self) -> dict[str, Any]:
        """Return what travels through the state machine until it has been sent."""
        return asdict(self)


@dataclass(frozen=True)
class LastAlert:
    """The last message of a kind."""

    fingerprint: str
    age_minutes: int


def fingerprint_of(build: Json) -> str:
    """Digest what is wrong with a run that did not succeed: gates with their files, errors without their numbers.

    >>> gate = {"gate": "orders__volume", "files": ["b", "a"], "failures": 2}
    >>> same = {"gate": "orders__volume", "files": ["a", "b"], "failures": 3}
    >>> runs = [{"failing": [found], "warning": [], "errors": []} for found in (gate, same)]
    >>> len({fingerprint_of(run) for run in runs})
    1
    >>> fingerprint_of({"failing": [], "warning": [gate], "errors": []})  # good news, which is always told
    ''
    """
    if not build["failing"] and not build["errors"]:
        return ""
    found = (*build["failing"], *build["warning"])
    gates = [[gate["gate"], gate.get("about") or about(gate)] for gate in found]
    beyond = {gate["name"] for gate in build.get("gates", ()) if gate["status"] == "fail"} - {name for name, _ in gates}
    errors = [_NUMBERS.sub("#", _FOLDERS.sub("#", error)) for error in build["errors"]]
    return digest(sorted(gates) + sorted([text] for text in (*beyond, *errors)))


def about(gate: Json) -> str:
    """Digest what a gate has found: its files, or how many rows where it names none.

    >>> about({"files": ["b", "a"], "failures": 2}) == about({"files": ["a", "b"], "failures": 3})
    True
    """
    return digest(sorted(gate["files"]) or [str(gate["failures"])])


def digest(facts: Sequence[Any]) -> str:
    """Digest facts; nothing is the empty text."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest() if facts else ""


def is_news(last: LastAlert | None, fingerprint: str) -> bool:
    """Tell whether this was not what the last message said.

    >>> is_news(LastAlert("f1", 5), "f1"), is_news(LastAlert("f1", 5), "f2"), is_news(None, "f1")
    (False, True, True)
    """
    return not fingerprint or last is None or last.fingerprint != fingerprint


def is_due(last: LastAlert | None, fingerprint: str, reminder_hours: int) -> bool:
    """Tell whether to send: it is news, or the last message about it was long ago.

    >>> is_due(LastAlert("f1", 59), "f1", 1), is_due(LastAlert("f1", 60), "f1", 1)
    (False, True)
    """
    return is_news(last, fingerprint) or (last is not None and last.age_minutes >= reminder_hours * 60)


def read_last(query: Query, kind: str) -> LastAlert | None:
    """Read the last message of a kind."""
    rows = query(last_sql(kind))
    return LastAlert(rows[0]["fingerprint"], int(rows[0]["age_minutes"])) if rows else None


def last_sql(kind: str) -> str:
    """Build the query of the last message of a kind.

    >>> "where kind = 'transform'" in last_sql("transform")
    True
    """
    return (
        "select fingerprint, datediff(minute, sent_at, getdate()) as age_minutes from ops.alerts "  # noqa: S608 - ours
        f"where kind = '{kind}' order by sent_at desc limit 1"
    )


def record(query: Query, alert: Json) -> None:
    """Append a message that has been sent."""
    query(record_sql(alert))


def record_sql(alert: Json) -> str:
    """Build the statement that appends a message; SYSDATE tells microseconds, by which the last of a second is known.

    https://docs.aws.amazon.com/redshift/latest/dg/r_SYSDATE.html

    >>> record_sql(Alert("transform", "", "info", "it's done", None, "s3://b/k").to_json()).split(" values ")[1]
    "('transform', '', 'info', 'it''s done', null, 's3://b/k', sysdate)"
    """
    names = ("kind", "fingerprint", "severity", "subject", "run_id", "report")
    values = ", ".join(_literal(alert[name]) for name in names)
    return f"insert into ops.alerts ({', '.join(names)}, sent_at) values ({values}, sysdate)"  # noqa: S608 - quoted


def _literal(value: str | None) -> str:
    return "null" if value is None else "'" + value.replace("\\", "/").replace("'", "''") + "'"
