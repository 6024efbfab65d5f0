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

MEMORY_KEY = "reports/transform/state/built-project"
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
