"""The zips: what is in them, that nothing needed is missing, and that equal inputs give equal bytes."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.config.project import Project

from ingest_lambda.errors import ConfigError
from local.home import ROOT
from scripts import package
from scripts.contracts import from_document, read_contracts
from scripts.package import Function, Package, PackageError, Runtime, build

pytestmark = pytest.mark.xdist_group("package")  # one worker unpacks the zips

# An interpreter without site-packages, user folders or PYTHON* variables: it sees the zip's content and itself.
BARE = "import sys; sys.path.insert(0, sys.argv[1]); "
# What land.yaml and model.yaml set, so that modules that read it when imported can be.
VARIABLES = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "POWERTOOLS_METRICS_NAMESPACE": "Landfall"}
PROFILE = {
    "LANDFALL_REDSHIFT_HOST": "127.0.0.1",
    "LANDFALL_REDSHIFT_PORT": "5439",
    "LANDFALL_REDSHIFT_DATABASE": "landfall",
    "LANDFALL_REDSHIFT_USER": "landfall_transformer",
    "LANDFALL_REDSHIFT_METHOD": "database",
    "DBT_ENV_SECRET_LANDFALL_REDSHIFT_PASSWORD": "none",
}


@pytest.fixture(scope="module")
def packages() -> dict[str, Package]:
    """The zips of this checkout, for this interpreter; built at most once for the same inputs."""
    return {item.name: item for item in build()}


@pytest.fixture(scope="module")
def unzipped(packages: dict[str, Package], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The content of both zips, each in a folder of its own."""
    folders = {}
    for name, item in packages.items():
        folders[name] = tmp_path_factory.mktemp(name)
        with zipfile.ZipFile(item.path) as archive:
            archive.extractall(folders[name])
    return folders


def run_bare(folder: Path, code: str, **variables: str) -> str:
    """Run code with nothing but the folder to import from; return what it printed."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-I", "-S", "-c", BARE + code, str(folder)],
        env={"PATH": os.defpath, "HOME": "/nonexistent", **VARIABLES, **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root in which the small function has been built: what it needs is installed."""
    root = tmp_path_factory.mktemp("installed")
    with pytest.MonkeyPatch.context() as patch:
        small_function(root, patch)
        build(root)
    return root


def small_function(root: Path, monkeypatch: pytest.MonkeyPatch, like: Path | None = None) -> None:
    """Make a root with one function that needs one small package, and let it be all that is built.

    `like`: a root from which what is installed is taken, as an earlier build here would have left it.
    """
    (root / "small").mkdir(parents=True)
    if like:
        kept = Path(".landfall", "dist", "dependencies")
        shutil.copytree(like / kept, root / kept)
    (root / "small" / "handler.py").write_text("import six\n", encoding="utf-8")
    (root / "small" / "requirements.txt").write_text("six==1.17.0\n", encoding="utf-8")
    (root / "constraints.txt").write_text("", encoding="utf-8")
    monkeypatch.setattr(package, "FUNCTIONS", (Function("small", ("small",)),))


def test_both_zips_stay_under_lambdas_limit(packages: dict[str, Package]) -> None:
    assert set(packages) == {"ingest_lambda", "transform_lambda"}
    for item in packages.values():
        with zipfile.ZipFile(item.path) as archive:
            assert item.unzipped == sum(entry.file_size for entry in archive.infolist())
        assert item.unzipped < 250 * 1024 * 1024


