"""OPERATE: new passwords for the warehouse's users, while files land and transforms run. In: a stack. Out: who has one.

Each user alters itself, so that no administrator is needed, and stays the same user: a second one could not ALTER what
the first owns. Between the change of the user and that of its secret log-ins are refused; the functions try again for
longer than that takes, and sessions that are open stay so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
from botocore.exceptions import ClientError

from ingest_lambda.errors import LoginRefusedError, TransientError, UnsureError
from landfall.deploy.bootstrap import LOADER, READER, TRANSFORMER, Login, user_statements
from landfall.deploy.cluster_secrets import with_cluster
from landfall.deploy.preparation import password_hash

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from landfall.stack import Stack

SECRETS = {LOADER: "LoaderSecretArn", TRANSFORMER: "TransformerSecretArn", READER: "ReaderSecretArn"}
# Labels of a secret's versions: https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
# What the local Secrets Manager and AWS's call it that a label is another version's by now, and much else.
HAS_MOVED = frozenset({"InvalidParameterException", "InvalidRequestException"})
# A version bears a label of this kind until it is the pending one; a rotation that is killed between leaves it. One
# that is under way has it for a second.
OWN, LEFT_AFTER = "landfall-", timedelta(hours=1)
ATTEMPTS = 5
PASSWORD_CHARACTERS = 48  # as the template's: letters and digits, each kind among them


@dataclass(frozen=True)
class Version:
    """A version of a secret: its id, the log-in that it holds, and all that it holds, as a cluster's name."""

    id: str
    login: Login
    value: Mapping[str, Any] = field(repr=False)


def rotate(stack: Stack, user: str) -> None:
    """Give a warehouse user a new password. What was cut short is finished by the next call, or by a deployment.

    Raises:
        LoginRefusedError: the secret's password is refused, and no other is known.
        UnsureError: it is not known what was done; the next call finds out.
        ConfigError, TransientError: as the warehouse's.
    """
    secrets: SecretsManagerClient = boto3.client("secretsmanager")
    arn = stack.output(SECRETS[user])
    pending = _pending(secrets, arn, user, stack.outputs)
    current = _current(secrets, arn)  # by now: before it was begun, somebody else may have come to an end
    try:
        # As a hash: the text of a statement is kept in the warehouse's query history.
        [statement] = user_statements([pending.login], {user}, password_hash(stack.outputs))
        stack.warehouse_with(arn).execute(statement)
    except LoginRefusedError:
        # An earlier rotation may have ended between the user and the secret: then the pending password is the user's.
        _promote(secrets, arn, pending.id, current.id, user)
        try:
            _log_in(stack, arn)
        except LoginRefusedError as error:
            _promote(secrets, arn, current.id, pending.id, user)
            raise LoginRefusedError(
                f"{user} takes neither the password of secret {arn} nor a pending one: landfall deploy --prepare gives "
                "users the passwords of their secrets"
            ) from error
    except TransientError as error:
        raise UnsureError(
            f"whether {user} has its new password is not known: {error}",
            f"The user may have the new password and the secret the old: run `landfall rotate --user {user}` again now",
        ) from error
    else:
        _promote(secrets, arn, pending.id, current.id, user)
        try:
            _log_in(stack, arn)
        except LoginRefusedError as error:
            raise UnsureError(
                f"{user} does not take the password that it has just been given, with secret {arn}: {error}",
                f"Did somebody else rotate? Run `landfall rotate --user {user}` again now",
            ) from error
    _label(secrets, user, SecretId=arn, VersionStage=PENDING, RemoveFromVersionId=pending.id)


def _log_in(stack: Stack, arn: str) -> None:
    """Log in with what the secret holds now: a warehouse of its own, since sessions outlive the password they began by.

    Raises:
        LoginRefusedError: the user does not take it.
    """
    stack.warehouse_with(arn).query("select 1")


def _pending(secrets: SecretsManagerClient, arn: str, user: str, outputs: Mapping[str, str]) -> Version:
    """Return the version that the user is to have: what is pending already, or a new one, kept beside the current one.

    It is kept before the user has it, so that it cannot be lost. Of several who begin at once one makes it, and the
    others go on with that: two passwords, each given to the user and put into the secret, could end crossed.

    Raises:
        LoginRefusedError: the secret has no value.
        UnsureError: others begin again and again.
    """
    for _ in range(ATTEMPTS):
        current, pending = _current(secrets, arn), _version(secrets, arn, PENDING)
        if pending is None or pending.id == current.id:
            value = with_cluster({**current.value, "username": user, "password": _password(secrets)}, outputs)
        elif (value := with_cluster(pending.value, outputs)) == pending.value:
            return pending
        # else begun by a release that named no cluster: promoted as it is, the Data API would refuse it
        if made := _begin(secrets, arn, value, pending):
            return made
    raise UnsureError(f"somebody else rotates {user}, again and again", f"Run `landfall rotate --user {user}` later")


