"""MODEL: mark the files whose rows have been modeled, so that the bucket's lifecycle may move them to colder storage.

In: the files that a run took in (ledger and ops). Out: the tag `landfall=modeled` on exactly those object versions, and
a count. A file that is gone or marked already is left alone: repeating it changes nothing. What one call of the
function has no time for, the next one goes on with: `after` is the last file that was done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnectedError

from transform_lambda.dbt_runtime import Row
from transform_lambda.errors import ConfigError, TransientError

TAG = {"Key": "landfall", "Value": "modeled"}
THREADS = 16
PAGE_FILES = 20_000  # asked of the warehouse at once: some 10 MB in the function
CHUNK_FILES = 500  # between two looks at the clock: some seconds
# Smaller objects are not moved by a lifecycle rule, so that to tag them is two requests for nothing
# (https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html).
SMALLEST_BYTES = 128 * 1024
# The warehouse's clock and the state machine's. What was modeled by the run before is found once more, and is tagged.
CLOCKS_DIFFER = timedelta(minutes=1)
_TAG_LIMIT = 10  # S3's own (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html)
_GONE = {"NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed"}  # the last is what a delete marker answers
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_BUSY = {"SlowDown", "RequestTimeout", "OperationAborted", "Throttling", "ThrottlingException"}
_SERVER_ERRORS = 500
_DENIED = {"AccessDenied", "403"}
OUTCOMES = ("marked", "already", "gone", "full")


@dataclass(frozen=True)
class LandedFile:
    """One version of one object."""

    file_id: str
    bucket: str
    key: str
    version_id: str


def files_sql(datasets: Sequence[str], run_ids: Sequence[str], since: datetime, after: str = "") -> str:
    """Build the query of the files whose rows a run brought into a model: a page.

    A run is one dbt invocation or several, `run_ids`, and whatever modeled something `since` it was planned: an attempt
    that died. Files come in the order of their ids; `after` is the last one of the page before. A file that was skipped
    as a copy since the run before is among them: the rows of its bytes were brought in by this run, or by one before.
    What developers' targets take in, whose schemas have other names, marks nothing.

    >>> print(files_sql(["orders"], ["r-1", "r-2"], datetime(2025, 11, 13, 12)))
    select distinct file_id, bucket, key, version_id
    from (
    select files.file_id, files.bucket, files.key, files.version_id
    from ledger."orders" as files
    inner join ops.model_loads as loads
        on files.load_seq <= loads.upto_seq
    cross join (
        select coalesce(max(loaded_at), timestamp '1970-01-01') as loaded_at from ops.model_loads
        where dataset = 'orders' and split_part(model, '.', 1) = 'modeled'
            and run_id not in ('r-1', 'r-2') and loaded_at < timestamp '2025-11-13 12:00:00'
    ) as earlier
    where (files.load_seq > loads.from_seq or (files.load_path = 'skipped' and files.loaded_at > earlier.loaded_at))
        and (loads.run_id in ('r-1', 'r-2') or loads.loaded_at >= timestamp '2025-11-13 12:00:00')
        and loads.dataset = 'orders' and split_part(loads.model, '.', 1) = 'modeled' and files.undone_at is null
        and files.size_bytes >= 131072 and files.file_id > ''
    ) as modeled
    order by file_id
    limit 20000
    """
    runs = ", ".join(f"'{run_id}'" for run_id in run_ids) or "''"
    begun = f"timestamp '{since:%Y-%m-%d %H:%M:%S}'"
    files = "\nunion all\n".join(
        f"""select files.file_id, files.bucket, files.key, files.version_id
from ledger."{name}" as files
inner join ops.model_loads as loads
    on files.load_seq <= loads.upto_seq
cross join (
    select coalesce(max(loaded_at), timestamp '1970-01-01') as loaded_at from ops.model_loads
    where dataset = '{name}' and split_part(model, '.', 1) = 'modeled'
        and run_id not in ({runs}) and loaded_at < {begun}
) as earlier
where (files.load_seq > loads.from_seq or (files.load_path = 'skipped' and files.loaded_at > earlier.loaded_at))
    and (loads.run_id in ({runs}) or loads.loaded_at >= {begun})
    and loads.dataset = '{name}' and split_part(loads.model, '.', 1) = 'modeled' and files.undone_at is null
    and files.size_bytes >= {SMALLEST_BYTES} and files.file_id > '{after}'"""  # noqa: S608 - our own names
        for name in datasets
    )
    return f"""select distinct file_id, bucket, key, version_id
from (
{files}
) as modeled
order by file_id
limit {PAGE_FILES}"""  # noqa: S608 - our own names


def landed_files(rows: Iterable[Row]) -> list[LandedFile]:
    """Turn rows of the query into files."""
    return [LandedFile(row["file_id"], row["bucket"], row["key"], row["version_id"]) for row in rows]


def mark(
    s3: Any,
    page: Callable[[str], Sequence[LandedFile]],
    has_time: Callable[[], bool],
    so_far: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Tag files until the time is up, and one chunk whatever the time.

    `page` gives the files behind a file id, PAGE_FILES at most, in the order of their ids; `so_far` is what the call
    before returned, of the same files.

    Returns:
        {"marked", "already", "gone", "full": how many so far, "after": the last file that was done, None where all
        are}. Full ones bear ten tags of their owner.

    Raises:
        ConfigError: S3 denies the access.
        TransientError: S3 asks for fewer requests, or cannot be reached.
    """
    counts = Counter({outcome: (so_far or {}).get(outcome, 0) for outcome in OUTCOMES})
    after = begun_at = (so_far or {}).get("after") or ""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="archive") as pool:
        while True:
            files = page(after)
            for start in range(0, len(files), CHUNK_FILES):
                if after != begun_at and not has_time():  # a call that has done nothing would be repeated for ever
                    return {**counts, "after": after}
                chunk = files[start : start + CHUNK_FILES]
                counts.update(pool.map(lambda file: _mark_one(s3, file), chunk))
                after = chunk[-1].file_id
            if len(files) < PAGE_FILES:
                return {**counts, "after": None}


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
        code = error.response["Error"]["Code"]
        if code in _GONE:
            return "gone"
        if code in _DENIED:
            raise ConfigError(
                f"S3 denies {error.operation_name} of s3://{file.bucket}/{file.key}: the transform's role needs "
                "s3:GetObjectVersionTagging and s3:PutObjectVersionTagging there, and no bucket policy may deny it"
            ) from error
        if code in _BUSY or error.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_ERRORS:
            raise TransientError(f"S3 is busy: {error}") from error
        raise
    except (HTTPClientError, NotConnectedError) as error:
        raise TransientError(f"S3 cannot be reached: {error}") from error
    return "marked"


def with_tag(tags: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Add our tag to the owner's, which stay.

    >>> with_tag([{"Key": "team", "Value": "sales"}])
    [{'Key': 'team', 'Value': 'sales'}, {'Key': 'landfall', 'Value': 'modeled'}]
    """
    return [*(dict(tag) for tag in tags if tag["Key"] != TAG["Key"]), TAG]
