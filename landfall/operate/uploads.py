"""OPERATE: uploads, from local paths to their outcomes. In: paths. Out: where each goes, then what became of it.

What became of a file is read where landing writes it: the ledgers and `ops.rejected_files`.
"""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest_lambda.arrive import folders, smoke
from ingest_lambda.arrive.owned import owned_folder
from ingest_lambda.arrive.routing import NOT_BY_BYTES, PREFIX, Ignored, Kind, Rules, route
from ingest_lambda.arrive.suffixes import names_another_format
from ingest_lambda.errors import ConfigError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.table_formats import WHY, export
from ingest_lambda.read.footer import ENCRYPTED_MAGIC, MAGIC
from ingest_lambda.warehouse.statements import DATASET_NAME
from landfall.operate import files, objects, verdicts, waiting

if TYPE_CHECKING:
    from landfall.stack import Stack

NO_DATA = {Kind.UNDECLARED_FORMAT, Kind.WRITERS_OWN}  # wherever it is put
FIRST_PAUSE, LONGEST_PAUSE, PAUSE_GROWTH = 0.25, 3.0, 1.5  # seconds between two looks at the ledger


@dataclass(frozen=True)
class Plan:
    """Where a local file goes; `ignored` says why landing will pass it over, where it will.

    `is_marker`: it ends a snapshot, whose other files must be there before it.
    """

    path: Path
    key: str
    dataset: str | None
    ignored: str | None = None
    is_marker: bool = False


