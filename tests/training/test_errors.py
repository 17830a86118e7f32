"""Counts that training needs: whole numbers from 1 on."""

import pytest

from lib.training.errors import require_count


def test_whole_numbers_from_1_on_are_counts() -> None:
    require_count(workers=1, epochs=10**9)


@pytest.mark.parametrize("value", [0, -1, 2.0, "2", None, True, False])
def test_what_is_no_count_is_named(value) -> None:
    with pytest.raises(ValueError, match=r"^b must be a whole number") as said:
        require_count(a=1, b=value)
    assert str(said.value) == f"b must be a whole number from 1 on, not {value!r}"
