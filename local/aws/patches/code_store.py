"""What is unpacked of large codes is kept for every local stack of this checkout, and for its next start.

In: a zip's digest, and what unpacks it. Out: a stack's own folder of hard links to the one copy. A stack's temporary
files end with it, so that each start would unpack some eight thousand files anew: half of all that local AWS does to
deploy. What a function adds to its folder is its stack's alone. The files themselves are all stacks', and read-only:
one that is changed all the same (by root) is given to no worker that starts.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

STORE = Path(__file__).resolve().parents[3] / ".landfall" / "lambda-code"
MANY = 500  # files; fewer are unpacked as quickly as they are linked
MOST_KEPT = 4  # codes, of a hundred megabytes each: those of the functions here, and one release back
_LOCK, _PARTIAL = "lock", "partial-"


def fill(digest: str, unpack: Callable[[Path], None], is_whole: Callable[[Path], bool], folder: Path) -> None:
    """Let an empty folder hold what `unpack` writes; unpack only what nobody has before, or somebody has changed."""
    try:
        STORE.mkdir(parents=True, exist_ok=True)
        if STORE.stat().st_dev == folder.stat().st_dev:  # nothing can be linked from one file system into another
            _link(digest, unpack, is_whole, folder)
            return
    except OSError:  # nor from one mount into another, nor by everybody what another user has unpacked
        for each in folder.iterdir():
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    unpack(folder)


def _link(digest: str, unpack: Callable[[Path], None], is_whole: Callable[[Path], bool], folder: Path) -> None:
    with (STORE / _LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = STORE / digest
        if kept.exists() and not is_whole(kept):
            shutil.rmtree(kept)
        if not kept.exists():
            _keep(kept, unpack)
        os.utime(kept)
        shutil.copytree(kept, folder, copy_function=os.link, dirs_exist_ok=True)
        _remove_oldest()


def _keep(kept: Path, unpack: Callable[[Path], None]) -> None:
    partial = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=STORE))
    unpack(partial)
    for file in partial.rglob("*"):
        if file.is_file():
            file.chmod(0o444)  # as on Lambda: nobody changes what others run
    partial.rename(kept)


def _remove_oldest() -> None:
    """Remove what was used longest ago, and what an unpacking that was killed has left."""
    folders = [each for each in STORE.iterdir() if each.is_dir()]
    kept = [each for each in folders if not each.name.startswith(_PARTIAL)]
    newest = sorted(kept, key=lambda each: each.stat().st_mtime)[-MOST_KEPT:]
    for old in set(folders) - set(newest):
        shutil.rmtree(old, ignore_errors=True)
