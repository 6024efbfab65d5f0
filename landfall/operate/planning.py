"""OPERATE: what landing would do with files, and why. In: local paths or objects. Out: a forecast a file and dataset.

The planner is the function's own: pure, so that it can be asked. It looks at footers alone; values that no column
holds (a string that is too long, text that is no UTF-8) are found when the file lands.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest_lambda.arrive.partitions import PathColumn, path_columns
from ingest_lambda.arrive.routing import Format, Ignored, format_of, route
from ingest_lambda.errors import ConfigError, RejectedFileError
from ingest_lambda.file_version import UNVERSIONED, FileVersion
from ingest_lambda.judge.contracts import Contract, rules_of
from ingest_lambda.judge.paths import LoadPath
from ingest_lambda.judge.plan import Plan, PlannedFile, plan_batch
from ingest_lambda.judge.table_formats import NOBODY, Ownership
from ingest_lambda.judge.verdict import Verdict, verdict_of
from ingest_lambda.read.footer import TAIL_BYTES, UNKNOWN_ROWS, Inspected, footer_bytes, parse_footer
from ingest_lambda.read.formats import inspect_any
from ingest_lambda.reconcile.ledger import Standing, standings
from ingest_lambda.rewrite.path_values import path_values
from ingest_lambda.warehouse import ddl, owned_folders
from ingest_lambda.warehouse.catalog import Tables, read_tables
from landfall.operate.undos import locate
from landfall.operate.uploads import plan_uploads

if TYPE_CHECKING:
    from landfall.stack import Stack

LOCAL = "local"  # stands for the bucket of a file that is in none yet
LIMIT_VARIABLE = "LANDFALL_WIDEN_ROW_LIMIT"


@dataclass(frozen=True)
class Forecast:
    """What would become of one file: it `lands`, is `rejected`, `ignored`, or has been `decided` on before.

    `path_columns`: by column, what the folders of its key say of its rows.
    """

    name: str
    dataset: str | None
    outcome: str
    why: str
    path: LoadPath | None = None
    rows: int | None = None
    verdict: Verdict | None = None
    path_columns: Mapping[str, str | None] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Spell the forecast as its JSON face does."""
        verdict = self.verdict
        return {
            "file": self.name,
            "dataset": self.dataset,
            "outcome": self.outcome,
            "why": self.why,
            "path": self.path.value if self.path else None,
            "rows": self.rows,
            "path_columns": dict(self.path_columns),
            "reason": verdict.reason.value if verdict else None,
            "column": verdict.column if verdict else None,
            "found": verdict.found if verdict else None,
            "expected": verdict.expected if verdict else None,
            "remedy": verdict.remedy if verdict else None,
        }


@dataclass
class Outlook:
    """What would become of all of them: a forecast a file, and the plans of the loads."""

    files: list[Forecast] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)

    def changes(self) -> list[tuple[str, str, str | None, str]]:
        """List what would change in landing: dataset, column, type before (None: it is new), type after."""
        return [
            (plan.dataset, change.column, change.found, change.into)
            for plan in self.plans
            for change in plan.column_changes
        ]

    def folders(self) -> list[tuple[str, str, bool]]:
        """List the columns that folders of keys name: dataset, column, and whether landing takes it."""
        return sorted(
            {
                (plan.dataset, said.name, said in planned.path)
                for plan in self.plans
                for planned in plan.files
                for said in planned.path or named_by(planned.inspected.file.key)
            }
        )


@dataclass(frozen=True)
class Readable:
    """A file whose footer was read, under the name it was given by."""

    name: str
    dataset: str
    inspected: Inspected


