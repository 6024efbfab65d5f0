"""Which rights the templates give, which of them a run of the tests has needed, and which none can need here.

A right is an action that an Allow statement names, of a role or of a resource's policy. What was needed, the local AWS
writes down (local/aws/patches/recorded_rights.py); what cannot be stands in UNEXERCISED, with reason and page of AWS.
"""

import csv
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.aws.server import rights_path
from local.home import ROOT, Home
from tests.infra.templates import NAMES, as_list, load, of_type, statements

UNEXERCISED = ROOT / "tests" / "infra" / "unexercised_rights.tsv"
# Those that deploy the templates; a test that deploys another release, or half of one, has a home of its own.
HOMES = ("stack", "services")


@dataclass(frozen=True, order=True)
class Right:
    """An action that a statement of a resource of a template allows."""

    owner: str
    sid: str
    action: str

    def __str__(self) -> str:
        """Name the right as a line of the list does."""
        return f"{self.owner}\t{self.sid}\t{self.action}"


@dataclass(frozen=True)
class Need:
    """A right that was needed: by a role of a stack, or by none where a resource's own policy let something pass."""

    role: str
    sid: str
    action: str


def given() -> set[Right]:
    """Return the rights of all templates; an owner is `land.IngestRole`."""
    found = set()
    for template in NAMES:
        for name, body in load(template)["Resources"].items():
            for statement in statements(body):
                if statement["Effect"] == "Allow":
                    owner, sid = f"{template}.{name}", statement["Sid"]
                    found |= {Right(owner, sid, action) for action in as_list(statement["Action"])}
    return found


def needed(run: Path) -> set[Need]:
    """Return what the stacks of a run have needed."""
    files = [rights_path(Home(run / name).aws) for name in HOMES]
    lines = [json.loads(line) for file in files if file.exists() for line in file.read_text().splitlines()]
    return {Need(line["role"], line["sid"], line["action"]) for line in lines}


def exercised(rights: Iterable[Right], needs: Iterable[Need]) -> set[Right]:
    """Return the rights that were needed.

    The policy of a resource, and one that is attached to roles of other templates, are known by the statement alone.
    """
    roles = role_names()
    by_owner = {(owner_of(need.role, roles), need.sid, need.action) for need in needs}
    by_statement = {(need.sid, need.action) for need in needs}
    return {
        right
        for right in rights
        if (right.owner, right.sid, right.action) in by_owner
        or (right.owner not in roles and (right.sid, right.action) in by_statement)
    }


def role_names() -> dict[str, str]:
    """Return the name that the template gives each role, or nothing; what differs between deployments stands in it."""
    return {
        f"{template}.{name}": body["Properties"].get("RoleName", {"Fn::Sub": ""})["Fn::Sub"]
        for template in NAMES
        for name, body in of_type(load(template), "AWS::IAM::Role").items()
    }


def owner_of(role: str, names: Mapping[str, str]) -> str:
    """Return which role of the templates a deployed role is; nothing for another.

    A name that CloudFormation makes is that of the stack, the logical name and 13 characters. The first two are cut
    where all is longer than 64: `landfall-local-Reconcile-8c1f-ReconcileSche8E8D6B44051B8`.
    """
    for owner, name in names.items():
        pattern = name.replace("${AWS::Region}", r"[a-z]{2}-[a-z]+-\d").replace("${EnvironmentName}", "[a-z0-9-]+")
        if re.fullmatch(pattern, role):
            return owner
    made = re.fullmatch(r".*-(\w+?)-?[0-9A-F]{13}", role)
    logical = {owner: owner.partition(".")[2] for owner, name in names.items() if not name}
    like = [owner for owner, name in logical.items() if made and name.startswith(made[1])]
    return next((owner for owner in like if made and logical[owner] == made[1]), like[0] if len(like) == 1 else "")


@dataclass(frozen=True)
class Unneeded:
    """Why no test needs a right: `never` can one here, or `seldom`, where comes about what no test brings about."""

    when: str
    reason: str
    page: str


def unexercised() -> dict[Right, Unneeded]:
    """Return the rights that no test needs."""
    with UNEXERCISED.open(encoding="utf-8", newline="") as file:
        return {
            Right(row["owner"], row["sid"], row["action"]): Unneeded(row["when"], row["reason"], row["page"])
            for row in csv.DictReader(file, delimiter="\t")
        }


def faults(rights: set[Right], used: set[Right], listed: Mapping[Right, Unneeded]) -> Iterator[str]:
    """Say what is wrong: a right that nothing needs, a line of the list that is not true.

    >>> right = Right("land.IngestRole", "ReadFiles", "s3:GetObjectVersion")
    >>> [fault.partition(":")[0] for fault in faults({right}, set(), {})]
    ['no test needed this right; take it away, let a test need it, or list it with its reason']
    >>> list(faults({right}, {right}, {}))
    []
    """
    for right in sorted(rights - used - set(listed)):
        yield f"no test needed this right; take it away, let a test need it, or list it with its reason:\n  {right}"
    for right in sorted(used & {right for right in listed if listed[right].when == "never"}):
        yield f"a test needed this right, so that it is listed wrongly:\n  {right}"
    for right in sorted(set(listed) - rights):
        yield f"no template gives this right any longer, so that it is listed wrongly:\n  {right}"


def is_whole(config: pytest.Config) -> bool:
    """Tell whether a run is of all tests: no file, folder, word or mark was asked for, and none was left out."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return False
    options = ("keyword", "markexpr", "deselect", "lf", "stepwise", "collectonly")
    chosen = os.environ.get("PYTEST_ADDOPTS") or any(config.getoption(name, False) for name in options)
    return not chosen and not any(argument.startswith("--ignore") for argument in config.invocation_params.args)
