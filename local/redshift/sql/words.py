"""Words of Redshift's SQL as data: the reserved ones, those that begin a clause, comparisons, types, date parts."""

from __future__ import annotations

# https://docs.aws.amazon.com/redshift/latest/dg/r_pg_keywords.html
_RESERVED = """
aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup between binary
blanksasnull both bytedict bzip2 case cast check collate column constraint create credentials cross current_date
current_time current_timestamp current_user current_user_id default deferrable deflate defrag delta delta32k desc
disable distinct do else emptyasnull enable encode encrypt encryption end except explicit false for foreign freeze
from full globaldict256 globaldict64k grant group gzip having identity ignore ilike in initially inner intersect
interval into is isnull join leading left like limit localtime localtimestamp lun luns lzo lzop minus mostly16
mostly32 mostly8 natural new not notnull null nulls off offline offset oid old on only open or order outer overlaps
parallel partition percent permissions pivot placing primary raw readratio recover references rejectlog resort respect
restore right select session_user similar snapshot some sysdate system table tag tdes text255 text32k then timestamp
to top trailing true truncatecolumns union unique unnest unpivot user using verbose wallet when where with without
"""
RESERVED = frozenset(_RESERVED.split())
# They begin a clause where a name without AS could stand, though they are not reserved.
CLAUSES = frozenset(
    {"qualify", "window", "set", "start", "connect", "fetch", "exclude", "returning", "values", "within"}
)
COMPARISONS = frozenset({"=", "<>", "!=", "<", ">", "<=", ">="})
# Reserved, and columns of the system catalog that its readers name bare: tables of users cannot have such a column.
CATALOG_COLUMNS = frozenset({"oid"})

# https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html: each spelling, and PostgreSQL's.
TYPES = {
    "smallint": "smallint",
    "int2": "smallint",
    "integer": "integer",
    "int": "integer",
    "int4": "integer",
    "bigint": "bigint",
    "int8": "bigint",
    "decimal": "numeric",
    "numeric": "numeric",
    "dec": "numeric",
    "real": "real",
    "float4": "real",
    "double precision": "double precision",
    "float8": "double precision",
    "float": "double precision",
    "boolean": "boolean",
    "bool": "boolean",
    "char": "char",
    "character": "char",
    "nchar": "char",
    "bpchar": "char",
    "varchar": "varchar",
    "character varying": "varchar",
    "nvarchar": "varchar",
    "text": "varchar",
    "date": "date",
    "time": "time",
    "time without time zone": "time",
    "timetz": "timetz",
    "time with time zone": "timetz",
    "timestamp": "timestamp",
    "datetime": "timestamp",
    "timestamp without time zone": "timestamp",
    "timestamptz": "timestamptz",
    "timestamp with time zone": "timestamptz",
    "interval": "interval",
    "intervaly2m": "interval year to month",  # as its drivers and its catalog call them
    "intervald2s": "interval day to second",
    "super": "super",
    "varbyte": "varbyte",
    "varbinary": "varbyte",
    "binary varying": "varbyte",
}
# Types of the leader node: a query that reads the catalog alone may cast to them.
CATALOG_TYPES = {
    "name": "name",
    "oid": "oid",
    "regclass": "regclass",
    "regtype": "regtype",
    "regproc": "regproc",
    "regnamespace": "regnamespace",
    "aclitem": "aclitem",
}

# https://docs.aws.amazon.com/redshift/latest/dg/r_Dateparts_for_datetime_functions.html
DATE_PARTS = {
    spelling: part
    for part, spellings in {
        "millennium": "millennium millennia mil mils",
        "century": "century centuries c cent cents",
        "decade": "decade decades dec decs",
        "epoch": "epoch",
        "year": "year years y yr yrs",
        "quarter": "quarter quarters qtr qtrs",
        "month": "month months mon mons",
        "week": "week weeks w",
        "dow": "dayofweek dow dw weekday",
        "doy": "dayofyear doy dy yearday",
        "day": "day days d",
        "hour": "hour hours h hr hrs",
        "minute": "minute minutes m min mins",
        "second": "second seconds s sec secs",
        "millisecond": "millisecond milliseconds ms msec msecs msecond mseconds millisec millisecs millisecon",
        "microsecond": "microsecond microseconds microsec microsecs us usec usecs useconds",
        "timezone": "timezone",
        "timezone_hour": "timezone_hour",
        "timezone_minute": "timezone_minute",
    }.items()
    for spelling in spellings.split()
}
