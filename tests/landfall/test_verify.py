"""`landfall verify`: the contract between Landfall and Redshift, tried on the local one; what differs is told."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from landfall.app import build
from landfall.stack import Stack
from landfall.verify import run
from landfall.verify.probe import Probe, gives, refuses
from tests.landfall.conftest import Desk

LEFT = "select count(*) as n from pg_namespace where nspname like 'verify!_%' escape '!'"


@pytest.fixture(scope="module")
def stack(worker_desk: Desk, export_role: str) -> Stack:
    """The desk's stack with all that a deployment says of itself."""
    land = worker_desk.land
    outputs = {"CopyRoleArn": land.settings.copy_role_arn, "TransformerSecretArn": "land/landfall_transformer"}
    outputs["ExportRoleArn"] = export_role
    return replace(worker_desk.stack, outputs={**worker_desk.stack.outputs, **outputs})


@pytest.fixture(scope="module")
def admin_secret(worker_desk: Desk) -> str:
    return f"land/{worker_desk.land.services.redshift['admin_user']}"


@pytest.fixture
def speaks(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands speak to that stack."""
    monkeypatch.setattr("landfall.environment.stack", lambda: stack)


def left(desk: Desk) -> tuple[int, set[str]]:
    """Return how many schemas of probes are there, and their objects."""
    return int(desk.land.rows(LEFT)[0]["n"]), desk.land.keys("staging/verify_") | desk.land.keys("exports/verify_")


@pytest.mark.usefixtures("speaks")
def test_the_local_redshift_does_what_landfall_rests_on(desk: Desk, admin_secret: str) -> None:
    code, probes = verify(admin_secret)
    assert [probe for probe in probes if probe["state"] != "ok"] == []
    assert (code, len(probes)) == (0, len(run.PROBES))
    assert left(desk) == (0, set())


def verify(admin_secret: str) -> tuple[int, list[dict[str, str]]]:
    """Run the command; return its exit code and what it says of each probe."""
    done = CliRunner().invoke(build(), ["verify", "--admin-secret-arn", admin_secret, "--json"])
    return done.exit_code, json.loads(done.stdout)["probes"]


def test_probes_have_names_and_pages_of_their_own() -> None:
    assert len({probe.name for probe in run.PROBES}) == len(run.PROBES)
    assert all(probe.page.startswith(("dg/", "mgmt/")) and ".html" in probe.page for probe in run.PROBES)


@pytest.mark.usefixtures("speaks")
def test_what_is_otherwise_is_told_and_fails_only_where_something_rests_on_it(
    desk: Desk, admin_secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Probe("told", "one is two", "dg/r_SELECT_synopsis.html", gives("select 1", rows=[(2,)]))
    allowed = Probe("allowed", "two is refused", "dg/r_SELECT_synopsis.html", refuses("select 2", error="two"))
    relied = replace(told, name="relied", relied_on="everything")

    def states(*probes: Probe) -> tuple[int, dict[str, str]]:
        monkeypatch.setattr(run.verify, "__defaults__", (probes,))
        code, said = verify(admin_secret)
        return code, {probe["probe"]: probe["state"] for probe in said}

    assert states(told, allowed) == (0, {"told": "warning", "allowed": "warning"})
    assert states(told, relied) == (1, {"told": "warning", "relied": "failed"})
    assert left(desk) == (0, set())

    printed = desk.say("verify", "--admin-secret-arn", admin_secret)
    assert "relied: expected [(2,)], found [(1,)]" in printed
    assert "0 of 2 probes hold; Landfall rests on 1 of them." in printed


def test_a_probe_that_breaks_off_leaves_nothing(desk: Desk, stack: Stack, admin_secret: str) -> None:
    def breaks_off(tried: object) -> object:
        tried.put("left.parquet", b"")  # type: ignore[attr-defined]  # the scene
        raise KeyError

    with pytest.raises(KeyError):
        run.verify(stack, admin_secret, print, [Probe("broken", "", "", breaks_off)])  # type: ignore[arg-type]  # never answers
    assert left(desk) == (0, set())


@pytest.mark.usefixtures("speaks")
def test_without_the_administrator_it_says_so(desk: Desk) -> None:
    said = desk.landfall("verify", exits=3)
    assert said.startswith("no secret landfall/test/admin with the administrator's login")
    assert said.endswith("name it with --admin-secret-arn")
    assert left(desk) == (0, set())
