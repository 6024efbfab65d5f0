"""OPERATE: probes of COPY from parquet: what it reads, how it maps, and what makes all of it fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.warehouse.failures import Failure
from landfall.verify.probe import Answer, Probe, fails_as, gives, refuses
from landfall.verify.scene import Scene, Step

_COLUMNAR = "dg/copy-usage_notes-copy-from-columnar.html"
_MANIFEST = "dg/loading-data-files-using-manifest.html"
_FROM_PARQUET = "iam_role '{role}' format as parquet"
_MOMENT = datetime(2025, 11, 13, 12, 0, 0, 123456, tzinfo=UTC).replace(tzinfo=None)

Ask = Callable[["Scene"], Answer]


def _given(objects: Mapping[str, pa.Table], ask: Ask, *, int96: bool = False) -> Ask:
    """Store objects before a probe asks."""

    def asked(scene: Scene) -> Answer:
        for name, table in objects.items():
            scene.put_parquet(name, table, int96=int96)
        return ask(scene)

    return asked


def _listed(name: str, ask: Ask, *, off_by: int = 0, missing: Sequence[str] = ()) -> Ask:
    """Store an object and the manifest that lists it, its length wrong by some bytes, with objects that are missing."""

    def asked(scene: Scene) -> Answer:
        sizes = [(f"{name}.parquet", scene.put_parquet(f"{name}.parquet", _NUMBERS) + off_by)]
        sizes += [(each, 1) for each in missing]
        entries = [
            {"url": scene.uri(each), "mandatory": True, "meta": {"content_length": length}} for each, length in sizes
        ]
        scene.put(f"{name}.manifest", json.dumps({"entries": entries}).encode())
        return ask(scene)

    return asked


def _unlike_parquet(name: str, ask: Ask) -> Ask:
    """Store an object that is a text."""

    def asked(scene: Scene) -> Answer:
        scene.put(name, b"n\n1\n")
        return ask(scene)

    return asked


def _copied(create: str, name: str, *then: Step) -> list[Step]:
    """Make a table, and copy an object or what a manifest lists into it."""
    table = create.split()[2]
    manifest = " manifest" if name.endswith(".manifest") else ""
    return [create, f"copy {table} from '{{staging}}{name}' {_FROM_PARQUET}{manifest}", *then]


def _table(**columns: Any) -> pa.Table:
    return pa.table(columns)


_NUMBERS = _table(n=pa.array([1, 2], pa.int32()))
_ALL_TYPES = _table(
    a=pa.array([True, None]),
    b=pa.array([-32768, None], pa.int16()),
    c=pa.array([2147483647, None], pa.int32()),
    d=pa.array([-(2**63), None], pa.int64()),
    e=pa.array([1.5, None], pa.float32()),
    f=pa.array([0.1, None], pa.float64()),
    g=pa.array([Decimal("-12345.6789"), None], pa.decimal128(18, 4)),
    h=pa.array([date(1969, 12, 31), None]),
    i=pa.array([_MOMENT, None], pa.timestamp("us")),
    j=pa.array(["größer", None]),
    k=pa.array([b"\x00\xff", None], pa.binary()),
)
_ALL_COLUMNS = (
    "a boolean, b smallint, c integer, d bigint, e real, f double precision, g decimal(18,4), h date, i timestamp, "
    "j varchar(64), k varbyte(16)"
)
_AS_TEXTS = (
    "select cast(a as integer), b, c, d, cast(e as varchar(8)), cast(f as varchar(8)), cast(g as varchar(16)), "
    "cast(h as varchar(16)), cast(i as varchar(32)), j, from_varbyte(k, 'hex') from {schema}.t_all order by c"
)

PROBES = (
    Probe(
        "copy-by-position",
        "COPY from parquet maps columns by position, whatever their names are",
        _COLUMNAR,
        _given(
            {"position.parquet": _table(b=pa.array([1], pa.int32()), a=pa.array([2], pa.int32()))},
            gives(
                *_copied(
                    "create table {schema}.t_position (a integer, b integer)",
                    "position.parquet",
                    "select a, b from {schema}.t_position",
                ),
                rows=[(1, 2)],
            ),
        ),
        "stages have numbered columns; rows get their names in the INSERT",
    ),
    Probe(
        "copy-of-fewer-columns",
        "COPY refuses a file that has fewer columns than the table",
        _COLUMNAR,
        _given(
            {"fewer.parquet": _NUMBERS},
            fails_as(
                *_copied("create table {schema}.t_fewer (a integer, b integer)", "fewer.parquet"),
                failure=Failure.BAD_DATA,
                then=("select count(*) from {schema}.t_fewer", [(0,)]),
            ),
        ),
        "a file that COPY cannot read is rewritten rather than retried for ever",
    ),
    Probe(
        "copy-of-types",
        "the types that landing uses are read right, and NULL as NULL",
        _COLUMNAR,
        _given(
            {"all.parquet": _ALL_TYPES},
            gives(
                *_copied(f"create table {{schema}}.t_all ({_ALL_COLUMNS})", "all.parquet", _AS_TEXTS),
                rows=[
                    (
                        1,
                        -32768,
                        2147483647,
                        -(2**63),
                        "1.5",
                        "0.1",
                        "-12345.6789",
                        "1969-12-31",
                        "2025-11-13 12:00:00.123456",
                        "größer",
                        "00ff",
                    ),
                    (None,) * 11,
                ],
            ),
        ),
        "files of these types are copied as they are",
    ),
    Probe(
        "copy-of-int96",
        "timestamps that Spark writes as INT96 are read right",
        _COLUMNAR,
        _given(
            {"int96.parquet": _table(at=pa.array([_MOMENT], pa.timestamp("us")))},
            gives(
                *_copied(
                    "create table {schema}.t_int96 (at timestamp)",
                    "int96.parquet",
                    "select cast(at as varchar(32)) from {schema}.t_int96",
                ),
                rows=[("2025-11-13 12:00:00.123456",)],
            ),
            int96=True,
        ),
    ),
    Probe(
        "copy-of-long-texts",
        "a text longer than its column fails the whole COPY",
        "dg/r_COPY.html",
        _given(
            {"long.parquet": _table(v=pa.array(["abc", "abcd"]))},
            fails_as(
                *_copied("create table {schema}.t_long (v varchar(3))", "long.parquet"),
                failure=Failure.BAD_DATA,
                then=("select count(*) from {schema}.t_long", [(0,)]),
            ),
        ),
        "a file that COPY cannot read is rewritten rather than retried for ever",
    ),
    Probe(
        "copy-of-what-is-no-parquet",
        "COPY refuses an object that is no parquet",
        _COLUMNAR,
        _unlike_parquet(
            "text.parquet",
            fails_as(
                *_copied("create table {schema}.t_text (n integer)", "text.parquet"),
                failure=Failure.BAD_DATA,
                then=("select count(*) from {schema}.t_text", [(0,)]),
            ),
        ),
        "a file that COPY cannot read is rewritten rather than retried for ever",
    ),
    Probe(
        "copy-of-nested-json",
        "nested values that travel as JSON in bytes become SUPER by JSON_PARSE",
        "dg/JSON_PARSE.html",
        _given(
            {"json.parquet": _table(v=pa.array([b'{"a":{"b":[1,"x"]}}'], pa.binary()))},
            gives(
                *_copied(
                    "create table {schema}.t_json (v varbyte(1024000))",
                    "json.parquet",
                    "create table {schema}.t_super (v super)",
                    "insert into {schema}.t_super select json_parse(v) from {schema}.t_json",
                    "select json_serialize(v) from {schema}.t_super",
                ),
                rows=[('{"a":{"b":[1,"x"]}}',)],
            ),
        ),
        "lists and structures land as SUPER",
    ),
    Probe(
        "copy-taken-back",
        "COPY is part of its transaction: a later statement's failure takes its rows back",
        "dg/r_COPY.html",
        _given(
            {"back.parquet": _NUMBERS},
            fails_as(
                "create table {schema}.t_back (n integer)",
                [
                    f"copy {{schema}}.t_back from '{{staging}}back.parquet' {_FROM_PARQUET}",
                    "insert into {schema}.t_missing values (1)",
                ],
                failure=Failure.CATALOG_CHANGED,
                then=("select count(*) from {schema}.t_back", [(0,)]),
            ),
        ),
        "a load that fails leaves nothing",
    ),
    Probe(
        "copy-into-a-temporary-table",
        "a session copies into its temporary table, and inserts from there",
        "mgmt/data-api.html",
        _given(
            {"stage.parquet": _NUMBERS},
            gives(
                "create table {schema}.t_target (n integer)",
                [
                    "create temp table t_stage (n integer)",
                    f"copy t_stage from '{{staging}}stage.parquet' {_FROM_PARQUET}",
                ],
                ["insert into {schema}.t_target select n from t_stage", "drop table t_stage"],
                "select n from {schema}.t_target order by n",
                rows=[(1,), (2,)],
            ),
        ),
        "rows are staged before the lock is taken",
    ),
    Probe(
        "copy-by-manifest",
        "a manifest with content_length names the objects that are copied",
        _MANIFEST,
        _listed(
            "listed",
            gives(
                *_copied(
                    "create table {schema}.t_listed (n integer)",
                    "listed.manifest",
                    "select n from {schema}.t_listed order by n",
                ),
                rows=[(1,), (2,)],
            ),
        ),
        "the files of a load are copied by one COPY",
    ),
    Probe(
        "copy-of-another-length",
        "an object of another length than the manifest says fails the COPY",
        _MANIFEST,
        _listed(
            "longer",
            refuses(
                *_copied("create table {schema}.t_longer_object (n integer)", "longer.manifest"),
                error=".",
                then=("select count(*) from {schema}.t_longer_object", [(0,)]),
            ),
            off_by=1,
        ),
    ),
    Probe(
        "copy-of-a-missing-object",
        "an object that a manifest calls mandatory, and that is not there, fails the COPY",
        _MANIFEST,
        _listed(
            "partly",
            refuses(
                *_copied("create table {schema}.t_partly (n integer)", "partly.manifest"),
                error=".",
                then=("select count(*) from {schema}.t_partly", [(0,)]),
            ),
            missing=["missing.parquet"],
        ),
        "no part of a load is left out in silence",
    ),
)
