"""OPERATE: what landing would do with files, and why. In: local paths or objects. Out: a forecast a file and dataset.

The planner is the function's own: pure, so that it can be asked. Of parquet it looks at footers alone; values that no
column holds (a string that is too long) are found when the file lands. A text says nothing of itself: it is read.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest_lambda.arrive.known_folders import has_ended, read_folders, refusal
from ingest_lambda.arrive.partitions import PathColumn, path_columns
from ingest_lambda.arrive.routing import NOT_BY_BYTES, PREFIX, Ignored, Route, route
from ingest_lambda.clock import Clock
from ingest_lambda.errors import ConfigError, RejectedFileError
from ingest_lambda.file_version import UNVERSIONED, FileVersion
from ingest_lambda.judge.clocks import Known
from ingest_lambda.judge.contracts import Contract, rules_of
from ingest_lambda.judge.paths import LoadPath, group_by_path
from ingest_lambda.judge.plan import Plan, PlannedFile
from ingest_lambda.judge.planner import plan_load
from ingest_lambda.judge.settle import Looks, settle
from ingest_lambda.judge.staged_clocks import judge_staged
from ingest_lambda.judge.table_formats import NOBODY, Ownership
from ingest_lambda.judge.verdict import Verdict, verdict_of
from ingest_lambda.load.outcomes import overwritten
from ingest_lambda.read.footer import UNKNOWN_ROWS, Inspected
from ingest_lambda.read.formats import inspect_any
from ingest_lambda.reasons import NO_PARQUET
from ingest_lambda.reconcile.ledger import Standing, standings
from ingest_lambda.rewrite.path_values import clocks_of, path_values
from ingest_lambda.warehouse import owned_folders
from ingest_lambda.warehouse.catalog import Tables, read_tables
from ingest_lambda.warehouse.clocks import Memory, read_memory
from landfall.operate import copies, objects, verdicts
from landfall.operate.expected_table import ExpectedTable
from landfall.operate.inspecting import LOCAL, inspect_local, local_version, newest_version, read_text
from landfall.operate.statements import bookkeeping
from landfall.operate.undos import locate
from landfall.operate.uploads import plan_uploads

if TYPE_CHECKING:
    from landfall.stack import Stack

ENDS_SNAPSHOT = "it ends a snapshot: what its folder held when it was stored, or what it lists"


@dataclass(frozen=True)
class Forecast:
    """What would become of one file: it `lands`, is `rejected`, `ignored`, `skipped`, or has been `decided` on before.

    `path_columns`: by column, what the folders of its key say of its rows.
    `cautions` are what users of its writer would not expect of a column, by its name.
    """

    name: str
    dataset: str | None
    outcome: str
    why: str
    path: LoadPath | None = None
    rows: int | None = None
    verdict: Verdict | None = None
    path_columns: Mapping[str, str | None] = field(default_factory=dict)
    cautions: tuple[tuple[str, str], ...] = ()

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
            **verdicts.facts(asdict(verdict) if verdict else None),
            "cautions": [{"column": column, "caution": caution} for column, caution in self.cautions],
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
        if not name.startswith((PREFIX, "s3://")):
            raise ConfigError(f"{name} is no local path, and an object is called by s3:// or its key under {PREFIX}")
        return [self._read_object(self._stack, name)]

    def _read_local(self, path: Path, dataset: str | None) -> Iterable[Readable | Forecast]:
        left_out: dict[Path, str] = {}
        uploads = plan_uploads([path], dataset, rules=self._rules, left_out=left_out.__setitem__)
        yield from (Forecast(str(other), None, "ignored", why) for other, why in left_out.items())
        for upload in uploads:
            if upload.dataset is None:
                yield Forecast(str(upload.path), None, "ignored", upload.ignored or "it is no data file")
                continue
            if upload.is_marker:
                yield Forecast(str(upload.path), upload.dataset, "lands", ENDS_SNAPSHOT, rows=0)
                continue
            file, declared = local_version(upload.path, upload.key), self._contract(upload.dataset).declared
            try:
                yield Readable(str(upload.path), upload.dataset, inspect_local(upload.path, file, declared))
            except RejectedFileError as error:
                yield self._rejected(str(upload.path), upload.dataset, file, error)

    def _read_object(self, stack: "Stack", name: str) -> Readable | Forecast:
        bucket, key = locate(name, stack.bucket)
        routed = route(key, self._rules)
        if isinstance(routed, Ignored):
            return Forecast(name, routed.dataset, "ignored", routed.reason)
        file = newest_version(stack, bucket, key)
        standing = standings(stack.warehouse, {routed.dataset: [file.file_id]}).get(file.file_id)
        if standing not in {None, Standing.REJECTED} and file.version_id == UNVERSIONED:
            [sql] = bookkeeping.select_landed([(routed.dataset, [file.file_id])])
            [held] = stack.warehouse.query(sql)
            if held["etag"] != file.etag:
                error = overwritten(held["load_seq"], held["etag"], file.etag)
                return self._rejected(name, routed.dataset, file, error)
        if standing in {Standing.LANDED, Standing.UNDONE, Standing.SKIPPED}:
            return Forecast(name, routed.dataset, "decided", f"this version is in the ledger: {standing}")
        try:
            if routed.is_marker:
                self._check_folder(stack, routed, file)
                return Forecast(name, routed.dataset, "lands", ENDS_SNAPSHOT, rows=0)
            declared = self._contract(routed.dataset).declared
            inspected = inspect_any(stack.s3, file, declared)
            if inspected.footer.sign is None:
                self._check_folder(stack, routed, file)
            return Readable(name, routed.dataset, inspected)
        except RejectedFileError as error:
            if routed.by_bytes and error.reason in NO_PARQUET:
                return Forecast(name, routed.dataset, "ignored", NOT_BY_BYTES)
            return self._rejected(name, routed.dataset, file, error)

    def _check_folder(self, stack: "Stack", routed: Route, file: FileVersion) -> None:
        """Refuse an object of a folder that may be another table's, as the function does."""
        if routed.folder is None:
            return
        owned = owned_folders.read_folders(stack.warehouse, routed.dataset)
        if any(folder.holds(file) for folder in owned):
            return
        if routed.is_marker and has_ended(stack.warehouse, routed.dataset, routed.folder):
            return
        if not read_folders(stack.warehouse, routed.dataset, self._rules):
            raise refusal(routed.dataset, routed.folder)

    def _plan_dataset(self, dataset: str, files: Sequence[Readable], outlook: Outlook) -> None:
        contract = self._contract(dataset)
        names = {each.inspected.file.file_id: each.name for each in files}
        inspected = [each.inspected for each in files]
        tables = read_tables(self._stack.warehouse, dataset) if self._stack else Tables()
        ownership = ownership_of(self._stack, dataset) if self._stack else NOBODY
        plan_now = partial(
            plan_load, dataset, contract=contract, ownership=ownership, records_paths=tables.records_paths
        )
        etags = {each.file.file_id: _etag(each) for each in inspected} if contract.skips_copies else {}
        landed: dict[str, str] = {}
        memory: Memory = {}
        if self._stack and tables.columns is not None:
            landed = copies.landed(self._stack.warehouse, dataset, inspected, etags) if etags else {}
            memory = read_memory(self._stack.warehouse, dataset)
        clocks = Known(memory, copies=landed.keys())
        expected = ExpectedTable(self._stack, dataset, tables.columns, clocks)
        plans: list[Plan] = []
        known: list[Known] = []
        for group in group_by_path(inspected):
            known.append(expected.table().clocks)
            plans.append(settle(group, expected.table(), plan_now, Looks(expected.count, expected.look_into)))
            expected.add(plans[-1])
        rows, unfit = self._read_values(plans, known)
        if unfit:  # they bring no column, so the others are planned without them
            outlook.files += [self._rejected(names[file.file_id], dataset, file, error) for file, error in unfit]
            wrong = {file.file_id for file, _ in unfit}
            rest = [each for each in files if each.inspected.file.file_id not in wrong]
            self._plan_dataset(dataset, rest, outlook)
            return
        by_load = [planned.inspected for plan in plans for planned in plan.files]
        skipped = copies.skipped(by_load, etags, landed) if contract.skips_copies else {}
        for plan in plans:
            outlook.plans.append(plan)
            for planned in plan.files:
                file_id = planned.inspected.file.file_id
                if file_id in skipped:
                    outlook.files.append(Forecast(names[file_id], dataset, "skipped", skipped[file_id], rows=0))
                else:
                    outlook.files.append(_lands(names[file_id], plan, planned, rows.get(file_id)))
            for rejection in (*plan.rejections, *plan.aside):
                file = rejection.inspected.file
                outlook.files.append(self._rejected(names[file.file_id], dataset, file, rejection.error))

    def _read_values(
        self, plans: Iterable[Plan], known: Iterable[Known]
    ) -> tuple[dict[str, int], list[tuple[FileVersion, RejectedFileError]]]:
        """Read the values that are at hand: what folders say, and texts; count these by file id, and find misfits."""
        rows: dict[str, int] = {}
        unfit: list[tuple[FileVersion, RejectedFileError]] = []
        for plan, landed in zip(plans, known, strict=True):
            clocks: dict[int, frozenset[tuple[str, Clock]]] = {}
            for number, planned in enumerate(plan.files, start=1):
                file = planned.inspected.file
                try:
                    clocks[number] = clocks_of(path_values(planned.path, plan.columns), planned.names)
                    if planned.inspected.text is not None:
                        read = read_text(planned, plan.columns, self._stack)
                        rows[file.file_id], clocks[number] = read.rows, clocks[number] | read.clocks
                except RejectedFileError as error:
                    unfit.append((file, error))
            if not unfit and any(clocks.values()):
                numbers = range(1, len(plan.files) + 1)
                judged = judge_staged(plan, numbers, clocks, landed, self._contract(plan.dataset))
                refused = {**judged.refused, **judged.later}
                unfit += [(plan.files[number - 1].inspected.file, error) for number, error in refused.items()]
        return rows, unfit

    def _contract(self, dataset: str) -> Contract:
        return self._contracts.get(dataset, Contract())

    def _rejected(self, name: str, dataset: str, file: FileVersion, error: RejectedFileError) -> Forecast:
        verdict = verdict_of(error, file, dataset)
        if self._contract(dataset).sensitive:
            verdict = verdict.without_values()
        return Forecast(name, dataset, "rejected", verdict.detail, verdict=verdict)


