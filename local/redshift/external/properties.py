"""The properties of external tables: those that are read, and those that are known to change nothing of what is read.

In: properties of the Data Catalog and the format of the files. Out: nothing, or a RedshiftError. Any other property is
refused by name: it may change what Redshift reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from local.redshift.errors import RedshiftError

_REDSHIFT = "https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_TABLE.html"
_CRAWLER = "https://docs.aws.amazon.com/glue/latest/dg/table-properties-crawler.html"
_ATHENA = "https://docs.aws.amazon.com/athena/latest/ug/create-table.html"
_PROJECTION = "https://docs.aws.amazon.com/athena/latest/ug/partition-projection-setting-up.html"
_GLACIER = "https://docs.aws.amazon.com/athena/latest/ug/querying-glacier.html"
_HIVE = "https://cwiki.apache.org/confluence/display/Hive/LanguageManual+DDL"
_SPARK = "https://spark.apache.org/docs/latest/sql-data-sources-hive-tables.html"

ORC_COLUMNS = "orc.schema.resolution"
MISMATCH, CLEANSING = "column_count_mismatch_handling", "data_cleansing_enabled"

# Those that are read, by their format; '' where the others are known to ignore it.
READ = {
    "field.delim": "textfile",
    "line.delim": "textfile",
    "serialization.null.format": "textfile",
    "skip.header.line.count": "textfile",
    "compression_type": "textfile",
    MISMATCH: "textfile",
    CLEANSING: "textfile",
    "serialization.format": "",
    ORC_COLUMNS: "",
}
# Those that change nothing: a pattern of their names, of their values, and a page.
_HARMLESS = tuple(
    (re.compile(name), re.compile(value, re.DOTALL), page)
    for name, value, page in (
        (r"numRows|write\.(parallel|maxfilesize\.mb|kms\.key\.id)", ".*", _REDSHIFT),
        (MISMATCH, "DISABLED", _REDSHIFT),
        (CLEANSING, "false", _REDSHIFT),
        ("compression_type", "none", _REDSHIFT),
        (r"skip\.(header|footer)\.line\.count", "0", _HIVE),
        ("UPDATED_BY_CRAWLER|connectionName|recordCount|CrawlerSchema(Des|S)erializerVersion|classification", ".*",
         _CRAWLER),
        ("sizeKey|averageRecordSize|compressionType|typeOfData|objectCount", ".*", _CRAWLER),
        ("areColumnsQuoted", "false", _CRAWLER),
        ("columnsOrdered", "true", _CRAWLER),
        (r"delimiter|exclusions|partition_filtering\.enabled", ".*", _CRAWLER),
        ("has_encrypted_data", "false", _ATHENA),
        (r"(parquet|orc)\.compress(ion)?|write\.compression|compression_level|bucketing_format", ".*", _ATHENA),
        ("read_restored_glacier_objects", "true|false", _GLACIER),
        (r"projection\..*|storage\.location\.template", ".*", _PROJECTION),
        (r"EXTERNAL|comment|auto\.purge|external\.table\.purge|transient_lastDdlTime|last_modified_(by|time)", ".*",
         _HIVE),
        ("COLUMN_STATS_ACCURATE|numFiles|totalSize|rawDataSize", ".*", _HIVE),
        (r"col(l)?e(l)?ction\.delim|mapkey\.delim", ".*", _HIVE),  # of nested columns, which are not offered
        (r"serialization\.encoding", "(?i:utf-8)", _HIVE),
        (r"spark\.sql\.sources\.provider", "hive|parquet|orc", _SPARK),
        (r"spark\.sql\.(create\.version|partitionProvider|sources\.schema.*)", ".*", _SPARK),
    )
)  # fmt: skip


def hold_properties(said: Sequence[Mapping[str, str]], form: str, name: str) -> None:
    """Hold properties to those that are offered.

    Args:
        said: the SerDe's, the storage's, the table's, the partition's.
        form: the format of the files.
        name: what errors call the table or the partition.

    Raises:
        RedshiftError: one may change what is read and is not offered, or is said in two ways.
    """
    for each in said:
        for property_, value in each.items():
            is_read = READ.get(property_) in ("", form)
            if not is_read and not is_harmless(property_, value):
                raise RedshiftError(
                    f"the property '{property_}' = '{value}' of {name} is not offered by the local Redshift, which "
                    f"refuses what may change the rows that are read: drop it from the Data Catalog ({_REDSHIFT})"
                )
    for property_ in READ:
        values = {each[property_] for each in said if property_ in each}
        if len(values) > 1:
            both = " and ".join(f"'{value}'" for value in sorted(values))
            raise RedshiftError(
                f"the property '{property_}' of {name} is said in two ways, {both}, by the parameters of the table, of "
                "its storage or of its SerDe: say it once"
            )


def is_harmless(name: str, value: str) -> bool:
    """Tell whether a property is known to change nothing of what is read.

    >>> is_harmless("numRows", "7"), is_harmless("projection.day.type", "date"), is_harmless("timestamp.formats", "x")
    (True, True, False)
    >>> is_harmless("skip.footer.line.count", "0"), is_harmless("skip.footer.line.count", "1")
    (True, False)
    """
    return any(names.fullmatch(name) and values.fullmatch(value) for names, values, _ in _HARMLESS)
