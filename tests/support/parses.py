"""What dbt has parsed of a project, kept for as long as its files are the same: for all workers, and for later runs."""

import hashlib
import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from dbt.contracts.graph.manifest import Manifest

from local.files import digest, locked
from local.home import ROOT
from tests.support.kept_parses import KEPT, PARSE, PROJECT, msgpack_of, place_of

_MOST_KEPT = 12  # of a few megabytes each, in either form


def manifest_of(project: Path, environment: Mapping[str, str], parse: Callable[[], Manifest]) -> Manifest:
    """Return a project's manifest, parsed if nobody has done so before; it is the caller's own, to change at will."""
    place, msgpack = place_of(project, environment), msgpack_of(project, environment)
    path = place.with_name(f"{place.name}.pickle")
    with locked(KEPT / "lock"):
        if not (path.exists() and msgpack.exists()):
            _keep(path, written(parse()))
            _keep(msgpack, Path(environment["DBT_TARGET_PATH"], PARSE).read_bytes())
            for form in ("*.pickle", "*.msgpack"):
                for old in sorted(KEPT.glob(form), key=lambda each: each.stat().st_mtime)[:-_MOST_KEPT]:
                    old.unlink()
        kept = path.read_bytes()
    return read(kept)


def _keep(path: Path, content: bytes) -> None:
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)


def lint_record(project: Path, paths: Sequence[str]) -> Path:
    """Return the file that says, if it is there, that SQL of a project has the style that the project asks for."""
    inputs = [project / each for each in (*PROJECT, ".sqlfluff", ".sqlfluffignore")]
    ours = [Path(__file__).with_name(name) for name in ("house_style.py", "quick_sqlfluff.py")]
    of = digest([*inputs, *ours, ROOT / "constraints.txt"])
    asked = hashlib.sha256(" ".join([*sorted(paths), of]).encode()).hexdigest()
    return KEPT / f"{asked[:32]}.linted"


def written(manifest: Manifest) -> bytes:
    """Write a manifest field by field: as a whole it is pickled with its fields in another order than it has them."""
    public = [each.name for each in fields(Manifest) if each.init and not each.name.startswith("_")]
    return pickle.dumps({name: getattr(manifest, name) for name in public})


def read(manifest: bytes) -> Manifest:
    """Read a manifest that was written here."""
    return Manifest(**pickle.loads(manifest))  # noqa: S301 - written by the lines above
