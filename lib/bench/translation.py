"""How fast is a translator trained, and does it translate? Part of ``make bench``.

Training is held against ``torch.nn.Transformer`` fed as its tutorial does: padded
batches of 128 sentences at random, all logits at once. Each ingredient of ours is
added to it in turn, to see what it gives; all variants take turns, so that a busy
machine slows all of them alike. Then the whole step against its bare matrix products,
beam search with caches against without, and a step with probes against without.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lib.data.catalogue import CorpusError
from lib.data.corpora import Parallel
from lib.experiments import translation
from lib.experiments.configurations import TranslationRun, trained_directions
from lib.experiments.table import EXPERIMENTS
from lib.experiments.translation import Encoded
from lib.models.config import TransformerConfig
from lib.models.probes import Probe
from lib.models.transformer import (
    PADDING,
    Transformer,
    loss,
    quickest_attention,
    sinusoids,
    token_loss,
)
from lib.models.translation import Batch, Example, Translator, bucketed, padded
from lib.training.engine import prepare

from .result import Result, speedup

SEED = 0
ROUNDS = 8  # the first is a warm-up
TOKENS = 12000  # of each variant in a round, about
SENTENCES = 128  # of the tutorial's batch
BATCH_TOKENS = 4096  # of ours, about as many
TUTORIAL, OURS = "nn.Transformer as in its tutorial", "ours"
LEAST_SPEEDUP = 3.0
LEAST_BEAM_SPEEDUP = 3.0
MOST_PROBE_COST = 0.10


def checks() -> list[Result]:
    """Run all of it; a result for each bound."""
    generator = prepare(SEED)
    run, data = run_and_data()
    tokeniser = translation.new_tokeniser(run, data)
    # Neither side drops anything out: that would time the drawing of random numbers.
    config = replace(run.architecture(tokeniser.get_vocab_size()), dropout=0.0)
    pairs = trained_directions(run)
    examples = Encoded(run, tokeniser, data.train).drawn(pairs, generator)
    ours = Transformer(config)
    return [
        training_speed(ours, config, examples, run),
        probe_cost(ours, examples, run),
        beam_speed(Translator(ours, tokeniser, run.tagged), run, data),
    ]


def run_and_data() -> tuple[TranslationRun, Parallel]:
    """English to German on Multi30k, or the phrases where it is not there."""
    try:
        return named("translate-multi30k-en-de")
    except CorpusError:
        return named("translate-phrases")


def named(name: str) -> tuple[TranslationRun, Parallel]:
    run = EXPERIMENTS[name].run
    assert isinstance(run, TranslationRun)
    run = replace(run, batch_tokens=BATCH_TOKENS)
    data = translation.load(run, None)
    print(f"{name}: {data.source}")
    return run, data


# ---------------------------------------------------------------------------- training


class TutorialTransformer(nn.Module):
    """``nn.Transformer`` with the tutorial's embeddings and its layer of logits."""

    positions: Tensor

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.source = nn.Embedding(config.vocabulary, config.width)
        self.target = nn.Embedding(config.vocabulary, config.width)
        positions = sinusoids(config.longest, config.width)
        self.register_buffer("positions", positions)
        self.body = nn.Transformer(
            config.width,
            config.heads,
            config.encoder_layers,
            config.decoder_layers,
            config.hidden,
            dropout=0.0,
            batch_first=True,
        )
        self.output = nn.Linear(config.width, config.vocabulary)

    def stream(self, source: Tensor, target: Tensor) -> Tensor:
        """What the logits are read off, ``(rows, T, width)``."""
        scale = self.config.width**0.5
        embedded = [
            table(tokens) * scale + self.positions[: tokens.shape[1]]
            for table, tokens in ((self.source, source), (self.target, target))
        ]
        length = target.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool).triu(1)
        return self.body(
            *embedded,
            tgt_mask=causal,
            src_key_padding_mask=source == PADDING,
            tgt_key_padding_mask=target == PADDING,
            memory_key_padding_mask=source == PADDING,
        )


