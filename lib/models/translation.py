"""Translating with a Transformer: tokens, batches, decoding, scores.

A tokeniser turns text into numbers and back without loss. A tag says which language
is wanted: before the source's tokens, or as the decoder's first token.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import torch
from jaxtyping import Bool, Float, Int
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from tokenizers.trainers import BpeTrainer, WordLevelTrainer
from torch import Tensor, nn

from .config import Tag
from .transformer import (
    PADDING,
    Attention,
    Cache,
    DecoderBlock,
    Transformer,
    padding_mask,
)

BEGIN, END, UNKNOWN = 1, 2, 3
SPECIAL = ("<padding>", "<begin>", "<end>", "<unknown>")  # PADDING is 0
# A word or a sign, each with the space before it, if any; a digit, always bare, so that
# to copy it is to repeat it; a space that is left over.
WORDS = Regex(r"\s?[\p{L}\p{M}]+|\p{N}|\s?[^\s\p{L}\p{M}\p{N}]|\s")


class TranslationError(Exception):
    """A text cannot be translated; the message says which, and why."""


# ------------------------------------------------------------------------------ tokens


def tag(language: str) -> str:
    """The token that asks for a language."""
    return f"<{language}>"


def word_tokeniser(texts: Iterable[str], languages: Sequence[str]) -> Tokenizer:
    """Words, single digits and signs: every one that occurs in the texts."""
    tokeniser = Tokenizer(models.WordLevel(unk_token=SPECIAL[UNKNOWN]))
    tokeniser.pre_tokenizer = pre_tokenizers.Split(WORDS, "isolated")
    tokeniser.decoder = decoders.Fuse()
    return _fitted(tokeniser, WordLevelTrainer, texts, languages)


def subword_tokeniser(
    texts: Iterable[str], languages: Sequence[str], size: int
) -> Tokenizer:
    """Byte pairs merged until there are ``size`` tokens: any text, without loss."""
    tokeniser = Tokenizer(models.BPE())
    tokeniser.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokeniser.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    options = {"vocab_size": size, "initial_alphabet": sorted(alphabet)}
    return _fitted(tokeniser, BpeTrainer, texts, languages, **options)


def _fitted(
    tokeniser: Tokenizer,
    trainer: type,
    texts: Iterable[str],
    languages: Sequence[str],
    **options: Any,
) -> Tokenizer:
    names = [*SPECIAL, *map(tag, languages)]
    special = [AddedToken(name, special=True, normalized=False) for name in names]
    fit = trainer(special_tokens=special, show_progress=False, **options)
    tokeniser.train_from_iterator(texts, fit)
    tokeniser.encode_special_tokens = True  # "<end>" in a text is that text
    return tokeniser


# ---------------------------------------------------------------------------- examples


class Example(NamedTuple):
    """A source and a target as token numbers, with their tag, begin and end."""

    source: list[int]
    target: list[int]


def tag_token(tokeniser: Tokenizer, language: str) -> int:
    """A language's tag as a token. Raises TranslationError where it has none."""
    token = tokeniser.token_to_id(tag(language))
    if token is None:
        raise TranslationError(
            f"this model was trained on no text in the language {language!r}"
        )
    return token


def before_source(tokeniser: Tokenizer, language: str, tagged: Tag) -> list[int]:
    """What stands before a source's tokens: the tag, or nothing."""
    return [tag_token(tokeniser, language)] if tagged == "source" else []


def first_of_target(tokeniser: Tokenizer, language: str, tagged: Tag) -> int:
    """What the decoder starts from: the tag, or the begin of any sentence."""
    return BEGIN if tagged == "source" else tag_token(tokeniser, language)


def known_tokens(tokeniser: Tokenizer, text: str) -> list[int]:
    """A text's tokens. Raises TranslationError for a word that was never seen."""
    encoded = tokeniser.encode(text)
    if UNKNOWN in encoded.ids:
        start, end = encoded.offsets[encoded.ids.index(UNKNOWN)]
        raise TranslationError(
            f"{text[start:end].strip()!r} occurs in no text that this model was "
            f"trained on: say {text!r} in other words"
        )
    return encoded.ids


# ----------------------------------------------------------------------------- batches


class Batch(NamedTuple):
    """Padded token numbers."""

    source: Int[Tensor, "batch source"]
    target: Int[Tensor, "batch target"]

    @property
    def tokens(self) -> int:
        """How many tokens there are, padding left out."""
        return int((self.source != PADDING).sum() + (self.target != PADDING).sum())