def test_a_zip_above_the_limit_is_refused_and_not_left_behind(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_function(tmp_path, monkeypatch, like=installed)
    monkeypatch.setattr(package, "SIZE_LIMIT", 1000)
    with pytest.raises(PackageError, match="Lambda takes at most 1,000"):
        build(tmp_path)
    assert not list((tmp_path / ".landfall" / "dist").glob("*.zip"))


def test_equal_inputs_in_different_folders_give_equal_bytes(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_function(tmp_path, monkeypatch)
    (item,) = build(tmp_path)
    built = item.path.read_bytes()
    assert built == (installed / ".landfall" / "dist" / "small.zip").read_bytes()
    assert str(tmp_path).encode() not in built
    assert str(installed).encode() not in built


def test_nothing_is_installed_or_written_again_until_an_input_changes(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_function(tmp_path, monkeypatch, like=installed)
    (first,) = build(tmp_path)
    written = first.path.stat().st_mtime_ns

    def refuse(*_: object) -> None:
        raise AssertionError("installed again")

    monkeypatch.setattr(package, "_install", refuse)
    assert build(tmp_path) == [first]
    assert first.path.stat().st_mtime_ns == written
    (tmp_path / "small" / "handler.py").write_text("import six  # changed\n", encoding="utf-8")
    (second,) = build(tmp_path)  # new code, the dependencies of before
    assert second.digest != first.digest
    (tmp_path / "small" / "requirements.txt").write_text("six==1.16.0\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="installed again"):
        build(tmp_path)


def test_a_source_that_is_missing_is_an_error_and_not_a_smaller_zip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_function(tmp_path, monkeypatch)
    monkeypatch.setattr(package, "FUNCTIONS", (Function("small", ("small", "macros")),))
    with pytest.raises(PackageError, match="small: macros is missing"):
        build(tmp_path)


@pytest.mark.parametrize("name", ["packages.yml", "dependencies.yml", ".dbtignore"])
def test_what_would_make_another_project_of_it_on_aws_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    small_function(tmp_path, monkeypatch)
    monkeypatch.setattr(package, "FUNCTIONS", (Function("small", ("small", "dbt_project.yml")),))
    (tmp_path / "dbt_project.yml").write_text("", encoding="utf-8")
    (tmp_path / name).write_text("", encoding="utf-8")
    with pytest.raises(PackageError, match=rf"{re.escape(name)} does not go with the project"):
        build(tmp_path)


def test_dbt_reads_no_folder_that_is_not_in_the_zip() -> None:
    sources = {source for function in package.FUNCTIONS for source in function.sources}
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    names = {each.name for each in fields(Project) if each.name.endswith("_paths")}
    kinds = [name.replace("_", "-") for name in names - {"docs_paths", "asset_paths"}]  # none by default, of their own
    assert "snapshot-paths" in kinds
    assert {Path(path).parts[0] for kind in kinds for path in project[kind]} <= sources


def test_wheels_that_do_not_exist_for_the_runtime_are_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_function(tmp_path, monkeypatch)
    (tmp_path / "small" / "requirements.txt").write_text("pyarrow==26.0.1\n", encoding="utf-8")
    with pytest.raises(PackageError, match=r"no wheels for small on Runtime\(python='2\.7'"):
        build(tmp_path, Runtime("2.7", "x86_64"))
    assert not list((tmp_path / ".landfall" / "dist").glob("*.zip"))


def test_the_ingest_function_imports_with_nothing_but_its_zip(unzipped: dict[str, Path]) -> None:
    code = """
import io, pyarrow, pyarrow.parquet as parquet
from ingest_lambda.handler import handler
from ingest_lambda.runtime import Runtime
from ingest_lambda.judge.contracts import read_contracts
sink = io.BytesIO()
table = pyarrow.table({"at": pyarrow.array([0], pyarrow.timestamp("us", "UTC")), "n": [1]})
parquet.write_table(table, sink)
# as landing reads, without pyarrow's threads: an interpreter that ends while one begins is aborted now and then
file = parquet.ParquetFile(io.BytesIO(sink.getvalue()), pre_buffer=False)
assert file.read(use_threads=False).equals(table)
print(sorted(read_contracts()))
"""
    datasets = sorted(read_contracts(ROOT))
    assert run_bare(unzipped["ingest_lambda"], code).strip() == str(datasets)
    assert {"order_summary", "order_items"} <= set(datasets)


def test_the_transform_function_imports_with_nothing_but_its_zip(unzipped: dict[str, Path]) -> None:
    code = """
from transform_lambda.handler import handler
print(callable(handler))
"""
    assert run_bare(unzipped["transform_lambda"], code, **PROFILE).strip() == "True"


def services_of(*packages: str) -> set[str]:
    """Return the AWS services that the sources of packages make clients of."""
    sources = (path.read_text(encoding="utf-8") for package in packages for path in (ROOT / package).rglob("*.py"))
    return {service for source in sources for service in re.findall(r'boto3\.client\(\s*"([a-z0-9-]+)"', source)}


@pytest.mark.parametrize(
    ("function", "services"),
    [
        ("ingest_lambda", services_of("ingest_lambda")),
        # redshift_connector's, which it asks for who logs in by IAM
        ("transform_lambda", services_of("transform_lambda") | {"sts", "redshift", "redshift-serverless"}),
    ],
)
def test_every_service_that_a_function_calls_is_in_its_zip(
    unzipped: dict[str, Path], function: str, services: set[str]
) -> None:
    assert {"ingest_lambda": "lambda", "transform_lambda": "secretsmanager"}[function] in services
    code = f"import boto3\nfor service in {sorted(services)}:\n    boto3.client(service)\nprint('made')"
    assert run_bare(unzipped[function], code).strip() == "made"


def test_dbt_parses_the_bundled_project_with_nothing_but_the_zip(unzipped: dict[str, Path], tmp_path: Path) -> None:
    code = """
import sys
from dbt.cli.main import dbtRunner
folder, target = sys.argv[1], sys.argv[1] + "-target"
options = ["--project-dir", folder, "--profiles-dir", folder, "--target-path", target, "--log-path", target]
result = dbtRunner().invoke(["--quiet", "parse", "--no-partial-parse", *options])
if not result.success:
    raise SystemExit(f"dbt parse failed: {result.exception}")
print(len([node for node in result.result.nodes.values() if node.resource_type == "model"]))
"""
    assert int(run_bare(unzipped["transform_lambda"], code, **PROFILE)) > 0


def test_the_zip_holds_the_contracts_that_the_dbt_project_declares(unzipped: dict[str, Path]) -> None:
    bundled = json.loads((unzipped["ingest_lambda"] / "ingest_lambda" / "contracts.json").read_text(encoding="utf-8"))
    assert bundled == read_contracts(ROOT)


def test_a_policy_that_does_not_exist_is_refused_where_it_is_declared() -> None:
    table = {"name": "orders", "config": {"meta": {"schema_change": "ignore"}}}
    with pytest.raises(ValueError, match="orders: schema_change is 'ignore'; it can be evolve, freeze"):
        from_document({"sources": [{"name": "landing", "tables": [table]}]})


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ({"folders": "all"}, "folders are 'all'; they can be 'any'"),
        ({"prefixes": "raw/shop/orders/"}, "they are a list"),
        ({"prefixes": ["raw/shop/orders"]}, "'raw/shop/orders' is not of folders under raw/"),
        ({"prefixes": ["shop/orders/"]}, "'shop/orders/' is not of folders under raw/"),
        ({"prefixes": ["raw/"]}, "'raw/' is not of folders under raw/"),
        ({"prefixes": [7]}, "7 is not of folders under raw/"),
    ],
)
def test_a_rule_for_folders_that_means_nothing_is_refused_where_it_is_declared(meta: Any, said: str) -> None:
    table = {"name": "orders", "config": {"meta": meta}}
    with pytest.raises(ValueError, match=f"orders: .*{re.escape(said)}"):
        from_document({"sources": [{"name": "landing", "tables": [table]}]})


SOURCE = """\
sources:
  - name: landing
    tables:
      - name: orders
        config: {meta: {schema_change: evolve}}
        columns:
          - {name: order_id, data_type: bigint}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (
            "schema_change: evolve",
            "schema_change: evlove",
            "orders: schema_change is 'evlove'; it can be evolve, freeze",
        ),
        (
            "schema_change: evolve",
            "schema_chnage: evolve",
            "orders: schema_chnage is no setting",
        ),
        (
            "config: {meta: {schema_change: evolve}}",
            "meta: {schema_change: evolve}",
            "orders: schema_change is read under",
        ),
        (
            "- name: orders",
            "- name: landfall_smoke",
            "'landfall_smoke' is the smoke test's",
        ),
        (
            "bigint",
            "bigitn",
            "orders: the data_type of column order_id: 'bigitn' is not a type of landing tables; these",
        ),
        ("tables:", "tables: [", "line 4 is no YAML: "),
        ("      - name: orders", "      - nmae: orders", "sources are a list, each with a name and tables"),
    ],
)
def test_what_is_misspelt_in_the_source_yaml_is_one_line_with_file_and_key(
    tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    file = tmp_path / "dbt_project" / "models" / "landing" / "_orders__sources.yml"
    file.parent.mkdir(parents=True)
    file.write_text(SOURCE)
    assert list(read_contracts(tmp_path)) == ["orders"]
    assert right in SOURCE
    file.write_text(SOURCE.replace(right, wrong, 1))
    with pytest.raises(ConfigError) as refused:
        read_contracts(tmp_path)
    assert str(refused.value).startswith(f"dbt_project/models/landing/_orders__sources.yml: {said}")
    assert "\n" not in str(refused.value)


def test_a_setting_of_another_tool_is_let_through() -> None:
    table = {"name": "orders", "config": {"meta": {"owner": "sales", "pii": True}}}
    assert from_document({"sources": [{"name": "landing", "tables": [table]}]}).keys() == {"orders"}


def test_a_prefix_is_of_one_dataset_wherever_both_are_declared(tmp_path: Path) -> None:
    folder = tmp_path / "dbt_project" / "models" / "landing"
    folder.mkdir(parents=True)
    for name in ("orders", "items"):
        table = {"name": name, "config": {"meta": {"prefixes": ["raw/shop/x/"]}}}
        (folder / f"{name}.yml").write_text(json.dumps({"sources": [{"name": "landing", "tables": [table]}]}))
    with pytest.raises(ConfigError, match="orders: the prefix raw/shop/x/ is declared for items already"):
        read_contracts(tmp_path)


def test_a_zip_knows_nothing_of_the_machine_that_built_it(packages: dict[str, Package]) -> None:
    for item in packages.values():
        with zipfile.ZipFile(item.path) as archive:
            names = archive.namelist()
            assert all(entry.date_time == package.ZIP_TIME for entry in archive.infolist())
            compiled = [name for name in names if name.endswith(".pyc")]
            assert compiled
            assert not [name for name in compiled if str(ROOT).encode() in archive.read(name)]
        assert len(names) == len(set(names))
