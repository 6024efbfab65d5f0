"""Reading S3 event notifications out of SQS messages."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.arrive.envelopes import parse_notification
from ingest_lambda.arrive.events import parse_messages
from ingest_lambda.file_version import FileVersion
from tests.land.warehouse import message, notification

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=200)


@given(key=TEXT, version=TEXT)
def test_any_key_survives_its_encoding(key: str, version: str) -> None:
    [file] = parse_notification(notification([FileVersion("bucket", key, version)]))

    assert (file.bucket, file.key, file.version_id) == ("bucket", key, version)


@given(st.tuples(TEXT, TEXT, TEXT), st.tuples(TEXT, TEXT, TEXT))
def test_two_versions_have_one_identity_only_if_they_are_one(
    one: tuple[str, str, str], two: tuple[str, str, str]
) -> None:
    assert (FileVersion(*one).file_id == FileVersion(*two).file_id) == (one == two)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["Records", "s3", "object", "bucket", "key", "eventName"]), inner)
        ),
    )
)
def test_a_body_of_any_shape_is_read_or_refused_with_a_reason(content: Any) -> None:
    for body in (json.dumps(content), json.dumps({"Records": content}), str(content)):
        [read] = parse_messages({"Records": [message(body)]})
        assert read.malformed or all(isinstance(file, FileVersion) for file in read.files)


def test_a_record_keeps_what_s3_says() -> None:
    body = notification([FileVersion("b", "raw/x y.parquet", "v1", etag="abc", size=12)])

    [file] = parse_notification(body)

    assert (file.etag, file.size, file.sequencer) == ("abc", 12, "0055AED6DCD90281E5")
    assert file.event_time == datetime(2025, 11, 13, 9, 5, tzinfo=UTC)
    assert file.uri == "s3://b/raw/x y.parquet"


def test_removals_announce_nothing() -> None:
    body = notification([FileVersion("b", "k", "v")]).replace("ObjectCreated:Put", "ObjectRemoved:Delete")

    assert parse_notification(body) == ()


def test_an_object_older_than_versioning_has_the_version_null() -> None:
    content = json.loads(notification([FileVersion("b", "k", "v")]))
    del content["Records"][0]["s3"]["object"]["versionId"]

    assert parse_notification(json.dumps(content))[0].version_id == "null"


@pytest.mark.parametrize("body", ["", "x", "[]", "{}", '{"Records": {}}', '{"Records": [1]}', '{"Records": [{}]}'])
def test_a_malformed_body_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        parse_notification(body)
