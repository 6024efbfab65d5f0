"""OPERATE: take a deployment down. In: its stack. Out: a stack of the bucket alone, or, with the data, nothing.

The bucket stays in the stack, with its policy and its rules: a bucket that a deleted stack leaves behind has neither,
and stands in the way of the next deployment. So does everything in the warehouse. The next deployment goes on there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError, TransientError
from landfall.deploy import artifacts, bootstrap, cloudformation, copy_role, stack_events, stacks
from landfall.deploy.clients import Clients
from landfall.deploy.deployment import DISABLED, SCHEDULE_STATE, artifact_bucket, notes
from landfall.deploy.environments import check_name
from landfall.deploy.own_warehouse import CREATE_WAREHOUSE
from landfall.deploy.preparation import warehouse_of
from landfall.deploy.shared_warehouse import find_other, refuse_shared_warehouse
from landfall.deploy.stacks import STAGES, STORAGE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

    from ingest_lambda.warehouse.sessions import Warehouse

Progress = Callable[[str], None]
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
MOST_KEYS_A_REQUEST = 1000
MOST_ATTEMPTS = 10
# A function that is deleted ends what it has begun, in Lambda's 15 minutes at most.
LONGEST_FUNCTION_SECONDS, PAUSE_SECONDS = 900.0, 5.0


@dataclass(frozen=True)
class Deployed:
    """What a deployment consists of, as far as it outlives its pipeline: stack, bucket, database."""

    stack: Mapping[str, Any]
    outputs: Mapping[str, str]

    @property
    def bucket(self) -> str:
        """Name the bucket that files are uploaded to."""
        return self.outputs["BucketName"]

    @property
    def made_warehouse(self) -> bool:
        """Tell whether the stack holds a warehouse, and not just its name."""
        return stacks.parameters(self.stack).get(CREATE_WAREHOUSE) == "true"

    @property
    def database(self) -> str:
        """Name the database, with its workgroup or cluster."""
        where = self.outputs.get("WorkgroupName") or self.outputs.get("ClusterIdentifier")
        return f"{self.outputs['DatabaseName']} of {where}"


def find(environment: str, clients: Clients) -> Deployed:
    """Find a deployment.

    Raises:
        ConfigError: there is none, it is not complete, or it is of a release whose templates cannot be taken down; or
            no environment has that name.
    """
    check_name(environment)  # one that has a name which is refused by now is found too
    name = f"landfall-{environment}"
    stack = stacks.find(clients.cloudformation, name)
    if stack is None:
        raise ConfigError(f"no stack {name} is deployed in this account and Region")
    if STAGES not in stacks.parameters(stack):
        raise ConfigError(f"stack {name} is of an older release: landfall deploy first, then it can be taken down")
    outputs = stacks.outputs(stack)
    if "BucketName" not in outputs:
        raise ConfigError(f"stack {name} is {stack['StackStatus']} and has no bucket: landfall deploy completes it")
    return Deployed(stack, outputs)


def is_deployed(environment: str, clients: Clients) -> bool:
    """Tell whether the stack of an environment is there, whatever it holds."""
    return stacks.find(clients.cloudformation, f"landfall-{environment}") is not None


def take_down(deployed: Deployed, clients: Clients, progress: Progress, detail: Progress = lambda _: None) -> None:
    """Delete everything but the bucket and what is in the warehouse, and detach the roles; again is no harm.

    Raises:
        DeploymentError: something could not be deleted.
    """
    values = {STAGES: STORAGE, SCHEDULE_STATE: DISABLED}
    note = notes(progress, detail)
    cloudformation.set_parameters(clients.cloudformation, deployed.stack, values, note)
    cloudformation.delete_left(clients.cloudformation, deployed.stack, note)
    # last, when nothing runs COPY any more
    earlier = artifacts.attached_roles(clients.s3, artifact_bucket(clients), deployed.stack["StackName"])
    progress(copy_role.detach(earlier, deployed.outputs, clients.serverless, clients.redshift))
    _note(artifacts.note_taken_down, deployed, clients, progress)


def _note(note: Callable[[S3Client, str, str], None], deployed: Deployed, clients: Clients, progress: Progress) -> None:
    """Note in the deployment's record what has become of it; that is done, whether or not one may write the record."""
    try:
        note(clients.s3, artifact_bucket(clients), deployed.stack["StackName"])
    except ClientError as error:
        progress(f"the record of {deployed.stack['StackName']} stays as it was: {error}")


def taken_by(deployed: Deployed, clients: Clients) -> str | None:
    """Name the stack whose schemas and users are in the warehouse of one that was taken down, None where it is its own.

    Raises:
        ConfigError: another deployment lands in a warehouse that this one lands in too, or that would go with it.
    """
    name, given, bucket = deployed.stack["StackName"], stacks.parameters(deployed.stack), artifact_bucket(clients)
    if deployed.made_warehouse or given.get(STAGES) != STORAGE:
        refuse_shared_warehouse(name, given, bucket, clients)
        return None
    other = find_other(name, given, bucket, clients)
    return other.stack_name if other else None


