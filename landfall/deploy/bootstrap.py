"""OPERATE: prepare a warehouse for Landfall: users, schemas, privileges, bookkeeping tables. Repeat it freely.

In: the warehouse as the administrator and as the loader, the three logins, the declared datasets. Out: nothing but
the state of the warehouse. Statements are built by pure functions, in Redshift's dialect.

Who owns a schema may change what is in it: the loader lands rows, the transformer models them, the reader reads.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest_lambda.errors import ConfigError, LoginRefusedError
from ingest_lambda.judge.snapshots import End
from ingest_lambda.warehouse import copies, ledger, snapshot_files
from ingest_lambda.warehouse.catalog import read_columns
from ingest_lambda.warehouse.ddl import add_column, select_columns
from ingest_lambda.warehouse.sqltypes import BIGINT
from ingest_lambda.warehouse.statements import MAX_STATEMENTS, ROW_NUMBER, Column, identifier, literal, lock_dataset

if TYPE_CHECKING:
    from ingest_lambda.judge.contracts import Contract
    from ingest_lambda.warehouse.sessions import Warehouse

LOADER = "landfall_loader"
TRANSFORMER = "landfall_transformer"
READER = "landfall_reader"

SCHEMA_OWNERS: Mapping[str, str] = {
    "landing": LOADER,
    "ledger": LOADER,
    "lock": LOADER,
    "ops": LOADER,
    "staging": TRANSFORMER,
    "gate": TRANSFORMER,
    "modeled": TRANSFORMER,
    "marts": TRANSFORMER,
    "alert": TRANSFORMER,
    # who a patient is: read by nobody but the transformer, who masks it everywhere else
    "restricted": TRANSFORMER,
}
# dbt reads what landed, and how far; the mutex of a modeled table is a table of the transformer's own in `lock`.
READ_BY_TRANSFORMER = ("landing", "ledger", "ops")
READ_BY_READER = ("modeled", "marts", "alert")

# Append-only (but for folders whose log is gone); none is both read and written by several transactions at once, which
# is where error 1023 comes from.
OPS_TABLES: Mapping[str, str] = {
    "rejected_files": (
        "file_id varchar(64), dataset varchar(128), bucket varchar(63), key varchar(4096), version_id varchar(1024), "
        "reason varchar(64), detail varchar(max), verdict varchar(max), quarantine_key varchar(4096), "
        "rejected_at timestamp"
    ),
    # the folders that table formats own: a row is a table whose log has arrived
    "owned_folders": (
        "dataset varchar(128), bucket varchar(63), prefix varchar(4096), format varchar(32), log_key varchar(4096), "
        "seen_at timestamp"
    ),
    # the files of each snapshot, its end among them (docs/decisions/0010)
    "snapshot_files": (
        "dataset varchar(128), end_file_id varchar(64), ended_at timestamp, file_id varchar(64), recorded_at timestamp"
    ),
    # what loads and `landfall evolve` did to landing's columns: `found` is null where one was added, `load_id` where a
    # person did it
    "schema_changes": (
        "dataset varchar(128), column_name varchar(128), found varchar(64), became varchar(64), load_id varchar(64), "
        "changed_at timestamp"
    ),
    # a token for each round of reconcile: a warehouse restored from a snapshot lacks the later ones
    "epochs": "epoch varchar(64), began_at timestamp",
    # what the warehouse was prepared for, by a digest (landfall/deploy/preparation.py): the last row counts
    "preparations": "digest varchar(64), prepared_at timestamp",
    "model_loads": (
        "model varchar(256), dataset varchar(128), from_seq bigint, upto_seq bigint, run_id varchar(64), "
        "loaded_at timestamp"
    ),
    "run_bounds": "run_id varchar(64), dataset varchar(128), upto_seq bigint, frozen_at timestamp",
    "gate_results": (
        "run_id varchar(64), gate varchar(256), model varchar(256), status varchar(16), severity varchar(16), "
        "failures bigint, message varchar(max), executed_at timestamp"
    ),
    "checked_rows": (
        "run_id varchar(64), entity varchar(128), dataset varchar(128), from_seq bigint, upto_seq bigint, "
        "accepted bigint, quarantined bigint, pending bigint, counted_at timestamp"
    ),
    "runs": (
        "run_id varchar(64), command varchar(64), outcome varchar(32), started_at timestamp, ended_at timestamp, "
        "models bigint, gates bigint, failed bigint, statements bigint, phases varchar(1024)"
    ),
    "alerts": (
        "kind varchar(32), fingerprint varchar(64), severity varchar(16), subject varchar(256), run_id varchar(64), "
        "report varchar(1200), sent_at timestamp"
    ),
}
# https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMNS.html
OPS_COLUMNS = "select table_name as name, column_name from svv_columns where table_schema = 'ops'"
# The key of the masks is made once and stays: with another one, no masked identifier would be found again. It goes as a
# parameter, since the text of a statement is kept in the warehouse's query history.
STORE_MASKING_KEY = (
    "insert into restricted.masking_key select cast(:masking_key as varchar(64)) "
    "where not exists (select 1 from restricted.masking_key)"
)
# values of the parameter PasswordHash
SHA256, MD5 = "sha256", "md5"
SALT_BYTES = 32
WRITTEN_BY_TRANSFORMER = ("model_loads", "run_bounds", "gate_results", "checked_rows", "runs", "alerts")


@dataclass(frozen=True)
class Login:
    """A warehouse user and its password, which no representation shows."""

    username: str
    password: str = field(repr=False)

    def as_md5(self) -> str:
        """Hash the password as Redshift has always stored it: the MD5 of password and user name together.

        >>> Login("user1", "ez").as_md5()
        'md5153c434b4b77c89e6b94f12c5393af5b'
        """
        return "md5" + hashlib.md5((self.password + self.username).encode(), usedforsecurity=False).hexdigest()

    def as_sha256(self, salt: bytes) -> str:
        """Hash the password with a salt of 32 bytes.

        https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html: `sha256|digest|salt`. What the digest is made
        of, the page's example tells, and drivers that answer for it (redshift_connector's ExtensibleDigest): the bytes
        of the password, then those of the salt.

        >>> salt = bytes.fromhex("c721bff5d9042cf541ff7b9d48fa8a6e545c19a763e3710151f9513038b0f6c6")
        >>> print(Login("admin", "P4ssw0rd1").as_sha256(salt).replace("|", "\\n"))
        sha256
        fe95f2bc7c4a111b6f0f7d0b60bfedd1935fb295f8dce1d62708ab8d2f564baf
        c721bff5d9042cf541ff7b9d48fa8a6e545c19a763e3710151f9513038b0f6c6
        """
        return f"sha256|{hashlib.sha256(self.password.encode() + salt).hexdigest()}|{salt.hex()}"


def bootstrap(
    admin: Warehouse,
    loader: Warehouse,
    logins: Sequence[Login],
    contracts: Mapping[str, Contract],
    password_hash: str = SHA256,
) -> None:
    """Bring the warehouse to what Landfall needs; what is right already stays as it is.

    Raises:
        ConfigError: the administrator or the loader cannot log in, or may not do what is needed.
        LoginRefusedError: the loader is not let in with the password that it has just been given.
        TransientError: the warehouse does not answer.
    """
    existing = {str(row["usename"]) for row in admin.query("select usename from pg_user")}
    _run(admin, user_statements(logins, existing, password_hash))
    _run(admin, schema_statements())
    _check_log_in(loader, password_hash)
    _run(loader, ops_statements())
    _run(loader, missing_column_statements({(row["name"], row["column_name"]) for row in loader.query(OPS_COLUMNS)}))
    for dataset, contract in contracts.items():
        prepare_dataset(loader, dataset, contract)
    _run(admin, privilege_statements())
    _run(admin, masking_statements())
    admin.execute(STORE_MASKING_KEY, {"masking_key": secrets.token_hex(32)})


def _check_log_in(loader: Warehouse, password_hash: str) -> None:
    try:
        loader.query("select 1 as n")
    except LoginRefusedError as error:
        if password_hash == MD5:
            raise
        raise LoginRefusedError(
            f"{LOADER} has the SHA-256 hash of its secret's password, and is not let in with it: {error}. "
            "Deploy with --parameter PasswordHash=md5"
        ) from error


def remove(admin: Warehouse) -> None:
    """Drop every schema of Landfall with all that is in it, and its users; what is gone already is passed over.

    Raises:
        ConfigError: the administrator cannot log in, or may not do it; somebody else's object stands on a user.
        TransientError: the warehouse does not answer.
    """
    schemas = {str(row["nspname"]) for row in admin.query("select nspname from pg_namespace")}
    users = {str(row["usename"]) for row in admin.query("select usename from pg_user")}
    _run(admin, removal_statements(schemas, users))


def removal_statements(schemas: set[str], users: set[str]) -> list[str]:
    """Drop the schemas that are there, then the users, who may own nothing by then, nor have default privileges.

    https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_USER.html

    >>> removal_statements({"landing", "public"}, {"landfall_reader"})
    ['drop schema landing cascade', 'drop user landfall_reader']
    """
    read = [(schema, LOADER, TRANSFORMER) for schema in READ_BY_TRANSFORMER]
    read += [(schema, TRANSFORMER, READER) for schema in READ_BY_READER]
    return [
        *(
            f"alter default privileges for user {owner} in schema {schema} revoke select on tables from {user}"  # noqa: S608 - our own names
            for schema, owner, user in read
            if schema in schemas and {owner, user} <= users
        ),
        *(f"drop schema {schema} cascade" for schema in SCHEMA_OWNERS if schema in schemas),
        *(f"drop user {user}" for user in (LOADER, TRANSFORMER, READER) if user in users),
    ]


def user_statements(logins: Sequence[Login], existing: set[str], password_hash: str = SHA256) -> list[str]:
    """Create the users that are missing, and give each the password of its secret, which may have been rotated.

    As a hash (SHA256 or MD5), so that a clear one is in no statement and no log: what is kept as the other kind becomes
    of this one, by the same password.

    >>> for statement in user_statements([Login("a", "x"), Login("b", "y")], existing={"a"}):
    ...     print(statement.split(" password ")[0])
    alter user "a"
    create user "b"
    """
    return [
        f"{'alter' if login.username in existing else 'create'} user {identifier(login.username)} "
        f"password {literal(_hashed(login, password_hash))}"
        for login in logins
    ]


def _hashed(login: Login, password_hash: str) -> str:
    return login.as_md5() if password_hash == MD5 else login.as_sha256(secrets.token_bytes(SALT_BYTES))


def schema_statements() -> list[str]:
    """Create the schemas, each owned by who changes what is in it."""
    return [
        statement
        for schema, owner in SCHEMA_OWNERS.items()
        for statement in (
            f"create schema if not exists {schema} authorization {owner}",
            f"alter schema {schema} owner to {owner}",
        )
    ]


def ops_statements() -> list[str]:
    """Create the bookkeeping tables that are not a dataset's own; the loader runs these, and so owns them."""
    tables = [f"create table if not exists ops.{name} ({columns})" for name, columns in OPS_TABLES.items()]
    return [
        *tables,
        "create table if not exists lock._bootstrap (load_seq bigint not null)",
        "insert into lock._bootstrap select 0 where not exists (select 1 from lock._bootstrap)",
    ]