class Planner:
    """Plans against a warehouse, or without one: then as if no dataset had landed yet."""

    def __init__(self, contracts: Mapping[str, Contract], stack: "Stack | None" = None) -> None:
        self._contracts = contracts
        self._stack = stack
        self._rules = rules_of(contracts, stack.route_pattern if stack else None)

    def plan(self, names: Sequence[str], dataset: str | None = None) -> Outlook:
        """Plan all files as one batch.

        Raises:
            ConfigError: a name is neither a path nor an object, or its dataset cannot be told.
        """
        outlook = Outlook()
        readable: dict[str, list[Readable]] = defaultdict(list)
        for name in names:
            for each in self._read(name, dataset):
                if isinstance(each, Readable):
                    readable[each.dataset].append(each)
                else:
                    outlook.files.append(each)
        for of_dataset, files in readable.items():
            self._plan_dataset(of_dataset, files, outlook)
        return outlook

    def _read(self, name: str, dataset: str | None) -> Iterable[Readable | Forecast]:
        if Path(name).exists():
            return self._read_local(Path(name), dataset)
        if self._stack is None:
            raise ConfigError(f"{name} is no local path, and no stack is named whose bucket could hold it")
        return [self._read_object(self._stack, name)]

    def _read_local(self, path: Path, dataset: str | None) -> Iterable[Readable | Forecast]:
        for upload in plan_uploads([path], dataset, rules=self._rules):
            file = FileVersion(LOCAL, upload.key, str(upload.path.resolve()), size=upload.path.stat().st_size)
            if upload.dataset is None:
                yield Forecast(str(upload.path), None, "ignored", upload.ignored or "it is no data file")
                continue
            if format_of(upload.key) is not Format.PARQUET:
                raise ConfigError(f"{upload.path}: text is planned in the bucket only; upload it, and plan its key")
            try:
                yield Readable(str(upload.path), upload.dataset, inspect_local(upload.path, file))
            except RejectedFileError as error:
                yield _rejected(str(upload.path), upload.dataset, file, error)

    def _read_object(self, stack: "Stack", name: str) -> Readable | Forecast:
        bucket, key = locate(name, stack.bucket)
        routed = route(key, self._rules)
        if isinstance(routed, Ignored):
            return Forecast(name, None, "ignored", routed.reason)
        file = _newest(stack, bucket, key)
        standing = standings(stack.warehouse, {routed.dataset: [file.file_id]}).get(file.file_id)
        if standing in {Standing.LANDED, Standing.UNDONE}:
            return Forecast(name, routed.dataset, "decided", f"this version is in the ledger: {standing}")
        try:
            contract = self._contracts.get(routed.dataset, Contract())
            return Readable(name, routed.dataset, inspect_any(stack.s3, file, contract.declared))
        except RejectedFileError as error:
            return _rejected(name, routed.dataset, file, error)

    def _plan_dataset(self, dataset: str, files: Sequence[Readable], outlook: Outlook) -> None:
        contract = self._contracts.get(dataset, Contract())
        names = {each.inspected.file.file_id: each.name for each in files}
        inspected = [each.inspected for each in files]
        tables = read_tables(self._stack.warehouse, dataset) if self._stack else Tables()
        ownership = ownership_of(self._stack, dataset) if self._stack else NOBODY
        plan_all = partial(
            plan_batch,
            dataset,
            inspected,
            tables.columns,
            contract,
            ownership=ownership,
            records_paths=tables.records_paths,
        )
        plans = plan_all()
        if any(plan.widenings for plan in plans) and not self._may_widen(dataset):
            plans = plan_all(may_widen=False)
        if contradicted := _contradicted(plans):  # they bring no column, so the others are planned without them
            outlook.files += [_rejected(names[file.file_id], dataset, file, error) for file, error in contradicted]
            wrong = {file.file_id for file, _ in contradicted}
            rest = [each for each in files if each.inspected.file.file_id not in wrong]
            self._plan_dataset(dataset, rest, outlook)
            return
        for plan in plans:
            outlook.plans.append(plan)
            for planned in plan.files:
                outlook.files.append(_lands(names[planned.inspected.file.file_id], plan, planned))
            for rejection in plan.rejections:
                file = rejection.inspected.file
                outlook.files.append(_rejected(names[file.file_id], dataset, file, rejection.error))

    def _may_widen(self, dataset: str) -> bool:
        """Ask whether landing is small enough for a load to widen it, as the function would."""
        if self._stack is None:
            return True
        function = self._stack.lambda_.get_function_configuration(FunctionName=self._stack.output("IngestFunctionName"))
        limit = int(function["Environment"]["Variables"][LIMIT_VARIABLE])
        return int(self._stack.warehouse.query(ddl.count_rows(dataset))[0]["row_count"]) <= limit


def ownership_of(stack: "Stack", dataset: str) -> Ownership:
    """Say which folders of a dataset table formats own, for objects of the bucket and for files that may come there."""
    owned = owned_folders.read_folders(stack.warehouse, dataset)
    landed = {folder: owned_folders.landed_before(stack.warehouse, folder) for folder in owned}
    local = {replace(folder, bucket=LOCAL): before for folder, before in landed.items()}
    return Ownership((*owned, *local), {**landed, **local})


def _newest(stack: "Stack", bucket: str, key: str) -> FileVersion:
    from botocore.exceptions import ClientError

    try:
        head = stack.s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey"}:
            raise ConfigError(f"{key} is neither a local path nor an object of {bucket}") from error
        raise
    return FileVersion(bucket, key, head.get("VersionId", UNVERSIONED), size=head["ContentLength"])


def inspect_local(path: Path, file: FileVersion) -> Inspected:
    """Read the footer of a local file as the function reads an object's.

    Raises:
        RejectedFileError: it is no parquet file that can be read.
    """
    size = path.stat().st_size
    tail = _tail(path, size, TAIL_BYTES)
    needed = footer_bytes(tail, size)
    if needed > len(tail):
        tail = _tail(path, size, needed)
    modified_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Inspected(file, parse_footer(tail, size), size, LOCAL, modified_at)


def named_by(key: str) -> tuple[PathColumn, ...]:
    """Read the columns that a key's folders name; none where they contradict each other."""
    try:
        return path_columns(key)
    except RejectedFileError:
        return ()


def _tail(path: Path, size: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, size - length))
        return file.read()


def _contradicted(plans: Iterable[Plan]) -> list[tuple[FileVersion, RejectedFileError]]:
    """Find the files whose folders have values that no landing column can hold."""
    found: list[tuple[FileVersion, RejectedFileError]] = []
    for plan in plans:
        for planned in plan.files:
            try:
                path_values(planned.path, plan.columns)
            except RejectedFileError as error:
                found.append((planned.inspected.file, error))
    return found


def _lands(name: str, plan: Plan, planned: PlannedFile) -> Forecast:
    rows = planned.inspected.footer.row_count
    known = None if rows == UNKNOWN_ROWS else rows
    said = {column.name: column.value for column in planned.path}
    return Forecast(name, plan.dataset, "lands", planned.why, plan.path, known, path_columns=said)


def _rejected(name: str, dataset: str, file: FileVersion, error: RejectedFileError) -> Forecast:
    verdict = verdict_of(error, file, dataset)
    return Forecast(name, dataset, "rejected", verdict.detail, verdict=verdict)
