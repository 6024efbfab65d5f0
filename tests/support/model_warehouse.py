"""A local Redshift of a test worker's own, prepared as `landfall` prepares a warehouse, and dbt run against it."""

# ruff: noqa: S608 - the tests' own SQL

import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from ingest_lambda.judge.contracts import parse_contract
from landfall.deploy import bootstrap
from local import stack
from local.home import ROOT, Home
from local.services import REDSHIFT, redshift_facts
from scripts.contracts import read_contracts
from tests.support import quick_drivers, run_folder
from tests.support.commands import run
from tests.support.parses import lint_record, manifest_of, written
from tests.support.warehouse_seed import Warehouse, literal, login
from transform_lambda.adapter import shared_sessions

_QUIETLY = ("--quiet", "--log-level-file", "none")
# What dbt makes, mutexes included, is the transformer's; the administrator's key of the masks stays.
_OWN_TABLES = f"select schemaname || '.' || tablename from pg_tables where tableowner = '{bootstrap.TRANSFORMER}'"
_OWN_VIEWS = f"select schemaname || '.' || viewname from pg_views where viewowner = '{bootstrap.TRANSFORMER}'"
_PATIENCE_SECONDS = 600.0  # for all SQL on a busy machine
_RUN_TABLES = ("snapshot_files", "model_loads", "run_bounds", "gate_results", "checked_rows", "runs")


@dataclass(frozen=True)
class Moment:
    """A point in a dbt run: a model is about to be compiled (its range is read), or its SQL is about to be sent.

    Of event `SQLQuery` it is before the model's statement number `number`, counted from 1.
    """

    event: str
    model: str
    number: int = 0
    EVENTS: ClassVar = frozenset({"NodeStart", "NodeExecuting"})

    def __str__(self) -> str:
        """Name the moment, as a test's id."""
        return f"{self.event}-{self.model}"

    @classmethod
    def before(cls, model: str) -> "Moment":
        """Before the model reads its watermark and its bound."""
        return cls("NodeStart", model)

    @classmethod
    def amid(cls, model: str) -> "Moment":
        """When its SQL bears them as numbers, and no lock is taken yet."""
        return cls("NodeExecuting", model)

    @classmethod
    def at_statement(cls, model: str, number: int) -> "Moment":
        """When statement `number` of those that the model sends, counted from 1, is about to be sent."""
        return cls("SQLQuery", model, number)


NOTHING: Mapping[Moment, Callable[[], None]] = {}


@dataclass(frozen=True)
class DbtRun:
    """What one dbt command did."""

    success: bool
    statuses: Mapping[str, str]
    messages: str
    compiled: Mapping[str, str]
    statements: Sequence[tuple[str, str]]

    def sent_by(self, model: str) -> list[str]:
        """Return the statements that a model sent, in order, without dbt's comment."""
        return [sql.split("*/", 1)[-1].strip() for node, sql in self.statements if node.endswith(f".{model}")]

    def status(self, name: str) -> str:
        """Return how a model or gate ended: success, pass, warn, fail, error, skipped."""
        return self.statuses[name]


