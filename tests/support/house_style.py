"""sqlfluff, told what dbt has parsed already: a process of its own, as `sqlfluff lint` is.

In: a file with the manifest of the project in the current folder, and sqlfluff's arguments. Out: sqlfluff's.
"""

import sys
from pathlib import Path

from sqlfluff.cli.commands import cli
from sqlfluff.core import FluffConfig
from sqlfluff.core.parser import BaseSegment
from sqlfluff.utils.reflow.sequence import ReflowSequence
from sqlfluff_templater_dbt.templater import DbtTemplater  # type: ignore[import-untyped]  # it ships no types

from tests.support import parses, quick_drivers


def share_sequences() -> None:
    """Let the rules of layout share a file's tokens with how deep each of them stands: each of them asks for them anew.

    Nothing is mended in between, so that a file stays the same tree for all of them.
    """
    stock = ReflowSequence.from_root
    last: list[ReflowSequence] = []

    def from_root(root_segment: BaseSegment, config: FluffConfig) -> ReflowSequence:
        if not last or last[0].root_segment is not root_segment:
            last[:] = [stock(root_segment, config)]
        (kept,) = last
        return ReflowSequence(kept.elements.copy(), root_segment, kept.reflow_config, kept.depth_map)

    ReflowSequence.from_root = from_root  # type: ignore[method-assign]  # a patch


if __name__ == "__main__":
    quick_drivers.quicken()
    quick_drivers.quicken_dbt()
    share_sequences()
    DbtTemplater.dbt_manifest = parses.read(Path(sys.argv[1]).read_bytes())
    cli(sys.argv[2:], prog_name="sqlfluff")
