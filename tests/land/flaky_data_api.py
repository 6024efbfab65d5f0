"""A Data API that fails at one call, for functions that live on."""

from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError


class FlakyDataApi:
    """The Data API client, but call number `fails_at` fails: before it is sent, or with its answer lost."""

    def __init__(self, client: Any, fails_at: int, *, answer_lost: bool) -> None:
        self._client = client
        self._fails_at = fails_at
        self._answer_lost = answer_lost
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)

        def call(**request: Any) -> Any:
            self.calls += 1
            if self.calls != self._fails_at:
                return operation(**request)
            if self._answer_lost:
                operation(**request)
                raise ReadTimeoutError(endpoint_url="data api")
            raise ClientError({"Error": {"Code": "InternalServerException", "Message": "injected"}}, name)

        return call
