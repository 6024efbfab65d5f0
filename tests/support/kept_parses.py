"""dbt's own parse of the project, kept for as long as the project's files are the same; imports no dbt.

In: the folder in which a dbt will look for what it has parsed before. Out: `partial_parse.msgpack` there. dbt judges
for itself whether it fits, and parses what differs (https://docs.getdbt.com/reference/parsing#partial-parsing).
"""

import os
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from local.files import digest
from local.home import ROOT
from tests.support.run_folder import TESTS

PROJECT = ("dbt_project", "macros", "dbt_project.yml", "profiles.yml")
PARSE = "partial_parse.msgpack"
KEPT = TESTS / "parses"
# A node has its database and schema from the profile; where the warehouse is, and who logs in how, it does not know.
_OF_NODES = ("LANDFALL_REDSHIFT_DATABASE", "LANDFALL_REDSHIFT_USER", "LANDFALL_SCHEMA_PREFIX")


def place_of(project: Path, environment: Mapping[str, str]) -> Path:
    """Return where a project's parse is kept, without the suffix that says in which form."""
    said = [{**os.environ, **environment}.get(name, "") for name in _OF_NODES]
    releases = [version(name) for name in ("dbt-core", "dbt-redshift")]
    return KEPT / "-".join([*releases, *said, digest(project / each for each in PROJECT)[:16]])


def give(target: Path, environment: Mapping[str, str]) -> None:
    """Put the parse of this checkout's project, if it is kept, where dbt looks for one, unless there is one."""
    kept, place = msgpack_of(ROOT, environment), target / PARSE
    if kept.exists() and not place.exists():
        target.mkdir(parents=True, exist_ok=True)
        partial = place.with_suffix(f".{os.getpid()}")
        shutil.copyfile(kept, partial)
        partial.replace(place)


def msgpack_of(project: Path, environment: Mapping[str, str]) -> Path:
    """Return the file in which a project's parse is kept as dbt has written it."""
    place = place_of(project, environment)
    return place.with_name(f"{place.name}.msgpack")
