"""A listing of object versions says its keys percent-encoded where it is asked to (`encoding-type=url`, as boto3 does).

Stock ministack encodes the keys of every other listing, but not of this one: a key with a control character, which S3
takes, makes an answer that is no XML (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html).
Backfill and reconcile list versions.
"""

from contextvars import ContextVar
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ministack.services import s3  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

ENCODED = {"Key", "Prefix", "Delimiter", "KeyMarker", "NextKeyMarker"}

_encoding: ContextVar[bool] = ContextVar("encoding", default=False)


def apply() -> None:
    """Encode what the answer is made of, just before it is written."""
    listing, xml_body = s3._list_object_versions, s3._xml_body
    expect_source(listing, "2a656b63124adf1cddf4387309097b640e919677a1062e300426d99e75ed5273")
    expect_source(xml_body, "a66f9c18121c2a5793a3696b2e780ed812a01a88093a560d9a7f24f706dccc34")

    def list_object_versions(bucket: str, query: dict[str, Any]) -> Any:
        token = _encoding.set(s3._qp(query, "encoding-type", "") == "url")
        try:
            return listing(bucket, query)
        finally:
            _encoding.reset(token)

    def encoded_body(root: Element) -> bytes:
        if _encoding.get() and root.tag == "ListVersionsResult":
            for element in root.iter():
                if element.tag in ENCODED and element.text:
                    element.text = s3._url_encode(element.text)
            SubElement(root, "EncodingType").text = "url"
        body: bytes = xml_body(root)
        return body

    s3._list_object_versions, s3._xml_body = list_object_versions, encoded_body
