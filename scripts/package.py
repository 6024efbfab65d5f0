"""Packaging: the two Lambda zips, built for the runtime they run on.

In: the functions' code, their `requirements.txt`, the dbt project. Out: `.landfall/dist/<function>.zip`, byte for byte
the same for the same inputs. Dependencies come as wheels for the runtime, never built here: any machine can package.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.table import Table

from ingest_lambda.errors import ConfigError
from scripts.contracts import read_contracts
from scripts.trim import is_kept

ROOT = Path(__file__).resolve().parent.parent

# "250 MB ... the contents of a deployment package, including layers, unzipped"; a MB is 1024 * 1024 bytes there.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
SIZE_LIMIT = 250 * 1024 * 1024

# Runtimes from python3.12 on are on Amazon Linux 2023 (glibc 2.34); python3.11 is on Amazon Linux 2 (2.26).
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
GLIBC_TAGS = ("2_34", "2_28", "2_26", "2_17")

ZIP_TIME = (1980, 1, 1, 0, 0, 0)
IGNORED = frozenset({"__pycache__", ".mypy_cache", ".ruff_cache", "requirements.txt", ".user.yml"})


# The function has no dbt packages, and reads no folder but its own: what a laptop took from these it would lack.
NOT_PACKAGED = {
    "packages.yml": "copy the macros that you need into macros/<your domain>/",
    "dependencies.yml": "copy the macros that you need into macros/<your domain>/",
    ".dbtignore": "take what is ignored out of the project",
}


class PackageError(ConfigError):
    """A zip that cannot be built, or that Lambda would refuse."""


@dataclass(frozen=True)
class Runtime:
    """The runtime that a zip is for: Python's minor version, and Lambda's name of the architecture."""

    python: str
    architecture: str

    @classmethod
    def here(cls) -> Runtime:
        """Take this interpreter's version and this machine's architecture."""
        machine = platform.machine().lower()
        return cls(
            python=f"{sys.version_info.major}.{sys.version_info.minor}",
            architecture="arm64" if machine in {"arm64", "aarch64"} else "x86_64",
        )

    @property
    def identifier(self) -> str:
        """Name the runtime as Lambda does.

        >>> Runtime("3.13", "arm64").identifier
        'python3.13'
        """
        return f"python{self.python}"

    def pip_options(self) -> list[str]:
        """List the options that make pip resolve for the runtime instead of this interpreter.

        >>> Runtime("3.13", "arm64").pip_options()[-2:]
        ['--platform', 'manylinux2014_aarch64']
        """
        machine = "aarch64" if self.architecture == "arm64" else "x86_64"
        # Without a patch number pip takes .0 and leaves out what needs a later one; Lambda runs the newest patch.
        options = ["--only-binary", ":all:", "--implementation", "cp", "--python-version", f"{self.python}.99"]
        for tag in (*(f"manylinux_{glibc}" for glibc in GLIBC_TAGS), "manylinux2014"):
            options += ["--platform", f"{tag}_{machine}"]
        return options


@dataclass(frozen=True)
class Function:
    """What goes into one function's zip beside its dependencies: folders and files of the repository."""

    name: str
    sources: tuple[str, ...]
    has_contracts: bool = False


FUNCTIONS = (
    Function("ingest_lambda", ("ingest_lambda",), has_contracts=True),
    Function("transform_lambda", ("transform_lambda", "dbt_project.yml", "profiles.yml", "dbt_project", "macros")),
)


@dataclass(frozen=True)
class Package:
    """A built zip: where it is, the digest of its bytes, and its sizes in bytes."""

    name: str
    path: Path
    digest: str
    zipped: int
    unzipped: int


def build(root: Path = ROOT, runtime: Runtime | None = None) -> list[Package]:
    """Build both zips, or take those that are there when no input has changed.

    Raises:
        PackageError: wheels could not be had for the runtime, or a zip is above Lambda's limit.
    """
    runtime = runtime or Runtime.here()
    dist = root / ".landfall" / "dist"
    dist.mkdir(parents=True, exist_ok=True)
    with _locked(dist / ".lock"):
        return [_build_function(function, root, dist, runtime) for function in FUNCTIONS]


def _build_function(function: Function, root: Path, dist: Path, runtime: Runtime) -> Package:
    files = _source_files(function, root)
    dependencies_key = _dependencies_key(function, root, runtime)
    key = _digest([dependencies_key.encode(), *(part for name, data in files for part in (name.encode(), data))])
    record = dist / f"{function.name}.json"
    cached = _recorded(function, dist, record, key)
    if cached:
        return cached
    dependencies = _dependencies(function, root, dist / "dependencies", dependencies_key, runtime)
    path = dist / f"{function.name}.zip"
    partial = path.with_suffix(".partial")
    shutil.copyfile(dependencies, partial)
    with zipfile.ZipFile(partial, "a") as archive:
        for name, data in files:
            _write(archive, name, data)
        unzipped = sum(entry.file_size for entry in archive.infolist())
    if unzipped > SIZE_LIMIT:
        partial.unlink()
        raise PackageError(f"{function.name}: {unzipped:,} bytes unzipped; Lambda takes at most {SIZE_LIMIT:,}")
    partial.replace(path)
    package = Package(function.name, path, _digest([path.read_bytes()]), path.stat().st_size, unzipped)
    record.write_text(json.dumps({"key": key, "digest": package.digest, "unzipped": unzipped}), encoding="utf-8")
    return package


def _recorded(function: Function, dist: Path, record: Path, key: str) -> Package | None:
    path = dist / f"{function.name}.zip"
    if not (record.exists() and path.exists()):
        return None
    known = json.loads(record.read_text(encoding="utf-8"))
    if known["key"] != key:
        return None
    return Package(function.name, path, known["digest"], path.stat().st_size, known["unzipped"])


