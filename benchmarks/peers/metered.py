"""Runs a command and tells what it took: a small process between, so that a peak is the command's own.

    python -m benchmarks.peers.metered COMMAND... < input

Out, as the last line on standard output: seconds, CPU seconds and peak megabytes of the command with all that it has
waited for (getrusage(2)), and its exit code.
"""

import json
import resource
import subprocess
import sys
import time


def main() -> None:
    """Run the command of the arguments."""
    started = time.monotonic()
    done = subprocess.run(sys.argv[1:], stdout=sys.stderr, check=False)  # noqa: S603 - the benchmark's own words
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        json.dumps(
            {
                "wall_seconds": round(time.monotonic() - started, 2),
                "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
                "peak_megabytes": used.ru_maxrss // 1024,
                "exit_code": done.returncode,
            }
        )
    )


if __name__ == "__main__":
    main()
