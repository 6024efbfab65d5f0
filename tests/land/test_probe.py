"""Suspects: what ends a process ends a child of the function, is named, and the others are read all the same."""

import os
import signal
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.errors import ConfigError, OverLimitError, RejectedFileError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import Status
from ingest_lambda.read.footer import inspect
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.probe import Limits, probe
from tests.land.test_corpus import CORPUS
from tests.land.warehouse import Land, new_dataset, parquet

FILES = Path(__file__).with_name("files")
SMALL = pa.table({"id": [1, 2, 3]})
# A few kilobytes that become 120 MB when they are read: more than a child gets here.
BOMB_BYTES = 120_000_000
TIGHT = Limits(address_space=480_000_000)


def bomb() -> bytes:
    """Write a file of one value that compresses to nothing."""
    return parquet(
        pa.table({"blob": pa.array([bytes(BOMB_BYTES)])}),
        compression="zstd",
        use_dictionary=False,
        write_statistics=False,
    )


def put_all(land: Land, *contents: bytes | pa.Table) -> list[FileVersion]:
    """Store files of one dataset."""
    dataset = new_dataset()
    return [land.put(f"raw/{dataset}/{number}.parquet", content) for number, content in enumerate(contents)]


def test_a_file_that_takes_too_much_memory_is_rejected_and_the_others_are_read(land: Land) -> None:
    before, poison, after = put_all(land, SMALL, bomb(), SMALL)
    assert poison.size < 100_000

    found = probe(land.client("s3"), [before, poison, after], TIGHT)

    error = found[poison.file_id]
    assert isinstance(error, OverLimitError)
    assert error.reason is Reason.CRASHES_READER
    assert "memory" in error.detail
    assert (found[before.file_id], found[after.file_id]) == (None, None)


def test_a_file_that_takes_too_long_is_rejected_and_the_others_are_read(land: Land) -> None:
    slow, quick = put_all(land, pa.table({"at": [[number] for number in range(300_000)]}), SMALL)
    send_to_first_child(signal.SIGSTOP)

    found = probe(land.client("s3"), [slow, quick], Limits(seconds=10, bytes_per_second=10**12))

    error = found[slow.file_id]
    assert isinstance(error, OverLimitError)
    assert error.reason is Reason.CRASHES_READER
    assert "seconds" in error.detail
    assert found[quick.file_id] is None


def test_a_file_that_ends_the_process_is_named_and_the_next_child_goes_on(land: Land) -> None:
    poison, after = put_all(land, pa.table({"at": [[number] for number in range(300_000)]}), SMALL)
    send_to_first_child(signal.SIGSEGV)

    found = probe(land.client("s3"), [poison, after])

    error = found[poison.file_id]
    assert isinstance(error, RejectedFileError)
    assert error.reason is Reason.CRASHES_READER
    assert "SIGSEGV" in error.detail
    assert found[after.file_id] is None


def test_a_file_that_ends_its_reader_is_rejected_and_lands_once_another_writer_has_written_it(land: Land) -> None:
    table = pa.table({"at": [[number] for number in range(300_000)]})
    [poison] = put_all(land, table)
    dataset = poison.key.split("/")[1]
    send_to_first_child(signal.SIGSEGV)

    [outcome] = land.function().receive(poison, receive_count=2)

    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.CRASHES_READER)
    assert land.count(f"landing.{dataset}") == 0
    other = land.put(f"raw/{dataset}/other.parquet", table, compression="zstd", data_page_version="2.0")
    [outcome] = land.function().receive(other, receive_count=2)
    assert (outcome.status, outcome.rows) == (Status.LANDED, table.num_rows)


def send_to_first_child(number: signal.Signals) -> None:
    """Stop or kill the process that reads suspects while it reads, as a bug in its libraries would."""
    threading.Thread(target=_send, args=[number], daemon=True).start()


def _send(number: signal.Signals) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for task in Path("/proc/self/task").iterdir():
            for pid in (task / "children").read_text().split():
                if has_open_copy(pid):
                    os.kill(int(pid), number)
                    return
        time.sleep(0.01)