def all_logits_loss(
    model: TutorialTransformer, source: Tensor, target: Tensor
) -> Tensor:
    """The tutorial's loss: the logits of every place, padding ignored afterwards."""
    logits = model.output(model.stream(source, target[:, :-1]))
    labels = target[:, 1:]
    return cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=PADDING)


def chunked_loss(model: TutorialTransformer, source: Tensor, target: Tensor) -> Tensor:
    """The same but for the bias, of real tokens only and in chunks."""
    labels = target[:, 1:]
    real = labels != PADDING
    stream = model.stream(source, target[:, :-1])[real]
    return token_loss(stream, model.output.weight, labels[real])


@dataclass
class Variant:
    """A model, how its batches are made, and the seconds and tokens it has taken."""

    model: nn.Module
    loss: Callable[..., Tensor]
    batches: Iterator[Batch]
    fused: bool
    attention: Callable[[Tensor, Tensor], AbstractContextManager[object]] = (
        lambda source, target: nullcontext()
    )
    speeds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.optimiser = torch.optim.Adam(
            self.model.parameters(), 1e-3, fused=self.fused
        )

    def step(self, batch: Batch) -> None:
        with self.attention(*batch):
            value = self.loss(self.model, *batch)
        self.optimiser.zero_grad()
        value.backward()
        self.optimiser.step()

    def round(self) -> list[Batch]:
        """Some batches' steps; their speed in tokens a second, without padding."""
        chosen, tokens = [], 0
        while tokens < TOKENS:
            chosen.append(next(self.batches))
            tokens += chosen[-1].tokens
        started = time.perf_counter()
        for batch in chosen:
            self.step(batch)
        self.speeds.append(tokens / (time.perf_counter() - started))
        return chosen


def at_random(examples: list[Example], generator: torch.Generator) -> Iterator[Batch]:
    """The tutorial's batches: sentences as they come."""
    order = torch.randperm(len(examples), generator=generator)
    for rows in order.split(SENTENCES):
        chosen = [examples[row] for row in rows.tolist()]
        yield Batch(
            padded([row.source for row in chosen]),
            padded([row.target for row in chosen]),
        )


def recipes(
    ours: Transformer,
    config: TransformerConfig,
    examples: list[Example],
    run: TranslationRun,
) -> dict[str, Variant]:
    """The tutorial's way to train, with one ingredient more each time, and ours."""

    def forever(
        make: Callable[..., Iterator[Batch]], *arguments: int
    ) -> Iterator[Batch]:
        source = torch.Generator().manual_seed(SEED)
        epochs = (make(examples, *arguments, source) for _ in itertools.count())
        return itertools.chain.from_iterable(epochs)

    random = [forever(at_random) for _ in range(2)]
    alike = [forever(bucketed, run.batch_tokens) for _ in range(5)]
    torchs = [TutorialTransformer(config) for _ in range(4)]
    return {
        TUTORIAL: Variant(torchs[0], all_logits_loss, random[0], False),
        "+ like lengths together": Variant(torchs[1], all_logits_loss, alike[0], False),
        "+ logits of real tokens, in chunks": Variant(
            torchs[2], chunked_loss, alike[1], False
        ),
        "+ fused Adam": Variant(torchs[3], chunked_loss, alike[2], True),
        "ours, batches as in the tutorial": Variant(
            Transformer(config), loss, random[1], True, quickest_attention
        ),
        "ours, the fused kernel for all rows": Variant(
            Transformer(config), loss, alike[3], True
        ),
        OURS: Variant(ours, loss, alike[4], True, quickest_attention),
    }


