"""Fixtures for all tests: local stacks of the test run's own, never the developer's `.landfall/local`.

The stacks are shared by all tests and xdist workers of a run and end with it, however it ends: use names of your own
(datasets, keys, queues) and leave what others made alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from local.services import AWS, REDSHIFT
from tests.support import quick_drivers, run_folder
from tests.support.local_stack import LocalServices, LocalStack, services, whole_stack

if TYPE_CHECKING:
    from tests.land.warehouse import Land

FAULTS = pytest.StashKey[list[str]]()
JUDGED = pytest.StashKey[str]()
SQL_FAULTS = pytest.StashKey[list[str]]()
SHAPES = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """Give the run its folder, which the xdist workers inherit; make every worker quick."""
    quick_drivers.quicken()
    # How long an example takes on a busy machine says nothing of the code.
    settings.register_profile("landfall", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("landfall")
    if not hasattr(config, "workerinput"):
        run_folder.begin()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run that has passed for SQL that is not Redshift's, and a run of all for a right that none needed."""
    if exitstatus or hasattr(session.config, "workerinput"):
        return
    from tests.support import rights  # its imports are only worth their time where this is used

    is_whole = rights.is_whole(session.config)
    judge_sql(session, is_whole)
    if is_whole:
        judge_rights(session)


def judge_sql(session: pytest.Session, is_whole: bool) -> None:
    """Hold what the product has sent to its local Redshift to the documentation."""
    statements = run_folder.folder() / run_folder.STATEMENTS
    if not any(statements.iterdir()):
        return
    from tests.support import product_sql  # its imports are only worth their time where this is used

    session.config.stash[SQL_FAULTS], session.config.stash[SHAPES] = product_sql.judge(statements, is_whole)
    if session.config.stash[SQL_FAULTS]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def judge_rights(session: pytest.Session) -> None:
    """Hold the roles to the rights that the tests needed."""
    from tests.support import rights  # its imports are only worth their time where this is used

    given, listed = rights.given(), rights.unexercised()
    used = rights.exercised(given, rights.needed(run_folder.folder()))
    session.config.stash[FAULTS] = list(rights.faults(given, used, listed))
    session.config.stash[JUDGED] = f"{len(given)} given, {len(used)} needed, {len(listed)} listed as needed by no test"
    if session.config.stash[FAULTS]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what is wrong with the rights and the SQL, and whether they were judged at all."""
    terminalreporter.line(f"SQL: {config.stash.get(SHAPES, 0)} shapes of the product's statements judged")
    if found := config.stash.get(SQL_FAULTS, []):
        terminalreporter.section("SQL that the product sends")
        for fault in found:
            terminalreporter.line(fault)
    terminalreporter.line(
        f"rights: {config.stash.get(JUDGED, 'not judged, which takes all tests, passed, in one run')}"
    )
    if found := config.stash.get(FAULTS, []):
        terminalreporter.section("rights that the templates give")
        for fault in found:
            terminalreporter.line(fault)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the run's stacks, once the workers are done."""
    if not hasattr(config, "workerinput"):
        run_folder.end(run_folder.folder())


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to go on where pytest-xdist does not keep groups together: their tests share tables and would collide."""
    if not getattr(session.config.option, "loadgroup", False):
        return
    for item in session.items:
        if item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
            raise pytest.UsageError(f"pytest-xdist has put {item.nodeid} in no group: is this pytest too new for it?")


@pytest.fixture(scope="session")
def stack() -> LocalStack:
    """A whole local stack: both services, the product deployed."""
    return whole_stack()


@pytest.fixture(scope="session")
def local_aws() -> LocalServices:
    """Local AWS alone."""
    return services(AWS)


@pytest.fixture(scope="session")
def local_redshift() -> LocalServices:
    """Local Redshift, and local AWS beside it for COPY and the Data API's secrets; nothing deployed."""
    return services(AWS, REDSHIFT)


@pytest.fixture(scope="session")
def land() -> Iterator[Land]:
    """What the ingest function lives in: bucket, warehouse, topic, role; no Lambda. Use datasets of your own."""
    from tests.land import warehouse  # its imports are only worth their time where this is used

    with warehouse.land() as surroundings:
        yield surroundings


@pytest.fixture(autouse=True)
def _lent() -> Iterator[None]:
    """Let the functions of a test that has ended leave their sessions to later ones."""
    yield
    if "tests.land.warehouse" in sys.modules:
        from tests.land import warehouse

        for place in warehouse.PLACES:
            place.take_back()
