"""OPERATE, unload: a modeled table as parquet in S3, for whoever has no warehouse.

In: a model's name. Out: files under `exports/<model>/<attempt>/`, where no notification watches, and a table of the
Glue catalog over them. The warehouse's reader asks, so that nothing is exported which a reader may not see. An export
is complete when its folder has `_SUCCESS`, which comes last; only then does the catalog's table point to it. An attempt
that was killed has none, and a later export takes it away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from ingest_lambda.errors import ConfigError
from ingest_lambda.warehouse.catalog import column_type
from ingest_lambda.warehouse.statements import Column, identifier, literal
from landfall.deploy.bootstrap import READ_BY_READER
from landfall.operate import exports, glue_tables, raw_catalog
from landfall.operate.glue_tables import AnothersTableError
from landfall.operate.hive_layout import Partition
from landfall.operate.projection import listed

if TYPE_CHECKING:
    from landfall.stack import Stack

FILE_SIZE = "256 MB"
PATIENCE_SECONDS = exports.LONGEST.total_seconds()
# https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMNS.html
SELECT_COLUMNS = (
    "select table_schema, column_name, data_type, character_maximum_length, numeric_precision, numeric_scale "  # noqa: S608 - our own schemas
    f"from svv_columns where table_schema in ({', '.join(map(literal, READ_BY_READER))}) "
    "and table_name = :model order by ordinal_position"
)
NAME = re.compile(r"[a-z_][a-z0-9_]*")
# https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html#unload-partitionby-usage, those that spell no fraction
PARTITION_TYPES = frozenset({"SMALLINT", "INTEGER", "BIGINT", "DATE", "VARCHAR", "CHAR"})
# UNLOAD writes no VARBYTE to parquet, and of TIME its page says nothing; SUPER it writes as JSON.
AS_TEXT = {"VARBYTE": "from_varbyte({0}, 'hex') as {0}", "TIME": "cast({0} as varchar(15)) as {0}"}
TEXTS = {"SUPER": "string", "VARBYTE": "string", "TIME": "string", "TIMESTAMPTZ": "timestamp"}


@dataclass(frozen=True)
class Export:
    """A complete export: where it is, what is in it (sizes in bytes), and what became of it.

    `restricted`: columns that are declared so, and were left out. `table`: that of the catalog. `why`: what there is no
    table for, or what Redshift does not read of it. `removed`: folders of earlier exports, and of attempts that came to
    nothing, which this one took away.
    """

    model: str
    schema: str
    folder: str
    files: int
    rows: int
    bytes: int
    columns: Sequence[str]
    partition_by: Sequence[str]
    restricted: Sequence[str]
    table: str | None = None
    why: str | None = None
    removed: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Spell the export as its JSON face does."""
        return asdict(self)


def unload(stack: Stack, model: str, partition_by: Sequence[str], keep: int, restricted: frozenset[str]) -> Export:
    """Export a model; keep the newest `keep` complete exports of it.

    Raises:
        ConfigError: the reader sees no such model, or not as it is asked for, or a right is missing.
        TransientError: the warehouse does not answer, or its files are not those that it lists.
    """
    columns, schema = _columns(stack, model)
    wanted, partition_by = exported(columns, restricted), list(dict.fromkeys(partition_by))
    check_partitions(model, wanted, partition_by)
    folder = exports.new_folder(model)
    place = f"s3://{stack.bucket}/{folder}"
    statement = unload_statement(
        select_columns(schema, model, wanted),
        place,
        stack.output("ExportRoleArn"),
        partition_by,
        stack.outputs.get("KmsKeyArn"),
    )
    stack.warehouse_as("ReaderSecretArn", patience_seconds=PATIENCE_SECONDS).execute(statement)
    entries = exports.verified(stack.s3, stack.bucket, folder)
    done = Export(
        model=model,
        schema=schema,
        folder=place,
        files=len(entries),
        rows=sum(int(entry["meta"]["record_count"]) for entry in entries),
        bytes=sum(int(entry["meta"]["content_length"]) for entry in entries),
        columns=[column.name for column in wanted],
        partition_by=partition_by,
        restricted=sorted(restricted & {column.name for column in columns}),
    )
    exports.complete(stack.s3, stack.bucket, folder, done.to_dict())
    keys = [str(entry["url"]).removeprefix(place) for entry in entries]
    table, why, held = register(stack, model, place, wanted, partition_by, keys)
    spared = {folder, held.removeprefix(f"s3://{stack.bucket}/")}
    return replace(done, table=table, why=why, removed=exports.tidy(stack.s3, stack.bucket, model, keep, spared))


