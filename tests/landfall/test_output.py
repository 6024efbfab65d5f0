"""What commands print: a text out of a key or a file commands no terminal."""

import pytest

from ingest_lambda.errors import ConfigError
from landfall import failures, output
from landfall.commands import tail
from landfall.operate.following import Event

ESCAPING = "raw/orders/a\x1b[2J\x9b2J.parquet"


def test_nothing_that_is_printed_commands_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    output.stdout().print(f"missing: {ESCAPING}", markup=False, soft_wrap=True)
    output.stdout().print(output.table("Files", ("file", "outcome"), [(f"{ESCAPING}\nb", "landed")]))
    output.stderr().print(f"first\nsecond: {ESCAPING}")
    failures.report(ConfigError(ESCAPING))

    printed = capsys.readouterr()
    for text in (printed.out, printed.err):
        assert r"\x1b[2J\x9b2J" in text
        assert all(line.isprintable() for line in text.split("\n"))
    assert r"\nb" in printed.out  # a cell is one line
    assert "first\nsecond: " in printed.err


def test_what_is_followed_is_a_line_each_and_commands_no_terminal() -> None:
    line = tail._line(Event("2026-01-01T00:00:00+00:00", "landed", "orders", f"s3://b/{ESCAPING}\nraw: 3 rows"))

    assert line.plain.isprintable()
    assert r"\nraw: 3 rows" in line.plain
