"""What the deployment leaves in the warehouse: who may do what, and that doing it twice changes nothing."""

# ruff: noqa: S608 - every name in a statement here is this module's own

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pytest

from ingest_lambda.errors import ConfigError, LoginRefusedError
from ingest_lambda.warehouse.client import Target
from ingest_lambda.warehouse.sessions import Warehouse
from landfall.deploy import bootstrap
from landfall.deploy.bootstrap import LOADER, READER, SCHEMA_OWNERS, TRANSFORMER, Login
from local.home import ROOT
from scripts.contracts import read_contracts
from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices, LocalStack

pytestmark = pytest.mark.xdist_group("bootstrap")  # one worker makes the tables that all of them look at

DATABASE = "landfall"
WORKGROUP = "landfall-local"
SECRETS = {LOADER: "LoaderSecretArn", TRANSFORMER: "TransformerSecretArn", READER: "ReaderSecretArn"}
DENIED = "permission denied"

As = Callable[[str], Warehouse]


def warehouse(services: LocalServices, secret: str) -> Warehouse:
    """Return the warehouse as the user of a secret sees it, through the Data API."""
    return Warehouse(services.client("redshift-data"), Target(DATABASE, secret, WORKGROUP))


def put_secret(services: LocalServices, username: str, password: str) -> str:
    """Put a login into the local Secrets Manager; return the secret's ARN."""
    login = json.dumps({"username": username, "password": password})
    arn: str = services.client("secretsmanager").create_secret(Name=unique(username), SecretString=login)["ARN"]
    return arn


@pytest.fixture(scope="module")
def outputs(stack: LocalStack) -> dict[str, str]:
    """The deployed stack's outputs."""
    (described,) = stack.client("cloudformation").describe_stacks(StackName=stack.info["stack_name"])["Stacks"]
    return {item["OutputKey"]: item["OutputValue"] for item in described["Outputs"]}


@pytest.fixture(scope="module")
def log_in(stack: LocalStack, outputs: dict[str, str]) -> As:
    """A function that returns the warehouse as one of the three users, by its generated secret."""
    return lambda user: warehouse(stack, outputs[SECRETS[user]])


@pytest.fixture(scope="module")
def admin(stack: LocalStack) -> Warehouse:
    """The warehouse as its administrator."""
    facts = stack.redshift
    return warehouse(stack, put_secret(stack, facts["admin_user"], facts["admin_password"]))


@pytest.fixture(scope="module")
def tables(log_in: As) -> Iterator[dict[str, str]]:
    """By schema, a table of one row that the schema's owner made after the deployment.

    Its name is no dataset's: commands of other tests on this stack would take it for a ledger.
    """
    made = {schema: f'{schema}."{unique("_t").replace("-", "_")}"' for schema in SCHEMA_OWNERS}
    owned = {
        owner: [made[schema] for schema in made if SCHEMA_OWNERS[schema] == owner] for owner in (LOADER, TRANSFORMER)
    }
    for owner, names in owned.items():
        creates = [f"create table {name} (n bigint)" for name in names]
        log_in(owner).transaction([*creates, *(f"insert into {name} values (1)" for name in names)])
    yield made
    for owner, names in owned.items():
        log_in(owner).transaction([f"drop table {name}" for name in names])


def facts(admin: Warehouse) -> dict[str, Any]:
    """Read what the bootstrap makes, and nothing that other tests make beside it: users, schemas, tables; owners."""
    schemas, names = sql_list(SCHEMA_OWNERS), sql_list([*read_contracts(ROOT), *bootstrap.OPS_TABLES, "_bootstrap"])
    queries = {
        "users": f"select usename, usesuper from pg_user where usename in ({sql_list(SECRETS)})",
        "schemas": (
            "select nspname, usename from pg_namespace inner join pg_user on usesysid = nspowner "
            f"where nspname in ({schemas})"
        ),
        "tables": (
            "select schemaname, tablename, tableowner from pg_tables "
            f"where schemaname in ({schemas}) and schemaname <> 'modeled' and tablename in ({names})"
        ),
    }
    return {name: admin.query(f"{sql} order by 1, 2") for name, sql in queries.items()}


def sql_list(names: Iterable[str]) -> str:
    """Spell names as the inside of an IN list."""
    return ", ".join(f"'{name}'" for name in names)


def test_every_schema_belongs_to_who_writes_it(admin: Warehouse) -> None:
    owners = {row["nspname"]: row["usename"] for row in facts(admin)["schemas"]}
    assert {schema: owners.get(schema) for schema in SCHEMA_OWNERS} == dict(SCHEMA_OWNERS)


