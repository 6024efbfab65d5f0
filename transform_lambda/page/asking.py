"""ALERT: ask the warehouse what the operator's page shows (questions.py).

In: the project, the catalog. Out: SQL, and answers. Pure but for `ask`.

The questions are asked as one statement: the common table expressions are written once, and every answer is a row of
texts, its question's name before it. Where the warehouse refuses that, since somebody dropped a table, it is asked what
of it cannot be read, and the rest is asked again.
"""

# ruff: noqa: S608 - building SQL is this module's purpose; names are those of the catalog and of our own project

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from transform_lambda.errors import UnreadableError
from transform_lambda.graph import Graph
from transform_lambda.page.questions import DAYS, Question, questions, standing, with_common

Query = Callable[[str], Sequence[Mapping[str, Any]]]
Row = Mapping[str, str | None]
# Longer texts are cut; a verdict has eight fields of at most 1,000 characters, most of them a few words.
TEXT = "varchar(16000)"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,126}")
_OPS_TABLE = re.compile(r"\bops\.\w+")


# Tables that hold what landed, those of them that can say whose rows were removed, and views of rows in quarantine: of
# the catalog, which Redshift does not let mix with users' tables (https://docs.aws.amazon.com/redshift/latest/dg/c_join_PG.html).
CATALOG_SQL = """select cast('ledger' as varchar(16)) as kind, cast(tablename as varchar(128)) as name
from pg_tables where schemaname = 'ledger'
union all
select cast('removals' as varchar(16)), cast(tables.relname as varchar(128))
from pg_class as tables
inner join pg_namespace as spaces on tables.relnamespace = spaces.oid
inner join pg_attribute as columns on tables.oid = columns.attrelid
where spaces.nspname = 'ledger' and tables.relkind = 'r' and columns.attname = 'removed_at' and not columns.attisdropped
union all
select cast('quarantine' as varchar(16)), cast(viewname as varchar(128))
from pg_views where schemaname = 'gate' and strpos(viewname, 'quarantine_') = 1"""


@dataclass(frozen=True)
class Answer:
    """What a question came to, the SQL that tells it again, and what the warehouse said of what could not be read.

    `lacks`: by relation that is left out of the rows. `refusal`: of the question, which is not answered at all then.
    """

    sql: str
    rows: Sequence[Row]
    lacks: Mapping[str, str] = field(default_factory=dict)
    refusal: str | None = None

    @property
    def is_whole(self) -> bool:
        """Tell an answer from a part of one, and from none."""
        return not self.lacks and self.refusal is None

    def can_tell_of(self, dataset: str) -> bool:
        """Tell whether no row of a dataset means that there is none."""
        return self.refusal is None and f"ledger.{dataset}" not in self.lacks


@dataclass(frozen=True)
class Source:
    """A declared dataset: after how many seconds of silence it is late, and whether its values are nobody's to see."""

    warn_after: float | None = None
    error_after: float | None = None
    is_sensitive: bool = False


@dataclass(frozen=True)
class Project:
    """What the dbt project says: the models that take in each dataset, the declared datasets, and what is `gated`.

    A gate of what is gated stands before an UPSERT. It has the names that `ops.gate_results` calls it by.
    """

    readers: Mapping[str, Collection[str]]
    sources: Mapping[str, Source]
    gated: Collection[str] = ()

    @classmethod
    def of(cls, graph: Graph) -> Project:
        """Read dbt's graph."""
        sources = {
            str(node.dataset): Source(node.warn_after, node.error_after, node.is_sensitive) for node in graph.landing
        }
        # as macro `gated_model` writes them
        gated = [id_.split(".", 2)[-1] for id_ in graph.before_upserts]
        return cls(graph.readers, sources, gated)


