"""`landfall report --html`: what a person is told where the page cannot be made. That it is made: tests/end_to_end."""

import io
import json
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from typer.testing import CliRunner

from ingest_lambda.errors import ConfigError, TransientError
from landfall import environment
from landfall.app import build
from landfall.stack import Stack

STACK = Stack("landfall-test", {"TransformFunctionName": "landfall-test-transform", "BucketName": "b"})


def answering(monkeypatch: pytest.MonkeyPatch, said: dict[str, Any], **about: str) -> None:
    """Let the transform function answer this."""
    client = Mock()
    client.invoke.return_value = {"Payload": io.BytesIO(json.dumps(said).encode()), **about}
    monkeypatch.setattr(boto3, "client", lambda *_, **__: client)
    monkeypatch.setattr(environment, "stack", lambda: STACK)


@pytest.mark.parametrize(
    ("kind", "error"), [("TransientError", TransientError), ("Sandbox.Timedout", TransientError), ("X", ConfigError)]
)
def test_a_page_that_cannot_be_made_is_an_error_with_its_reason_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, error: type[Exception]
) -> None:
    said = {"errorType": kind, "errorMessage": "the warehouse cannot be reached"}
    answering(monkeypatch, said, FunctionError="Unhandled")
    done = CliRunner().invoke(build(), ["report", "--html", "--json", "--output", str(tmp_path / "page")])
    assert isinstance(done.exception, error)
    assert "landfall-test-transform cannot make the page: the warehouse cannot be reached" in str(done.exception)
    assert done.stdout == ""
    assert not (tmp_path / "page").exists()


@pytest.mark.parametrize("arguments", [["--all"], ["some-run"]])
def test_a_page_is_of_all_runs(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    answering(monkeypatch, {"html": "<p>"})
    done = CliRunner().invoke(build(), ["report", "--html", *arguments])
    assert done.exit_code == 2
    assert "takes no RUN and no --all" in done.output
