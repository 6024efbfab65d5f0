"""OPERATE: content that has landed before. In: files that have just landed. Out: a line for each that is a copy.

S3's ETag of an object is the MD5 of its bytes where it is neither encrypted by KMS nor uploaded in parts; of parts it
is the same for the same parts. So what is said is true, and of a copy that was encrypted or cut otherwise nothing is.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
"""

import shlex
from collections.abc import Mapping, Sequence

from ingest_lambda.warehouse.client import Connection
from landfall.operate import statements
from landfall.operate.files import IDS_A_STATEMENT


def lines(warehouse: Connection, ids_by_dataset: Mapping[str, Sequence[str]]) -> list[str]:
    """Say which of the landed files have the same bytes as one that landed before and was not undone.

    Of each dataset the first 500 files are looked at.

    Raises:
        TransientError, ConfigError: the warehouse does not answer, or denies access.
    """
    told = []
    for dataset, ids in ids_by_dataset.items():
        for row in warehouse.query(statements.select_copies(dataset, ids[:IDS_A_STATEMENT])):
            told.append(
                f"{row['key']}: same bytes as load {row['load_seq']} of {dataset}; it lands again because each version "
                f"does (`landfall undo {shlex.quote(row['key'])}` takes its rows out)"
            )
    return told
