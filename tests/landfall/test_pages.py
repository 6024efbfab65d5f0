"""`landfall report --html`: what a person is told where the page cannot be made. That it is made: tests/end_to_end."""

import io
import json
from dataclasses import replace
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


def answering(monkeypatch: pytest.MonkeyPatch, *said: dict[str, Any], code: tuple[str, ...] = ("1",) * 9) -> Mock:
    """Let the transform function answer these, call by call, while its code is this, look by look."""
    client = Mock()
    client.invoke.side_effect = [{"Payload": io.BytesIO(json.dumps(each).encode())} for each in said]
    client.get_function_configuration.side_effect = [{"CodeSha256": each} for each in code]
    monkeypatch.setattr(boto3, "client", lambda *_, **__: client)
    monkeypatch.setattr(environment, "stack", lambda: replace(STACK))
    return client


@pytest.mark.parametrize(
    ("kind", "error"), [("TransientError", TransientError), ("Sandbox.Timedout", TransientError), ("X", ConfigError)]
)
def test_a_page_that_cannot_be_made_is_an_error_with_its_reason_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, error: type[Exception]
) -> None:
    answering(monkeypatch, {"errorType": kind, "errorMessage": "the warehouse cannot be reached"})
    done = CliRunner().invoke(build(), ["report", "--html", "--json", "--output", str(tmp_path / "page")])
    assert isinstance(done.exception, error)
    assert "landfall-test-transform cannot make the page: the warehouse cannot be reached" in str(done.exception)
    assert done.stdout == ""
    assert not (tmp_path / "page").exists()


MISSING = {"errorType": "FileNotFoundError", "errorMessage": "no such file: dbt_project.yml"}


def test_a_page_that_a_deployment_has_come_between_is_made_by_the_new_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client = answering(monkeypatch, MISSING, {"html": "<p>"}, code=("1", "2"))
    client.exceptions.NoSuchKey = KeyError
    client.get_object.side_effect = KeyError("there is no documentation yet")
    done = CliRunner().invoke(build(), ["report", "--html", "--no-open", "--output", str(tmp_path)])
    assert (done.exit_code, (tmp_path / "index.html").read_text()) == (0, "<p>")


@pytest.mark.parametrize(("code", "calls"), [(("1", "1"), 1), (("1", "2"), 2)])
def test_a_function_that_cannot_make_it_is_asked_again_only_where_it_was_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: tuple[str, ...], calls: int
) -> None:
    client = answering(monkeypatch, MISSING, MISSING, code=code)
    done = CliRunner().invoke(build(), ["report", "--html", "--output", str(tmp_path / "page")])
    assert isinstance(done.exception, ConfigError)
    assert client.invoke.call_count == calls
    assert not (tmp_path / "page").exists()


@pytest.mark.parametrize("arguments", [["--all"], ["some-run"]])
def test_a_page_is_of_all_runs(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    answering(monkeypatch, {"html": "<p>"})
    done = CliRunner().invoke(build(), ["report", "--html", *arguments])
    assert done.exit_code == 2
    assert "takes no RUN and no --all" in done.output
