"""The Transformer against PyTorch's, and what its masks and caches must not change."""

import math
from dataclasses import replace
from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lib.models.transformer import (
    PADDING,
    SHORT,
    Attention,
    Placement,
    Residual,
    Transformer,
    TransformerConfig,
    loss,
    padding_mask,
    quickest_attention,
)
from tests.shared.effort import examples

SMALL = TransformerConfig(19, 12, 20, heads=3, encoder_layers=2, decoder_layers=3)
PLACEMENTS = get_args(Placement)
EVERY = [replace(SMALL, placement=p) for p in PLACEMENTS] + [
    replace(SMALL, final_norm=False),
    replace(SMALL, qk_norm=True),
]


def model(config: TransformerConfig, seed: int = 0) -> Transformer:
    """A Transformer in float64 whose gains and biases are not the ones at the start."""
    torch.manual_seed(seed)
    made = Transformer(config).double().eval()
    with torch.no_grad():
        for parameter in made.parameters():
            if parameter.ndim == 1:
                parameter += 0.3 * torch.randn_like(parameter)
    return made


def tokens(*shape: int, seed: int = 0, vocabulary: int = 19) -> Tensor:
    source = torch.Generator().manual_seed(seed)
    return torch.randint(1, vocabulary, shape, generator=source)


