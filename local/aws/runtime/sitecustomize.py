"""Take from local Lambda workers what AWS Lambda does not have: semaphores between processes.

Copied into the otherwise empty environment that runs the workers. AWS Lambda mounts no /dev/shm, so `sem_open` fails
there and `multiprocessing.Lock()`, `Queue()`, `Pool()` and `ProcessPoolExecutor` with it; `Pipe` and `Process` work
(https://aws.amazon.com/blogs/compute/parallel-processing-in-python-with-aws-lambda/). The same must fail here, or code
that cannot run on AWS would pass its tests.
"""

import _multiprocessing  # type: ignore[import-not-found]  # a C module without stubs
import errno
import os


class SemLock(_multiprocessing.SemLock):  # type: ignore[misc]  # as above
    """A semaphore that cannot be made, as on AWS Lambda."""

    def __new__(cls, *_args: object, **_kwargs: object) -> "SemLock":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


_multiprocessing.SemLock = SemLock
