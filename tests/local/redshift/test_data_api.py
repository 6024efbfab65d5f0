"""The Redshift Data API, as unmodified boto3 uses it (which checks the shape of every answer)."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

import json
import time
import urllib.request
import uuid
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from botocore.exceptions import ClientError
from botocore.model import ListShape, Shape, StructureShape

from tests.local.redshift.support import Client, Lake
from tests.support.local_stack import LocalServices

# What tells the account's own key, whose signature nobody checks.
ACCOUNT_KEY = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/redshift-data/aws4_request"


class Api:
    """boto3's client with the log-in that every call needs, waiting for the end of each statement."""

    def __init__(self, client: Any, secret: str, database: str) -> None:
        self.client = client
        self.place = {"Database": database, "WorkgroupName": "workgroup", "SecretArn": secret}

    def run(self, sql: str | list[str], **options: Any) -> dict[str, Any]:
        """Run a statement, or a batch; return its description."""
        place = {} if "SessionId" in options else self.place
        options = {"WaitTimeSeconds": 20, **place, **options}
        if isinstance(sql, list):
            receipt = self.client.batch_execute_statement(Sqls=sql, **options)
        else:
            receipt = self.client.execute_statement(Sql=sql, **options)
        description: dict[str, Any] = self.client.describe_statement(Id=receipt["Id"], WaitTimeSeconds=20)
        return description

    def rows(self, sql: str, **options: Any) -> list[list[Any]]:
        """Run a query; return its values."""
        result = self.client.get_statement_result(Id=self.run(sql, **options)["Id"])
        return [
            [None if "isNull" in field else next(iter(field.values())) for field in row] for row in result["Records"]
        ]

    def refusal(self, sql: str | list[str], **options: Any) -> str:
        """Run what the API must refuse; return the error's code."""
        with pytest.raises(ClientError) as caught:
            self.run(sql, **options)
        code: str = caught.value.response["Error"]["Code"]
        return code


@pytest.fixture(scope="module")
def api(local_redshift: LocalServices, secret: str, facts: dict[str, Any]) -> Api:
    return Api(local_redshift.client("redshift-data"), secret, facts["database"])


def check_members(answer: Any, shape: Shape, path: str = "answer") -> None:
    """Assert that an answer holds nothing that the service model does not know, and all that it requires."""
    if isinstance(shape, StructureShape):
        assert set(shape.required_members) <= set(answer), path
        for name, value in answer.items():
            assert name in shape.members, f"{path}.{name}"
            check_members(value, shape.members[name], f"{path}.{name}")
    elif isinstance(shape, ListShape):
        for value in answer:
            check_members(value, shape.member, path)
    elif shape.metadata.get("enum"):
        assert answer in shape.metadata["enum"], path


def test_answers_are_shaped_as_the_service_model_says(api: Api, local_redshift: LocalServices) -> None:
    model = api.client.meta.service_model
    description = api.run(["select 1 as a", "select null::int as b"])
    calls: dict[str, dict[str, Any]] = {
        "DescribeStatement": {"Id": description["Id"]},
        "GetStatementResult": {"Id": f"{description['Id']}:1"},
        "ListStatements": {},
        "ExecuteStatement": {"Sql": "select 1", "WaitTimeSeconds": 5, **api.place},
        "BatchExecuteStatement": {"Sqls": ["select 1"], **api.place},
    }
    for operation, request in calls.items():
        message = urllib.request.Request(  # noqa: S310 - the local endpoint
            local_redshift.ports.redshift_data_url,
            data=json.dumps(request).encode(),
            headers={"X-Amz-Target": f"RedshiftData.{operation}", "Authorization": ACCOUNT_KEY},
        )
        with urllib.request.urlopen(message) as response:  # noqa: S310 - the local endpoint
            check_members(json.load(response), model.operation_model(operation).output_shape, operation)


