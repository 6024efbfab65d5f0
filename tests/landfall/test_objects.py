"""What S3 has of a version, by what a HEAD of it says."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ingest_lambda.file_version import FileVersion
from landfall.operate.objects import State, look

TIERED = {"StorageClass": "INTELLIGENT_TIERING"}
UNDER_WAY, RESTORED = 'ongoing-request="true"', 'ongoing-request="false", expiry-date="Fri, 21 Dec 2040 00:00:00 GMT"'


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ({}, State.THERE),
        (TIERED, State.THERE),
        ({**TIERED, "ArchiveStatus": "ARCHIVE_ACCESS"}, State.OFFLINE),
        ({**TIERED, "ArchiveStatus": "DEEP_ARCHIVE_ACCESS"}, State.OFFLINE),
        ({**TIERED, "ArchiveStatus": "DEEP_ARCHIVE_ACCESS", "Restore": UNDER_WAY}, State.OFFLINE),
        ({**TIERED, "ArchiveStatus": "DEEP_ARCHIVE_ACCESS", "Restore": RESTORED}, State.THERE),
        ({"StorageClass": "GLACIER_IR"}, State.THERE),
        ({"StorageClass": "GLACIER"}, State.OFFLINE),
        ({"StorageClass": "DEEP_ARCHIVE", "Restore": UNDER_WAY}, State.OFFLINE),
        ({"StorageClass": "DEEP_ARCHIVE", "Restore": RESTORED}, State.THERE),
    ],
)
def test_a_version_is_offline_where_its_class_or_its_tier_is_archived_until_it_is_restored(
    head: dict[str, Any], expected: State
) -> None:
    s3 = boto3.client("s3", "eu-central-1", aws_access_key_id="none", aws_secret_access_key="none")  # noqa: S106
    file = FileVersion("bucket", "raw/orders/a.parquet", "v1")
    asked = {"Bucket": file.bucket, "Key": file.key, "VersionId": file.version_id}
    with Stubber(s3) as answering:
        answering.add_response("head_object", {"ContentLength": 7, "ETag": '"e"', **head}, asked)
        assert look(s3, file) == (expected, FileVersion(file.bucket, file.key, "v1", etag="e", size=7))
