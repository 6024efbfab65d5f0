"""Rotation that does not come to its end says what may be the case, and what to do; its way: test_first_deployment."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from ingest_lambda.errors import LoginRefusedError, TransientError, UnsureError
from ingest_lambda.warehouse import client
from landfall.deploy.bootstrap import READER
from landfall.failures import TRANSIENT, explain
from landfall.operate import rotation
from landfall.stack import Stack
from local.services import aws_environment
from tests.land.warehouse import Land
from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices

BEFORE, OTHERS = "Before1", "Others1"


class Reached:
    """A stack and its warehouse, where something happens when the user is altered."""

    def __init__(self, secret: str, when_altered: Callable[[], None]) -> None:
        self.secret, self.when_altered = secret, when_altered

    outputs: Mapping[str, str] = {}

    def output(self, _: str) -> str:
        """Return the secret."""
        return self.secret

    def warehouse_with(self, _: str) -> "Reached":
        """Return itself."""
        return self

    def execute(self, _: str) -> None:
        """Alter the user."""
        self.when_altered()


@pytest.fixture
def secrets(local_aws: LocalServices, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The local Secrets Manager, which rotation finds too."""
    for name, value in aws_environment(local_aws.ports).items():
        monkeypatch.setenv(name, value)
    boto3.setup_default_session()
    return boto3.client("secretsmanager")


def refused(stack: Reached) -> str:
    """Rotate in vain; return what the operator reads."""
    with pytest.raises(UnsureError) as error:
        rotation.rotate(stack, READER)  # type: ignore[arg-type]  # what rotation asks of a stack
    line, code = explain(error.value)
    assert code == TRANSIENT
    assert "half done" not in line
    return line


def test_a_lost_answer_leaves_both_passwords_known_and_says_so(secrets: Any) -> None:
    login = json.dumps({"username": READER, "password": "Before1"})
    arn = secrets.create_secret(Name=unique("rotation"), SecretString=login)["ARN"]

    def lose() -> None:
        raise TransientError("the Data API does not answer")

    assert f"landfall rotate --user {READER}` again now" in refused(Reached(arn, lose))
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == login
    assert json.loads(secrets.get_secret_value(SecretId=arn, VersionStage="AWSPENDING")["SecretString"])["password"]


def test_a_new_password_takes_the_place_of_the_old_and_of_nothing_else(secrets: Any) -> None:
    login = json.dumps({"username": READER, "password": "Before1", "dbClusterIdentifier": "old", "engine": "redshift"})
    arn = secrets.create_secret(Name=unique("rotation"), SecretString=login)["ARN"]

    def lose() -> None:
        raise TransientError("the Data API does not answer")

    stack = Reached(arn, lose)
    stack.outputs = {"ClusterIdentifier": "analytics"}
    refused(stack)
    pending = json.loads(secrets.get_secret_value(SecretId=arn, VersionStage="AWSPENDING")["SecretString"])
    assert len(pending.pop("password")) == rotation.PASSWORD_CHARACTERS
    assert pending == {"username": READER, "dbClusterIdentifier": "analytics", "engine": "redshift"}


def test_what_a_release_before_began_ends_with_its_password_and_the_name_of_the_cluster(secrets: Any) -> None:
    login = {"username": READER, "password": "Before1", "dbClusterIdentifier": "analytics"}
    arn = secrets.create_secret(Name=unique("rotation"), SecretString=json.dumps(login))["ARN"]
    begun = json.dumps({"username": READER, "password": "Begun1"})
    secrets.put_secret_value(SecretId=arn, SecretString=begun, VersionStages=["AWSPENDING"])

    def pending() -> Any:
        return json.loads(secrets.get_secret_value(SecretId=arn, VersionStage="AWSPENDING")["SecretString"])

    def lose() -> None:
        assert pending() == {**login, "password": "Begun1"}  # before the user has it: what is promoted is this
        raise TransientError("the Data API does not answer")

    stack = Reached(arn, lose)
    stack.outputs = {"ClusterIdentifier": "analytics"}
    refused(stack)
    version = secrets.get_secret_value(SecretId=arn, VersionStage="AWSPENDING")["VersionId"]
    refused(stack)  # and again: it is complete by now, and stays
    assert secrets.get_secret_value(SecretId=arn, VersionStage="AWSPENDING")["VersionId"] == version
    assert json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"]) == login


def test_who_rotates_beside_somebody_else_moves_nothing(secrets: Any) -> None:
    login = json.dumps({"username": READER, "password": "Before1"})
    arn = secrets.create_secret(Name=unique("rotation"), SecretString=login)["ARN"]
    others = json.dumps({"username": READER, "password": "Others1"})
    stack = Reached(arn, lambda: secrets.put_secret_value(SecretId=arn, SecretString=others))
    assert "Does somebody else rotate?" in refused(stack)
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == others


class User:
    """A warehouse's user, who is altered by whoever logs in with what the secret holds."""

    outputs: Mapping[str, str] = {}

    def __init__(self, secrets: Any) -> None:
        self.secrets, self.password = secrets, BEFORE
        login = json.dumps({"username": READER, "password": self.password})
        self.secret: str = secrets.create_secret(Name=unique("rotation"), SecretString=login)["ARN"]

    def output(self, _: str) -> str:
        """Return the secret."""
        return self.secret

    def warehouse_with(self, _: str) -> "User":
        """Return itself."""
        return self

    def query(self, _: str) -> None:
        """Log in."""
        if self.kept() != self.password:
            raise LoginRefusedError("password authentication failed")

    def execute(self, password: str) -> None:
        """Log in, and take another password."""
        self.query("")
        self.password = password

    def kept(self) -> str:
        """Return the password that the secret holds."""
        return str(json.loads(self.secrets.get_secret_value(SecretId=self.secret)["SecretString"])["password"])


