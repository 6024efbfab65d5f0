"""MODEL: remember which version of the dbt project was last built whole, and in which warehouse.

A run that follows a landing builds only what is downstream of it. That is enough only if everything else is there and
made by the same code. So the first run after a deployment builds the models that differ too, and what is downstream of
them, or the whole project where something differs that all are made by; after an error, or a run that broke, the next
one builds the whole project. The memory is one small object in S3, which is taken away while a build is under way;
losing it costs one such run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from transform_lambda.graph import Graph

MEMORY_KEY = "reports/transform/state/built-project"
MODELS = "dbt_project/models/"
ROWLESS = ("dbt_project/gates/", "dbt_project/analyses/")  # what they say makes no row
WAREHOUSE = "warehouse"  # stands among the files for where they are built

Files = Mapping[str, str]  # path under the project's folder -> digest


def files_of(project_dir: Path, warehouse: str) -> Files:
    """Return digests of the project's files, and of where they are built."""
    paths = {str(path.relative_to(project_dir)): path.read_bytes() for path in sorted(_files(project_dir))}
    return {
        name: hashlib.sha256(content).hexdigest() for name, content in (paths | {WAREHOUSE: warehouse.encode()}).items()
    }


def fingerprint_of(files: Files) -> str:
    """Return one digest of all."""
    return hashlib.sha256("".join(f"{name}\0{digest}\0" for name, digest in sorted(files.items())).encode()).hexdigest()


def fingerprint(project_dir: Path, warehouse: str) -> str:
    """Return a digest of the project's files and of where they are built."""
    return fingerprint_of(files_of(project_dir, warehouse))


def changed_models(before: Files, now: Files) -> frozenset[str] | None:
    """Return the files of models that differ; None where something differs that others are made by too, or is gone.

    >>> changed_models({"dbt_project/models/a.sql": "1"}, {"dbt_project/models/a.sql": "2"})
    frozenset({'dbt_project/models/a.sql'})
    >>> changed_models({"macros/a.sql": "1"}, {"macros/a.sql": "2"}) is None
    True
    """
    differ = _differing(before, now)
    if any(path not in now or not path.startswith(MODELS) for path in differ):
        return None
    return differ


def is_unapplied(before: Graph, now: Graph) -> bool:
    """Tell whether rows of before may be staged or checked otherwise now, which what is modeled of them shows not.

    So it may be by what all models are made by, and by what YAML says of how a dataset's rows are read; not by a
    dataset that was not there, nor by a description.
    """
    differ = _differing(before.files, now.files)
    is_by_all = any(not path.startswith((MODELS, *ROWLESS)) for path in differ)
    return is_by_all or bool(now.unapplied(differ)) or bool(now.redeclared(before))


def _differing(before: Files, now: Files) -> frozenset[str]:
    return frozenset(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))


def _files(project_dir: Path) -> Iterator[Path]:
    for name in ("dbt_project.yml", "dbt_project", "macros"):
        path = project_dir / name
        yield from [path] if path.is_file() else (file for file in path.rglob("*") if file.is_file())


class Memory:
    """Which versions of the project what stands in the warehouse is made by: one, unless a gate has stopped another."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._place = {"Bucket": bucket, "Key": MEMORY_KEY}

    def read(self) -> list[str]:
        """Return the fingerprints; none when nothing is remembered."""
        try:
            content: bytes = self._s3.get_object(**self._place)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return []
        return content.decode().splitlines()

    def write(self, fingerprints: Sequence[str]) -> None:
        """Remember the fingerprints."""
        body = "\n".join(fingerprints).encode()
        self._s3.put_object(**self._place, Body=body, ContentType="text/plain")

    def forget(self) -> None:
        """Forget it: the next run builds everything."""
        self._s3.delete_object(**self._place)
