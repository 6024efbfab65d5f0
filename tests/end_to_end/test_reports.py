"""What the operator is shown of the last run: its report, the gates, the score."""

import pytest

from tests.end_to_end.conftest import Operator

pytestmark = pytest.mark.xdist_group("end_to_end")


def test_the_last_run_s_report_and_the_gates_are_shown(operator: Operator) -> None:
    operator.settle()
    run = operator.landfall("transform", "--full-refresh", "--wait", "--timeout", "200")
    report = operator.landfall("report")
    assert report["plan"]["full_refresh"] is True
    assert report["build"]["outcome"] == run["outcome"] == "succeeded"
    assert operator.landfall("report", report["build"]["run_id"]) == report
    shown = operator.landfall("gates")
    assert {gate["name"] for gate in run["gates"]} <= {gate["gate"] for gate in shown["gates"]}
    assert all(0 <= score["score"] <= 100 for score in shown["scores"])
    assert operator.local.landfall("report", "no-such-run").returncode == 3