def delete_data(
    deployed: Deployed,
    admin_secret_arn: str,
    clients: Clients,
    progress: Progress,
    detail: Progress = lambda _: None,
) -> None:
    """Take a deployment down, and delete what it leaves: the schemas and users, every version in the bucket, the stack.

    Schemas and users stay where another deployment has taken the warehouse since this one was taken down.

    Raises:
        ConfigError: the administrator cannot log in, the stack is protected, or another deployment lands in the
            warehouse; nothing is deleted.
        DeploymentError: something could not be deleted; repeat it when the cause is gone.
    """
    if deployed.stack.get("EnableTerminationProtection"):
        name = deployed.stack["StackName"]
        raise ConfigError(f"stack {name} is protected: landfall deploy --no-termination-protection lifts it")
    admin = None
    if (other := taken_by(deployed, clients)) is None:
        admin = warehouse_of(deployed.outputs, admin_secret(deployed, admin_secret_arn, clients), clients)
        admin.query("select 1 as one")  # before anything is deleted
    take_down(deployed, clients, progress, detail)
    if admin:
        progress("warehouse: schemas and users")
        _drop(admin, progress)
    else:
        progress(f"warehouse: schemas and users stay, which are those of stack {other} now")
    progress(f"stack {deployed.stack['StackName']}")
    cloudformation.delete(clients.cloudformation, deployed.stack, notes(progress, detail))
    for bucket in data_buckets(deployed.bucket, clients):  # their stack retains them
        progress(f"bucket {bucket}")
        delete_bucket(clients.s3, bucket)
    _note(artifacts.forget, deployed, clients, progress)


def check_warehouse(deployed: Deployed, *, with_warehouse: bool) -> None:
    """Let a warehouse that the deployment has made go by an explicit word alone: others may have tables in it.

    Raises:
        ConfigError: it would go and nobody said so, or it was to go and the deployment has made none.
    """
    workgroup = deployed.outputs.get("WorkgroupName")
    if deployed.made_warehouse and not with_warehouse:
        raise ConfigError(
            f"nothing is deleted: the deployment has made the workgroup {workgroup}, which goes with its stack, and so "
            "does what others have in it: --with-data --with-warehouse"
        )
    if with_warehouse and not deployed.made_warehouse:
        raise ConfigError(f"nothing is deleted: the deployment has not made the warehouse {deployed.database}")


def admin_secret(deployed: Deployed, given: str, clients: Clients) -> str:
    """Return the administrator's secret (ARN): the one that is given, or the one that Redshift manages.

    Raises:
        ConfigError: there is neither.
    """
    workgroup = deployed.outputs.get("WorkgroupName")
    secret = given or (copy_role.admin_secret(workgroup, clients.serverless) if workgroup else "")
    if not secret:
        raise ConfigError("--with-data needs --admin-secret-arn: the secret of the warehouse's administrator")
    return secret


def _drop(admin: Warehouse, progress: Progress) -> None:
    """Drop what the warehouse holds, once nothing holds it: a function that was under way may still be at work."""
    deadline = time.monotonic() + LONGEST_FUNCTION_SECONDS
    while True:
        try:
            return bootstrap.remove(admin)
        except TransientError as error:
            if time.monotonic() >= deadline:
                raise
            progress(f"  waiting: {error}")
        time.sleep(PAUSE_SECONDS)


def versions(s3: S3Client, bucket: str) -> Iterator[ObjectIdentifierTypeDef]:
    """Yield every version and delete marker in a bucket."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for found in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            yield {"Key": found["Key"], "VersionId": found["VersionId"]}


def _batches(found: Iterator[ObjectIdentifierTypeDef]) -> Iterator[list[ObjectIdentifierTypeDef]]:
    while batch := list(islice(found, MOST_KEYS_A_REQUEST)):
        yield batch


def left_buckets(environment: str, clients: Clients) -> list[str]:
    """List the buckets of a deployment, which are left where its stack is gone.

    Raises:
        ConfigError: no environment has that name, so that the buckets would be another's.
    """
    check_name(environment)
    return data_buckets(f"landfall-{environment}-{clients.account}-{clients.region}", clients)


def data_buckets(bucket: str, clients: Clients) -> list[str]:
    """List what holds a deployment's data: its landing bucket, and that of the logs of who read it, if any."""
    return [each for each in (bucket, f"{bucket}-logs") if _is_there(clients.s3, each)]


def _is_there(s3: S3Client, bucket: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchBucket"}:
            raise
        return False
    return True


def delete_bucket(s3: S3Client, bucket: str) -> None:
    """Delete every version in a bucket, and the bucket; what is uploaded meanwhile too.

    Raises:
        DeploymentError: a version could not be deleted, or uploads go on and on; repeat it when the cause is gone.
    """
    for _ in range(MOST_ATTEMPTS):
        try:
            for batch in _batches(versions(s3, bucket)):
                answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
                for error in answer.get("Errors", []):
                    raise stack_events.DeploymentError(f"{error.get('Key')}: {error.get('Message')}", [])
            s3.delete_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchBucket":
                return
            if error.response["Error"]["Code"] != "BucketNotEmpty":
                raise
        else:
            return
    raise stack_events.DeploymentError(f"files keep coming to {bucket}: stop who uploads them, and repeat", [])
