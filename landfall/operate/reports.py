"""OPERATE: a run's report, as the transform wrote it to S3. In: the bucket, a run's id or none. Out: the report."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ingest_lambda.errors import ConfigError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "reports/transform/"
LATEST = "latest"


def read(s3: "S3Client", bucket: str, run: str | None) -> Mapping[str, Any]:
    """Read a run's report, or the latest.

    Raises:
        ConfigError: there is no such report.
    """
    key = f"{FOLDER}{run or LATEST}.json"
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        which = f"of run {run}" if run else "yet"
        raise ConfigError(f"there is no report {which} at s3://{bucket}/{key}; `landfall transform --wait`") from None
    report: dict[str, Any] = json.loads(body)
    return report