@dataclass(repr=False)  # of megabytes, with dbt's graph in it
class ModelWarehouse:
    """Sessions of the loader and the transformer, and dbt as the transformer."""

    loader: Warehouse
    transformer: Warehouse
    admin: Warehouse
    environment: Mapping[str, str]
    manifest: Manifest | None = field(default=None)
    is_built: bool = field(default=False)
    built: frozenset[str] = frozenset()  # the relations that `empty` made, of which a test may have dropped some
    selection: Sequence[str] = ()  # what `empty` builds; everything, where nothing is named

    def dbt(
        self,
        *arguments: str,
        write_json: bool = False,
        by_hand: bool = False,
        during: Mapping[Moment, Callable[[], None]] = NOTHING,
    ) -> DbtRun:
        """Run a dbt command in this process; the project is parsed once and dbt's own files are not written.

        Nodes share sessions, as in the transform function, unless it is run `by_hand`: then dbt-redshift is as it is
        installed. `during` says what happens while it runs: at a moment, something is done, and dbt goes on after it.
        """
        messages: list[str] = []
        statements: list[tuple[str, str]] = []
        sent = Counter[str]()

        def keep(event: Any) -> None:
            if event.info.name in Moment.EVENTS and (node := event.data.node_info.node_name):
                during.get(Moment(event.info.name, node), bool)()
            if event.info.name == "SQLQuery":
                statements.append((event.data.conn_name, event.data.sql))
                model = event.data.conn_name.rsplit(".", 1)[-1]
                sent[model] += 1
                during.get(Moment.at_statement(model, sent[model]), bool)()
            elif event.info.level != "debug":
                messages.append(event.info.msg)

        runner = dbtRunner(manifest=self.manifest, callbacks=[keep])
        with _variables(self.environment), nullcontext() if by_hand else shared_sessions():
            outcome = runner.invoke([*_QUIETLY, f"--{'' if write_json else 'no-'}write-json", *arguments])
        if outcome.exception is not None:
            if self.manifest:  # where dbt leaves an inline query that has failed
                self.manifest.nodes.pop("sql_operation.landfall.inline_query", None)
            raise RuntimeError("\n".join(messages)) from outcome.exception
        return DbtRun(outcome.success, _statuses(outcome), "\n".join(messages), _compiled(outcome), statements)

    def build(self, *arguments: str, during: Mapping[Moment, Callable[[], None]] = NOTHING) -> DbtRun:
        """Run `dbt build` without unit tests, as the transform function does."""
        return self.dbt("build", "--exclude-resource-type", "unit_test", *arguments, during=during)

    def build_green(self, *arguments: str) -> DbtRun:
        """Run `dbt build` and assert that everything passed."""
        run = self.build(*arguments)
        assert run.success, run.messages
        return run

    def run_green(self, *arguments: str, during: Mapping[Moment, Callable[[], None]] = NOTHING) -> DbtRun:
        """Run `dbt run`, which leaves the gates out and so takes less time, and assert that everything was built."""
        run = self.dbt("run", *arguments, during=during)
        assert run.success, run.messages
        return run

    def parse(self) -> None:
        """Parse the project once for all runs."""
        quick_drivers.quicken_dbt()
        self.manifest = manifest_of(Path(self.environment["DBT_PROJECT_DIR"]), self.environment, parsed)

    def lint(self, *paths: str) -> None:
        """Assert that SQL of the project, below its folder, keeps the house style; what has done so is kept in mind."""
        assert self.manifest is not None
        project = Path(self.environment["DBT_PROJECT_DIR"])
        passed = lint_record(project, paths)
        if passed.exists():
            return
        told = Path(self.environment["DBT_TARGET_PATH"], "manifest.pickle")
        told.parent.mkdir(parents=True, exist_ok=True)
        told.write_bytes(written(self.manifest))
        lint = run(
            "house_style",
            *(str(told), "lint", *paths, "--disable-progress-bar"),
            environment={**os.environ, **self.environment},
            folder=project,
            timeout_seconds=_PATIENCE_SECONDS,
        )
        assert lint.returncode == 0, lint.stdout + lint.stderr
        passed.touch()

    def build_everything(self) -> DbtRun:
        """Build the whole project, unit tests included, in a warehouse that holds nothing."""
        self.reset()
        run = self.dbt("build", by_hand=True)
        self.is_built = run.success
        return run

    def empty(self) -> None:
        """Empty the warehouse: nothing has landed; everything has been built and holds nothing."""
        if not self.is_built or not self.built <= self._relations():
            self.reset()
            self.run_green(*self.selection)
            self.is_built, self.built = True, self._relations()
        self._forget_landed()
        _empty(self.transformer, [name for (name,) in self.transformer.rows(_OWN_TABLES)])

    def reset(self) -> None:
        """Empty the warehouse: nothing has landed, nothing has been built."""
        self._forget_landed()
        self.drop_models()

    def _relations(self) -> frozenset[str]:
        return frozenset(name for (name,) in self.transformer.rows(f"{_OWN_TABLES} union all {_OWN_VIEWS}"))

    def _forget_landed(self) -> None:
        datasets = [name for (name,) in self.loader.rows("select tablename from pg_tables where schemaname = 'ledger'")]
        _empty(self.loader, [f"{schema}.{dataset}" for dataset in datasets for schema in ("landing", "ledger")])
        counts = " union all ".join(f"select '{each}' from lock.{each} where load_seq <> 0" for each in datasets)
        counted = self.loader.rows(counts) if datasets else []
        self.loader.run(*(f"update lock.{each} set load_seq = 0" for (each,) in counted))
        _empty(self.loader, [f"ops.{table}" for table in _RUN_TABLES])

    def drop_models(self) -> None:
        """Drop everything that dbt made."""
        self.is_built = False
        for kind, owned in (("view", _OWN_VIEWS), ("table", _OWN_TABLES)):
            names = self.transformer.rows(owned)
            self.transformer.run(*(f"drop {kind} if exists {name} cascade" for (name,) in names))


