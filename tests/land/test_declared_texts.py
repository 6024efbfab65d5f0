"""How a dataset's texts are written, and its key, are declared in its source YAML: checked where it is read."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest_lambda.errors import ConfigError
from ingest_lambda.judge.contracts import Contract, parse_contract
from ingest_lambda.read.dialects import CsvDialect, Dialects, JsonDialect
from local.home import ROOT
from scripts import package
from scripts.contracts import read_contracts

SOURCE = "dbt_project/models/landing/_shop__sources.yml"


def declared(folder: Path, meta: str) -> Contract:
    """Declare a dataset with this meta, as a person writes it; return its contract, as the function reads it."""
    path = folder / SOURCE
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = [{"name": "Id", "data_type": "bigint"}, {"name": "note", "data_type": "varchar"}]
    table = {"name": "orders", "config": {"meta": yaml.safe_load(meta)}, "columns": columns}
    path.write_text(yaml.safe_dump({"sources": [{"name": "landing", "tables": [table]}]}), encoding="utf-8")
    return parse_contract(dict(read_contracts(folder)["orders"]))


def test_what_is_declared_is_what_files_are_read_with(tmp_path: Path) -> None:
    contract = declared(
        tmp_path,
        r"""
        formats: [csv, json]
        key: [ID]
        csv: {delimiter: ";", quote: "'", encoding: latin-1, null: ["NULL", "\\N"]}
        json: {records: data.items, encoding: utf-16}
        """,
    )

    csv = CsvDialect(";", "'", "iso8859-1", ("NULL", "\\N"))
    assert contract.dialects == Dialects(csv, JsonDialect("utf-16", ("data", "items")))
    assert contract.key == ("id",)


def test_what_is_not_declared_is_as_it_was(tmp_path: Path) -> None:
    contract = declared(tmp_path, "formats: [csv]")

    assert contract.dialects == Dialects(CsvDialect(",", '"', "utf-8", ()), JsonDialect("utf-8", ()))
    assert contract.key == ()


@pytest.mark.parametrize(
    ("meta", "dialect"),
    [
        (r'csv: {delimiter: "\t"}', CsvDialect("\t")),
        ('csv: {quote: ""}', CsvDialect(quote="")),
        ("csv: {quote: null}", CsvDialect(quote="")),
        ("csv: {quote: false}", CsvDialect(quote="")),
        ("csv: {null: NA}", CsvDialect(null=("NA",))),
        ('csv: {"null": ["-999"]}', CsvDialect(null=("-999",))),
    ],
)
def test_a_setting_may_be_spelt_as_yaml_has_it(tmp_path: Path, meta: str, dialect: CsvDialect) -> None:
    assert declared(tmp_path, f"{{formats: [csv], {meta}}}").dialects.csv == dialect


MISSPELT = [
    ("csv: {delimeter: ;}", "csv.delimeter is no setting; there are delimiter, encoding, null, quote"),
    ("csv: ';'", "csv is ';': it must be settings"),
    ("csv:", "csv is None: it must be settings"),
    ("csv: {delimiter: '||'}", "csv.delimiter is '||': it must be one ASCII character"),
    (r"csv: {delimiter: '\t'}", "for a tab"),
    ("csv: {delimiter: ¦}", "csv.delimiter is '¦': it must be one ASCII character"),
    ("csv: {delimiter: 9}", "csv.delimiter is 9: it must be one ASCII character"),
    ("csv: {delimiter: '\"'}", "csv.delimiter and csv.quote are both"),
    ("csv: {quote: none}", "csv.quote is 'none': it must be one ASCII character"),
    ("csv: {encoding: latin-15}", "csv.encoding is 'latin-15': it must be an encoding that Python knows"),
    ("csv: {encoding: rot13}", "csv.encoding is 'rot13'"),
    ("csv: {encoding: 1252}", "csv.encoding is 1252"),
    ("csv: {null: [NULL, -999]}", "csv.null has None, which is no text: write it in quotes"),
    ("csv: {null: [-999]}", "csv.null has -999, which is no text: write it in quotes"),
    ("json: {record: items}", "json.record is no setting; there are encoding, records"),
    ("json: {records: data..items}", "json.records is 'data..items'"),
    ("json: {records: 1}", "json.records has 1, which is no text"),
    ("key: id", "key is 'id'; it is a list of columns"),
    ("key: []", "key is []; it is a list of columns"),
    ("key: [order_id]", "key has 'order_id', which is no column"),
]


@pytest.mark.parametrize(("meta", "said"), MISSPELT, ids=[meta for meta, _ in MISSPELT])
def test_what_is_misspelt_is_told_in_one_line_with_file_and_key(tmp_path: Path, meta: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        declared(tmp_path, f"formats: [csv, json]\n{meta}")

    assert str(caught.value).startswith(f"{SOURCE}: orders: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_dialect_of_a_format_that_the_dataset_does_not_take_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="csv is declared, but formats are"):
        declared(tmp_path, "{formats: [json], csv: {delimiter: ;}}")
    with pytest.raises(ConfigError, match="formats are 'csv'"):
        declared(tmp_path, "formats: csv")


def test_packaging_ends_with_that_line_and_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def build(root: Path, runtime: Any) -> Any:
        return declared(tmp_path, "{formats: [csv], csv: {delimiter: '||'}}")

    monkeypatch.setattr(package, "build", build)

    assert package.main([]) == 1
    assert "csv.delimiter" in capsys.readouterr().err


def test_every_dataset_that_ships_declares_its_key() -> None:
    assert [name for name, contract in read_contracts(ROOT).items() if not contract.get("key")] == []
