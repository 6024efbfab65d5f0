"""OPERATE: taking one file's rows out of landing. In: its place in S3. Out: what was done, or had been done.

The ledger keeps the file: an event of it that comes late stays without effect. Modeled tables are rebuilt by the next
transform, which finds the ledger row undone after its rows were modeled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ingest_lambda.errors import ConfigError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.legible import quoted
from ingest_lambda.reconcile.ledger import datasets
from ingest_lambda.warehouse.client import Connection, Row, retry_conflicts
from ingest_lambda.warehouse.copies import SKIPPED
from ingest_lambda.warehouse.undone import number_undos
from landfall.operate.statements import bookkeeping, catalog, modeled, transactions
from landfall.timestamps import iso

# Positions among the statements of transactions.undo_file and transactions.give_back
DELETE, GIVEN = 1, 1


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

    @property
    def stands(self) -> bool:
        """Whether the ledger says that its rows are in landing."""
        return self.undone_at is None and not self.is_skipped


@dataclass(frozen=True)
class Undo:
    """What `undo` did: `rows` left landing; `others` are versions of the same object whose rows are still there.

    `is_held`: models may hold rows of it, so that the next transform rebuilds them. `ends_replay`: the version had been
    let land again, and had not yet.
    """

    source_file: str
    version: Version
    outcome: str
    rows: int
    others: tuple[str, ...]
    is_held: bool = False
    ends_replay: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Spell the result as its JSON face does."""
        return {
            "source_file": self.source_file,
            "dataset": self.version.dataset,
            "version_id": self.version.version_id,
            "outcome": self.outcome,
            "rows": self.rows,
            "was_modeled": self.is_held,
            "ends_replay": self.ends_replay,
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
    dataset: str | None = None,
) -> Undo:
    """Take the rows of a landed file out of landing, in one transaction; again is no harm.

    `refuse` is given the version before anything is done, and raises where it must not be undone.

    Without `version_id` it is the version that came last, where no other has rows in landing: of several, whoever
    follows a message means the one that it told of. Of one that was skipped it is the version of the object that
    landed with its bytes; where another object did, nothing is undone. Rows of a version whose ledger row is undone,
    which somebody has put back, are taken out again. One that was let land again and has not yet is barred again.

    Raises:
        ConfigError: no such file, or no such version of it, has landed; or it was skipped, as the bytes of another;
            or several versions, or several datasets, have rows of it, and it is not said which are meant.
        TransactionConflictError: it lost against concurrent loads, again and again.
    """
    source_file = f"s3://{bucket}/{key}"
    versions = landed_versions(warehouse, bucket, key)
    version = _chosen(versions, source_file, version_id, dataset)
    if version.is_skipped and version.undone_at is None:
        originals = warehouse.query(bookkeeping.select_originals(version.dataset, version.file_id))
        own = [row["version_id"] for row in originals if (row["bucket"], row["key"]) == (bucket, key)]
        if version_id or not own:
            raise ConfigError(_skipped(source_file, version, originals))
        version = _chosen(versions, source_file, own[0], version.dataset)
    own_id = _own_id(bucket, key, version.version_id)
    if version.undone_at is not None and version.file_id != own_id:
        back = transactions.give_back(version.dataset, version.file_id, own_id)
        is_given = retry_conflicts(lambda: warehouse.transaction(back)).count(GIVEN) > 0
        done = undo(warehouse, bucket, key, version.version_id, refuse, version.dataset)
        return replace(done, outcome="undone", ends_replay=True) if is_given else done
    others = tuple(other.version_id for other in versions if other != version and other.stands)
    rows = 0
    is_undone = version.undone_at is not None and not _has_rows(warehouse, version)
    if not is_undone:
        refuse(version)
        number_undos(warehouse, version.dataset)
        steps = transactions.undo_file(version.dataset, version.file_id)
        rows = retry_conflicts(lambda: warehouse.transaction(steps)).count(DELETE)
    is_held = version.was_modeled and _is_held(warehouse, bucket, key, version)
    return Undo(source_file, version, "already_undone" if is_undone else "undone", rows, others, is_held)