def _empty(session: Warehouse, tables: Sequence[str]) -> None:
    """Delete the rows of tables: of most there are none, which one question tells of all of them."""
    if tables:
        held = " union all ".join(f"select '{name}' as name from {name}" for name in tables)
        session.run(*(f"delete from {name}" for (name,) in session.rows(f"select distinct name from ({held}) as held")))


@contextmanager
def model_warehouse(project: Path = ROOT, name: str = "model") -> Iterator[ModelWarehouse]:
    """Start a local Redshift, prepare it for a dbt project, and open a session for each user."""
    home = Home(run_folder.folder() / f"{name}-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    stack.start(home, print, (REDSHIFT,))
    facts = redshift_facts(home)
    logins = {
        user: bootstrap.Login(user, secrets.token_urlsafe(16))
        for user in (bootstrap.LOADER, bootstrap.TRANSFORMER, bootstrap.READER)
    }
    with ExitStack() as sessions:
        admin = sessions.enter_context(login(facts, str(facts["admin_user"]), str(facts["admin_password"])))
        admin.run(*bootstrap.user_statements(list(logins.values()), set()), *bootstrap.schema_statements())
        loader = sessions.enter_context(login(facts, bootstrap.LOADER, logins[bootstrap.LOADER].password))
        loader.run(*bootstrap.ops_statements())
        for dataset, contract in read_contracts(project).items():
            loader.transaction(*bootstrap.dataset_statements(dataset, parse_contract(contract)))
        admin.run(*bootstrap.privilege_statements(), *bootstrap.masking_statements())
        admin.run(bootstrap.STORE_MASKING_KEY.replace(":masking_key", literal(secrets.token_hex(32))))
        transformer = sessions.enter_context(
            login(facts, bootstrap.TRANSFORMER, logins[bootstrap.TRANSFORMER].password)
        )
        environment = dbt_environment(facts, logins[bootstrap.TRANSFORMER], home.folder / "dbt", project)
        warehouse = ModelWarehouse(loader, transformer, admin, environment)
        warehouse.parse()
        yield warehouse


def parsed(environment: Mapping[str, str]) -> Manifest:
    """Run `dbt parse` with these variables in this process."""
    with _variables(environment):
        outcome = dbtRunner().invoke(["parse", "--quiet", "--warn-error"])
    if outcome.exception is not None:
        raise outcome.exception
    assert isinstance(outcome.result, Manifest)
    return outcome.result


@contextmanager
def _variables(environment: Mapping[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield


def dbt_environment(
    facts: Mapping[str, Any], user: bootstrap.Login, folder: Path, project: Path = ROOT
) -> dict[str, str]:
    """Return the variables that point dbt at a local Redshift; what dbt writes goes to the folder."""
    return {
        "LANDFALL_REDSHIFT_HOST": str(facts["host"]),
        "LANDFALL_REDSHIFT_PORT": str(facts["wire_port"]),
        "LANDFALL_REDSHIFT_DATABASE": str(facts["database"]),
        "LANDFALL_REDSHIFT_USER": user.username,
        "DBT_ENV_SECRET_LANDFALL_REDSHIFT_PASSWORD": user.password,
        "LANDFALL_REDSHIFT_METHOD": "database",
        "LANDFALL_REDSHIFT_SSLMODE": "disable",
        "DBT_PROJECT_DIR": str(project),
        "DBT_PROFILES_DIR": str(project),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }


def _compiled(outcome: dbtRunnerResult) -> dict[str, str]:
    results = getattr(outcome.result, "results", [])
    return {result.node.name: getattr(result.node, "compiled_code", None) or "" for result in results}


def _statuses(outcome: dbtRunnerResult) -> dict[str, str]:
    results = getattr(outcome.result, "results", [])
    return {result.node.name: str(result.status) for result in results}
