"""MODEL: mark the files whose rows have been modeled, so that the bucket's lifecycle may move them to colder storage.

In: the files that a run took in (ledger and ops). Out: the tag `landfall=modeled` on exactly those object versions, and
a count. A file that is gone or marked already is left alone: repeating it changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from transform_lambda.dbt_runtime import Row

TAG = {"Key": "landfall", "Value": "modeled"}
THREADS = 16
_TAG_LIMIT = 10  # S3's own (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html)
_GONE = {"NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed"}  # the last is what a delete marker answers


@dataclass(frozen=True)
class LandedFile:
    """One version of one object."""

    bucket: str
    key: str
    version_id: str


def files_sql(datasets: Sequence[str], run_ids: Sequence[str]) -> str:
    """Build the query of the files whose rows a run, of one dbt invocation or several, brought into a model.

    >>> print(files_sql(["orders"], ["r-1", "r-2"]))
    select distinct files.bucket, files.key, files.version_id
    from ledger."orders" as files
    inner join ops.model_loads as loads
        on files.load_seq > loads.from_seq and files.load_seq <= loads.upto_seq
    where loads.run_id in ('r-1', 'r-2') and loads.dataset = 'orders' and files.undone_at is null
    """
    runs = ", ".join(f"'{run_id}'" for run_id in run_ids)
    return "\nunion all\n".join(
        f"""select distinct files.bucket, files.key, files.version_id
from ledger."{name}" as files
inner join ops.model_loads as loads
    on files.load_seq > loads.from_seq and files.load_seq <= loads.upto_seq
where loads.run_id in ({runs}) and loads.dataset = '{name}' and files.undone_at is null"""  # noqa: S608 - our own names
        for name in datasets
    )


def landed_files(rows: Iterable[Row]) -> list[LandedFile]:
    """Turn rows of the query into files."""
    return [LandedFile(row["bucket"], row["key"], row["version_id"]) for row in rows]


def mark(s3: Any, files: Sequence[LandedFile], has_time: Callable[[], bool]) -> dict[str, int]:
    """Tag the files, until the time is up.

    Returns:
        {"marked", "already", "gone", "full", "left"}: full ones bear ten tags of their owner; those left for lack of
        time are marked by the next full refresh, and cost no more than their storage class until then.
    """
    counts = {"marked": 0, "already": 0, "gone": 0, "full": 0, "left": 0}
    with ThreadPoolExecutor(THREADS, thread_name_prefix="archive") as pool:
        for outcome in pool.map(lambda file: _mark_one(s3, file) if has_time() else "left", files):
            counts[outcome] += 1
    return counts


def _mark_one(s3: Any, file: LandedFile) -> str:
    place = {"Bucket": file.bucket, "Key": file.key, "VersionId": file.version_id}
    try:
        tags = s3.get_object_tagging(**place)["TagSet"]
        if TAG in tags:
            return "already"
        wanted = with_tag(tags)
        if len(wanted) > _TAG_LIMIT:
            return "full"
        s3.put_object_tagging(**place, Tagging={"TagSet": wanted})
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return "gone"
        raise
    return "marked"


def with_tag(tags: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Add our tag to the owner's, which stay.

    >>> with_tag([{"Key": "team", "Value": "sales"}])
    [{'Key': 'team', 'Value': 'sales'}, {'Key': 'landfall', 'Value': 'modeled'}]
    """
    return [*(dict(tag) for tag in tags if tag["Key"] != TAG["Key"]), TAG]
