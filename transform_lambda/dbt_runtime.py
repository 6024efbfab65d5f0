"""MODEL: dbt as a library: one invocation, and a connection of the same profile.

In: dbt's arguments and the project's folder, which is read-only. Out: dbt's result object, or rows. What dbt writes
goes to a temporary folder of this process, which a warm Lambda keeps: the next invocation need not parse again.
"""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transform_lambda.catalog import NOTHING, Known
from transform_lambda.errors import ConfigError, TransientError, UnreadableError, sqlstate
from transform_lambda.login import APPLICATION, login, with_current_password
from transform_lambda.sessions import POOL, Session
from transform_lambda.thread_locks import use_thread_locks

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

    from transform_lambda.graph import Graph

Row = dict[str, Any]
Query = Callable[[str], list[Row]]
# Undefined table, column and schema, insufficient privilege (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_UNREADABLE = frozenset({"42P01", "42703", "3F000", "42501"})
_TABLES_SQL = "select schemaname || '.' || tablename as name from pg_tables where schemaname like '%modeled'"


def invoke(
    arguments: Sequence[str],
    project_dir: Path,
    on_event: Callable[[Any], None],
    manifest: Any = None,
    known: Known = NOTHING,
    before: str | None = None,
    target: Path | None = None,
) -> dbtRunnerResult:
    """Run one dbt command; `on_event` gets each of dbt's events. Nothing is printed: stdout is the function's log.

    With a `manifest` dbt reads no file of the project again; what is `known` of the warehouse it does not ask.
    `before`: the outcome of the run's invocations before this one, which the record of runs takes in. `target`: the
    folder where dbt finds what it has parsed before, and writes what it makes.
    """
    use_thread_locks()
    name_sessions()
    from dbt.cli.main import dbtRunner  # a second to import: only for the actions that need it

    from transform_lambda.adapter import shared_sessions
    from transform_lambda.quick_dbt import quicken

    quicken()
    with shared_sessions(known, before):
        return dbtRunner(manifest, callbacks=[on_event]).invoke([*arguments, *_options(project_dir, target)])


def manifest_of(project_dir: Path, on_event: Callable[[Any], None]) -> Any:
    """Return dbt's manifest of the project (dbt.contracts.graph.manifest.Manifest), parsed once a process.

    Raises:
        ConfigError: dbt cannot parse the project.
    """
    if project_dir not in _MANIFESTS:
        answer = invoke(["parse"], project_dir, on_event)
        if not answer.success:
            raise ConfigError(f"dbt cannot read its project: {answer.exception or 'see the log'}")
        _MANIFESTS[project_dir] = answer.result
    return _MANIFESTS[project_dir]


_MANIFESTS: dict[Path, Any] = {}


def docs_page(project_dir: Path, on_event: Callable[[Any], None]) -> bytes:
    """Let dbt write its documentation as one static page; neither it nor its models are looked up in the warehouse.

    So the columns are those that are declared, and the SQL is as it was written.

    Raises:
        ConfigError: dbt cannot do it.
    """
    manifest = manifest_of(project_dir, on_event)
    target = _scratch_folder() / "target"
    manifest.write(str(target / "manifest.json"))  # what is put into the page; dbt writes it only where it compiles
    answer = invoke(
        ["docs", "generate", "--static", "--empty-catalog", "--no-compile"], project_dir, on_event, manifest
    )
    if not answer.success:
        raise ConfigError(f"dbt cannot write its documentation: {answer.exception or 'see the log'}")
    return (target / "static_index.html").read_bytes()


def _options(project_dir: Path, target: Path | None) -> list[str]:
    folder = target.parent if target else _scratch_folder()
    return [
        *("--log-level", "none", "--log-level-file", "none", "--no-print", "--no-use-colors"),
        *("--no-send-anonymous-usage-stats", "--no-version-check"),
        "--no-write-json",  # of manifest and results, which dbt's answer has too: 0.2 s of CPU and more
        *("--target-path", str(target or folder / "target"), "--log-path", str(folder / "logs")),
        *("--project-dir", str(project_dir), "--profiles-dir", str(project_dir)),
    ]


def parse_path() -> Path:
    """Return where dbt keeps its parse of the project between invocations."""
    return _scratch_folder() / "target" / "partial_parse.msgpack"


@functools.cache
def _scratch_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="dbt-"))


@contextmanager
def connected() -> Iterator[Query]:
    """Yield a function that runs a query as dbt's user, over a session of the pool.

    Raises:
        TransientError: the warehouse cannot be reached, or the connection broke.
        ConfigError: it refuses the password.

    A query raises `UnreadableError` where something that it reads is not there.
    """
    from redshift_connector.error import InterfaceError, OperationalError

    try:
        log_in = functools.partial(with_current_password, functools.partial(login, os.environ), os.environ)
        with POOL.held(), POOL.lending(log_in) as session:
            yield functools.partial(_rows, session)
    except (OperationalError, InterfaceError, OSError) as error:
        raise TransientError(f"the warehouse cannot be reached: {error}") from error


def missing_tables(graph: Graph) -> set[str]:
    """Return the ids of the UPSERTs that have no table yet: their first rows wait behind a gate."""
    with connected() as query:
        tables = {row["name"] for row in query(_TABLES_SQL)}
    return {upsert.id for upsert in graph.upserts if upsert.relation not in tables}


@functools.cache
def name_sessions() -> None:
    """Let dbt's connections bear our name too, once a process; dbt offers no setting for it."""
    import redshift_connector

    named = functools.partial(redshift_connector.connect, application_name=APPLICATION)
    redshift_connector.connect = named


def _rows(session: Session, sql: str) -> list[Row]:
    from redshift_connector.error import ProgrammingError

    with session.cursor() as cursor:
        try:
            cursor.execute(sql)
        except ProgrammingError as error:
            if sqlstate(error) not in _UNREADABLE:
                raise
            said = str(error.args[0].get("M"))
            raise UnreadableError(
                f"the warehouse does not show what is asked: {said}. `landfall deploy "
                "--prepare` makes tables of ops and grants again, `landfall transform --full-refresh` what dbt builds",
                said,
            ) from error
        if cursor.description is None:  # a statement that answers nothing
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
