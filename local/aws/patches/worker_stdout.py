"""A Lambda may write to file descriptor 1, itself or through a child process, without breaking the worker.

Stock ministack speaks a line protocol with the worker on descriptors 0 and 1, and moves only `sys.stdout` away. What a
child process or a C library writes to descriptor 1 lands in the protocol; after 200 such lines the invocation fails,
and a child that reads descriptor 0 swallows the next event. On AWS both descriptors are the function's own, and what
is written goes to the log.
"""

from ministack.core import lambda_runtime  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import replace_once

_STOCK = """\
    _real_stdout = sys.stdout
    sys.stdout = sys.stderr
"""
_PROTECTED = """\
    # The protocol keeps private duplicates; descriptors 0 and 1 become /dev/null and the log.
    _real_stdout = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    sys.stdin = os.fdopen(os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
"""


def apply() -> None:
    """Give the protocol descriptors of its own."""
    lambda_runtime._PYTHON_WORKER_SCRIPT = replace_once(lambda_runtime._PYTHON_WORKER_SCRIPT, _STOCK, _PROTECTED)
