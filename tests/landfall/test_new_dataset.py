"""`landfall new-dataset`: what it says, refuses and leaves alone. That its result builds: tests/end_to_end."""

import gzip
import io
import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet as pq
from typer.testing import CliRunner, Result

from ingest_lambda.errors import ConfigError, RejectedFileError
from ingest_lambda.judge.contracts import parse_contract
from ingest_lambda.judge.names import landing_names
from ingest_lambda.warehouse import sqltypes
from landfall.app import build
from landfall.new_dataset.columns import RESERVED_WORDS, TAKEN, LandedColumn, model_columns
from landfall.new_dataset.specimen import read
from local.home import ROOT
from scripts.contracts import read_contracts
from tests.support import json_schemas

ROWS = {"id": [1, 2, 3, 4], "Kind": ["a", "b", "a", "b"], "seen_at": pa.array([0, 1, 2, 3], pa.timestamp("us"))}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the parts of the project that the command looks at."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "dbt_project", folder / "dbt_project")
    shutil.copy(ROOT / "dbt_project.yml", folder)
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A parquet file."""
    return parquet(tmp_path / "file.parquet", ROWS)


def parquet(path: Path, columns: dict[str, Any]) -> Path:
    """Write a table; return its path."""
    pq.write_table(pa.table(columns), path)
    return path


def run(project: Path, source: object, *arguments: str, name: str = "sightings", key: str = "id") -> Result:
    """Run the command on a project."""
    command = ["new-dataset", name, "--from", str(source), "--key", key, "--project", str(project), *arguments]
    done = CliRunner().invoke(build(), command)
    if "--json" in arguments:
        json_schemas.read(command, done.stdout)
    return done


def snapshot(project: Path) -> dict[Path, bytes]:
    """Return every file's content."""
    return {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["plain", "coded"])
def test_a_key_of_bytes_is_refused_whatever_they_hold(project: Path, tmp_path: Path, name: str) -> None:
    values = pa.array([b"\xff", b"a", b"b", b"b"])
    columns = {**ROWS, "plain": values, "coded": values.dictionary_encode()}
    done = run(project, parquet(tmp_path / "bytes.parquet", columns), key=name)
    assert isinstance(done.exception, ConfigError)
    assert f"column {name!r} is not modeled" in str(done.exception)


def test_a_key_without_any_value_has_none_that_are_counted(project: Path, tmp_path: Path) -> None:
    source = parquet(tmp_path / "nulls.parquet", {**ROWS, "none": pa.nulls(4)})
    assert read(str(source), ["id", "none"]).value_counts == {"id": 4}
    assert run(project, source, key="none").exit_code == 0


def test_it_writes_what_it_says_and_changes_no_file_that_was_there(project: Path, file: Path) -> None:
    before = snapshot(project)

    said = json.loads(run(project, file, "--json").stdout)

    after = snapshot(project)
    assert {path: after[path] for path in before} == before
    assert {str(path.relative_to(project)) for path in after.keys() - before.keys()} == set(said["files"])
    assert said["columns"][1] == {"landing": "kind", "modeled": "kind", "type": "varchar(256)"}
    assert said["written"] is True
    assert said["next"]


def test_a_dry_run_says_the_same_and_writes_nothing(project: Path, file: Path) -> None:
    before = snapshot(project)
    dry = json.loads(run(project, file, "--dry-run", "--json").stdout)
    assert snapshot(project) == before
    assert dry | {"written": True} == json.loads(run(project, file, "--json").stdout)


def test_people_read_the_columns_the_files_and_what_to_do_next(project: Path, file: Path) -> None:
    text = run(project, file).stdout
    words = ("modeled.sightings", "seen_at", "wrote:", "int_sightings__checked.yml", "next:")
    assert all(word in text for word in words)


def test_the_contract_that_it_declares_is_the_landing_table_of_the_file(project: Path, file: Path) -> None:
    run(project, file)
    declared = parse_contract(read_contracts(project)["sightings"])
    found = [(column.name, column.type) for column in read(str(file)).columns]
    assert [(column.name, column.type) for column in declared.columns] == found
    assert declared.key == ("id",)


