"""Schedules of snapshots and runs, and what must be modeled after them: the law, told independently."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from tests.support.convergence import Act, Step, standing
from tests.support.model_warehouse import Moment
from tests.support.snapshots import ENDS, marker, part, roster, stock, thing
from tests.support.warehouse_seed import NOON, Row, SeedFile

ENTITY_MODELS = tuple(name for dataset in ENDS for name in (f"int_{dataset}__checked", dataset))

_times = st.integers(min_value=0, max_value=3).map(lambda hours: NOON + timedelta(hours=hours))
# A row without its time breaks a rule; one without its key breaks another. Most are good.
_things = st.builds(
    thing,
    st.sampled_from(["a", "b", "c", "a", "b", None]),
    st.sampled_from(["Ada", "Bob"]),
    st.sampled_from([*(NOON + timedelta(hours=hours) for hours in range(4)), None]),
)
_rows = st.lists(_things, min_size=1, max_size=3, unique_by=lambda row: row["id"])
_moments = st.builds(Moment, st.sampled_from(sorted(Moment.EVENTS)), st.sampled_from(ENTITY_MODELS))


@st.composite
def _rosters(draw: st.DrawFn) -> list[SeedFile]:
    """Draw versions of one key, and of others."""
    count = draw(st.integers(min_value=1, max_value=4))
    return [roster(draw(st.sampled_from("xy")), draw(_rows), draw(_times), str(number)) for number in range(count)]


@st.composite
def _catalogs(draw: st.DrawFn) -> list[SeedFile]:
    """Draw folders of parts with a marker, some of which have a part replaced and their marker written again."""
    files: list[SeedFile] = []
    for folder in range(draw(st.integers(min_value=1, max_value=3))):
        at = draw(_times)
        parts = [part(str(folder), name, draw(_rows), at) for name in "pq"[: draw(st.integers(1, 2))]]
        files += [*parts, marker(str(folder), parts, at)]
        if draw(st.booleans()):
            later = at + timedelta(minutes=30)
            again = SeedFile(parts[-1].dataset, parts[-1].key, draw(_rows), later, "2")
            files += [again, marker(str(folder), [*parts[:-1], again], later, "2")]
    return files


@st.composite
def _stocks(draw: st.DrawFn) -> list[SeedFile]:
    """Draw folders of two parts, some with a version of the first from before they were whole, or from after."""
    files: list[SeedFile] = []
    for folder in range(draw(st.integers(min_value=1, max_value=2))):
        at = draw(_times)
        first, end = stock(str(folder), {"p": draw(_rows), "q": draw(_rows)}, at, at + timedelta(minutes=10))
        is_known = draw(st.booleans())  # that it is whole, when the first part lands
        files += [first if is_known else replace(first, counted_with=None), end]
        if draw(st.booleans()):
            minutes = draw(st.sampled_from([-10, 20]))
            other = SeedFile(first.dataset, first.key, draw(_rows), at + timedelta(minutes=minutes), "other")
            files.append(other)
    return files


@st.composite
def snapshot_schedules(draw: st.DrawFn) -> list[Step]:
    """Draw files that land in some order, some twice and some never, with runs and undos between and amid them."""
    files = [*draw(_rosters()), *draw(_catalogs()), *draw(_stocks())]
    again = draw(st.lists(st.sampled_from(files), max_size=1))
    never = draw(st.sampled_from([None, *files]))
    steps: list[Step] = []
    for file in draw(st.permutations([file for file in (*files, *again) if file is not never])):
        is_amid = draw(st.sampled_from([False, False, False, True]))
        steps.append(Step(Act.LAND_AMID_A_RUN, file, draw(_moments)) if is_amid else Step(Act.LAND, file))
        then = draw(st.sampled_from([None, None, None, Act.RUN, Act.RUN, Act.RUN_AMID_A_RUN, Act.UNDO]))
        if then is Act.UNDO:
            steps.append(Step(then, draw(st.sampled_from([step.file for step in steps if step.file]))))
        elif then:
            steps.append(Step(then, moment=draw(_moments)))
    return steps


def expected(schedule: Sequence[Step], dataset: str) -> list[tuple[object, ...]]:
    """Return key, name, whether it is deleted and where that was said, of every key that was ever good.

    The newest good row says what it is. It is gone from the first complete snapshot after it that has no row of the
    key, good or bad, and nothing but a good row brings it back.
    """
    files = [file for file in standing(schedule) if file.dataset == dataset]
    ends = sorted((file for file in files if _is_whole(file, files)), key=lambda file: (file.modified_at, file.file_id))
    rows = {end.file_id: _rows_of(end) for end in ends}
    modeled: list[tuple[object, ...]] = []
    for key in sorted({row["id"] for said in rows.values() for _, row in said if row["id"]}):
        of_key = [(end, [(file, row) for file, row in rows[end.file_id] if row["id"] == key]) for end in ends]
        good = [
            (number, file, row)
            for number, (_, said) in enumerate(of_key)
            for file, row in sorted(said, key=_newer)
            if row["changed_at"]
        ]
        if not good:
            continue
        number, file, row = good[-1]
        gone = next((end for end, said in of_key[number + 1 :] if not said), None)
        modeled.append((key, None, True, gone.source) if gone else (key, row["name"], False, file.source))
    return modeled


def _is_whole(end: SeedFile, files: Sequence[SeedFile]) -> bool:
    landed = {file.file_id for file in files}
    return end.ends is not None and all(member.file_id in landed for member in end.ends)


def _rows_of(end: SeedFile) -> list[tuple[SeedFile, Row]]:
    return [(file, row) for file in (*(end.ends or ()), end) for row in file.rows]


def _newer(said: tuple[SeedFile, Row]) -> tuple[object, ...]:
    file, row = said
    return row["changed_at"] or NOON - timedelta(days=1), file.modified_at, file.source, file.file_id
