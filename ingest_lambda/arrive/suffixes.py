"""LAND, arrive: what the end of a file's name says of its format.

In: a name. Out: whether it names a format that is not parquet's. Parquet itself is known by its bytes: Athena, Trino
and Hive write it without a suffix, others as `.parq`, `.snappy` or `.parquet.gzip`. So a suffix that is not listed here
says nothing, and only reading tells. Pure.
"""

from __future__ import annotations

from pathlib import PurePosixPath

# What writers and people leave beside data, and data of other formats: listed, so that no file is opened for nothing.
TEXTS = "csv tsv psv json ndjson jsonl xml html htm yaml yml toml ini txt text md rst log sql"
DOCUMENTS = "xls xlsx ods pdf doc docx ppt pptx png jpg jpeg gif svg ico py ipynb sh js css"
ROWS = "avro orc arrow arrows feather ipc db sqlite duckdb pkl npy npz h5 sas7bdat sav dta rds rdata"
ARCHIVES = "gz bz2 xz lzma lzo z zip 7z rar tar tgz jar"
CHECKSUMS = "crc md5 sha1 sha256 sha512 sig asc gpg pgp"
MARKS = "done ok success ready trigger ctl lock manifest tmp temp swp bak inprogress crdownload"
OTHER = frozenset(f"{TEXTS} {DOCUMENTS} {ROWS} {ARCHIVES} {CHECKSUMS} {MARKS}".split())
PARQUET = frozenset(("parquet", "parq", "pq"))
# Behind the suffix of a format they say how it is compressed: `.csv.snappy` is CSV, `.parquet.gz` perhaps parquet.
CODECS = "gz gzip bz2 xz z zst zstd zlib lz4 lzo snappy snz br brotli deflate"
COMPRESSED = frozenset(CODECS.split())


def names_another_format(name: str) -> bool:
    """Tell whether a file's name says that it is not parquet.

    >>> [name for name in ("a.csv", "a.CSV.snappy", "part-0.crc", "000000_0.gz") if not names_another_format(name)]
    []
    >>> [name for name in ("part-00000", "a.parq", "a.parquet.gz", "a.snappy") if names_another_format(name)]
    []
    """
    suffixes = [suffix.lower().lstrip(".") for suffix in PurePosixPath(name).suffixes]
    if len(suffixes) > 1 and suffixes[-1] in COMPRESSED and suffixes[-2] in OTHER | PARQUET:
        suffixes.pop()
    return bool(suffixes) and suffixes[-1] in OTHER
