"""SUPER values are printed as Redshift prints them, with the attributes of objects in their order."""

from __future__ import annotations

import json

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.redshift.super_text import json_spelt
from tests.local.redshift.support import Client, Exports, Lake

DOCUMENT = '{"z":1,"bb":{"y":[{"q":1.50,"p":null}],"a":"é\\n \\"x\\": 1"},"a":true,"null":"null"}'
KIND = pa.struct(
    [("z", pa.int64()), ("bb", pa.struct([("y", pa.list_(pa.struct([("q", pa.string())]))), ("a", pa.string())]))]
)
VALUE = {"z": 1, "bb": {"y": [{"q": "x"}], "a": "b"}}
SCALARS = st.none() | st.booleans() | st.integers() | st.text().filter(lambda text: "\0" not in text)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab: ,\"'é", max_size=3), inner)
)


def loosely(text: str) -> str:
    """Return JSON with blanks, and everything escaped that can be."""
    return json.dumps(json.loads(text), indent=1, ensure_ascii=True)


def quoted(text: str) -> str:
    """Return a literal of SQL, in which a backslash escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def inserted(*rows: str) -> str:
    """Return an INSERT of rows into t."""
    return f"insert into t values {', '.join(f'({row})' for row in rows)}"  # noqa: S608 - of literals


@given(value=VALUES)
@settings(max_examples=150, deadline=None)
def test_json_parse_spells_a_value_in_one_way_however_it_is_written(administrator: Client, value: object) -> None:
    expected = json_spelt(json.dumps(value))
    for text in (json.dumps(value, ensure_ascii=False), json.dumps(value, indent=2), expected):
        found = administrator.run(f"select json_parse({quoted(text)}), json_size(json_parse({quoted(text)}))")
        assert found == [(expected, len(expected.encode()))]


def test_rows_that_are_copied_between_tables_keep_the_order(client: Client) -> None:
    text = loosely(DOCUMENT)
    client.run("create table t (n int, s super)", inserted(f"1, json_parse({quoted(text)})"))
    client.run("create table u as select * from t", "insert into u select n + 1, s from t")
    client.run(
        "update u set s = t.s from t where u.n = 2", "create temp table v (like u)", "insert into v select * from u"
    )
    client.run(
        "merge into v using t on v.n = t.n when matched then update set s = t.s "
        "when not matched then insert values (t.n, t.s)"
    )
    spelt = json_spelt(text)
    inner = '{"y":[{"q":1.5,"p":null}],"a":"é\\n \\"x\\": 1"}'
    rows = client.run("select s, json_serialize(s), s.bb, s.bb.y[0] from v order by n")
    assert rows == [(spelt, spelt, inner, '{"q":1.5,"p":null}')] * 2


@pytest.mark.parametrize(
    ("value", "expected"),
    [("'[1, 2]'", '"[1, 2]"'), ("1.50", "1.50"), ("2.22::float", "2.22e+0"), ("'a'::varchar(9)", '"a"'),
     ("true", "true"), ("array('b', object('y', 1, 'x', 2))", '["b",{"y":1,"x":2}]'), ("null", None)],
)  # fmt: skip
def test_a_column_takes_what_becomes_super_and_a_string_as_a_string(client: Client, value: str, expected: str) -> None:
    client.run(
        "create table t (n int, s super)",
        inserted(f"1, {value}"),
        f"insert into t select 2, {value}",
    )
    client.run("insert into t (s, n) values (0, 3)", f"update t set s = {value} where n = 3")  # noqa: S608
    assert client.run("select s from t") == [(expected,)] * 3


def test_a_date_is_no_super(client: Client) -> None:
    assert client.error("create table t (s super)", "insert into t values ('2025-01-01'::date)")["C"] == "42846"


def test_nested_columns_of_parquet_keep_the_order_of_their_fields(client: Client, lake: Lake) -> None:
    url = lake.put(pa.table({"s": pa.array([VALUE, None], KIND)}))
    client.run("create table t (s super)", lake.copy("t", url, "serializetojson"))
    assert client.run("select s from t") == [('{"z":1,"bb":{"y":[{"q":"x"}],"a":"b"}}',), (None,)]


def test_floats_of_parquet_are_floats(client: Client, lake: Lake) -> None:
    kind = pa.struct([("z", pa.float64()), ("a", pa.list_(pa.float64()))])
    url = lake.put(pa.table({"s": pa.array([{"z": 12.5, "a": [0.1, None]}], kind)}))
    client.run("create table t (s super)", lake.copy("t", url, "serializetojson"))
    assert client.run("select s, is_float(s.z), s.z::decimal(5,2)::varchar, s.z = 12.5 from t") == [
        ('{"z":1.25e+1,"a":[1e-1,null]}', True, "12.50", True)
    ]


def test_attributes_of_one_name_are_kept_once_where_that_is_set(client: Client) -> None:
    text = quoted('{"a": 1, "b": [{"c": 1, "c": [2]}], "a": null}')
    assert client.error(f"select json_parse({text})")["C"] == "22030"
    client.run("set json_parse_dedup_attributes to on")
    assert client.value(f"select json_parse({text})") == '{"b":[{"c":[2]}],"a":null}'


def test_super_values_are_joined_by_hash(client: Client) -> None:
    client.run("create table t (s super)", "create table u (s super)")
    plan = client.run("explain select count(*) from t join u on t.s.a = u.s.a")
    assert any("Hash Join" in line for (line,) in plan)


def test_values_that_are_equal_are_one_to_group_by_and_set_operations(client: Client) -> None:
    client.run("create table t (s super)")
    client.run("""insert into t values (json_parse('{"b": 1, "a": [1.0]}')), (json_parse('{"a": [1], "b": 1}')),
        (json_parse('1')), (json_parse('1.00')), (1e0), ('x '), ('x'), ('1'), (null), (json_parse('[1, 2]'))""")
    assert client.run("select count(*) from t group by s order by s") == [(3,), (1,), (2,), (1,), (2,), (1,)]
    assert client.run("select count(*) from (select s from t union select s from t)") == [(6,)]
    assert client.run('select count(*) from (select s from t intersect select json_parse(\'{"b": 1, "a": [1]}\'))') == [
        (1,)
    ]
    assert client.run("select count(*) from (select distinct s from t)") == [(6,)]
    assert client.value("select count(distinct s) from t") == 5


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_is_unloaded_comes_back_as_it_was(client: Client, lake: Lake, exports: Exports, form: str) -> None:
    text = loosely(DOCUMENT)
    client.run("create table t (s super)", inserted(f"json_parse({quoted(text)})", "2.5e0", "'a'"))
    client.run(exports.unload("select * from t", form=f"format as {form}"))
    client.run("create table u (s super)", f"copy u from 's3://{lake.bucket}/{exports.prefix}' iam_role '{lake.role}' "
        + ("format as csv" if form == "csv" else "format as json 'auto'"))  # fmt: skip
    assert client.run("select s from u order by s") == [("2.5e+0",), ('"a"',), (json_spelt(text),)]


def test_parquet_is_unloaded_with_the_same_text(client: Client, exports: Exports) -> None:
    client.run("create table t (s super)", inserted(f"json_parse({quoted(loosely(DOCUMENT))})"))
    client.run(exports.unload("select s from t"))
    assert exports.rows() == [{"s": json_spelt(loosely(DOCUMENT))}]


def test_paths_that_are_read_together_mean_what_each_means_alone(client: Client) -> None:
    client.run("create table t (id int, status varchar(9), doc super)")
    client.run("""insert into t values
        (1, 'own', json_parse('{"status": "s", "id": 7, "a": {"b": [1, {"c": 2.5e0}]}, "n": null}')),
        (2, 'two', json_parse('[1]')), (3, 'three', null), (4, 'four', 'text')""")
    paths = ["doc.status::varchar", "doc.id::int", "doc.a.b[1].c::varchar", "doc.a.b[0] + 1", "doc.n::int"]
    all_of_them = ", ".join(paths)
    together = client.run(f"select id, status, doc.n, {all_of_them} from t where doc.x is null order by t.id")  # noqa: S608
    alone = [client.run(f"select {path} from t order by t.id") for path in paths]  # noqa: S608
    assert [row[3:] for row in together] == [tuple(column[place][0] for column in alone) for place in range(4)]
    assert together[0] == (1, "own", "null", "s", 7, "2.5", "2", None)
    client.run("create view v as select id, doc.status::varchar as a, doc.id::int as b, doc.a.b[0]::int as c from t")
    assert client.run("select * from v order by id")[:2] == [(1, "s", 7, 1), (2, None, None, None)]
    joined = "from t left join t as u on t.id = u.doc.id::int - 6 order by 1"
    assert client.run(f"select t.id, u.doc.id::int, u.doc.status::varchar, u.doc.n::int {joined}")[:2] == [
        (1, 7, "s", None),
        (2, None, None, None),
    ]
    assert client.run("select max(doc.id::int), count(doc.status::varchar), sum(doc.a.b[0]) from t") == [(7, 1, 1)]
    assert client.run("select *, doc.id::int, doc.n::int, doc.status::varchar from t where id = 3") == [
        (3, "three", None, None, None, None)
    ]
    grouped = "select doc.id, doc.id::int, doc.id::varchar, count(*) from t group by doc.id order by 2"
    assert client.run(grouped) == [("7", 7, "7", 1), (None, None, None, 3)]