@pytest.mark.parametrize("when", ["has looked", "is about to alter the user", "has altered the user"])
def test_two_who_rotate_at_once_end_with_one_password_that_user_and_secret_have(
    secrets: Any, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.setattr(rotation, "user_statements", lambda logins, *_: [logins[0].password])
    others = [User(secrets)]
    user = others[0]
    make, alter = rotation._password, User.execute

    def meanwhile(moment: str) -> None:
        if moment == when and others:
            rotation.rotate(others.pop(), READER)  # type: ignore[arg-type]

    def looked(client: Any) -> str:
        meanwhile("has looked")
        return make(client)

    def altered(self: User, password: str) -> None:
        meanwhile("is about to alter the user")
        alter(self, password)
        meanwhile("has altered the user")

    monkeypatch.setattr(rotation, "_password", looked)
    monkeypatch.setattr(User, "execute", altered)
    rotation.rotate(user, READER)  # type: ignore[arg-type]
    assert others == []
    assert user.password == user.kept() != BEFORE
    assert labels(secrets, user) == ["AWSCURRENT", "AWSPREVIOUS"]


def test_who_begins_when_another_has_just_begun_takes_that_ones_password(
    secrets: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "user_statements", lambda logins, *_: [logins[0].password])
    user, begun = User(secrets), list[str]()
    make = rotation._password

    def looked(client: Any) -> str:
        made = make(client)
        if not begun:  # the other looks later, keeps its password first, and is cut short there
            begun.append(made)
            value = {"username": READER, "password": OTHERS}
            assert rotation._begin(client, user.secret, value, None)
        return made

    monkeypatch.setattr(rotation, "_password", looked)
    rotation.rotate(user, READER)  # type: ignore[arg-type]
    assert user.password == user.kept() == OTHERS


def test_a_refusal_that_no_other_rotation_explains_is_told_as_it_is(
    secrets: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = User(secrets)
    move = secrets.update_secret_version_stage

    def refuse(**change: Any) -> Any:
        if change["VersionStage"] == rotation.PENDING:
            scheduled = {"Code": "InvalidRequestException", "Message": "the secret is scheduled for deletion"}
            raise ClientError({"Error": scheduled}, "UpdateSecretVersionStage")  # type: ignore[typeddict-item]
        return move(**change)

    monkeypatch.setattr(secrets, "update_secret_version_stage", refuse)
    monkeypatch.setattr(boto3, "client", lambda _: secrets)
    with pytest.raises(ClientError, match="scheduled for deletion"):
        rotation.rotate(user, READER)  # type: ignore[arg-type]
    assert user.password == user.kept() == BEFORE
    assert labels(secrets, user) == ["AWSCURRENT"]


def test_the_label_of_a_rotation_that_was_killed_is_taken_off_by_a_later_one_and_that_of_one_under_way_is_not(
    secrets: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "user_statements", lambda logins, *_: [logins[0].password])
    user = User(secrets)
    value = json.dumps({"username": READER, "password": OTHERS})
    secrets.put_secret_value(SecretId=user.secret, SecretString=value, VersionStages=["landfall-killed"])
    rotation.rotate(user, READER)  # type: ignore[arg-type]
    assert labels(secrets, user) == ["AWSCURRENT", "AWSPREVIOUS", "landfall-killed"]
    monkeypatch.setattr(rotation, "LEFT_AFTER", timedelta(seconds=-5))  # as if it were long ago
    rotation.rotate(user, READER)  # type: ignore[arg-type]
    assert labels(secrets, user) == ["AWSCURRENT", "AWSPREVIOUS"]
    assert user.password == user.kept()


def labels(secrets: Any, user: User) -> list[str]:
    """List the labels of all versions of a user's secret."""
    found = secrets.describe_secret(SecretId=user.secret)["VersionIdsToStages"].values()
    return sorted(label for of_version in found for label in of_version)


def test_a_new_password_that_the_user_does_not_take_is_told_by_a_log_in_of_its_own(
    land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in aws_environment(land.services.ports).items():
        monkeypatch.setenv(name, value)
    boto3.setup_default_session()
    monkeypatch.setattr(client, "LOGIN_PAUSES", ())
    manager = land.client("secretsmanager")
    login = manager.get_secret_value(SecretId=f"land/{READER}")["SecretString"]
    arn = manager.create_secret(Name=unique("rotation"), SecretString=login)["ARN"]
    outputs = {"DatabaseName": land.settings.database, "WorkgroupName": str(land.settings.workgroup)}
    stack = Stack("rotation", {**outputs, "ReaderSecretArn": arn})
    # The user is not altered at all; the session of this statement stays logged in, by the old password.
    monkeypatch.setattr(rotation, "user_statements", lambda *_: ["select 1"])

    with pytest.raises(UnsureError, match="does not take the password that it has just been given") as error:
        rotation.rotate(stack, READER)

    assert f"landfall rotate --user {READER}` again now" in explain(error.value)[0]
    versions = manager.list_secret_version_ids(SecretId=arn)["Versions"]
    assert sorted(label for version in versions for label in version["VersionStages"])[0] == "AWSCURRENT"
    assert any("AWSPENDING" in version["VersionStages"] for version in versions)  # the next call goes on from there
