"""Files with parquet's own encryption, keys of which are in their own metadata: they keep nothing secret."""

import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow.parquet import encryption


class _NoSecrets(encryption.KmsClient):  # type: ignore[misc]  # pyarrow ships no types
    """Wraps keys in nothing."""

    def __init__(self, _: Any) -> None:
        super().__init__()

    def wrap_key(self, key_bytes: bytes, _: str) -> str:
        return key_bytes.hex()

    def unwrap_key(self, wrapped_key: str, _: str) -> bytes:
        return bytes.fromhex(wrapped_key)


def with_plain_footer(table: pa.Table, columns: Sequence[str]) -> bytes:
    """Write a file of which some columns are encrypted, and the footer can be read.

    https://github.com/apache/parquet-format/blob/master/Encryption.md#42-plaintext-footer-mode
    """
    configuration = encryption.EncryptionConfiguration(
        footer_key="footer", column_keys={"column": list(columns)}, plaintext_footer=True, double_wrapping=False
    )
    factory = encryption.CryptoFactory(_NoSecrets)
    properties = factory.file_encryption_properties(encryption.KmsConnectionConfig(), configuration)
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, table.schema, encryption_properties=properties) as writer:
        writer.write_table(table)
    return sink.getvalue()
