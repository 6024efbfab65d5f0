"""MODEL: remember which version of the dbt project was last built whole, and in which warehouse.

A run that follows a landing builds only what is downstream of it. That is enough only if everything else is there and
made by the same code: so after a deployment, an error, or a run that broke, the next run builds the whole project. The
memory is one small object in S3, which is taken away while a build is under way; losing it costs one such run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MEMORY_KEY = "reports/transform/state/built-project"


def fingerprint(project_dir: Path, warehouse: str) -> str:
    """Return a digest of the project's files and of where they are built."""
    digest = hashlib.sha256(warehouse.encode())
    for path in sorted(_files(project_dir)):
        digest.update(f"\0{path.relative_to(project_dir)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(project_dir: Path) -> Iterator[Path]:
    for name in ("dbt_project.yml", "dbt_project", "macros"):
        path = project_dir / name
        yield from [path] if path.is_file() else (file for file in path.rglob("*") if file.is_file())


class Memory:
    """The fingerprint of the project that was last built whole without an error."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._place = {"Bucket": bucket, "Key": MEMORY_KEY}

    def read(self) -> str | None:
        """Return the fingerprint, or None when nothing is remembered."""
        try:
            content: bytes = self._s3.get_object(**self._place)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return None
        return content.decode()

    def write(self, value: str) -> None:
        """Remember the fingerprint."""
        self._s3.put_object(**self._place, Body=value.encode(), ContentType="text/plain")

    def forget(self) -> None:
        """Forget it: the next run builds everything."""
        self._s3.delete_object(**self._place)
