"""How the files of an external table or of one of its partitions are stored, as the Data Catalog describes it. Pure.

In: what Glue describes. Out: the format of the files and the properties that their reading goes by, or a RedshiftError.
A partition has a description of its own, by which Hive reads its files; no page tells whether Redshift does. One that
would be read in another way than its table is therefore refused.
Source: https://docs.aws.amazon.com/glue/latest/webapi/API_StorageDescriptor.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.redshift.errors import RedshiftError
from local.redshift.external.properties import ORC_COLUMNS, hold_properties
from local.redshift.external.text_form import text_form

_HIVE = "org.apache.hadoop."


@dataclass(frozen=True)
class Form:
    """A format of files: what STORED AS calls it, and the classes that the catalog names for it."""

    name: str
    serde: str
    reader: str
    writer: str


FORMS = {
    form.name: form
    for form in (
        Form("parquet", f"{_HIVE}hive.ql.io.parquet.serde.ParquetHiveSerDe",
             f"{_HIVE}hive.ql.io.parquet.MapredParquetInputFormat",
             f"{_HIVE}hive.ql.io.parquet.MapredParquetOutputFormat"),
        Form("orc", f"{_HIVE}hive.ql.io.orc.OrcSerde", f"{_HIVE}hive.ql.io.orc.OrcInputFormat",
             f"{_HIVE}hive.ql.io.orc.OrcOutputFormat"),
        Form("textfile", f"{_HIVE}hive.serde2.lazy.LazySimpleSerDe", f"{_HIVE}mapred.TextInputFormat",
             f"{_HIVE}hive.ql.io.HiveIgnoreKeyTextOutputFormat"),
    )
}  # fmt: skip
_BY_SERDE = {form.serde: form for form in FORMS.values()}


@dataclass(frozen=True)
class Stored:
    """SerDe and InputFormat ('': none is named), columns as the files have them, and what is said of the files.

    `said`: the SerDe's parameters, the storage's, the table's, the partition's.
    """

    serde: str
    reader: str
    columns: tuple[tuple[str, str], ...]
    said: tuple[Mapping[str, str], ...]

    @property
    def form(self) -> str:
        """The format of the files: parquet, orc or textfile; '' for another."""
        return _BY_SERDE[self.serde].name if self.serde in _BY_SERDE else ""

    @property
    def properties(self) -> dict[str, str]:
        """All that is said."""
        return {name: value for each in self.said for name, value in each.items()}

    @property
    def is_by_place(self) -> bool:
        """Whether columns of ORC are those of the files at the same place, else those of the same name.

        What is neither `name` nor `position` is documented to be by position.
        """
        return self.form == "orc" and self.properties.get(ORC_COLUMNS, "name") != "name"

    def hold(self, name: str) -> None:
        """Hold it to the formats and properties that are offered.

        Args:
            name: what errors call the table or the partition.

        Raises:
            RedshiftError: another one.
        """
        properties = self.properties
        if not self.form or "table_type" in properties:
            named = properties.get("table_type") or self.serde
            raise RedshiftError(f'external tables of "{named}" are not offered by the local Redshift: {name}')
        if self.reader not in ("", _BY_SERDE[self.serde].reader):
            raise RedshiftError(
                f'the InputFormat "{self.reader}" of {name} is not offered by the local Redshift, which reads files of '
                f'{self.form} by "{_BY_SERDE[self.serde].reader}"'
            )
        hold_properties(self.said, self.form, name)
        if self.form == "textfile":
            text_form(properties, name)


def stored_as(described: Mapping[str, Any]) -> Stored:
    """Return how a table's files are stored."""
    storage = described.get("StorageDescriptor", {})
    serde = storage.get("SerdeInfo", {})
    return Stored(
        serde.get("SerializationLibrary") or described.get("TableType", ""),
        storage.get("InputFormat", ""),
        _columns(storage),
        (serde.get("Parameters", {}), storage.get("Parameters", {}), described.get("Parameters", {})),
    )


def stored_apart(table: Stored, described: Mapping[str, Any]) -> Stored:
    """Return how a partition's files are stored: what its description leaves out is as its table has it."""
    storage = described.get("StorageDescriptor", {})
    serde = storage.get("SerdeInfo", {})
    own = serde.get("SerializationLibrary", "")
    by_serde, by_storage, by_table = table.said
    return Stored(
        own or table.serde,
        storage.get("InputFormat") or ("" if own else table.reader),
        _columns(storage) or table.columns,
        (
            serde.get("Parameters", {}) if any(serde.values()) else by_serde,
            storage.get("Parameters", {}) if any(storage.values()) else by_storage,
            by_table,
            described.get("Parameters", {}),
        ),
    )


def hold_apart(table: Stored, partition: Stored, name: str) -> None:
    """Hold a partition to its table.

    Raises:
        RedshiftError: its files would be read in another way.
    """
    partition.hold(name)
    differing = [
        what
        for what, one, other in (
            ("SerDe", table.serde, partition.serde),
            ("columns by place", table.is_by_place, partition.is_by_place),
        )
        if one != other
    ]
    if not differing and table.form == "textfile":
        differing = text_form(table.properties, name).differing(text_form(partition.properties, name))
    both = min(len(table.columns), len(partition.columns))
    is_by_place = table.form == "textfile" or table.is_by_place
    if is_by_place and table.columns[:both] != partition.columns[:both]:
        differing.append("columns")
    if differing:
        raise RedshiftError(
            f"{name} has its own {' and '.join(differing)}, which differ from its table's: the local Redshift does not "
            "offer that; describe the partition as its table, or give its files a table of their own"
        )


def _columns(storage: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((each["Name"].lower(), each.get("Type", "")) for each in storage.get("Columns", []))
