"""A GET of an object's version by `Range` returns that range.

Stock ministack ignores `Range` where a version is named, and answers with the whole object. On AWS a range is answered
with 206 and Content-Range, one outside the object with 416, and the checksum of the whole object is left out
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html). The ingest function reads every footer so.
"""

from typing import Any

from ministack.services import s3  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

Answer = tuple[int, dict[str, str], bytes]


def apply() -> None:
    """Cut the range out of the answer where a version is named."""
    original = s3._get_object
    expect_source(original, "64ad7071ef0ec45adb8cc4d57b18a3b52d058504b27e0b44d9800d977475b170")
    expect_source(s3._parse_range, "0631595e6e00e40f94b8aa30592066f39d8a6018f09c23fb6f82602cf762ebd5")

    def get_object(bucket: str, key: str, headers: dict[str, str], query: dict[str, Any] | None = None) -> Answer:
        wanted = headers.get("range", "")
        if not wanted or not s3._qp(query or {}, "versionId", ""):
            whole: Answer = original(bucket, key, headers, query)
            return whole
        status, found, body = original(bucket, key, headers | {"x-amz-checksum-mode": ""}, query)
        return _range_of(found, body, wanted, bucket, key) if status == 200 else (status, found, body)

    s3._get_object = get_object


def _range_of(headers: dict[str, str], body: bytes, wanted: str, bucket: str, key: str) -> Answer:
    bounds = s3._parse_range(wanted, len(body))
    if bounds is None or not body:  # no range of an object without bytes can be satisfied
        refused = {"Content-Type": "application/xml", "Content-Range": f"bytes */{len(body)}"}
        return 416, refused, s3._xml_body(s3._range_error_xml(bucket, key))
    first, last = bounds
    part = body[first : last + 1]
    told = {"Content-Length": str(len(part)), "Content-Range": f"bytes {first}-{last}/{len(body)}"}
    return 206, headers | told, part