def test_no_user_of_landfall_is_a_superuser(admin: Warehouse) -> None:
    users = {row["usename"]: row["usesuper"] for row in facts(admin)["users"]}
    assert [users[user] for user in (LOADER, TRANSFORMER, READER)] == [False, False, False]


def test_declared_datasets_have_their_tables_before_a_file_has_landed(admin: Warehouse) -> None:
    made = {(row["schemaname"], row["tablename"]): row["tableowner"] for row in facts(admin)["tables"]}
    for dataset in read_contracts(ROOT):
        assert {made[schema, dataset] for schema in ("landing", "ledger", "lock")} == {LOADER}
    assert made["lock", "_bootstrap"] == LOADER
    assert {made["ops", name] for name in bootstrap.OPS_TABLES} == {LOADER}


def test_a_second_deployment_changes_nothing_in_the_warehouse(
    stack: LocalStack, admin: Warehouse, outputs: dict[str, str], log_in: As
) -> None:
    from landfall.deploy.clients import Clients
    from landfall.deploy.preparation import prepare_warehouse

    before = facts(admin)
    services = ("s3", "cloudformation", "secretsmanager", "redshift-data", "lambda", "dynamodb")
    named = [stack.client(name) for name in (*services, "redshift-serverless", "redshift")]
    clients = Clients(*[*named, "000000000000", "us-east-1"])
    admin_secret = put_secret(stack, stack.redshift["admin_user"], stack.redshift["admin_password"])
    prepare_warehouse(outputs, admin_secret, clients)
    assert facts(admin) == before
    assert log_in(LOADER).query("select count(*) as rows from lock._bootstrap") == [{"rows": 1}]


MAY_READ = {
    LOADER: {"landing", "ledger", "lock", "ops"},
    TRANSFORMER: {"landing", "ledger", "ops", "staging", "gate", "modeled", "marts", "alert", "restricted"},
    READER: {"modeled", "marts", "alert"},
}


def test_bookkeeping_that_an_earlier_release_has_made_gets_its_new_columns(log_in: As) -> None:
    loader = log_in(LOADER)
    loader.transaction(["alter table ops.runs drop column phases", "alter table ops.runs drop column statements"])
    known = {(row["name"], row["column_name"]) for row in loader.query(bootstrap.OPS_COLUMNS)}
    added = bootstrap.missing_column_statements(known)
    assert {statement.split(" add column ")[1].split()[0] for statement in added} == {"statements", "phases"}
    loader.transaction(added)
    now = {(row["name"], row["column_name"]) for row in loader.query(bootstrap.OPS_COLUMNS)}
    assert bootstrap.missing_column_statements(now) == []


@pytest.mark.parametrize("schema", SCHEMA_OWNERS)
@pytest.mark.parametrize("user", MAY_READ)
def test_each_user_reads_what_it_needs_and_nothing_else(
    user: str, schema: str, tables: dict[str, str], log_in: As
) -> None:
    sql = f"select n from {tables[schema]}"
    if schema in MAY_READ[user]:
        assert log_in(user).query(sql) == [{"n": 1}]
    else:
        with pytest.raises(ConfigError, match=DENIED):
            log_in(user).query(sql)


@pytest.mark.parametrize("schema", SCHEMA_OWNERS)
@pytest.mark.parametrize("user", MAY_READ)
def test_each_user_writes_only_the_tables_of_its_own_schemas(
    user: str, schema: str, tables: dict[str, str], log_in: As
) -> None:
    sql = f"update {tables[schema]} set n = 1"
    if SCHEMA_OWNERS[schema] == user:
        assert log_in(user).transaction([sql]).count(0) == 1
    else:
        with pytest.raises(ConfigError, match=DENIED):
            log_in(user).execute(sql)


def test_the_transformer_appends_to_the_books_of_its_runs_and_cannot_rewrite_them(log_in: As) -> None:
    run = unique("run")
    log_in(TRANSFORMER).execute("insert into ops.run_bounds values (:run, 'none', 0, sysdate)", {"run": run})
    for statement in ("update ops.run_bounds set upto_seq = 1", "delete from ops.run_bounds"):
        with pytest.raises(ConfigError, match=DENIED):
            log_in(TRANSFORMER).execute(f"{statement} where run_id = '{run}'")
    with pytest.raises(ConfigError, match=DENIED):
        log_in(TRANSFORMER).execute("insert into ops.rejected_files (file_id) values ('none')")
    log_in(LOADER).execute("delete from ops.run_bounds where run_id = :run", {"run": run})


def test_the_transformer_makes_mutexes_of_its_own_beside_the_loaders(log_in: As) -> None:
    name = f'lock."_model_{unique("m")}"'
    log_in(TRANSFORMER).execute(f"create table {name} (n bigint)")
    log_in(TRANSFORMER).execute(f"drop table {name}")


