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
    found = _read(s3, bucket, run or LATEST)
    if found is None:
        which, place = f"of run {run}" if run else "yet", f"s3://{bucket}/{_key(run or LATEST)}"
        raise ConfigError(f"there is no report {which} at {place}; `landfall transform --wait`")
    return found


def latest(s3: "S3Client", bucket: str) -> Mapping[str, Any] | None:
    """Read the report of the latest run that built; None where none has yet."""
    return _read(s3, bucket, LATEST)


def _read(s3: "S3Client", bucket: str, name: str) -> Mapping[str, Any] | None:
    try:
        body = s3.get_object(Bucket=bucket, Key=_key(name))["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    report: dict[str, Any] = json.loads(body)
    return report


def _key(name: str) -> str:
    return f"{FOLDER}{name}.json"
