"""Guards of the patches: a patch that no longer meets the code it was written for must stop the server at its start."""

import hashlib
import inspect
from collections.abc import Callable
from typing import Any


class UpstreamChangedError(RuntimeError):
    """ministack is not what a patch was written for: read its new code, then renew or drop the patch."""


def expect_source(function: Callable[..., Any], sha256: str) -> None:
    """Check that the source of `function` is the one the patch was written for.

    Raises:
        UpstreamChangedError: it is not.
    """
    found = hashlib.sha256(inspect.getsource(function).encode()).hexdigest()
    if found != sha256:
        name = f"{function.__module__}.{function.__qualname__}"
        raise UpstreamChangedError(f"{name} has changed: its source has the digest {found}, expected {sha256}")


def replace_once(text: str, old: str, new: str) -> str:
    """Return `text` with its one occurrence of `old` replaced.

    Raises:
        UpstreamChangedError: `old` does not occur exactly once.
    """
    if text.count(old) != 1:
        raise UpstreamChangedError(f"expected once, found {text.count(old)} times: {old!r}")
    return text.replace(old, new)
