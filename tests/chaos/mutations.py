"""Is the storm strong enough? Break the product so that it would lose or double rows, and see whether seeds find it.

`python -m tests.chaos.mutations [NAME ...]`. In: names of mutations; all, where none is given. Out: a line each with
the seed that found it, of the first 200 of the lowest layer whose code it breaks; with `--record FILE` the seed is kept
there too (tests/chaos/record.py). Exit code 1 where one was not found.
Each is applied to a copy of the tree.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from local.home import ROOT
from tests.chaos.record import Recorder

MOST = 200
COPIED = (
    "benchmarks",
    "dbt_project",
    "infra",
    "ingest_lambda",
    "landfall",
    "local",
    "macros",
    "scripts",
    "tests",
    "transform_lambda",
)
COPIED_FILES = ("dbt_project.yml", "profiles.yml", "pyproject.toml", "requirements.txt")


@dataclass(frozen=True)
class Mutation:
    """A change that breaks a promise: in which file which text becomes which, and the layer that must see it."""

    promise: str
    layer: str
    path: str
    text: str
    instead: str


MUTATIONS = {
    "ledger_check_out": Mutation(
        "a file whose version the ledger holds lands no second time",
        "core",
        "ingest_lambda/warehouse/statements.py",
        'as loaded where loaded.file_id = files.file_id)"',
        'as loaded where loaded.file_id = files.file_id and 1 = 0)"',
    ),
    "two_transactions": Mutation(
        "rows and ledger are committed together",
        "core",
        "ingest_lambda/load/transaction.py",
        "            committed = retry_conflicts(lambda: session.transaction(run))\n",
        "            rows = next(n for n, sql in enumerate(run) if sql.startswith('insert into landing')) + 1\n"
        "            retry_conflicts(lambda: session.transaction(run[:rows]))\n"
        "            committed = retry_conflicts(lambda: session.transaction(['select 1'] * rows + run[rows:]))\n",
    ),
    "lock_dropped": Mutation(
        "of two runs at once, one models after the other",
        "model",
        "macros/model/lock_entity.sql",
        "lock {{ mutex_table(entity_config('entity')) }}",
        "select count(*) from {{ mutex_table(entity_config('entity')) }}",
    ),
    "watermark_before_merge": Mutation(
        "what was modeled is said in the transaction that models it",
        "model",
        "dbt_project.yml",
        '      +pre-hook: ["{{ lock_entity() }}", "{{ require_full_range() }}"]\n'
        '      +post-hook: "{{ record_model_load() }}"\n',
        '      +pre-hook: [{sql: "{{ record_model_load() }}", transaction: false}, "{{ lock_entity() }}"]\n',
    ),
    "tie_break_dropped": Mutation(
        "of two changes at the same moment the later line is the newer",
        "model",
        "macros/model/order_columns.sql",
        "'_file_modified_at', '_source_file', '_file_id', '_row_number', '_row_digest',",
        "'_file_modified_at', '_source_file', '_file_id', '_row_digest',",
    ),
}


def main(arguments: list[str] | None = None) -> int:
    """Try the mutations; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="tests.chaos.mutations", description="Break the product and let storms find it."
    )
    parser.add_argument("names", nargs="*", help=f"of {', '.join(MUTATIONS)}; all, where none is given")
    parser.add_argument("--minutes", type=float, default=30.0, help="how long to look for each (default 30)")
    parser.add_argument("--record", type=Path, help="a file of JSON that keeps what was found")
    options = parser.parse_args(arguments)
    found = {name: _found_by(name, MUTATIONS[name], options.minutes) for name in options.names or MUTATIONS}
    for name, seed in found.items():
        if seed is not None:
            Recorder(options.record).mutation(name, MUTATIONS[name].layer, MUTATIONS[name].promise, seed)
    return 1 if None in found.values() else 0


def _found_by(name: str, mutation: Mutation, minutes: float) -> int | None:
    with tempfile.TemporaryDirectory(prefix=f"landfall-{name}-") as folder:
        copy = Path(folder) / "tree"
        _copy_tree(copy)
        apply(mutation, copy)
        command = [sys.executable, "-m", "tests.chaos", "--layer", mutation.layer, "--stop"]
        bounds = ["--schedules", str(MOST), "--minutes", str(minutes)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LANDFALL_")}
        done = subprocess.run(  # noqa: S603 - ourselves
            [*command, *bounds],
            cwd=copy,
            env=environment | {"PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            check=False,
        )
    seeds = re.findall(r"seed (\d+) fails", done.stderr)
    said = f"found by seed {seeds[0]} of {mutation.layer}" if seeds else f"NOT FOUND (exit code {done.returncode})"
    print(f"{name}: {said}: {mutation.promise}", flush=True)
    if not seeds:
        print(done.stderr[-2000:], file=sys.stderr)
    return int(seeds[0]) if seeds else None


def _copy_tree(copy: Path) -> None:
    for name in COPIED:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in COPIED_FILES:
        shutil.copy(ROOT / name, copy / name)
    (copy / ".landfall").mkdir()
    for name in (".venv", ".landfall/aws-venv"):
        (copy / name).symlink_to(ROOT / name)


def apply(mutation: Mutation, tree: Path) -> None:
    """Change a tree.

    Raises:
        ValueError: the text does not stand there exactly once, so that the mutation is of another time.
    """
    path = tree / mutation.path
    content = path.read_text(encoding="utf-8")
    if content.count(mutation.text) != 1:
        raise ValueError(f"{mutation.path} has {content.count(mutation.text)} times: {mutation.text}")
    path.write_text(content.replace(mutation.text, mutation.instead), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