def padded(rows: Sequence[Sequence[int]]) -> Int[Tensor, "batch places"]:
    """Rows of unequal length as one tensor, filled up at their end."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[PADDING] * (longest - len(row))] for row in rows])


def bucketed(
    examples: Sequence[Example], tokens: int, generator: torch.Generator
) -> Iterator[Batch]:
    """Batches of about ``tokens`` tokens, each of examples of like lengths, shuffled.

    Examples of the same lengths meet in another order in every epoch.
    """

    def shuffled(count: int) -> list[int]:
        order = torch.randperm(count, generator=generator, device=generator.device)
        return order.tolist()

    order = shuffled(len(examples))
    order.sort(key=lambda i: (len(examples[i].source), len(examples[i].target)))
    cuts = _cut([examples[i] for i in order], tokens)
    for k in shuffled(len(cuts)):
        rows = [examples[i] for i in order[cuts[k]]]
        yield Batch(padded([r.source for r in rows]), padded([r.target for r in rows]))


def seed_dropout(generator: torch.Generator) -> None:
    """Seed PyTorch's own generator, which dropout draws from, by the run's.

    So a run which goes on from a checkpoint drops what it would have dropped.
    """
    seed = torch.randint(2**31, (), generator=generator, device=generator.device)
    torch.manual_seed(int(seed))


def _cut(examples: Sequence[Example], tokens: int) -> list[slice]:
    """Slices with at most ``tokens`` tokens each when padded; one example at least."""
    cuts, start, longest = [], 0, (0, 0)
    for end, (source, target) in enumerate(examples):
        grown = max(longest[0], len(source)), max(longest[1], len(target))
        if end > start and (end + 1 - start) * sum(grown) > tokens:
            cuts.append(slice(start, end))
            start, grown = end, (len(source), len(target))
        longest = grown
    return [*cuts, slice(start, len(examples))]


# ---------------------------------------------------------------------------- decoding


@torch.no_grad()
def beam_search(
    model: Transformer,
    source: Int[Tensor, "batch source"],
    first: Int[Tensor, " batch"],
    *,
    beam: int = 5,
    penalty: float = 1.0,
    longest: int | None = None,
    cached: bool = True,
) -> list[list[int]]:
    """The best translation found of each row of ``source``, as tokens.

    ``first`` holds the decoder's first tokens. Kept are the ``beam``
    beginnings with the greatest log-probability over length to the power ``penalty``;
    one that has ended stays as it is. ``beam=1`` is greedy decoding. A translation is
    at most twice as long as its source and ten tokens more, nor longer than
    ``longest``. ``cached=False`` recomputes the whole beginning at each step: as slow
    as it is simple.
    """
    rows = len(source)
    most = model.config.longest - 1
    limits = (2 * (source != PADDING).sum(1) + 10).clamp(max=min(longest or most, most))
    mask = padding_mask(source)
    memory = model.encode(source, mask).repeat_interleave(beam, 0)
    mask = None if mask is None else mask.repeat_interleave(beam, 0)
    caches = model.new_caches() if cached else None
    texts = first.repeat_interleave(beam)[:, None]  # (rows * beam, length)
    total = source.new_full((rows, beam), -torch.inf, dtype=memory.dtype)
    total[:, 0] = 0.0  # the beams start alike: one of them is enough
    lengths = torch.ones_like(total)
    open_rows = torch.arange(rows, device=source.device)
    found: list[list[int]] = [[] for _ in range(rows)]
    for step in range(int(limits.max())):
        newest = texts[:, -1:] if cached else texts
        stream = model.decode(newest, memory, mask, caches)[:, -1]
        ended = ((texts[:, -1] == END) | (texts[:, -1] == PADDING)) & (step > 0)
        chances, tokens = _next_tokens(model.logits(stream), ended, beam)
        grown = lengths + ~ended.view_as(lengths)
        best, choice = _ranked(total, chances, grown, penalty).topk(beam)
        parent = choice // chances.shape[-1]
        token = tokens.view(len(total), -1).gather(1, choice)
        lengths = grown.gather(1, parent)
        total = best * lengths**penalty
        base = torch.arange(len(total), device=source.device)[:, None] * beam
        flat = (base + parent).flatten()
        texts = torch.cat([texts[flat], token.flatten()[:, None]], 1)
        _reorder(caches, flat)
        done = ((token == END) | (token == PADDING)).all(1) | (limits == step + 1)
        if done.any():
            for row in done.nonzero().flatten().tolist():
                found[open_rows[row]] = _between(texts[row * beam])
            if done.all():
                break
            kept = ~done
            open_rows, limits = open_rows[kept], limits[kept]
            total, lengths = total[kept], lengths[kept]
            kept = kept.repeat_interleave(beam)
            texts, memory = texts[kept], memory[kept]
            mask = None if mask is None else mask[kept]
            _reorder(caches, kept.nonzero().flatten(), contexts=True)
    return found


def _ranked(total: Tensor, chances: Tensor, lengths: Tensor, penalty: float) -> Tensor:
    """What each row's continuations are worth, those of all its beams side by side."""
    grown = total[..., None] + chances.view(*total.shape, -1)
    return (grown / lengths[..., None] ** penalty).flatten(1)


def _next_tokens(
    logits: Float[Tensor, "beams vocabulary"], ended: Bool[Tensor, " beams"], count: int
) -> tuple[Float[Tensor, "beams choices"], Int[Tensor, "beams choices"]]:
    """The ``count`` likeliest next tokens and, before them, their log-probabilities.

    No others can come into a beam of this width. After an end comes padding, for sure.
    """
    whole = logits.logsumexp(-1, keepdim=True)
    logits[:, [PADDING, BEGIN]] = -torch.inf
    top, tokens = logits.topk(min(count, logits.shape[-1]))
    chances = top - whole
    chances[ended] = -torch.inf
    chances[ended, 0] = 0.0
    tokens[ended] = PADDING
    return chances, tokens


