"""The state machine's definition, rendered into its template, is what the language allows: cfn-lint has its schema."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.infra.templates import FOLDER, load

DEFINITION = (FOLDER / "transform.asl.json").read_text(encoding="utf-8").replace("${Partition}", "aws")


def findings(definition: dict[str, Any], folder: Path) -> list[str]:
    """Lint the model's template with the definition in it; return what is found of it, an identifier and a sentence."""
    template = load("model")
    properties = template["Resources"]["StateMachine"]["Properties"]
    del properties["DefinitionS3Location"]
    properties["Definition"] = definition
    rendered = folder / "model.json"
    rendered.write_text(json.dumps(template), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--format", "json", str(rendered)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    found = [f"{each['Rule']['Id']} {each['Message']}" for each in json.loads(done.stdout)]
    return [each for each in found if "StateMachineKey" not in each]  # which nothing names now


def test_the_rendered_definition_is_what_the_states_language_allows(tmp_path: Path) -> None:
    assert findings(json.loads(DEFINITION), tmp_path) == []


def test_a_task_without_a_resource_would_be_found(tmp_path: Path) -> None:
    definition = json.loads(DEFINITION)
    task = next(state for state in definition["States"].values() if state["Type"] == "Task")
    del task["Resource"]
    assert findings(definition, tmp_path) == ["E3601 'Resource' is a required property"]
