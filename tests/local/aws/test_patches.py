"""A patch that meets other code than it was written for stops the server at its start."""

import os
import shutil
import subprocess
import zipfile
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
UNPACK = """
import pathlib, tempfile
from local.aws.patches import code_store, code_unpacked_once
code_store.STORE = pathlib.Path({store!r})
code_unpacked_once._of.is_shared = True
for archive in {archives!r}:
    place = pathlib.Path(tempfile.mkdtemp(prefix="ministack-lambda-f-")) / "code"
    place.mkdir()
    with code_unpacked_once.Archive(archive) as code:
        code.extractall(place)
    print(place.resolve())
"""
NO_LINKS = """
import errno, os
def link(*_, **__):
    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
os.link = link
"""


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


def unpacked(folder: Path, store: Path, *archives: Path) -> list[Path]:
    """Let the server of a home unpack codes of workers; return their folders."""
    folder.mkdir(exist_ok=True)
    result = in_server_environment(UNPACK.format(store=str(store), archives=[str(each) for each in archives]), folder)
    assert result.returncode == 0, result.stderr
    return [Path(line) for line in result.stdout.splitlines()]


def zipped(archive: Path, files: int) -> Path:
    """Write a zip with so many files."""
    with zipfile.ZipFile(archive, "w") as code:
        for number in range(files):
            code.writestr(f"package/module_{number}.py", f"{archive.name} {number}")
    return archive


def test_stacks_share_what_is_unpacked_of_large_code_and_not_what_is_added(tmp_path: Path) -> None:
    store, archive = tmp_path / "store", zipped(tmp_path / "code.zip", files=600)
    [one] = unpacked(tmp_path / "one", store, archive)
    [two] = unpacked(tmp_path / "two", store, archive)
    assert (tmp_path / "one" in one.parents, tmp_path / "two" in two.parents) == (True, True)
    module = Path("package", "module_599.py")
    assert (one / module).stat().st_ino == (two / module).stat().st_ino
    (one / "package" / "added.py").touch()
    assert not (two / "package" / "added.py").exists()
    shutil.rmtree(one)
    shutil.rmtree(store)
    assert (two / module).read_text() == "code.zip 599"
    assert len(list(two.rglob("*.py"))) == 600


def test_large_code_is_unpacked_where_nothing_can_be_linked(tmp_path: Path) -> None:
    """As between two mounts of one disk, whose device is one."""
    archive = zipped(tmp_path / "code.zip", files=600)
    (tmp_path / "one").mkdir()
    code = NO_LINKS + UNPACK.format(store=str(tmp_path / "store"), archives=[str(archive)])
    result = in_server_environment(code, tmp_path / "one")
    assert result.returncode == 0, result.stderr
    place = Path(result.stdout.strip())
    assert len(list(place.rglob("*.py"))) == 600
    assert (place / "package" / "module_7.py").stat().st_nlink == 1


def test_few_codes_are_kept_the_last_ones_and_none_that_is_small(tmp_path: Path) -> None:
    store = tmp_path / "store"
    large = [zipped(tmp_path / f"{number}.zip", files=500) for number in range(6)]
    places = unpacked(tmp_path / "one", store, *large, zipped(tmp_path / "small.zip", files=3))
    assert [len(list(place.rglob("*.py"))) for place in places] == [500] * 6 + [3]
    (store / "partial-of-one-that-was-killed").mkdir()
    unpacked(tmp_path / "two", store, large[2], zipped(tmp_path / "later.zip", files=500))
    kept = [each / "package" / "module_0.py" for each in store.iterdir() if each.is_dir()]
    assert {each.read_text() for each in kept} == {"2.zip 0", "4.zip 0", "5.zip 0", "later.zip 0"}


def test_large_code_that_somebody_has_changed_is_unpacked_anew(tmp_path: Path) -> None:
    store, archive = tmp_path / "store", zipped(tmp_path / "code.zip", files=600)
    [one] = unpacked(tmp_path / "one", store, archive)
    module = one / "package" / "module_7.py"
    module.chmod(0o644)
    module.write_text("changed for all that share it")
    [two] = unpacked(tmp_path / "two", store, archive)
    assert (two / "package" / "module_7.py").read_text() == "code.zip 7"
