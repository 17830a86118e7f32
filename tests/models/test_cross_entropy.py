"""The chunked cross-entropy, beside PyTorch's plain one and its chunked one."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from lib.models.cross_entropy import CHUNK, chunked_cross_entropy

# Fewer than a chunk, a chunk, a row more, and several with a last short one.
COUNTS = [1, 7, CHUNK, CHUNK + 1, 3 * CHUNK + 5]
Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


def inputs(
    count: int, dtype: torch.dtype, width: int = 6, words: int = 11
) -> tuple[Tensor, Tensor, Tensor]:
    source = torch.Generator().manual_seed(count)
    x = torch.randn(count, width, generator=source, dtype=dtype)
    weight = torch.randn(words, width, generator=source, dtype=dtype)
    return x, weight, torch.randint(words, (count,), generator=source)


def with_gradients(
    loss: Loss, x: Tensor, weight: Tensor, labels: Tensor, upstream: float
) -> list[Tensor]:
    """The value, and the gradients of a multiple of it."""
    mine = [x.clone().requires_grad_(), weight.clone().requires_grad_()]
    value = loss(*mine, labels)
    return [value.detach(), *torch.autograd.grad(upstream * value, mine)]


def plain(x: Tensor, weight: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(F.linear(x, weight), labels)


def pytorchs_chunked(x: Tensor, weight: Tensor, labels: Tensor) -> Tensor:
    # So many rows at once were there in the translators that were recorded.
    options = nn.LinearCrossEntropyOptions(chunking_method=None, batch_chunk_size=512)
    return F.linear_cross_entropy(x, weight, labels, options=options)


@pytest.mark.parametrize("upstream", [1.0, -0.37])
@pytest.mark.parametrize("count", COUNTS)
def test_value_and_gradients_are_those_of_all_logits(
    count: int, upstream: float
) -> None:
    given = inputs(count, torch.float64)
    found = with_gradients(chunked_cross_entropy, *given, upstream)
    expected = with_gradients(plain, *given, upstream)
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.skipif(
    not hasattr(nn, "LinearCrossEntropyOptions"), reason="this PyTorch has none"
)
@pytest.mark.parametrize("words", [5, 700])  # fewer than the width, and more
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("count", COUNTS)
def test_to_the_bit_what_pytorchs_chunked_one_gives(
    count: int, dtype: torch.dtype, words: int
) -> None:
    """Translators were recorded with that one: their records stay what they are."""
    given = inputs(count, dtype, 16, words)
    found = with_gradients(chunked_cross_entropy, *given, 0.3)
    expected = with_gradients(pytorchs_chunked, *given, 0.3)
    assert all(map(torch.equal, found, expected))
    with torch.no_grad():
        assert torch.equal(chunked_cross_entropy(*given), pytorchs_chunked(*given))


def test_large_logits_stay_finite() -> None:
    """Their exponentials would not."""
    x, weight, labels = inputs(4, torch.float32)
    given = 1e4 * x, weight, labels
    found = with_gradients(chunked_cross_entropy, *given, 1.0)
    assert all(part.isfinite().all() for part in found)
    torch.testing.assert_close(found[0], plain(*given))


def test_under_autocast_the_logits_keep_their_digits() -> None:
    given = inputs(9, torch.float32)
    expected = with_gradients(chunked_cross_entropy, *given, 1.0)
    with torch.autocast("cpu", torch.bfloat16):
        found = with_gradients(chunked_cross_entropy, *given, 1.0)
    assert all(map(torch.equal, found, expected))


def test_what_is_not_trained_needs_no_gradients_and_gives_none() -> None:
    x, weight, labels = inputs(9, torch.float64)
    with torch.no_grad():
        value = chunked_cross_entropy(x, weight.requires_grad_(), labels)
    assert not value.requires_grad
    chunked_cross_entropy(x, weight, labels).backward()
    assert weight.grad is not None


def test_a_second_derivative_is_refused_and_not_wrong() -> None:
    x, weight, labels = inputs(9, torch.float64)
    value = chunked_cross_entropy(x, weight.requires_grad_(), labels)
    [slope] = torch.autograd.grad(value.square(), weight, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()


@pytest.mark.filterwarnings("error")
def test_the_room_for_logits_is_as_large_as_a_chunk_at_once() -> None:
    """PyTorch warns of an output that it must make larger."""
    x, weight = torch.zeros(5, 3), torch.zeros(7, 3)
    value = chunked_cross_entropy(x, weight, torch.arange(5))
    assert float(value) == pytest.approx(math.log(7))


@pytest.mark.usefixtures("signatures_unchecked")
def test_no_label_is_left_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.models.cross_entropy.CHUNK", 2)
    with pytest.raises(ValueError, match="longer"):
        chunked_cross_entropy(torch.zeros(2, 3), torch.zeros(7, 3), torch.arange(4))