def test_values_come_typed(api: Api) -> None:
    sql = "select 1::smallint, 2::bigint, true, 1 / 3::float, 1.50::decimal(9,2), 'x', null::int, '2025-01-02'::date"
    result = api.client.get_statement_result(Id=api.run(sql)["Id"])
    assert result["Records"] == [[
        {"longValue": 1}, {"longValue": 2}, {"booleanValue": True}, {"doubleValue": 1 / 3}, {"stringValue": "1.50"},
        {"stringValue": "x"}, {"isNull": True}, {"stringValue": "2025-01-02"},
    ]]  # fmt: skip
    names = [column["typeName"] for column in result["ColumnMetadata"]]
    assert names == ["int2", "int8", "bool", "float8", "numeric", "varchar", "int4", "date"]
    assert (result["ColumnMetadata"][4]["precision"], result["ColumnMetadata"][4]["scale"]) == (9, 2)


def test_a_description_tells_how_a_statement_went(api: Api, schema: str) -> None:
    api.run(f"create table {schema}.t (a int)")
    done = api.run(f"insert into {schema}.t values (1), (2)", StatementName="two rows")
    assert (done["Status"], done["ResultRows"], done["HasResultSet"]) == ("FINISHED", 2, False)
    assert done["Duration"] > 0
    assert done["QueryString"] == f"insert into {schema}.t values (1), (2)"
    queried = api.run(f"select a from {schema}.t")
    assert (queried["HasResultSet"], queried["ResultRows"]) == (True, 2)
    listed = api.client.list_statements(StatementName="two rows")["Statements"]
    assert done["Id"] in [statement["Id"] for statement in listed]


def test_a_failure_gives_redshifts_words(api: Api) -> None:
    failed = api.run("select * from nowhere.t")
    assert (failed["Status"], failed["Error"]) == ("FAILED", 'ERROR: relation "nowhere.t" does not exist')
    with pytest.raises(ClientError, match="Query does not have result"):
        api.client.get_statement_result(Id=failed["Id"])


def test_parameters_are_values_and_never_sql(api: Api, schema: str) -> None:
    api.run(f"create table {schema}.t (a varchar(99), n int)")
    awkward = 'it\'s; drop table t -- \\ :n "x" é'
    done = api.run(
        f"insert into {schema}.t values (:a, :n)",
        Parameters=[{"name": "a", "value": awkward}, {"name": "n", "value": "7"}],
    )
    assert done["Status"] == "FINISHED"
    query = f"select a, n, ':a' from {schema}.t where n = :n and n::int = 7"
    assert api.rows(query, Parameters=[{"name": "n", "value": "7"}]) == [[awkward, 7, ":a"]]


def test_parameters_must_be_given_used_and_not_empty(api: Api) -> None:
    assert api.refusal("select :a", Parameters=[{"name": "b", "value": "1"}]) == "ValidationException"
    assert api.refusal("select :a") == "ValidationException"
    assert api.refusal("select 1", Parameters=[{"name": "a", "value": "1"}]) == "ValidationException"
    with pytest.raises(Exception, match="value"):
        api.run("select :a", Parameters=[{"name": "a", "value": ""}])


def test_a_batch_is_one_transaction(api: Api, schema: str) -> None:
    api.run(f"create table {schema}.t (a int)")
    done = api.run([f"insert into {schema}.t values (1)", f"select a from {schema}.t", f"update {schema}.t set a = 2"])
    assert done["Status"] == "FINISHED"
    assert [part["Id"] for part in done["SubStatements"]] == [f"{done['Id']}:{n}" for n in (1, 2, 3)]
    assert [part["ResultRows"] for part in done["SubStatements"]] == [1, 1, 1]
    assert api.client.get_statement_result(Id=f"{done['Id']}:2")["Records"] == [[{"longValue": 1}]]
    failed = api.run([f"insert into {schema}.t values (3)", "select 1/0", f"insert into {schema}.t values (4)"])
    assert failed["Status"] == "FAILED"
    assert "ERROR: division by zero" in failed["Error"]
    assert [part["Status"] for part in failed["SubStatements"]] == ["FINISHED", "FAILED", "ABORTED"]
    assert api.rows(f"select a from {schema}.t") == [[2]]