def exported(columns: Sequence[Column], restricted: frozenset[str]) -> list[Column]:
    """Leave out what is restricted, and Landfall's own columns: they say how a row came, which is nobody's business.

    >>> from ingest_lambda.warehouse.sqltypes import SqlType
    >>> columns = [Column(name, SqlType("DATE")) for name in ("born_on", "seen_on", "_file_id")]
    >>> [each.name for each in exported(columns, frozenset({"born_on"}))]
    ['seen_on']
    """
    return [each for each in columns if each.name not in restricted and not each.name.startswith("_")]


def check_partitions(model: str, columns: Sequence[Column], partition_by: Sequence[str]) -> None:
    """Refuse partitions that UNLOAD cannot make, or that leave a file no column.

    Raises:
        ConfigError: what is wrong, with what there is.
    """
    types = {column.name: column.type.name for column in columns}
    if unknown := [name for name in partition_by if name not in types]:
        raise ConfigError(f"{model} exports no column {unknown[0]}; it exports {', '.join(types) or 'none at all'}")
    if wrong := [name for name in partition_by if types[name] not in PARTITION_TYPES]:
        of = ", ".join(sorted(PARTITION_TYPES))
        raise ConfigError(f"{wrong[0]} is {types[wrong[0]]}: partitions are by {of}; cast it in a model of its own")
    if len(set(partition_by)) >= len(types):
        raise ConfigError(f"nothing of {model} would be left for the files: a column at least is no partition's")


def select_columns(schema: str, model: str, columns: Sequence[Column]) -> str:
    """Spell the query whose rows are exported.

    >>> from ingest_lambda.warehouse.sqltypes import SqlType
    >>> print(select_columns("marts", "a", [Column("b", SqlType("VARBYTE", (9,)))]))
    select from_varbyte("b", 'hex') as "b" from "marts"."a"
    """
    selected = (AS_TEXT.get(each.type.name, "{0}").format(identifier(each.name)) for each in columns)
    return f"select {', '.join(selected)} from {identifier(schema)}.{identifier(model)}"  # noqa: S608 - quoted names


def unload_statement(
    query: str, place: str, role_arn: str, partition_by: Sequence[str] = (), kms_key_arn: str | None = None
) -> str:
    """Spell the UNLOAD, as https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html has it.

    Without a key's name it would write with S3's own, whatever the bucket's is.

    >>> print(unload_statement("select 1 as a", "s3://b/exports/m/1/", "arn:aws:iam::123456789012:role/r", ["a"]))
    unload ('select 1 as a')
    to 's3://b/exports/m/1/'
    iam_role 'arn:aws:iam::123456789012:role/r'
    format as parquet
    partition by ("a")
    manifest verbose
    maxfilesize 256 MB
    """
    lines = [
        f"unload ({literal(query)})",
        f"to {literal(place)}",
        f"iam_role {literal(role_arn)}",
        "format as parquet",
        f"partition by ({', '.join(map(identifier, partition_by))})" if partition_by else "",
        "manifest verbose",
        f"maxfilesize {FILE_SIZE}",
        f"kms_key_id {literal(kms_key_arn)} encrypted" if kms_key_arn else "",
    ]
    return "\n".join(filter(None, lines))


def projection(partition_by: Sequence[str], keys: Sequence[str]) -> dict[str, dict[str, str]]:
    """Project each partition by the very values that there are, so that no row is out of a query's sight.

    `keys`: of the files, below the export's folder.

    https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html

    >>> projection(["day"], ["day=2026-11-28/0000_part_00.parquet", "day=2999-01-01/0000_part_00.parquet"])
    {'day': {'type': 'enum', 'values': '2026-11-28,2999-01-01'}}

    Raises:
        ValueError: why the catalog cannot have them.
    """
    if not keys:
        raise ValueError("it has no rows, and so no partition that a table could list")
    values: dict[str, set[str]] = {name: set() for name in partition_by}
    for key in keys:
        parts = [part.partition("=") for part in key.split("/")[:-1]]
        if [name for name, _, _ in parts] != list(partition_by):
            raise ValueError(f"its folders are not named as its partitions are: {key}")
        for name, _, value in parts:
            values[name].add(value)
    if strange := [name for name in partition_by if not NAME.fullmatch(name)]:
        raise ValueError(f"a partition's name that no projection can have: {strange[0]!r}")
    return {name: listed(found) for name, found in values.items()}


