"""`import landfall` is quick, and shows type checkers what it has."""

import ast
import subprocess
import sys
from pathlib import Path

import landfall
from landfall import api


def test_every_name_is_there_and_is_shown_to_type_checkers() -> None:
    stub = ast.parse(Path(api.__file__).with_name("__init__.pyi").read_text(encoding="utf-8"))
    shown = [alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]

    assert sorted(landfall.__all__) == sorted(api.__all__) == sorted(name for name in shown if name)
    assert all(getattr(landfall, name) is getattr(api, name) for name in landfall.__all__)


def test_importing_it_loads_nothing_that_only_a_call_needs() -> None:
    heavy = "import sys, landfall; print(sorted({'boto3', 'pyarrow', 'landfall.api'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)  # noqa: S603 - ours

    assert done.stdout.strip() == "[]"
