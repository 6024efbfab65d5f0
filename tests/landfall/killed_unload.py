"""`landfall unload` in a process of its own, which is killed at a step of it.

In: a JSON of the stack's outputs, the model, and the step: a function of `exports` or `unloading` that it dies before.
"""

import json
import os
import signal
import sys
from typing import Any

import pytest

from landfall.operate import exports, unloading
from landfall.stack import Stack


def main(asked: dict[str, Any]) -> None:
    """Export, and die."""

    def die(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    module, step = asked["step"].split(".")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr({"exports": exports, "unloading": unloading}[module], step, die)
        unloading.unload(Stack("landfall-test", asked["outputs"]), asked["model"], (), 2, frozenset())


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
