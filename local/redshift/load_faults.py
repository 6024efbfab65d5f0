"""What PostgreSQL says of a value that a COPY brings, as Redshift says it. Pure."""

from __future__ import annotations

import re

from local.redshift.errors import ErrorFields, LoadFault
from local.redshift.parquet_types import CODE_DATA, SPECTRUM

# Where PostgreSQL says in its CONTEXT that a value of COPY is wrong.
_COLUMN = re.compile(r"^COPY .*?, line \d+, column ([^:\n]+)")


def of_value(fields: ErrorFields) -> LoadFault | None:
    """Return an error of PostgreSQL's COPY as Redshift's, where a value is at fault (SQLSTATE class 22, or a NULL).

    >>> of_value({"C": "22008", "M": "date out of range"}).error
    'Spectrum Scan Error'
    >>> of_value({"C": "53100", "M": "disk full"})
    """
    if not fields.get("C", "").startswith(("22", "23502")):
        return None
    found = _COLUMN.search(fields.get("W", ""))
    return LoadFault(SPECTRUM, CODE_DATA, fields.get("M", ""), column=found[1] if found else None)
