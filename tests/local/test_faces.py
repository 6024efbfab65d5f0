"""Shell lines survive the shell."""

import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from local.faces import export_lines, shown

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def output_of(script: str) -> bytes:
    """Return what a POSIX shell prints for the script."""
    environment = {"PATH": "/usr/bin:/a b"}
    return subprocess.run(["/bin/sh"], input=script.encode(), env=environment, capture_output=True, check=True).stdout


@given(TEXTS)
def test_any_value_comes_out_of_a_shell_as_it_was(value: str) -> None:
    assert output_of(export_lines({"VALUE": value}) + '\nprintf %s "$VALUE"') == value.encode()


def test_the_commands_of_this_python_come_first_on_the_path() -> None:
    first, *rest = output_of(export_lines({}) + '\nprintf %s "$PATH"').decode().split(":")
    assert (Path(first) / "python").exists()
    assert rest == ["/usr/bin", "/a b"]


def test_nested_facts_are_shown_by_dotted_names() -> None:
    facts = {"bucket": "b", "topics": {"success": "s", "failure": "f"}}
    assert dict(shown(facts)) == {"bucket": "b", "topics.success": "s", "topics.failure": "f"}