def ask(query: Query, project: Project, days: int = DAYS, usd_an_hour: float = 0.0) -> dict[str, Answer]:
    """Ask everything, in two statements, or more where some of it cannot be read; return the answers by question.

    `usd_an_hour`: what an hour of the warehouse costs, 0 where that is not known.

    Raises:
        UnreadableError: nothing can be read.
    """
    catalog = query(CATALOG_SQL)
    ledgers = [row["name"] for row in catalog if row["kind"] == "ledger"]
    views = [row["name"] for row in catalog if row["kind"] == "quarantine"]
    removing = {row["name"] for row in catalog if row["kind"] == "removals"}
    read = relations(ledgers, views, removing)
    every = questions(days, usd_an_hour)
    try:
        return _answered(query, every, common_tables(read, project, days))
    except UnreadableError:
        return _answered_in_part(query, every, read, project, days)


def _answered(query: Query, every: Sequence[Question], common: Mapping[str, str]) -> dict[str, Answer]:
    answers: dict[str, list[Row]] = {question.name: [] for question in every}
    columns = {question.name: question.columns for question in every}
    for row in query(statement(every, common)):
        name = row["question"]
        values = (row[f"c{place}"] for place in range(1, len(columns[name]) + 1))
        answers[name].append(dict(zip(columns[name], values, strict=True)))
    return {question.name: Answer(question.sql(common), answers[question.name]) for question in every}


def _answered_in_part(
    query: Query, every: Sequence[Question], read: Mapping[str, Mapping[str, str]], project: Project, days: int
) -> dict[str, Answer]:
    """Ask one by one what can be answered without what cannot be read, and say of each answer what it lacks."""
    gone = {name: _unreadable(query, parts) for name, parts in read.items()}
    left = {name: {each: sql for each, sql in parts.items() if each not in gone[name]} for name, parts in read.items()}
    common = common_tables(left, project, days, [name.removeprefix("ledger.") for name in gone["files"]])
    answers = {
        question.name: _answer(
            query, question, common, {each: why for name in question.reads for each, why in gone.get(name, {}).items()}
        )
        for question in every
    }
    if all(answer.refusal for answer in answers.values()):
        raise UnreadableError("nothing of the page can be read: `landfall doctor` looks what is wrong")
    return answers


def _answer(query: Query, question: Question, common: Mapping[str, str], lacks: Mapping[str, str]) -> Answer:
    """Ask a question, and once more where all that it reads can be read: dbt may have just put a table in its place."""
    sql = question.sql(common)
    refusal = None
    for _ in range(2):
        try:
            rows = _answered(query, [question], {name: common[name] for name in question.reads})[question.name].rows
        except UnreadableError as error:
            refusal = error.said
        else:
            return Answer(sql, rows, lacks)
        tables = _unreadable(query, {name: f"select * from {name}" for name in _OPS_TABLE.findall(sql)})
        if tables:
            return Answer(sql, [], {**lacks, **tables}, refusal)
    return Answer(sql, [], lacks, refusal)


def _unreadable(query: Query, selects: Mapping[str, str]) -> dict[str, str]:
    """Return what the warehouse says of each SELECT that it cannot read; a row at most is asked for."""
    said: dict[str, str] = {}
    for name, select in selects.items():
        try:
            query(f"select 1 from (\n{select}\n) as asked limit 1")
        except UnreadableError as error:
            said[name] = error.said
    return said


def statement(every: Sequence[Question], common: Mapping[str, str]) -> str:
    """Join the questions into one statement: a row an answer, `question` and then its columns `c1`, `c2` and so on.

    >>> one = Question("one", ("a",), "select b as a from t", ("t",))
    >>> print(statement([one, Question("two", ("a", "b"), "select 1 as a, 2 as b")], {"t": "select 3 as b"}))
    with t as (
    select 3 as b
    )
    select cast('one' as varchar(32)) as question, cast(a as varchar(16000)) as c1, cast(null as varchar(16000)) as c2
    from (
    select b as a from t
    ) as one
    union all
    select cast('two' as varchar(32)) as question, cast(a as varchar(16000)) as c1, cast(b as varchar(16000)) as c2
    from (
    select 1 as a, 2 as b
    ) as two
    """
    width = max(len(question.columns) for question in every)

    def part(question: Question) -> str:
        names = [*question.columns, *["null"] * (width - len(question.columns))]
        texts = [f"cast({name} as {TEXT}) as c{place}" for place, name in enumerate(names, start=1)]
        head = f"select cast('{question.name}' as varchar(32)) as question, {', '.join(texts)}"
        return f"{head}\nfrom (\n{question.select}\n) as {question.name}"

    return with_common(common) + "\nunion all\n".join(map(part, every))