def _source_files(function: Function, root: Path) -> list[tuple[str, bytes]]:
    """Read the function's own files, in name order: (path in the zip, content)."""
    missing = [source for source in function.sources if not (root / source).exists()]
    if missing:
        raise PackageError(f"{function.name}: {', '.join(missing)} is missing in {root}")
    if "dbt_project.yml" in function.sources:
        _refuse_what_is_not_packaged(root)
    paths = [path for source in function.sources for path in _walk(root / source)]
    files = [(path.relative_to(root).as_posix(), path.read_bytes()) for path in paths]
    if function.has_contracts:
        contracts = json.dumps(read_contracts(root), indent=1, sort_keys=True)
        files.append((f"{function.name}/contracts.json", contracts.encode()))
    return sorted(files)


def _refuse_what_is_not_packaged(root: Path) -> None:
    for name, remedy in NOT_PACKAGED.items():
        if (root / name).exists():
            raise PackageError(f"{name} does not go with the project, which would be another one on AWS: {remedy}")


def _walk(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
    for path in sorted(source.rglob("*")) if source.is_dir() else ():
        if path.is_file() and not IGNORED.intersection(path.parts):
            yield path


def _dependencies_key(function: Function, root: Path, runtime: Runtime) -> str:
    inputs = [root / function.name / "requirements.txt", root / "constraints.txt", Path(__file__)]
    inputs.append(Path(__file__).with_name("trim.py"))
    return _digest([repr(runtime).encode(), sys.version.encode(), *(path.read_bytes() for path in inputs)])


def _dependencies(function: Function, root: Path, cache: Path, key: str, runtime: Runtime) -> Path:
    """Return a zip of the function's trimmed dependencies, installed anew only when their list has changed."""
    name = f"{function.name}-{runtime.identifier}-{runtime.architecture}"
    path = cache / f"{name}-{key[:16]}.zip"
    if path.exists():
        return path
    folder = cache / f"{name}-{key[:16]}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        _install(root / function.name / "requirements.txt", root / "constraints.txt", folder, runtime)
        _trim(folder)
        if runtime.python == Runtime.here().python:
            _compile(folder)
        partial = path.with_suffix(".partial")
        with zipfile.ZipFile(partial, "w") as archive:
            for file in _files_in(folder):
                _write(archive, file, (folder / file).read_bytes())
        for stale in cache.glob(f"{name}-*.zip"):
            stale.unlink()
        partial.replace(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return path


def _install(requirements: Path, constraints: Path, folder: Path, runtime: Runtime) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--target", str(folder), "-c", str(constraints), "-r", str(requirements), *runtime.pip_options()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own interpreter
    if done.returncode != 0:
        raise PackageError(f"no wheels for {requirements.parent.name} on {runtime}:\n{done.stderr.strip()}")


def _files_in(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def _trim(folder: Path) -> None:
    for name in _files_in(folder):
        if not is_kept(PurePosixPath(name)):
            (folder / name).unlink()


def _compile(folder: Path) -> None:
    """Add byte code: Lambda's code folder is read-only, so without it every cold start compiles (dbt: 4.8 s, not 2.1).

    Only an interpreter of the runtime's own version can; the zip of another one is right too, and slower to start.
    """
    command = [sys.executable, "-m", "compileall", "-q", "-j1", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", "/var/task", str(folder)]
    fixed = {**os.environ, "PYTHONHASHSEED": "0"}  # the order of constant sets, so that equal inputs give equal bytes
    subprocess.run(command, env=fixed, check=True, capture_output=True)  # noqa: S603  # our own interpreter


def _write(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add a file with a fixed time and mode, so that equal inputs give equal bytes."""
    entry = zipfile.ZipInfo(name, date_time=ZIP_TIME)
    entry.external_attr = 0o644 << 16  # Lambda runs the code as a user of its own, which must be able to read it
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)


def _digest(parts: list[bytes]) -> str:
    """Hash the parts, each with its length before it, so that no two lists of parts collide."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the folder's lock: two builds at once would take each other's half-made files."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def size_table(packages: list[Package]) -> Table:
    """Lay the sizes out against Lambda's limit."""
    table = Table(title=f"Lambda packages in {packages[0].path.parent}")
    for heading in ("zip", "zipped MB", "unzipped MB", "limit MB", "used"):
        table.add_column(heading, justify="left" if heading == "zip" else "right")
    for package in packages:
        mb = 1024 * 1024
        used = f"{package.unzipped / SIZE_LIMIT:.0%}"
        row = (f"{package.zipped / mb:.1f}", f"{package.unzipped / mb:.1f}", f"{SIZE_LIMIT / mb:.0f}", used)
        table.add_row(package.path.name, *row)
    return table


def main(arguments: list[str] | None = None) -> int:
    """Build both zips and print their sizes; 1 when that fails."""
    here = Runtime.here()
    parser = argparse.ArgumentParser(description="Build the Lambda zips into .landfall/dist.")
    parser.add_argument("--python", default=here.python, help="the runtime's Python, such as 3.13")
    parser.add_argument("--architecture", default=here.architecture, choices=["x86_64", "arm64"])
    options = parser.parse_args(arguments)
    try:
        packages = build(ROOT, Runtime(options.python, options.architecture))
    except (PackageError, ConfigError) as error:
        Console(stderr=True).print(f"package: {error}", style="red", markup=False)
        return 1
    Console().print(size_table(packages))
    return 0


if __name__ == "__main__":
    sys.exit(main())
