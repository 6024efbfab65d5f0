"""OPERATE: files into S3. In: a local file and where it goes. Out: the version that S3 made of it.

boto3's own upload_file hides the version id, which is the file's identity from then on; so parts are sent here.
"""

import hashlib
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from ingest_lambda.file_version import FileVersion
from ingest_lambda.reconcile.listing import OFFLINE_CLASSES
from ingest_lambda.same_object import is_same_etag, unversioned_etags

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, HeadObjectOutputTypeDef, HeadObjectRequestTypeDef

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html: at most 10,000 parts of 5 MiB or more each.
PART_BYTES = 16 * 1024 * 1024
MAX_PARTS = 10_000
PARTS_AT_ONCE = 4  # so at most 64 MiB of an ordinary file are in memory
NO_VERSION = "null"
DIGEST = "sha256"  # in an object's metadata


def put_file(s3: "S3Client", path: Path, bucket: str, key: str, digest: str | None = None) -> str:
    """Upload a file, in parts where it is large; return the version id of exactly this upload.

    `digest`, its SHA-256, is kept in the object's metadata, for `version_with` to find.
    """
    size, metadata = path.stat().st_size, {DIGEST: digest} if digest else {}
    if size <= PART_BYTES:
        response = s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes(), Metadata=metadata)
        return response.get("VersionId", NO_VERSION)
    return _put_parts(s3, path, bucket, key, part_bytes(size), metadata)


def digest_of(path: Path) -> str:
    """Return a file's SHA-256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def etag_of(path: Path) -> str:
    """Return the ETag that S3 gives to a file that `put_file` uploads, where KMS does not encrypt it.

    Of parts it is the MD5 of their MD5s: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    size = path.stat().st_size
    if size <= PART_BYTES:
        return _md5(path.read_bytes()).hexdigest()
    digests = []
    with path.open("rb") as file:
        while part := file.read(part_bytes(size)):
            digests.append(_md5(part).digest())
    return f"{_md5(b''.join(digests)).hexdigest()}-{len(digests)}"


def _md5(content: bytes) -> "hashlib._Hash":
    return hashlib.md5(content, usedforsecurity=False)


def version_with(s3: "S3Client", bucket: str, key: str, digest: str) -> str | None:
    """Return the current version of an object if it was put with this digest; None if it was not, or is not there."""
    head = _head(s3, {"Bucket": bucket, "Key": key})
    return head.get("VersionId", NO_VERSION) if head and head["Metadata"].get(DIGEST) == digest else None


def version_exists(s3: "S3Client", bucket: str, key: str, version_id: str) -> bool:
    """Ask whether this version of the object is still there."""
    return describe(s3, FileVersion(bucket, key, version_id)) is not None


class State(StrEnum):
    """What S3 has of a version."""

    THERE = "there"
    OFFLINE = "offline"  # archived: it answers no GET before it has been restored
    GONE = "gone"


def look(s3: "S3Client", file: FileVersion) -> tuple[State, FileVersion]:
    """Ask S3 what it has of a version, and for its size and digest, which stay as they are where it is gone.

    Gone is also an object without a version, of a known ETag, where another one has its key by now.
    An object of Intelligent-Tiering keeps its class where it is archived, and has an archive status instead:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/intelligent-tiering-managing.html
    """
    head = _head(s3, {"Bucket": file.bucket, "Key": file.key, "VersionId": file.version_id})
    if head is None:
        return State.GONE, file
    is_restored = 'ongoing-request="false"' in head.get("Restore", "")
    is_archived = head.get("StorageClass") in OFFLINE_CLASSES or "ArchiveStatus" in head
    is_offline = is_archived and not is_restored
    found = replace(file, size=head["ContentLength"], etag=head["ETag"].strip('"'))
    if not is_same_etag(unversioned_etags([file]).get(file.file_id), found.etag):
        return State.GONE, file
    return State.OFFLINE if is_offline else State.THERE, found


def state(s3: "S3Client", file: FileVersion) -> State:
    """Ask S3 what it has of a version."""
    return look(s3, file)[0]


def describe(s3: "S3Client", file: FileVersion) -> FileVersion | None:
    """Ask S3 for size and digest of a version; None if it is there no more."""
    found, described = look(s3, file)
    return None if found is State.GONE else described


def _head(s3: "S3Client", place: "HeadObjectRequestTypeDef") -> "HeadObjectOutputTypeDef | None":
    from botocore.exceptions import ClientError

    try:
        return s3.head_object(**place)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NoSuchVersion"}:
            return None
        raise


def part_bytes(size: int) -> int:
    """Choose the size of a part for a file of `size` bytes, so that parts suffice for it.

    >>> part_bytes(20_000_000), part_bytes(1_000_000_000_000)
    (16777216, 100000000)
    """
    return max(PART_BYTES, math.ceil(size / MAX_PARTS))


def _put_parts(
    s3: "S3Client", path: Path, bucket: str, key: str, size_of_part: int, metadata: Mapping[str, str]
) -> str:
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key=key, Metadata=metadata)["UploadId"]

    def put_part(number: int) -> "CompletedPartTypeDef":
        with path.open("rb") as file:
            file.seek((number - 1) * size_of_part)
            body = file.read(size_of_part)
        part = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=body)
        return {"PartNumber": number, "ETag": part["ETag"]}

    try:
        numbers = range(1, math.ceil(path.stat().st_size / size_of_part) + 1)
        with ThreadPoolExecutor(PARTS_AT_ONCE) as pool:
            parts = list(pool.map(put_part, numbers))
        response = s3.complete_multipart_upload(
            Bucket=bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts}
        )
    except BaseException:
        s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
        raise
    return response.get("VersionId", NO_VERSION)
