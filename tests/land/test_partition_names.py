"""Folders name columns and values as Hive, Spark and arrow write them: any name and value come back."""

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.dataset as pads  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.arrive.partitions import NULL, path_columns

# What Hive and Spark escape (the lists in the sources that `ingest_lambda/arrive/partitions.py` names).
ESCAPED = {*map(chr, range(1, 0x20)), *"\"#%'*/:=?\\\x7f{[]^"}


def spark_folder(name: str, value: str | None) -> str:
    """Name a folder as Hive and Spark do."""

    def escaped(text: str) -> str:
        return "".join(f"%{ord(each):02X}" if each in ESCAPED else each for each in text)

    return f"{escaped(name)}={escaped(value) if value else NULL}"


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text != NULL)


@given(TEXTS.filter(lambda name: name.isascii() is False or name == name.lower()), st.none() | TEXTS)
def test_any_name_and_value_come_back_from_a_folder_as_spark_names_it(name: str, value: str | None) -> None:
    [column] = path_columns(f"raw/sales/{spark_folder(name, value)}/part-0.parquet")

    assert column.value == value
    assert column.name.lower() == name.lower()


# arrow ends a value at a NUL
@given(st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0")).filter(lambda text: text != NULL))
def test_any_value_comes_back_from_a_folder_as_arrow_names_it(value: str | None) -> None:
    hive = pads.partitioning(pa.schema([("p", pa.string())]), flavor="hive")
    is_it = pads.field("p").is_null() if value is None else pads.field("p") == value
    folder, _ = hive.format(is_it)

    [column] = path_columns(f"raw/sales/{folder}/part-0.parquet")

    assert column.value == value


@pytest.mark.parametrize(
    ("key", "columns"),
    [
        ("raw/sales/region=EU/dt=2026-01-01/part-0.parquet", {"region": "EU", "dt": "2026-01-01"}),
        ("raw/year=2025/sales/2026/11/28/part-0.parquet", {"year": "2025"}),
        ("raw/sales/Region=a/x/region=a/part-0.parquet", {"region": "a"}),
        ("raw/sales/a=b=c/+=+/n=/part=0.parquet", {"a": "b=c", "+": "+", "n": ""}),
        ("raw/sales/100%=50%25%/_dt=1/0.parquet", {"100%": "50%%", "_dt": "1"}),
        ("raw/sales/=x/part-0.parquet", {}),
        ("raw/sales/2026/11/28/part-0.parquet", {}),
        ("region=EU.parquet", {}),
    ],
)  # fmt: skip
def test_hive_parts_are_columns_wherever_they_stand_among_the_folders(key: str, columns: dict[str, str]) -> None:
    assert {column.name: column.value for column in path_columns(key)} == columns
