"""The suites of dbt: dbt-redshift's functional tests, dbt-utils' integration tests, dbt_project_evaluator.

In: a place with the suites' sources and the local Redshift. Out: an outcome for each test or node.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import yaml

from scripts.others.checkout import Repository
from scripts.others.outcomes import Outcome
from scripts.others.pytest_suite import SuiteError, environment, run_pytest
from scripts.others.suite import Place, Suite
from scripts.others.warehouse import ROOT

# The commit whose dbt-redshift/src is byte for byte what PyPI has as 1.11.1.
ADAPTERS = Repository(
    "dbt-labs/dbt-adapters",
    "20c2ea475b31b95fa04798a687cc8cc9475bd101",
    "dbt-redshift 1.11.1",
    ("dbt-redshift", "dbt-tests-adapter"),
)
UTILS = Repository("dbt-labs/dbt-utils", "49b932cb1f6fd0f7dfbf9048512db6415f570b20", "1.4.1")
EVALUATOR = Repository("dbt-labs/dbt-project-evaluator", "927abbd523b627f4f1595e2fb93ebf2244314bd6", "1.3.2")

_USERS = [f"dbt_test_user_{number}" for number in (1, 2, 3)]
_GROUP = "dbt_test_group_1"
_DATABASE = "dbt-test-hyphen"
_HYPHENATED = "tests/functional/adapter/hyphenated_database"
# It asks for a warehouse where quoted names keep their case; that of the others has every default.
_KEEPS_CASE = (
    "tests/functional/adapter/test_persist_docs.py::TestPersistDocsQuotedDescriptionNotAppliedOnMismatch"
    "::test_quoted_description_not_applied_on_case_mismatch"
)
_OUR_FILES = ("dbt_project.yml", "profiles.yml", "dbt_project", "macros")


def _run_adapter(place: Place) -> list[Outcome]:
    warehouse = place.warehouse
    variables = {
        "REDSHIFT_TEST_HOST": warehouse.host,
        "REDSHIFT_TEST_PORT": str(warehouse.port),
        "REDSHIFT_TEST_DBNAME": warehouse.database,
        "REDSHIFT_TEST_USER": warehouse.user,
        "REDSHIFT_TEST_PASS": warehouse.password,
        "REDSHIFT_TEST_REGION": "us-east-1",
        **{user.upper(): user for user in _USERS},
        _GROUP.upper(): _GROUP,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    arguments = ["-p", "without_tls", "-n", str(place.workers), "--color=no", "--tb=short"]
    arguments += ["-k", place.select] if place.select else []
    folder = place.sources[ADAPTERS.name] / "dbt-redshift"
    run = partial(run_pytest, place.python, folder)
    apart = [f"--ignore={_HYPHENATED}", f"--deselect={_KEEPS_CASE}"]
    outcomes = run([*arguments, *apart, "tests/functional"], variables, place.log)
    warehouse.keep_case(keeps=True)
    outcomes += run([*arguments, _KEEPS_CASE], variables, place.log.with_name("keeps_case.log"))
    warehouse.keep_case(keeps=False)
    # Queries across databases are not offered, but one database may have a hyphen in its name, which is what these try.
    inside = {"REDSHIFT_TEST_DBNAME": _DATABASE, "REDSHIFT_TEST_DBNAME_W_HYPHEN": _DATABASE}
    log = place.log.with_name("hyphenated.log")
    return outcomes + run([*arguments, _HYPHENATED], variables | inside, log)


def _run_utils(place: Place) -> list[Outcome]:
    project = place.folder / "dbt_utils"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(place.sources[UTILS.name], project)
    tests = project / "integration_tests"
    _write_profile(tests, "integration_tests", "redshift", place, "dbt_utils_integration_tests")
    _dbt(place, tests, "deps")
    place.warehouse.keep_case(keeps=True)  # one test asks for it, and the others go so too
    return _built(place, tests, "--full-refresh")


def _run_evaluator(place: Place) -> list[Outcome]:
    project = place.folder / "evaluated"
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir()
    for name in _OUR_FILES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, project / name)
    _write_profile(project, "landfall", "warehouse", place, "evaluator")
    # As `dbt deps` would install them: dbt reads every folder there.
    for repository in (EVALUATOR, UTILS):
        shutil.copytree(place.sources[repository.name], project / "dbt_packages" / repository.name.split("/")[1])
    _set_up_evaluator(project / "dbt_project.yml")
    return _built(place, project, "--select", "package:dbt_project_evaluator")


def _set_up_evaluator(path: Path) -> None:
    """Take out what this project does around a run, which needs its landing tables; the graph is what is evaluated."""
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    for hook in ("on-run-start", "on-run-end"):
        settings.pop(hook, None)
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")


def _write_profile(project: Path, profile: str, target: str, place: Place, schema: str) -> None:
    warehouse = place.warehouse
    output = {
        "type": "redshift",
        "host": warehouse.host,
        "port": warehouse.port,
        "dbname": warehouse.database,
        "user": warehouse.user,
        "password": warehouse.password,
        "schema": schema,
        "sslmode": "disable",
        "threads": 4,
    }
    profiles = {profile: {"target": target, "outputs": {target: output}}}
    (project / "profiles.yml").write_text(yaml.safe_dump(profiles), encoding="utf-8")


def _built(place: Place, project: Path, *arguments: str) -> list[Outcome]:
    """Run `dbt build` and return the outcome of each node."""
    chosen = ["--select", place.select] if place.select else []
    _dbt(place, project, "build", *arguments, *chosen)
    results = project / "target" / "run_results.json"
    if not results.exists():
        raise SuiteError(f"dbt wrote no results. It said why in {place.log}.")
    return read_results(json.loads(results.read_text(encoding="utf-8"))["results"])


def read_results(results: Sequence[dict[str, str | None]]) -> list[Outcome]:
    """Return the outcome of each node of dbt's run_results.json. A node skipped for another's failure has failed too.

    >>> read_results([{"unique_id": "test.a", "status": "pass", "message": None}])
    [Outcome(test='test.a', status='passed', why='')]
    >>> read_results([{"unique_id": "test.b", "status": "warn", "message": "Got 2 results"}])[0].status
    'failed'
    """
    found = []
    for result in results:
        status, message = str(result["status"]), result["message"] or ""
        passed = status in ("success", "pass")
        found.append(
            Outcome(str(result["unique_id"]), "passed" if passed else "failed", "" if passed else message or status)
        )
    return found


def _dbt(place: Place, project: Path, *arguments: str) -> None:
    """Run dbt in a project; nodes that fail are told by its results, so its exit code says nothing more."""
    command = [str(place.python.with_name("dbt")), "--no-use-colors", *arguments, "--profiles-dir", str(project)]
    variables = environment({"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"})
    with place.log.open("ab") as log:
        done = subprocess.run(command, cwd=project, env=variables, stdout=log, stderr=log, check=False)  # noqa: S603 - our own words
    if done.returncode not in (0, 1):
        raise SuiteError(f"dbt {arguments[0]} ended with code {done.returncode}. It said why in {place.log}.")


SUITES = (
    Suite(
        name="dbt-redshift",
        about="dbt-redshift's functional tests",
        repositories=(ADAPTERS,),
        requirements="dbt",
        packages=((ADAPTERS.name, "dbt-tests-adapter"),),
        # The suite's example of an environment names users and a group. One test sees CREATE DATABASE fail, for a
        # database that an earlier run of it has left.
        statements=(
            *(f"create user {user} password 'Abcdefg1'" for user in _USERS),
            f"create group {_GROUP}",
            "create database db_for_test__do_delete_if_you_see_this",
            f'create database "{_DATABASE}"',
        ),
        tests=312,
        run=_run_adapter,
    ),
    Suite(
        name="dbt-utils",
        about="the integration tests of dbt-utils",
        repositories=(UTILS,),
        requirements="dbt",
        tests=237,
        run=_run_utils,
    ),
    Suite(
        name="dbt-project-evaluator",
        about="dbt_project_evaluator over this project",
        repositories=(EVALUATOR, UTILS),
        requirements="dbt",
        tests=None,
        run=_run_evaluator,
    ),
)
