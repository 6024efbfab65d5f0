"""Our own rules of dbt-score, each once kept and once broken; the project itself is for `make lint`."""

from dataclasses import replace
from typing import Any

import pytest
from dbt_score import Exposure, Model
from dbt_score.models import Column, Constraint
from dbt_score.models import Test as DataTest

from scripts import dbt_score_rules

KEY = Constraint("primary_key")
MODEL = Model(
    unique_id="model.landfall.orders",
    name="orders",
    relation_name=None,
    description="One row per order.",
    original_file_path="orders.sql",
    config={},
    meta={},
    columns=[Column("order_id", "An order.", constraints=[KEY])],
    package_name="landfall",
    database="landfall",
    schema="modeled",
    raw_code="select 1",
    language="sql",
    access="public",
    group="orders",
    tests=[DataTest("orders__unique", "unique_key", {"key": "order_id"})],
)
REPORT = Exposure(
    unique_id="exposure.landfall.report",
    name="report",
    description="A report.",
    label=None,
    url=None,
    maturity=None,
    original_file_path="report.yml",
    type="dashboard",
    owner={},
    config={},
    meta={},
    tags=[],
    parents=[MODEL],
)
TWO_COLUMNS = Constraint("primary_key", columns=["day", "ccy"])
BOTH = DataTest("two", "unique_key", {"key": ["ccy", "day"]})
TWO = replace(MODEL, columns=[], constraints=[TWO_COLUMNS], tests=[BOTH])
PROTECTED = replace(MODEL, access="protected")


@pytest.mark.parametrize(
    ("rule", "node"),
    [
        (dbt_score_rules.model_has_group, MODEL),
        (dbt_score_rules.primary_key_is_examined, MODEL),
        (dbt_score_rules.primary_key_is_examined, TWO),
        (dbt_score_rules.primary_key_is_examined, replace(MODEL, columns=[], tests=[])),
        (dbt_score_rules.exposure_uses_what_is_public, REPORT),
    ],
)
def test_what_is_right_is_let_be(rule: Any, node: Model | Exposure) -> None:
    assert rule().evaluate(node) is None


@pytest.mark.parametrize(
    ("rule", "node", "said"),
    [
        (dbt_score_rules.model_has_group, replace(MODEL, group=None), "no group"),
        (dbt_score_rules.primary_key_is_examined, replace(MODEL, tests=[]), "order_id"),
        (dbt_score_rules.primary_key_is_examined, replace(TWO, tests=MODEL.tests), "day"),
        (
            dbt_score_rules.exposure_uses_what_is_public,
            replace(REPORT, parents=[PROTECTED]),
            "orders",
        ),
    ],
)
def test_what_is_wrong_is_named(rule: Any, node: Model | Exposure, said: str) -> None:
    assert said in rule().evaluate(node).message
