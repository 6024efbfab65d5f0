"""OPERATE: probes of transactions, sessions, rights and error texts: what is all or nothing, and who may what."""

from __future__ import annotations

from ingest_lambda.warehouse.failures import Failure
from landfall.verify.probe import Answer, Probe, fails_as, gives
from landfall.verify.scene import ADMINISTRATOR, AT_ONCE, TRANSFORMER, Scene

_BATCH = "mgmt/data-api.html"
_ISOLATION = "dg/c_serial_isolation.html"


def _counted_apart(scene: Scene) -> Answer:
    scene.run(
        [
            "create table {schema}.t_counter (load_seq bigint not null)",
            "insert into {schema}.t_counter values (0)",
            "create table {schema}.t_counted (load_seq bigint)",
        ]
    )
    scene.at_once(
        [
            "lock table {schema}.t_counter",
            "update {schema}.t_counter set load_seq = load_seq + 1",
            "insert into {schema}.t_counted select load_seq from {schema}.t_counter",
        ]
    )
    found = scene.run(["select load_seq from {schema}.t_counted order by 1"])
    return Answer(str([(number,) for number in range(1, AT_ONCE + 1)]), str(found))


def _entered_once(scene: Scene) -> Answer:
    scene.run(
        [
            "create table {schema}.t_mutex (load_seq bigint not null)",
            "insert into {schema}.t_mutex values (0)",
            "create table {schema}.t_ledger (file_id varchar(64))",
            "create table {schema}.t_rows (file_id varchar(64))",
        ]
    )
    is_new = "where not exists (select 1 from {schema}.t_ledger where file_id = 'f')"
    scene.at_once(
        [
            "lock table {schema}.t_mutex",
            "update {schema}.t_mutex set load_seq = load_seq + 1",
            f"insert into {{schema}}.t_rows select 'f' {is_new}",
            f"insert into {{schema}}.t_ledger select 'f' {is_new}",
        ]
    )
    found = scene.run(
        ["select count(*) as landed, (select count(*) from {schema}.t_ledger) as entered from {schema}.t_rows"]
    )
    return Answer(str([(1, 1)]), str(found))


PROBES = (
    Probe(
        "temporary-tables",
        "a temporary table lives as long as its Data API session, over transactions",
        "mgmt/data-api.html",
        gives(
            ["create temp table t_temporary (n integer)", "insert into t_temporary values (7)"],
            "select n from t_temporary",
            rows=[(7,)],
        ),
        "rows are staged in temporary tables before the lock is taken",
    ),
    Probe(
        "all-or-nothing",
        "the statements of a batch are one transaction: the last one's failure takes back the first",
        _BATCH,
        fails_as(
            "create table {schema}.t_batch (n integer)",
            ["insert into {schema}.t_batch values (1)", "insert into {schema}.t_missing values (1)"],
            failure=Failure.CATALOG_CHANGED,
            then=("select count(*) from {schema}.t_batch", [(0,)]),
        ),
        "rows and their ledger entry are committed together",
    ),
    Probe(
        "locked-and-counted",
        "transactions that LOCK a table first and count themselves get a number each",
        "dg/r_LOCK.html",
        _counted_apart,
        "loads of a dataset are numbered in the order in which they commit",
    ),
    Probe(
        "entered-once",
        "of transactions at the same time that LOCK first and insert what is not there, one inserts",
        _ISOLATION,
        _entered_once,
        "a file version lands once, however often it is announced",
    ),
    Probe(
        "planned-for",
        "a division by zero ends a transaction",
        "dg/r_OPERATOR_SYMBOLS.html",
        fails_as(
            "create table {schema}.t_planned (n integer)",
            [
                "insert into {schema}.t_planned values (1)",
                "select 1 / case when count(*) = 7 then 1 else 0 end from {schema}.t_planned",
            ],
            failure=Failure.CATALOG_CHANGED,
            then=("select count(*) from {schema}.t_planned", [(0,)]),
        ),
        "a load whose columns have changed since it was planned is planned again",
    ),
    Probe(
        "missing-table",
        "a table that is not there is told as such",
        "dg/r_INSERT_30.html",
        fails_as("insert into {schema}.t_never values (1)", failure=Failure.CATALOG_CHANGED),
        "a load is planned again where a table has gone",
    ),
    Probe(
        "missing-column",
        "a column that is not there is told as such",
        "dg/r_INSERT_30.html",
        fails_as(
            "create table {schema}.t_column (n integer)",
            "insert into {schema}.t_column (m) values (1)",
            failure=Failure.CATALOG_CHANGED,
        ),
        "a load is planned again where a column has gone",
    ),
    Probe(
        "table-there-already",
        "a table that is there already is told as such",
        "dg/r_CREATE_TABLE_NEW.html",
        fails_as(
            "create table {schema}.t_twice (n integer)",
            "create table {schema}.t_twice (n integer)",
            failure=Failure.CATALOG_CHANGED,
        ),
        "of two first loads of a dataset one is planned again",
    ),
    Probe(
        "default-privileges",
        "default privileges let another user read tables that are made later",
        "dg/r_ALTER_DEFAULT_PRIVILEGES.html",
        gives(
            ["create table {schema}.t_granted (n integer)", "insert into {schema}.t_granted values (7)"],
            "select n from {schema}.t_granted",
            rows=[(7,)],
            by=TRANSFORMER,
        ),
        "the transformer reads landing tables of new datasets",
    ),
    Probe(
        "no-more-than-granted",
        "who may read may not write, and is told so",
        "dg/r_GRANT.html",
        fails_as(
            "create table {schema}.t_read_only (n integer)",
            "insert into {schema}.t_read_only values (1)",
            failure=Failure.DENIED,
            then=("select count(*) from {schema}.t_read_only", [(0,)]),
            by=TRANSFORMER,
        ),
        "the transformer cannot change what has landed",
    ),
    Probe(
        "asked-for-rights",
        "HAS_TABLE_PRIVILEGE says what who asks may do",
        "dg/r_HAS_TABLE_PRIVILEGE.html",
        gives(
            "create table {schema}.t_mine (n integer)",
            "select has_table_privilege('\"{schema}\".\"t_mine\"', 'insert')",
            rows=[(True,)],
        ),
        "landfall doctor finds rights that are missing",
    ),
    Probe(
        "owners",
        "PG_NAMESPACE and PG_USER say who owns a schema",
        "dg/r_PG_NAMESPACE.html",
        gives(
            "select users.usename from pg_namespace as spaces "
            "inner join pg_user as users on users.usesysid = spaces.nspowner where spaces.nspname = '{schema}'",
            rows=[("landfall_loader",)],
        ),
        "landfall doctor finds schemas of other owners",
    ),
    Probe(
        "sha-256-hashes",
        "a user gets and changes a password as a SHA-256 hash with its salt",
        "dg/r_CREATE_USER.html",
        gives(
            [
                f"create user {{schema}}_user password 'sha256|{'5a' * 32}|{'a5' * 32}'",
                f"alter user {{schema}}_user password 'sha256|{'a5' * 32}|{'5a' * 32}'",
                "drop user {schema}_user",
            ],
            rows=[],
            by=ADMINISTRATOR,
        ),
        "deployments and `landfall rotate` give passwords so, but with PasswordHash=md5",
    ),
)
