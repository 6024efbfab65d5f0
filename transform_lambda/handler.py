"""MODEL, GATE, ALERT: the transform function. In: one action of the state machine. Out: that action's result, as JSON.

The actions, in the order of the state machine: plan, build, archive, report, remember, publish; on a schedule,
freshness; as a step of a deployment, prepare; and for whoever asks, page, smoke and retention.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from transform_lambda import alerts, carried, freshness, retaining
from transform_lambda import archive as archiving
from transform_lambda.build import Builder
from transform_lambda.catalog import BuiltRelations
from transform_lambda.changes import Changes, changes_since, is_unapplied
from transform_lambda.dbt_runtime import connected, docs_page, parse_path
from transform_lambda.errors import ConfigError, TransientError
from transform_lambda.event_log import EventLog
from transform_lambda.facts import Facts, read_facts
from transform_lambda.facts_sql import REMOVED_AT, WHO_SQL, ledgers_of
from transform_lambda.graph import Graph
from transform_lambda.kept import Landings, OwedRefresh, ToldStale
from transform_lambda.login import read_password
from transform_lambda.owner import expect_owner
from transform_lambda.page import publish as pages
from transform_lambda.page.asking import Project, ask
from transform_lambda.page.content import content
from transform_lambda.page.questions import DAYS
from transform_lambda.parse_cache import graph_kept, graph_of_version, parse_kept
from transform_lambda.plan import Plan, decide, owed
from transform_lambda.project import Memory, files_of, fingerprint
from transform_lambda.report import Desk
from transform_lambda.report import report as write_report
from transform_lambda.sessions import POOL
from transform_lambda.settings import Settings
from transform_lambda.smoke import merge_twice

logger = Logger()
logging.getLogger(logger.name).propagate = False  # dbt's libraries give the root logger a handler: a second, plain line
metrics = Metrics()

Event = Mapping[str, Any]


@logger.inject_lambda_context
def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    """Run one action.

    Raises:
        ConfigError: the deployment is wrong, or the action is unknown.
        TransientError: the warehouse cannot be reached; the state machine tries again.
    """
    action = ACTIONS.get(event.get("action", ""))
    if action is None:
        raise ConfigError(f"unknown action {event.get('action')!r}; known: {', '.join(ACTIONS)}")
    logger.append_keys(action=event["action"], execution=event["execution"])
    with POOL.held():
        given = settings()
        result = action(carried.fetched(s3(), given.bucket, event), given, context)
        if event["action"] in CARRIED:
            result = carried.put_away(s3(), given.bucket, result)
    logger.info("done", extra={"size_bytes": len(json.dumps(result))})
    return result


def prepare(_event: Event, settings: Settings, _context: LambdaContext) -> dict[str, Any]:
    """Parse the project, so that the first run need not. No warehouse is asked.

    Raises:
        ConfigError: dbt cannot parse it.
    """
    return {"nodes": len(_graph(settings).nodes)}


def plan(event: Event, settings: Settings, _context: LambdaContext) -> dict[str, Any]:
    """Decide what must be built, and in how many parts; `request` may ask for {"full_refresh": true}."""
    graph = _graph(settings)
    before = Memory(s3(), settings.bucket).read()
    is_full = (event.get("request") or {}).get("full_refresh") is True
    decided, facts = _look(settings, graph, before, full_refresh=is_full)
    for reason in decided.reasons:
        logger.info(reason)
    entities = list(graph.parts(graph.selected(asdict(decided))))
    is_quiet = _is_quiet(settings, decided, facts)
    about = {
        "fingerprint": _fingerprint(),
        "before": before,
        "told": facts.told,
        "quiet": is_quiet,
        "quiet_until": _reminder_at(settings, graph, facts) if is_quiet else 0,
        "owed_refresh_since": _owed_refresh(settings, decided),
    }
    return {**decided.to_json(settings.rows_per_build, entities), **about}


def _owed_refresh(settings: Settings, decided: Plan) -> str | None:
    """Keep a full refresh as owed before it begins, until its report; say since when one is that this plan is not."""
    owed_refresh, now = OwedRefresh(s3(), settings.bucket), _now()
    if decided.full_refresh:
        owed_refresh.write(now, now)
        return None
    since = owed_refresh.renew(now)
    return since.isoformat(timespec="seconds") if since else None


def _look(settings: Settings, graph: Graph, before: Sequence[str], *, full_refresh: bool = False) -> tuple[Plan, Facts]:
    """Ask the warehouse, and decide what must be built."""
    with connected() as query:
        who = query(WHO_SQL)
        _check_user(who[0]["name"], settings.warehouse_user)
        others = (node.name for node in graph.landing)
        ledgers = ledgers_of(who)
        facts = read_facts(query, graph.readers, ledgers, others)
    has_removals = any(REMOVED_AT in columns for columns in ledgers.values())
    project_changed = before != [_fingerprint()]
    reminder_at = _reminder_at(settings, graph, facts)
    changes, remade = _changes(settings, graph, before) if project_changed else (None, False)
    return decide(
        facts.datasets,
        project_changed=project_changed,
        changes=changes,
        is_remade=remade,
        full_refresh=full_refresh,
        look_again=0 < reminder_at <= time.time(),
        read_with={name: graph.read_with(name) for name in graph.readers} if has_removals else {},
        beside={fact.name: graph.beside_the_checks(fact.name) for fact in facts.datasets if fact.gap},
    ), facts


def _changes(settings: Settings, graph: Graph, before: Sequence[str]) -> tuple[Changes | None, bool]:
    """Tell what differs from the versions that what stands is made by; None where that cannot be told by models.

    And whether rows of before may mean something else by it. No version is known after an error: nothing differs then.
    """
    kept = [graph_of_version(s3(), settings.bucket, each) for each in before]
    graphs = [each for each in kept if each]
    if not before or len(graphs) < len(kept):
        return None, bool(before)
    return changes_since(graphs, graph), any(is_unapplied(each, graph) for each in graphs)


def _reminder_at(settings: Settings, graph: Graph, facts: Facts) -> int:
    """Return when what failed is to be told again if it holds, in seconds since 1970; 0 where nothing has."""
    minutes = facts.due_in(graph.gates, settings.reminder_hours * 60)
    return 0 if minutes is None else int(time.time()) + minutes * 60


def _is_quiet(settings: Settings, decided: Plan, facts: Facts) -> bool:
    """Tell whether nothing is left to build or to tell again by now; if so, keep what freshness goes by meanwhile."""
    if not decided.is_empty:
        return False
    Landings(s3(), settings.bucket).write(facts.newest)
    return True


def _graph(settings: Settings) -> Graph:
    def parse() -> Graph:
        with _parsed(settings):
            files = files_of(settings.project_dir, settings.warehouse)
            return replace(Builder(settings.project_dir, logger).graph(), files=files)

    return graph_kept(s3(), settings.bucket, _fingerprint(), parse)


def build(event: Event, settings: Settings, _context: LambdaContext) -> dict[str, Any]:
    """Run dbt, for the whole plan or one part of it. What breaks from here on leaves the whole project to be built."""
    if not event.get("so_far"):
        Memory(s3(), settings.bucket).forget()
    with _parsed(settings) as current:
        builder = Builder(settings.project_dir, logger, BuiltRelations(s3(), settings.bucket, current))
        result = builder.build(event["plan"], event.get("part"), event.get("so_far"), event.get("before"))
    metrics.add_dimension("environment", settings.environment)
    metrics.add_metric("ModelsBuilt", MetricUnit.Count, sum(model["status"] == "success" for model in result["models"]))
    metrics.add_metric("GatesFailed", MetricUnit.Count, len(result["failing"]))
    metrics.add_metric("BuildErrors", MetricUnit.Count, len(result["errors"]))
    metrics.flush_metrics()
    return result


def archive(event: Event, settings: Settings, _context: LambdaContext) -> dict[str, Any]:
    """Mark the files that the run took in, as many as `seconds` allow: the state that waits for it has a limit.

    `since`, in milliseconds since 1970, is when it was planned: an attempt that died told nobody what it had modeled.
    """
    datasets, run_ids = event["plan"]["datasets"], event["build"]["run_ids"]
    since = datetime.fromtimestamp(event["since"] / 1000, UTC) - archiving.CLOCKS_DIFFER
    if not datasets:
        return {**dict.fromkeys(archiving.OUTCOMES, 0), "after": None}
    deadline = time.monotonic() + event["seconds"]
    with connected() as query:
        return archiving.mark(
            s3(),
            lambda after: archiving.landed_files(query(archiving.files_sql(datasets, run_ids, since, after))),
            lambda: time.monotonic() < deadline,
            event.get("so_far"),
        )


def report(event: Event, settings: Settings, _context: LambdaContext) -> dict[str, Any]:
    """Write the reports and compose the message, unless the same was told already."""
    told = event["plan"].get("told")  # minutes ago, and nobody else tells: the lease is ours
    last = alerts.LastAlert(**told) if told else None
    return write_report(Desk(s3(), settings.bucket, settings.environment, settings.reminder_hours, last), event)


def remember(event: Event, settings: Settings, _context: LambdaContext) -> dict[str, Any]:
    """Record a message that has been sent; asked to `look` too, tell whether its run has left nothing to do."""
    alert = event["alert"]
    with connected() as query:
        alerts.record(query, alert)
    if alert["kind"] == freshness.KIND:
        ToldStale(s3(), settings.bucket).write(alert["fingerprint"], _now())
    return {"quiet": event.get("look") is True and _has_left_nothing(settings)}


def _has_left_nothing(settings: Settings) -> bool:
    graph = _graph(settings)
    try:
        decided, facts = _look(settings, graph, Memory(s3(), settings.bucket).read())
        return _is_quiet(settings, decided, facts) and not _reminder_at(settings, graph, facts)
    except TransientError as error:  # the next sweep asks
        logger.warning("whether anything is left to do is not known", extra={"error": str(error)})
        return False


def publish(_event: Event, settings: Settings, _context: LambdaContext) -> dict[str, Any]:
    """Put the operator's page into the bucket, and dbt's documentation beside it where the project has changed."""
    pages.put(s3(), settings.bucket, _page(settings, DAYS))

    def make_docs() -> bytes:
        with _parsed(settings):
            return docs_page(settings.project_dir, EventLog(logger))

    return {"page": pages.PAGE, "docs": pages.keep_docs(s3(), settings.bucket, _fingerprint(), make_docs)}


def page(event: Event, settings: Settings, _context: LambdaContext) -> dict[str, Any]:
    """Make the operator's page and hand it over: some 100 KB, of the 6 MB that an answer may have."""
    return {"html": _page(settings, int(event.get("days", DAYS)))}


