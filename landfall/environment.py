"""OPERATE: an environment for commands that may be run without one. In: the process's variables. Out: complete ones.

`landfall demo` and `landfall docs` are the first things that a newcomer runs: where no stack is named, they take the
local one that runs on this machine.
"""

import os

from landfall.stack import STACK_VARIABLE


def complete() -> None:
    """Set the variables of the running local stack in this process, unless a stack is named already.

    Raises:
        ConfigError: no stack is named, and no local stack runs.
    """
    if os.environ.get(STACK_VARIABLE):
        return
    from local import faces
    from local.home import home_from_environment

    os.environ.update(faces.environment(home_from_environment()))