def _reorder(
    caches: list[tuple[Cache, Cache]] | None,
    rows: Int[Tensor, " beams"],
    contexts: bool = False,
) -> None:
    """Keep these rows of the caches; beams of a sentence share their context's."""
    for own, context in caches or []:
        for cache in (own, context) if contexts else (own,):
            for name, value in cache.items():
                cache[name] = value.index_select(0, rows)


def _between(text: Int[Tensor, " places"]) -> list[int]:
    """The tokens after the first, up to the end."""
    tokens = text[1:].tolist()
    return tokens[: tokens.index(END)] if END in tokens else tokens


@dataclass
class Translator:
    """A model with its tokeniser, and where it takes its tag."""

    model: Transformer
    tokeniser: Tokenizer
    tagged: Tag

    def translate(
        self,
        texts: Sequence[str],
        language: str,
        *,
        beam: int = 1,
        penalty: float = 1.0,
        rows: int = 64,
        cached: bool = True,
    ) -> list[str]:
        """Each text in another language; ``rows`` texts of like lengths at a time."""
        device = self.model.embedding.weight.device
        wanted = before_source(self.tokeniser, language, self.tagged)
        sources = [[*wanted, *known_tokens(self.tokeniser, t), END] for t in texts]
        first = first_of_target(self.tokeniser, language, self.tagged)
        order = sorted(range(len(texts)), key=lambda i: len(sources[i]))
        found = [""] * len(texts)
        self.model.eval()
        for start in range(0, len(order), rows):
            chosen = order[start : start + rows]
            source = padded([sources[i] for i in chosen]).to(device)
            begin = torch.full((len(chosen),), first, device=device)
            tokens = beam_search(
                self.model, source, begin, beam=beam, penalty=penalty, cached=cached
            )
            for i, text in zip(
                chosen, self.tokeniser.decode_batch(tokens), strict=True
            ):
                found[i] = text
        return found

    @torch.no_grad()
    def looks(
        self, text: str, language: str
    ) -> tuple[Float[Tensor, "heads places seen"], list[str], list[str]]:
        """Where the last block looks while it translates greedily.

        Beside it the source's tokens and those written, each with its end.
        """
        wanted = before_source(self.tokeniser, language, self.tagged)
        source = torch.tensor(
            [[*wanted, *known_tokens(self.tokeniser, text), END]],
            device=self.model.embedding.weight.device,
        )
        first = first_of_target(self.tokeniser, language, self.tagged)
        begin = source.new_tensor([first])
        self.model.eval()
        written = [*beam_search(self.model, source, begin, beam=1)[0], END]
        target = source.new_tensor([[first, *written]])
        found, _ = looks_and_logits(self.model, source, target)
        return found[0], self._names(source[0].tolist()), self._names(written)

    def _names(self, tokens: Sequence[int]) -> list[str]:
        return [str(self.tokeniser.id_to_token(token)) for token in tokens]


@torch.no_grad()
def looks_and_logits(
    model: Transformer,
    source: Int[Tensor, "batch source"],
    target: Int[Tensor, "batch target"],
    mask: Bool[Tensor, "batch 1 1 source"] | None = None,
) -> tuple[
    Float[Tensor, "batch heads places source"], Float[Tensor, "batch places vocabulary"]
]:
    """Where the decoder's last block looks, and the logits, but for the last token.

    ``mask`` is True where the decoder may look, in every block; the encoder sees all.
    """
    found: list[Tensor] = []
    last = cast(DecoderBlock, model.decoder[-1])
    layer = cast(Attention, last.cross_attention.branch)

    def note(module: nn.Module, given: tuple[Any, ...]) -> None:
        found.append(layer.weights(*given[:3]))

    with layer.register_forward_pre_hook(note):
        stream = model.decode(target[:, :-1], model.encode(source), mask)
    return found[0], model.logits(stream)


# ------------------------------------------------------------------------------ scores


def scores(
    hypotheses: Sequence[str],
    references: Sequence[str],
    *,
    tokenize: str = "13a",
    lowercase: bool = False,
) -> dict[str, Any]:
    """Corpus BLEU and chrF by sacrebleu, each with the signature that defines it."""
    from sacrebleu.metrics.bleu import BLEU  # slow to import, and needed at the end
    from sacrebleu.metrics.chrf import CHRF

    bleu = BLEU(tokenize=tokenize, lowercase=lowercase)
    chrf = CHRF()
    score = bleu.corpus_score(list(hypotheses), [list(references)])
    return {
        "bleu": score.score,
        "bleu_signature": str(bleu.get_signature()),
        "brevity_penalty": score.bp,
        "chrf": chrf.corpus_score(list(hypotheses), [list(references)]).score,
        "chrf_signature": str(chrf.get_signature()),
    }