def test_a_batch_in_auto_commit_keeps_what_worked(api: Api, schema: str) -> None:
    api.run(f"create table {schema}.t (a int)")
    sqls = [f"insert into {schema}.t values (1)", "select 1/0", f"insert into {schema}.t values (2)"]
    done = api.run(sqls, ExecutionMode="AUTO_COMMIT")
    assert done["Status"] == "FAILED"
    assert [part["Status"] for part in done["SubStatements"]] == ["FINISHED", "FAILED", "FINISHED"]
    assert sorted(api.rows(f"select a from {schema}.t")) == [[1], [2]]


def test_limits_of_requests_are_held(api: Api) -> None:
    assert len(api.run(["select 1"] * 40)["SubStatements"]) == 40
    assert api.refusal(["select 1"] * 41) == "ValidationException"
    assert api.refusal("select '" + "x" * 100_000 + "'") == "ValidationException"
    assert api.refusal("select 1", WaitTimeSeconds=31) == "ValidationException"
    assert api.refusal("select 1", WithEvent=True) == "ValidationException"
    assert api.refusal("select 1", ResultFormat="CSV") == "ValidationException"
    assert api.refusal("select 1", SecretArn="arn:aws:secretsmanager:us-east-1:000000000000:secret:none") == (
        "ValidationException"
    )


def test_a_log_in_is_needed(api: Api) -> None:
    with pytest.raises(ClientError, match="SecretArn is required"):
        api.client.execute_statement(Sql="select 1", Database="landfall", WorkgroupName="workgroup", DbUser="x")


def test_privileges_are_those_of_the_secrets_user(
    api: Api, local_redshift: LocalServices, schema: str, make_user: Any
) -> None:
    name = make_user().value("select current_user")
    value = json.dumps({"username": name, "password": "Abcdefg1"})
    arn = local_redshift.client("secretsmanager").create_secret(Name=name, SecretString=value)["ARN"]
    assert api.rows("select current_user", SecretArn=arn) == [[name]]
    assert "permission denied" in api.run(f"create table {schema}.t (a int)", SecretArn=arn)["Error"]
    value = json.dumps({"username": name, "password": "Wrong999"})
    local_redshift.client("secretsmanager").put_secret_value(SecretId=arn, SecretString=value)
    assert "password authentication failed" in api.run("select 1", SecretArn=arn)["Error"]


def test_a_cluster_that_is_asked_for_is_the_one_that_the_secret_names(
    api: Api, local_redshift: LocalServices, facts: dict[str, Any]
) -> None:
    secrets = local_redshift.client("secretsmanager")
    login = {"username": facts["admin_user"], "password": facts["admin_password"]}
    arn = secrets.create_secret(Name=f"of-a-cluster-{uuid.uuid4().hex[:8]}", SecretString=json.dumps(login))["ARN"]
    asked = {"Sql": "select 1", "Database": "landfall", "SecretArn": arn, "ClusterIdentifier": "analytics"}
    for named in ({}, {"dbClusterIdentifier": "another"}):
        secrets.put_secret_value(SecretId=arn, SecretString=json.dumps(login | named))
        with pytest.raises(ClientError, match="does not match the dbClusterIdentifier"):
            api.client.execute_statement(**asked)
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps({**login, "dbClusterIdentifier": "analytics"}))
    assert api.client.execute_statement(**asked)["ClusterIdentifier"] == "analytics"


def test_a_client_token_runs_a_statement_once(api: Api, schema: str) -> None:
    api.run(f"create table {schema}.t (a int)")
    token = uuid.uuid4().hex
    first = api.run(f"insert into {schema}.t values (1)", ClientToken=token)
    again = api.run(f"insert into {schema}.t values (1)", ClientToken=token)
    assert first["Id"] == again["Id"]
    assert api.rows(f"select count(*) from {schema}.t") == [[1]]


