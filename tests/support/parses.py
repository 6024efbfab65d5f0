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
_MOST_KEPT = 12  # of each kind, of a few megabytes each
_BY_DBT = "partial_parse.msgpack"  # what dbt itself keeps of a parse, in its target folder
# What parses: a manifest comes of these as well as of the project.
_PARSERS = ("dbt-core", "dbt-adapters", "dbt-common", "dbt-postgres", "dbt-redshift", "Jinja2", "mashumaro", "PyYAML")
# A node has its database and schema from the profile; where the warehouse is, and who logs in how, it does not know.
_OF_NODES = ("LANDFALL_REDSHIFT_DATABASE", "LANDFALL_REDSHIFT_USER", "LANDFALL_SCHEMA_PREFIX")
# dbt does not ask of which profile the manifest is that it is handed; on from a parse of its own it goes only under the
# host and port that this was made for (`ManifestLoader.is_partial_parsable`): the same for all, as no parse connects.
_NOWHERE = {"LANDFALL_REDSHIFT_HOST": "localhost", "LANDFALL_REDSHIFT_PORT": "5439"}


def manifest_of(
    project: Path, environment: Mapping[str, str], parse: Callable[[Mapping[str, str]], Manifest]
) -> Manifest:
    """Return a project's manifest, parsed if nobody has done so before; it is the caller's own, to change at will.

    Most other projects are this checkout's with a few files more: dbt parses those alone.

    Args:
        project: the folder of the project.
        environment: the variables by which it is run.
        parse: runs `dbt parse` with the variables that it is given.
    """
    path = place_of(project, environment)
    with locked(_KEPT / "lock"):
        if not path.exists() or (project == ROOT and not _begun(environment).exists()):
            _keep(path, written(parse({**environment, **on_from(project, environment)})))
            if project == ROOT:
                _keep(_begun(environment), Path(environment["DBT_TARGET_PATH"], _BY_DBT).read_bytes())
            for kind in ("pickle", "msgpack"):
                for old in sorted(_KEPT.glob(f"*.{kind}"), key=lambda each: each.stat().st_mtime)[:-_MOST_KEPT]:
                    old.unlink()
        kept = path.read_bytes()
    return read(kept)


def on_from(project: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which dbt goes on from its own parse of a project, else from that of this checkout's."""
    own, begun = Path(environment["DBT_TARGET_PATH"], _BY_DBT), _begun(environment)
    if project == ROOT or own.exists() or not begun.exists():
        return _NOWHERE
    return {**_NOWHERE, "DBT_PARTIAL_PARSE_FILE_PATH": str(begun)}


def _begun(environment: Mapping[str, str]) -> Path:
    return _KEPT / f"{_of_parsers(environment)}.msgpack"


def _keep(path: Path, content: bytes) -> None:
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)


def place_of(project: Path, environment: Mapping[str, str], ours: Path = ROOT / "transform_lambda") -> Path:
    """Return where a project's manifest is kept, by what it comes of; `ours`: the folder of our `quick_*.py`."""
    return _KEPT / f"{_of_parsers(environment, ours)}-{digest(project / each for each in PROJECT)[:16]}.pickle"


def _of_parsers(environment: Mapping[str, str], ours: Path = ROOT / "transform_lambda") -> str:
    """Name what a parse hangs on beside the project."""
    said = [{**os.environ, **environment}.get(name, "") for name in _OF_NODES]
    parsers = [*map(version, _PARSERS), digest(sorted(ours.glob("quick_*.py")))]
    return "-".join([*said, hashlib.sha256(" ".join(parsers).encode()).hexdigest()[:16]])


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
