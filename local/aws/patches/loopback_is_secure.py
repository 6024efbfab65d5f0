"""Requests over the loopback interface count as secure transport in policies.

The product's bucket and queue policies deny whatever comes without TLS, as AWS recommends. The local server speaks
plain HTTP on 127.0.0.1, which leaves the machine as little as TLS would, so `aws:SecureTransport` is true for it; with
stock ministack those policies would lock everyone out
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-securetransport).
"""

from contextvars import ContextVar

from ministack import app  # type: ignore[import-not-found]  # server environment
from ministack.core import iam_evaluator  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source


def apply() -> None:
    """Make every request's transport secure, and that of the deliveries between services too, as on AWS."""
    original = iam_evaluator.pin_request_origin
    expect_source(original, "de819c1bd9ac2be4b8dd3c7a66d2c3c690fe74d95b4d42519ec581ac9ebf3b36")
    iam_evaluator._request_origin = ContextVar("request_origin", default=("127.0.0.1", True))

    def pin_request_origin(source_ip: str, _secure_transport: bool) -> None:
        original(source_ip, True)

    app.pin_request_origin = pin_request_origin
