#!/bin/sh
# With pytest 9.2, pytest-xdist 3.8.0 puts no test in its xdist_group, and says nothing: tests that share a resource and were
# kept on one worker run side by side. With pytest 9.1.1 they stay together.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pytest-xdist==3.8.0 pytest==9.1.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import subprocess
import sys
from pathlib import Path

Path('test_group.py').write_text('''
import pytest

@pytest.mark.xdist_group('one')
@pytest.mark.parametrize('number', range(20))
def test_it(number, worker_id):
    with open('workers', 'a') as file:
        file.write(worker_id + chr(10))
''')


def workers():
    Path('workers').unlink(missing_ok=True)
    command = [sys.executable, '-m', 'pytest', '-q', '-n', '2', '--dist', 'loadgroup', 'test_group.py']
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return set(Path('workers').read_text().split())


with_91 = workers()
subprocess.run([sys.executable, '-m', 'pip', 'install', '-q', '--disable-pip-version-check', 'pytest==9.2.0'], check=True)
with_92 = workers()
print(f'one group of 20 tests: pytest 9.1.1 ran it on {sorted(with_91)}, pytest 9.2.0 on {sorted(with_92)}')
assert len(with_91) == 1 and len(with_92) == 2
PYTHON