def test_a_second_dataset_joins_the_first_ones_domain(project: Path, file: Path) -> None:
    run(project, file, "--domain", "nature")
    assert run(project, file, "--domain", "nature", name="trees").exit_code == 0
    documents = [yaml.safe_load(path.read_text()) for path in (project / "dbt_project/models/landing").glob("*.yml")]
    groups = [group["name"] for document in documents for group in document.get("groups", [])]
    assert groups.count("nature") == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"name": "orders"}, "the project has a model"),
        ({"name": "order_summary"}, "declared already"),
        ({"name": "Sightings"}, "cannot name a dataset"),
        ({"name": "select"}, "cannot name a dataset"),
        ({"name": "a" * 29}, "cannot name a dataset"),
        ({"name": "landfall_smoke"}, "'landfall_smoke' is the smoke test's"),
        ({"key": "nobody"}, "has no column 'nobody'"),
        ({"key": "id,ID"}, "each once"),
        ({"key": ","}, "each once"),
    ],
)
def test_what_will_not_do_is_refused_with_the_reason_and_nothing_is_written(
    project: Path, file: Path, arguments: dict[str, str], reason: str
) -> None:
    before = snapshot(project)
    done = run(project, file, **arguments)
    assert isinstance(done.exception, ConfigError)
    assert reason in str(done.exception)
    assert snapshot(project) == before


def test_it_overwrites_nothing(project: Path, file: Path) -> None:
    run(project, file)
    before = snapshot(project)
    assert "declared already" in str(run(project, file).exception)
    (project / "dbt_project/models/landing/_sightings__sources.yml").unlink()
    assert "a model" in str(run(project, file).exception)
    assert snapshot(project).items() <= before.items()


def test_a_time_must_be_one_and_nested_values_and_bytes_are_no_key(project: Path, tmp_path: Path) -> None:
    path = parquet(tmp_path / "odd.parquet", {"id": [1], "tags": [["a"]], "raw": [b"a"]})
    for arguments in (("--time", "id"), ("--key", "tags"), ("--key", "raw")):
        assert isinstance(run(project, path, *arguments).exception, ConfigError)


def test_a_file_that_land_would_reject_is_rejected_with_its_verdict(project: Path, tmp_path: Path) -> None:
    for columns in ({"id": [1], "ID": [2]}, {"_file_id": [1]}):
        assert isinstance(run(project, parquet(tmp_path / "bad.parquet", columns)).exception, RejectedFileError)
    (tmp_path / "text.parquet").write_text("no parquet")
    rejected = run(project, tmp_path / "text.parquet").exception
    assert isinstance(rejected, RejectedFileError)
    assert rejected.__notes__ == [f"the file is {tmp_path / 'text.parquet'}"]
    assert isinstance(run(project, tmp_path / "missing.parquet").exception, ConfigError)
    (tmp_path / "a.csv").write_text("id,name\n1,'\n2\n")  # a line of too few fields
    assert isinstance(run(project, tmp_path / "a.csv").exception, RejectedFileError)


CSV = """id,Code,price,seen_at,state,is_on,note
1,007,1.25,2026-01-31T12:00:00Z,a,true,
2,010,3,2026-02-01 00:00:00,b,false,
"""
JSON = [
    {
        "id": 1,
        "Code": "007",
        "price": 1.25,
        "seen_at": "2026-01-31T12:00:00Z",
        "state": "a",
        "is_on": True,
        "note": None,
    },
    {"id": 2, "Code": "010", "price": 3, "seen_at": "2026-02-01 00:00:00", "state": "b", "is_on": False, "note": None},
]


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.csv", CSV, "csv"),
        ("a.csv.gz", CSV, "csv"),
        ("a.json", json.dumps(JSON), "json"),
        ("a.jsonl", "\n".join(map(json.dumps, JSON)), "json"),
    ],
)
def test_a_text_gets_the_types_that_its_values_have_and_its_source_takes_texts(
    project: Path, tmp_path: Path, name: str, text: str, kind: str
) -> None:
    (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())

    done = run(project, tmp_path / name, "--time", "seen_at", "--json")

    assert done.exit_code == 0, done.exception
    contract = parse_contract(dict(read_contracts(project)["sightings"]))
    types = {column.name: str(column.type) for column in contract.columns}
    texts = dict.fromkeys(("code", "state", "note"), "VARCHAR(65535)")
    known = {"id": "BIGINT", "price": "DECIMAL(38,4)", "seen_at": "TIMESTAMP", "is_on": "BOOLEAN"}
    assert types == texts | known
    assert [str(each) for each in contract.formats] == [kind]
    assert json.loads(done.stdout)["text_format"] == kind


