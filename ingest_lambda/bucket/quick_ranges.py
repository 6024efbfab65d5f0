"""LAND, bucket: ranges of objects, for half of the processor time that the SDK takes.

In: an S3 client and its credentials. Out: the same client, whose `get_object` of a version's range is one signed
request and five headers of its answer. A batch asks for one range a file, so that of many small files most of the
function's time was the SDK's: each time it validates, resolves an endpoint, tells its handlers, parses every header.

Where and as whom to ask is learned from the SDK, which asks first: endpoint, owner, certificates and proxies are as
they are configured. Whatever is not answered with the range is asked again by the SDK, which knows how to try again,
and words what S3 refuses. A whole object is left to it too: it has a checksum, which the SDK compares. S3 sends none
with such a range (https://github.com/boto/botocore/pull/3387).
"""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.exceptions import BotoCoreError

if TYPE_CHECKING:
    from botocore.credentials import Credentials

RANGE_OF_A_VERSION = {"Bucket", "Key", "VersionId", "Range"}
OWNER = "x-amz-expected-bucket-owner"


@dataclass(frozen=True)
class _Address:
    """The URL below which a bucket's keys are, and the headers of each request."""

    url: str
    headers: dict[str, str]


def read_ranges_quickly(client: Any, credentials: Credentials | None) -> Any:
    """Let an S3 client read ranges of versions by the short way; as ever where there are no credentials."""
    if credentials is not None:
        client.get_object = _Ranges(client, credentials).get_object
    return client


class _Ranges:
    """Asks for ranges. Threads share it."""

    def __init__(self, client: Any, credentials: Credentials) -> None:
        self._by_sdk = client.get_object
        self._credentials = credentials
        self._region = client.meta.region_name
        self._send = client._endpoint.http_session.send  # of its connections, certificates and proxies
        self._addresses: dict[str, _Address] = {}
        self._asked = threading.local()
        client.meta.events.register("before-send.s3.GetObject", self._learn)

    def get_object(self, **asked: Any) -> Any:
        """Ask for an object, as the client's own `get_object`; a range's answer is what readers look at, and no more.

        Raises:
            ClientError, BotoCoreError: as the client's own.
        """
        address = self._addresses.get(asked["Bucket"]) if asked.keys() == RANGE_OF_A_VERSION else None
        if address and (answer := self._range(address, asked["Key"], asked["VersionId"], asked["Range"])):
            return answer
        self._asked.bucket, self._asked.path = asked["Bucket"], _quoted(asked["Key"])
        return self._by_sdk(**asked)

    def _learn(self, request: AWSPreparedRequest, **_: Any) -> None:
        """Keep where the SDK asks for the bucket of this thread's call, where it signs as `_range` does."""
        url, signed = request.url.partition("?")[0], _text(request.headers.get("Authorization"))
        is_alike = signed.startswith("AWS4-HMAC-SHA256 ") and f"/{self._region}/s3/aws4_request" in signed
        if is_alike and url.endswith(f"/{self._asked.path}"):
            owner = _text(request.headers.get(OWNER))
            url = url.removesuffix(self._asked.path)
            self._addresses[self._asked.bucket] = _Address(url, {OWNER: owner} if owner else {})

    def _range(self, address: _Address, key: str, version: str, wanted: str) -> dict[str, Any] | None:
        request = AWSRequest(
            method="GET",
            url=address.url + _quoted(key),
            params={"versionId": version},
            headers={**address.headers, "Range": wanted},
        )
        S3SigV4Auth(self._credentials.get_frozen_credentials(), "s3", self._region).add_auth(request)
        try:
            answer = self._send(request.prepare())
        except BotoCoreError:
            return None
        said, data = answer.headers, answer.content
        if answer.status_code != HTTPStatus.PARTIAL_CONTENT or said.get("Content-Length") != str(len(data)):
            return None
        return {
            "Body": io.BytesIO(data),
            "ContentLength": len(data),
            "ContentRange": said["Content-Range"],
            "ETag": said["ETag"],
            "LastModified": parsedate_to_datetime(said["Last-Modified"]),
        }


def _quoted(key: str) -> str:
    """Write a key as the path of a URL, as the SDK does.

    >>> _quoted("raw/a b/é+~.parquet")
    'raw/a%20b/%C3%A9%2B~.parquet'
    """
    return quote(key, safe="/~")


def _text(header: str | bytes | None) -> str:
    return header.decode() if isinstance(header, bytes) else header or ""
