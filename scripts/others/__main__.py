"""`python -m scripts.others SUITE`: a suite of another project, at a pinned commit, on a local Redshift of its own.

In: the suite's name; a clone of its repository where there is one already. Out: how many of its tests pass, which fail
that did not before, and which pass that are listed as failing in expected/; exit code 0 only where there is neither.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scripts.others import dbt_suites, driver_suites, environment, pandas_suite, warehouse
from scripts.others.checkout import CheckoutError, check_out
from scripts.others.outcomes import ListError, Outcome, Verdict, judge, read_list
from scripts.others.pytest_suite import SuiteError
from scripts.others.suite import Place, Suite

_ALL = (*dbt_suites.SUITES, *driver_suites.SUITES, *pandas_suite.SUITES)
SUITES: dict[str, Suite] = {suite.name: suite for suite in _ALL}
EXPECTED = Path(__file__).parent / "expected"
_HOME = warehouse.ROOT / ".landfall" / "others"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one suite; return 0 if it went as listed, 1 if not, 2 if it could not be run."""
    options = _parse(arguments)
    suite = SUITES[options.suite]
    try:
        listed = read_list(EXPECTED / f"{suite.name}.tsv")
        outcomes = _run(suite, options)
    except (CheckoutError, ListError, SuiteError, warehouse.WarehouseError) as error:
        print(f"others: {error}", file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        print(f"others: the environment of {suite.name} cannot be made: {error}", file=sys.stderr)
        return 2
    tests = None if options.select else suite.tests if suite.tests is not None else len(outcomes)
    verdict = judge(outcomes, listed, tests)
    print(json.dumps(_as_json(suite, verdict), indent=2) if options.json else _told(suite, verdict))
    return 0 if verdict.is_as_expected else 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts.others", description=__doc__)
    parser.add_argument(
        "suite", choices=sorted(SUITES), help="; ".join(f"{s.name}: {s.about}" for s in SUITES.values())
    )
    parser.add_argument(
        "--from", dest="clones", action="append", default=[], metavar="OWNER/NAME=PATH", type=_clone,
        help="a clone or git directory that holds the pinned commit, instead of cloning from GitHub; may be repeated",
    )  # fmt: skip
    parser.add_argument("--select", default="", help="some tests only: what pytest's -k or dbt's --select takes")
    parser.add_argument("--workers", type=int, default=2, help="pytest's processes (default: 2)")
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    return parser.parse_args(arguments)


def _clone(text: str) -> tuple[str, Path]:
    name, _, path = text.partition("=")
    if not path or not Path(path).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r}: write OWNER/NAME=PATH, with the path of a folder that is there")
    return name, Path(path)


def _run(suite: Suite, options: argparse.Namespace) -> list[Outcome]:
    """Prepare all that the suite needs, run it, and return what became of its tests."""
    folder = _HOME / suite.name
    folder.mkdir(parents=True, exist_ok=True)
    clones = dict(options.clones)
    sources = {each.name: check_out(each, _HOME, clones.get(each.name)) for each in suite.repositories}
    packages = [sources[name] / package for name, package in suite.packages]
    python = environment.interpreter(suite.requirements, _HOME, packages)
    log = folder / "suite.log"
    log.unlink(missing_ok=True)
    print(f"{suite.name}: running, its log is {log}", file=sys.stderr)
    start = warehouse.started_with_aws if suite.with_aws else warehouse.started
    with start(folder / "redshift.log", suite.statements) as running:
        return suite.run(Place(folder, sources, python, running, log, options.workers, options.select))


def _as_json(suite: Suite, verdict: Verdict) -> dict[str, Any]:
    at = {repository.name: repository.commit for repository in suite.repositories}
    return {"suite": suite.name, "at": at, "as_expected": verdict.is_as_expected, "share": verdict.share} | asdict(
        verdict
    )


def _told(suite: Suite, verdict: Verdict) -> str:
    """Return the verdict in words, the surprises last."""
    at = ", ".join(f"{each.name} {each.tag} ({each.commit[:12]})" for each in suite.repositories) or "its release"
    lines = [
        f"{suite.name} at {at}: {verdict.tests} tests",
        f"  {verdict.passed} passed, {verdict.failed} failed, {verdict.excluded} excluded, "
        f"{verdict.skipped} skipped by the suite itself: {verdict.share:.1%} of those that it runs",
    ]
    lines += [f"  {count} listed: {reason}" for reason, count in sorted(verdict.reasons.items(), key=lambda x: -x[1])]
    lines += [f"  FAILS, and is not listed: {each.test}: {each.why[:300]}" for each in verdict.newly_failing]
    lines += [f"  PASSES, and is listed as failing: take it from the list: {test}" for test in verdict.newly_passing]
    lines += [f"  NOT FOUND: {test}" for test in verdict.missing]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
