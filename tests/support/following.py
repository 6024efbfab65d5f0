"""Let a schedule of files and runs happen, and compare its end with a full refresh."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tests.support.convergence import Act, Step
from tests.support.model_warehouse import ModelWarehouse, Moment
from tests.support.second_builder import SecondBuilder


def follow(
    schedule: Sequence[Step],
    warehouse: ModelWarehouse,
    selected: Sequence[str],
    other_builder: SecondBuilder | None = None,
) -> None:
    """Let the steps happen, and a last run. The run after an undo is a full refresh, as the transform decides it."""
    refresh: tuple[str, ...] = ()
    for step in [*schedule, Step(Act.RUN)]:
        if step.act is Act.LAND and step.file:
            warehouse.loader.land(step.file)
        elif step.act is Act.UNDO and step.file:
            warehouse.loader.undo(step.file)
            refresh = ("--full-refresh",)
        elif step.act is Act.REPLAY and step.file:
            warehouse.loader.replay(step.file)
        else:
            during = _amid_run(step, warehouse, selected, other_builder, is_anew=bool(refresh))
            warehouse.run_green(*refresh, *selected, during=during)
            refresh = ()


def assert_as_built_anew(warehouse: ModelWarehouse, selected: Sequence[str], *tables: str) -> None:
    """Assert that a full refresh changes no column of any row of modeled tables."""
    before = whole_tables(warehouse, *tables)
    warehouse.run_green("--full-refresh", *selected)
    assert whole_tables(warehouse, *tables) == before


def whole_tables(warehouse: ModelWarehouse, *tables: str) -> list[list[tuple[Any, ...]]]:
    """Return every column of every row of modeled tables."""
    return [sorted(warehouse.transformer.rows(f"select * from modeled.{table}"), key=repr) for table in tables]  # noqa: S608 - the tests' own names


def _amid_run(
    step: Step,
    warehouse: ModelWarehouse,
    selected: Sequence[str],
    other_builder: SecondBuilder | None,
    *,
    is_anew: bool,
) -> dict[Moment, Callable[[], None]]:
    """Return what happens in the middle of a step's run. A rebuild refuses, and is repeated, when another cuts in."""
    if step.act is Act.LAND_AMID_A_RUN and step.moment and step.file:
        return {step.moment: partial(warehouse.loader.land, step.file)}
    if step.act is Act.RUN_AMID_A_RUN and step.moment and other_builder and not is_anew:
        return {step.moment: partial(other_builder.run, "run", *selected)}
    return {}
