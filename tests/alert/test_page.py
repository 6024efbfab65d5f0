"""ALERT: the operator's page: each number is what its SQL says, whatever files are called, and nothing is a script."""

# ruff: noqa: S608 - the tests' own SQL

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from hypothesis import given
from hypothesis import strategies as st

from landfall.deploy.bootstrap import TRANSFORMER
from local.home import ROOT
from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import order, orders_file
from tests.support.warehouse_seed import BUCKET, literal
from transform_lambda.build import Builder
from transform_lambda.dbt_runtime import connected
from transform_lambda.errors import UnreadableError
from transform_lambda.graph import Graph
from transform_lambda.page.asking import CATALOG_SQL, Answer, Project, Source, ask
from transform_lambda.page.content import IS_OF, content
from transform_lambda.page.publish import docs_of, lineage
from transform_lambda.page.questions import questions
from transform_lambda.page.render import render
from transform_lambda.page.shown import Content, Docs
from transform_lambda.page.stopped import WITHHELD

NOON = datetime(2025, 11, 13, 12, tzinfo=UTC)
OF_THE_LEDGER = """'{"reason": "not_parquet", "etag": "' || etag || '"}'"""
HOSTILE = "raw/orders/<img src=x onerror=alert(1)>\"'&{{7*7}}</script><script>\u202e\x07.parquet"
NUMBERS = re.compile(
    "|".join(["rows$", "^files$", "_files$", "seconds$", "^models$", "^gates$", "ed$", "^statements$"])
)


# What the page says of a question that has been answered, by nothing.
SAID_OF_NOTHING = {
    "landed": "no file has landed in these days",
    "datasets": "nothing has landed yet: landfall upload FILE --wait",
    "latency": "no file has landed in these days",
    "quarantine": "● none",
    "rejections": "● none",
    "gates": "no gate has been asked yet: landfall transform --wait",
    "objections": "every gate has passed",
    "changes": "none in these days",
    "shapes": "none in these days",
    "runs": "none yet: landfall transform --wait",
    "messages": "nothing yet",
}
ALSO_SAID = {said for said in SAID_OF_NOTHING.values() if list(SAID_OF_NOTHING.values()).count(said) > 1}


def answered(**rows: list[dict[str, str | None]]) -> dict[str, Answer]:
    """Return answers with some rows, and none to the other questions."""
    return {each.name: Answer(f"select '{each.name}'", rows.get(each.name, [])) for each in questions()}


def page_of(answers: Mapping[str, Answer], project: Project | None = None, docs: Docs | None = None) -> str:
    """Render what is shown of answers."""
    return render(content(answers, project or Project({}, {}), "test", NOON, 30, docs))


class Seen(HTMLParser):
    """What a browser would make of a page: its elements with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def shape(self) -> list[tuple[str, list[str]]]:
        """The elements, and which attributes they have."""
        return [(tag, sorted(attributes)) for tag, attributes in self.elements]


def line_of(html: str, dataset: str) -> str:
    """Return the text of a dataset's row in the table of datasets."""
    (row,) = re.findall(f'<tr><td>{dataset}</td><td><svg class="spark".*?</tr>', html, re.DOTALL)
    return Seen(row).text


def row_of(name: str, text: str) -> dict[str, str | None]:
    """Return an answer to a question in which all that can be a text is this one."""
    (question,) = [each for each in questions() if each.name == name]
    verdict = json.dumps(dict.fromkeys(("column", "row", "found", "expected", "remedy"), text))
    known = {"verdict": verdict, "day": "2025-11-13", "phases": '{"gate": 1.5, "modeled": 0.5}', "cost_usd": "0.0480"}
    return {column: known.get(column, "3" if NUMBERS.search(column) else text) for column in question.columns}


def all_of(text: str) -> dict[str, Answer]:
    """Return answers in which all that can be a text is this one."""
    return answered(**{each.name: [row_of(each.name, text)] for each in questions()})


