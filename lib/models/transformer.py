"""An encoder-decoder Transformer with a choice of where LayerNorm stands.

Rows of a batch are sentences, as token numbers; ``x`` is the residual stream. Padding
stands at the end of a row. One matrix of embeddings serves source, target and output.
"""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.attention import SDPBackend, sdpa_kernel

from .config import Placement, TransformerConfig
from .cross_entropy import chunked_cross_entropy
from .domains import require_count, require_predicted


class Residual(nn.Module):
    """The stream plus a branch A, with LayerNorm where ``placement`` says.

    ==================  ============
    LN(x + A(x))        ``post``
    x + LN(A(x))        ``res_post``
    x + A(LN(x))        ``pre``
    x + LN(A(LN(x)))    ``sandwich``
    x + A(x)            ``none``
    ==================  ============

    ``forward`` hands what it gets beside x on to the branch.
    """

    def __init__(
        self, branch: nn.Module, width: int, placement: Placement, dropout: float = 0.0
    ) -> None:
        super().__init__()

        def norm_if(*placements: str) -> nn.Module:
            return nn.LayerNorm(width) if placement in placements else nn.Identity()

        self.branch = branch
        self.norm_of_input = norm_if("pre", "sandwich")
        self.norm_of_branch = norm_if("res_post", "sandwich")
        self.norm_of_sum = norm_if("post")
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Float[Tensor, "*batch width"], *others: object
    ) -> Float[Tensor, "*batch width"]:
        branch = self.branch(self.norm_of_input(x), *others)
        added = self.norm_of_branch(branch)
        return self.norm_of_sum(x + self.dropout(added))


# What one attention has seen so far: its keys and values. Their rows and places have no
# names, for the calls that take a cache change it.
Cache = dict[str, Float[Tensor, "_ heads _ head_width"]]


