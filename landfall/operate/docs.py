"""OPERATE: the models' documentation as one page. In: the project and its warehouse. Out: a static HTML file."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ingest_lambda.errors import ConfigError

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".landfall" / "docs"
DBT_FOLDER = ROOT / ".landfall" / "dbt" / "target"


def generate(folder: Path = FOLDER) -> Path:
    """Let dbt write its documentation, lineage included; return the page in `folder`, which needs no server.

    Raises:
        ConfigError: dbt cannot read the project or reach the warehouse; the message ends with what it said.
    """
    built = Path(os.environ.get("DBT_TARGET_PATH") or DBT_FOLDER)  # where dbt finds the project parsed already
    # dbt as the transform function runs it, which takes half of the time that it takes by itself
    command = [sys.executable, "-m", "transform_lambda.document", str(ROOT), str(built)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - own words
    if done.returncode:
        raise ConfigError(f"dbt docs generate failed: {(done.stdout + done.stderr).strip()[-2000:]}")
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "index.html"
    shutil.copyfile(built / "static_index.html", page)
    return page.resolve()
