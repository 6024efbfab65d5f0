"""Notes of what waits: written while there is time, after what landed has been acknowledged."""

import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ingest_lambda.file_version import FileVersion
from ingest_lambda.tell.waiting import Waiting, note


class SlowS3:
    """S3, each of whose PUTs takes a while."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self.put = 0

    def put_object(self, **_: Any) -> None:
        time.sleep(self._seconds)
        with self._lock:
            self.put += 1


class RefusingS3:
    """S3, which takes nothing."""

    def put_object(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "injected"}}, "PutObject")


def notes(number: int) -> list[Waiting]:
    return [Waiting(FileVersion("b", f"raw/o/{n}.parquet", "v"), "o", 1, "why", "now") for n in range(number)]


def test_a_thousand_notes_are_written_in_the_time_of_a_few() -> None:
    s3 = SlowS3(0.02)  # one after the other: 20 seconds

    assert note(s3, "b", notes(1_000), 15.0) == 0  # type: ignore[arg-type]  # a stand-in

    assert s3.put == 1_000


def test_notes_end_with_the_time_although_s3_hangs() -> None:
    began = time.monotonic()

    left = note(SlowS3(5.0), "b", notes(40), 0.1)  # type: ignore[arg-type]  # a stand-in

    assert left == 40
    assert time.monotonic() - began < 4


def test_a_note_that_s3_refuses_is_told() -> None:
    with pytest.raises(ClientError):
        note(RefusingS3(), "b", notes(40), 60.0)  # type: ignore[arg-type]  # a stand-in