def landed_versions(warehouse: Connection, bucket: str, key: str) -> list[Version]:
    """List the versions of an object that have landed, the last first; one that landed again as what it is by now."""
    sqls = bookkeeping.select_versions(datasets(warehouse), bucket, key)
    found = [_version(row) for sql in sqls for row in warehouse.query(sql)]
    known: dict[tuple[str, str], Version] = {}
    for version in sorted(found, key=lambda version: (version.loaded_at, version.load_seq), reverse=True):
        of = (version.dataset, version.version_id)
        if of not in known or version.file_id == _own_id(bucket, key, version.version_id):
            known[of] = version
    return list(known.values())


def _own_id(bucket: str, key: str, version_id: str) -> str:
    """Return the id that bars a version's events; its ledger row has another where it was let land again."""
    return FileVersion(bucket, key, version_id).file_id


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
    uri = quoted(f"s3://{first['bucket']}/{first['key']}")
    way = f"landfall undo {uri} --version {first['version_id']}"
    return f"{said}; the same bytes landed with load {first['load_seq']}: {way}"


def has_table(warehouse: Connection, dataset: str) -> bool:
    """Tell whether there is a landing table; that of a dataset which has landed may have been dropped."""
    return dataset in {row["name"] for row in warehouse.query(catalog.select_tables("landing"))}


def _is_held(warehouse: Connection, bucket: str, key: str, version: Version) -> bool:
    """Tell whether models may hold rows of a version that was undone, under whatever id its ledger row has by now."""
    number_undos(warehouse, version.dataset)
    [row] = warehouse.query(modeled.select_held(version.dataset, bucket, key, version.version_id))
    return int(row["held"]) > 0


def _has_rows(warehouse: Connection, version: Version) -> bool:
    """Tell whether landing has rows of it, whatever the ledger says."""
    if not has_table(warehouse, version.dataset):
        return False
    [row] = warehouse.query(bookkeeping.count_file_rows(version.dataset, version.file_id))
    return int(row["found"]) > 0


def _chosen(
    versions: Sequence[Version], source_file: str, version_id: str | None, dataset: str | None = None
) -> Version:
    """Choose what is meant of the versions, the last first; refuse to guess."""
    if not versions:
        raise ConfigError(f"{source_file} has not landed: `landfall history` lists what has")
    of_dataset = [version for version in versions if dataset in (None, version.dataset)]
    if not of_dataset:
        landed = ", ".join(sorted({version.dataset for version in versions}))
        raise ConfigError(f"{source_file} has not landed in {dataset}, but in {landed}")
    if version_id is None:
        standing = [version for version in of_dataset if version.stands]
        if of_dataset[0].stands and len(standing) > 1:
            raise ConfigError(_several(source_file, standing))
        return of_dataset[0]
    meant = [version for version in of_dataset if version.version_id == version_id]
    if len(meant) > 1:
        raise ConfigError(_several(source_file, meant))
    if meant:
        return meant[0]
    landed = ", ".join(version.version_id for version in of_dataset)
    raise ConfigError(f"version {version_id} of {source_file} has not landed; these have: {landed}")


def _several(source_file: str, versions: Sequence[Version]) -> str:
    """Ask which is meant, and give the command of each."""
    datasets_of = {version.dataset for version in versions}

    def way(version: Version) -> str:
        into = f" --dataset {version.dataset}" if len(datasets_of) > 1 else ""
        rows = f"{version.rows:,} row{'' if version.rows == 1 else 's'}"
        state = f"undone {version.undone_at}" if version.undone_at else f"{rows}, landed {version.loaded_at}"
        return f"landfall undo {quoted(source_file)} --version {quoted(version.version_id)}{into} ({state})"

    several = "in several datasets" if len(datasets_of) > 1 else "several times"
    return f"{source_file} has landed {several}; which is meant? " + "; ".join(way(version) for version in versions)