@given(st.text(min_size=1))
def test_no_text_becomes_an_element_or_an_attribute(text: str) -> None:
    project = Project({text: {"modeled.x"}}, {text: Source(1.0)})
    plain, seen = (Seen(page_of(all_of(each), project, Docs("dbt/index.html"))) for each in ("plain", text))
    assert seen.shape == plain.shape
    assert {tag for tag, _ in seen.elements}.isdisjoint({"script", "img", "iframe", "object", "link", "form"})
    assert {attributes["href"] for tag, attributes in seen.elements if tag == "a"} == {
        attributes["href"] for tag, attributes in plain.elements if tag == "a"
    }


def test_what_is_hostile_is_shown_and_what_has_no_glyph_is_spelled() -> None:
    html = page_of(all_of(HOSTILE))
    assert "<img" not in html
    assert "<script" not in html
    assert "\u202e" not in html
    seen = Seen(html)
    assert HOSTILE.replace("\u202e", "\\u202e").replace("\x07", "\\x07") in seen.text
    assert "Then upload the corrected file" in seen.text


def test_the_page_forbids_scripts_and_whatever_is_not_in_it() -> None:
    seen = Seen(page_of(all_of("x")))
    (policy,) = [
        str(attributes["content"])
        for _, attributes in seen.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not [name for _, attributes in seen.elements for name in attributes if name == "style" or name[:2] == "on"]


def test_no_text_of_a_verdict_on_a_sensitive_dataset_is_shown() -> None:
    row = row_of("rejected", "Ada Example, 1815-12-10") | {"dataset": "patients"}
    shown = page_of(answered(rejected=[row]), Project({}, {"patients": Source(is_sensitive=True)}))
    (column,) = [json.loads(str(row["verdict"]))["column"]]
    told = Seen(shown).text
    assert WITHHELD in told
    assert f"found {column}" not in told
    assert f"<p>{row['detail']}</p>" not in shown
    assert f"found {column}" in Seen(page_of(answered(rejected=[row]))).text  # of one that is not


@pytest.mark.parametrize(
    ("remedy", "then"),
    [
        ("write the file as parquet", "Then upload the corrected file, under any key. Nothing else is needed."),
        ("landfall evolve n, then landfall replay the file", "Then: landfall replay raw/n.parquet"),
    ],
)
def test_a_rejected_file_is_replayed_where_that_is_the_remedy_and_else_corrected(remedy: str, then: str) -> None:
    row = row_of("rejected", "x") | {"object_key": "raw/n.parquet", "verdict": json.dumps({"remedy": remedy})}
    told = Seen(page_of(answered(rejected=[row]))).text
    assert then in told
    assert ("Then: landfall replay" in told) == ("replay" in remedy)


@pytest.mark.parametrize("verdict", [None, "{", "[]", '{"remedy": null}'])
def test_a_verdict_that_cannot_be_read_leaves_the_reason(verdict: str | None) -> None:
    row = row_of("rejected", "x") | {"reason": "not_parquet", "verdict": verdict}
    told = Seen(page_of(answered(rejected=[row]))).text
    assert "not_parquet" in told
    assert "To fix it" not in told
    assert "Then" not in told


def test_what_a_table_s_folder_holds_is_sent_again_under_no_other_key() -> None:
    row = row_of("rejected", "x") | {"reason": "table_format", "verdict": json.dumps({"remedy": "export its rows"})}
    told = Seen(page_of(answered(rejected=[row]))).text
    assert "To fix it: export its rows" in told
    assert "Then" not in told


def test_rows_that_were_removed_are_told_with_the_way_back_and_nothing_is_where_none_were() -> None:
    gap = row_of("gaps", "x") | {"dataset": "orders", "missing_rows": "1200", "first_load": "1", "last_load": "7"}
    seen = Seen(page_of(answered(gaps=[gap])))
    assert "landfall backfill raw/ --dataset orders --removed" in seen.text
    assert "1,200" in seen.text
    assert "#gaps" in {attributes.get("href") for tag, attributes in seen.elements if tag == "a"}
    assert "old rows removed" not in Seen(page_of(answered())).text


def test_a_page_of_nothing_says_what_to_do() -> None:
    told = Seen(page_of(answered())).text
    assert "landfall upload FILE --wait" in told
    assert "landfall transform --wait" in told


def test_a_state_is_told_by_its_shape_and_in_words_not_by_colour_alone() -> None:
    gates: list[dict[str, str | None]] = [
        {"run_id": f"r{place}", "subject": "orders", "asked_at": f"2025-11-13 12:00:0{place}", **counts}
        for place, counts in enumerate(
            [
                {"passed": "2", "warned": "0", "failed": "0", "stopped": "0"},
                {"passed": "1", "warned": "1", "failed": "0", "stopped": "0"},
                {"passed": "1", "warned": "0", "failed": "1", "stopped": "0"},
                {"passed": "1", "warned": "0", "failed": "2", "stopped": "1"},
            ]
        )
    ]
    html = page_of(answered(gates=gates))
    strip = html[html.index('aria-label="gates of orders, run by run; the last failed"') :]
    strip = strip[: strip.index("</svg>")]
    passed, *marked = re.findall(r"<g>.*?</g>", strip, re.DOTALL)
    _, after, failed = marked
    assert "1 passed, 0 warned, 1 failed, 1 of them after the UPSERT" in after
    assert "1 passed, 0 warned, 2 failed, 1 of them after the UPSERT" in failed
    assert (passed.count("<path"), [each.count("<path") for each in marked]) == (0, [1, 1, 1])
    shapes = {re.sub(r"M[0-9.]+ ", "M", each[each.index(' d="') :]) for each in marked}
    assert len(shapes) == 3
    assert 'class="failed"' in after


def test_a_test_of_a_modeled_table_is_not_said_to_have_stopped_the_batch() -> None:
    row: dict[str, str | None] = {
        "run_id": "r", "subject": "orders", "asked_at": "2025-11-13 12:00:00",
        "passed": "1", "warned": "0", "failed": "1", "stopped": "0",
    }  # fmt: skip
    answers = answered(gates=[row])
    shown = content(answers, Project({}, {}), "test", NOON, 30)
    assert shown.strips[0].last == "failed after"
    assert [(tile.value, tile.state) for tile in shown.tiles if tile.name == "gates failing"] == [("1", "bad")]
    told = Seen(page_of(answers)).text
    assert "failed after the UPSERT" in told
    assert "a test behind the UPSERT failed: the batch is modeled" in told


def test_runs_of_one_second_stand_in_their_order_whatever_their_ids() -> None:
    at = "2025-11-13 12:00:00"
    gates: list[dict[str, str | None]] = [
        {
            "run_id": run,
            "subject": "orders",
            "asked_at": f"{at}.00000{place}",
            "passed": "1",
            "warned": "0",
            "failed": failed,
            "stopped": failed,
        }
        for place, (run, failed) in enumerate([("b", "0"), ("a", "1")])
    ]
    runs = [row_of("runs", each["run_id"] or "") | {"started_at": each["asked_at"]} for each in gates]
    shown = content(answered(gates=gates, runs=runs), Project({}, {}), "test", NOON, 30)
    (strip,) = shown.strips
    assert ([cell.kind for cell in strip.cells], strip.last) == (["passed", "failed"], "failed")
    assert [cell.says.partition(": ")[0] for cell in strip.cells] == [at, at]
    assert [(run.run_id, run.started_at) for run in shown.runs] == [("a", at), ("b", at)]


def test_the_phases_fill_the_run_s_bar_and_are_told_in_words() -> None:
    run = row_of("runs", "r") | {"seconds": "4"}
    (line,) = content(answered(runs=[run]), Project({}, {}), "test", NOON, 30).runs
    assert [bar.says for bar in line.phases] == ["gate 1.5 s", "modeled 0.5 s"]
    assert sum(bar.length for bar in line.phases) == pytest.approx(line.length)
    assert "gate 1.5 s · modeled 0.5 s" in Seen(page_of(answered(runs=[run]))).text


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Return the project's graph."""
    return Builder(ROOT, Logger(service="test")).graph()


@pytest.fixture
def busy(worker_warehouse: ModelWarehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelWarehouse]:
    """Return a warehouse in which something has been built, stopped, quarantined, rejected and undone."""
    for name, value in worker_warehouse.environment.items():
        monkeypatch.setenv(name, value)
    worker_warehouse.empty()
    good = orders_file("good", [order(f"o-{number}") for number in range(40)] + [order("o-bad", currency="euro")])
    worker_warehouse.loader.land(good)
    builder = Builder(ROOT, Logger(service="test"))
    assert builder.build({"select": ["source:landing.order_summary+"], "full_refresh": False})["outcome"] == "succeeded"
    worker_warehouse.loader.land(
        orders_file("bad", [order(f"b-{number}", order_status="lost") for number in range(20)])
    )
    stopped = builder.build({"select": ["source:landing.order_summary+"], "full_refresh": False})
    assert stopped["outcome"] == "gate_failed"
    gone = orders_file("gone", [order("o-gone")])
    worker_warehouse.loader.land(gone)
    worker_warehouse.loader.undo(gone)
    worker_warehouse.loader.may_remove("order_summary")
    worker_warehouse.loader.remove(good)
    verdict = json.dumps({"reason": "not_parquet", "found": "it's", "remedy": "write parquet"})
    worker_warehouse.loader.run(
        "update ledger.order_summary set event_time = dateadd(second, -3, loaded_at)",
        "insert into ops.rejected_files (file_id, dataset, bucket, key, reason, detail, verdict, rejected_at) values "
        f"('f1', 'order_summary', '{BUCKET}', {literal(HOSTILE)}, 'not_parquet', 'cut short', {literal(verdict)}, "
        "getdate())",
        "insert into ops.schema_changes values ('order_summary', 'note', null, 'VARCHAR(65535)', 'l-1', getdate()), "
        "('order_summary', 'weight', 'INTEGER', 'BIGINT', null, getdate())",
        "insert into ops.alerts (kind, fingerprint, severity, subject, report, sent_at) values "
        "('transform', 'f', 'high', 'gate failed', '', getdate())",
    )
    yield worker_warehouse
    ours = ("rejected_files", "schema_changes", "alerts")
    worker_warehouse.loader.run(
        *(f"delete from ops.{table}" for table in ours),
        "alter table ledger.order_summary drop column removed_at",
        "alter table ledger.order_summary drop column restored_at",
    )


def again(warehouse: ModelWarehouse, sql: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """Ask what the page shows as a number's SQL."""
    rows = warehouse.transformer.rows(sql)
    return [
        {name: None if value is None else str(value) for name, value in zip(columns, row, strict=True)} for row in rows
    ]


def comparable(rows: list[Any]) -> list[list[tuple[str, str | None]]]:
    """Sort rows, without what depends on the time at which one asks."""
    return sorted(
        (sorted((name, value) for name, value in row.items() if name != "silent_seconds") for row in rows), key=str
    )


def test_each_number_is_found_again_by_the_sql_beside_it(busy: ModelWarehouse, graph: Graph) -> None:
    statements: list[str] = []
    project = Project.of(graph)
    with connected() as query:

        def counted(sql: str) -> Any:
            statements.append(sql)
            return query(sql)

        answers = ask(counted, project, usd_an_hour=2.88)
    assert len(statements) == 2

    html = page_of(answers, project, docs_of(graph))
    shown = dict(re.findall(r'<pre id="sql-(\w+)"><code>(.*?)</code></pre>', html, re.DOTALL))
    assert set(shown) == set(answers)
    for question in questions():
        told = Seen(shown[question.name]).text  # as somebody copies it
        assert comparable(again(busy, told, question.columns)) == comparable(list(answers[question.name].rows))
    empty = {"shapes"} & {name for name, answer in answers.items() if not answer.rows}
    assert {name for name, answer in answers.items() if not answer.rows} == empty


def test_the_numbers_are_what_happened(busy: ModelWarehouse, graph: Graph) -> None:
    project = Project.of(graph)
    with connected() as query:
        answers = ask(query, project, usd_an_hour=2.88)
    shown = content(answers, project, "test", datetime.now(UTC), 30, docs_of(graph))
    (line,) = [each for each in shown.datasets if each.name == "order_summary"]
    assert (line.files, line.rows, line.undone, line.rejected) == (3, 61, 1, 1)
    assert (line.waiting_files, line.waiting_rows, line.freshness) == (1, 20, "fresh")
    held = busy.transformer.value("select count(*) from gate.quarantine_orders")
    assert sum(each.count for each in shown.quarantine if each.subject == "orders") == held == 21
    assert {each.producer for each in shown.quarantine} == {f"s3://{BUCKET}/raw/order_summary/"}
    tiles = {tile.name: tile.value for tile in shown.tiles}
    assert (tiles["rows landed"], tiles["rows not modeled yet"], tiles["files rejected"]) == ("61", "20", "1")
    assert (tiles["last run"], tiles["gates failing"]) == ("gate failed", "1")
    assert tiles["old rows removed"] == "41"
    assert [(row["dataset"], row["files"], row["missing_rows"]) for row in shown.gaps] == [("order_summary", "1", "41")]
    (strip,) = [each for each in shown.strips if each.subject == "orders"]
    assert [cell.kind for cell in strip.cells] == ["passed", "failed", "unasked"]
    assert "after the UPSERT" not in strip.cells[1].says
    steps = {each.step: each for each in shown.latencies if each.dataset == "order_summary"}
    assert (steps["upload to landed"].p50, steps["upload to landed"].p95) == ("3 s", "3 s")
    assert steps["landed to modeled"].files == 1
    *_, first = shown.runs
    assert [run.outcome for run in shown.runs] == ["gate_failed", "gate_failed", "succeeded"]  # items went on beside it
    assert first.statements is not None
    assert int(first.statements) > 10
    assert {bar.kind for bar in first.phases} >= {"gate", "gates", "modeled"}
    assert first.cost_usd is not None
    assert float(first.cost_usd) >= 0.048  # a minute at least of 2.88 US$ an hour
    changes = [(row["column_name"], row["found"], row["became"], row["changed_by"]) for row in shown.changes]
    assert sorted(changes) == [
        ("note", None, "VARCHAR(65535)", "a load"),
        ("weight", "INTEGER", "BIGINT", "landfall evolve"),
    ]
    (rejected,) = shown.rejected
    assert (rejected.remedy, rejected.command) == ("write parquet", None)


def test_a_failed_test_below_a_modeled_table_or_a_mart_is_told_from_a_gate_before_the_upsert(
    busy: ModelWarehouse, graph: Graph
) -> None:
    project = Project.of(graph)
    assert {"int_orders__checked", "stg_orders", "landing.order_summary"} <= set(project.gated)
    assert not {"orders", "order_items", "fct_orders"} & set(project.gated)
    run = busy.transformer.value("select run_id from ops.runs order by started_at desc limit 1")
    columns = "run_id, gate, model, status, severity, failures, message, executed_at"
    of = {"tables__key": "orders", "marts__total": "fct_daily_orders", "gates__rate": "int_orders__checked"}
    try:
        for gate, model in of.items():
            busy.loader.run(
                f"insert into ops.gate_results ({columns}) "
                f"values ({literal(str(run))}, '{gate}', '{model}', 'fail', 'error', 1, null, sysdate)"
            )
        with connected() as query:
            answers = ask(query, project)
    finally:
        busy.loader.run("delete from ops.gate_results where gate in ('tables__key', 'marts__total', 'gates__rate')")
    shown = content(answers, project, "test", datetime.now(UTC), 30)
    assert {strip.subject: strip.last for strip in shown.strips if strip.subject in ("tables", "marts", "gates")} == {
        "tables": "failed after",
        "marts": "failed after",
        "gates": "failed",
    }


def test_a_rejection_stands_of_a_file_whose_rows_were_removed_before_and_of_none_that_has_landed_since(
    busy: ModelWarehouse, graph: Graph
) -> None:
    for seconds, reason in ((-5, "before_its_rows_left"), (5, "when_it_was_to_come_back")):
        busy.loader.run(
            "insert into ops.rejected_files (file_id, dataset, bucket, key, reason, detail, verdict, rejected_at) "
            f"select file_id, 'order_summary', bucket, \"key\", '{reason}', '', '{{}}', "
            f"dateadd(second, {seconds}, removed_at) from ledger.order_summary where removed_at is not null"
        )
    with connected() as query:
        answers = ask(query, Project.of(graph))
    reasons = {row["reason"] for row in answers["rejected"].rows}
    assert reasons == {"not_parquet", "when_it_was_to_come_back"}
    shown = content(answers, Project.of(graph), "test", datetime.now(UTC), 30)
    assert {each.reason: each.count for each in shown.rejections} == dict.fromkeys(reasons, 1)
    assert [tile.value for tile in shown.tiles if tile.name == "files rejected"] == ["2"]


def test_a_rejection_stands_of_each_object_of_a_key_without_versions_of_which_another_has_landed(
    busy: ModelWarehouse, graph: Graph
) -> None:
    busy.loader.run("update ledger.order_summary set etag = 'e1' where load_seq = 2")
    for etag in ("e2", "e3", None):
        said = literal(f'{{"reason": "not_parquet", "etag": "{etag}"}}') if etag else OF_THE_LEDGER
        busy.loader.run(
            "insert into ops.rejected_files "
            "(file_id, dataset, bucket, key, version_id, reason, detail, verdict, rejected_at) "
            f"select file_id, 'order_summary', bucket, \"key\", 'null', 'not_parquet', '', {said}, getdate() "
            "from ledger.order_summary where load_seq = 2"
        )
    with connected() as query:
        answers = ask(query, Project.of(graph))
    etags = [json.loads(row["verdict"] or "").get("etag") for row in answers["rejected"].rows]
    assert sorted(etag for etag in etags if etag) == ["e2", "e3"]
    shown = content(answers, Project.of(graph), "test", datetime.now(UTC), 30)
    assert [tile.value for tile in shown.tiles if tile.name == "files rejected"] == ["3"]  # one more is of `busy`


@pytest.fixture
def without(busy: ModelWarehouse, request: pytest.FixtureRequest) -> Iterator[ModelWarehouse]:
    """The busy warehouse in which somebody has dropped a table of dbt's, or taken the grant on another one away."""
    if request.param.startswith("gate."):
        busy.transformer.run(f"drop table {request.param}")
        yield busy
        return
    busy.loader.run(f"revoke select on {request.param} from {TRANSFORMER}")
    yield busy
    busy.loader.run(f"grant select on {request.param} to {TRANSFORMER}")


def shown_of(graph: Graph) -> tuple[dict[str, Answer], Content, Seen]:
    """Ask, lay out and read the page."""
    project = Project.of(graph)
    with connected() as query:
        answers = ask(query, project)
    shown = content(answers, project, "test", datetime.now(UTC), 30, docs_of(graph))
    return answers, shown, Seen(render(shown))


@pytest.mark.parametrize("without", ["gate.int_order_items__checked"], indirect=True)
def test_a_table_that_is_gone_below_a_view_costs_the_page_its_rows_alone_and_the_page_says_so(
    without: ModelWarehouse, graph: Graph
) -> None:
    answers, shown, seen = shown_of(graph)
    (why,) = [answer.lacks for answer in answers.values() if not answer.is_whole]
    assert why == answers["quarantine"].lacks
    assert list(why) == ["gate.quarantine_order_items"]
    assert "int_order_items__checked" in why["gate.quarantine_order_items"]  # what is gone, below what is read
    assert f"gate.quarantine_order_items: {why['gate.quarantine_order_items']}" in seen.text
    held = without.transformer.value("select count(*) from gate.quarantine_orders")
    assert sum(each.count for each in shown.quarantine) == held == 21
    tiles = {tile.name: (tile.value, tile.state) for tile in shown.tiles}
    assert tiles["rows landed"] == ("61", "plain")
    assert tiles["rows in quarantine"] == ("21", "bad")
    assert "This is without gate.quarantine_order_items, which cannot be read." in seen.text
    assert "landfall transform --full-refresh --wait makes it again" in seen.text


@pytest.mark.parametrize(
    ("without", "lost"),
    [
        ("ledger.order_summary", {"landed", "datasets", "gaps", "latency", "rejected", "rejections", "shapes"}),
        ("ops.alerts", {"messages"}),
        ("ops.gate_results", {"gates", "objections"}),
        ("ops.rejected_files", {"refusals", "rejected", "rejections"}),
        ("ops.runs", {"gates", "runs"}),
        ("ops.model_loads", {"datasets", "latency"}),
    ],
    indirect=["without"],
)
def test_what_else_is_gone_is_named_by_all_that_cannot_be_told_without_it_and_the_rest_is_told(
    without: ModelWarehouse, graph: Graph, lost: set[str], request: pytest.FixtureRequest
) -> None:
    answers, shown, seen = shown_of(graph)
    (gone,) = shown.unread
    assert gone == request.node.callspec.params["without"]
    assert {name for name, answer in answers.items() if list(answer.lacks) == [gone]} == lost
    assert {name for name, answer in answers.items() if not answer.is_whole} == lost
    assert "permission denied" in shown.unread[gone]
    assert f"{gone}: {shown.unread[gone]}" in seen.text
    assert not shown.refused(answers)  # what is gone explains it
    doubted = {tile.name: tile.value for tile in shown.tiles if tile.note in ("not all can be read", "not known")}
    assert set(doubted) == {
        name
        for name, question in IS_OF.items()
        if question in lost and (name != "old rows removed" or gone[:3] != "ops")
    }
    empty = {name for name, question in IS_OF.items() if question in lost and not answers[question].rows}
    assert {name for name, value in doubted.items() if value == "?"} == empty
    assert shown.runs or "runs" in lost
    for question in lost & set(SAID_OF_NOTHING):
        if not answers[question].rows and SAID_OF_NOTHING[question] not in ALSO_SAID:
            assert SAID_OF_NOTHING[question] not in seen.text


def test_what_a_dataset_s_ledger_would_tell_is_not_known_and_not_nothing_where_it_is_gone(
    busy: ModelWarehouse, graph: Graph
) -> None:
    rejected = "insert into ops.rejected_files (file_id, dataset, bucket, key, reason, detail, verdict, rejected_at) "
    verdict = literal('{"reason": "not_parquet", "remedy": "landfall replay the file"}')
    busy.loader.run(
        f"{rejected} select file_id, 'order_summary', bucket, \"key\", 'not_parquet', '', {verdict}, "
        "dateadd(second, -5, loaded_at) from ledger.order_summary where load_seq = 2",
        f"{rejected} values ('f2', 'claims', '{BUCKET}', 'raw/claims/c.parquet', 'not_parquet', '', {verdict}, "
        "getdate())",
    )
    answers, shown, _ = shown_of(graph)
    landed = {each.dataset for each in shown.rejected}
    assert landed == {"order_summary", "claims"}  # of the former, the file of `busy` that never landed
    assert [each.count for each in shown.rejections] == [1, 1]
    busy.loader.run(f"revoke select on ledger.order_summary from {TRANSFORMER}")
    try:
        answers, shown, _ = shown_of(graph)
        for question in (each for each in questions() if each.name in ("rejected", "rejections")):
            told = again(busy, answers[question.name].sql, question.columns)
            assert comparable(told) == comparable(list(answers[question.name].rows))
    finally:
        busy.loader.run(f"grant select on ledger.order_summary to {TRANSFORMER}")
    assert [(each.dataset, each.count) for each in shown.rejections] == [("claims", 1)]
    assert [each.command for each in shown.rejected] == ["landfall replay raw/claims/c.parquet"]
    (line,) = [each for each in shown.datasets if each.name == "order_summary"]
    assert line.unknown == {"landed", "datasets", "rejections"}
    row = line_of(render(shown), "order_summary")
    assert row.count("not known") == 6
    assert "no model" not in row
    assert "nothing yet" not in row
    assert not [each.unknown for each in shown.datasets if each.name != "order_summary" and each.unknown]
    tiles = {tile.name: (tile.value, tile.note) for tile in shown.tiles}
    assert tiles["files rejected"] == ("1", "not all can be read")
    assert tiles["old rows removed"] == ("?", "not known")


def test_a_column_that_is_missing_is_named_and_no_table_that_can_be_read(busy: ModelWarehouse, graph: Graph) -> None:
    busy.loader.run("alter table ops.runs rename column phases to phases_of_later")
    try:
        answers, shown, seen = shown_of(graph)
    finally:
        busy.loader.run("alter table ops.runs rename column phases_of_later to phases")
    assert {name for name, answer in answers.items() if not answer.is_whole} == {"runs"}
    assert not shown.unread
    (said,) = shown.refused(answers)
    assert "phases" in said
    assert said in seen.text
    assert "gates" not in {tile.section for tile in shown.tiles if tile.note == "not known"}
    assert [tile.value for tile in shown.tiles if tile.name == "last run"] == ["?"]
    assert SAID_OF_NOTHING["runs"] not in seen.text


def test_a_page_of_which_nothing_is_missing_says_nothing_of_it(busy: ModelWarehouse, graph: Graph) -> None:
    _, shown, seen = shown_of(graph)
    assert not shown.unread
    assert "cannot be read" not in seen.text


class Swapping:
    """A warehouse of nothing, in which what a question reads is put in its place whenever that is asked, so often."""

    def __init__(self, question: str, times: int) -> None:
        self.asked = f"cast('{question}' as varchar(32)) as question"
        self.left = times

    def __call__(self, sql: str) -> list[dict[str, Any]]:
        if self.asked in sql and self.left:
            self.left -= 1
            raise UnreadableError("the warehouse does not show what is asked", 'relation "gate.swapped" does not exist')
        return []


@pytest.mark.parametrize("name", [each.name for each in questions()])
def test_a_question_that_fails_while_all_it_reads_can_be_read_is_asked_again_and_then_not_said_to_be_of_nothing(
    name: str,
) -> None:
    joined, alone = 1, 1
    swapped = ask(Swapping(name, joined + alone), Project({}, {}))
    assert all(answer.is_whole for answer in swapped.values())
    refused = ask(Swapping(name, joined + 2 * alone), Project({}, {}))
    assert [each for each, answer in refused.items() if not answer.is_whole] == [name]
    assert refused[name].refusal == 'relation "gate.swapped" does not exist'
    html = page_of(refused)
    assert 'relation "gate.swapped" does not exist' in Seen(html).text
    shown = content(refused, Project({}, {}), "test", NOON, 30)
    assert {tile.name for tile in shown.tiles if tile.value == "?"} == {
        tile for tile, question in IS_OF.items() if question == name
    }
    whole = page_of(swapped)
    if said := SAID_OF_NOTHING.get(name):
        assert Seen(html).text.count(said) == Seen(whole).text.count(said) - 1
    else:
        assert name in ("refusals", "gaps", "rejected")  # marks of days, a table that is not shown, cards


def test_of_removed_rows_those_of_a_ledger_that_is_gone_are_not_counted_without_a_word() -> None:
    gap = row_of("gaps", "x") | {"dataset": "orders", "missing_rows": "5"}
    answers = answered(gaps=[gap])
    answers["gaps"] = replace(answers["gaps"], lacks={"ledger.claims": "permission denied"})
    shown = content(answers, Project({}, {}), "test", NOON, 30)
    told = {tile.name: (tile.value, tile.state, tile.note) for tile in shown.tiles}
    assert told["old rows removed"] == ("5", "bad", "not all can be read")
    assert "This is without ledger.claims" in Seen(render(shown)).text


def test_a_page_of_which_nothing_can_be_read_is_no_page() -> None:
    def nothing(sql: str) -> list[dict[str, Any]]:
        if sql == CATALOG_SQL:
            return []
        raise UnreadableError("permission denied")

    with pytest.raises(UnreadableError, match="nothing of the page can be read"):
        ask(nothing, Project({}, {}))


def test_a_warehouse_in_which_nothing_has_landed_has_a_page(worker_warehouse: ModelWarehouse) -> None:
    asked: list[str] = []

    def nothing(sql: str) -> list[dict[str, Any]]:
        asked.append(sql)
        return []

    ask(nothing, Project({}, {}))
    _, statement = asked
    assert worker_warehouse.transformer.rows(statement) is not None


def test_dbt_s_documentation_opens_at_what_a_mart_is_made_from(graph: Graph) -> None:
    docs = docs_of(graph)
    assert dict(docs.lineages)["fct_orders"] == f"dbt/index.html{lineage('fct_orders')}"
    assert {name for name, _ in docs.lineages} >= {"dim_customers", "fct_claims"}
    assert all(" " not in url for _, url in docs.lineages)
