"""The Transformer's backward pass, written out; the gradients that it trains by.

Each function takes a module of ``lib.models.transformer`` and its input, and gives two
things: the output, and a function that goes back. That takes the gradient of a loss by
the output, adds the gradients by the module's parameters to their ``grad``, as autograd
does, and gives the gradient by the input. Nothing here calls autograd: run it under
``torch.no_grad()``. A module that drops out in training is refused with ValueError.
"""

import math
from collections.abc import Callable
from typing import TypeAlias

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from .domains import require_predicted
from .transformer import (
    PADDING,
    Attention,
    DecoderBlock,
    EncoderBlock,
    Residual,
    Transformer,
    padding_mask,
)

Stream: TypeAlias = Float[Tensor, "batch places width"]
Rows: TypeAlias = Float[Tensor, "*batch inputs"]
Back: TypeAlias = Callable[[Tensor], Tensor]  # from the output's gradient
BackToBoth: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]  # x's, the context's
Mask: TypeAlias = Bool[Tensor, "#batch #heads #places #seen"] | None


def linear(layer: nn.Linear, x: Rows) -> tuple[Float[Tensor, "*batch outputs"], Back]:
    """x W' + b: {eq}`eq-gan-weight-gradient`, {eq}`eq-gan-biases-gradient`."""

    def back(dy: Float[Tensor, "*batch outputs"]) -> Rows:
        add(layer.weight, dy.flatten(0, -2).T @ x.flatten(0, -2))
        add(layer.bias, dy.flatten(0, -2).sum(0))
        return dy @ layer.weight

    return x @ layer.weight.T + layer.bias, back


def layer_norm(norm: nn.Module, x: Rows) -> tuple[Rows, Back]:
    """LayerNorm of each row, {eq}`eq-back-layernorm`; or an Identity."""
    if isinstance(norm, nn.Identity):
        return x, lambda dy: dy
    assert isinstance(norm, nn.LayerNorm)
    gain, shift = norm.weight, norm.bias
    spread = (x.var(-1, correction=0, keepdim=True) + norm.eps).sqrt()
    y_hat = (x - x.mean(-1, keepdim=True)) / spread

    def back(dy: Rows) -> Rows:
        add(gain, (dy * y_hat).flatten(0, -2).sum(0))
        add(shift, dy.flatten(0, -2).sum(0))
        g = dy * gain
        along = y_hat * (g * y_hat).mean(-1, keepdim=True)
        return (g - g.mean(-1, keepdim=True) - along) / spread

    return y_hat * gain + shift, back


def attend(
    query: Float[Tensor, "batch heads places head_width"],
    key: Float[Tensor, "batch heads seen head_width"],
    value: Float[Tensor, "batch heads seen head_width"],
    mask: Mask = None,
) -> tuple[
    Float[Tensor, "batch heads places head_width"],
    Callable[[Tensor], tuple[Tensor, Tensor, Tensor]],
]:
    """softmax(Q K' / sqrt(d_k)) V in each head, and back to all three.

    {eq}`eq-back-values`, {eq}`eq-back-weights`, {eq}`eq-back-scores`,
    {eq}`eq-back-queries`, {eq}`eq-back-keys`. What may see nothing gathers nothing.
    """
    scale = 1 / math.sqrt(query.shape[-1])
    scores = query @ key.mT * scale
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    P = scores.softmax(-1)
    if mask is not None:
        P = P.masked_fill(~mask, 0.0)

    def back(
        dO: Float[Tensor, "batch heads places head_width"],
    ) -> tuple[Tensor, Tensor, Tensor]:
        dV = P.mT @ dO
        dP = dO @ value.mT
        dS = P * (dP - (dP * P).sum(-1, keepdim=True))
        return dS @ key * scale, dS.mT @ query * scale, dV

    return P @ value, back


