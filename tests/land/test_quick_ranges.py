"""Ranges are read by a short way: its answers are the SDK's, and what it cannot answer is the SDK's to ask."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from botocore.auth import S3SigV4Auth
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, EndpointConnectionError

from ingest_lambda.bucket.owner import expect_owner
from ingest_lambda.bucket.quick_ranges import read_ranges_quickly
from ingest_lambda.file_version import FileVersion
from ingest_lambda.read.footer import Budget, inspect
from tests.land.proxy import Interference, Proxy, Request, proxy
from tests.land.test_footer import SMALL
from tests.land.warehouse import Land, new_dataset

ACCOUNT = "000000000000"
PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 3})
UNLIKE = {"x-amz-date", "x-amz-checksum-mode"}  # of the moment, and of no use with a range
# What a key may have of characters that a URL spells in another way, or a client may take for its own.
TAILS = (
    "a.parquet",
    "a b+c.parquet",
    "é/ü~.parquet",
    "../a/./b",
    "a//b",
    "100%25.parquet",
    "a?b#c&d=e",
    "'\"();:@$,!*[]|\\^`{}<>",
    "年/月",
)


@dataclass
class Faulty(Interference):
    """Answers as S3 does, but for as many requests as it is told to disturb."""

    busy: int = 0
    lost: int = 0

    def admits(self, request: Request) -> bool:
        self.busy -= 1
        return self.busy < 0

    def answers(self, request: Request) -> bool:
        self.lost -= 1
        return self.lost < 0


@dataclass
class Between:
    """A client that reads ranges by the short way, what passes between it and S3, and what the SDK was asked."""

    client: Any
    way: Proxy
    faults: Faulty
    by_sdk: list[str] = field(default_factory=list)


@pytest.fixture
def between(land: Land) -> Iterator[Between]:
    faults = Faulty()
    with proxy({name: value for name, value in land.services.env.items() if name.startswith("AWS_")}, faults) as way:
        session = boto3.Session("test", "test", region_name="us-east-1")
        client: Any = session.client("s3", endpoint_url=way.environment["AWS_ENDPOINT_URL"], config=PATIENT)
        found = Between(read_ranges_quickly(expect_owner(client, ACCOUNT), session.get_credentials()), way, faults)
        client.meta.events.register("before-call.s3", lambda model, **_: found.by_sdk.append(model.name))
        yield found


def told(answer: Any) -> dict[str, Any]:
    """Say what readers look at."""
    return {
        "data": answer["Body"].read(),
        **{name: answer[name] for name in ("ContentLength", "ContentRange", "ETag", "LastModified")},
    }


def wanted(file: FileVersion, span: str = "bytes=-100") -> dict[str, str]:
    return {"Bucket": file.bucket, "Key": file.key, "VersionId": file.version_id, "Range": span}


@pytest.mark.parametrize("tail", TAILS)
def test_a_range_is_what_the_sdk_would_answer_whatever_its_key(land: Land, between: Between, tail: str) -> None:
    file = land.put(f"raw/{new_dataset()}/{tail}", SMALL)
    land.put(file.key, SMALL + b"a later version")
    asked = [wanted(file, span) for span in ("bytes=-100", "bytes=3-9", "bytes=-1000000")]
    expected = [told(land.client("s3").get_object(**each)) for each in asked]

    first = told(between.client.get_object(**asked[0]))
    answers = [told(between.client.get_object(**each)) for each in asked]

    assert first == expected[0]
    assert answers == expected
    assert between.by_sdk == ["GetObject"]  # which learns the address by it
    assert len({request.path for request in between.way.requests}) == 1


def test_what_is_asked_is_signed_and_names_the_owner_as_the_sdk_does(
    land: Land, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = land.put(f"raw/{new_dataset()}/a b.parquet", SMALL)
    signed: list[tuple[str, dict[str, str]]] = []
    sign = S3SigV4Auth.add_auth

    def noted(self: S3SigV4Auth, request: Any) -> None:
        sign(self, request)
        names = re.findall(r"SignedHeaders=([^,]+)", request.headers["Authorization"])[0].split(";")
        url = request.prepare().url
        values = {name: request.headers.get(name) for name in names if name not in UNLIKE}
        signed.append((url, values))

    monkeypatch.setattr(S3SigV4Auth, "add_auth", noted)

    for _ in range(2):
        between.client.get_object(**wanted(file))

    by_sdk, quickly = signed
    assert by_sdk == quickly
    assert by_sdk[1]["x-amz-expected-bucket-owner"] == ACCOUNT


def test_credentials_are_those_of_the_moment(land: Land, between: Between) -> None:
    class Rotated:
        """Credentials that are others at each look."""

        given = 0

        def get_frozen_credentials(self) -> Any:
            self.given += 1
            return Credentials("test", "test", f"token {self.given}").get_frozen_credentials()

    file, rotated = land.put(f"raw/{new_dataset()}/a.parquet", SMALL), Rotated()
    client = read_ranges_quickly(land.services.client("s3"), rotated)  # type: ignore[arg-type]  # all that is asked of them

    for _ in range(3):
        client.get_object(**wanted(file))

    assert rotated.given == 2


@pytest.mark.parametrize("disturbed", [{"busy": 1}, {"lost": 1}], ids=["told to slow down", "an answer is lost"])
def test_what_fails_once_is_asked_again_by_the_sdk(land: Land, between: Between, disturbed: dict[str, int]) -> None:
    file = land.put(f"raw/{new_dataset()}/a.parquet", SMALL)
    first = told(between.client.get_object(**wanted(file)))
    for name, count in disturbed.items():
        setattr(between.faults, name, count)

    assert told(between.client.get_object(**wanted(file))) == first
    assert between.by_sdk == ["GetObject", "GetObject"]


def test_an_answer_that_breaks_off_is_not_taken(land: Land, between: Between, monkeypatch: pytest.MonkeyPatch) -> None:
    file = land.put(f"raw/{new_dataset()}/a.parquet", SMALL)
    first = told(between.client.get_object(**wanted(file)))
    ranges, send = between.client.get_object.__self__, between.client.get_object.__self__._send

    def cut(request: Any) -> Any:
        answer = send(request)
        answer._content = answer.content[:-1]
        return answer

    monkeypatch.setattr(ranges, "_send", cut)

    assert told(between.client.get_object(**wanted(file))) == first
    assert between.by_sdk == ["GetObject", "GetObject"]


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"Key": "raw/nothing/here.parquet"}, "NoSuchVersion"),
        ({"VersionId": "0" * 32}, "NoSuchVersion"),
        ({"Range": "bytes=1000000-"}, "InvalidRange"),
    ],
    ids=["no such key", "no such version", "beyond the end"],
)
def test_a_refusal_is_worded_by_the_sdk(land: Land, between: Between, other: dict[str, str], code: str) -> None:
    file = land.put(f"raw/{new_dataset()}/a.parquet", SMALL)
    between.client.get_object(**wanted(file))
    with pytest.raises(ClientError) as expected:
        land.client("s3").get_object(**{**wanted(file), **other})

    with pytest.raises(ClientError) as error:
        between.client.get_object(**{**wanted(file), **other})

    assert error.value.response["Error"] == expected.value.response["Error"]
    assert error.value.response["Error"]["Code"] in (code, "NoSuchKey")


def test_a_service_that_is_away_is_told_as_the_sdk_tells_it(land: Land) -> None:
    file = land.put(f"raw/{new_dataset()}/a.parquet", SMALL)
    session = boto3.Session("test", "test", region_name="us-east-1")
    with proxy({name: value for name, value in land.services.env.items() if name.startswith("AWS_")}, Faulty()) as way:
        client: Any = session.client("s3", endpoint_url=way.environment["AWS_ENDPOINT_URL"], config=PATIENT)
        read_ranges_quickly(client, session.get_credentials()).get_object(**wanted(file))
    client._endpoint.http_session.close()

    with pytest.raises(EndpointConnectionError):
        client.get_object(**wanted(file))


def test_a_whole_object_is_left_to_the_sdk_which_compares_its_checksum(land: Land, between: Between) -> None:
    file = land.put(f"raw/{new_dataset()}/a.parquet", SMALL)
    whole = {name: value for name, value in wanted(file).items() if name != "Range"}

    for _ in range(2):
        assert between.client.get_object(**whole)["Body"].read() == SMALL

    assert between.by_sdk == ["GetObject", "GetObject"]


def test_a_footer_that_is_read_so_is_the_same(land: Land, between: Between) -> None:
    wide = pa.table({f"column_{number}": [number] for number in range(30)})
    file = land.put(f"raw/{new_dataset()}/a.parquet", wide)
    expected = inspect(land.client("s3"), file, Budget(10**9))

    found = [inspect(between.client, file, Budget(10**9)) for _ in range(2)]

    assert found == [expected, expected]
    assert [each.content for each in found] == [expected.content] * 2
