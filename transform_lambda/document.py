"""MODEL: dbt's documentation with the warehouse's columns and the compiled SQL, as `landfall docs` shows it.

In: the project's folder, and dbt's target folder. Out: `static_index.html` in that; on stderr what went wrong. It is a
process of its own, so that who asks for it neither imports dbt nor this package:

    python -m transform_lambda.document PROJECT TARGET
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transform_lambda.dbt_runtime import invoke


def main(arguments: Sequence[str]) -> int:
    """Write the page; 1 when dbt cannot read the project or reach the warehouse."""
    project, target = map(Path, arguments)
    errors: list[str] = []

    def keep(event: Any) -> None:
        if event.info.level == "error":
            errors.append(event.info.msg)

    answer = invoke(["docs", "generate", "--static"], project, keep, target=target)
    if answer.success:
        return 0
    print("\n".join(errors) or answer.exception, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
