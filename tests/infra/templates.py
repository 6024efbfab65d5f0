"""Reading CloudFormation templates for assertions: resources by type, policy statements, what is wrong with them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]  # cfn-lint marks no types

from local.home import ROOT

FOLDER = ROOT / "infra" / "cloudformation"
NAMES = (
    "main",
    "storage",
    "warehouse",
    "alert",
    "model",
    "land",
    "reconcile",
    "observe",
    "network",
    "serverless",
    "catalog",
)


def load(name: str) -> dict[str, Any]:
    """Read a template, its short forms (`!Ref`, `!Sub`) spelt out as `Ref` and `Fn::Sub`."""
    template: dict[str, Any] = json.loads(json.dumps(cfn_yaml.load(str(FOLDER / f"{name}.yaml"))))
    return template


def of_type(template: Mapping[str, Any], type_: str) -> dict[str, dict[str, Any]]:
    """Return the resources of a type by logical name."""
    return {name: body for name, body in template["Resources"].items() if body["Type"] == type_}


def statements(value: object) -> Iterator[dict[str, Any]]:
    """Yield every policy statement anywhere below `value`: a mapping with an Effect and an Action."""
    if isinstance(value, Mapping):
        if "Effect" in value and "Action" in value:
            yield dict(value)
        for below in value.values():
            yield from statements(below)
    elif isinstance(value, list):
        for below in value:
            yield from statements(below)


def rendered(value: Any, names: Mapping[str, str]) -> Any:
    """Return part of a template with the values of what it refers to, by `Ref` and `Fn::Sub`."""
    if isinstance(value, list):
        return [rendered(each, names) for each in value]
    if not isinstance(value, Mapping):
        return value
    if "Ref" in value:
        return names[value["Ref"]]
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([\w:]+)\}", lambda found: names[found[1]], value["Fn::Sub"])
    return {key: rendered(each, names) for key, each in value.items()}


def as_list(value: object) -> list[Any]:
    """Return the value as a list, as IAM reads one item alone."""
    return value if isinstance(value, list) else [value]


def faults(template: Mapping[str, Any], allowed_stars: Mapping[str, str]) -> list[str]:
    """Say what is wrong with the rights that a template gives; `allowed_stars` has a reason by Sid."""
    found = []
    for statement in statements(template["Resources"]):
        sid = statement.get("Sid", "")
        if not sid:
            found.append(f"no Sid: {statement['Action']}")
        if statement["Effect"] != "Allow" or sid in allowed_stars:
            continue
        found += [f"{sid}: action {action}" for action in as_list(statement["Action"]) if "*" in action]
        found += [f"{sid}: resource *" for resource in as_list(statement.get("Resource", [])) if resource == "*"]
    return found


def holds(condition: Any, parameters: Mapping[str, str]) -> bool:
    """Evaluate a condition of CloudFormation's `Rules` for parameter values."""
    if not isinstance(condition, Mapping):
        raise TypeError(f"not a condition: {condition!r}")
    ((function, arguments),) = condition.items()
    if function == "Fn::Equals":
        left, right = (_value(item, parameters) for item in arguments)
        return left == right
    if function == "Fn::Contains":
        allowed, item = arguments
        return _value(item, parameters) in allowed
    results = [holds(argument, parameters) for argument in arguments]
    if function == "Fn::Not":
        return not results[0]
    return {"Fn::Or": any, "Fn::And": all}[function](results)


def rule_holds(rule: Mapping[str, Any], parameters: Mapping[str, str]) -> bool:
    """Tell whether parameter values pass a rule: where its condition is true, every assertion must be."""
    if "RuleCondition" in rule and not holds(rule["RuleCondition"], parameters):
        return True
    return all(holds(assertion["Assert"], parameters) for assertion in rule["Assertions"])


def _value(item: Any, parameters: Mapping[str, str]) -> str:
    return parameters[item["Ref"]] if isinstance(item, Mapping) else str(item)


def bundled(folder: Path = FOLDER) -> set[str]:
    """Return the names of all templates in the folder."""
    return {path.stem for path in folder.glob("*.yaml")}
