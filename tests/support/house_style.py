"""sqlfluff, told what dbt has parsed already: a process of its own, as `sqlfluff lint` is.

In: a file with the manifest of the project in the current folder, and sqlfluff's arguments. Out: sqlfluff's.
"""

import sys
from pathlib import Path

from sqlfluff.cli.commands import cli
from sqlfluff.core.parser import BaseSegment
from sqlfluff.utils.reflow.depthmap import DepthMap
from sqlfluff_templater_dbt.templater import DbtTemplater  # type: ignore[import-untyped]  # it ships no types

from tests.support import parses, quick_drivers


def share_depths() -> None:
    """Let the rules of layout share how deep in a file each of its tokens stands; each of them asks for it anew."""
    stock = DepthMap.from_parent
    kept: dict[BaseSegment, DepthMap] = {}

    def from_parent(parent: BaseSegment) -> DepthMap:
        if not any(of is parent for of in kept):
            kept.clear()
            kept[parent] = stock(parent)
        return kept[parent]

    DepthMap.from_parent = from_parent  # type: ignore[method-assign]  # a patch


if __name__ == "__main__":
    quick_drivers.quicken()
    quick_drivers.quicken_dbt()
    share_depths()
    DbtTemplater.dbt_manifest = parses.read(Path(sys.argv[1]).read_bytes())
    cli(sys.argv[2:], prog_name="sqlfluff")
