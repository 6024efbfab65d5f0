"""awswrangler: COPY each file into a temporary table and upsert it by key, an event a file.

Runs in an environment of its own. In, on standard input: the task of benchmarks/peers.
"""

import json
import sys

import awswrangler
import redshift_connector


def main() -> None:
    """Load the files."""
    task = json.load(sys.stdin)
    with redshift_connector.connect(
        **{name: task[name] for name in ("host", "port", "database", "user", "password")}, ssl=False
    ) as connection:
        for key in task["keys"]:
            awswrangler.redshift.copy_from_files(
                path=f"s3://{task['bucket']}/{key}",
                con=connection,
                schema=task["schema"],
                table=task["table"],
                iam_role=task["copy_role"],
                mode="upsert",
                primary_keys=[task["key"]],
                varchar_lengths_default=256,
            )


if __name__ == "__main__":
    main()