def missing_column_statements(existing: Collection[tuple[str, str]]) -> list[str]:
    """Give bookkeeping tables that an earlier release has made the columns that they lack; one a statement.

    >>> made = {(name, column.split()[0]) for name, columns in OPS_TABLES.items() for column in columns.split(", ")}
    >>> missing_column_statements(made - {("runs", "statements")})
    ['alter table ops.runs add column statements bigint']
    """
    return [
        f"alter table ops.{name} add column {column}"
        for name, columns in OPS_TABLES.items()
        for column in columns.split(", ")
        if (name, column.split()[0]) not in existing
    ]


def masking_statements() -> list[str]:
    """Create the table of the masking key; the administrator runs these, so that no user of Landfall can change it."""
    return [
        "create table if not exists restricted.masking_key (masking_key varchar(64) not null)",
        f"grant select on restricted.masking_key to {TRANSFORMER}",
    ]


def prepare_dataset(loader: Warehouse, dataset: str, contract: Contract) -> None:
    """Give a declared dataset its tables, and what its declaration wants of those that are there.

    Raises:
        ConfigError: it is declared a snapshot, and files of it were skipped as copies; nothing is changed.
    """
    if contract.snapshot is not None:
        _refuse_skipped(loader, dataset)
    loader.transaction(dataset_statements(dataset, contract))
    if contract.keeps_positions:
        keep_positions(loader, dataset)