def test_a_session_keeps_temporary_tables_and_loads_through_them(
    api: Api, client: Client, schema: str, lake: Lake
) -> None:
    client.run("create table t (a bigint)")
    url = lake.put(pa.table({"a": pa.array([1, 2], pa.int64())}))
    staged = api.run(["create temp table stage (a bigint)", lake.copy("stage", url)], SessionKeepAliveSeconds=60)
    assert (staged["Status"], staged["SubStatements"][1]["ResultRows"]) == ("FINISHED", 2)
    session = staged["SessionId"]
    loaded = api.run(["lock " + schema + ".t", f"insert into {schema}.t select a from stage"], SessionId=session)
    assert (loaded["Status"], loaded["SessionId"]) == ("FINISHED", session)
    assert sorted(client.run("select a from t")) == [(1,), (2,)]
    assert "does not exist" in api.run("select * from stage")["Error"]


def test_a_failed_batch_leaves_its_session_usable(api: Api) -> None:
    session = api.run("create temp table kept as select 1 as a", SessionKeepAliveSeconds=60)["SessionId"]
    failed = api.run(["create temp table lost as select 1 as a", "select 1/0"], SessionId=session)
    assert failed["Status"] == "FAILED"
    assert api.rows("select a from kept", SessionId=session) == [[1]]
    assert "does not exist" in api.run("select a from lost", SessionId=session)["Error"]


def test_a_session_runs_one_statement_at_a_time(api: Api) -> None:
    session = api.run("select 1", SessionKeepAliveSeconds=60)["SessionId"]
    slow = api.client.execute_statement(Sql="select pg_sleep(3)", SessionId=session)
    assert api.refusal("select 1", SessionId=session) == "ValidationException"
    assert api.client.describe_statement(Id=slow["Id"], WaitTimeSeconds=10)["Status"] == "FINISHED"
    assert api.rows("select 1", SessionId=session) == [[1]]
    assert api.refusal("select 1", SessionId=session, Database="landfall") == "ValidationException"


def test_a_session_ends_when_its_time_is_over(api: Api) -> None:
    session = api.run("select 1", SessionKeepAliveSeconds=1)["SessionId"]
    time.sleep(1.3)
    assert api.refusal("select 1", SessionId=session) == "ValidationException"
    assert api.refusal("select 1", SessionId=str(uuid.uuid4())) == "ValidationException"


def test_a_statement_passes_through_its_states_and_can_be_cancelled(api: Api) -> None:
    slow = api.client.execute_statement(Sql="select pg_sleep(30)", **api.place)
    seen = set()
    while "STARTED" not in seen:
        seen.add(api.client.describe_statement(Id=slow["Id"])["Status"])
        assert seen <= {"SUBMITTED", "PICKED", "STARTED"}
    time.sleep(0.5)  # the state is there before the statement is
    assert api.client.cancel_statement(Id=slow["Id"])["Status"] is True
    assert api.client.describe_statement(Id=slow["Id"], WaitTimeSeconds=10)["Status"] == "ABORTED"
    with pytest.raises(ClientError, match="ABORTED"):
        api.client.cancel_statement(Id=slow["Id"])


def test_a_long_result_comes_in_pages(api: Api) -> None:
    done = api.run("select n, repeat('x', 100) from generate_series(1, 25000) as n")
    numbers: list[int] = []
    sizes: list[int] = []
    pages = api.client.get_paginator("get_statement_result").paginate(Id=done["Id"])
    for page in pages:
        numbers += [row[0]["longValue"] for row in page["Records"]]
        sizes.append(len(page["Records"]))
        assert page["TotalNumRows"] == 25000
    assert len(sizes) > 1
    assert numbers == list(range(1, 25001))


def test_unknown_statements_are_not_found(api: Api) -> None:
    for operation in (api.client.describe_statement, api.client.get_statement_result, api.client.cancel_statement):
        with pytest.raises(api.client.exceptions.ResourceNotFoundException):
            operation(Id=str(uuid.uuid4()))


def test_a_batch_is_one_session_for_the_case_of_names(api: Api, schema: str) -> None:
    keeps = "set enable_case_sensitive_identifier to true"
    query = f'select "Id" from {schema}."Mixed"'
    batch = api.run([keeps, f'create table {schema}."Mixed" as select 1 as "Id"', query])
    result = api.client.get_statement_result(Id=batch["SubStatements"][2]["Id"])
    assert [column["name"] for column in result["ColumnMetadata"]] == ["Id"]
    assert api.run(query)["Status"] == "FAILED"