class Attention(nn.Module):
    """Multi-head attention: softmax(Q K' / sqrt(width of a head)) V in each head.

    Of ``x`` to itself, or to a ``context``; ``causal``: to no later place;
    {eq}`eq-attention`.
    """

    def __init__(
        self, width: int, heads: int, causal: bool = False, qk_norm: bool = False
    ) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)
        self.query_norm = nn.LayerNorm(width // heads) if qk_norm else nn.Identity()
        self.key_norm = nn.LayerNorm(width // heads) if qk_norm else nn.Identity()

    def forward(
        self,
        x: Float[Tensor, "batch places width"],
        context: Float[Tensor, "batch seen width"] | None = None,
        mask: Bool[Tensor, "#batch #heads #places #seen"] | None = None,
        cache: Cache | None = None,
    ) -> Float[Tensor, "batch places width"]:
        """What each place of ``x`` gathers.

        ``mask`` is True where the context may be looked at. With a ``cache``,
        x is the one next place: earlier ones are in the cache, and so is a
        context once it was seen.
        """
        query = self.query_norm(self._split(self.query(x)))
        key, value = self._keys_and_values(x, context, cache)
        causal = self.causal and cache is None
        gathered = F.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, is_causal=causal
        )
        return self.output(gathered.transpose(1, 2).flatten(2))

    def weights(
        self,
        x: Float[Tensor, "batch places width"],
        context: Float[Tensor, "batch seen width"] | None = None,
        mask: Bool[Tensor, "#batch #heads #places #seen"] | None = None,
    ) -> Float[Tensor, "batch heads places seen"]:
        """How much each place looks at each other one; nowhere, where it may not."""
        query = self.query_norm(self._split(self.query(x)))
        key, _ = self._keys_and_values(x, context, None)
        scores = query @ key.mT / math.sqrt(query.shape[-1])
        if self.causal:
            mask = scores.new_ones(scores.shape[-2:], dtype=torch.bool).tril()
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
            return scores.softmax(-1).masked_fill(~mask, 0.0)
        return scores.softmax(-1)

    def _keys_and_values(
        self,
        x: Float[Tensor, "batch places width"],
        context: Float[Tensor, "batch length width"] | None,
        cache: Cache | None,
    ) -> tuple[
        Float[Tensor, "batch heads seen head_width"],
        Float[Tensor, "batch heads seen head_width"],
    ]:
        if context is not None and cache:
            return cache["key"], cache["value"]
        source = x if context is None else context
        key = self.key_norm(self._split(self.key(source)))
        value = self._split(self.value(source))
        if cache is not None:
            if cache:
                key = torch.cat([cache["key"], key], 2)
                value = torch.cat([cache["value"], value], 2)
            cache.update(key=key, value=value)
        return key, value

    def _split(
        self, x: Float[Tensor, "batch places width"]
    ) -> Float[Tensor, "batch heads places head_width"]:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class EncoderBlock(nn.Module):
    """Attention among the places of the source, then a feed-forward layer."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention = _residual(config, _attention(config))
        self.feed_forward = _residual(config, _feed_forward(config))

    def forward(
        self,
        x: Float[Tensor, "batch source width"],
        mask: Bool[Tensor, "batch 1 1 source"] | None = None,
    ) -> Float[Tensor, "batch source width"]:
        return self.feed_forward(self.attention(x, None, mask))


class DecoderBlock(nn.Module):
    """Attention to earlier places, then to the source, then a feed-forward layer."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention = _residual(config, _attention(config, causal=True))
        self.cross_attention = _residual(config, _attention(config))
        self.feed_forward = _residual(config, _feed_forward(config))

    def forward(
        self,
        x: Float[Tensor, "batch target width"],
        memory: Float[Tensor, "batch source width"],
        mask: Bool[Tensor, "batch 1 1 source"] | None = None,
        caches: tuple[Cache, Cache] | tuple[None, None] = (None, None),
        own: Bool[Tensor, "batch 1 target seen"] | None = None,
    ) -> Float[Tensor, "batch target width"]:
        x = self.attention(x, None, own, caches[0])
        x = self.cross_attention(x, memory, mask, caches[1])
        return self.feed_forward(x)


def _attention(config: TransformerConfig, causal: bool = False) -> Attention:
    return Attention(config.width, config.heads, causal, config.qk_norm)


def _feed_forward(config: TransformerConfig) -> nn.Module:
    return nn.Sequential(
        nn.Linear(config.width, config.hidden),
        nn.ReLU(),
        nn.Linear(config.hidden, config.width),
    )


def _residual(config: TransformerConfig, branch: nn.Module) -> Residual:
    return Residual(branch, config.width, config.placement, config.dropout)


class Transformer(nn.Module):
    """Token numbers of a source and of a target's beginning to the next token's logits.

    ``encode`` and ``decode`` end in the stream; ``logits`` reads tokens off it, by the
    same matrix that embeds them.
    """

    positions: Float[Tensor, "longest width"]

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.register_buffer(
            "positions", sinusoids(config.longest, config.width), persistent=False
        )
        self.dropout = nn.Dropout(config.dropout)
        self.encoder = nn.ModuleList(
            EncoderBlock(config) for _ in range(config.encoder_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderBlock(config) for _ in range(config.decoder_layers)
        )
        final = nn.LayerNorm if config.final_norm else nn.Identity
        self.encoder_norm, self.decoder_norm = final(config.width), final(config.width)
        self._start()

    def _start(self) -> None:
        """Glorot's uniform numbers, biases zero, embeddings of variance 1/width."""
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                nn.init.xavier_uniform_(parameter)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
        nn.init.normal_(self.embedding.weight, std=self.config.width**-0.5)

    def embed(
        self, tokens: Int[Tensor, "batch places"], first: int = 0
    ) -> Float[Tensor, "batch places width"]:
        """The stream's beginning, at the places from ``first`` on.

        Raises ValueError for what are no rows of tokens, and for rows too long.
        """
        if tokens.ndim != 2 or tokens.dtype not in (torch.int32, torch.int64):
            raise ValueError(
                "tokens must be rows of whole numbers, (batch, places), not "
                f"{tuple(tokens.shape)} of {tokens.dtype}"
            )
        end = first + tokens.shape[1]
        if end > self.config.longest:
            raise ValueError(
                f"a row has {end} tokens, the model takes {self.config.longest}: "
                "shorten it, or set longest"
            )
        scaled = self.embedding(tokens) * math.sqrt(self.config.width)
        return self.dropout(scaled + self.positions[first:end])

    def encode(
        self,
        source: Int[Tensor, "batch source"],
        mask: Bool[Tensor, "batch 1 1 source"] | None = None,
    ) -> Float[Tensor, "batch source width"]:
        """The source's stream; ``mask`` as ``padding_mask``'s."""
        x = self.embed(source)
        for block in self.encoder:
            x = block(x, mask)
        return self.encoder_norm(x)

    def decode(
        self,
        target: Int[Tensor, "batch target"],
        memory: Float[Tensor, "batch source width"],
        mask: Bool[Tensor, "batch 1 1 source"] | None = None,
        caches: list[tuple[Cache, Cache]] | None = None,
        own: Bool[Tensor, "batch 1 target seen"] | None = None,
    ) -> Float[Tensor, "batch target width"]:
        """The target's stream, each place blind to later ones.

        With ``caches``, as ``new_caches`` makes them, target is the next token only;
        earlier ones were given before. Or it is the next token of each of several
        texts that share their source and the caches; ``own`` is then True at the
        tokens of its own text, among all that were given so far and now.
        """
        if caches:
            seen = caches[0][0]["key"].shape[2] if caches[0][0] else 0
            place = seen // target.shape[1]
            x = self.embed(target.reshape(-1, 1), place).view(*target.shape, -1)
        else:
            x = self.embed(target)
        for i, block in enumerate(self.decoder):
            x = block(x, memory, mask, caches[i] if caches else (None, None), own)
        return self.decoder_norm(x)

    def new_caches(self) -> list[tuple[Cache, Cache]]:
        """Empty caches for ``decode``, two for each decoder block."""
        return [({}, {}) for _ in self.decoder]

    def logits(
        self, x: Float[Tensor, "*batch width"]
    ) -> Float[Tensor, "*batch vocabulary"]:
        """Scores of each next token."""
        return F.linear(x, self.embedding.weight)

    def forward(
        self, source: Int[Tensor, "batch source"], target: Int[Tensor, "batch target"]
    ) -> Float[Tensor, "batch target vocabulary"]:
        """The logits after each token of ``target``."""
        mask = padding_mask(source)
        return self.logits(self.decode(target, self.encode(source, mask), mask))


PADDING = 0  # the token that fills rows up


def padding_mask(
    source: Int[Tensor, "batch source"],
) -> Bool[Tensor, "batch 1 1 source"] | None:
    """True at tokens; None where nothing is padding."""
    tokens = source != PADDING
    return None if bool(tokens.all()) else tokens[:, None, None, :]


def sinusoids(length: int, width: int) -> Float[Tensor, "{length} {width}"]:
    """Positions as sines and cosines of geometric frequencies.

    Raises ValueError for a width that is odd.
    """
    require_count(length=length, width=width)
    if width % 2:
        raise ValueError(f"width must be even, not {width}")
    place = torch.arange(length).float()[:, None]
    frequency = torch.exp(torch.arange(0, width, 2) * (-math.log(10000) / width))
    return torch.stack(
        [(place * frequency).sin(), (place * frequency).cos()], 2
    ).flatten(1)


# Rows of at most so many tokens are attended to faster, on a CPU, by plain products and
# a softmax than by the fused kernel, forward and backward together; ``make bench`` says
# how much faster a step gets. On a CUDA GPU both are as fast, but the fused kernel of
# cuDNN is built anew for each shape, in a second.
SHORT = 32


def quickest_attention(
    source: Int[Tensor, "batch source"], target: Int[Tensor, "batch target"]
) -> AbstractContextManager[object]:
    """A context in which attention in these rows is trained fastest.

    Kernels differ in rounding only, but where scores are in the millions, as in deep
    networks without norms, rounding is what decides the fused kernel's gradients.
    """
    short = max(source.shape[1], target.shape[1]) <= SHORT
    if short and source.device.type in ("cpu", "cuda"):
        return sdpa_kernel(SDPBackend.MATH)
    return nullcontext()


def loss(
    model: Transformer,
    source: Int[Tensor, "batch source"],
    target: Int[Tensor, "batch target"],
    smoothing: float = 0.0,
) -> Float[Tensor, ""]:
    """The mean cross-entropy of a target's tokens but the first, in nats a token.

    Padding counts for nothing. ``smoothing`` is the share of a label spread over all
    tokens. Raises ValueError where the target has no token to predict.
    """
    mask = padding_mask(source)
    stream = model.decode(target[:, :-1], model.encode(source, mask), mask)
    labels = target[:, 1:]
    real = labels != PADDING
    wanted = labels[real]
    require_predicted(wanted)
    return token_loss(stream[real], model.embedding.weight, wanted, smoothing)


def padded_token_loss(
    x: Float[Tensor, "batch places width"],
    weight: Float[Tensor, "vocabulary width"],
    labels: Int[Tensor, "batch places"],
    smoothing: float,
) -> Float[Tensor, ""]:
    """The mean cross-entropy of all logits ``x @ weight'`` but those at padding."""
    logits = F.linear(x, weight).flatten(0, 1)
    return F.cross_entropy(
        logits, labels.flatten(), ignore_index=PADDING, label_smoothing=smoothing
    )


def padded_loss(
    model: Transformer,
    source: Int[Tensor, "batch source"],
    target: Int[Tensor, "batch target"],
    smoothing: float = 0.0,
    token_loss: Callable[..., Tensor] = padded_token_loss,
) -> Float[Tensor, ""]:
    """`loss`, with the same launches for all batches of one shape, to be captured.

    It computes logits at padding too, and leaves them out afterwards; whether any are
    left a GPU is not asked, and the loss of none is nan. A compiled
    `padded_token_loss` may be given in its place.
    """
    mask = (source != PADDING)[:, None, None, :]
    stream = model.decode(target[:, :-1], model.encode(source, mask), mask)
    return token_loss(stream, model.embedding.weight, target[:, 1:], smoothing)


def token_loss(
    x: Float[Tensor, "tokens width"],
    weight: Float[Tensor, "vocabulary width"],
    labels: Int[Tensor, " tokens"],
    smoothing: float = 0.0,
) -> Float[Tensor, ""]:
    """The mean cross-entropy of logits ``x @ weight'``, some rows of them at once.

    Smoothing adds its share of the label's logit less the mean logit: the targets
    (1 - s) one-hot + s uniform give just that, {eq}`eq-label-smoothing`.
    """
    plain = chunked_cross_entropy(x, weight, labels)
    if not smoothing:
        return plain
    above_mean = (x * (weight[labels] - weight.mean(0))).sum(-1)
    return plain + smoothing * above_mean.mean()
