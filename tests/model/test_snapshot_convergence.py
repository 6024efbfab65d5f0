"""MODEL's law, of snapshots: whatever the order, batching, repetition and interleaving, the tables end the same.

Hypothesis draws whole exports and folders of parts that land in some order, late, twice, in part, or not at all, are
undone, and are replaced, with runs between and amid them. The end is compared with what the law says, told
independently in `tests/support/snapshot_schedules.py`, and with a full refresh.
"""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.support.convergence import Step
from tests.support.following import assert_as_built_anew, follow
from tests.support.model_warehouse import ModelWarehouse
from tests.support.second_builder import SecondBuilder
from tests.support.snapshot_schedules import ENTITY_MODELS, expected, snapshot_schedules
from tests.support.snapshots import ENDS

pytestmark = pytest.mark.xdist_group("snapshots")  # one warehouse, one after the other

EXAMPLES = 5
RUN = ("--select", *ENTITY_MODELS)


# A failing schedule is shown as it was drawn: to look for a smaller one would take minutes.
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(schedule=snapshot_schedules())
def test_modeled_tables_end_as_the_newest_complete_snapshots_say(
    snapshot_project: ModelWarehouse, other_snapshot_builder: SecondBuilder, schedule: Sequence[Step]
) -> None:
    snapshot_project.empty()
    follow(schedule, snapshot_project, RUN, other_snapshot_builder)

    for dataset in ENDS:
        assert modeled(snapshot_project, dataset) == expected(schedule, dataset)
    assert_as_built_anew(snapshot_project, RUN, *ENDS)


def modeled(warehouse: ModelWarehouse, dataset: str) -> list[tuple[object, ...]]:
    """Return key, name, whether it is deleted, and the file that says so."""
    return warehouse.transformer.rows(f"select id, name, is_deleted, _source_file from modeled.{dataset} order by 1")  # noqa: S608 - the test's own names
