"""LAND: the verdict on a rejected file.

In: a `RejectedFileError` and the file. Out: a `Verdict`, written beside the file in quarantine, to
`ops.rejected_files` and into the alert. `docs/verdicts.md` explains every reason (a test compares the two). Pure.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass, replace

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.legible import visible
from ingest_lambda.reasons import QUOTING, REMEDIES, Reason
from ingest_lambda.same_object import unversioned_etags

# Verdicts travel inside SQL statements, which the Data API bounds at 100 KB.
MAX_TEXT = 1_000
WITHHELD = "(withheld)"
VARCHAR_DECLARED = "varchar"


@dataclass(frozen=True)
class Verdict:
    """What the producer is told: `found` and `expected` are types or values, `row` counts from 1.

    `file` is its address as it is, which whoever shows it makes legible. `etag` is that of an object without a version,
    which alone tells it from others of its key; None of all others.
    """

    file: str
    version_id: str
    dataset: str
    reason: Reason
    detail: str
    column: str | None
    found: str | None
    expected: str | None
    row: int | None
    remedy: str
    etag: str | None = None

    def without_values(self) -> Verdict:
        """Leave out the value that was found, which of a sensitive dataset is nobody's to see.

        The first line of a file without names is a row too, so that names are values where they are not the dataset's.
        """
        is_quoted = self.row is not None or self.reason in QUOTING
        return replace(self, found=WITHHELD) if is_quoted and self.found is not None else self

    def to_json(self) -> str:
        """Serialise for the object in quarantine and for `ops.rejected_files.verdict`."""
        return json.dumps(asdict(self), ensure_ascii=False)


def verdict_of(error: RejectedFileError, file: FileVersion, dataset: str) -> Verdict:
    """Turn the rejection of `file` into its verdict, with every text bounded."""
    return Verdict(
        file=file.uri,
        version_id=file.version_id,
        dataset=dataset,
        reason=error.reason,
        detail=bounded(error.detail),
        column=bounded(error.column) if error.column is not None else None,
        found=bounded(error.found) if error.found is not None else None,
        expected=bounded(error.expected) if error.expected is not None else None,
        row=error.row,
        remedy=bounded(_remedy(error, dataset)),
        etag=unversioned_etags([file]).get(file.file_id),
    )


def _remedy(error: RejectedFileError, dataset: str) -> str:
    """Say what to do: the producer, or with a command the operator."""
    said = error.remedy or REMEDIES[error.reason]
    if error.evolve_to is None or error.column is None:
        return said
    # a text's value is one of the type that is declared, which the landing column's new one does not change
    declares = VARCHAR_DECLARED if error.reason is Reason.INVALID_VALUE else ""
    command = evolve_remedy(dataset, error.column, error.evolve_to, declares=declares)
    if error.reason is Reason.TABLE_TOO_LARGE_TO_WIDEN:
        return command
    return f"{said}; or {command} (it refuses where a value that has landed would change)"


def evolve_remedy(dataset: str, column: str, into: str, *, adds: bool = False, declares: str = "") -> str:
    """Word the remedy that is the operator's; `adds`: landing has no such column. `declares`: the type, where the
    source YAML must say it too.

    >>> evolve_remedy("orders", "note", "VARCHAR(65535)")
    "landfall evolve orders note 'VARCHAR(65535)', then landfall replay the file"
    >>> evolve_remedy("orders", "n", "VARCHAR(65535)", declares="varchar")[43:]
    'declare data_type: varchar for it in the source YAML, deploy, then landfall replay the file'
    >>> evolve_remedy("orders", "-x", "DATE", adds=True)
    "landfall evolve --add orders -- -x 'DATE', then landfall replay the file"
    """
    add = "--add " if adds else ""  # without it, a name that resembles another column's is refused
    no_option = "-- " if column.startswith("-") else ""
    declaring = f"{declared_as(declares)}, deploy, " if declares else ""
    command = f"landfall evolve {add}{dataset} {no_option}{shlex.quote(column)} '{into}'"
    return f"{command}, {declaring}then landfall replay the file"


def declared_as(data_type: str) -> str:
    """Word how a column gets another type of which a CSV or JSON file's values are.

    >>> declared_as("varchar")
    'declare data_type: varchar for it in the source YAML'
    """
    return f"declare data_type: {data_type} for it in the source YAML"


def bounded(text: str) -> str:
    """Cut a text that came out of a file or a server, and make its control characters visible.

    >>> bounded("a" + chr(0) + "b")
    'a\\\\x00b'
    """
    shown = visible(text)
    return shown if len(shown) <= MAX_TEXT else shown[: MAX_TEXT - 1] + "…"
