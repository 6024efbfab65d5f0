"""LAND: the reasons that a file can be rejected for, and what its producer can do about each.

`docs/verdicts.md` explains them (a test compares the two).
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a file was rejected."""

    AMBIGUOUS_FOLDER = "ambiguous_folder"
    EMPTY_FILE = "empty_file"
    NOT_PARQUET = "not_parquet"
    ENCRYPTED = "encrypted"
    CORRUPT_FOOTER = "corrupt_footer"
    TABLE_FORMAT = "table_format"
    FOREIGN_FILE = "foreign_file"
    MISSING_KEY_COLUMN = "missing_key_column"
    NO_COLUMNS = "no_columns"
    TOO_MANY_COLUMNS = "too_many_columns"
    INVALID_COLUMN_NAME = "invalid_column_name"
    RESERVED_COLUMN_NAME = "reserved_column_name"
    DUPLICATE_COLUMN = "duplicate_column"
    UNSUPPORTED_TYPE = "unsupported_type"
    INCOMPATIBLE_TYPE = "incompatible_type"
    SCHEMA_FROZEN = "schema_frozen"
    TABLE_TOO_LARGE_TO_WIDEN = "table_too_large_to_widen"
    TOO_MANY_NEW_COLUMNS = "too_many_new_columns"
    OBJECT_IN_THE_WAY = "object_in_the_way"
    OVERSIZE_FILE = "oversize_file"
    OVERSIZE_VALUE = "oversize_value"
    INVALID_TEXT = "invalid_text"
    VALUE_OUT_OF_RANGE = "value_out_of_range"
    LEGACY_CALENDAR = "legacy_calendar"
    INVALID_VALUE = "invalid_value"
    PARTITION_MISMATCH = "partition_mismatch"
    CLOCK_MISMATCH = "clock_mismatch"
    DUPLICATE_MAP_KEY = "duplicate_map_key"
    MALFORMED_VARIANT = "malformed_variant"
    UNREADABLE_DATA = "unreadable_data"
    CRASHES_READER = "crashes_reader"
    ROW_COUNT_MISMATCH = "row_count_mismatch"
    INVALID_MANIFEST = "invalid_manifest"
    OVERWRITTEN = "overwritten"


NO_PARQUET = frozenset({Reason.NOT_PARQUET, Reason.EMPTY_FILE})  # nobody's fault where the name does not say parquet

REMEDIES = {
    Reason.AMBIGUOUS_FOLDER: "declare prefixes, or folders: any, in the source YAML; deploy, then replay the file",
    Reason.EMPTY_FILE: "upload the file again; it has no bytes, so the writer probably died before closing it",
    Reason.NOT_PARQUET: "write the file as parquet, and close the writer: a parquet file ends with the bytes PAR1",
    Reason.ENCRYPTED: "write the file without parquet modular encryption; the bucket encrypts it at rest",
    Reason.CORRUPT_FOOTER: "write the file again, or upload it again if the transfer may have damaged it",
    Reason.TABLE_FORMAT: "export the table's rows with its format's own reader to a folder of their own, as parquet",
    Reason.FOREIGN_FILE: "write the file with the dataset's columns, or put it where its own dataset is",
    Reason.MISSING_KEY_COLUMN: "write the key's columns; or correct config.meta.key in the dataset's source YAML, "
    "deploy, then landfall replay the file",
    Reason.NO_COLUMNS: "write at least one column",
    Reason.TOO_MANY_COLUMNS: "split the table, or shorten the column names",
    Reason.INVALID_COLUMN_NAME: "rename the column: 1 to 127 bytes of printable characters",
    Reason.RESERVED_COLUMN_NAME: "rename the column: the warehouse or the pipeline uses that name itself",
    Reason.DUPLICATE_COLUMN: "rename one of the columns: names are compared without regard to ASCII case",
    Reason.UNSUPPORTED_TYPE: "write the column in a type that docs/verdicts.md lists",
    Reason.INCOMPATIBLE_TYPE: "write the column in the type that the landing table has, or a narrower one",
    Reason.SCHEMA_FROZEN: "drop the column; or set the dataset's schema_change to evolve in its source YAML, deploy, "
    "then landfall replay the file",
    Reason.TABLE_TOO_LARGE_TO_WIDEN: "landfall evolve DATASET COLUMN TYPE, then landfall replay the file",
    Reason.OBJECT_IN_THE_WAY: (
        "drop what stands on the column, or make it a view `with no schema binding`; then landfall replay the file"
    ),
    Reason.TOO_MANY_NEW_COLUMNS: (
        "change the columns that `found` names first, by landfall evolve DATASET COLUMN TYPE for each (with --add "
        "where it is new), then landfall replay the file"
    ),
    Reason.OVERSIZE_FILE: "write the rows into several files, or as parquet",
    Reason.OVERSIZE_VALUE: "shorten the value: a string has 65535 bytes at most, a binary or nested one 1024000",
    Reason.INVALID_TEXT: "write the text as UTF-8 without NUL characters, or the column as binary",
    Reason.VALUE_OUT_OF_RANGE: "correct the value, or write the column in a type that the landing column holds",
    Reason.LEGACY_CALENDAR: "write the file again with Spark 3 or newer, datetimeRebaseModeInWrite and "
    "int96RebaseModeInWrite CORRECTED, or spark.sql.session.timeZone UTC",
    Reason.INVALID_VALUE: "correct the value; or, before the dataset's first load, declare another data_type for the "
    "column in its source YAML, deploy, then landfall replay the file",
    Reason.PARTITION_MISMATCH: "upload the file under folders that say what its rows say, or without the column",
    Reason.CLOCK_MISMATCH: "where the wall clocks are in UTC, declare wall_clocks in the source YAML, deploy, then "
    "landfall replay the file; else write the column as it was, or under another name",
    Reason.DUPLICATE_MAP_KEY: "write each key of a map once, or the column as a list of pairs",
    Reason.MALFORMED_VARIANT: "write the file again with a newer version of its writer, or the column as text (JSON)",
    Reason.UNREADABLE_DATA: (
        "write the file again, or upload it again if the transfer may have damaged it; where it ends the same, write "
        "it with another writer, or other types or encodings; the detail is what the reader said"
    ),
    Reason.CRASHES_READER: (
        "landfall replay the file; where it is rejected again, write it again with another writer, or with smaller row "
        "groups, pages and values"
    ),
    Reason.ROW_COUNT_MISMATCH: "write the file again: its footer and its data disagree",
    Reason.INVALID_MANIFEST: "write a manifest as UNLOAD does, which lists files of the dataset in this bucket",
    Reason.OVERWRITTEN: "turn the versioning of the bucket on, then upload the file again; or upload it under a key of "
    "its own",
}

# Whose `found` may be a piece of the data, wherever it was found.
QUOTING = frozenset(
    {Reason.FOREIGN_FILE, Reason.INVALID_TEXT, Reason.MISSING_KEY_COLUMN, Reason.NOT_PARQUET, Reason.UNREADABLE_DATA}
)

ETAG = "ETag "  # begins what the verdict of an overwritten file says of objects
