"""Suites of others: a list excuses what it names and nothing else, and a suite's source is its commit's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.others import __main__ as command
from scripts.others.checkout import CheckoutError, Repository, check_out
from scripts.others.outcomes import Listed, ListError, Outcome, judge, read_list
from scripts.others.pytest_suite import SuiteError, run_pytest

PAGE = "https://docs.aws.amazon.com/redshift/latest/dg/cross-database-overview.html"
LISTED = [
    Listed("fails", "failed", "", "not done"),
    Listed("elsewhere", "excluded", PAGE, "a second database"),
    Listed("off", "skipped", "", "skipped by its authors"),
]
AS_LISTED = [
    Outcome("ok", "passed"),
    Outcome("fails", "failed"),
    Outcome("elsewhere", "skipped"),
    Outcome("off", "skipped"),
]


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    done = subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, text=True)  # noqa: S603, S607 - the test's own
    return done.stdout.strip()


def test_a_run_as_listed_is_as_expected_and_counts_each_kind() -> None:
    verdict = judge(AS_LISTED, LISTED, 4)
    assert verdict.is_as_expected
    assert (verdict.passed, verdict.failed, verdict.excluded, verdict.skipped) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("changed", "surprise"),
    [
        (Outcome("ok", "failed", "why"), "newly_failing"),
        (Outcome("ok", "skipped", "why"), "newly_failing"),
        (Outcome("off", "failed", "why"), "newly_failing"),
        (Outcome("fails", "passed"), "newly_passing"),
        (Outcome("elsewhere", "passed"), "newly_passing"),
    ],
)
def test_what_differs_from_the_list_is_a_surprise(changed: Outcome, surprise: str) -> None:
    verdict = judge([changed if each.test == changed.test else each for each in AS_LISTED], LISTED, 4)
    assert not verdict.is_as_expected
    assert len(getattr(verdict, surprise)) == 1


def test_tests_that_are_gone_are_a_surprise_but_for_a_run_of_some() -> None:
    assert judge(AS_LISTED[:1], LISTED, 4).missing == ["elsewhere", "fails", "off", "1 tests ran where the suite has 4"]
    assert judge(AS_LISTED[:1], LISTED, None).is_as_expected


def test_exclusions_beyond_three_in_a_hundred_count_as_failures() -> None:
    outcomes = [Outcome(str(number), "passed") for number in range(90)]
    listed = [Listed(f"x{number}", "excluded", PAGE, "a second database") for number in range(10)]
    verdict = judge([*outcomes, *(Outcome(each.test, "failed") for each in listed)], listed, 100)
    assert verdict.share == pytest.approx(90 / 97)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("a\tfailed\t", "3 fields"),
        ("a\tbroken\t\tnot done", "the kind 'broken'"),
        ("a\tfailed\t\t ", "no reason"),
        ("a\texcluded\t\ta second database", "without a page"),
        ("a\tfailed\t\tnot done\na\tfailed\t\tnot done", "twice"),
    ],
)
def test_a_list_says_what_is_wrong_with_it_and_where(tmp_path: Path, row: str, fault: str) -> None:
    path = tmp_path / "suite.tsv"
    path.write_text(f"# test, kind, page, reason\n{row}\n")
    with pytest.raises(ListError, match=f"suite.tsv, line [23]: .*{fault}"):
        read_list(path)


def test_the_lists_of_all_suites_can_be_read_and_belong_to_a_suite() -> None:
    files = sorted(command.EXPECTED.glob("*.tsv"))
    assert {path.stem for path in files} <= set(command.SUITES)
    assert all(read_list(path) for path in files)
    assert read_list(command.EXPECTED / "none.tsv") == []


def test_a_checkout_has_the_files_of_the_commit_and_no_others(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    git(clone, "init", "--quiet")
    for name in ("first", "second"):
        (clone / name).write_text(name)
        git(clone, "add", name)
        git(clone, "commit", "--quiet", "-m", name)
    first = Repository("some/suite", git(clone, "rev-parse", "HEAD~1"), "1.0")
    files = check_out(first, tmp_path / "work", clone)
    assert [path.name for path in files.iterdir()] == ["first"]
    assert check_out(first, tmp_path / "work", tmp_path / "gone") == files  # what is there is used
    with pytest.raises(CheckoutError, match=r"some/suite \(2.0\).*git fetch origin"):
        check_out(Repository("some/suite", "0" * 40, "2.0"), tmp_path / "work", clone)


def test_each_test_has_one_outcome_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(
        "import pytest\n"
        "@pytest.fixture\ndef broken():\n    yield\n    raise ValueError('torn down')\n"
        "def test_passes(): pass\n"
        "def test_fails(): assert 1 == 2\n"
        "def test_ends_badly(broken): pass\n"
        "@pytest.mark.skip(reason='not now')\ndef test_skipped(): pass\n"
    )
    log = tmp_path / "suite.log"
    outcomes = run_pytest(Path(sys.executable), tmp_path, ["--rootdir", str(tmp_path), "test_suite.py"], {}, log)
    assert {outcome.test.split("::")[1]: outcome.status for outcome in outcomes} == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_ends_badly": "failed",
        "test_skipped": "skipped",
    }
    why = {outcome.test.split("::")[1]: outcome.why for outcome in outcomes}
    assert "torn down" in why["test_ends_badly"]
    assert "not now" in why["test_skipped"]
    with pytest.raises(SuiteError, match=r"code 4.*suite\.log"):
        run_pytest(Path(sys.executable), tmp_path, ["test_gone.py"], {}, log)


def test_a_suite_knows_no_account_of_the_developers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text("[default]\naws_access_key_id=real\naws_secret_access_key=real\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_PROFILE", "default")
    suite = (
        "import botocore.session\ndef test_of_it():\n    session = botocore.session.Session()\n"
        "    assert session.available_profiles == []\n    assert session.get_credentials().access_key == 'test'\n"
    )
    (tmp_path / "test_account.py").write_text(suite)
    outcomes = run_pytest(Path(sys.executable), tmp_path, ["test_account.py"], {}, tmp_path / "log.txt")
    assert [outcome.status for outcome in outcomes] == ["passed"]
    found = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / ".aws" / "credentials")}  # what the suite would tell else
    outcomes = run_pytest(Path(sys.executable), tmp_path, ["test_account.py"], found, tmp_path / "log.txt")
    assert [outcome.status for outcome in outcomes] == ["failed"]


@pytest.mark.parametrize("clone", ["dbt-labs/dbt-utils", "dbt-labs/dbt-utils=/not/there"])
def test_a_clone_that_is_not_there_is_refused(clone: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["dbt-utils", "--from", clone])
    assert "write OWNER/NAME=PATH" in capsys.readouterr().err