def _page(settings: Settings, days: int) -> str:
    from transform_lambda.page.render import render  # Jinja, which no other action but a build needs

    graph = _graph(settings)
    project = Project.of(graph)
    with connected() as query:
        answers = ask(query, project, days, settings.usd_an_hour)
    owed_since = OwedRefresh(s3(), settings.bucket).read()
    return render(content(answers, project, settings.environment, _now(), days, pages.docs_of(graph), owed_since))


def smoke(_event: Event, settings: Settings, _context: LambdaContext) -> dict[str, Any]:
    """Model the row of a smoke test, and leave nothing of it."""
    with connected() as query:
        _check_user(query("select current_user as name")[0]["name"], settings.warehouse_user)
        return merge_twice(query)


def retention(event: Event, settings: Settings, _context: LambdaContext) -> dict[str, Any]:
    """Say which landed rows of `datasets` no model will ask for again, and what is read where one is rebuilt."""
    graph, before = _graph(settings), Memory(s3(), settings.bucket).read()
    _, facts = _look(settings, graph, before)
    with connected() as query:
        is_built = before == [_fingerprint()]
        return retaining.answer(query, graph, event["datasets"], owed(facts.datasets), is_built=is_built)


def check_freshness(event: Event, settings: Settings, _context: LambdaContext) -> dict[str, Any]:
    """Look for datasets that deliver nothing any more, and compose the message, unless the same was told already.

    `is_quiet`: nothing has landed since the last plan, so that the warehouse need not be asked.
    """
    found = _late(settings) if event.get("is_quiet") is True else None
    if found is None:
        found = _stale(settings)
    last = _last_told_stale(settings) if found else None
    return freshness.finding(settings.environment, found, last, settings.reminder_hours)