def test_the_masking_key_is_made_once_and_the_transformer_alone_reads_it(admin: Warehouse, log_in: As) -> None:
    sql = "select masking_key from restricted.masking_key"
    (row,) = log_in(TRANSFORMER).query(sql)
    assert len(row["masking_key"]) == 64
    admin.execute(bootstrap.STORE_MASKING_KEY, {"masking_key": "another"})
    assert log_in(TRANSFORMER).query(sql) == [row]
    for user in (LOADER, READER):
        with pytest.raises(ConfigError, match=DENIED):
            log_in(user).query(sql)
    with pytest.raises(ConfigError, match=DENIED):
        log_in(TRANSFORMER).execute("update restricted.masking_key set masking_key = 'known'")


def test_a_new_password_in_the_secret_replaces_the_old_one(stack: LocalStack, admin: Warehouse) -> None:
    name = unique("rotated").replace("-", "_")
    old, new = Login(name, "Old-Passw0rd"), Login(name, "New-Passw0rd")
    admin.transaction(bootstrap.user_statements([old], existing=set()))
    before = put_secret(stack, old.username, old.password)
    assert warehouse(stack, before).query("select 1 as n") == [{"n": 1}]
    admin.transaction(bootstrap.user_statements([new], existing={name}))
    assert warehouse(stack, put_secret(stack, name, new.password)).query("select 1 as n") == [{"n": 1}]
    with pytest.raises(Exception, match="password authentication failed"):
        warehouse(stack, before).query("select 1 as n")
    admin.execute(f'drop user "{name}"')


def test_no_statement_holds_a_clear_password() -> None:
    login = Login("someone", "Secret-Passw0rd")
    (statement,) = bootstrap.user_statements([login], existing=set())
    assert "Secret-Passw0rd" not in statement
    assert "Secret-Passw0rd" not in repr(login)
    assert re.search(r"password 'sha256\|[0-9a-f]{64}\|[0-9a-f]{64}'$", statement)
    assert "md5" not in statement
    assert bootstrap.user_statements([login], existing=set()) != [statement]  # of no two hashes is the salt the same


def test_users_of_an_earlier_release_keep_their_password_and_their_session_and_get_another_hash(
    stack: LocalStack, admin: Warehouse
) -> None:
    login = Login(unique("old").replace("-", "_"), "Old-Passw0rd")
    digest = hashlib.md5((login.password + login.username).encode()).hexdigest()  # noqa: S324 - Redshift's own form
    admin.execute(f"create user \"{login.username}\" password 'md5{digest}'")
    user = warehouse(stack, put_secret(stack, login.username, login.password))
    with user.session() as session:
        assert session.query("select 1 as n") == [{"n": 1}]
        assert log_in_by_libpq(stack, login) is None
        admin.transaction(bootstrap.user_statements([login], existing={login.username}))
        assert session.query("select 1 as n") == [{"n": 1}]
    assert user.query("select 1 as n") == [{"n": 1}]
    assert "authentication method 13" in str(log_in_by_libpq(stack, login))
    admin.transaction(bootstrap.user_statements([login], {login.username}, bootstrap.MD5))  # PasswordHash=md5
    assert log_in_by_libpq(stack, login) is None
    assert user.query("select 1 as n") == [{"n": 1}]
    admin.execute(f'drop user "{login.username}"')


def test_a_loader_who_is_not_let_in_with_his_new_hash_stops_the_deployment_which_says_the_way_out(
    stack: LocalStack, admin: Warehouse
) -> None:
    before, stranger = facts(admin), warehouse(stack, put_secret(stack, LOADER, "Not-his-Passw0rd"))
    with pytest.raises(LoginRefusedError, match="PasswordHash=md5"):
        bootstrap.bootstrap(admin, stranger, [], {})
    with pytest.raises(LoginRefusedError) as error:
        bootstrap.bootstrap(admin, stranger, [], {}, bootstrap.MD5)
    assert "PasswordHash" not in str(error.value)
    assert facts(admin) == before


def log_in_by_libpq(stack: LocalStack, login: Login) -> Exception | None:
    """Log in as psql does, which knows MD5 hashes alone; return what is refused."""
    facts = stack.redshift
    try:
        psycopg2.connect(
            host=facts["host"], port=facts["wire_port"], dbname=DATABASE, user=login.username, password=login.password,
            sslmode="disable",
        ).close()  # fmt: skip
    except psycopg2.OperationalError as error:
        return error  # type: ignore[no-any-return]  # psycopg2 ships no types
    return None