@dataclass(frozen=True)
class Upload:
    """A file that was uploaded, and what has become of it; no outcome yet is None.

    `etag` tells it from others of its key where the bucket keeps no versions; else it is empty.
    """

    plan: Plan
    version_id: str
    outcome: str | None = None
    reason: str | None = None
    rows: int | None = None
    verdict: Mapping[str, Any] | None = None
    etag: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Spell the upload as its JSON face does."""
        return {
            "path": str(self.plan.path),
            "key": self.plan.key,
            "dataset": self.plan.dataset,
            "outcome": self.outcome,
            "reason": self.reason,
            "rows": self.rows,
            **verdicts.facts(self.verdict),
        }


def plan_uploads(
    paths: Sequence[Path],
    dataset: str | None = None,
    key: str | None = None,
    rules: Rules | None = None,
    left_out: Callable[[Path, str], None] = lambda _path, _why: None,
) -> list[Plan]:
    """Decide where each file goes; a folder gives the data files below it, and the markers of snapshots, last.

    `rules` are those that landing goes by. `left_out` is told which other files of folders are no data, and why.

    Raises:
        ConfigError: a path does not exist, a key fits no single file, or no dataset can be told.
    """
    if dataset is not None and not DATASET_NAME.fullmatch(dataset):
        raise ConfigError(f"{dataset!r} is no dataset name: it must match {DATASET_NAME.pattern}")
    if key is not None:
        return [_plan_key(paths, dataset, key, rules or Rules())]
    plans = [plan for path in paths for plan in _plan_path(path, dataset, rules or Rules(), left_out)]
    if not plans:
        raise ConfigError(f"no data file in {', '.join(map(str, paths))}")
    return sorted(_without_collisions(plans), key=lambda plan: plan.is_marker)


def put(stack: "Stack", plan: Plan, *, reuse: bool = False) -> Upload:
    """Upload one file. What landing passes over has its outcome at once.

    `reuse`: the version that is there is taken where the same file was put by a call with `reuse` before.
    """
    digest = objects.digest_of(plan.path) if reuse else None
    there = objects.version_with(stack.s3, stack.bucket, plan.key, digest) if digest else None
    version_id = there or objects.put_file(stack.s3, plan.path, stack.bucket, plan.key, digest)
    if plan.ignored:
        return Upload(plan, version_id, "ignored", plan.ignored)
    if version_id != objects.NO_VERSION:
        return Upload(plan, version_id)
    described = objects.describe(stack.s3, FileVersion(stack.bucket, plan.key, version_id))
    return Upload(plan, version_id, etag=described.etag if described else "")


def settle(stack: "Stack", uploads: Iterable[Upload]) -> list[Upload]:
    """Look up, once, what has become of the uploads that have no outcome yet."""
    uploads = list(uploads)
    open_ids: dict[str, list[str]] = defaultdict(list)
    for upload in uploads:
        if upload.outcome is None and upload.plan.dataset:
            open_ids[upload.plan.dataset].append(file_id(stack, upload))
    etags = {file_id(stack, upload): upload.etag for upload in uploads if upload.etag}
    found = files.outcomes(stack.warehouse, open_ids, etags) if open_ids else {}
    return [_settled(stack, upload, found) for upload in uploads]


def wait(
    stack: "Stack",
    uploads: Sequence[Upload],
    timeout_seconds: float,
    progress: Callable[[Sequence[Upload]], None] = lambda _: None,
    failed: Callable[[str], None] = lambda _: None,
) -> list[Upload]:
    """Wait until every upload has an outcome, or the time is up; then some have none.

    `failed` is told, in words, of each try that came to nothing and is made again.
    """
    deadline = time.monotonic() + timeout_seconds
    pause = FIRST_PAUSE
    settled = list(uploads)
    tries: dict[str, str] = {}
    while True:
        settled = settle(stack, settled)
        progress(settled)
        left = deadline - time.monotonic()
        if all(upload.outcome for upload in settled):
            return settled
        keys = {file_id(stack, upload): upload.plan.key for upload in settled if upload.outcome is None}
        for open_id, words in waiting.news(stack, keys, tries):
            failed(f"{keys[open_id]}: {words}")
        if left <= 0:
            return [
                upload if upload.outcome else _timed_out(stack, upload, timeout_seconds, tries) for upload in settled
            ]
        time.sleep(min(pause, left))
        pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE)


def file_id(stack: "Stack", upload: Upload) -> str:
    """Return the identity that landing gives to the uploaded version."""
    return FileVersion(stack.bucket, upload.plan.key, upload.version_id).file_id


def _settled(stack: "Stack", upload: Upload, found: dict[str, files.Outcome]) -> Upload:
    if upload.outcome is not None:
        return upload
    outcome = found.get(file_id(stack, upload))
    if outcome is not None:
        return replace(
            upload, outcome=outcome.outcome, reason=outcome.reason, rows=outcome.rows, verdict=outcome.verdict
        )
    if not objects.version_exists(stack.s3, stack.bucket, upload.plan.key, upload.version_id):
        return replace(upload, outcome="gone", reason=f"version {upload.version_id} no longer exists")
    return upload


def _timed_out(stack: "Stack", upload: Upload, timeout_seconds: float, tries: Mapping[str, str]) -> Upload:
    why = tries.get(file_id(stack, upload), "`landfall status` shows the queue")
    return replace(upload, reason=f"no outcome within {timeout_seconds:g} s; {why}")


def _plan_key(paths: Sequence[Path], dataset: str | None, key: str, rules: Rules) -> Plan:
    if len(paths) != 1 or not paths[0].is_file():
        raise ConfigError("--key is the key of one file: give exactly one file with it")
    return _plan_to(paths[0], key, dataset, rules)


def _plan_to(path: Path, key: str, dataset: str | None, rules: Rules) -> Plan:
    """Plan a file whose key is settled: landing reads the dataset out of the key, whatever was meant."""
    routed = route(key, rules)
    if isinstance(routed, Ignored):
        return Plan(path, key, None, ignored=routed.reason)
    if routed.by_bytes and not _is_parquet(path):
        return Plan(path, key, None, ignored=NOT_BY_BYTES)
    if why := smoke.why_not(routed.dataset):
        raise ConfigError(why)
    if dataset not in (None, routed.dataset):
        raise ConfigError(f"key {key!r} lands in dataset {routed.dataset}, not in {dataset}: change one of the two")
    return Plan(path, key, routed.dataset, is_marker=routed.is_marker)


def _plan_path(path: Path, dataset: str | None, rules: Rules, left_out: Callable[[Path, str], None]) -> list[Plan]:
    if path.is_dir():
        below = sorted(found for found in path.rglob("*") if found.is_file())
        named = [(file, file.relative_to(path).as_posix()) for file in below]
        _refuse_table([name for _, name in named], dataset, rules)
        reasons = {file: _why_no_data(file, name, dataset, rules) for file, name in named}
        for file, why in reasons.items():
            if why:
                left_out(file, why)
        return [_plan_file(file, name, dataset, rules) for file, name in named if not reasons[file]]
    if path.is_file():
        return [_plan_file(path, path.name, dataset, rules)]
    raise ConfigError(f"{path} does not exist, or is neither file nor folder")


def _refuse_table(names: Sequence[str], dataset: str | None, rules: Rules) -> None:
    """Refuse to upload the files of a table format without the log that says which of their rows count."""
    for name in names:
        key = f"{PREFIX}{dataset}/{name}" if dataset else f"{PREFIX}{name}"
        folder = owned_folder("", key, rules)
        if folder is not None:
            raise ConfigError(f"{name} is of the log of a {folder.format} table, {WHY}: {export(folder.format)}")


def _plan_file(path: Path, name: str, dataset: str | None, rules: Rules) -> Plan:
    """Plan a file by its name (in a folder, by its path below that folder)."""
    if dataset is not None:
        return _plan_to(path, _key_below(dataset, name, rules), dataset, rules)
    routed = route(PREFIX + name, rules)
    if isinstance(routed, Ignored) and (routed.kind in NO_DATA or names_another_format(name)):
        raise ConfigError(f"{path}: {routed.reason}")
    if isinstance(routed, Ignored):
        raise ConfigError(f"{path}: no dataset can be told from the name ({routed.reason}); say --dataset or --key")
    if routed.folder is not None:
        raise ConfigError(f"{path}: {routed.folder} may be another table than {routed.dataset}; say --dataset or --key")
    is_placed = any(_same_name(folder, routed.dataset) for folder in name.split("/")[:-1])
    if is_placed or rules.pattern or any(f"{PREFIX}{name}".startswith(prefix) for prefix in rules.prefixes):
        return _plan_to(path, f"{PREFIX}{name}", None, rules)
    return _plan_to(path, f"{PREFIX}{routed.dataset}/{name}", None, rules)


def _why_no_data(path: Path, name: str, dataset: str | None, rules: Rules) -> str | None:
    """Say why a file below a folder is no data file; None of one that is, though its dataset cannot be told."""
    found = route(f"{PREFIX}{dataset or 'any'}/{name}", Rules(formats=rules.formats, markers=rules.markers))
    if dataset is None and isinstance(found, Ignored):
        found = route(PREFIX + name, rules)
    if isinstance(found, Ignored):
        return found.reason
    return None if _is_parquet(path) or not found.by_bytes else NOT_BY_BYTES


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-min(len(MAGIC), path.stat().st_size), os.SEEK_END)
        return file.read() in {MAGIC, ENCRYPTED_MAGIC}


def _key_below(dataset: str, name: str, rules: Rules) -> str:
    """Name the key of a file of a dataset. A folder that may be another table's becomes a part of the file's name."""
    key = f"{PREFIX}{dataset}/{name}"
    routed = route(key, rules)
    if isinstance(routed, Ignored) or routed.folder is None:
        return key
    *above, last = name.split("/")
    parts = [folder for folder in above if folders.is_part(folder)]
    others = [folder for folder in above if not folders.is_part(folder)]
    return "/".join([f"{PREFIX}{dataset}", *parts, "-".join([*others, last])])


def _same_name(folder: str, dataset: str) -> bool:
    return folder.lower().replace("-", "_") == dataset


def _without_collisions(plans: list[Plan]) -> list[Plan]:
    by_key: dict[str, Path] = {}
    for plan in plans:
        other = by_key.setdefault(plan.key, plan.path)
        if other != plan.path:
            raise ConfigError(f"{other} and {plan.path} would both be {plan.key}: upload one of them with --key")
    return plans