def _late(settings: Settings) -> list[freshness.Stale] | None:
    """List what is late by the landings that the last plan has kept; None where they cannot tell it."""
    newest = Landings(s3(), settings.bucket).read()
    sources = _graph(settings).landing
    if newest is None or any(source.has_own_freshness for source in sources):
        return None
    return freshness.late(sources, newest, _now())


def _stale(settings: Settings) -> list[freshness.Stale]:
    """List what is late by the ledgers, and of sources that ask in their own way by dbt."""
    sources = _graph(settings).landing
    names = [str(source.dataset) for source in sources]
    with connected() as query:
        facts = read_facts(query, {}, ledgers_of(query(WHO_SQL)), names)
    newest = {name: at.replace(tzinfo=UTC) for name, at in facts.newest.items()}
    own = [source for source in sources if source.has_own_freshness]
    found = freshness.late([source for source in sources if source not in own], newest, _now())
    if not own:
        return found
    with _parsed(settings):
        return freshness.longest_first([*found, *freshness.check(settings.project_dir, logger, own, newest)])


def _last_told_stale(settings: Settings) -> alerts.LastAlert | None:
    """Read what was told last. If it cannot be read the message is sent: twice is better than never."""
    if kept := ToldStale(s3(), settings.bucket).read():
        fingerprint, sent_at = kept
        return alerts.LastAlert(fingerprint, int((_now() - sent_at).total_seconds() // 60))
    try:
        with connected() as query:
            return alerts.read_last(query, freshness.KIND)
    except TransientError as error:
        logger.warning("what was told last cannot be read", extra={"error": str(error)})
        return None


@contextmanager
def _parsed(settings: Settings) -> Iterator[str]:
    """Let dbt find its parse of the project from an earlier run; yield the project's fingerprint."""
    current = _fingerprint()
    with parse_kept(s3(), settings.bucket, current, parse_path()):
        yield current


ACTIONS: dict[str, Callable[[Event, Settings, LambdaContext], dict[str, Any]]] = {
    "prepare": prepare,
    "plan": plan,
    "build": build,
    "archive": archive,
    "report": report,
    "remember": remember,
    "publish": publish,
    "page": page,
    "freshness": check_freshness,
    "smoke": smoke,
    "retention": retention,
}


CARRIED = {"plan", "build", "archive"}  # whose results later actions are given


@functools.cache
def settings() -> Settings:
    """Return the settings, read once.

    With password authentication dbt finds the password in this process's environment from then on.
    """
    found = Settings.from_environment(os.environ)
    if found.secret_arn:
        read_password(os.environ)
    return found


@functools.cache
def _fingerprint() -> str:
    return fingerprint(settings().project_dir, settings().warehouse)


@functools.cache
def s3() -> Any:
    """Return the S3 client, with a connection for each of the archive's threads."""
    client = boto3.client("s3", config=Config(max_pool_connections=archiving.THREADS))
    return expect_owner(client, os.environ.get("LANDFALL_ACCOUNT"))


def _now() -> datetime:
    return datetime.now(UTC)


def _check_user(found: str, expected: str) -> None:
    """Refuse to build as somebody else: the tables would get the wrong owner, and no later run could replace them.

    Raises:
        ConfigError: IAM gave credentials of another database user than the role's tag RedshiftDbUser names.
    """
    if found != expected:
        raise ConfigError(
            f"logged in to the warehouse as {found!r} instead of {expected!r}: the role's tag RedshiftDbUser has no "
            "effect on this warehouse; deploy with RedshiftAuthentication=database to log in with the secret"
        )
