"""A column of an UNLOAD: what it is in a manifest, and in parquet. Pure.

Which parquet types UNLOAD writes is documented for SUPER and TIMESTAMPTZ alone; for the others it is the type that COPY
reads into the same column.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.redshift.errors import RedshiftError
from local.redshift.messages import OID_JSON, OID_TEXT, OID_UNKNOWN, OID_VARCHAR

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

BOOLEAN, BPCHAR, TIMESTAMPTZ, NUMERIC = 16, 1042, 1184, 1700
_SAME = {  # in a manifest, and as arrow's alias
    20: ("bigint", "int64"),
    21: ("smallint", "int16"),
    23: ("integer", "int32"),
    700: ("real", "float32"),
    701: ("double precision", "float64"),
    1082: ("date", "date32"),
    1114: ("timestamp without time zone", "timestamp[us]"),
}
_TEXTS = {BPCHAR: "character", OID_VARCHAR: "character varying", OID_TEXT: "character varying"}
# Of those that may be a partition's key, the ones whose spelling in a path leaves no choice.
KEYS = {20, 21, 23, 1082, NUMERIC, BPCHAR, OID_VARCHAR, OID_TEXT}


@dataclass(frozen=True)
class UnloadColumn:
    """A column of the query: its name, the OID of its type in PostgreSQL and the type's modifier (-1 if none)."""

    name: str
    oid: int
    modifier: int

    def element(self) -> dict[str, Any]:
        """Describe the column as a manifest does."""
        if self.oid == NUMERIC:
            return {"name": self.name, "type": {"base": "numeric", "precision": self.size >> 16, "scale": self._scale}}
        if self.oid in _TEXTS:
            return {"name": self.name, "type": {"base": _TEXTS[self.oid], "max_length": self.size}}
        others = {BOOLEAN: "boolean", TIMESTAMPTZ: "timestamp with time zone", OID_JSON: "super"}
        return {"name": self.name, "type": {"base": others.get(self.oid) or _SAME[self.oid][0]}}

    @property
    def size(self) -> int:
        """What the modifier says: a text's length; precision and scale in one number."""
        return self.modifier - 4 if self.modifier >= 4 else 65535

    @property
    def _scale(self) -> int:
        return self.size & 0xFFFF

    def arrow(self, texts: list[str | None]) -> pa.Array:
        """Return values as PostgreSQL spells them in the type that is written.

        Raises:
            RedshiftError: UNLOAD writes no such column to parquet, or not here.
        """
        import pyarrow as pa  # here: it takes longer to load than a session to begin

        values = pa.array(texts, pa.string())
        if self.oid == BOOLEAN:
            return pa.array([None if text is None else text == "t" for text in texts], pa.bool_())
        if self.oid == NUMERIC and self.modifier >= 4:
            return values.cast(pa.decimal128(self.size >> 16, self._scale))
        if self.oid == TIMESTAMPTZ:  # the time zone is not unloaded
            return values.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
        if self.oid == OID_JSON:  # https://docs.aws.amazon.com/redshift/latest/dg/unload-super-parquet.html
            return pa.ExtensionArray.from_storage(pa.json_(), values)
        if self.oid in {*_TEXTS, OID_UNKNOWN}:
            return values
        if self.oid in _SAME:
            return values.cast(pa.type_for_alias(_SAME[self.oid][1]))
        raise RedshiftError(f'UNLOAD to PARQUET does not support the type of column "{self.name}"')
