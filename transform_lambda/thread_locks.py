"""MODEL: let dbt run where there are no semaphores between processes.

AWS Lambda mounts no /dev/shm, so `multiprocessing.Lock()` fails there with ENOSYS
(https://aws.amazon.com/blogs/compute/parallel-processing-in-python-with-aws-lambda/). dbt takes its locks, and Python's
`ThreadPool` its queue, from a multiprocessing context although both only ever serve threads of one process. They get a
context whose locks are those of `threading`.
"""

from __future__ import annotations

import multiprocessing.pool
import threading
from multiprocessing.context import SpawnContext
from typing import Any


class ThreadContext(SpawnContext):
    """A multiprocessing context for threads of one process: everything it makes is built on `threading`'s locks.

    >>> with ThreadContext().RLock():
    ...     ThreadContext().SimpleQueue().empty()
    True
    """

    def Lock(self) -> Any:  # noqa: N802 - the context's interface
        """Return a lock between threads."""
        return threading.Lock()

    def RLock(self) -> Any:  # noqa: N802 - the context's interface
        """Return a lock between threads that its owner may take again."""
        return threading.RLock()


def use_thread_locks() -> None:
    """Give dbt and `ThreadPool` the context; must come before any other part of dbt is imported.

    dbt binds `get_mp_context().Lock` when its modules are imported, and offers no setting for it.
    """
    import dbt.mp_context

    context = ThreadContext()
    dbt.mp_context._MP_CONTEXT = context
    multiprocessing.pool.get_context = lambda: context  # type: ignore[attr-defined]  # the module's own import, unlisted
