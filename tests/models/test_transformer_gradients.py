"""The Transformer's backward pass, written out, against autograd in float64."""

from collections.abc import Callable, Iterable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from lib.models import transformer, transformer_gradients
from lib.models.transformer import (
    PADDING,
    Attention,
    DecoderBlock,
    EncoderBlock,
    Placement,
    Transformer,
    TransformerConfig,
)
from tests.shared.effort import examples

PLACEMENTS: list[Placement] = ["post", "res_post", "pre", "sandwich", "none"]


def moved(module: nn.Module) -> nn.Module:
    """In double precision, with gains and biases that are not those of the start."""
    module = module.double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.ndim == 1:
                parameter += 0.3 * torch.randn_like(parameter)
    return module


def normal(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.double)


def padding(batch: int, length: int) -> Tensor:
    """A mask that lets each row of a batch be seen up to a place of its own."""
    lengths = torch.randint(1, length + 1, (batch,))
    return (torch.arange(length) < lengths[:, None])[:, None, None]


def agree(mine: Iterable[Tensor], theirs: Iterable[Tensor]) -> None:
    """Up to rounding, which is as large as the largest gradient makes it."""
    mine, theirs = list(mine), list(theirs)
    size = max(float(b.abs().max()) for b in theirs)
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-11 * size)


def check(
    module: nn.Module,
    written_out: Callable,
    inputs: list[Tensor],
    others: tuple[Tensor | None, ...] = (),
) -> None:
    """Value, gradients by the inputs and by all parameters, against autograd's."""
    inputs = [x.requires_grad_() for x in inputs]
    theirs = module(*inputs, *others)
    upstream = torch.randn_like(theirs)
    theirs.backward(upstream)
    expected = [x.grad for x in (*inputs, *module.parameters())]
    for parameter in module.parameters():
        parameter.grad = None
    with torch.no_grad():
        value, back = written_out(module, *inputs, *others)
        found = back(upstream)
    agree([value], [theirs.detach()])
    found = found if isinstance(found, tuple) else (found,)
    agree([*found, *(p.grad for p in module.parameters())], expected)


@st.composite
def configs(draw: st.DrawFn) -> TransformerConfig:
    heads = draw(st.integers(1, 3))
    return TransformerConfig(
        vocabulary=draw(st.integers(3, 9)),
        width=2 * heads * draw(st.integers(2, 4)),
        hidden=draw(st.integers(1, 9)),
        heads=heads,
        encoder_layers=draw(st.integers(0, 2)),
        decoder_layers=draw(st.integers(0, 2)),
        placement=draw(st.sampled_from(PLACEMENTS)),
        final_norm=draw(st.booleans()),
        qk_norm=draw(st.booleans()),
    )


SIZES = st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 5))
SEEDS = st.integers(0, 2**20)


@settings(max_examples=examples(20))
@given(configs(), SIZES, SEEDS, st.booleans())
def test_encoder_block(
    config: TransformerConfig, sizes: tuple[int, int, int], seed: int, masked: bool
) -> None:
    torch.manual_seed(seed)
    batch, source, _ = sizes
    mask = padding(batch, source) if masked else None
    x = normal(batch, source, config.width)
    block = moved(EncoderBlock(config))
    check(block, transformer_gradients.encoder_block, [x], (mask,))


@settings(max_examples=examples(20))
@given(configs(), SIZES, SEEDS, st.booleans())
def test_decoder_block(
    config: TransformerConfig, sizes: tuple[int, int, int], seed: int, masked: bool
) -> None:
    torch.manual_seed(seed)
    batch, source, target = sizes
    mask = padding(batch, source) if masked else None
    inputs = [normal(batch, n, config.width) for n in (target, source)]
    block = moved(DecoderBlock(config))
    check(block, transformer_gradients.decoder_block, inputs, (mask,))


@settings(max_examples=examples(20))
@given(configs(), SIZES, SEEDS, st.sampled_from([0.0, 0.1, 0.5]))
def test_whole_transformer(
    config: TransformerConfig, sizes: tuple[int, int, int], seed: int, smoothing: float
) -> None:
    torch.manual_seed(seed)
    batch, source_length, target_length = sizes
    model = moved(Transformer(config))
    source = torch.randint(1, config.vocabulary, (batch, source_length))
    source[~padding(batch, source_length)[:, 0, 0]] = PADDING
    target = torch.randint(1, config.vocabulary, (batch, target_length + 1))
    target[0, 2:] = PADDING
    theirs = transformer.loss(model, source, target, smoothing)
    theirs.backward()
    used = [p for p in model.parameters() if p.grad is not None]
    expected = [p.grad for p in used]
    for parameter in used:
        parameter.grad = None
    with torch.no_grad():
        mine, back = transformer_gradients.loss(model, source, target, smoothing)
        back()
    agree([mine], [theirs.detach()])
    agree([p.grad for p in used], expected)


@settings(max_examples=examples(20))
@given(SIZES, st.integers(1, 3), st.integers(1, 4), SEEDS)
def test_masked_scores_get_no_gradient(
    sizes: tuple[int, int, int], heads: int, width: int, seed: int
) -> None:
    """Under any mask that leaves each place something; unseen keys get zero."""
    torch.manual_seed(seed)
    batch, places, seen = sizes
    mask = torch.rand(batch, heads, places, seen) < 0.5
    mask[..., 0] = True
    q, k, v = (normal(batch, heads, n, width) for n in (places, seen, seen))
    for x in (q, k, v):
        x.requires_grad_()
    dO = normal(batch, heads, places, width)
    theirs = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    theirs.backward(dO)
    with torch.no_grad():
        value, back = transformer_gradients.attend(q, k, v, mask)
        found = back(dO)
    agree([value, *found], [theirs.detach(), q.grad, k.grad, v.grad])
    unseen = ~mask.any(2)
    assert (found[1][unseen] == 0).all()
    assert (found[2][unseen] == 0).all()


def test_gradients_add_up_over_calls() -> None:
    torch.manual_seed(0)
    layer = moved(nn.Linear(3, 2))
    with torch.no_grad():
        for _ in range(2):
            _, back = transformer_gradients.linear(layer, normal(4, 3))
            back(torch.ones(4, 2, dtype=torch.double))
    torch.testing.assert_close(layer.bias.grad, torch.full_like(layer.bias, 8.0))


def test_dropout_is_refused_in_training() -> None:
    config = TransformerConfig(5, 4, 4, heads=1, dropout=0.1)
    block = EncoderBlock(config)
    with pytest.raises(ValueError, match="call eval"):
        transformer_gradients.encoder_block(block, torch.zeros(1, 2, 4))
    transformer_gradients.encoder_block(block.eval(), torch.zeros(1, 2, 4))


def test_self_attention_adds_both_ways() -> None:
    """To x as the context: autograd's gradient is the sum of the two that come back."""
    torch.manual_seed(0)
    module = moved(Attention(8, 2))
    x = normal(2, 5, 8).requires_grad_()
    upstream = normal(2, 5, 8)
    module(x).backward(upstream)
    with torch.no_grad():
        _, back = transformer_gradients.attention(module, x, x)
        asks, answers = back(upstream)
    agree([asks + answers], [x.grad])
