"""What a suite of others is, and the place where one runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.others.checkout import Repository
from scripts.others.outcomes import Outcome
from scripts.others.warehouse import Warehouse


@dataclass(frozen=True)
class Place:
    """Where a suite runs: its sources by repository, its interpreter, its warehouse, a folder and a log of its own.

    `select` is what pytest's -k or dbt's --select takes, '' for all; `workers` is the number of pytest's processes.
    """

    folder: Path
    sources: dict[str, Path]
    python: Path
    warehouse: Warehouse
    log: Path
    workers: int
    select: str


@dataclass(frozen=True)
class Suite:
    """A suite of another project at a pinned commit; without a repository one of this project, of a pinned release.

    `requirements` names a file of requirements/; `packages` are folders of sources that are installed with it, each by
    repository and folder; `statements` make what the suite wants to find; `tests` is its number of tests at the commit,
    None where it is this project that decides it. `with_aws`: it asks for a local AWS beside the local Redshift.
    """

    name: str
    about: str
    repositories: tuple[Repository, ...]
    requirements: str
    tests: int | None
    run: Callable[[Place], list[Outcome]]
    packages: tuple[tuple[str, str], ...] = ()
    statements: tuple[str, ...] = ()
    with_aws: bool = False