def test_a_name_that_dbt_would_evaluate_is_refused(project: Path, tmp_path: Path) -> None:
    done = run(project, parquet(tmp_path / "jinja.parquet", {"id": [1], "{{ this }}": [1]}))
    assert "Jinja" in str(done.exception)


def test_texts_get_far_more_room_than_was_seen(tmp_path: Path) -> None:
    columns = {"short": ["a", None], "long": ["ü" * 40, "b"], "none": pa.nulls(2), "few": pa.array(["x", "y"])}
    columns["few"] = columns["few"].dictionary_encode()
    specimen = read(str(parquet(tmp_path / "texts.parquet", columns)))
    types = {column.name: column.type for column in model_columns("texts", specimen.columns)}
    assert types == {"short": "varchar(256)", "long": "varchar(1024)", "none": "varchar(256)", "few": "varchar(256)"}
    assert specimen.few_values["few"] == ("x", "y")


def test_a_column_of_many_values_is_not_taken_for_one_of_few(tmp_path: Path) -> None:
    """Where rows without a text stand between them, too."""
    codes = [f"code {number}" if number % 2 else " " for number in range(100)]
    assert read(str(parquet(tmp_path / "codes.parquet", {"code": codes}))).few_values == {}


# Names as writers choose them: reserved words, what checks and gates add, and any text.
NAMES = st.lists(
    st.one_of(st.sampled_from(sorted(RESERVED_WORDS | TAKEN)), st.text(min_size=1, max_size=20)),
    min_size=1,
    max_size=12,
)
KINDS = st.sampled_from([sqltypes.VARCHAR, sqltypes.BIGINT, sqltypes.SUPER, sqltypes.VARBYTE, sqltypes.decimal(5, 5)])


@settings(max_examples=100, deadline=None)
@given(NAMES, st.data())
def test_every_modeled_name_is_plain_unreserved_and_alone(names: list[str], data: st.DataObject) -> None:
    try:
        landed = [LandedColumn(name, data.draw(KINDS)) for name in landing_names(names)]
        columns = model_columns("things", landed)
    except (RejectedFileError, ConfigError):
        return
    modeled = [column.name for column in columns]
    assert len(set(modeled)) == len(modeled)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) and len(name) <= 63 for name in modeled)
    assert not set(modeled) & (RESERVED_WORDS | TAKEN)
    expected = [each.name for each in landed if each.type.name != "VARBYTE"]
    assert [column.landing for column in columns] == expected