def has_open_copy(pid: str) -> bool:
    """Tell whether a process reads suspects and has a copy open: what it writes its errors to is deleted already."""
    if b"probe_child" not in Path(f"/proc/{pid}/cmdline").read_bytes():  # it is still a copy of this process
        return False
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            target = str(link.readlink())
            if target.startswith(tempfile.gettempdir()) and "(deleted)" not in target:
                return True
    return False


def test_a_bad_value_in_a_suspect_is_named_as_ever(land: Land) -> None:
    [file] = put_all(land, pa.table({"name": ["a", "b\0"]}))

    error = probe(land.client("s3"), [file])[file.file_id]

    assert isinstance(error, RejectedFileError)
    assert (error.reason, error.column, error.row) == (Reason.INVALID_TEXT, "name", 2)


@pytest.mark.parametrize("name", ["polars_int128", "fastparquet_fixed_text", "deltalake_uuid"])
def test_what_to_do_about_a_suspect_is_said_as_of_any_file(land: Land, name: str) -> None:
    content = (FILES / f"{name}.parquet").read_bytes()
    [file] = put_all(land, content)
    with pytest.raises(RejectedFileError) as raised:
        inspect(land.client("s3"), file)

    error = probe(land.client("s3"), [file])[file.file_id]

    assert isinstance(error, RejectedFileError)
    assert error.remedy is not None
    assert (error.reason, error.column, error.remedy) == (
        raised.value.reason,
        raised.value.column,
        raised.value.remedy,
    )


def test_what_is_no_parquet_is_said_to_be_none(land: Land) -> None:
    empty, text = put_all(land, b"", b"a,b\n1,2\n")

    found = probe(land.client("s3"), [empty, text])

    reasons = [error.reason for error in found.values() if isinstance(error, RejectedFileError)]
    assert reasons == [Reason.EMPTY_FILE, Reason.NOT_PARQUET]


def test_a_suspect_that_is_gone_is_no_culprit(land: Land) -> None:
    [file] = put_all(land, SMALL)
    land.client("s3").delete_object(Bucket=land.bucket, Key=file.key, VersionId=file.version_id)

    assert probe(land.client("s3"), [file]) == {file.file_id: None}


POISON = CORPUS / "files" / "parquet-testing__large_string_map.brotli.parquet"


@pytest.mark.skipif(not POISON.exists(), reason=f"no corpus at {CORPUS}")
def test_a_real_file_of_gigabytes_in_two_rows_is_rejected(land: Land) -> None:
    poison, after = put_all(land, POISON.read_bytes(), SMALL)

    found = probe(land.client("s3"), [poison, after])

    error = found[poison.file_id]
    assert isinstance(error, RejectedFileError)
    assert error.reason is Reason.CRASHES_READER
    assert found[after.file_id] is None


def test_a_child_that_cannot_start_blames_no_file(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    [file] = put_all(land, SMALL)
    monkeypatch.setattr("sys.executable", "/bin/false")

    with pytest.raises((TransientError, ConfigError)):
        probe(land.client("s3"), [file])


def test_of_a_large_file_that_copy_reads_right_the_footer_alone_is_read_until_its_loads_have_failed(
    land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest_lambda.rewrite.probe.LARGE_BYTES", 100)
    bad, none, nested = put_all(
        land, pa.table({"name": ["a", "b\0"]}), b"a,b\n" * 100, pa.table({"n": [["a"], ["b\0"]]})
    )

    found = probe(land.client("s3"), [bad, none, nested])
    failed = probe(land.client("s3"), [bad], failed_before=True)

    assert found[bad.file_id] is None
    reasons = [error.reason for error in found.values() if isinstance(error, RejectedFileError)]
    assert reasons == [Reason.NOT_PARQUET, Reason.INVALID_TEXT]
    assert isinstance(failed[bad.file_id], RejectedFileError)


def test_a_file_is_not_rejected_for_the_time_that_others_have_taken(land: Land) -> None:
    [file] = put_all(land, pa.table({"at": [[number] for number in range(300_000)]}))

    with pytest.raises(TransientError, match="time"):
        probe(land.client("s3"), [file], remaining_seconds=lambda: 0.02)
