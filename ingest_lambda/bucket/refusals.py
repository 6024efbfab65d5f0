"""LAND, bucket: what a refusal of S3 means. In: its error, the file. Out: the error that says who must act. Pure."""

from __future__ import annotations

from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError, FileGoneError, RejectedFileError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.reasons import Reason

# 405: the version is a delete marker (https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html).
GONE = {"NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed", "405"}
DENIED = {"AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket"}
EMPTY_RANGE = {"InvalidRange", "416"}


def s3_error(error: ClientError, file: FileVersion) -> Exception:
    """Turn a refusal of S3 into the error that says who must act, by its code."""
    code = error.response.get("Error", {}).get("Code", "")
    if code in GONE:
        return FileGoneError(f"{file.uri} has no version {file.version_id}")
    if code in EMPTY_RANGE:  # no last byte can be read of an object that has none
        return empty_object()
    if code in DENIED:
        return ConfigError(f"S3 refuses {file.uri}: {error}")
    return TransientError(f"S3 refuses {file.uri}: {error}")


def empty_object() -> RejectedFileError:
    """Word the rejection of an object without bytes."""
    return RejectedFileError(Reason.EMPTY_FILE, "the object has no bytes", found="0 bytes")
