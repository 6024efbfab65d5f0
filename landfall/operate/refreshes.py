"""OPERATE: a full refresh that was begun and has not succeeded. In: the bucket. Out: since when it is owed."""

import json
from typing import TYPE_CHECKING

from landfall.timestamps import spell_iso

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "reports/transform/state/owed-full-refresh.json"  # transform_lambda.kept writes it


def owed_since(s3: "S3Client", bucket: str) -> str | None:
    """Return when the full refresh was begun that is owed, in ISO 8601; None where none is."""
    try:
        body = s3.get_object(Bucket=bucket, Key=KEY)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    return spell_iso(json.loads(body)["since"])


def withdraw(s3: "S3Client", bucket: str) -> str | None:
    """Have it owed no more; return since when it was."""
    since = owed_since(s3, bucket)
    if since:
        s3.delete_object(Bucket=bucket, Key=KEY)
    return since