def ownership_of(stack: "Stack", dataset: str) -> Ownership:
    """Say which folders of a dataset table formats own, for objects of the bucket and for files that may come there."""
    owned = owned_folders.read_folders(stack.warehouse, dataset)
    landed = {folder: owned_folders.landed_before(stack.warehouse, folder) for folder in owned}
    local = {replace(folder, bucket=LOCAL): before for folder, before in landed.items()}
    return Ownership((*owned, *local), {**landed, **local})


def named_by(key: str) -> tuple[PathColumn, ...]:
    """Read the columns that a key's folders name; none where they contradict each other."""
    try:
        return path_columns(key)
    except RejectedFileError:
        return ()


def _etag(inspected: Inspected) -> str:
    file = inspected.file
    return objects.etag_of(Path(file.version_id)) if file.bucket == LOCAL else inspected.etag


def _lands(name: str, plan: Plan, planned: PlannedFile, read: int | None) -> Forecast:
    """Forecast that a file lands; `read` is the number of its rows where they were read."""
    promised = planned.inspected.footer.row_count
    rows = read if promised == UNKNOWN_ROWS else promised
    said = {column.name: column.value for column in planned.path}
    cautions = tuple((column.name, column.caution) for column in planned.inspected.footer.columns if column.caution)
    return Forecast(name, plan.dataset, "lands", planned.why, plan.path, rows, path_columns=said, cautions=cautions)
