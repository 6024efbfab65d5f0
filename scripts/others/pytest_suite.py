"""A suite of pytest, run in its own environment; what became of its tests comes from `plugins/record_outcomes.py`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.others.outcomes import STATUSES, Outcome

PLUGINS = Path(__file__).parent / "plugins"
# A developer's own stack or account is nobody else's business.
_FOREIGN = ("AWS_", "DBT_", "LANDFALL_", "PG", "PYTEST_", "REDSHIFT_")
# Keys that no account knows, and no file that could hold real ones: AWS itself refuses whatever a suite asks of it.
_NO_ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


class SuiteError(Exception):
    """A suite that did not run to its end: names its log."""


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without what could leak into a suite, with no account of AWS, and with more."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return kept | _NO_ACCOUNT | dict(more)


def run_pytest(
    python: Path, folder: Path, arguments: Sequence[str], variables: Mapping[str, str], log: Path
) -> list[Outcome]:
    """Run pytest in a folder and return the outcome of each test.

    Args:
        python: the suite's interpreter.
        folder: the current folder.
        arguments: pytest's own, paths among them.
        variables: the environment's further variables.
        log: a file for pytest's output.

    Raises:
        SuiteError: pytest was interrupted, could not collect, or was used wrongly (its exit codes 2 to 4).
    """
    records = log.with_suffix(".jsonl")
    records.unlink(missing_ok=True)
    own = {"OTHERS_OUTCOMES": str(records), "PYTHONPATH": str(PLUGINS)}
    command = [str(python), "-m", "pytest", "-p", "record_outcomes", "-p", "no:cacheprovider", *arguments]
    with log.open("wb") as output:
        done = subprocess.run(  # noqa: S603 - the suite's own command
            command, cwd=folder, env=environment({**variables, **own}), stdout=output, stderr=output, check=False
        )
    if done.returncode not in (0, 1, 5):  # 5: none was chosen
        raise SuiteError(f"pytest ended with code {done.returncode}. It said why in {log}.")
    return read_records(records.read_text(encoding="utf-8").splitlines() if records.exists() else [])


def read_records(lines: Sequence[str]) -> list[Outcome]:
    """Return one outcome for each test: the worst of its parts, as pytest's exit code takes it.

    >>> read_records(['{"test": "a", "part": "call", "outcome": "passed", "why": ""}',
    ...               '{"test": "a", "part": "teardown", "outcome": "failed", "why": "x"}'])
    [Outcome(test='a', status='failed', why='x')]
    """
    found: dict[str, Outcome] = {}
    for line in lines:
        part = json.loads(line)
        outcome = Outcome(part["test"], part["outcome"], part["why"])
        before = found.get(outcome.test)
        if before is None or _badness(outcome) > _badness(before):
            found[outcome.test] = outcome
    return list(found.values())


def _badness(outcome: Outcome) -> int:
    """Order passed before skipped before failed."""
    return (STATUSES[0], STATUSES[2], STATUSES[1]).index(outcome.status)
