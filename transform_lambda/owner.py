"""MODEL: let S3 refuse a bucket that is somebody else's.

In: a client, an account. Out: a client whose every call names that account as the owner of the bucket. A name can be
taken by anybody before a bucket is made, and after it is deleted; S3 then answers 403 instead of taking our data.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
"""

from __future__ import annotations

from typing import Any

MEMBERS = ("ExpectedBucketOwner", "ExpectedSourceBucketOwner")


def expect_owner(client: Any, account: str | None) -> Any:
    """Let an S3 client name the account in every call that can; none where the account is not known."""

    def name_owner(params: dict[str, Any], model: Any, **_: Any) -> None:
        known = model.input_shape.members if model.input_shape else {}
        for member in MEMBERS:
            if account and member in known:
                params.setdefault(member, account)

    client.meta.events.register("before-parameter-build.s3", name_owner)
    return client