def relations(
    ledgers: Iterable[str], views: Iterable[str], removing: Collection[str] = ()
) -> dict[str, dict[str, str]]:
    """Build the SELECT of each relation that the files of all ledgers and the rows in quarantine are read from.

    `removing`: the ledgers that can say whose rows were removed from landing. Names that are no dataset's (other tables
    that somebody made beside them) are left out.

    >>> read = relations(["orders", "o'clock"], ["quarantine_orders"])
    >>> {name: list(parts) for name, parts in read.items()}
    {'files': ['ledger.orders'], 'held': ['gate.quarantine_orders']}
    """
    files = {
        f"ledger.{name}": f"select cast('{name}' as varchar(128)) as dataset, file_id, \"key\" as object_key, "
        "event_time, loaded_at, undone_at, row_count, load_seq, coalesce(load_path, '') as load_path, "
        f"schema_fingerprint, etag, {'removed_at' if name in removing else 'cast(null as timestamp) as removed_at'} "
        f'from ledger."{name}"'
        for name in sorted(ledgers)
        if _NAME.fullmatch(name)
    }
    held = {
        f"gate.{name}": f"select cast('{name.removeprefix('quarantine_')}' as varchar(128)) as entity, "
        "_dataset as dataset, reject_reason as reason, _source_file as source_file "
        f'from gate."{name}"'
        for name in sorted(views)
        if _NAME.fullmatch(name)
    }
    return {"files": files, "held": held}


def common_tables(
    read: Mapping[str, Mapping[str, str]], project: Project, days: int, unknown: Iterable[str] = ()
) -> dict[str, str]:
    """Build what several questions read: files of all ledgers, refusals and which of them stand, rows in quarantine,
    readers, and models whose gates stand before an UPSERT.

    `read`: what `relations` says, of those that can be read. `unknown`: the datasets whose ledger cannot, so that
    nobody knows which of their refusals stand.
    """
    pairs = [(name, model) for name in project.readers for model in sorted(project.readers[name])]
    readers = [
        f"select cast('{name}' as varchar(128)) as dataset, cast('{model}' as varchar(256)) as model"
        for name, model in pairs
    ]
    gated = [f"select cast('{name}' as varchar(256)) as model" for name in sorted(project.gated)]
    nothing = "cast('' as varchar(128))"
    return {
        "files": _union(read["files"].values())
        or f"select {nothing} as dataset, {nothing} as file_id, {nothing} as object_key, getdate() as event_time, "
        f"getdate() as loaded_at, getdate() as undone_at, 0 as row_count, 0 as load_seq, "
        f"{nothing} as load_path, {nothing} as schema_fingerprint, {nothing} as etag, getdate() as removed_at "
        "where 1 = 0",
        "readers": _union(readers) or f"select {nothing} as dataset, {nothing} as model where 1 = 0",
        "gated": _union(gated) or f"select {nothing} as model where 1 = 0",
        "held": _union(read["held"].values())
        or f"select {nothing} as entity, {nothing} as dataset, {nothing} as reason, {nothing} as source_file "
        "where 1 = 0",
        "refused": f"""select dataset, file_id, "key" as object_key, reason, detail, verdict, rejected_at,
    case
        when version_id <> 'null' then null
        when reason = 'overwritten' then substring(json_extract_path_text(verdict, 'found'), 6)
        else nullif(json_extract_path_text(verdict, 'etag'), '')
    end as etag
from ops.rejected_files
where rejected_at > dateadd(day, -{days:d}, getdate())""",
        "standing": standing(sorted(unknown)),
    }


def _union(selects: Iterable[str]) -> str:
    return "\nunion all ".join(selects)
