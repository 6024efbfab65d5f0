"""A patch that meets other code than it was written for stops the server at its start."""

import os
import subprocess
from pathlib import Path

import pytest

from local.aws.environment import ensure_environment
from local.home import ROOT

APPLY = "from local.aws import patches; print(len(patches.apply_all()))"
CHANGED = {
    "a function of ministack has other source": (
        "from ministack.services import sqs\n"
        "def _receive_messages_for_esm(queue_url, max_number): return []\n"
        "sqs._receive_messages_for_esm = _receive_messages_for_esm\n"
    ),
    "the loader of templates does more": (
        "from ministack.services.cloudformation import engine\n"
        "class CfnLoader(engine.CfnLoader):\n"
        "    def flatten_mapping(self, node): pass\n"
        "engine.CfnLoader = CfnLoader\n"
    ),
    "the worker's script has other text": (
        "from ministack.core import lambda_runtime\n"
        "script = lambda_runtime._PYTHON_WORKER_SCRIPT\n"
        'lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace("_real_stdout", "_stdout")\n'
    ),
}


def in_server_environment(code: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run code with the server's interpreter."""
    python = ensure_environment(ROOT / ".landfall" / "aws-venv", print).server_python
    module = folder / "changed.py"
    module.write_text(code)  # in a file, since that is where the guard reads sources
    environment = {"LANDFALL_LAMBDA_PYTHON": "python", "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
    return subprocess.run(  # noqa: S603 - the interpreter of the server
        [python, module], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_pinned_ministack_takes_every_patch(tmp_path: Path) -> None:
    result = in_server_environment(APPLY, tmp_path)
    assert result.returncode == 0, result.stderr
    modules = (ROOT / "local" / "aws" / "patches").glob("[a-z]*.py")
    assert int(result.stdout) == sum("\ndef apply()" in module.read_text() for module in modules)


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED.keys())
def test_changed_code_stops_the_server(change: str, tmp_path: Path) -> None:
    result = in_server_environment(change + APPLY, tmp_path)
    assert result.returncode != 0
    assert "UpstreamChangedError" in result.stderr


def test_codes_that_no_worker_has_are_kept_to_a_few(tmp_path: Path) -> None:
    for age in range(7):
        shared = tmp_path / f"ministack-code-{age}"
        shared.mkdir()
        os.utime(shared, (1000 - age, 1000 - age))
    worker = tmp_path / "ministack-lambda-f-1"
    worker.mkdir()
    (worker / "code").symlink_to(tmp_path / "ministack-code-6")
    remove = "from local.aws.patches import code_unpacked_once; code_unpacked_once._remove_unused()"
    result = in_server_environment(remove, tmp_path)
    assert result.returncode == 0, result.stderr
    left = {each.name.removeprefix("ministack-code-") for each in tmp_path.glob("ministack-code-*")}
    assert left == {"0", "1", "2", "3", "6"}


def test_what_a_killed_server_was_unpacking_is_removed(tmp_path: Path) -> None:
    process = subprocess.Popen(["true"])  # noqa: S607 - a process that has ended
    process.wait()
    for server in (process.pid, os.getpid()):
        (tmp_path / f"ministack-unpacking-{server}-abc" / "package").mkdir(parents=True)
    assert in_server_environment(APPLY, tmp_path).returncode == 0
    assert [each.name for each in tmp_path.glob("ministack-unpacking-*")] == [f"ministack-unpacking-{os.getpid()}-abc"]
