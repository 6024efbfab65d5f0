"""Delivery: workflows hold no key, pin what they use, ask for no more than they need, and roll back what fails."""

import fnmatch
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]  # cfn-lint marks no types

from local.home import ROOT
from tests.infra.templates import as_list, rendered, statements

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TEMPLATE = ROOT / "infra" / "delivery" / "github.yaml"
USES = re.compile(r"^\s*-? ?uses: (\S+)(.*)$", re.MULTILINE)
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")
# https://docs.github.com/en/actions/reference/workflows-and-actions/contexts: what somebody outside can write
ROLE = "arn:aws:iam::123456789012:role"
FOREIGN = re.compile(r"\$\{\{\s*(github\.event|github\.head_ref|inputs)")


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def steps() -> list[dict[str, Any]]:
    return [step for path in WORKFLOWS for job in read(path)["jobs"].values() for step in job.get("steps", [])]


def test_zizmor_finds_nothing_in_any_workflow() -> None:
    command = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--quiet", ".github"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    assert done.returncode == 0, done.stdout


def test_zizmor_would_find_an_action_that_is_not_pinned(tmp_path: Path) -> None:
    workflow = tmp_path / "bad.yml"
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    workflow.write_text(re.sub(r"@[0-9a-f]{40}", "@v4", text), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--quiet", str(workflow)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode != 0
    assert "unpinned-uses" in done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_digest_and_says_its_version(path: Path) -> None:
    for action, comment in USES.findall(path.read_text(encoding="utf-8")):
        assert action.startswith("./.github/") or (PINNED.fullmatch(action) and re.match(r" # v\d", comment)), action


def test_nothing_that_somebody_outside_can_write_becomes_part_of_a_script() -> None:
    scripts = [step["run"] for step in steps() if "run" in step]
    assert scripts
    assert not [script for script in scripts if FOREIGN.search(script)]


def test_no_workflow_holds_a_key_and_only_what_deploys_may_ask_for_a_role() -> None:
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        assert "secrets." not in text
        assert "aws-access-key-id" not in text
        may = {name for name, job in read(path)["jobs"].items() if "id-token" in job.get("permissions", {})}
        assert may <= {"deploy"}
        assert read(path)["permissions"] in ({}, {"contents": "read"})


@pytest.mark.parametrize(
    ("name", "branch", "environment"), [("staging", "develop", "staging"), ("production", "main", "prod")]
)
def test_a_branch_is_deployed_to_its_environment_once_it_is_tested_and_one_at_a_time(
    name: str, branch: str, environment: str
) -> None:
    workflow: dict[Any, Any] = read(ROOT / ".github" / "workflows" / f"{name}.yml")
    assert workflow[True] == {"push": {"branches": [branch]}}  # YAML 1.1 reads `on` as true
    deploy = workflow["jobs"]["deploy"]
    assert (deploy["needs"], deploy["with"]) == ("test", {"environment": environment})
    assert workflow["concurrency"]["cancel-in-progress"] is False
    parameters = ROOT / "infra" / "cloudformation" / "parameters" / f"{environment}.json"
    assert parameters.exists()


def test_what_was_deployed_and_does_not_pass_is_rolled_back_and_nothing_else_is() -> None:
    job = read(ROOT / ".github" / "workflows" / "deploy.yml")["jobs"]["deploy"]
    assert job["environment"] == "${{ inputs.environment }}"
    names = [step.get("name") for step in job["steps"]]
    deploy, smoke, back = (job["steps"][names.index(name)] for name in ("Deploy", "Smoke test", "Roll back"))
    assert "landfall deploy" in deploy["run"]
    assert "landfall doctor --release" in smoke["run"]
    assert "landfall smoke" not in smoke["run"]  # the deployment ends with it, and a person tells whose fault it is
    assert "--rollback --yes" in back["run"]
    assert back["if"] == "failure() && steps.deploy.outcome == 'success' && steps.smoke.outputs.code == '1'"


@pytest.mark.parametrize(
    ("variables", "code", "lacks"),
    [
        ({"AWS_REGION": "eu-west-1", "DEPLOY_ROLE_ARN": f"{ROLE}/deploy", "SERVICE_ROLE_ARN": f"{ROLE}/acts"}, 0, None),
        # without it CloudFormation would act as the workflows' role, and be refused all
        (
            {"AWS_REGION": "eu-west-1", "DEPLOY_ROLE_ARN": f"{ROLE}/deploy", "SERVICE_ROLE_ARN": ""},
            1,
            "SERVICE_ROLE_ARN",
        ),
        ({"AWS_REGION": "eu-west-1", "DEPLOY_ROLE_ARN": "", "SERVICE_ROLE_ARN": ""}, 1, "DEPLOY_ROLE_ARN"),
        ({"AWS_REGION": "", "DEPLOY_ROLE_ARN": "", "SERVICE_ROLE_ARN": ""}, 1, "AWS_REGION"),
    ],
)
def test_a_fork_without_an_environment_is_told_which_variable_it_lacks(
    variables: dict[str, str], code: int, lacks: str | None
) -> None:
    first = read(ROOT / ".github" / "workflows" / "deploy.yml")["jobs"]["deploy"]["steps"][0]
    assert first["env"] == {name: f"${{{{ vars.{name} }}}}" for name in variables}
    command, env = ["/bin/bash", "-e", "-c", first["run"]], {"ENVIRONMENT": "prod", **variables}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - our own script
    said = f"::error::the environment prod has no variable {lacks}: docs/deploy.md, From GitHub\n" if lacks else ""
    assert (done.returncode, done.stdout) == (code, said)


@pytest.mark.parametrize("code", [0, 1, 4, 70])
def test_the_smoke_test_hands_on_how_doctor_ended(tmp_path: Path, code: int) -> None:
    job = read(ROOT / ".github" / "workflows" / "deploy.yml")["jobs"]["deploy"]
    (script,) = [step["run"] for step in job["steps"] if step.get("id") == "smoke"]
    doctor, outputs = tmp_path / ".venv" / "bin" / "landfall", tmp_path / "outputs"
    doctor.parent.mkdir(parents=True)
    doctor.write_text(f"#!/bin/sh\nexit {code}\n", encoding="utf-8")
    doctor.chmod(0o755)
    outputs.touch()
    # https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax: `bash -e` where none is named
    command, env = ["/bin/bash", "-e", "-c", script], {"GITHUB_OUTPUT": str(outputs)}
    done = subprocess.run(command, cwd=tmp_path, env=env, check=False)  # noqa: S603 - our own script
    assert done.returncode == code
    assert outputs.read_text(encoding="utf-8") == (f"code={code}\n" if code else "")


def test_only_workflows_of_the_repository_and_environment_may_assume_the_role() -> None:
    role = cfn_yaml.load(str(TEMPLATE))["Resources"]["DeployRole"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    says = trust["Condition"]["StringEquals"]
    issuer = "token.actions.githubusercontent.com"
    assert says[f"{issuer}:aud"] == "sts.amazonaws.com"
    assert says[f"{issuer}:sub"] == {"Fn::Sub": "repo:${Repository}:environment:${EnvironmentName}"}


def test_the_role_of_workflows_has_no_wildcard_action_and_a_resource_or_a_reason() -> None:
    role = cfn_yaml.load(str(TEMPLATE))["Resources"]["DeployRole"]["Properties"]
    unnamed = {"FollowOwnStatements", "LookAtMappings"}  # whose actions take no resource
    for statement in statements(role["Policies"]):
        assert not [action for action in as_list(statement["Action"]) if "*" in action], statement["Sid"]
        assert ("*" in as_list(statement["Resource"])) == (statement["Sid"] in unnamed), statement["Sid"]


@pytest.mark.parametrize("path", ["/", "/teams/data/"])
def test_the_roles_of_a_deployment_may_be_made_and_passed_below_its_path(path: str) -> None:
    names = dict.fromkeys(("AWS::Partition", "AWS::Region", "AWS::AccountId"), "x") | {"EnvironmentName": "prod"}
    resources = cfn_yaml.load(str(TEMPLATE))["Resources"]
    given = {each["Sid"]: each for role in ("DeployRole", "ServiceRole") for each in statements(resources[role])}
    made = f"arn:x:iam::x:role{path}landfall-prod-Warehouse-1-CopyRole-1"
    for sid in ("PassTheCopyRole", "Roles", "RightsWithinTheBoundary"):
        allowed = rendered(given[sid]["Resource"], names | {"RolePath": path})
        assert fnmatch.fnmatchcase(made, allowed), sid
        assert not fnmatch.fnmatchcase(made.replace("landfall-prod", "landfall-dev"), allowed), sid


def test_the_template_of_the_roles_passes_cfn_lint() -> None:
    command = [Path(sys.executable).with_name("cfn-lint"), TEMPLATE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout
