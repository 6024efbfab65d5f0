"""MODEL: the archive marks exactly the file versions that were modeled, and keeps what is not its own."""

import uuid
from typing import Any

import pytest

from tests.support.local_stack import LocalServices
from transform_lambda.archive import TAG, LandedFile, mark
from transform_lambda.project import Memory


@pytest.fixture
def s3(local_aws: LocalServices) -> Any:
    """Return an S3 client."""
    return local_aws.client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    """Return a versioned bucket of the test's own."""
    name = f"archive-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def put(s3: Any, bucket: str, key: str, tagging: str = "") -> LandedFile:
    """Write one version of an object."""
    answer = s3.put_object(Bucket=bucket, Key=key, Body=b"x", Tagging=tagging)
    return LandedFile(bucket, key, answer["VersionId"])


def tags(s3: Any, file: LandedFile) -> dict[str, str]:
    """Return the tags of one version."""
    answer = s3.get_object_tagging(Bucket=file.bucket, Key=file.key, VersionId=file.version_id)
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def always() -> bool:
    """There is time."""
    return True


def test_only_the_version_that_was_modeled_is_marked_and_its_owner_s_tags_stay(s3: Any, bucket: str) -> None:
    modeled = put(s3, bucket, "raw/orders/a=1 +é.parquet", "team=sales")
    later = put(s3, bucket, "raw/orders/a=1 +é.parquet", "team=sales")
    assert mark(s3, [modeled], always)["marked"] == 1
    assert tags(s3, modeled) == {"team": "sales", "landfall": "modeled"}
    assert tags(s3, later) == {"team": "sales"}


def test_marking_again_changes_nothing(s3: Any, bucket: str) -> None:
    file = put(s3, bucket, "raw/orders/a.parquet")
    mark(s3, [file], always)
    assert mark(s3, [file], always) == {"marked": 0, "already": 1, "gone": 0, "full": 0, "left": 0}


def test_a_file_that_is_gone_stops_nothing(s3: Any, bucket: str) -> None:
    gone, there = put(s3, bucket, "raw/orders/gone.parquet"), put(s3, bucket, "raw/orders/there.parquet")
    s3.delete_object(Bucket=bucket, Key=gone.key, VersionId=gone.version_id)
    counts = mark(s3, [gone, there], always)
    assert (counts["gone"], counts["marked"]) == (1, 1)
    assert tags(s3, there) == {TAG["Key"]: TAG["Value"]}


def test_a_file_with_ten_tags_of_its_owner_keeps_them(s3: Any, bucket: str) -> None:
    file = put(s3, bucket, "raw/orders/a.parquet", "&".join(f"t{number}=v" for number in range(10)))
    assert mark(s3, [file], always)["full"] == 1
    assert len(tags(s3, file)) == 10
    assert "landfall" not in tags(s3, file)


def test_without_time_the_rest_is_left_and_said(s3: Any, bucket: str) -> None:
    file = put(s3, bucket, "raw/orders/a.parquet")
    assert mark(s3, [file], lambda: False)["left"] == 1
    assert tags(s3, file) == {}


def test_the_memory_of_a_built_project_can_be_lost_and_kept(s3: Any, bucket: str) -> None:
    memory = Memory(s3, bucket)
    assert memory.read() is None
    memory.write("f1")
    assert memory.read() == "f1"
    memory.forget()
    assert memory.read() is None
