"""COPY and UNLOAD by access keys: S3 decides what these may, and nothing shows them."""

from __future__ import annotations

import uuid

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from local.aws.service import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from tests.local.redshift.support import Client, Lake
from tests.support.local_stack import LocalServices

NUMBERS = pa.table({"a": pa.array([1, 2], pa.int64())})


def temporary_keys(services: LocalServices, role: str) -> tuple[str, str]:
    """Return options of a COPY with the temporary keys of a role: as parameters, and as CREDENTIALS."""
    keys = services.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    one, two, three = keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
    return (
        f"access_key_id '{one}' secret_access_key '{two}' session_token '{three}'",
        f"credentials 'aws_access_key_id={one};aws_secret_access_key={two};token={three}'",
    )


@pytest.fixture
def other_bucket(lake: Lake) -> str:
    """A bucket that the role of the tests may not read."""
    name = f"{lake.bucket}-other"
    lake.s3.create_bucket(Bucket=name)
    lake.s3.put_object(Bucket=name, Key="a.parquet", Body=b"x")
    return name


@pytest.mark.parametrize("form", [0, 1])
def test_a_copy_by_keys_may_what_the_keys_may(
    client: Client, lake: Lake, local_redshift: LocalServices, form: int, other_bucket: str
) -> None:
    by_keys = temporary_keys(local_redshift, lake.role)[form]
    mine = lake.put(NUMBERS)
    client.run("create table t (a bigint)", f"copy t from '{mine}' {by_keys} format as parquet")
    assert client.run("select a from t order by a") == [(1,), (2,)]
    error = client.error(f"copy t from 's3://{other_bucket}/a.parquet' {by_keys} format as parquet")
    assert "AccessDenied" in error["D"]
    client.run(f"copy t from '{lake.put(b'3')}' {by_keys} csv")
    assert client.run("select max(a) from t") == [(3,)]


def test_an_unload_by_keys_may_what_the_keys_may(
    client: Client, lake: Lake, local_redshift: LocalServices, writer_role: str
) -> None:
    for place, by_keys in enumerate(temporary_keys(local_redshift, writer_role)):
        client.run(f"unload ('select 1 as a') to 's3://{lake.bucket}/exports/keys-{place}/' {by_keys} parquet")
        found = lake.s3.list_objects_v2(Bucket=lake.bucket, Prefix=f"exports/keys-{place}/")
        assert found["KeyCount"]
        error = client.error(f"unload ('select 1 as a') to 's3://{lake.bucket}/elsewhere-{place}/' {by_keys} parquet")
        assert "AccessDenied" in error["M"]


FORMS = (
    "secret_access_key'{}'",
    "secret_access_key as 'x' '{}'",
    "secret_access_key 'x'{}",
    "secret_access_key {}",
    'secret_access_key "{}"',
    "secret_access_key $${}$$",
    "secret_access_key E'{}'",
    "secret_access_key--c\r'{}'",
    "/* access_key_id '{}' */",
    "access_key_id 'a' secret_access_key 'b' session_token 'a\n{}'",
    "CREDENTIALS'aws_access_key_id=A;{}'",
    "credentials /* a /* b */ c */ 'aws_access_key_id=A;{}'",
    "credentials /* a /* b */ don't */ 'aws_access_key_id=A;{}'",
)


@pytest.mark.parametrize("form", FORMS)
def test_a_key_in_an_unusual_place_is_told_nowhere(
    client: Client, administrator: Client, local_redshift: LocalServices, form: str
) -> None:
    secret = f"OurKey{uuid.uuid4().hex}"
    client.run("create table t (a bigint)")
    for statement in ("copy t from 's3://b/k'", "copy t from 's3://b/k' csv", "unload ('select 1') to 's3://b/k/'"):
        error = client.error(f"{statement} {form.format(secret)} wrong")
        assert secret.lower() not in str(error).lower()
    columns = "query_text || coalesce(error_message, '')"
    recent = f"select {columns} from sys_query_history where start_time > sysdate - interval '1 minute'"  # noqa: S608 - the test's own
    told = [str(text) for (text,) in administrator.run(recent)]
    assert [text for text in told if text.startswith("unload ('select 1') to 's3://b/k/'")]
    home = local_redshift.home.redshift
    told += [path.read_text(errors="replace") for path in (home / "logs").iterdir()]
    assert not [text for text in told if secret.lower() in text.lower()]


def test_a_key_needs_no_blank_before_it_and_single_quotes(client: Client, lake: Lake) -> None:
    url = lake.put(NUMBERS)
    client.run("create table t (a bigint)")
    client.run(f"copy t from '{url}' access_key_id'{ACCESS_KEY_ID}'secret_access_key as'{SECRET_ACCESS_KEY}'parquet")
    assert client.run("select count(*) from t") == [(2,)]
    keys = f"access_key_id '{ACCESS_KEY_ID}' secret_access_key $${SECRET_ACCESS_KEY}$$"
    assert "single quotes" in client.error(f"copy t from '{url}' {keys} parquet")["M"]


def test_keys_are_hidden_wherever_a_statement_is_told(
    client: Client, lake: Lake, local_redshift: LocalServices
) -> None:
    secret = "OurSecretKey/0+1"  # noqa: S105 - nobody's
    forms = ("secret_access_key as /* c */ '{}'", "credentials\n--c\n'aws_access_key_id=A;{}'")
    url = lake.put(NUMBERS)
    client.run("create table hidden_keys (a bigint)")
    good = f"access_key_id '{ACCESS_KEY_ID}' secret_access_key '{SECRET_ACCESS_KEY}'"
    client.run(f"copy hidden_keys from '{url}' {good} parquet /* {lake.bucket} */")
    for form in forms:
        client.error(f"copy hidden_keys from '{url}' {form.format(secret)} parquet /* {lake.bucket} */")
    like = f"like '%/* {lake.bucket} */%'"
    told = []
    for text, view in (("query_text", "sys_query_history"), ("querytxt", "stl_query")):
        told += [str(row[0]) for row in client.run(f"select {text} from {view} where {text} {like}")]  # noqa: S608
    assert len([text for text in told if "copy hidden_keys" in text]) >= 2
    assert not [text for text in told if secret in text or f"'{SECRET_ACCESS_KEY}'" in text]
    logs = [path.read_text(errors="replace") for path in (local_redshift.home.redshift / "logs").iterdir()]
    assert any(url in text for text in logs)
    assert not any(secret in text for text in logs)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("", "needs IAM_ROLE"),
        ("access_key_id 'A'", "needs both ACCESS_KEY_ID and SECRET_ACCESS_KEY"),
        ("session_token 'C'", "needs both ACCESS_KEY_ID and SECRET_ACCESS_KEY"),
        ("iam_role default access_key_id 'A' secret_access_key 'B'", "cannot be specified together"),
        ("credentials 'aws_access_key_id=A;aws_secret_access_key=B' session_token 'C'", "cannot be specified together"),
        ("credentials 'aws_access_key_id=A;aws_secret_access_key=B;master_symmetric_key=C'", "Invalid credentials"),
        ("credentials 'aws_iam_role=arn:aws:iam::000000000000:role/r;token=C'", "Invalid credentials"),
        ("credentials 'A;B'", "Invalid credentials"),
    ],
)
def test_what_is_no_authorization_is_refused(client: Client, options: str, words: str) -> None:
    client.run("create table t (a bigint)")
    for statement in ("copy t from 's3://b/k'", "unload ('select 1 as a') to 's3://b/k/'"):
        error = client.error(f"{statement} {options} parquet")
        assert words in error["M"]
        assert "'B'" not in error["M"]
