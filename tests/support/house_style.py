"""sqlfluff, told what dbt has parsed already: a process of its own, as `sqlfluff lint` is.

In: a file with the manifest of the project in the current folder, and sqlfluff's arguments. Out: sqlfluff's.
"""

import sys
from pathlib import Path

from sqlfluff.cli.commands import cli
from sqlfluff_templater_dbt.templater import DbtTemplater  # type: ignore[import-untyped]  # it ships no types

from tests.support import parses, quick_drivers, quick_sqlfluff

if __name__ == "__main__":
    quick_drivers.quicken()
    quick_drivers.quicken_dbt()
    quick_sqlfluff.quicken()
    DbtTemplater.dbt_manifest = parses.read(Path(sys.argv[1]).read_bytes())
    cli(sys.argv[2:], prog_name="sqlfluff")
