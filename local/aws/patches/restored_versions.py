"""A version of an object that has been restored says so: in a listing of versions that asks for it, and to a HEAD.

Stock ministack keeps a restore beside the current object, and tells it to a HEAD without a version alone: neither to
one that names the version nor to a listing. AWS answers the HEAD with
`x-amz-restore` (https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html), and a listing whose request has
`x-amz-optional-object-attributes: RestoreStatus` with a RestoreStatus a version
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html). Backfill and reconcile ask so.

A copy of an archived object that was restored is of the class STANDARD, unless the request names another
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html). Stock ministack gives it the class of its source,
so that what landing stages of it answers no GET.
"""

import re
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ministack.services import s3  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

Answer = tuple[int, dict[str, str], bytes]

_asked: ContextVar[bool] = ContextVar("asked", default=False)


def apply() -> None:
    """Say of the current version what is known of its object. To be applied behind `encoded_listing`."""
    dispatch, head, copy, xml_body = s3._dispatch, s3._head_object, s3._copy_object, s3._xml_body
    expect_source(dispatch, "52562ee7c18bd9e7d3328fdda153a451c7ddba408dc43e040e9d524344e5e767")
    expect_source(head, "369c3a8482eadb367519f0ee6eec143c9e6b6670f52966b90b63e29f47ad42ae")
    expect_source(copy, "ce47e73298bef8a89597b4db3688ab14759233ae57ce4e9b03da36d4af839790")
    expect_source(s3._object_response_headers, "33b3f416a4b52eb6080133f0277684ecd96f3c41b34ba5de974752da17bb4289")

    def asking_dispatch(method: str, bucket: str, key: str, headers: dict[str, str], *rest: Any) -> Any:
        token = _asked.set("RestoreStatus" in headers.get("x-amz-optional-object-attributes", ""))
        try:
            return dispatch(method, bucket, key, headers, *rest)
        finally:
            _asked.reset(token)

    def head_object(bucket: str, key: str, headers: dict[str, str], query: dict[str, Any] | None = None) -> Answer:
        status, found, body = head(bucket, key, headers, query)
        restore = _restore_of(bucket, key, s3._qp(query or {}, "versionId", "")) if status == 200 else ""
        return status, found | ({"x-amz-restore": restore} if restore else {}), body

    def copy_object(bucket: str, key: str, headers: dict[str, str]) -> Any:
        return copy(bucket, key, {"x-amz-storage-class": "STANDARD"} | headers)

    def told_body(root: Element) -> bytes:
        if _asked.get() and root.tag == "ListVersionsResult":
            for version in root.iter("Version"):
                _tell(
                    version, _restore_of(root.findtext("Name"), version.findtext("Key"), version.findtext("VersionId"))
                )
        body: bytes = xml_body(root)
        return body

    s3._dispatch, s3._head_object, s3._copy_object = asking_dispatch, head_object, copy_object
    s3._xml_body = told_body


def _restore_of(bucket: str | None, key: str | None, version_id: str | None) -> str:
    """Return the value of `x-amz-restore` of a version, as the current object has it; empty where it has none."""
    current = (s3._ensure_bucket(bucket) or {"objects": {}})["objects"].get(key)
    if not current or current.get("version_id") != version_id:
        return ""
    headers: dict[str, str] = s3._object_response_headers(current, bucket, key)
    return headers.get("x-amz-restore", "")


def _tell(version: Element, restore: str) -> None:
    if not restore:
        return
    told = SubElement(version, "RestoreStatus")
    SubElement(told, "IsRestoreInProgress").text = "true" if 'ongoing-request="true"' in restore else "false"
    if expiry := re.search(r'expiry-date="([^"]+)"', restore):
        SubElement(told, "RestoreExpiryDate").text = f"{parsedate_to_datetime(expiry[1]):%Y-%m-%dT%H:%M:%S.000Z}"