def test_the_folders_of_the_file_are_columns_and_can_be_keys(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Region=S%C3%A3o" / "kind=x" / "2026"
    folder.mkdir(parents=True)
    file = parquet(folder / "file.parquet", ROWS)

    done = run(project, file, "--json", key="id,region")

    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    columns = {column["landing"]: column["type"] for column in said["columns"]}
    assert columns == {"id": "bigint", "kind": "varchar(256)", "seen_at": "timestamp", "region": "varchar(256)"}
    contract = parse_contract(dict(read_contracts(project)["sightings"]))
    assert [column.name for column in contract.columns] == ["id", "kind", "seen_at", "region"]
    assert contract.partitions is True  # also where files of it have landed before there were such columns
    words = (project / "dbt_project/models/modeled/sightings/_sightings__docs.md").read_text()
    assert "`region=` of the folders" in words
    assert "`kind` of the file" in words


@pytest.mark.parametrize(
    ("key", "column"),
    [("kind,id", "id"), ("id,kind", "id"), ("region,kind", "kind"), ("seen_at,ID", "seen_at"), ("region", "region")],
)
@pytest.mark.parametrize("name", ["file.parquet", "file.csv"])
def test_tables_are_distributed_by_the_column_of_the_key_that_has_the_most_values(
    project: Path, tmp_path: Path, name: str, key: str, column: str
) -> None:
    file = tmp_path / "region=eu" / name
    file.parent.mkdir()
    if name.endswith(".csv"):
        file.write_text("id,Kind,seen_at\n1,a,2026-01-01\n2,b,2026-01-02\n3,a,2026-01-03\n", encoding="utf-8")
    else:
        parquet(file, ROWS)

    done = run(project, file, "--history", key=key)

    assert done.exit_code == 0, done.output
    models = project / "dbt_project/models"
    written = [*models.glob("modeled/sightings/*.sql"), models / "gate/sightings/int_sightings__checked.sql"]
    assert len(written) == 3
    assert all(f"dist='{column}'" in path.read_text() for path in written)


def test_a_folder_that_lands_nowhere_is_told(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "_load_id=1"
    folder.mkdir()
    done = run(project, parquet(folder / "file.parquet", ROWS))
    assert isinstance(done.exception, RejectedFileError)
    assert "_load_id" in str(done.exception)


def test_without_folders_nothing_is_said_of_partitions(project: Path, file: Path) -> None:
    run(project, file)
    assert "partitions" not in read_contracts(project)["sightings"]


NOON = "2025-11-13 12:00:00.123456"
TEXT = pa.array([NOON] * 4)
DEBEZIUM = {"__op": ["c", "r", "u", "d"], "__deleted": ["false"] * 4, "__source_ts_ms": [1, 2, 3, 4]}
FLATTENED = {
    "operation": "__op",
    "codes": {"insert": ["c", "r"], "update": ["u"], "delete": ["d"]},
    "deleted": "__deleted",
}


def declared(project: Path) -> dict[str, Any] | None:
    """Return the changes that the dataset's source declares, as landing and the macros read them."""
    return read_contracts(project)["sightings"].get("changes")


@pytest.mark.parametrize(
    ("columns", "arguments", "changes"),
    [
        ({"Op": ["I", "U", "D", None]}, (), {"operation": "op", "order": "file"}),
        ({"Op": ["I", "U", "D", None], "at": TEXT}, ("--time", "at"), {"operation": "op"}),
        (
            {"Op": ["U"] * 4, "AR_H_CHANGE_SEQ": TEXT},
            (),
            {"operation": "op", "sequence": ["ar_h_change_seq"], "order": "sequence"},
        ),
        ({**DEBEZIUM, "__source_lsn": [1, 2, 3, 4]}, (), {**FLATTENED, "sequence": ["__source_lsn"]}),
        (
            {**DEBEZIUM, "__source_file": ["mysql-bin.000003"] * 4, "__source_pos": [4, 5, 6, 7]},
            (),
            {**FLATTENED, "sequence": ["__source_file", "__source_pos"], "order": "sequence"},
        ),
        (DEBEZIUM, (), {**FLATTENED, "order": "file"}),
        ({**DEBEZIUM, "at": TEXT}, ("--time", "at"), FLATTENED),
        (
            {"_ab_cdc_deleted_at": TEXT, "_ab_cdc_cursor": [1, 2, 3, 4], "_ab_cdc_lsn": TEXT},
            (),
            {"deleted": "_ab_cdc_deleted_at", "sequence": ["_ab_cdc_cursor"], "order": "sequence"},
        ),
        ({"_ab_cdc_deleted_at": TEXT}, (), {"deleted": "_ab_cdc_deleted_at", "order": "file"}),
        ({"_fivetran_deleted": [True] * 4}, (), {"deleted": "_fivetran_deleted", "order": "file"}),
        ({"op": ["open", "closed", "I", "D"]}, (), None),
        ({"op": ["open", "closed", "I", "D"]}, ("--changes", "dms"), {"operation": "op", "order": "file"}),
        ({"Op": ["I", "U", "D", None]}, ("--changes", "none"), None),
        ({"op": [1, 2, 3, 4]}, (), None),
    ],
)
def test_the_changes_of_a_tool_are_known_by_its_columns_and_can_be_told_no(
    project: Path, tmp_path: Path, columns: dict[str, Any], arguments: tuple[str, ...], changes: dict[str, Any] | None
) -> None:
    file = parquet(tmp_path / "changes.parquet", {**ROWS, **columns})

    done = run(project, file, "--json", *arguments)

    assert done.exit_code == 0, done.exception
    said = json.loads(done.stdout)
    assert said["changes"] == declared(project) == changes
    assert (said["producer"] is None) == (changes is None)
    gates = (project / "dbt_project/models/gate/sightings/int_sightings__checked.yml").read_text()
    assert ("sequence_falls_back:" in gates) == ((changes or {}).get("order") == "sequence")
    assert ("subject: changes lost by their sequence" in gates) == ("sequence_falls_back:" in gates)
    modeled = {column["landing"] for column in said["columns"]}
    marks = {(changes or {}).get("operation"), (changes or {}).get("deleted")}
    assert modeled == {name.lower() for name in {**ROWS, **columns}} - marks


@pytest.mark.parametrize(
    ("columns", "caution"),
    [
        (DEBEZIUM, "nothing in the file numbers the changes"),
        ({**DEBEZIUM, "__lsn": [1, 2, 3, 4]}, None),
        ({"Op": ["I", "U", "D", None], "BI_id": [1, 2, 3, 4]}, "`bi_id` is what a key was before its change"),
        ({"Op": ["I", "U", "D", None], "BI_kind": TEXT}, None),
    ],
)
def test_what_a_feed_does_not_tell_is_said(
    project: Path, tmp_path: Path, columns: dict[str, Any], caution: str | None
) -> None:
    file = parquet(tmp_path / "changes.parquet", {**ROWS, **columns})
    done = run(project, file, "--dry-run")
    assert done.exit_code == 0, done.exception
    assert ("caution: " in done.stdout) == (caution is not None)
    assert (caution or "") in done.stdout


def test_a_person_at_a_terminal_is_asked_and_can_say_no(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = parquet(tmp_path / "changes.parquet", {**ROWS, "Op": ["I", "U", "D", "U"]})
    command = ["new-dataset", "sightings", "--from", str(file), "--key", "id", "--project", str(project)]

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for answer, changes in (("n\n", None), ("\n", {"operation": "op", "order": "file"})):
        before = snapshot(project)
        monkeypatch.setattr("landfall.commands.new_dataset.sys", SimpleNamespace(stdin=Terminal()))
        done = CliRunner().invoke(build(), command, input=answer)
        assert "`op` look as AWS DMS writes changes" in done.stdout
        assert declared(project) == changes
        for path in snapshot(project).keys() - before.keys():
            path.unlink()


def test_a_tool_that_did_not_write_the_file_is_refused_with_what_it_would_have_written(
    project: Path, file: Path
) -> None:
    before = snapshot(project)
    done = run(project, file, "--changes", "debezium")
    assert isinstance(done.exception, ConfigError)
    assert "__op or __deleted" in str(done.exception)
    assert snapshot(project) == before


@pytest.mark.parametrize(
    ("said", "business_time"),
    [
        ("seen_at", "['seen_at']"),
        ("Seen_At,id:s", "['seen_at', epoch_time('id', 's')]"),
        ("text,day", "[text_time('text'), 'cast(day as timestamp)']"),
    ],
)
def test_a_time_may_be_several_columns_numbers_and_texts(
    project: Path, tmp_path: Path, said: str, business_time: str
) -> None:
    columns = {**ROWS, "text": TEXT, "day": pa.array([0, 1, 2, 3], pa.date32())}
    done = run(project, parquet(tmp_path / "times.parquet", columns), "--time", said)
    assert done.exit_code == 0, done.exception
    staging = (project / "dbt_project/models/staging/sightings/stg_sightings.sql").read_text()
    assert f"business_time({business_time})" in staging


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("id", "--time id:ms"),
        ("seen_at:ms", "needs no unit"),
        ("seen_at,seen_at", "named twice"),
        ("amount", "a time is a DATE"),
        ("small:s", "too small"),
        ("nobody", "no column 'nobody'"),
    ],
)
def test_what_is_no_time_is_refused_with_what_to_say(project: Path, tmp_path: Path, said: str, reason: str) -> None:
    columns = {**ROWS, "amount": [1.5] * 4, "small": pa.array([1] * 4, pa.int16())}
    before = snapshot(project)
    done = run(project, parquet(tmp_path / "times.parquet", columns), "--time", said)
    assert isinstance(done.exception, ConfigError)
    assert reason in str(done.exception)
    assert snapshot(project) == before


def test_a_history_is_written_where_it_is_asked_for_and_its_columns_keep_their_names(
    project: Path, tmp_path: Path
) -> None:
    file = parquet(tmp_path / "file.parquet", {**ROWS, "valid_from": [1, 2, 3, 4]})
    run(project, file, name="plain")
    said = json.loads(run(project, file, "--history", "--json").stdout)
    assert "dbt_project/models/modeled/sightings/sightings_history.sql" in said["files"]
    assert not (project / "dbt_project/models/modeled/plain/plain_history.sql").exists()
    assert {column["modeled"] for column in said["columns"]} == {"id", "kind", "seen_at", "valid_from_value"}
    plain = (project / "dbt_project/models/modeled/plain/plain.sql").read_text()
    assert "        valid_from,\n" in plain
    assert "history" not in plain


def test_a_column_without_letters_is_called_by_its_position_in_the_file_whatever_stays_in_landing(
    project: Path, tmp_path: Path
) -> None:
    file = parquet(tmp_path / "file.parquet", {"Op": ["I", "U", "D", "U"], **ROWS, "raw": [b"a"] * 4, "名前": [1] * 4})
    said = json.loads(run(project, file, "--json").stdout)
    assert [column["modeled"] for column in said["columns"]] == ["id", "kind", "seen_at", "column_6"]


@pytest.mark.parametrize(
    ("said", "declaration"),
    [
        ("file", {"end": "file"}),
        ("marker", {"end": "marker", "marker": "_SUCCESS"}),
        ("marker=_DONE", {"end": "marker", "marker": "_DONE"}),
        ("manifest", {"end": "manifest", "manifest": "*manifest"}),
        ("manifest=files.json", {"end": "manifest", "manifest": "files.json"}),
        ("count", {"end": "count"}),
        ("count=8", {"end": "count", "count": 8}),
    ],
)
def test_what_ends_a_snapshot_is_declared_as_it_is_said(
    project: Path, file: Path, said: str, declaration: dict[str, object]
) -> None:
    told = json.loads(run(project, file, "--snapshot", said, "--json").stdout)
    assert told["snapshot"] == declaration
    assert read_contracts(project)["sightings"]["snapshot"] == declaration


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--snapshot", "never"), "how one ends"),
        (("--snapshot", "file=a"), "has no file"),
        (("--snapshot", "marker=a/b"), "the name of an object"),
        (("--snapshot", "count=some"), "how many files"),
        (("--snapshot", "count=0"), "how many files"),
        (("--snapshot", "file", "--history"), "--history or --snapshot"),
        (("--snapshot", "count=2", "--history"), "--history or --snapshot"),
        (("--snapshot", "file", "--changes", "dms"), "--snapshot or --changes dms"),
    ],
)
def test_a_snapshot_that_cannot_be_is_refused_with_the_reason_and_nothing_is_written(
    project: Path, file: Path, arguments: tuple[str, ...], reason: str
) -> None:
    before = snapshot(project)
    done = run(project, file, *arguments)
    assert isinstance(done.exception, ConfigError)
    assert reason in str(done.exception)
    assert snapshot(project) == before