def partitions(keys: Sequence[str]) -> list[Partition]:
    """Name the partitions that files below an export's folder are in.

    >>> partitions(["day=2026-11-28/0000_part_00.parquet", "day=2026-11-28/0001_part_00.parquet"])
    [Partition(texts=('2026-11-28',), values=('2026-11-28',))]
    """
    texts = {tuple(part.partition("=")[2] for part in key.split("/")[:-1]) for key in keys}
    return [Partition(each, each) for each in sorted(texts)]


def catalog_table(
    place: str, model: str, columns: Sequence[Column], partition_by: Sequence[str], keys: Sequence[str]
) -> Mapping[str, Any]:
    """Describe an export to the Glue catalog; a partition's column is a text, as its folder is.

    Raises:
        ValueError: why the catalog cannot have it.
    """
    typed = [
        (column.name, TEXTS.get(column.type.name) or raw_catalog.athena_type(column.type))
        for column in columns
        if column.name not in partition_by
    ]
    parts = projection(partition_by, keys) if partition_by else {}
    return raw_catalog.describe(model, f"{model}, as it was exported last.", place, typed, partition_by, parts)


def _columns(stack: Stack, model: str) -> tuple[list[Column], str]:
    """Ask as the reader which columns it sees of a model, and in which schema that is."""
    if not NAME.fullmatch(model):
        raise ConfigError(f"{model} is no name of a model")
    rows = stack.warehouse_as("ReaderSecretArn").query(SELECT_COLUMNS, {"model": model})
    if not rows:
        raise ConfigError(
            f"the reader sees no table {model} in {', '.join(READ_BY_READER)}: is it built (landfall transform)? "
            "What stands elsewhere is not exported"
        )
    schemas = sorted({str(row["table_schema"]) for row in rows})
    if len(schemas) > 1:
        raise ConfigError(f"{model} is a table of {' and of '.join(schemas)}: drop the one that is no model")
    return [Column(str(row["column_name"]), column_type(row)) for row in rows], schemas[0]


def register(
    stack: Stack, model: str, place: str, columns: Sequence[Column], partition_by: Sequence[str], keys: Sequence[str]
) -> tuple[str | None, str | None, str]:
    """Point the catalog's table to the export, in one request, and then its partitions, which Redshift reads.

    Returns the table's name, or None, and why there is none or what Redshift does not read of it; and where the
    catalog's table points to now, if anywhere.
    """
    database = stack.outputs.get("ExportDatabaseName")
    if not database:
        return None, "no catalog is deployed (CreateCatalog)", ""
    import boto3

    glue = boto3.client("glue")
    all_exports = f"s3://{stack.bucket}/{exports.EXPORTS}/{model}/"
    why = None
    try:
        table = catalog_table(place, model, columns, partition_by, keys)
        newest = max(exports.folders(stack.s3, stack.bucket, model)[0])
        if place.endswith(newest):
            glue_tables.register(glue, database, table, lambda location: location.startswith(all_exports))
            why = _register_partitions(glue, database, table, partitions(keys) if partition_by else [])
        else:
            why = f"a newer export is complete: {newest}"
    except (ValueError, AnothersTableError) as error:
        why = str(error)
    held = glue_tables.location(glue, database, model)  # another export may have been registered meanwhile
    if held == place:
        return f"{database}.{model}", why, held
    return None, why or f"another export was registered meanwhile: {held}", held


def _register_partitions(glue: Any, database: str, table: Mapping[str, Any], found: Sequence[Partition]) -> str | None:
    """Register partitions; say what follows where Glue refuses one, since the table points to the export by then."""
    try:
        glue_tables.register_partitions(glue, database, table, found)
    except ConfigError as error:
        return (
            f"{error}; Athena reads this export, and Redshift the partitions that are registered, those of the export "
            "before among them: mend what Glue refuses, and unload once more"
        )
    return None