def attention(
    module: Attention,
    x: Stream,
    context: Float[Tensor, "batch seen width"],
    mask: Mask = None,
) -> tuple[Stream, BackToBoth]:
    """All heads with their four maps, and back to ``x`` and the ``context``.

    {eq}`eq-back-three-readers`; in self-attention the context is x, and x gets both.
    """

    def split(rows: Tensor) -> Tensor:
        return rows.unflatten(-1, (module.heads, -1)).transpose(1, 2)

    def join(heads: Tensor) -> Tensor:
        return heads.transpose(1, 2).flatten(2)

    if module.causal:
        mask = mask_of_later(x.shape[1], x.device)
    query, back_query = linear(module.query, x)
    key, back_key = linear(module.key, context)
    value, back_value = linear(module.value, context)
    Q, back_query_norm = layer_norm(module.query_norm, split(query))
    K, back_key_norm = layer_norm(module.key_norm, split(key))
    gathered, back_heads = attend(Q, K, split(value), mask)
    out, back_output = linear(module.output, join(gathered))

    def back(dy: Stream) -> tuple[Tensor, Tensor]:
        dQ, dK, dV = back_heads(split(back_output(dy)))
        dx = back_query(join(back_query_norm(dQ)))
        return dx, back_key(join(back_key_norm(dK))) + back_value(join(dV))

    return out, back


def feed_forward(module: nn.Sequential, x: Rows) -> tuple[Rows, Back]:
    """Two linear layers with a ReLU in between: {eq}`eq-gan-batch-error`."""
    first, _, second = module
    assert isinstance(first, nn.Linear)
    assert isinstance(second, nn.Linear)
    u, back_first = linear(first, x)
    out, back_second = linear(second, u.clamp(min=0))

    def back(dy: Rows) -> Rows:
        return back_first(back_second(dy) * (u > 0))

    return out, back


def to_one(back: Back) -> BackToBoth:
    """The way back of what reads no context, which gets a gradient of zero."""
    return lambda dy: (back(dy), torch.zeros_like(dy))


def residual(
    module: Residual,
    x: Stream,
    context: Float[Tensor, "batch seen width"] | None = None,
    mask: Mask = None,
) -> tuple[Stream, BackToBoth]:
    """The stream plus a branch, in any placement: {eq}`eq-back-two-readers`.

    Back to ``x`` and to the ``context`` of a cross-attention; without one the
    second gradient is zero.
    """
    if module.training and module.dropout.p:
        raise ValueError("no way back through dropout: call eval() first")
    branch = module.branch
    read, back_read = layer_norm(module.norm_of_input, x)
    if isinstance(branch, Attention):
        seen = read if context is None else context
        said, back_branch = attention(branch, read, seen, mask)
    else:
        assert isinstance(branch, nn.Sequential)
        said, back_one = feed_forward(branch, read)
        back_branch = to_one(back_one)
    added, back_added = layer_norm(module.norm_of_branch, said)
    out, back_sum = layer_norm(module.norm_of_sum, x + added)

    def back(dy: Stream) -> tuple[Tensor, Tensor]:
        d_sum = back_sum(dy)
        d_read, d_seen = back_branch(back_added(d_sum))
        if context is None:
            d_read, d_seen = d_read + d_seen, torch.zeros_like(d_seen)
        return d_sum + back_read(d_read), d_seen

    return out, back


def encoder_block(
    block: EncoderBlock, x: Stream, mask: Mask = None
) -> tuple[Stream, Back]:
    """Two residual steps there, and the same two back in the other order."""
    h, back_attention = residual(block.attention, x, None, mask)
    out, back_feed_forward = residual(block.feed_forward, h)

    def back(dy: Stream) -> Stream:
        return back_attention(back_feed_forward(dy)[0])[0]

    return out, back


def decoder_block(
    block: DecoderBlock,
    x: Stream,
    memory: Float[Tensor, "batch source width"],
    mask: Mask = None,
) -> tuple[Stream, BackToBoth]:
    """Three residual steps, and back to the stream and to the memory."""
    h, back_attention = residual(block.attention, x)
    h, back_cross = residual(block.cross_attention, h, memory, mask)
    out, back_feed_forward = residual(block.feed_forward, h)

    def back(dy: Stream) -> tuple[Tensor, Tensor]:
        dh, d_memory = back_cross(back_feed_forward(dy)[0])
        return back_attention(dh)[0], d_memory

    return out, back


