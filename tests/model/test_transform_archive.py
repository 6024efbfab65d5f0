"""MODEL: the archive marks exactly the file versions that were modeled, and keeps what is not its own."""

import uuid
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.support.local_stack import LocalServices
from transform_lambda import archive
from transform_lambda.archive import TAG, LandedFile
from transform_lambda.errors import ConfigError, TransientError
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
    return LandedFile(answer["VersionId"], bucket, key, answer["VersionId"])


def tags(s3: Any, file: LandedFile) -> dict[str, str]:
    """Return the tags of one version."""
    answer = s3.get_object_tagging(Bucket=file.bucket, Key=file.key, VersionId=file.version_id)
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def pages_of(files: Iterable[LandedFile]) -> Callable[[str], list[LandedFile]]:
    """Give the files behind an id, as the warehouse does."""
    ordered = sorted(files, key=lambda file: file.file_id)
    return lambda after: [file for file in ordered if file.file_id > after][: archive.PAGE_FILES]


def always() -> bool:
    """There is time."""
    return True


def mark_all(s3: Any, *files: LandedFile) -> dict[str, Any]:
    """Mark files, with all the time that it takes."""
    counts = archive.mark(s3, pages_of(files), always)
    assert counts.pop("after") is None
    return counts


def test_only_the_version_that_was_modeled_is_marked_and_its_owner_s_tags_stay(s3: Any, bucket: str) -> None:
    modeled = put(s3, bucket, "raw/orders/a=1 +é.parquet", "team=sales")
    later = put(s3, bucket, "raw/orders/a=1 +é.parquet", "team=sales")
    assert mark_all(s3, modeled)["marked"] == 1
    assert tags(s3, modeled) == {"team": "sales", "landfall": "modeled"}
    assert tags(s3, later) == {"team": "sales"}


def test_marking_again_changes_nothing(s3: Any, bucket: str) -> None:
    file = put(s3, bucket, "raw/orders/a.parquet")
    mark_all(s3, file)
    assert mark_all(s3, file) == {"marked": 0, "already": 1, "gone": 0, "full": 0}


def test_a_file_that_is_gone_stops_nothing(s3: Any, bucket: str) -> None:
    gone, there = put(s3, bucket, "raw/orders/gone.parquet"), put(s3, bucket, "raw/orders/there.parquet")
    s3.delete_object(Bucket=bucket, Key=gone.key, VersionId=gone.version_id)
    counts = mark_all(s3, gone, there)
    assert (counts["gone"], counts["marked"]) == (1, 1)
    assert tags(s3, there) == {TAG["Key"]: TAG["Value"]}


def test_a_file_with_ten_tags_of_its_owner_keeps_them(s3: Any, bucket: str) -> None:
    file = put(s3, bucket, "raw/orders/a.parquet", "&".join(f"t{number}=v" for number in range(10)))
    assert mark_all(s3, file)["full"] == 1
    assert len(tags(s3, file)) == 10
    assert "landfall" not in tags(s3, file)


def test_a_denial_is_no_missing_file_and_names_the_rights(local_aws: LocalServices, s3: Any, bucket: str) -> None:
    file = put(s3, bucket, "raw/orders/a.parquet")
    nobody, iam = f"nobody-{uuid.uuid4().hex[:8]}", local_aws.client("iam")
    iam.create_user(UserName=nobody)
    key = iam.create_access_key(UserName=nobody)["AccessKey"]
    denied = boto3.client(
        "s3",
        endpoint_url=local_aws.ports.aws_url,
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    with pytest.raises(ConfigError, match=r"S3 denies GetObjectTagging of .*/raw/orders/a.parquet: .* needs s3:Get"):
        mark_all(denied, file)
    assert tags(s3, file) == {}


class BrokenS3:
    """Answers every request with one error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def get_object_tagging(self, **_place: str) -> dict[str, Any]:
        raise self.error


def told(code: str, status: int) -> ClientError:
    """Return an error that S3 answers with."""
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetObjectTagging")


@pytest.mark.parametrize(
    "error",
    [told("SlowDown", 503), told("InternalError", 500), told("RequestTimeout", 400), ReadTimeoutError(endpoint_url="")],
)
def test_an_s3_that_asks_for_fewer_requests_is_asked_again(error: Exception) -> None:
    with pytest.raises(TransientError, match="S3"):
        mark_all(BrokenS3(error), LandedFile("f", "bucket", "raw/orders/a.parquet", "1"))


class CountingS3:
    """Takes tags of any number of objects, and counts."""

    def __init__(self) -> None:
        self.tagged: list[str] = []

    def get_object_tagging(self, **_place: str) -> dict[str, Any]:
        return {"TagSet": []}

    def put_object_tagging(self, **place: Any) -> None:
        self.tagged.append(place["VersionId"])


def test_what_one_call_has_no_time_for_the_next_ones_go_on_with_and_nothing_is_tagged_twice() -> None:
    count = archive.PAGE_FILES * 2 + 1
    pages = pages_of(LandedFile(f"{number:08}", "bucket", "key", f"{number:08}") for number in range(count))
    s3, so_far, calls = CountingS3(), None, 0
    while so_far is None or so_far["after"] is not None:
        chunks = iter([True] * 30)
        so_far = archive.mark(s3, pages, partial(next, chunks, False), so_far)
        calls += 1
    assert calls == -(-count // (31 * archive.CHUNK_FILES))  # the first chunk is done before a look at the clock
    assert so_far == {"marked": count, "already": 0, "gone": 0, "full": 0, "after": None}
    assert len(s3.tagged) == len(set(s3.tagged)) == count


def test_a_call_that_has_no_time_left_gets_on_all_the_same() -> None:
    count = archive.CHUNK_FILES + 1
    pages = pages_of(LandedFile(f"{number:08}", "bucket", "key", f"{number:08}") for number in range(count))
    s3 = CountingS3()
    first = archive.mark(s3, pages, lambda: False)
    assert (first["marked"], first["after"]) == (archive.CHUNK_FILES, f"{archive.CHUNK_FILES - 1:08}")
    assert archive.mark(s3, pages, lambda: False, first) == {**first, "marked": count, "after": None}
    assert len(s3.tagged) == len(set(s3.tagged)) == count


def test_the_memory_of_a_built_project_can_be_lost_and_kept(s3: Any, bucket: str) -> None:
    memory = Memory(s3, bucket)
    assert memory.read() == []
    memory.write(["f1", "f2"])
    assert memory.read() == ["f1", "f2"]
    memory.forget()
    assert memory.read() == []
