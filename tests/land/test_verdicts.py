"""Verdicts: every reason has a remedy and a row in the documentation, and every text in one is bounded."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.verdict import MAX_TEXT, verdict_of
from ingest_lambda.reasons import REMEDIES, Reason
from local.home import ROOT

FILE = FileVersion("b", "raw/orders/a.parquet", "v1")
ROW = re.compile(r"^\| `(?P<reason>\w+)` \| (?P<meaning>[^|]+) \| (?P<remedy>[^|]+) \|$", re.MULTILINE)


def test_the_documentation_has_the_reasons_of_the_code_with_their_remedies() -> None:
    documented = ROW.findall((ROOT / "docs" / "verdicts.md").read_text(encoding="utf-8"))

    assert {reason: remedy for reason, _, remedy in documented} == {reason.value: REMEDIES[reason] for reason in Reason}
    assert len(documented) == len(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_a_verdict_says_what_to_do(reason: Reason) -> None:
    verdict = verdict_of(RejectedFileError(reason, "detail", row=7), FILE, "orders")

    assert json.loads(verdict.to_json()) == {
        "file": "s3://b/raw/orders/a.parquet",
        "version_id": "v1",
        "dataset": "orders",
        "reason": reason.value,
        "detail": "detail",
        "column": None,
        "found": None,
        "expected": None,
        "row": 7,
        "remedy": REMEDIES[reason],
        "etag": None,
    }


@given(st.text(max_size=5 * MAX_TEXT))
def test_a_text_of_the_file_is_bounded_and_has_no_control_characters(text: str) -> None:
    error = RejectedFileError(Reason.UNREADABLE_DATA, text, column=text, found=text, expected=text)

    verdict = verdict_of(error, FILE, "orders")

    for said in (verdict.detail, verdict.column, verdict.found, verdict.expected):
        assert said is not None
        assert len(said) <= MAX_TEXT
        assert said.isprintable()
        said.encode()  # it can be written: no lone surrogate is left