def same(a: Tensor, b: Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


# ----------------------------------------------------------------- where LayerNorm is


def norm(x: Tensor) -> Tensor:
    """LayerNorm in the plainest words."""
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()


@pytest.mark.parametrize(
    ("placement", "written_out"),
    [
        ("post", lambda x, a: norm(x + a(x))),
        ("res_post", lambda x, a: x + norm(a(x))),
        ("pre", lambda x, a: x + a(norm(x))),
        ("sandwich", lambda x, a: x + norm(a(norm(x)))),
        ("none", lambda x, a: x + a(x)),
    ],
)
def test_placement_is_what_its_name_says(placement: Placement, written_out) -> None:
    torch.manual_seed(0)
    branch = nn.Sequential(nn.Linear(7, 9), nn.Tanh(), nn.Linear(9, 7)).double()
    block = Residual(branch, 7, placement).double()
    x = 3 * torch.randn(2, 5, 7, dtype=torch.double) + 1
    same(block(x), written_out(x, branch))


# ------------------------------------------------------------------- against PyTorch's


def copy_attention(mine: Attention, theirs: nn.MultiheadAttention) -> None:
    parts = (mine.query, mine.key, mine.value)
    for name in ("weight", "bias"):
        whole = torch.cat([getattr(part, name) for part in parts])
        getattr(theirs, f"in_proj_{name}").data.copy_(whole)
    theirs.out_proj.load_state_dict(mine.output.state_dict())


def copy_block(mine: nn.Module, theirs: nn.Module, placement: Placement) -> None:
    """A block's weights into PyTorch's layer; its norms are numbered by branch."""
    place = "norm_of_sum" if placement == "post" else "norm_of_input"
    branches = [(mine.attention, theirs.self_attn)]
    if hasattr(mine, "cross_attention"):
        branches.append((mine.cross_attention, theirs.multihead_attn))
    for residual, attention in branches:
        copy_attention(residual.branch, attention)
    theirs.linear1.load_state_dict(mine.feed_forward.branch[0].state_dict())
    theirs.linear2.load_state_dict(mine.feed_forward.branch[2].state_dict())
    residuals = [residual for residual, _ in branches] + [mine.feed_forward]
    for i, residual in enumerate(residuals, start=1):
        norm = getattr(theirs, f"norm{i}")
        norm.load_state_dict(getattr(residual, place).state_dict())


def torch_twin(mine: Transformer) -> nn.Transformer:
    config = mine.config
    theirs = nn.Transformer(
        config.width,
        config.heads,
        config.encoder_layers,
        config.decoder_layers,
        config.hidden,
        dropout=0.0,
        batch_first=True,
        norm_first=config.placement == "pre",
        dtype=torch.double,
    ).eval()
    for one, other in zip(mine.encoder, theirs.encoder.layers, strict=True):
        copy_block(one, other, config.placement)
    for one, other in zip(mine.decoder, theirs.decoder.layers, strict=True):
        copy_block(one, other, config.placement)
    theirs.encoder.norm.load_state_dict(mine.encoder_norm.state_dict())
    theirs.decoder.norm.load_state_dict(mine.decoder_norm.state_dict())
    return theirs


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize("placement", ["post", "pre"])
def test_equals_pytorchs_transformer(placement: Placement) -> None:
    mine = model(replace(SMALL, placement=placement))
    theirs = torch_twin(mine)
    source, target = tokens(4, 7), tokens(4, 5, seed=1)
    source[1, 4:] = source[3, 2:] = PADDING
    with torch.no_grad():
        stream = theirs(
            mine.embed(source),
            mine.embed(target),
            tgt_mask=nn.Transformer.generate_square_subsequent_mask(5).double(),
            src_key_padding_mask=source == PADDING,
            memory_key_padding_mask=source == PADDING,
        )
        same(mine(source, target), mine.logits(stream))


# ------------------------------------------------------------------------------- masks


@pytest.mark.parametrize("config", EVERY, ids=str)
def test_no_output_depends_on_a_later_token(config: TransformerConfig) -> None:
    network = model(config)
    source, target = tokens(1, 6), tokens(1, 8, seed=1)
    before = network(source, target)
    for place in range(8):
        changed = target.clone()
        changed[0, place] = (changed[0, place] % 18) + 1
        after = network(source, changed)
        same(after[:, :place], before[:, :place])
        assert not torch.allclose(after[:, place], before[:, place])


@pytest.mark.parametrize("config", EVERY, ids=str)
def test_no_output_depends_on_padding(config: TransformerConfig) -> None:
    network = model(config)
    source, target = tokens(2, 6), tokens(2, 5, seed=1)
    padded = torch.cat([source, torch.full((2, 3), PADDING)], 1)
    longer = torch.cat([target, torch.full((2, 2), PADDING)], 1)
    same(network(padded, longer)[:, :5], network(source, target))
    # A sentence alone, or beside a longer one: the same.
    mixed = source.clone()
    mixed[1, 3:] = PADDING
    same(network(mixed, target)[1:], network(source[1:, :3], target[1:]))


def test_padding_is_what_is_masked() -> None:
    source = torch.tensor([[3, 4, 5], [6, PADDING, PADDING]])
    assert padding_mask(source[:1]) is None
    assert padding_mask(source).squeeze().tolist() == [
        [True, True, True],
        [True, False, False],
    ]


# ---------------------------------------------------------------- attention and caches


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("qk_norm", [False, True])
def test_weights_are_the_ones_that_are_used(causal: bool, qk_norm: bool) -> None:
    torch.manual_seed(0)
    attention = Attention(8, 2, causal, qk_norm).double()
    x = torch.randn(3, 5, 8, dtype=torch.double)
    mask = None
    if not causal:
        mask = torch.rand(3, 1, 5, 5) < 0.7
        mask |= torch.eye(5, dtype=torch.bool)
    weights = attention.weights(x, None, mask)
    same(weights.sum(-1), torch.ones(3, 2, 5, dtype=torch.double))
    value = attention.value(x).unflatten(-1, (2, 4)).transpose(1, 2)
    gathered = attention.output((weights @ value).transpose(1, 2).flatten(2))
    same(attention(x, None, mask), gathered)


@pytest.mark.parametrize("config", EVERY, ids=str)
def test_cached_decoding_equals_uncached(config: TransformerConfig) -> None:
    network = model(config)
    source, target = tokens(3, 6), tokens(3, 9, seed=1)
    source[1, 2:] = PADDING
    mask = padding_mask(source)
    memory = network.encode(source, mask)
    caches = network.new_caches()
    places = [
        network.decode(target[:, t : t + 1], memory, mask, caches) for t in range(9)
    ]
    same(torch.cat(places, 1), network.decode(target, memory, mask))


# ------------------------------------------------------------------ loss and gradients


@given(st.integers(1, 4), st.integers(1, 9), st.integers(2, 9), st.sampled_from(EVERY))
@settings(max_examples=examples(25), deadline=None)
def test_shapes_over_odd_sizes(
    batch: int, longest: int, target_length: int, config: TransformerConfig
) -> None:
    network = model(config)
    source, target = tokens(batch, longest), tokens(batch, target_length)
    assert network(source, target).shape == (batch, target_length, 19)
    value = loss(network, source, target)
    assert value.shape == ()
    value.backward()
    blocks = [*network.encoder, *network.decoder]
    assert all(p.grad is not None for block in blocks for p in block.parameters())


def same_with_gradients(value: Tensor, expected: Tensor, network: Transformer) -> None:
    same(value, expected)
    parameters = list(network.parameters())
    for mine, theirs in zip(
        torch.autograd.grad(value, parameters),
        torch.autograd.grad(expected, parameters),
        strict=True,
    ):
        same(mine, theirs)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])
