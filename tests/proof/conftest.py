"""What tests of enclosures share."""

from collections.abc import Iterator

import pytest

from tests.shared import balls


@pytest.fixture
def narrow_balls() -> Iterator[None]:
    with balls.narrow():
        yield
