"""The source of a suite at its pinned commit.

In: a public repository's name and commit; on request a clone that is there already. Out: a folder with the files of
that commit, without history.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path


class CheckoutError(Exception):
    """A commit that cannot be had: names the clone, the commit and the remedy."""


@dataclass(frozen=True)
class Repository:
    """A public repository of GitHub at one commit, `tag` in people's words; `paths` are what a suite needs of it."""

    name: str
    commit: str
    tag: str
    paths: tuple[str, ...] = ()


def check_out(repository: Repository, folder: Path, clone: Path | None = None) -> Path:
    """Return a folder under `folder` with the files of the repository's commit; what is there already is used.

    Args:
        repository: what to fetch.
        folder: where clones and files are kept.
        clone: a clone or git directory to take the commit from; without it the repository is cloned from GitHub.

    Raises:
        CheckoutError: the clone does not hold the commit, or cannot be made.
    """
    files = folder / f"{repository.name.replace('/', '-')}-{repository.commit[:12]}"
    if files.exists():
        return files
    source = clone or _cloned(repository, folder)
    archive = _git(source, "archive", "--format=tar", repository.commit, *repository.paths)
    if archive.returncode:
        raise CheckoutError(
            f"{source} cannot give the commit {repository.commit} of {repository.name} ({repository.tag}): "
            f"{archive.stderr.decode(errors='replace').strip()}. Run `git fetch origin {repository.commit}` there, or "
            "leave --from out to clone it from GitHub."
        )
    draft = files.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as tar:
        tar.extractall(draft, filter="data")
    return draft.rename(files)


def _cloned(repository: Repository, folder: Path) -> Path:
    clone = folder / "clones" / repository.name.replace("/", "-")
    if clone.exists() and _git(clone, "cat-file", "-e", repository.commit).returncode == 0:
        return clone
    shutil.rmtree(clone, ignore_errors=True)
    clone.parent.mkdir(parents=True, exist_ok=True)
    address = f"https://github.com/{repository.name}.git"
    made = _git(clone.parent, "clone", "--quiet", "--no-checkout", "--filter=blob:none", address, str(clone))
    if made.returncode:
        raise CheckoutError(
            f"{address} cannot be cloned: {made.stderr.decode(errors='replace').strip()}. "
            f"Clone it elsewhere and name the clone: --from {repository.name}=PATH."
        )
    return clone


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)  # noqa: S603, S607 - our words
