"""`import landfall` is quick, and shows type checkers what it has."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

import landfall
from landfall import api
from landfall.operate import standing, uploads
from landfall.stack import Stack


def test_every_name_is_there_and_is_shown_to_type_checkers() -> None:
    stub = ast.parse(Path(api.__file__).with_name("__init__.pyi").read_text(encoding="utf-8"))
    shown = [alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]

    assert sorted(landfall.__all__) == sorted(name for name in shown if name)
    assert set(api.__all__) < set(landfall.__all__)
    assert all(getattr(landfall, name) is getattr(api, name) for name in landfall.__all__)


def test_importing_it_loads_nothing_that_only_a_call_needs() -> None:
    heavy = "import sys, landfall; print(sorted({'boto3', 'pyarrow', 'landfall.api'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)  # noqa: S603 - ours

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (NoCredentialsError(), landfall.ConfigError),
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject"), landfall.ConfigError),
        (ClientError({"Error": {"Code": "ThrottlingException", "Message": "no"}}, "GetItem"), landfall.TransientError),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), landfall.TransientError),
        (ZeroDivisionError("ours"), ZeroDivisionError),
    ],
)
def test_what_aws_raises_comes_in_our_words(
    raised: Exception, expected: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise raised

    monkeypatch.setattr(standing, "status", fail)
    with pytest.raises(expected):
        landfall.status(stack=Stack("a", {}))


def test_an_outcome_that_cannot_be_asked_for_is_no_reason_to_upload_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1")
    sent: list[str] = []

    def put(_stack: Stack, plan: uploads.Plan, *, reuse: bool) -> uploads.Upload:
        sent.append(plan.key)
        return uploads.Upload(plan, f"v{reuse}")

    def fail(*_: Any) -> Any:
        raise landfall.TransientError("the Data API is busy")

    monkeypatch.setattr(uploads, "put", put)
    monkeypatch.setattr(uploads, "wait", fail)
    with pytest.raises(landfall.UnsuccessfulError, match="outcome cannot be asked for now") as told:
        landfall.upload(path, "orders", wait=True, stack=Stack("a", {}))
    assert [(each.outcome, each.plan.key) for each in told.value.result] == [(None, sent[0])]
    assert sent == ["raw/orders/a.parquet"]


def test_what_of_a_folder_is_no_data_is_logged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "_SUCCESS").write_bytes(b"")
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    monkeypatch.setattr(uploads, "put", lambda _stack, plan, reuse: uploads.Upload(plan, "v"))
    landfall.upload(tmp_path, "orders", stack=Stack("a", {}))
    assert "not uploaded" in caplog.text
    assert "_SUCCESS" in caplog.text
