"""Paths into a SUPER column that a query casts: where they are many, it is read once a row for all of them. Pure.

PostgreSQL reads JSON from its beginning for each path. What a select list casts is marked while it is written, and
becomes, once all of the query is, a path into the column, or into a row that `json_to_record` makes of its attributes.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from local.redshift.sql.scope import quote

MANY = 3  # from here on it is faster
_LONGEST_NAME = 63  # bytes; PostgreSQL cuts the name of a column


@dataclass(frozen=True, slots=True)
class _Path:
    column: str
    attribute: str
    beyond: str  # from the attribute on
    direct: str  # all of it, from the column on


@dataclass
class Paths:
    """The paths of one SELECT; their marks name it, as a query inside may repeat what this one means by an alias."""

    number: int
    found: list[_Path] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Return what stands where FROM ends."""
        return f"\x01{self.number}.\x02"

    def mark(self, column: str, attribute: str, beyond: str, direct: str) -> str:
        """Return what stands for a path until it is known how it is taken.

        >>> paths = Paths(1)
        >>> paths.taken(f'select {paths.mark("d", "a", "", "d->a")} from t{paths.place}')
        'select d->a from t'
        >>> marks = ", ".join(paths.mark("d", name, "", "") for name in "abb")
        >>> print(paths.taken(f"select {marks} from t{paths.place}"))  # doctest: +ELLIPSIS
        select "attribute 1.2.0 of d", "attribute 1.2.1 of d", "attribute 1.2.1 of d" from t, lateral (select "a" as ...
        """
        if len(attribute.encode()) > _LONGEST_NAME:
            return direct
        self.found.append(_Path(column, attribute, beyond, direct))
        return f"\x01{self.number}.{len(self.found) - 1}\x02"

    def taken(self, sql: str) -> str:
        """Return the query with each path as it is taken."""
        counted = Counter(path.column for path in self.found)
        rows = {column: self._row(column) for column, count in counted.items() if count >= MANY}

        def shown(match: re.Match[str]) -> str:
            if not match[1]:
                return "".join(self._read(column, row) for column, row in rows.items())
            path = self.found[int(match[1])]
            row = rows.get(path.column)
            return f"{row[path.attribute]}{path.beyond}" if row else path.direct

        pattern = re.compile(f"\x01{self.number}\\.(\\d*)\x02")
        while pattern.search(sql):
            sql = pattern.sub(shown, sql)
        return sql

    def _row(self, column: str) -> dict[str, str]:
        """Return what a column's attributes are called: by no name that the query may have for something else."""
        attributes = dict.fromkeys(path.attribute for path in self.found if path.column == column)
        return {
            attribute: quote(f"attribute {self.number}.{len(attributes)}.{place} of {column}")
            for place, attribute in enumerate(attributes)
        }

    def _read(self, column: str, row: dict[str, str]) -> str:
        whole = f"case json_typeof({column}) when 'object' then {column} end"
        named = ", ".join(f"{quote(attribute)} as {name}" for attribute, name in row.items())
        listed = ", ".join(f"{quote(attribute)} json" for attribute in row)
        label = quote(f"attributes {self.number} of {column}")
        return f", lateral (select {named} from json_to_record({whole}) as attributes({listed})) as {label}"  # noqa: S608 - quoted
