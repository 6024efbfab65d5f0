"""OPERATE: a probe of the warehouse: what Redshift does, where that is documented, what of Landfall rests on it.

In: a scene to try it in. Out: what was found. Probes are data: SQL, and the rows, the kind of error or the refusal that
it must end in. In their SQL `{schema}` is the schema of the scene in `{database}`, `{staging}` the place of its
objects, `{role}` the COPY role, `{exports}` the place that UNLOAD writes to with `{export_role}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest_lambda.errors import CatalogChangedError, ConfigError, ObjectInTheWayError, StagedDataError, TransientError
from ingest_lambda.warehouse.failures import Failure, classify
from landfall.verify.scene import LOADER, Rows, Scene, Step

DOCUMENTATION = "https://docs.aws.amazon.com/redshift/latest/"
REFUSALS = (CatalogChangedError, ConfigError, ObjectInTheWayError, StagedDataError, TransientError)

# After a refusal: a statement, and the rows that it must give.
Then = tuple[str, Rows]


@dataclass(frozen=True)
class Answer:
    """What a probe found, beside what it expects."""

    expected: str
    found: str

    @property
    def holds(self) -> bool:
        """Tell whether the warehouse does what was expected."""
        return self.expected == self.found


@dataclass(frozen=True)
class Probe:
    """Something that Redshift does. `relied_on`: what of Landfall rests on it; None of what is only told."""

    name: str
    says: str
    page: str  # below DOCUMENTATION
    ask: Callable[[Scene], Answer]
    relied_on: str | None = None

    @property
    def url(self) -> str:
        """Return the page of the documentation."""
        return DOCUMENTATION + self.page


def gives(*steps: Step, rows: Rows, by: str = LOADER) -> Callable[[Scene], Answer]:
    """Ask for rows: the steps run one after the other, the last one by a user; its last statement answers."""

    def ask(scene: Scene) -> Answer:
        try:
            return Answer(str(rows), str(scene.run(steps, by)))
        except REFUSALS as error:
            return Answer(str(rows), f"refused: {error}")

    return ask


def refuses(*steps: Step, error: str, then: Then | None = None, by: str = LOADER) -> Callable[[Scene], Answer]:
    """Ask for a refusal: the last step must fail with an error that has the pattern, and leave what `then` says."""
    return _fails(steps, then, by, f"refused: {error}", lambda text: bool(re.search(error, text, re.IGNORECASE)))


def fails_as(*steps: Step, failure: Failure, then: Then | None = None, by: str = LOADER) -> Callable[[Scene], Answer]:
    """Ask for an error whose text Landfall understands: the last step must fail, and be read as that failure."""
    return _fails(steps, then, by, f"refused as {failure.name}", lambda text: classify(text) is failure)


def _fails(
    steps: Sequence[Step], then: Then | None, by: str, expected: str, is_it: Callable[[str], bool]
) -> Callable[[Scene], Answer]:
    def ask(scene: Scene) -> Answer:
        scene.run(steps[:-1])
        try:
            done = scene.run(steps[-1:], by)
        except REFUSALS as error:
            if not is_it(str(error)):
                return Answer(expected, f"refused: {error}")
        else:
            return Answer(expected, f"done: {done}")
        if then is None:
            return Answer(expected, expected)
        sql, rows = then
        return Answer(f"{expected}; then {rows}", f"{expected}; then {scene.run([sql])}")

    return ask
