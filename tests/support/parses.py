"""What dbt has parsed of a project, kept for as long as its files are the same: for all workers, and for later runs."""

import hashlib
import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path

from dbt.contracts.graph.manifest import Manifest

from local.files import digest, locked
from local.home import ROOT
from tests.support.run_folder import TESTS

PROJECT = ("dbt_project", "macros", "dbt_project.yml", "profiles.yml")
_KEPT = TESTS / "parses"
_MOST_KEPT = 12  # of a few megabytes each
# What parses: a manifest comes of these as well as of the project.
_PARSERS = ("dbt-core", "dbt-adapters", "dbt-common", "dbt-postgres", "dbt-redshift", "Jinja2", "mashumaro", "PyYAML")
# A node has its database and schema from the profile; where the warehouse is, and who logs in how, it does not know.
# dbt does not ask of which profile the manifest is that it is handed; it would of its own `partial_parse.msgpack`.
_OF_NODES = ("LANDFALL_REDSHIFT_DATABASE", "LANDFALL_REDSHIFT_USER", "LANDFALL_SCHEMA_PREFIX")


def manifest_of(project: Path, environment: Mapping[str, str], parse: Callable[[], Manifest]) -> Manifest:
    """Return a project's manifest, parsed if nobody has done so before; it is the caller's own, to change at will."""
    path = place_of(project, environment)
    with locked(_KEPT / "lock"):
        if not path.exists():
            partial = path.with_suffix(f".{os.getpid()}")
            partial.write_bytes(written(parse()))
            partial.replace(path)
            for old in sorted(_KEPT.glob("*.pickle"), key=lambda each: each.stat().st_mtime)[:-_MOST_KEPT]:
                old.unlink()
        kept = path.read_bytes()
    return read(kept)


def place_of(project: Path, environment: Mapping[str, str], ours: Path = ROOT / "transform_lambda") -> Path:
    """Return where a project's manifest is kept, by what it comes of; `ours`: the folder of our `quick_*.py`."""
    said = [{**os.environ, **environment}.get(name, "") for name in _OF_NODES]
    parsers = [*map(version, _PARSERS), digest(sorted(ours.glob("quick_*.py")))]
    by = hashlib.sha256(" ".join(parsers).encode()).hexdigest()
    return _KEPT / f"{'-'.join([*said, by[:16], digest(project / each for each in PROJECT)[:16]])}.pickle"


def lint_record(project: Path, paths: Sequence[str]) -> Path:
    """Return the file that says, if it is there, that SQL of a project has the style that the project asks for."""
    inputs = [project / each for each in (*PROJECT, ".sqlfluff", ".sqlfluffignore")]
    ours = [Path(__file__).with_name(name) for name in ("house_style.py", "quick_sqlfluff.py")]
    of = digest([*inputs, *ours, ROOT / "constraints.txt"])
    asked = hashlib.sha256(" ".join([*sorted(paths), of]).encode()).hexdigest()
    return _KEPT / f"{asked[:32]}.linted"


def written(manifest: Manifest) -> bytes:
    """Write a manifest field by field: as a whole it is pickled with its fields in another order than it has them."""
    public = [each.name for each in fields(Manifest) if each.init and not each.name.startswith("_")]
    return pickle.dumps({name: getattr(manifest, name) for name in public})


def read(manifest: bytes) -> Manifest:
    """Read a manifest that was written here."""
    return Manifest(**pickle.loads(manifest))  # noqa: S301 - written by the lines above
