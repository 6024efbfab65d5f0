"""OPERATE: put what a deployment is made of where CloudFormation can read it.

In: the zips, the templates. Out: their keys in the artifact bucket. A key holds the digest of what it names, so that an
upload is done once, a deployment of the same sources changes nothing, and an older one can still be rolled back to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError
from landfall.deploy.cloudformation import StackTemplate
from landfall.deploy.stacks import STAGES, STORAGE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from scripts.package import Package

TEMPLATE_SUFFIXES = frozenset({".yaml", ".json"})
DIGEST_CHARACTERS = 16
REPLACED_DAYS = 90  # for how long what was overwritten or deleted in the artifact bucket can be brought back
# How old zips and templates at least are that are deleted: a deployment under way may use what another has replaced.
KEPT_DAYS = 30
RECORDS, CODE, TEMPLATE_FOLDERS = "deployments/", "code/", "templates/"


@dataclass(frozen=True)
class Artifacts:
    """Where the parts of a deployment are: the bucket, the templates' prefix, a key for each function's zip."""

    bucket: str
    template_prefix: str
    code_keys: dict[str, str]


def plan(bucket: str, packages: Iterable[Package], templates: Path) -> Artifacts:
    """Name the keys of zips and templates, by their digests; nothing is asked."""
    code_keys = {package.name: f"{CODE}{package.name}-{package.digest[:DIGEST_CHARACTERS]}.zip" for package in packages}
    return Artifacts(bucket, f"{TEMPLATE_FOLDERS}{_digest(_files(templates))}/", code_keys)


def publish(
    s3: S3Client, planned: Artifacts, packages: Iterable[Package], templates: Path, progress: Callable[[str], None]
) -> None:
    """Upload the zips and the templates that the bucket does not hold yet."""
    for package in packages:
        _upload(s3, planned.bucket, planned.code_keys[package.name], package.path.read_bytes, progress)
    for path in _files(templates):
        _upload(s3, planned.bucket, planned.template_prefix + path.name, path.read_bytes, progress)


def remember(s3: S3Client, bucket: str, template: StackTemplate, changed_at: str, roles: Collection[str] = ()) -> None:
    """Note what is deployed to a stack, since when, and what was before, so that it can be brought back.

    Noted too is what of earlier deployments is neither, and the roles that were attached to the warehouse.
    """
    record = _record(s3, bucket, template.name)
    deployed = _spelt(template)
    is_as_before = record.get("current") == deployed
    before = record.get("previous") if is_as_before else record.get("current")
    replaced = {*record.get("replaced", []), *(() if is_as_before else _parts(record.get("previous")))}
    now = {
        "current": deployed,
        "previous": before,
        "changed_at": changed_at,
        "replaced": sorted(replaced),
        "roles": sorted({*record.get("roles", []), *roles}),
    }
    if record != now:
        _write(s3, bucket, template.name, now)


def attached_roles(s3: S3Client, bucket: str, stack_name: str) -> set[str]:
    """Return the roles (ARNs) that deployments of a stack have attached to its warehouse, as far as is known."""
    try:
        return set(_record(s3, bucket, stack_name).get("roles", []))
    except ClientError:
        return set()


def note_taken_down(s3: S3Client, bucket: str, stack_name: str) -> None:
    """Note that a stack holds its storage alone; the next deployment to it is noted as that."""
    if record := _record(s3, bucket, stack_name):
        _write(s3, bucket, stack_name, {**record, "taken_down": True})


def forget(s3: S3Client, bucket: str, stack_name: str) -> None:
    """Note that a stack is gone: what it was made of, and before, is replaced, and can be deleted once it is old."""
    if record := _record(s3, bucket, stack_name):
        parts = _parts(record.get("current")) | _parts(record.get("previous"))
        _write(s3, bucket, stack_name, {"replaced": sorted({*record.get("replaced", []), *parts})})


def deployed(s3: S3Client, bucket: str) -> dict[str, dict[str, str]]:
    """Return the parameters of what was deployed last to each stack of the bucket, by its name.

    One that was taken down since has Stages=STORAGE, one that is gone none at all.
    """
    try:
        records = _records(s3, bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
        return {}
    return {
        name: {
            **(record.get("current") or {}).get("parameters", {}),
            **({STAGES: STORAGE} if record.get("taken_down") else {}),
        }
        for name, record in records.items()
    }


def _records(s3: S3Client, bucket: str) -> dict[str, dict[str, Any]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=RECORDS)
    names = [
        each["Key"].removeprefix(RECORDS).removesuffix(".json") for page in pages for each in page.get("Contents", [])
    ]
    return {name: _record(s3, bucket, name) for name in names}


def delete_replaced(s3: S3Client, bucket: str, now: datetime) -> list[str]:
    """Delete old zips and templates that no stack of the bucket is made of, nor was before; return their keys.

    What no record says to have been replaced stays: releases before deployed without one. Deleted objects can be
    brought back for REPLACED_DAYS.
    """
    listed = s3.get_paginator("list_objects_v2")
    records = list(_records(s3, bucket).values())
    replaced = {part for record in records for part in record.get("replaced", [])}
    for record in records:
        replaced -= _parts(record.get("current")) | _parts(record.get("previous"))
    old = [
        each["Key"]
        for prefix in (CODE, TEMPLATE_FOLDERS)
        for page in listed.paginate(Bucket=bucket, Prefix=prefix)
        for each in page.get("Contents", [])
        if _part(each["Key"]) in replaced and each["LastModified"] < now - timedelta(days=KEPT_DAYS)
    ]
    for key in old:
        s3.delete_object(Bucket=bucket, Key=key)
    return old


def _parts(deployed: Mapping[str, Any] | None) -> set[str]:
    """Return what a deployment is made of: the keys of its zips, the folder of its templates."""
    values = (deployed or {}).get("parameters", {}).values()
    return {value for value in values if value.startswith((CODE, TEMPLATE_FOLDERS))}


def _part(key: str) -> str:
    return f"{key.rpartition('/')[0]}/" if key.startswith(TEMPLATE_FOLDERS) else key


def changed_at(s3: S3Client, bucket: str, template: StackTemplate) -> str | None:
    """Return when the stack became what the template says, where that is what was deployed last.

    None where it was another, or where that cannot be read: whoever deploys then is told what is wrong.
    """
    try:
        record = _record(s3, bucket, template.name)
    except ClientError:
        return None
    return record.get("changed_at") if record.get("current") == _spelt(template) else None


def recall(s3: S3Client, bucket: str, stack_name: str) -> StackTemplate:
    """Return what was deployed to a stack before what is deployed now.

    Raises:
        ConfigError: it has been deployed once only, or by an older release.
    """
    before = _record(s3, bucket, stack_name).get("previous")
    if not before:
        raise ConfigError(f"no earlier deployment of {stack_name} is known: check its sources out, and landfall deploy")
    return StackTemplate(stack_name, before["url"], before["parameters"], before["tags"])


def _spelt(template: StackTemplate) -> dict[str, Any]:
    return {"url": template.url, "parameters": dict(template.parameters), "tags": dict(template.tags)}


def _record(s3: S3Client, bucket: str, stack_name: str) -> dict[str, Any]:
    try:
        body = s3.get_object(Bucket=bucket, Key=_record_key(stack_name))["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"NoSuchKey", "NoSuchBucket"}:
            raise
        return {}
    return dict(json.loads(body))


def _write(s3: S3Client, bucket: str, stack_name: str, record: Mapping[str, Any]) -> None:
    s3.put_object(Bucket=bucket, Key=_record_key(stack_name), Body=json.dumps(record).encode())


def _record_key(stack_name: str) -> str:
    return f"{RECORDS}{stack_name}.json"


def ensure_bucket(s3: S3Client, bucket: str) -> None:
    """Create the artifact bucket when it is missing; private, encrypted, versioned, over TLS alone, whoever made it.

    Raises:
        ConfigError: the bucket is another account's, or this one may not use it.
    """
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in {"403", "AccessDenied"}:
            raise ConfigError(
                f"{bucket} is refused: it is another account's, who must not get what is deployed, or you lack "
                "s3:ListBucket on it. Nothing is uploaded. What is another's can be reported: "
                "https://repost.aws/knowledge-center/report-aws-abuse"
            ) from error
        if code not in {"404", "NoSuchBucket"}:
            raise
        _create_bucket(s3, bucket)
    _protect(s3, bucket)


def _create_bucket(s3: S3Client, bucket: str) -> None:
    region = s3.meta.region_name
    # us-east-1 is the one Region that may not be named: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    if region == "us-east-1":
        s3.create_bucket(Bucket=bucket)
    else:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item]  # any Region


def _protect(s3: S3Client, bucket: str) -> None:
    """Set what the bucket is to have; again is no harm."""
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    # What is deployed is never noncurrent: a key bears the digest of what it names, and only records are written twice.
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "expire-what-was-replaced",
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "NoncurrentVersionExpiration": {"NoncurrentDays": REPLACED_DAYS},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                }
            ]
        },
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(tls_only_policy(bucket, s3.meta.partition)))


def tls_only_policy(bucket: str, partition: str) -> dict[str, object]:
    """Deny every request that does not come over TLS.

    >>> tls_only_policy("artifacts", "aws")["Statement"][0]["Resource"]
    ['arn:aws:s3:::artifacts', 'arn:aws:s3:::artifacts/*']
    """
    arn = f"arn:{partition}:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "DenyWithoutTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def _upload(s3: S3Client, bucket: str, key: str, read: Callable[[], bytes], progress: Callable[[str], None]) -> None:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchKey"}:
            raise
        progress(f"upload {key}")
        s3.put_object(Bucket=bucket, Key=key, Body=read())


def _files(templates: Path) -> list[Path]:
    return sorted(path for path in templates.iterdir() if path.suffix in TEMPLATE_SUFFIXES)


def _digest(files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode())
    return total.hexdigest()[:DIGEST_CHARACTERS]
