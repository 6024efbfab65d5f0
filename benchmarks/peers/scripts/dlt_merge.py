"""dlt: read the files as arrow tables, stage them as parquet in S3, COPY, and merge by key, of each key the newest row.

Runs in an environment of its own. In, on standard input: the task of benchmarks/peers, with its option `runs`: `once`
for all files in one run, `each` for a run a file, as an event a file would have it.
"""

import json
import os
import sys
import tempfile

import dlt
import pyarrow as pa
import pyarrow.parquet as pq
import s3fs
from dlt.destinations import filesystem, redshift
from dlt.sources.credentials import AwsCredentials


def with_time_as_number(file: object, time: str) -> pa.Table:
    """Read a file. dlt makes TIMESTAMPTZ of each time, which the local Redshift does not copy from parquet."""
    table = pq.read_table(file)
    return table.set_column(table.column_names.index(time), time, table[time].cast(pa.int64()))


def main() -> None:
    """Load the files."""
    task = json.load(sys.stdin)
    # The local Redshift copies parquet alone, and dlt stages its own state as JSON: without it dlt has less to do.
    os.environ["RESTORE_FROM_DESTINATION"] = "false"
    files = s3fs.S3FileSystem(endpoint_url=task["s3_endpoint"])
    staged = AwsCredentials(
        aws_access_key_id=task["access_key_id"],
        aws_secret_access_key=task["secret_access_key"],
        region_name=task["region"],
        endpoint_url=task["s3_endpoint"],
    )
    login = {name: task[name] for name in ("host", "port", "database", "password")} | {"username": task["user"]}
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "peers",
            pipelines_dir=folder,
            destination=redshift(credentials=login, staging_iam_role=task["copy_role"]),
            staging=filesystem(bucket_url=f"s3://{task['staging_bucket']}/dlt", credentials=staged),
            dataset_name=task["schema"],
        )
        hints = {
            "name": task["table"],
            "primary_key": task["key"],
            "write_disposition": {"disposition": "merge", "strategy": "delete-insert"},
            "columns": {task["time"]: {"dedup_sort": "desc"}},
        }
        for keys in [task["keys"]] if task["runs"] == "once" else [[key] for key in task["keys"]]:
            tables = (with_time_as_number(files.open(f"{task['bucket']}/{key}"), task["time"]) for key in keys)
            pipeline.run(dlt.resource(tables, **hints), loader_file_format="parquet")


if __name__ == "__main__":
    main()
