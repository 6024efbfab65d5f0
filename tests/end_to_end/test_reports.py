"""What the operator is shown of the last run: its report, the gates, the score."""

from pathlib import Path

import pytest

from tests.end_to_end.conftest import Operator

pytestmark = pytest.mark.xdist_group("end_to_end")


def test_a_run_publishes_the_page_and_dbt_s_documentation_and_a_person_gets_both_as_files(
    operator: Operator, tmp_path: Path
) -> None:
    operator.settle()
    run = operator.landfall("transform", "--full-refresh", "--wait", "--timeout", "500")
    report = operator.landfall("report")
    s3, bucket = operator.stack.s3, operator.stack.bucket
    found = {
        name: s3.get_object(Bucket=bucket, Key=f"reports/pages/{name}") for name in ("index.html", "dbt/index.html")
    }
    assert {answer["ContentType"] for answer in found.values()} == {"text/html; charset=utf-8"}
    page, docs = (answer["Body"].read().decode() for answer in found.values())
    assert report["build"]["run_id"] in page
    assert all(gate["name"].split("__")[0] in page for gate in run["gates"])
    assert '"model.landfall.fct_orders"' in docs
    documented_at = found["dbt/index.html"]["LastModified"]

    written = operator.landfall("report", "--html", "--output", str(tmp_path), "--days", "7")
    assert written["published"] == f"s3://{bucket}/reports/pages/index.html"
    assert written["opened"] is False
    assert "the last 7 days" in Path(written["page"]).read_text(encoding="utf-8")
    assert (tmp_path / "dbt" / "index.html").read_text(encoding="utf-8") == docs

    operator.landfall("transform", "--full-refresh", "--wait", "--timeout", "500")
    again = s3.head_object(Bucket=bucket, Key="reports/pages/dbt/index.html")
    assert again["LastModified"] == documented_at  # the project is what it was
    mixed = operator.local.landfall("report", "--html", "--all")
    assert (mixed.returncode, "no --all" in mixed.stderr) == (2, True)


def test_the_last_run_s_report_and_the_gates_are_shown(operator: Operator) -> None:
    operator.settle()
    run = operator.landfall("transform", "--full-refresh", "--wait", "--timeout", "500")
    report = operator.landfall("report")
    assert report["plan"]["full_refresh"] is True
    assert report["build"]["outcome"] == run["outcome"] == "succeeded"
    assert operator.landfall("report", report["build"]["run_id"]) == report
    shown = operator.landfall("gates")
    assert {gate["name"] for gate in run["gates"]} <= {gate["gate"] for gate in shown["gates"]}
    assert all(0 <= score["score"] <= 100 for score in shown["scores"])
    assert operator.local.landfall("report", "no-such-run").returncode == 3

    # A run that a file's landing started has often done the work already when somebody asks for it.
    again = operator.local.landfall("transform", "--wait", timeout_seconds=600)
    assert again.returncode == 0
    assert f"the run before, {report['build']['started_at']} to {report['build']['ended_at']}:" in again.stdout
    assert f"{len(run['models'])} of {len(run['models'])} models built" in again.stdout
    assert again.stdout.endswith("transform: succeeded\n")