def training_speed(
    ours: Transformer,
    config: TransformerConfig,
    examples: list[Example],
    run: TranslationRun,
) -> Result:
    """Tokens a second, from the tutorial's recipe to ours, one ingredient at a time."""
    variants = recipes(ours, config, examples, run)
    shares = []
    for number in range(ROUNDS):
        for name, variant in variants.items():
            chosen = variant.round()
            if name == OURS and number:
                tokens = sum(batch.tokens for batch in chosen)
                seconds = products_seconds(config, chosen)
                shares.append(variant.speeds[-1] * seconds / tokens)
    ratios = {}
    for name, variant in variants.items():
        pairs = zip(variant.speeds[1:], variants[TUTORIAL].speeds[1:], strict=True)
        ratios[name] = [mine / theirs for mine, theirs in pairs]
        speed, ratio = median(variant.speeds[1:]), median(ratios[name])
        print(f"{name:36} {speed:7.0f} tokens a second, {ratio:.2f} times")
    print(f"of the step the bare matrix products alone take {median(shares):.0%}")
    unit = "times as fast as nn.Transformer in its tutorial"
    return Result("training a translator", unit, ratios[OURS], LEAST_SPEEDUP, True)


def products_seconds(config: TransformerConfig, batches: list[Batch]) -> float:
    """How long the matrix products of these batches' steps take, and nothing else.

    A step makes each product of the forward pass once, and two like it backward.
    """
    seconds = 0.0
    for source, target in batches:
        s, t = source.numel(), target.numel() - len(target)
        real = int((target[:, 1:] != PADDING).sum())
        d, h = config.width, config.hidden
        square = config.encoder_layers * 4 * [s] + config.decoder_layers * (
            6 * [t] + 2 * [s]
        )
        wide = config.encoder_layers * [s] + config.decoder_layers * [t]
        sizes = [(n, d, d) for n in square] + [(real, d, config.vocabulary)]
        sizes += [(n, d, h) for n in wide] + [(n, h, d) for n in wide]
        for n, k, m in sizes:
            for rows, inner, columns in ((n, k, m), (n, m, k), (k, n, m)):
                a, b = torch.randn(rows, inner), torch.randn(inner, columns)
                out = torch.empty(rows, columns)
                started = time.perf_counter()
                torch.mm(a, b, out=out)
                seconds += time.perf_counter() - started
    return seconds


# --------------------------------------------------------------- probes, and decoding


def probe_cost(
    model: Transformer, examples: list[Example], run: TranslationRun
) -> Result:
    """What probing all blocks adds to a step, on the same batches in turns."""
    source = torch.Generator().manual_seed(SEED)
    batches = bucketed(examples, run.batch_tokens, source)
    variant = Variant(model, loss, batches, True, quickest_attention)
    costs = []
    for batch in itertools.islice(variant.batches, 16):
        seconds = []
        for probed in (False, True):
            started = time.perf_counter()
            if probed:
                with Probe(model.encoder) as encoder, Probe(model.decoder) as decoder:
                    variant.step(batch)
                encoder.gradients, encoder.activations  # noqa: B018 (reading costs, too)
                decoder.gradients, decoder.activations  # noqa: B018
            else:
                variant.step(batch)
            seconds.append(time.perf_counter() - started)
        costs.append(seconds[1] / seconds[0] - 1)
    unit = "times a step, added by probing all blocks"
    return Result("probes", unit, costs[1:], MOST_PROBE_COST)


def beam_speed(translator: Translator, run: TranslationRun, data: Parallel) -> Result:
    """Beam search of the test sentences with caches, and without."""
    source, target = trained_directions(run)[0]
    texts = data.test[source]
    seconds, found = [], []
    for cached in (True, False):
        started = time.perf_counter()
        found.append(translator.translate(texts, target, beam=5, cached=cached))
        seconds.append(time.perf_counter() - started)
    same = sum(a == b for a, b in zip(*found, strict=True)) / len(texts)
    print(
        f"beam search of {len(texts)} sentences: {seconds[0]:.1f} s; {same:.1%} alike"
    )
    unit = "times as fast as without caches"
    return speedup("beam search", unit, seconds[:1], seconds[1:], LEAST_BEAM_SPEEDUP)
