"""Whatever words stand in a row, a statement is translated or refused: nothing else ends a connection."""

from __future__ import annotations

import contextlib
import random

import pytest

from local.redshift.errors import RedshiftError
from local.redshift.sql.tokens import tokenize
from local.redshift.sql.translate import RECORD, UNIT, Answer, translate
from tests.local.redshift.test_documented import documented

CHANGES = (
    "insert into u (n, g) select k, v from t",
    "insert into u values (1, 'x', default), (2, 'y', 'z')",
    "update u set n = t.k, g = default from t where u.n = t.k",
    "delete from u using t where u.n = t.k",
    "merge into u using t on u.n = t.k when matched then update set n = t.k when not matched then insert values (1)",
)
COLUMNS = {
    "t": "k integer, v character varying(9), d numeric(8,2), e numeric(8,2), day date, f double precision, big bigint",
    "u": "n integer, g character varying(4), m character varying(4)",
    "o": "id integer, doc super",
}
ANSWER: Answer = tuple(
    (table, "f", RECORD.join(column.replace(" ", UNIT, 1) for column in columns.split(", ")))
    for table, columns in COLUMNS.items()
)
STATEMENTS_PER_SEED = 4_000


def statements() -> list[list[str]]:
    """Return the words of each statement that has some."""
    found = []
    for sql in [*CHANGES, *(row.values[0] for row in documented())]:
        with contextlib.suppress(RedshiftError):
            found.append([token.text for token in tokenize(sql)[:-1]])
    return found


def changed(words: list[str], others: list[list[str]], chance: random.Random) -> str:
    """Leave a word out, put another in, or end as another statement does."""
    place, other = chance.randrange(len(words)), chance.choice(others)
    ends = {
        "left out": words[place + 1 :],
        "put in": [chance.choice(other), *words[place:]],
        "put in place": [chance.choice(other), *words[place + 1 :]],
        "of another": other[chance.randrange(len(other)) :],
        "cut": [],
    }
    return " ".join([*words[:place], *ends[chance.choice(sorted(ends))]])


@pytest.mark.parametrize("seed", range(3))
def test_any_words_are_translated_or_refused(seed: int) -> None:
    chance, known = random.Random(seed), statements()  # noqa: S311 - no secret hangs on it
    refused = 0
    for _ in range(STATEMENTS_PER_SEED):
        sql = changed(chance.choice(known), known, chance)
        try:
            translate(sql, ANSWER)
        except RedshiftError:
            refused += 1
    assert 0 < refused < STATEMENTS_PER_SEED
