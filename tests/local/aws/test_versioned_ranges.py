"""A version is read by ranges, as the current object is (patch versioned_ranges)."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices

OLD, NEW = b"0123456789", b"another object"
# range, its bytes, Content-Range
RANGES = [
    ("bytes=-4", b"6789", "bytes 6-9/10"),
    ("bytes=-99", OLD, "bytes 0-9/10"),
    ("bytes=2-3", b"23", "bytes 2-3/10"),
    ("bytes=7-", b"789", "bytes 7-9/10"),
    ("bytes=7-99", b"789", "bytes 7-9/10"),
]


@pytest.fixture(scope="module")
def version(local_aws: LocalServices) -> dict[str, Any]:
    """Bucket, key and version of an object that has been overwritten."""
    s3, bucket = local_aws.client("s3"), unique("bucket")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=bucket, Key="a", Body=OLD)
    s3.put_object(Bucket=bucket, Key="a", Body=NEW)
    return {"Bucket": bucket, "Key": "a", "VersionId": old["VersionId"]}


@pytest.mark.parametrize(("wanted", "expected", "told"), RANGES, ids=[row[0] for row in RANGES])
def test_a_range_of_a_version_is_that_range(
    local_aws: LocalServices, version: dict[str, Any], wanted: str, expected: bytes, told: str
) -> None:
    answer = local_aws.client("s3").get_object(**version, Range=wanted)
    assert answer["Body"].read() == expected
    assert (answer["ContentRange"], answer["ContentLength"]) == (told, len(expected))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["VersionId"] == version["VersionId"]


def test_a_version_without_a_range_comes_whole(local_aws: LocalServices, version: dict[str, Any]) -> None:
    answer = local_aws.client("s3").get_object(**version)
    assert answer["Body"].read() == OLD
    assert "ContentRange" not in answer


def test_a_range_outside_a_version_is_refused(local_aws: LocalServices, version: dict[str, Any]) -> None:
    s3 = local_aws.client("s3")
    empty = s3.put_object(Bucket=version["Bucket"], Key="empty", Body=b"")
    outside = [(version, "bytes=10-"), (version | {"Key": "empty", "VersionId": empty["VersionId"]}, "bytes=-4")]
    for where, wanted in outside:
        with pytest.raises(ClientError) as raised:
            s3.get_object(**where, Range=wanted)
        assert raised.value.response["Error"]["Code"] == "InvalidRange"


def test_a_version_that_is_not_there_is_not_there_by_range(local_aws: LocalServices, version: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as raised:
        local_aws.client("s3").get_object(**version | {"VersionId": "0" * 32}, Range="bytes=-4")
    assert raised.value.response["Error"]["Code"] == "NoSuchVersion"