def _password(secrets: SecretsManagerClient) -> str:
    return secrets.get_random_password(
        PasswordLength=PASSWORD_CHARACTERS, ExcludePunctuation=True, RequireEachIncludedType=True
    )["RandomPassword"]


def _begin(secrets: SecretsManagerClient, arn: str, value: Mapping[str, Any], before: Version | None) -> Version | None:
    """Make a version the pending one; None where another has become it since `before` was.

    A label that another version has is moved only from the version that is named, and else the call fails, while a new
    value takes its labels from whichever version has them:
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
    """
    _strip_left(secrets, arn)
    own = f"{OWN}{uuid4().hex}"
    made = secrets.put_secret_value(SecretId=arn, SecretString=json.dumps(value), VersionStages=[own])["VersionId"]
    moved = {"RemoveFromVersionId": before.id} if before else {}
    try:
        secrets.update_secret_version_stage(SecretId=arn, VersionStage=PENDING, MoveToVersionId=made, **moved)
    except ClientError as error:
        now = _version(secrets, arn, PENDING)
        has_moved = (now and now.id) != (before and before.id)
        if error.response["Error"]["Code"] not in HAS_MOVED or not has_moved:
            raise
        return None
    finally:  # one with no label left is deleted in time
        secrets.update_secret_version_stage(SecretId=arn, VersionStage=own, RemoveFromVersionId=made)
    return Version(made, Login(value["username"], value["password"]), value)


def _strip_left(secrets: SecretsManagerClient, arn: str) -> None:
    """Take the labels that killed rotations left off their versions, which are deleted in time; if one may look.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecretVersionIds.html
    """
    try:
        versions = secrets.list_secret_version_ids(SecretId=arn)["Versions"]
        left = [
            (each["VersionId"], label)
            for each in versions
            for label in each.get("VersionStages", [])
            if label.startswith(OWN) and each["CreatedDate"] < datetime.now(UTC) - LEFT_AFTER
        ]
    except ClientError as error:
        if not error.response["Error"]["Code"].startswith("AccessDenied"):
            raise
        return
    for version, label in left:
        secrets.update_secret_version_stage(SecretId=arn, VersionStage=label, RemoveFromVersionId=version)


def _promote(secrets: SecretsManagerClient, arn: str, version: str, instead_of: str, user: str) -> None:
    """Make a version the current one; the label moves from where it was, so that of two who rotate one is refused."""
    _label(secrets, user, SecretId=arn, VersionStage=CURRENT, MoveToVersionId=version, RemoveFromVersionId=instead_of)


def _label(secrets: Any, user: str, **change: str) -> None:
    """Move a label of a secret, unless it is where it is to be.

    Raises:
        UnsureError: it is not where it was, since somebody else rotates, or Secrets Manager refuses.
    """
    try:
        secrets.update_secret_version_stage(**change)
    except ClientError as error:
        found = _version(secrets, change["SecretId"], change["VersionStage"])
        if found and found.id == change.get("MoveToVersionId"):
            return  # somebody else who rotates has done it, with the same password
        if "MoveToVersionId" not in change and (found is None or found.id != change["RemoveFromVersionId"]):
            return
        raise UnsureError(
            f"the secret of {user} is not as it was, or may not be changed: {error}",
            f"Does somebody else rotate? Once nobody does, run `landfall rotate --user {user}` again: it may have "
            "the new password and the secret the old",
        ) from error


def _current(secrets: SecretsManagerClient, arn: str) -> Version:
    if (current := _version(secrets, arn, CURRENT)) is None:
        raise LoginRefusedError(f"secret {arn} has no value; landfall deploy makes one")
    return current


def _version(secrets: Any, arn: str, label: str) -> Version | None:
    try:
        found = secrets.get_secret_value(SecretId=arn, VersionStage=label)
    except secrets.exceptions.ResourceNotFoundException:
        return None
    value = json.loads(found["SecretString"])
    return Version(found["VersionId"], Login(value["username"], value["password"]), value)
