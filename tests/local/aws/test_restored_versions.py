"""A restored version says so in a listing that asks, and to a HEAD that names it (patch restored_versions)."""

from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices
from tests.support.waiting import wait_for


def test_a_restore_is_told_of_the_very_version_and_only_to_who_asks(local_aws: LocalServices) -> None:
    s3, bucket = local_aws.client("s3"), unique("bucket")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    key = "raw/a b+c.parquet"
    old = s3.put_object(Bucket=bucket, Key=key, Body=b"1", StorageClass="GLACIER")["VersionId"]
    new = s3.put_object(Bucket=bucket, Key=key, Body=b"2", StorageClass="GLACIER")["VersionId"]

    def told(**asked: list[str]) -> dict[str, dict[str, object]]:
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix="raw/", **asked)
        return {each["VersionId"]: each.get("RestoreStatus", {}) for page in pages for each in page["Versions"]}

    assert told(OptionalObjectAttributes=["RestoreStatus"]) == {old: {}, new: {}}
    s3.restore_object(Bucket=bucket, Key=key, RestoreRequest={"Days": 2})
    assert told(OptionalObjectAttributes=["RestoreStatus"]) == {old: {}, new: {"IsRestoreInProgress": True}}
    wait_for(lambda: "RestoreExpiryDate" in told(OptionalObjectAttributes=["RestoreStatus"])[new], "the restore")
    assert told(OptionalObjectAttributes=["RestoreStatus"])[new]["IsRestoreInProgress"] is False
    assert told() == {old: {}, new: {}}
    assert 'ongoing-request="false"' in s3.head_object(Bucket=bucket, Key=key, VersionId=new)["Restore"]
    assert "Restore" not in s3.head_object(Bucket=bucket, Key=key, VersionId=old)

    source = {"Bucket": bucket, "Key": key, "VersionId": new}
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"2"
    s3.copy_object(Bucket=bucket, Key="cold", CopySource=source, StorageClass="GLACIER")
    assert s3.head_object(Bucket=bucket, Key="cold")["StorageClass"] == "GLACIER"
