"""oneDNN's products are the plain ones but for rounding, where they are taken."""

import pytest
import torch
from torch import nn
from torch.nn.functional import linear

from lib.models import products
from lib.models.products import LEAST_PRODUCT, QuickProducts

WIDTH = 256


def layer() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(WIDTH, WIDTH)


def rows(count: int = LEAST_PRODUCT // WIDTH**2) -> torch.Tensor:
    return torch.randn(2, count // 2, WIDTH, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def taken(monkeypatch) -> list[bool]:
    """Whether each linear layer was left to oneDNN."""
    said: list[bool] = []
    is_quicker = products._is_quicker

    def note(*args: torch.Tensor) -> bool:
        said.append(is_quicker(*args))
        return said[-1]

    monkeypatch.setattr(products, "_is_quicker", note)
    return said


@pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="PyTorch came without oneDNN"
)
@torch.no_grad()
def test_large_products_differ_in_rounding_only(taken: list[bool]) -> None:
    plain = layer()(rows())
    with QuickProducts():
        torch.testing.assert_close(layer()(rows()), plain, atol=1e-5, rtol=1e-5)
        linear(rows(), layer().weight)
    assert taken == [True, True]


def test_gradients_small_products_and_doubles_are_left_alone(
    taken: list[bool],
) -> None:
    given = rows().requires_grad_()
    with QuickProducts():
        found = layer()(given)
        with torch.no_grad():
            few = layer()(rows(2))
            double = layer().double()(rows().double())
    assert taken == [False] * 3
    assert found.requires_grad
    with torch.no_grad():
        assert torch.equal(few, layer()(rows(2)))
        assert torch.equal(double, layer().double()(rows().double()))
