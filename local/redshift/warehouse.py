"""The warehouse inside PostgreSQL: its data folder, administrator, database, and the objects that make it Redshift.

In: a home folder. Out: a running server whose database `landfall` has what prelude/*.sql makes.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from local.redshift import postgres
from local.redshift.errors import SetupError
from local.redshift.passwords import md5_hash
from local.redshift.ports import free_port

ADMIN = "landfall_admin"
DATABASE = "landfall"
PRELUDE = Path(__file__).parent / "prelude"
# In PostgreSQL's words, where others have its data open, or its port.
STILL_OPEN, TAKEN = "pre-existing shared memory block", "could not create any TCP/IP sockets"


@dataclass(frozen=True)
class Secrets:
    """Passwords of the internal superuser and of the administrator."""

    superuser: str
    admin: str

    def login_key(self) -> bytes:
        """Return the key that hides SHA-256 hashes of passwords where PostgreSQL keeps them."""
        return hashlib.sha256(b"log-ins" + self.superuser.encode()).digest()


def open_warehouse(home: Path, port: int, isolation: str) -> tuple[postgres.Server, Secrets]:
    """Start PostgreSQL under `home`, making what is not there yet.

    Raises:
        SetupError: it cannot start; or its data were made by another version of the prelude or of PostgreSQL.
    """
    binaries = postgres.find_binaries()
    data, log = home / "data", home / "logs" / "postgres.log"
    stop_leftover(data)
    identity = postgres.choose_identity([binaries / "postgres", home])
    stamp = f"{binaries} {prelude_digest()}"
    passwords = read_secrets(home)
    if passwords is None or not (home / "made").exists():
        shutil.rmtree(data, ignore_errors=True)
        passwords = new_secrets(home)
        postgres.initialise(binaries, data, passwords.superuser, identity)
    elif (home / "made").read_text().split()[-1] != stamp.split()[-1]:
        raise SetupError(f"the data in {home} were made by another version: `landfall local reset` makes them anew")
    deadline = time.monotonic() + postgres.STOP_SECONDS
    while True:
        process = postgres.start(binaries, data, port, log, isolation, identity)
        server = postgres.Server(process, port, passwords.superuser)
        try:
            postgres.wait_ready(server, log)
            break
        except SetupError as error:
            if time.monotonic() > deadline or not any(words in str(error) for words in (STILL_OPEN, TAKEN)):
                raise
            if TAKEN in str(error):  # somebody else was quicker
                port = free_port(0)
            time.sleep(0.2)  # of one that was killed a session is left, which is about to end
    try:
        if not (home / "made").exists():
            make(server, passwords)
            (home / "made").write_text(stamp)
    except BaseException:
        server.stop()
        raise
    return server, passwords


def make(server: postgres.Server, passwords: Secrets) -> None:
    """Create the administrator, the template of every database, in which the prelude runs, and the first of them."""
    connection = server.connect()
    with connection.cursor() as cursor:
        # libpq can log in with an MD5 hash: psql, and the tools of this repository
        hashed = md5_hash(ADMIN, passwords.admin)
        cursor.execute(f"create role {ADMIN} login superuser createdb createrole password %s", [hashed])
        # who has it sees all rows of the system views: https://docs.aws.amazon.com/redshift/latest/dg/r_roles-default.html
        cursor.execute('create role "sys:monitor"; grant pg_read_all_stats to "sys:monitor"')
        cursor.execute("alter database template1 is_template false")
        cursor.execute("drop database template1")
        cursor.execute("create database template1 is_template true template template0 encoding 'UTF8' locale 'C'")
    connection.close()
    connection = server.connect("template1")
    with connection.cursor() as cursor:
        cursor.execute("set allow_system_table_mods = on; set standard_conforming_strings = on")
        for script in sorted(PRELUDE.glob("*.sql")):
            cursor.execute(script.read_text())
    connection.close()
    connection = server.connect()
    with connection.cursor() as cursor:
        cursor.execute(f"create database {DATABASE} owner {ADMIN}")
    connection.close()


def prelude_digest() -> str:
    """Return a digest of the prelude's scripts: data made by other scripts are not opened."""
    text = "".join(script.read_text() for script in sorted(PRELUDE.glob("*.sql")))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def new_secrets(home: Path) -> Secrets:
    """Make and keep new passwords (Redshift wants upper case, lower case and a digit)."""
    made = Secrets(superuser="Rs1" + secrets.token_hex(16), admin="Ad1" + secrets.token_hex(16))
    path = home / "secrets.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(made)))
    return made


def read_secrets(home: Path) -> Secrets | None:
    """Return the kept passwords, None if there are none."""
    try:
        return Secrets(**json.loads((home / "secrets.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def stop_leftover(data: Path) -> None:
    """End a PostgreSQL that still runs on `data` because its front was killed."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError, IndexError):
        return
    if str(data).encode() not in command:
        return
    os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + postgres.STOP_SECONDS
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
