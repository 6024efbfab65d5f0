"""What a newcomer reads: commands in an environment that names nothing, on a machine where a local stack runs."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from pyarrow import parquet as pq

from local.home import ROOT
from tests.support.commands import landfall
from tests.support.local_stack import LocalStack

pytestmark = pytest.mark.xdist_group("end_to_end")

SPOKEN_TO = "stack landfall-local in us-east-1 of account 000000000000"


def environment(stack: LocalStack) -> dict[str, str]:
    """Return one that says nothing but where the local stack is."""
    return {"PATH": "/usr/bin:/bin", "LANDFALL_HOME": str(stack.home.folder)}


def bare(stack: LocalStack, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command where nothing but the folder of the local stack is said."""
    return landfall(*command, environment=environment(stack))


def test_where_no_stack_is_named_the_running_local_one_is_spoken_to_and_stderr_says_so(stack: LocalStack) -> None:
    done = bare(stack, "status", "--json")
    assert done.returncode == 0, done.stderr
    assert "queue" in json.loads(done.stdout)
    assert done.stderr.startswith(
        "stack landfall-local in us-east-1 of account 000000000000, which runs on this machine"
    )
    named = stack.landfall("status", "--json")
    assert named.stderr == f"{SPOKEN_TO}\n"


@pytest.mark.parametrize(
    "command",
    [("undo", "raw/none/x.parquet"), ("evolve", "none", "a", "BIGINT"), ("replay", "--without-positions")],
)
def test_what_changes_landed_rows_never_takes_a_stack_that_nobody_named(
    stack: LocalStack, command: tuple[str, ...]
) -> None:
    done = bare(stack, *command)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("landfall: which stack? ")
    assert 'eval "$(landfall local env)"' in done.stderr


def write(path: Path, **columns: Any) -> Path:
    """Write a parquet file of some columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture(scope="module")
def finches(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of a dataset of its own, which has landed."""
    path = write(tmp_path_factory.mktemp("finches") / "hour_finches.parquet", id=[1, 2, 3], bill=["1", "2", "3"])
    done = bare(stack, "upload", str(path), "--wait")
    assert done.returncode == 0, done.stderr
    assert "landing.hour_finches is new: id BIGINT, bill VARCHAR(65535)" in done.stdout
    assert "next: `landfall query 'select * from landing.hour_finches'` shows its rows" in done.stdout
    assert "next: `landfall new-dataset hour_finches --from FILE --key COLUMN` models it" in done.stdout
    return path


def test_an_upload_tells_new_columns_and_what_comes_next(stack: LocalStack, finches: Path, tmp_path: Path) -> None:
    folder = tmp_path / "hour_finches"
    write(folder / "more.parquet", id=[4], island=["Biscoe"])
    (folder / "notes.txt").write_text("no data")
    (folder / "more.csv").write_text("id\n5\n")
    done = bare(stack, "upload", str(folder), "--dataset", "hour_finches", "--wait")
    assert done.returncode == 0, done.stderr
    assert "landing.hour_finches.island is new: VARCHAR(65535)" in done.stdout
    assert "landing.hour_finches.id" not in done.stdout
    assert f"not uploaded: {folder}/more.csv: hour_finches takes no csv: declare formats: [csv]" in done.stderr
    assert f"not uploaded: {folder}/notes.txt: a name that ends with '.txt'" in done.stderr
    without_waiting = bare(stack, "upload", str(finches))
    assert "next: `landfall history --dataset hour_finches` tells what becomes of it" in without_waiting.stdout


def test_a_rejection_says_what_to_do_wherever_people_look(stack: LocalStack, finches: Path, tmp_path: Path) -> None:
    bad = write(tmp_path / "bad.parquet", id=["one"], bill=["1"])
    told = {"column": "id", "row": None, "found": "VARCHAR(65535)", "expected": "BIGINT"}
    planned = json.loads(bare(stack, "plan", str(bad), "--dataset", "hour_finches", "--json").stdout)
    done = bare(stack, "upload", str(bad), "--dataset", "hour_finches", "--wait", "--json")
    assert done.returncode == 1, done.stderr
    (uploaded,) = json.loads(done.stdout)
    listed = json.loads(bare(stack, "history", "--dataset", "hour_finches", "--outcome", "rejected", "--json").stdout)
    for verdict in (planned["files"][0], uploaded, listed[0]):
        assert told.items() <= verdict.items()
        assert verdict["remedy"].startswith("write the column in the type that the landing table has")
    shown = bare(stack, "history", "--dataset", "hour_finches").stdout
    again = bare(stack, "upload", str(bad), "--dataset", "hour_finches", "--wait")
    assert again.returncode == 1
    for text in (shown, again.stdout):
        assert "raw/hour_finches/bad.parquet: incompatible_type: values of type VARCHAR(65535) do not fit" in text
        for line in (
            "  column    id",
            "  found     VARCHAR(65535)",
            "  expected  BIGINT",
            "  remedy    write the column",
        ):
            assert line in text
    assert "next: mend the files and upload them again" in again.stdout


def test_what_happens_is_followed_until_interrupted(stack: LocalStack, tmp_path: Path) -> None:
    path = write(tmp_path / "hour_followed.parquet", id=[1, 2, 3])
    command = [sys.executable, "-m", "landfall.app", "tail", "--json", "--for", "300", "--dataset", "hour_followed"]
    with subprocess.Popen(command, env=environment(stack), cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - the test's own command
        try:
            bare(stack, "upload", str(path))
            assert process.stdout is not None
            events = map(json.loads, process.stdout)
            landed = next(event for event in events if event["what"] == "landed")
            ended = {"succeeded", "gate_failed", "error"}
            ran = next(event for event in events if event["what"] in ended)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    assert process.returncode == 0
    assert landed["subject"] == "hour_followed"
    assert landed["text"].endswith("/raw/hour_followed/hour_followed.parquet: 3 rows, load 1")
    assert ran["what"] == "succeeded"
    told = bare(stack, "tail", "--since", "600", "--for", "0").stdout
    assert f"landed      hour_followed: {landed['text']}\n" in told


def test_a_name_that_nobody_knows_is_asked_about(stack: LocalStack, finches: Path) -> None:
    assert finches.exists()
    asked = (["status"], ["history"], ["history", "--ignored"], ["tail", "--for", "0"])
    for command in ([*each, *form] for each in asked for form in ([], ["--json"])):
        listed = bare(stack, *command, "--dataset", "hour_finhces")
        assert (command, listed.returncode) == (command, 3 if "tail" in command else 0)
        assert "no dataset hour_finhces is known; did you mean hour_finches? There are claims, " in listed.stderr
    unlike = bare(stack, "status", "--dataset", "orders", "--json")
    assert (unlike.returncode, json.loads(unlike.stdout)["datasets"]) == (0, [])
    assert "no dataset orders is known. There are claims, " in unlike.stderr
    for command in asked:
        assert bare(stack, *command, "--dataset", "hour_finches").returncode == 0
        nothing_yet = bare(stack, *command, "--dataset", "fx_rates", "--json")  # declared, and nothing of it has landed
        assert (command, nothing_yet.returncode, "is known" in nothing_yet.stderr) == (command, 0, False)
    uploaded = bare(stack, "upload", str(finches), "--dataset", "hour_finhces", "--json")
    assert "new dataset hour_finhces; did you mean hour_finches?" in uploaded.stderr
    assert "did you mean" not in bare(stack, "upload", str(finches), "--json").stderr
