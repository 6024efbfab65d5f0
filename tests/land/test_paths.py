"""Which way files go, and which of them go together."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.errors import OverLimitError
from ingest_lambda.judge.paths import LARGE_BYTES, MAX_CANONICAL_BYTES, LoadPath, group_by_path
from ingest_lambda.read.schema import Obstacle
from ingest_lambda.warehouse import sqltypes
from tests.land.plans import file_of

FILES = st.lists(
    st.tuples(
        st.sampled_from([0, 100, LARGE_BYTES, LARGE_BYTES + 1, MAX_CANONICAL_BYTES // 2, MAX_CANONICAL_BYTES * 2]),
        st.sampled_from([None, Obstacle.TYPE]),
    ),
    max_size=12,
)


@given(FILES)
def test_every_file_goes_one_way_and_only_what_copy_reads_right_goes_as_it_is(
    sizes: list[tuple[int, Obstacle | None]],
) -> None:
    files = [
        file_of({"id": sqltypes.BIGINT}, str(number), obstacle, size) for number, (size, obstacle) in enumerate(sizes)
    ]

    groups = group_by_path(files)

    gone = [file.file.key for group in groups for file in group.files]
    assert sorted(gone) == sorted(file.file.key for file in files)
    for group in groups:
        assert len(group.files) == len(group.reasons)
        if group.path is LoadPath.AS_IS:
            [file] = group.files
            assert file.footer.columns[0].obstacle is None
        elif len(group.files) > 1:
            assert sum(file.size for file in group.files) <= MAX_CANONICAL_BYTES
    small = [size for size, obstacle in sizes if obstacle is None and size <= LARGE_BYTES]
    if len(small) > 1 or any(obstacle for _, obstacle in sizes):
        assert sum(group.path is LoadPath.AS_IS for group in groups) == sum(
            obstacle is None and size > LARGE_BYTES for size, obstacle in sizes
        )


def test_files_whose_loads_failed_again_and_again_are_not_left_to_copy() -> None:
    files = [file_of({"id": sqltypes.BIGINT}, str(size), size=size) for size in (100, LARGE_BYTES + 1)]

    [group] = group_by_path(files, failed_before=True)

    assert (group.path, len(group.files)) == (LoadPath.CANONICAL, 2)
    assert all("have failed" in reason for reason in group.reasons)


@given(FILES, st.booleans(), st.sets(st.integers(0, 11)))
def test_what_the_function_cannot_read_is_left_to_copy_or_goes_alone(
    sizes: list[tuple[int, Obstacle | None]],
    failed_before: bool,
    over_limit: set[int],
) -> None:
    files = [
        file_of({"id": sqltypes.BIGINT}, str(number), obstacle, size) for number, (size, obstacle) in enumerate(sizes)
    ]
    files = [
        replace(file, over_limit=OverLimitError("too much") if number in over_limit else None)
        for number, file in enumerate(files)
    ]
    room = MAX_CANONICAL_BYTES

    groups = group_by_path(files, failed_before=failed_before, room_on_disk=room)

    assert sorted(file.file.key for group in groups for file in group.files) == sorted(file.file.key for file in files)
    for group in groups:
        unread = [file for file in group.files if file.over_limit or file.size > room]
        if unread:
            [file] = group.files
            assert (group.path is LoadPath.AS_IS) == (file.footer.columns[0].obstacle is None)


def test_ten_thousand_small_files_are_one_load() -> None:
    [group] = group_by_path([file_of({"id": sqltypes.BIGINT}, str(number)) for number in range(10_000)])

    assert (group.path, len(group.files)) == (LoadPath.CANONICAL, 10_000)