def _refuse_skipped(loader: Warehouse, dataset: str) -> None:
    """Refuse a snapshot of which a file is not in landing by itself: its state may be the one that holds."""
    skipped = loader.query(copies.count_copies(dataset))[0]["files"] if loader.query(select_columns(dataset)) else 0
    if int(skipped):
        raise ConfigError(
            f"{dataset} is declared a snapshot, and {skipped} files of it were skipped as copies, whose state may be "
            f"the one that holds: deploy it with `copies: land` first, `landfall replay` each of what "
            f"`landfall history --dataset {dataset} --outcome skipped` lists, then declare the snapshot"
        )


def dataset_statements(dataset: str, contract: Contract) -> list[str]:
    """Create a declared dataset's tables, so that dbt can run before its first file has landed.

    Files that landed before each of them was declared to be a snapshot become ones.
    """
    snapshot = contract.snapshot
    is_file = snapshot is not None and snapshot.end is End.FILE
    return [
        *ledger.create_statements(dataset, contract.landing_columns),
        *([snapshot_files.insert_landed(dataset)] if is_file else []),
    ]


def keep_positions(loader: Warehouse, dataset: str) -> None:
    """Give a landing table that was made before its dataset declared `changes` the column of the rows' places."""
    columns = read_columns(loader, dataset) or ()
    if ROW_NUMBER not in {column.name for column in columns}:
        loader.transaction([lock_dataset(dataset), add_column(dataset, Column(ROW_NUMBER, BIGINT))])


def privilege_statements() -> list[str]:
    """Grant what each user may, on the tables that are there and, by default, on those to come."""
    statements = [f"grant usage, create on schema lock to {TRANSFORMER}"]
    for schema in READ_BY_TRANSFORMER:
        statements += _read(schema, owner=LOADER, user=TRANSFORMER)
    statements += [f"grant insert on ops.{name} to {TRANSFORMER}" for name in WRITTEN_BY_TRANSFORMER]
    for schema in READ_BY_READER:
        statements += _read(schema, owner=TRANSFORMER, user=READER)
    return statements


def _read(schema: str, owner: str, user: str) -> list[str]:
    return [
        f"grant usage on schema {schema} to {user}",
        f"grant select on all tables in schema {schema} to {user}",
        f"alter default privileges for user {owner} in schema {schema} grant select on tables to {user}",
    ]


def _run(warehouse: Warehouse, statements: Sequence[str]) -> None:
    for start in range(0, len(statements), MAX_STATEMENTS):
        warehouse.transaction(statements[start : start + MAX_STATEMENTS])
