"""Files that several processes share are whole, private and locked."""

import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.files import digest, locked, read_json, tail, write_json


def test_json_comes_back_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "state.json"
    write_json(path, {"a": [1]})
    assert read_json(path) == {"a": [1]}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert read_json(path) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_an_absent_file_is_an_empty_object(tmp_path: Path) -> None:
    assert read_json(tmp_path / "absent.json") == {}


def test_a_lock_keeps_other_processes_out_until_its_holder_ends(tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib; from local.files import locked\n"
        "with locked(pathlib.Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "lock")]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - the code above
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    waiter = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - the code above
    time.sleep(0.5)
    holder.kill()
    holder.wait()
    assert waiter.stdout is not None
    assert waiter.stdout.readline() == b"held\n"
    waiter.kill()
    waiter.wait()
    with locked(tmp_path / "lock"):
        pass


def test_a_digest_changes_with_contents_and_names_but_not_with_caches(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a").write_text("1")
    first = digest([folder])
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.pyc").write_text("x")
    assert digest([folder]) == first
    (folder / "a").write_text("2")
    second = digest([folder])
    (folder / "a").rename(folder / "b")
    assert len({first, second, digest([folder])}) == 3


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("\n".join(map(str, range(100))))
    assert tail(log, lines=2) == "98\n99"
    assert tail(tmp_path / "absent") == "(no log)"
