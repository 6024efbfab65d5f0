"""Storms of CI: the same seeds each time, few of them. `make chaos` plays others, for as long as it is told to."""

from __future__ import annotations

import shutil
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ingest_lambda.tell.mark import ChangeMark
from ingest_lambda.warehouse import statements
from ingest_lambda.warehouse.client import Connection, Outcome
from local.home import ROOT
from tests.chaos import events, layers, worlds
from tests.chaos.__main__ import storm
from tests.chaos.cluster import Life
from tests.chaos.mutations import MUTATIONS, Mutation, apply
from tests.land.warehouse import Land

IN_MEMORY = 40
ON_REDSHIFT = 15
FOUND_WITHIN = 200


def told(seed: int, schedules: int) -> Namespace:
    return Namespace(seed=seed, schedules=schedules, minutes=60.0, stop=True, record=None)


def test_landing_is_whole_after_storms_in_memory() -> None:
    assert storm("core", told(1, IN_MEMORY)) == []


def test_landing_is_whole_after_storms_on_the_local_redshift() -> None:
    assert storm("sql", told(1, ON_REDSHIFT)) == []


def test_landing_is_whole_after_a_storm_on_the_local_services(land: Land) -> None:
    with worlds.quick():
        assert layers.landing(land, 1, is_parallel=True)["events"] > 0


def test_a_seed_is_the_same_storm_each_time() -> None:
    called = []
    for _ in range(2):
        with worlds.quick():
            life = Life(worlds.memory_land(), is_parallel=False)
            life.play(events.draw(7))
        called.append([(call.service, call.operation) for call in life.log])

    assert called[0] == called[1]
    assert len(called[0]) > 100


def lands_again(patch: pytest.MonkeyPatch) -> None:
    """Ask the ledger no more whether it holds a file."""
    patch.setattr(statements, "not_in_ledger", lambda _: "1 = 1")


def commits_twice(patch: pytest.MonkeyPatch) -> None:
    """Commit rows and ledger apart."""
    whole = Connection.transaction

    def torn(self: Connection, sqls: Sequence[str]) -> Outcome:
        rows = next((number for number, sql in enumerate(sqls, 1) if sql.startswith("insert into landing")), 0)
        if rows:
            whole(self, sqls[:rows])
        return whole(self, ["select 1"] * rows + list(sqls[rows:]))

    patch.setattr(Connection, "transaction", torn)


def sets_no_mark(patch: pytest.MonkeyPatch) -> None:
    """Let nobody know that there is something to model."""
    patch.setattr(ChangeMark, "set", lambda _: None)


@pytest.mark.parametrize("break_promise", [lands_again, commits_twice, sets_no_mark])
def test_a_broken_promise_is_found_and_the_command_said_that_finds_it_again(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    break_promise: Callable[[pytest.MonkeyPatch], None],
) -> None:
    break_promise(monkeypatch)

    [seed] = storm("core", told(1, FOUND_WITHIN))

    assert f"again: make chaos LAYER=core SEED={seed} SCHEDULES=1" in capsys.readouterr().err


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS)
def test_what_the_mutations_change_is_still_there(mutation: Mutation, tmp_path: Path) -> None:
    changed = tmp_path / mutation.path
    changed.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / mutation.path, changed)

    apply(mutation, tmp_path)

    assert mutation.instead in changed.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="0 times"):
        apply(mutation, tmp_path)
