"""LAND: the objects of one load under `staging/<load_id>/`, which COPY reads.

In: a plan's files. Out: what to copy and how many rows of which file it holds: an exact version as it is (COPY cannot
name a version), or the files of a load rewritten as one; and the facts of those files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest_lambda.bucket import objects
from ingest_lambda.clock import Clock
from ingest_lambda.errors import FileGoneError, RejectedFileError
from ingest_lambda.judge.paths import LoadPath
from ingest_lambda.judge.plan import Plan, PlannedFile
from ingest_lambda.read.schema import fingerprint
from ingest_lambda.rewrite import rewrite
from ingest_lambda.rewrite.path_values import clocks_of, path_values
from ingest_lambda.rewrite.writer import CanonicalObject
from ingest_lambda.warehouse import clocks, copies, ledger
from ingest_lambda.warehouse.statements import Column

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Source:
    """What COPY reads: an object, or the objects of a manifest."""

    uri: str
    manifest: bool


@dataclass(frozen=True)
class Staged:
    """Staged rows. `source` is None where there are none; `rows`, `lost` and `cut` go by the file's number in its load.

    `cut`: the columns of a file whose nanoseconds were cut to microseconds, which is all that Redshift holds. `clocks`:
    what the timestamps of a text, or of a folder, are.
    """

    source: Source | None
    rows: Mapping[int, int]
    lost: Mapping[int, RejectedFileError | FileGoneError] = field(default_factory=dict)
    cut: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    clocks: Mapping[int, frozenset[tuple[str, Clock]]] = field(default_factory=dict)


class Staging:
    """Writes the objects of the load `load_id`, and removes them."""

    def __init__(self, s3: S3Client, place: objects.Place, load_id: str, check_time: Callable[[], None]) -> None:
        self._s3 = s3
        self._check_time = check_time
        self._bucket = place.bucket
        self._prefix = f"staging/{load_id}/"
        self._stored: list[objects.Stored] = []

    def stage(self, plan: Plan) -> Staged:
        """Write what the stage is copied from; files are numbered from 1, in the plan's order.

        Raises:
            UnexpectedValueError: a file has values in a column that should have none.
            TransientError: S3 does not answer, or the time is up.
            ConfigError: S3 denies access.
        """
        if plan.path is LoadPath.AS_IS:
            return self._copied(plan.files[0], plan.columns)
        return self._rewritten(plan)

    def put_ledger(self, files: Mapping[int, PlannedFile], staged: Staged, plan: Plan) -> Source:
        """Write the facts of the files that land; of one that goes as it is, also what its path says of its rows.

        Raises:
            TransientError, ConfigError: S3 does not answer, or denies access.
        """
        entries = [_ledger_entry(number, file, staged, plan.path) for number, file in files.items()]
        said = path_values(plan.files[0].path, plan.columns) if plan.path is LoadPath.AS_IS else {}
        key = f"{self._prefix}ledger.parquet"
        self._stored.append(
            objects.put_parquet(
                self._s3, self._bucket, key, ledger.ledger_file(entries, [each.value for each in said.values()])
            )
        )
        return Source(self._uri(key), manifest=False)

    def clean_up(self) -> None:
        """Remove what was written; what cannot be removed now, the bucket's lifecycle rule removes."""
        objects.try_delete(self._s3, self._bucket, self._stored)

    def _copied(self, planned: PlannedFile, columns: Sequence[Column]) -> Staged:
        inspected = planned.inspected
        key = f"{self._prefix}{inspected.file.file_id}.parquet"
        try:
            clocks = clocks_of(path_values(planned.path, columns), planned.names)
            self._stored.append(objects.copy_version(self._s3, inspected.file, inspected.size, self._bucket, key))
        except (RejectedFileError, FileGoneError) as error:
            return Staged(None, {}, {1: error})
        source = Source(self._uri(key), manifest=False)
        return Staged(source, {1: inspected.footer.row_count}, clocks={1: clocks} if clocks else {})

    def _rewritten(self, plan: Plan) -> Staged:
        written = rewrite.rewrite(self._s3, self._bucket, self._prefix, self._sources(plan), plan.columns)
        self._stored += [entry.stored for entry in written.objects]
        source = self._put_manifest(written.objects) if written.objects else None
        return Staged(source, written.rows, written.rejections, written.cut, written.clocks)

    def _sources(self, plan: Plan) -> Iterator[rewrite.Source]:
        for number, file in numbered(plan.files):
            self._check_time()
            is_empty = file.inspected.footer.row_count == 0  # rows that it should not have are told as such
            empty = frozenset[str]() if is_empty else file.empty
            yield rewrite.Source(
                file.inspected, number, file.names, file.path, empty, keeps_positions=plan.keeps_positions
            )

    def _put_manifest(self, written: Sequence[CanonicalObject]) -> Source:
        listed = [(self._uri(entry.stored.key), entry.size) for entry in written]
        key, manifest = f"{self._prefix}manifest.json", objects.manifest(listed)
        self._stored.append(objects.put(self._s3, self._bucket, key, manifest, "application/json"))
        return Source(self._uri(key), manifest=True)

    def _uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"


def numbered(files: Sequence[PlannedFile]) -> list[tuple[int, PlannedFile]]:
    """Number the files of a load, from 1."""
    return list(enumerate(files, start=1))


def _ledger_entry(number: int, planned: PlannedFile, staged: Staged, path: LoadPath) -> ledger.LedgerEntry:
    inspected = planned.inspected
    return ledger.LedgerEntry(
        number=number,
        file=inspected.file,
        etag=inspected.etag,
        size=inspected.size,
        modified_at=inspected.modified_at,
        row_count=staged.rows[number],
        schema_fingerprint=fingerprint(planned.schema),
        load_path=copies.SKIPPED if planned.is_copy else path,
        path_columns=[said.name for said in planned.path],
        timestamp_kinds=clocks.fact(
            [*((each.column, each.clock) for each in planned.timestamps), *staged.clocks.get(number, ())]
        ),
    )
