"""OPERATE: taking one file's rows out of landing. In: its place in S3. Out: what was done, or had been done.

The ledger keeps the file: an event of it that comes late stays without effect. Modeled tables are rebuilt by the next
transform, which finds the ledger row undone after its rows were modeled.
"""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ingest_lambda.errors import ConfigError
from ingest_lambda.reconcile.ledger import datasets
from ingest_lambda.warehouse.client import Connection, Row, retry_conflicts
from ingest_lambda.warehouse.copies import SKIPPED
from landfall.operate import statements
from landfall.timestamps import iso

DELETE = 1  # its position among the statements of statements.undo_file


@dataclass(frozen=True)
class Version:
    """One landed version of an object, as its ledger row has it."""

    dataset: str
    file_id: str
    version_id: str
    rows: int
    load_seq: int
    loaded_at: str
    undone_at: str | None
    was_modeled: bool
    is_skipped: bool = False


@dataclass(frozen=True)
class Undo:
    """What `undo` did: `rows` left landing; `others` are versions of the same object whose rows are still there."""

    source_file: str
    version: Version
    outcome: str
    rows: int
    others: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Spell the result as its JSON face does."""
        return {
            "source_file": self.source_file,
            "dataset": self.version.dataset,
            "version_id": self.version.version_id,
            "outcome": self.outcome,
            "rows": self.rows,
            "was_modeled": self.version.was_modeled,
            "other_versions": list(self.others),
        }


def locate(name: str, bucket: str) -> tuple[str, str]:
    """Read `s3://bucket/key`, or a key of the landing bucket.

    >>> locate("s3://b/raw/orders/a b.parquet", "b")
    ('b', 'raw/orders/a b.parquet')
    >>> locate("raw/orders/a.parquet", "b")
    ('b', 'raw/orders/a.parquet')

    Raises:
        ConfigError: the address has no key.
    """
    if not name.startswith("s3://"):
        return bucket, name
    named_bucket, _, key = name.removeprefix("s3://").partition("/")
    if not key:
        raise ConfigError(f"{name} names no file: say s3://bucket/key or the key")
    return named_bucket, key


def undo(
    warehouse: Connection,
    bucket: str,
    key: str,
    version_id: str | None = None,
    refuse: Callable[[Version], None] = lambda _: None,
) -> Undo:
    """Take the rows of a landed file out of landing, in one transaction; again is no harm.

    `refuse` is given the version before anything is done, and raises where it must not be undone.

    Without `version_id` it is the version that came last. Of one that was skipped it is the version of the object that
    landed with its bytes; where another object did, nothing is undone.

    Raises:
        ConfigError: no such file, or no such version of it, has landed; or it was skipped, as the bytes of another.
        TransactionConflictError: it lost against concurrent loads, again and again.
    """
    versions = landed_versions(warehouse, bucket, key)
    version = _chosen(versions, f"s3://{bucket}/{key}", version_id)
    if version.is_skipped:
        originals = warehouse.query(statements.select_originals(version.dataset, version.file_id))
        own = [row["version_id"] for row in originals if (row["bucket"], row["key"]) == (bucket, key)]
        if version_id or not own:
            raise ConfigError(_skipped(f"s3://{bucket}/{key}", version, originals))
        version = _chosen(versions, f"s3://{bucket}/{key}", own[0])
    others = tuple(
        other.version_id for other in versions if other != version and not (other.undone_at or other.is_skipped)
    )
    rows = 0
    if not version.undone_at:
        refuse(version)
        steps = statements.undo_file(version.dataset, version.file_id)
        rows = retry_conflicts(lambda: warehouse.transaction(steps)).count(DELETE)
    return Undo(f"s3://{bucket}/{key}", version, "already_undone" if version.undone_at else "undone", rows, others)


def landed_versions(warehouse: Connection, bucket: str, key: str) -> list[Version]:
    """List the versions of an object that have landed, the last first."""
    sqls = statements.select_versions(datasets(warehouse), bucket, key)
    found = [_version(row) for sql in sqls for row in warehouse.query(sql)]
    return sorted(found, key=lambda version: (version.loaded_at, version.load_seq), reverse=True)


def _version(row: dict[str, Any]) -> Version:
    return Version(
        dataset=row["dataset"],
        file_id=row["file_id"],
        version_id=row["version_id"],
        rows=int(row["row_count"]),
        load_seq=int(row["load_seq"]),
        loaded_at=iso(row["loaded_at"]) or "",
        undone_at=iso(row["undone_at"]),
        was_modeled=bool(row["was_modeled"]),
        is_skipped=row["load_path"] == SKIPPED,
    )


def _skipped(source_file: str, version: Version, originals: Sequence[Row]) -> str:
    """Say where the rows are of a file that was skipped; `originals` are the files with its bytes."""
    said = f"version {version.version_id} of {source_file} was skipped: no row in landing is its own"
    if not originals or originals[0]["undone_at"]:
        return f"{said}, and the file with the same bytes was undone"
    first = originals[0]
    uri = shlex.quote(f"s3://{first['bucket']}/{first['key']}")
    way = f"landfall undo {uri} --version {first['version_id']}"
    return f"{said}; the same bytes landed with load {first['load_seq']}: {way}"


def _chosen(versions: Sequence[Version], source_file: str, version_id: str | None) -> Version:
    if not versions:
        raise ConfigError(f"{source_file} has not landed: `landfall history` lists what has")
    if version_id is None:
        return versions[0]
    for version in versions:
        if version.version_id == version_id:
            return version
    landed = ", ".join(version.version_id for version in versions)
    raise ConfigError(f"version {version_id} of {source_file} has not landed; these have: {landed}")
