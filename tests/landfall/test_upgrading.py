"""Taking over a release is a merge that touches no file of those who have datasets of their own (docs/upgrading.md)."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from pyarrow import parquet as pq

from local.home import ROOT, Home
from scripts.contracts import read_contracts
from tests.end_to_end.test_upgrade import BEFORE
from tests.support.releases import Release, is_known

pytestmark = pytest.mark.skipif(not is_known(BEFORE), reason=f"a shallow clone, without {BEFORE}")

MART = "dbt_project/models/marts/nature/fct_sightings.sql"
MART_YAML = """models:
  - name: fct_sightings
    description: One row per sighting.
    config: {group: sightings}
    columns:
      - {name: id, data_type: bigint, description: Which one.}
"""


@dataclass(frozen=True)
class Clone:
    """A clone of the repository, in which somebody works."""

    folder: Path

    def git(self, *arguments: str) -> str:
        """Run git; return what it prints."""
        who = {f"GIT_{who}_{what}": "somebody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        command = ["git", *arguments]
        done = subprocess.run(  # noqa: S603 - the test's own command
            command, cwd=self.folder, env=os.environ | who, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def contents(self, paths: list[str]) -> dict[str, bytes]:
        """Return files' contents."""
        return {path: (self.folder / path).read_bytes() for path in paths}


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """Return a clone of a release long before this one, with two datasets and a mart of its own."""
    clone = Clone(tmp_path / "clone")
    clone.folder.mkdir()
    clone.git("clone", "--quiet", "--shared", "--no-checkout", str(ROOT), ".")
    clone.git("checkout", "--quiet", "-b", "ours", BEFORE)
    release = Release(clone.folder, Home(tmp_path / "no stack"))
    pq.write_table(pa.table({"id": [1, 2], "kind": ["a", "b"]}), tmp_path / "file.parquet")
    for dataset in ("sightings", "trees"):
        said = ["--from", str(tmp_path / "file.parquet"), "--key", "id", "--project", str(clone.folder)]
        release.landfall("new-dataset", dataset, *said)
    mart = clone.folder / MART
    mart.parent.mkdir()
    mart.write_text("select id\nfrom {{ ref('sightings') }}\n")
    mart.with_suffix(".yml").write_text(MART_YAML)
    clone.git("add", "--all")
    clone.git("commit", "--quiet", "-m", "Our datasets")
    return clone


def test_a_release_is_merged_without_a_conflict_over_datasets_of_ones_own(clone: Clone) -> None:
    ours = clone.git("diff", "--name-only", BEFORE, "ours").splitlines()
    before = clone.contents(ours)
    release = Clone(ROOT).git("rev-parse", "HEAD")

    clone.git("merge", "--quiet", "--no-edit", release)

    assert len(ours) > 20
    assert clone.contents(ours) == before
    assert clone.git("diff", "--name-only", release, "HEAD").splitlines() == ours  # all else is the release
    assert {"sightings", "trees", "order_summary"} <= read_contracts(clone.folder).keys()
    parsed = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "parse", "--quiet", "--profiles-dir", "."],
        cwd=clone.folder,
        env={**os.environ, "DBT_TARGET_PATH": "target", "DBT_LOG_PATH": "logs"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert parsed.returncode == 0, parsed.stdout + parsed.stderr
