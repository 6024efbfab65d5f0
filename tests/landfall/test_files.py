"""How file ids are put into few statements."""

from hypothesis import given
from hypothesis import strategies as st

from landfall.operate.files import IDS_A_STATEMENT, _chunks


@given(st.dictionaries(st.text("ab", max_size=4), st.integers(0, 3 * IDS_A_STATEMENT), max_size=6))
def test_every_id_is_asked_for_once_in_groups_of_bounded_size(sizes: dict[str, int]) -> None:
    ids = {dataset: [f"{dataset}-{number}" for number in range(size)] for dataset, size in sizes.items()}
    groups = list(_chunks(ids))
    asked = [(dataset, file_id) for group in groups for dataset, part in group for file_id in part]
    assert asked == [(dataset, file_id) for dataset, of_dataset in ids.items() for file_id in of_dataset]
    for group in groups:
        assert 0 < sum(len(part) for _, part in group) <= IDS_A_STATEMENT
        assert len({dataset for dataset, _ in group}) == len(group)
