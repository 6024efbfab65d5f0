"""OPERATE: how well-known tools write the changes of a source. Pure.

In: the landing columns of a file, and the few values of some. Out: a `Shape`: which of the columns say what the source
did with a row, and what orders the rows, as `changes` of a source declares it (ingest_lambda/judge/changes.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ingest_lambda.errors import ConfigError
from landfall.new_dataset.columns import LandedColumn

Landed = Mapping[str, LandedColumn]
Values = Mapping[str, Sequence[str]]

# The numbers by which tools count the changes of a source; the first that a file has all columns of.
DEBEZIUM_SEQUENCES = (("__lsn",), ("__source_lsn",), ("__scn",), ("__source_scn",))
# MySQL and MariaDB count in their binlogs: the file, and the place in it.
DEBEZIUM_BINLOGS = (("__file", "__pos"), ("__source_file", "__source_pos"))
AIRBYTE_SEQUENCES = (("_ab_cdc_cursor",), ("_ab_cdc_lsn",))
DEBEZIUM_TIMES = ("__source_ts_ms", "__ts_ms")
DEBEZIUM_UNNUMBERED = (
    "nothing in the file numbers the changes, and Debezium's time does not order them (of MySQL it is when the "
    "statement began, in whole seconds): they are ordered by file and line. Let the connector add the number: "
    "add.fields=op,lsn of PostgreSQL, op,scn of Oracle, op,source.file,source.pos of MySQL and MariaDB"
)


@dataclass(frozen=True)
class Shape:
    """How a tool writes changes.

    `operation`: the column that says what was done, in `codes`. `deleted`: the one that marks deleted rows. `sequence`:
    those that number the changes. `time`: the one that every change has, as `--time` spells it. `is_numbered`: the
    sequence orders all rows, and the time none. `is_timed`: that time tells of two changes which came later. `caution`:
    what the operator should know, and can do.
    """

    producer: str
    operation: str | None = None
    codes: Mapping[str, Sequence[str]] | None = None
    deleted: str | None = None
    sequence: tuple[str, ...] = ()
    time: str | None = None
    is_numbered: bool = False
    is_timed: bool = True
    caution: str | None = None

    @property
    def marks(self) -> tuple[str, ...]:
        """Return the columns that say what was done, and nothing of the row itself."""
        return tuple(column for column in (self.operation, self.deleted) if column)

    def changes(self, times: Sequence[str]) -> dict[str, Any]:
        """Declare it as a source's YAML does; `times`: the columns with the times of its rows.

        >>> Shape("AWS DMS", operation="op").changes([]), Shape("AWS DMS", operation="op").changes(["at"])
        ({'operation': 'op', 'order': 'file'}, {'operation': 'op'})
        """
        has_time = any(self.is_timed or name != str(self.time).partition(":")[0] for name in times)
        said = {"operation": self.operation, "codes": self.codes, "deleted": self.deleted}
        declared: dict[str, Any] = {word: value for word, value in said.items() if value}
        if self.sequence:
            declared["sequence"] = list(self.sequence)
        if self.sequence and (self.is_numbered or not has_time):
            declared["order"] = "sequence"
        elif not has_time:
            declared["order"] = "file"
        return declared


def recognise(columns: Sequence[LandedColumn], values: Values) -> Shape | None:
    """Tell which tool wrote a file; None where its columns are those of no tool.

    >>> from ingest_lambda.warehouse import sqltypes
    >>> op = [LandedColumn("op", sqltypes.VARCHAR)]
    >>> recognise(op, {"op": ("D", "I", "U")}).producer, recognise(op, {"op": ("open", "closed")})
    ('AWS DMS', None)
    """
    landed = {column.name: column for column in columns}
    found = (read(landed) for name, read in SHAPES.items() if name != "dms" or _has_codes(values.get("op", ())))
    return next((shape for shape in found if shape), None)


def shape_of(name: str, columns: Sequence[LandedColumn]) -> Shape:
    """Return the shape that an operator names.

    Raises:
        ConfigError: the file has none of the columns that the tool would write.
    """
    shape = SHAPES[name]({column.name: column for column in columns})
    if shape is None:
        raise ConfigError(f"the file has none of the columns that {name} writes: {SIGNS[name]}")
    return shape


def _dms(landed: Landed) -> Shape | None:
    """https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html: `Op` is I, U or D.

    AR_H_CHANGE_SEQ comes by a rule:
    https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TableMapping.SelectionTransformation.Expressions.html
    """
    if "op" not in landed or landed["op"].type.name != "VARCHAR":
        return None
    return Shape("AWS DMS", operation="op", sequence=_all(landed, (("ar_h_change_seq",),)))


def _debezium(landed: Landed) -> Shape | None:
    """https://debezium.io/documentation/reference/stable/transformations/event-flattening.html: `__` before each.

    What its `source` has: https://debezium.io/documentation/reference/stable/connectors/mysql.html: `file` and `pos` of
    the binlog event, whose time has whole seconds; `row` numbers the rows of one event, which stand in that order.
    """
    operation, deleted = _first(landed, ("__op",)), _first(landed, ("__deleted",))
    if not operation and not deleted:
        return None
    codes = {"insert": ["c", "r"], "update": ["u"], "delete": ["d"]} if operation else None
    time = _first(landed, DEBEZIUM_TIMES)
    shape = Shape("Debezium", operation, codes, deleted, time=f"{time}:ms" if time else None)
    if sequence := _all(landed, DEBEZIUM_SEQUENCES):
        return replace(shape, sequence=sequence)
    if sequence := _all(landed, DEBEZIUM_BINLOGS):
        return replace(shape, sequence=sequence, is_numbered=True)
    return replace(shape, is_timed=False, caution=DEBEZIUM_UNNUMBERED)


def _airbyte(landed: Landed) -> Shape | None:
    """https://docs.airbyte.com/platform/understanding-airbyte/cdc: `_ab_cdc_`, and a number by which it sorts."""
    if "_ab_cdc_deleted_at" not in landed:
        return None
    sequence = _all(landed, AIRBYTE_SEQUENCES)
    time = _first(landed, ("_ab_cdc_updated_at",))
    return Shape("Airbyte", deleted="_ab_cdc_deleted_at", sequence=sequence, time=time, is_numbered=bool(sequence))


def _fivetran(landed: Landed) -> Shape | None:
    """https://fivetran.com/docs/core-concepts/system-columns-and-tables."""
    if "_fivetran_deleted" not in landed:
        return None
    return Shape("Fivetran", deleted="_fivetran_deleted", time=_first(landed, ("_fivetran_synced",)))


# `op` is also what a business may call a column: the names that only tools give come first.
SHAPES: Mapping[str, Callable[[Landed], Shape | None]] = {
    "debezium": _debezium,
    "airbyte": _airbyte,
    "fivetran": _fivetran,
    "dms": _dms,
}
SIGNS = {
    "debezium": "__op or __deleted",
    "airbyte": "_ab_cdc_deleted_at",
    "fivetran": "_fivetran_deleted",
    "dms": "Op, a text",
}


def _has_codes(values: Sequence[str]) -> bool:
    spelled = {value.strip().upper() for value in values}
    return bool(spelled) and spelled <= {"I", "U", "D"}


def _all(landed: Landed, names: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return next((each for each in names if all(name in landed for name in each)), ())


def _first(landed: Landed, names: Sequence[str]) -> str | None:
    return next((name for name in names if name in landed), None)
