"""The Transformer against PyTorch's, and what its masks and caches must not change."""

import math
import operator
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import get_args

import numpy as np
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
    padded_loss,
    padding_mask,
    quickest_attention,
    sinusoids,
)
from tests.shared.effort import examples, sampled

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


# -------------------------------------------------------- against one written in NumPy

Function = Callable[[np.ndarray], np.ndarray]


def published_sinusoids(length: int, width: int) -> np.ndarray:
    """Vaswani et al. (2017), section 3.5, entry by entry."""
    table = np.empty((length, width))
    for place, i in product(range(length), range(width // 2)):
        angle = place / 10000 ** (2 * i / width)
        table[place, 2 * i : 2 * i + 2] = math.sin(angle), math.cos(angle)
    return table


class Written:
    """A model's weights in a Transformer of NumPy, for one sentence at a time.

    Without a batch there is no padding, and a place that looks at earlier ones looks at
    a slice: no masks. ``drop`` stands wherever the papers have dropout.
    """

    def __init__(self, network: Transformer, drop: Function = lambda x: x) -> None:
        self.config, self.drop = network.config, drop
        state = network.state_dict()
        self.weights = {name: tensor.numpy() for name, tensor in state.items()}

    def logits(self, source: list[int], target: list[int]) -> np.ndarray:
        memory = self.embed(source)
        for i in range(self.config.encoder_layers):
            memory = self.block(f"encoder.{i}", memory, None)
        memory = self.at_the_end("encoder_norm", memory)
        x = self.embed(target)
        for i in range(self.config.decoder_layers):
            x = self.block(f"decoder.{i}", x, memory)
        embeddings = self.weights["embedding.weight"]
        return self.at_the_end("decoder_norm", x) @ embeddings.T

    def embed(self, tokens: list[int]) -> np.ndarray:
        width = self.config.width
        scaled = self.weights["embedding.weight"][tokens] * width**0.5
        return self.drop(scaled + published_sinusoids(len(tokens), width))

    def block(self, name: str, x: np.ndarray, memory: np.ndarray | None) -> np.ndarray:
        """One of the encoder; with a memory, one of the decoder."""
        attention = f"{name}.attention"
        causal = memory is not None
        x = self.residual(attention, x, lambda x: self.attend(attention, x, x, causal))
        if memory is not None:
            cross = f"{name}.cross_attention"
            x = self.residual(cross, x, lambda x: self.attend(cross, x, memory, False))
        ahead = f"{name}.feed_forward"
        return self.residual(ahead, x, lambda x: self.feed_forward(ahead, x))

    def residual(self, name: str, x: np.ndarray, branch: Function) -> np.ndarray:
        def norm(of: str) -> Function:
            return lambda x: self.norm(f"{name}.norm_of_{of}", x)

        match self.config.placement:
            case "post":
                return norm("sum")(x + self.drop(branch(x)))
            case "res_post":
                return x + self.drop(norm("branch")(branch(x)))
            case "pre":
                return x + self.drop(branch(norm("input")(x)))
            case "sandwich":
                return x + self.drop(norm("branch")(branch(norm("input")(x))))
        return x + self.drop(branch(x))

    def attend(
        self, name: str, x: np.ndarray, context: np.ndarray, causal: bool
    ) -> np.ndarray:
        size = self.config.width // self.config.heads
        parts = {"query": x, "key": context, "value": context}
        whole = {
            part: self.linear(f"{name}.branch.{part}", y) for part, y in parts.items()
        }
        gathered = np.empty_like(x)
        for head, place in product(range(self.config.heads), range(len(x))):
            own = slice(head * size, (head + 1) * size)
            seen = slice(place + 1 if causal else None)
            query = whole["query"][place, own]
            key, value = whole["key"][seen, own], whole["value"][seen, own]
            if self.config.qk_norm:
                query = self.norm(f"{name}.branch.query_norm", query)
                key = self.norm(f"{name}.branch.key_norm", key)
            scores = key @ query / size**0.5
            odds = np.exp(scores - scores.max())
            gathered[place, own] = odds / odds.sum() @ value
        return self.linear(f"{name}.branch.output", gathered)

    def feed_forward(self, name: str, x: np.ndarray) -> np.ndarray:
        hidden = np.maximum(self.linear(f"{name}.branch.0", x), 0)
        return self.linear(f"{name}.branch.2", hidden)

    def linear(self, name: str, x: np.ndarray) -> np.ndarray:
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def norm(self, name: str, x: np.ndarray) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
        return (
            centred / spread * self.weights[f"{name}.weight"]
            + self.weights[f"{name}.bias"]
        )

    def at_the_end(self, name: str, x: np.ndarray) -> np.ndarray:
        return self.norm(name, x) if self.config.final_norm else x


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("final_norm", [True, False])
@pytest.mark.parametrize("qk_norm", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_equals_the_one_written_in_numpy(
    placement: Placement,
    final_norm: bool,
    qk_norm: bool,
    training: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In training too, with a dropout that always drops the same entries of a row."""
    kept = np.arange(SMALL.width) % 3 > 0

    def always_the_same(x: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
        return x * torch.from_numpy(kept / (1 - p)) if training else x

    monkeypatch.setattr(nn.functional, "dropout", always_the_same)
    options = {"placement": placement, "final_norm": final_norm, "qk_norm": qk_norm}
    network = model(replace(SMALL, dropout=0.25, **options)).train(training)
    # They are float32 numbers; their own test looks at them.
    network.positions.copy_(torch.from_numpy(published_sinusoids(256, SMALL.width)))
    source, target = tokens(2, 6), tokens(2, 5, seed=1)
    source[1, 4:] = PADDING
    written = Written(network, lambda x: x * kept / 0.75 if training else x)
    found = network(source, target).detach()
    for row, real in enumerate((6, 4)):
        wanted = written.logits(source[row, :real].tolist(), target[row].tolist())
        same(found[row], torch.from_numpy(wanted))


@pytest.mark.parametrize(("length", "width"), [(256, 12), (40, 128), (1, 2)])
def test_sinusoids_are_the_published_ones(length: int, width: int) -> None:
    found = sinusoids(length, width)
    wanted = torch.from_numpy(published_sinusoids(length, width))
    # An angle of 255 in float32 is off by up to 2e-5.
    torch.testing.assert_close(found.double(), wanted, rtol=0, atol=1e-4)


@pytest.mark.parametrize("config", EVERY, ids=str)
def test_no_two_parts_share_weights(config: TransformerConfig) -> None:
    """As many numbers as the parts have, counted one by one."""
    width, hidden = config.width, config.hidden
    norms = {"none": 0, "sandwich": 2}.get(config.placement, 1) * 2 * width
    attention = 4 * (width * width + width) + norms
    if config.qk_norm:
        attention += 2 * 2 * (width // config.heads)
    feed_forward = 2 * width * hidden + hidden + width + norms
    wanted = config.vocabulary * width + config.final_norm * 2 * 2 * width
    wanted += config.encoder_layers * (attention + feed_forward)
    wanted += config.decoder_layers * (2 * attention + feed_forward)
    assert sum(p.numel() for p in Transformer(config).parameters()) == wanted


def test_weights_fit_a_model_for_longer_rows() -> None:
    longer = Transformer(replace(SMALL, longest=300))
    longer.load_state_dict(Transformer(SMALL).state_dict())


# ------------------------------------------------------------------- numbers by chance


def mean_is(values: Tensor, expected: float) -> None:
    """The mean lies within five of its standard errors of the expected one."""
    error = float(values.std()) / values.numel() ** 0.5
    assert abs(float(values.mean()) - expected) < 5 * error


def test_weights_start_as_glorots_and_embeddings_with_variance_one_over_width() -> None:
    """Uniform on +-sqrt(6 / (in + out)); the embeddings normal; biases 0, gains 1."""
    torch.manual_seed(0)
    config = TransformerConfig(500, 64, 96, placement="sandwich", qk_norm=True)
    for name, parameter in Transformer(config).named_parameters():
        values = parameter.detach().double()
        if name == "embedding.weight":
            unit = values * 64**0.5
            mean_is(unit, 0)
            mean_is(unit**2, 1)
            mean_is(unit**4, 3)
        elif values.ndim == 2:
            unit = values / (6 / sum(values.shape)) ** 0.5
            assert 0.999 < unit.abs().max() <= 1, name
            mean_is(unit, 0)
            mean_is(unit**2, 1 / 3)
        else:
            assert (values == name.endswith("weight")).all(), name


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_dropout_leaves_its_share_out_and_scales_the_rest(share: float) -> None:
    """In the embedding and in every branch, in training only."""
    torch.manual_seed(0)
    network = Transformer(replace(SMALL, dropout=share)).double()
    row, branches = tokens(50, 40), [nn.Linear(12, 12).double() for _ in range(2)]
    x = torch.randn(50, 40, 12, dtype=torch.double)
    residuals = [network.encoder[0].attention, network.decoder[2].feed_forward]
    for residual, branch in zip(residuals, branches, strict=True):
        residual.branch = branch
    parts = [lambda: network.embed(row), *(lambda r=r: r(x) - x for r in residuals)]
    for whole in parts:
        network.eval()
        expected = whole()
        network.train()
        found = whole()
        dropped = found.abs() < 1e-12
        if share:
            mean_is(dropped.double(), share)
        else:
            assert not dropped.any()
        same(found[~dropped], expected[~dropped] / (1 - share))


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


@pytest.mark.parametrize("places", ["all", "some", "earlier"])
@pytest.mark.parametrize("qk_norm", [False, True])
def test_weights_are_the_ones_that_are_used(places: str, qk_norm: bool) -> None:
    torch.manual_seed(0)
    attention = Attention(8, 2, places == "earlier", qk_norm).double()
    x = torch.randn(3, 5, 8, dtype=torch.double)
    mask = None
    if places == "some":
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
@settings(max_examples=examples(25))
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


@pytest.mark.parametrize("config", sampled(EVERY, 3), ids=str)
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
        ({"dropout": -0.1}, "dropout"),
        ({"width": 3, "heads": 1}, "width"),
        ({"hidden": 0}, "hidden"),
        ({"longest": 0}, "longest"),
        ({"vocabulary": 0}, "vocabulary"),
        ({"encoder_layers": -1}, "encoder_layers"),
    ],
)
@pytest.mark.usefixtures("signatures_unchecked")
def test_wrong_configuration_is_named(changes: dict, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        replace(SMALL, **changes)


def test_row_that_is_too_long_is_refused() -> None:
    network = model(replace(SMALL, longest=5))
    assert network(tokens(1, 5), tokens(1, 5)).shape == (1, 5, 19)
    with pytest.raises(
        ValueError, match=r"6 tokens, the model takes 5: shorten it, or set longest$"
    ):
        network(tokens(1, 6), tokens(1, 2))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("of_batch", [loss, padded_loss])
def test_a_batchs_loss_is_its_rows_own_ones_weighted_by_their_tokens(
    of_batch, smoothing
):
    """Alone a row has no padding, to which in a batch nobody listens."""
    network = model(SMALL).eval()
    pairs = [([4, 5, 6, 7], [1, 8, 9]), ([5], [1, 7, 8, 6, 2]), ([6, 4], [1, 3])]
    rows = [tuple(torch.tensor([side]) for side in pair) for pair in pairs]
    counts = [len(target) - 1 for _, target in pairs]
    alone = [of_batch(network, *row, smoothing).item() for row in rows]
    source, target = (
        torch.nn.utils.rnn.pad_sequence([row[i][0] for row in rows], batch_first=True)
        for i in (0, 1)
    )
    expected = sum(map(operator.mul, alone, counts)) / sum(counts)
    together = of_batch(network, source, target, smoothing).item()
    assert together == pytest.approx(expected, rel=1e-6)
    plain = of_batch(network, source, target, 0.0).item()
    assert of_batch(network, source, target).item() == pytest.approx(plain, rel=1e-12)