def embed(
    model: Transformer, tokens: Int[Tensor, "batch places"]
) -> tuple[Stream, Callable[[Tensor], None]]:
    """Rows of the embedding; back, each row's gradient is the sum over its places.

    {eq}`eq-back-embedding`.
    """
    scale = math.sqrt(model.config.width)
    weight = model.embedding.weight
    x = weight[tokens] * scale + model.positions[: tokens.shape[1]]

    def back(dx: Stream) -> None:
        rows = torch.zeros_like(weight)
        rows.index_add_(0, tokens.flatten(), scale * dx.flatten(0, 1))
        add(weight, rows)

    return x, back


def loss(
    model: Transformer,
    source: Int[Tensor, "batch source"],
    target: Int[Tensor, "batch target"],
    smoothing: float = 0.0,
) -> tuple[Float[Tensor, ""], Callable[[], None]]:
    """``transformer.loss``, and the way back to all parameters' ``grad``."""
    mask = padding_mask(source)
    memory, back_encoder = encode(model, source, mask)
    stream, back_decoder = decode(model, target[:, :-1], memory, mask)
    labels = target[:, 1:]
    real = labels != PADDING
    require_predicted(labels[real])
    value, back_tokens = token_loss(model, stream[real], labels[real], smoothing)

    def back() -> None:
        d_stream = torch.zeros_like(stream)
        d_stream[real] = back_tokens()
        back_encoder(back_decoder(d_stream))

    return value, back


def encode(
    model: Transformer, source: Int[Tensor, "batch source"], mask: Mask
) -> tuple[Stream, Callable[[Tensor], None]]:
    """The memory, and back from it to the embedding."""
    x, back_embed = embed(model, source)
    backs = []
    for block in model.encoder:
        assert isinstance(block, EncoderBlock)
        x, back_block = encoder_block(block, x, mask)
        backs.append(back_block)
    memory, back_norm = layer_norm(model.encoder_norm, x)

    def back(d_memory: Tensor) -> None:
        dx = back_norm(d_memory)
        for back_block in reversed(backs):
            dx = back_block(dx)
        back_embed(dx)

    return memory, back


def decode(
    model: Transformer,
    target: Int[Tensor, "batch target"],
    memory: Float[Tensor, "batch source width"],
    mask: Mask,
) -> tuple[Stream, Back]:
    """The decoder's stream, and back to the memory: a sum over its blocks."""
    x, back_embed = embed(model, target)
    backs = []
    for block in model.decoder:
        assert isinstance(block, DecoderBlock)
        x, back_block = decoder_block(block, x, memory, mask)
        backs.append(back_block)
    out, back_norm = layer_norm(model.decoder_norm, x)

    def back(dy: Tensor) -> Tensor:
        dx, d_memory = back_norm(dy), torch.zeros_like(memory)
        for back_block in reversed(backs):
            dx, d_one = back_block(dx)
            d_memory = d_memory + d_one
        back_embed(dx)
        return d_memory

    return out, back


def token_loss(
    model: Transformer,
    x: Float[Tensor, "tokens width"],
    labels: Int[Tensor, " tokens"],
    smoothing: float = 0.0,
) -> tuple[Float[Tensor, ""], Callable[[], Tensor]]:
    """The mean cross-entropy in nats; back, the probabilities less the targets.

    {eq}`eq-cross-entropy-label`, {eq}`eq-cross-entropy-other`; the embedding, which
    makes the logits, gets its second part.
    """
    weight = model.embedding.weight
    log_p = (x @ weight.T).log_softmax(-1)
    targets = torch.full_like(log_p, smoothing / len(weight))
    targets[torch.arange(len(labels)), labels] += 1 - smoothing
    value = -(targets * log_p).sum(-1).mean()

    def back() -> Float[Tensor, "tokens width"]:
        d_logits = (log_p.exp() - targets) / len(labels)
        add(weight, d_logits.T @ x)
        return d_logits @ weight

    return value, back


def mask_of_later(length: int, device: torch.device) -> Bool[Tensor, "1 1 n n"]:
    """True at a row's own place and at earlier ones."""
    return torch.ones(1, 1, length, length, dtype=torch.bool, device=device).tril()


def add(parameter: Tensor, gradient: Tensor) -> None:
    """Add to what the parameter's other uses have brought."""
    before = parameter.grad
    parameter.grad = gradient if before is None else before + gradient
