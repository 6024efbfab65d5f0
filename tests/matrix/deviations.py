"""What docs/producers.md says of a type: why it lands otherwise than its writer reads it back, and other notes."""

# A test holds that these are what differs, no more and no less.
DEVIATIONS: dict[tuple[str, str], str] = {
    ("chdb", "JSON"): "as the text that ClickHouse writes",
    ("datafusion", "uuid"): "as the 36 characters; DataFusion itself reads 16 bytes",
    ("duckdb", "INTERVAL"): "as its 12 bytes: months, days, milliseconds",
    ("fastparquet", "timedelta64[ns]"): "as a time of day, which fastparquet writes it as; more than a day is refused",
    ("geopandas", "Point, geoarrow"): "as its coordinates",
    ("hyparquet-writer", "BYTE_ARRAY"): "as bytes; its own reader decodes them as text by default",
    ("hyparquet-writer", "GEOMETRY"): "as the bytes of its WKB",
    ("pandas", "Period[M]"): "as the number of the month since 1970, which pandas writes",
}
# Why a type is rejected, or how it lands where its own writer does not read it back.
NOTES: dict[tuple[str, str], str] = {
    ("chdb", "Int128"): "as the 16 bytes that ClickHouse writes",
    **{
        ("chdb", type_): "as the bytes that ClickHouse writes"
        for type_ in ("Int256", "UInt128", "FixedString(2)", "IPv6")
    },
    ("chdb", "Point"): "ClickHouse writes bytes (WKB) and calls them text",
    **{
        ("daft", type_): "as a pickle: what Daft makes of types that it has not"
        for type_ in ("decimal256(40,2)", "string_view", "time32[s]", "time32[ms]", "dictionary<string>")
    },
    (
        "deltalake",
        "uuid",
    ): "delta-rs stores bytes of any length, which its own arrow schema contradicts",
    ("deltalake", "fixed_size_list<int32>[2]"): "a NULL becomes an empty list in the file",
    (
        "duckdb",
        "INTEGER[2]",
    ): "DuckDB writes a NULL as two elements, which no list can have; without NULL it lands",
    ("duckdb", "HUGEINT"): "as the DOUBLE that DuckDB makes of it, rounded beyond 2^53",
    ("duckdb", "UHUGEINT"): "as the DOUBLE that DuckDB makes of it, rounded beyond 2^53",
    ("duckdb", "BIGNUM"): "as the text that DuckDB writes",
    ("duckdb", "GEOMETRY"): "as the bytes of its WKB",
    ("duckdb", "TIMETZ"): "in UTC",
    ("geopandas", "Point"): "as the bytes of its WKB",
    ("geopandas", "Polygon"): "as the bytes of its WKB",
    ("pandas", "int64 with a missing value"): "pandas makes it a double",
}