def test_loss_is_cross_entropy_of_the_real_tokens(smoothing: float) -> None:
    network = model(SMALL)
    source, target = tokens(5, 6), tokens(5, 8, seed=1)
    target[0, 4:] = target[3, 2:] = PADDING
    expected = cross_entropy(
        network(source, target[:, :-1]).flatten(0, 1),
        target[:, 1:].flatten(),
        ignore_index=PADDING,
        label_smoothing=smoothing,
    )
    same_with_gradients(loss(network, source, target, smoothing), expected, network)


@pytest.mark.parametrize("config", EVERY, ids=str)
def test_gradients_are_difference_quotients(config: TransformerConfig) -> None:
    network = model(config)
    source, target = tokens(2, 5), tokens(2, 6, seed=1)
    value = loss(network, source, target, 0.1)
    value.backward()
    step = 1e-5
    for name, parameter in network.named_parameters():
        direction = torch.randn_like(parameter)
        ends = []
        for sign in (1, -1):
            with torch.no_grad():
                parameter += sign * step * direction
                ends.append(float(loss(network, source, target, 0.1)))
                parameter -= sign * step * direction
        quotient = (ends[0] - ends[1]) / (2 * step)
        expected = float((parameter.grad * direction).sum())
        assert math.isclose(quotient, expected, rel_tol=1e-4, abs_tol=1e-8), name


@pytest.mark.parametrize("config", EVERY, ids=str)
@pytest.mark.parametrize("length", [5, SHORT, SHORT + 1])
def test_quickest_attention_changes_the_kernel_only(
    config: TransformerConfig, length: int
) -> None:
    network = model(config)
    source, target = tokens(3, length), tokens(3, 7, seed=1)
    source[0, 3:] = target[1, 4:] = PADDING
    with quickest_attention(source, target):
        assert torch.backends.cuda.flash_sdp_enabled() == (length > SHORT)
        value = loss(network, source, target)
    assert torch.backends.cuda.flash_sdp_enabled()
    same_with_gradients(value, loss(network, source, target), network)


# ------------------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"width": 10}, "width"),
        ({"width": 9, "heads": 3}, "width"),
        ({"placement": "before"}, "placement"),
        ({"dropout": 1.0}, "dropout"),
        ({"vocabulary": 0}, "vocabulary"),
        ({"encoder_layers": -1}, "encoder_layers"),
    ],
)
def test_wrong_configuration_is_named(changes: dict, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        replace(SMALL, **changes)


def test_row_that_is_too_long_is_refused() -> None:
    network = model(replace(SMALL, longest=5))
    with pytest.raises(ValueError, match="takes 5"):
        network(tokens(1, 6), tokens(1, 2))
