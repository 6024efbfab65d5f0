"""MODEL: dbt parses the project once a deployment; the parse is kept in S3, and never believed when it does not fit."""

import shutil
import uuid
from pathlib import Path
from typing import Any

import pytest

from local.home import ROOT
from tests.support.local_stack import LocalServices
from transform_lambda import dbt_runtime
from transform_lambda.parse_cache import FOLDER, parse_kept
from transform_lambda.project import fingerprint


@pytest.fixture
def s3(local_aws: LocalServices) -> Any:
    """Return an S3 client."""
    return local_aws.client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    """Return a bucket of the test's own."""
    name = f"parse-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the dbt project that a test may change."""
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("dbt_project", "macros"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def parse_cold(s3: Any, bucket: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Parse as a cold function does, in a scratch folder with nothing in it; tell whether dbt parsed from the start."""
    scratch = project / uuid.uuid4().hex
    monkeypatch.setattr(dbt_runtime, "_scratch_folder", lambda: scratch)
    events: list[str] = []
    with parse_kept(s3, bucket, fingerprint(project, "warehouse"), dbt_runtime.parse_path()):
        answer = dbt_runtime.invoke(["parse"], project, lambda event: events.append(event.info.name))
    assert answer.success, answer.exception
    return bool({"UnableToPartialParse", "ParsedFileLoadFailed"} & set(events))


def kept(s3: Any, bucket: str) -> list[str]:
    """List the parses that are kept."""
    return [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix=FOLDER).get("Contents", [])]


def test_only_the_first_of_many_cold_functions_parses_and_a_damaged_parse_is_replaced(
    s3: Any, bucket: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parse_cold(s3, bucket, project, monkeypatch)
    (first,) = kept(s3, bucket)
    assert not parse_cold(s3, bucket, project, monkeypatch)
    s3.put_object(Bucket=bucket, Key=first, Body=b"not what dbt wrote")
    assert parse_cold(s3, bucket, project, monkeypatch)
    assert kept(s3, bucket) == [first]
    assert s3.head_object(Bucket=bucket, Key=first)["ContentLength"] > 1000


def test_what_breaks_the_run_keeps_no_parse(s3: Any, bucket: str, tmp_path: Path) -> None:
    path = tmp_path / "target" / "partial_parse.msgpack"
    with pytest.raises(RuntimeError, match="broken"), parse_kept(s3, bucket, "f1", path):
        raise RuntimeError("broken")
    assert kept(s3, bucket) == []
