"""OPERATE: probes of types, functions and expressions: what a value is, and what becomes of it."""

from landfall.verify.probe import Probe, gives, refuses

_CHARACTERS = "dg/r_Character_types.html"
_NUMBERS = "dg/r_Numeric_types201.html"
_TRAILING_BLANKS = f"{_CHARACTERS}#r_Character_types-significance-of-trailing-blanks"

PROBES = (
    Probe(
        "varchar-counts-bytes",
        "VARCHAR(n) holds n bytes, and a longer value is refused rather than cut",
        _CHARACTERS,
        refuses(
            "create table {schema}.t_bytes (v varchar(3))",
            "insert into {schema}.t_bytes values ('éé')",
            error="value too long",
            then=("select count(*) from {schema}.t_bytes", [(0,)]),
        ),
        "texts are measured in bytes before they are narrowed to a model's type",
    ),
    Probe(
        "octet-length",
        "OCTET_LENGTH counts bytes, LEN characters",
        "dg/r_OCTET_LENGTH.html",
        gives("select octet_length('éé') as bytes, len('éé') as characters", rows=[(4, 2)]),
        "texts are measured in bytes before they are narrowed to a model's type",
    ),
    Probe(
        "varchar-max",
        "VARCHAR(MAX) is VARCHAR(65535)",
        _CHARACTERS,
        gives(
            "create table {schema}.t_max (v varchar(max))",
            "select character_maximum_length from svv_columns where table_schema = '{schema}' and table_name = 't_max'",
            rows=[(65535,)],
        ),
        "texts of unknown length land as VARCHAR(65535)",
    ),
    Probe(
        "varchar-default",
        "VARCHAR without a length is VARCHAR(256), and so is TEXT",
        _CHARACTERS,
        gives(
            "create table {schema}.t_default (v varchar, t text)",
            "select character_maximum_length from svv_columns "
            "where table_schema = '{schema}' and table_name = 't_default' order by ordinal_position",
            rows=[(256,), (256,)],
        ),
        "a contract that writes a type without its length means what Redshift means",
    ),
    Probe(
        "decimal-default",
        "DECIMAL without arguments is DECIMAL(18,0)",
        _NUMBERS,
        gives(
            "create table {schema}.t_decimal (d decimal)",
            "select numeric_precision, numeric_scale from svv_columns "
            "where table_schema = '{schema}' and table_name = 't_decimal'",
            rows=[(18, 0)],
        ),
        "a contract that writes a type without its length means what Redshift means",
    ),
    Probe(
        "decimal-largest",
        "DECIMAL has up to 38 digits, 37 of them behind the point",
        _NUMBERS,
        gives(
            "select cast(cast('9.' || repeat('1', 37) as decimal(38,37)) as varchar(64)) as a, "
            "cast(cast(repeat('9', 38) as decimal(38,0)) as varchar(64)) as b",
            rows=[("9." + "1" * 37, "9" * 38)],
        ),
        "a file's decimals land in a type of the same digits",
    ),
    Probe(
        "sum-of-decimal",
        "the SUM of a DECIMAL has 38 digits; that of a BIGINT is one, and would end there",
        "dg/r_SUM.html",
        gives(
            "select cast(sum(cast(n as decimal(38,0))) as varchar(64)) as total "
            "from (select 9223372036854775807 as n union all select 9223372036854775807) as numbers",
            rows=[("18446744073709551614",)],
        ),
        "digests are summed so: of the folders of table formats that a load was planned with, and of rows",
    ),
    Probe(
        "decimal-too-precise",
        "DECIMAL(38,38) is refused",
        _NUMBERS,
        refuses("create table {schema}.t_scale (d decimal(38,38))", error="scale|precision"),
    ),
    Probe(
        "decimal-of-19-digits",
        "DECIMAL(19,2) ends at 2^63-1 of its last digits, and what is larger is refused",
        _NUMBERS,
        refuses(
            "create table {schema}.t_64_bits (d decimal(19,2))",
            "insert into {schema}.t_64_bits values (92233720368547758.07)",
            "insert into {schema}.t_64_bits values (95000000000000000.00)",
            error="overflow|out of range",
            then=("select cast(d as varchar(32)) from {schema}.t_64_bits", [("92233720368547758.07",)]),
        ),
        "a number that a model's type does not hold is told instead of stopping the run",
    ),
    Probe(
        "decimal-beside-double",
        "a number with a point is a DECIMAL beside a DECIMAL or BIGINT, and beside a DOUBLE or REAL a DOUBLE",
        "dg/r_numeric_computations201.html",
        gives(
            "create table {schema}.t_beside (d decimal(38,37), b bigint, f double precision, r real)",
            "insert into {schema}.t_beside values (9, 9223372036854775807, 1e16, 1)",
            "select d * 0 + 1.00000000000000001 > 1 as d, b * 0 + 1.00000000000000001 > 1 as b, "
            "f * 0 + 1.00000000000000001 > 1 as f, r * 0 + 1.00000000000000001 > 1 as r from {schema}.t_beside",
            rows=[(True, True, False, False)],
        ),
        "a DOUBLE that a model's type does not hold is told instead of stopping the run",
    ),
    Probe(
        "double-as-decimal",
        "a DOUBLE or REAL is cast to the DECIMAL that it is, up to 15 digits",
        _NUMBERS,
        gives(
            "create table {schema}.t_double (f double precision, r real)",
            "insert into {schema}.t_double values (9999999999999.99, 16777215)",
            "select cast(cast(f + 0 as decimal(18,2)) as varchar(32)) as f, "
            "cast(cast(r + 0 as decimal(8,0)) as varchar(32)) as r from {schema}.t_double",
            rows=[("9999999999999.99", "16777215")],
        ),
        "a DOUBLE is modeled as a DECIMAL where that is the same number",
    ),
    Probe(
        "integer-division",
        "a whole number divided by one is cut towards zero, and MOD has the sign of the dividend",
        "dg/r_MOD.html",
        gives("select 7 / 2 as a, -7 / 2 as b, mod(-7, 2) as c", rows=[(3, -3, -1)]),
        "times that are numbers are split into days, seconds and microseconds",
    ),
    Probe(
        "sum-of-integers",
        "SUM of INTEGER is BIGINT and does not overflow",
        "dg/r_SUM.html",
        gives(
            "create table {schema}.t_sum (n integer)",
            "insert into {schema}.t_sum values (2147483647), (2147483647)",
            "select sum(n) from {schema}.t_sum",
            rows=[(4294967294,)],
        ),
        "rows that a run took are added up",
    ),
    Probe(
        "timestamp-microseconds",
        "TIMESTAMP holds microseconds",
        "dg/r_Datetime_types.html",
        gives(
            "select cast(cast('2025-11-13 12:00:00.123456' as timestamp) as varchar(32))",
            rows=[("2025-11-13 12:00:00.123456",)],
        ),
        "nanoseconds are cut to microseconds, and told, before COPY",
    ),
    Probe(
        "time-from-text",
        "a text is cast to TIME with its microseconds",
        "dg/r_Datetime_types.html",
        gives("select cast(cast('10:11:12.123456' as time) as varchar(16))", rows=[("10:11:12.123456",)]),
        "times of day travel through COPY as texts",
    ),
    Probe(
        "dates-added",
        "DATEADD adds an INTEGER of days, seconds or microseconds, before 1970 too",
        "dg/r_DATEADD_function.html",
        gives(
            "select cast(dateadd(us, cast(-1 as integer), dateadd(day, cast(-1 as integer), "
            "timestamp '1970-01-01 00:00:00')) as varchar(32))",
            rows=[("1969-12-30 23:59:59.999999",)],
        ),
        "times that are numbers are made into TIMESTAMP",
    ),
    Probe(
        "last-day",
        "LAST_DAY knows leap years, and DATE_PART takes the day of it",
        "dg/r_LAST_DAY.html",
        gives("select cast(date_part(day, last_day(cast('2024-02-01' as date))) as integer)", rows=[(29,)]),
        "a text is cast to a time only where it is one, since a failed cast would stop the run",
    ),
    Probe(
        "case-guards",
        "CASE computes a branch only for the rows that its condition lets in",
        "dg/r_CASE_function.html",
        gives(
            "create table {schema}.t_case (n integer, v varchar(8))",
            "insert into {schema}.t_case values (1, '12'), (2, 'x'), (3, null)",
            "select case when v ~ '^[0-9]{1,4}$' then cast(v as integer) end from {schema}.t_case order by n",
            rows=[(12,), (None,), (None,)],
        ),
        "a value is cast only where it fits, since a failed cast would stop the run",
    ),
    Probe(
        "posix-patterns",
        "the operators ~ and !~ take anchors, classes and counted repetition",
        "dg/pattern-matching-conditions-posix.html",
        gives(
            "select '2025-11-13' ~ '^[0-9]{4}-(0[1-9]|1[0-2])-[0-9]{2}$' as is_date, "
            "'a@b' !~ '^[^@ ]+@[^@ ]+[.][^@ ]+$' as is_no_mail",
            rows=[(True, True)],
        ),
        "row rules of the shipped entities",
    ),
    Probe(
        "split-part",
        "SPLIT_PART counts parts from 1, and what is not there is an empty text",
        "dg/SPLIT_PART.html",
        gives(
            "select split_part('16/B3', '/', 2) as second, split_part('16/B3', '/', 3) = '' as has_no_third",
            rows=[("B3", True)],
        ),
        "sequences of databases are read",
    ),
    Probe(
        "strtol",
        "STRTOL reads hexadecimal digits as a BIGINT",
        "dg/r_STRTOL.html",
        gives("select strtol('B374D848', 16)", rows=[(3010779208,)]),
        "sequences of databases are read",
    ),
    Probe(
        "hashes",
        "MD5 and SHA2 give hexadecimal digits of a text's bytes",
        "dg/SHA2.html",
        gives(
            "select md5('é') as a, sha2('abc', 256) as b",
            rows=[
                (
                    "66ddcd97cfdeabb2f6fb8a999b4bc76f",
                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                )
            ],
        ),
        "rows of equal order are told apart by a digest; identifiers are masked",
    ),
    Probe(
        "booleans-as-numbers",
        "a BOOLEAN is cast to an INTEGER",
        "dg/r_CAST_function.html",
        gives("select cast(true as integer) as yes, cast(false as integer) as no", rows=[(1, 0)]),
        "rows of equal order are told apart by a digest",
    ),
    Probe(
        "booleans-as-texts",
        "a BOOLEAN is not cast to a text",
        "dg/r_Boolean_type.html",
        refuses("select cast(n > 1 as varchar(5)) from (select 1 as n) as numbers", error="cannot cast"),
    ),
    Probe(
        "null-is-contagious",
        "a text joined to NULL is NULL",
        "dg/r_concat_op.html",
        gives("select 'a' || cast(null as varchar(1)) is null", rows=[(True,)]),
        "a missing value is written as '-' into a row's digest",
    ),
    Probe(
        "trailing-blanks",
        "trailing blanks do not count in comparisons of texts; OCTET_LENGTH sees them",
        _TRAILING_BLANKS,
        gives("select 'a' = cast('a  ' as varchar(8)) as is_equal, octet_length('a  ') as bytes", rows=[(True, 3)]),
    ),
    Probe(
        "order-of-nulls",
        "NULL stands last in ascending order",
        "dg/r_ORDER_BY_clause.html",
        gives(
            "create table {schema}.t_nulls (n integer)",
            "insert into {schema}.t_nulls values (null), (1)",
            "select n from {schema}.t_nulls order by n",
            rows=[(1,), (None,)],
        ),
    ),
    Probe(
        "windows",
        "ROW_NUMBER counts in the order that all columns together give; LEAD looks at the next row",
        "dg/r_WF_ROW_NUMBER.html",
        gives(
            "create table {schema}.t_windows (k integer, at integer)",
            "insert into {schema}.t_windows values (1, 3), (1, 5), (2, 4)",
            "select k, at, row_number() over (partition by k order by at desc), "
            "lead(at) over (partition by k order by at) from {schema}.t_windows order by k, at",
            rows=[(1, 3, 2, 5), (1, 5, 1, None), (2, 4, 1, None)],
        ),
        "the newest version of a key is found; histories get their valid_to",
    ),
    Probe(
        "sysdate",
        "SYSDATE is the start of the transaction, for all its statements",
        "dg/r_SYSDATE.html",
        gives(
            "create table {schema}.t_sysdate (at timestamp)",
            [
                "insert into {schema}.t_sysdate select sysdate",
                "insert into {schema}.t_sysdate select sysdate",
                "select count(*) as n, count(distinct at) as times from {schema}.t_sysdate",
            ],
            rows=[(2, 1)],
        ),
        "rows and ledger of a load bear one time",
    ),
    Probe(
        "json-of-bytes",
        "JSON_PARSE reads the bytes of a VARBYTE, and JSON_SERIALIZE writes them again",
        "dg/JSON_PARSE.html",
        gives(
            "select json_serialize(json_parse(to_varbyte('{\"a\":[1,null,\"x\"]}', 'utf8')))",
            rows=[('{"a":[1,null,"x"]}',)],
        ),
        "nested values travel through COPY as JSON in bytes, since a text ends at 65,535",
    ),
    Probe(
        "json-size",
        "JSON_SIZE is the number of bytes that a SUPER has as JSON",
        "dg/r_json_size.html",
        gives("select json_size(json_parse('[1,2]'))", rows=[(5,)]),
        "a nested value too long for a text is told instead of stopping the run",
    ),
)
