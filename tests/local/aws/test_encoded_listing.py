"""Versions are listed by their true keys, whatever characters those have (patch encoded_listing)."""

import pytest

from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices


@pytest.mark.parametrize("key", ["a\x01b", "nul\0", "a b+c%20", "größe/😀", "<&>"])
def test_a_listing_of_versions_names_the_key_that_was_put(local_aws: LocalServices, key: str) -> None:
    s3, bucket = local_aws.client("s3"), unique("bucket")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    put = s3.put_object(Bucket=bucket, Key=f"raw/{key}", Body=b"1")
    pages = list(s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix="raw/"))
    found = [(version["Key"], version["VersionId"]) for page in pages for version in page["Versions"]]
    assert found == [(f"raw/{key}", put["VersionId"])]
