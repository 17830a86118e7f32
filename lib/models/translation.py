"""Translating with a Transformer: tokens, batches, decoding, scores.

A tokeniser turns text into numbers and back without loss. A tag says which language
is wanted: before the source's tokens, or as the decoder's first token.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import torch
from jaxtyping import Bool, Float, Int
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from tokenizers.trainers import BpeTrainer, WordLevelTrainer
from torch import Tensor, nn

from .config import Tag
from .domains import require_count, require_tokens
from .products import QuickProducts
from .transformer import (
    PADDING,
    Attention,
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

    @property
    def predicted(self) -> Int[Tensor, ""]:
        """How many tokens a model predicts: those of the target but the first."""
        return (self.target[:, 1:] != PADDING).sum()


def padded(rows: Sequence[Sequence[int]]) -> Int[Tensor, "batch places"]:
    """Rows of unequal length as one tensor, filled up at their end.

    Raises ValueError for no rows.
    """
    require_count(**{"the number of rows": len(rows)})
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[PADDING] * (longest - len(row))] for row in rows])


def bucketed(
    examples: Sequence[Example], tokens: int, generator: torch.Generator
) -> Iterator[Batch]:
    """Batches of about ``tokens`` tokens, each of examples of like lengths, shuffled.

    Examples of the same lengths meet in another order in every epoch. Raises ValueError
    for no examples.
    """
    require_count(**{"the number of examples": len(examples), "tokens": tokens})

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
    as it is simple. Raises ValueError for a row without a token, for other options
    than these, and where ``first`` has not one token a row.
    """
    if not len(source):
        return []
    _require_searchable(source, first, beam, penalty, longest)
    most = model.config.longest - 1
    limits = (2 * (source != PADDING).sum(1) + 10).clamp(max=min(longest or most, most))
    found: list[list[int]] = [[] for _ in source]
    growing = [[True] + [False] * (beam - 1) for _ in source]  # they start alike
    decoding = _Decoding(model, source, beam, cached)
    beams = _Beams.at_start(first, limits, beam, decoding.memory.dtype)
    for step in range(1, int(limits.max()) + 1):
        stream = decoding.next_stream(beams.texts)
        chances, tokens = _next_tokens(model, stream, growing)
        decoding.follow(beams.grow(chances, tokens, penalty, step))
        growing = beams.growing.tolist()  # here alone a GPU is waited for
        kept = [row for row, any_grows in enumerate(map(any, growing)) if any_grows]
        if len(kept) > MOST_KEPT * len(growing):
            continue
        for row in set(range(len(growing))).difference(kept):
            found[beams.sentences[row]] = _between(beams.texts[row, 0])
        if not kept:
            break
        growing = [growing[row] for row in kept]
        beams.keep(kept)
        decoding.keep(kept)
    return found


def _require_searchable(
    source: Int[Tensor, "batch source"],
    first: Int[Tensor, " batch"],
    beam: int,
    penalty: float,
    longest: int | None,
) -> None:
    require_count(beam=beam)
    if longest is not None:
        require_count(longest=longest)
    if not math.isfinite(penalty):
        raise ValueError(f"penalty must be finite, not {penalty}")
    require_tokens(source=source)
    require_tokens(rows=len(source), first=first[:, None])


# Sentences that are done stay in the batch until no more than this share is left: what
# goes on is then moved together, which costs more than a few idle rows.
MOST_KEPT = 0.9
# So many logits at a time stay in the processor's cache, and take no new memory from
# the system, at each step of a search on a CPU.
LOGITS = 2**19
ROUND = 32  # beams: their number is filled up to a multiple of it


@dataclass
class _Beams:
    """The beginnings kept of each sentence that is still in the batch."""

    sentences: list[int]
    limits: Int[Tensor, " rows"]
    texts: Int[Tensor, "rows beam places"]
    total: Float[Tensor, "rows beam"]  # their log-probabilities
    lengths: Float[Tensor, "rows beam"]
    growing: Bool[Tensor, "rows beam"]  # those that have not ended

    @classmethod
    def at_start(
        cls,
        first: Int[Tensor, " rows"],
        limits: Int[Tensor, " rows"],
        beam: int,
        dtype: torch.dtype,
    ) -> "_Beams":
        total = first.new_full((len(first), beam), -torch.inf, dtype=dtype)
        total[:, 0] = 0.0  # the beams start alike: one of them is enough
        texts = first[:, None, None].expand(-1, beam, -1)
        lengths = torch.ones_like(total)
        return cls(
            list(range(len(first))), limits, texts, total, lengths, lengths.bool()
        )

    def grow(
        self,
        chances: Float[Tensor, "rows beam choices"],
        tokens: Int[Tensor, "rows beam choices"],
        penalty: float,
        step: int,
    ) -> Int[Tensor, "rows beam"]:
        """Go on with the best of all continuations; which beams they continue."""
        lengths = self.lengths + self.growing
        total = self.total[..., None] + chances
        worth = (total / lengths[..., None] ** penalty).flatten(1)
        choice = worth.topk(self.total.shape[1]).indices
        parent = choice // chances.shape[-1]
        token = tokens.flatten(1).gather(1, choice)
        self.total = total.flatten(1).gather(1, choice)
        self.lengths = lengths.gather(1, parent)
        places = parent[..., None].expand_as(self.texts)
        self.texts = torch.cat([self.texts.gather(1, places), token[..., None]], 2)
        ended = (token == END) | (token == PADDING)
        self.growing = ~ended & (self.limits > step)[:, None]
        return parent

    def keep(self, rows: list[int]) -> None:
        """Go on with these rows only."""
        self.sentences = [self.sentences[row] for row in rows]
        index = torch.tensor(rows, device=self.texts.device)
        for name in ("limits", "texts", "total", "lengths", "growing"):
            setattr(self, name, getattr(self, name).index_select(0, index))


class _Decoding:
    """What the decoder has seen of each sentence, shared by all of its beams.

    Nothing is moved when beams change places: the keys and values of every token of
    every beam stay where they were put, and ``own`` says which of them a beam's text
    is made of.
    """

    def __init__(
        self, model: Transformer, source: Tensor, beam: int, cached: bool
    ) -> None:
        self.model, self.beam = model, beam
        self.mask = padding_mask(source)
        self.memory = model.encode(source, self.mask)
        self.caches = model.new_caches() if cached else None
        self.newest = torch.eye(beam, dtype=torch.bool, device=source.device)
        self.own: Tensor | None = self.newest.expand(len(source), 1, beam, beam)
        if not cached or beam == 1:
            self.own = None  # the only text: all that was seen is its own

    def next_stream(
        self, texts: Int[Tensor, "rows beam places"]
    ) -> Float[Tensor, "rows beam width"]:
        """What the next token's logits are read off, at the end of each text."""
        if self.caches is not None:
            newest = texts[..., -1]
            return self.model.decode(
                newest, self.memory, self.mask, self.caches, self.own
            )
        memory = self.memory.repeat_interleave(self.beam, 0)
        mask = self.mask
        mask = None if mask is None else mask.repeat_interleave(self.beam, 0)
        stream = self.model.decode(texts.flatten(0, 1), memory, mask)[:, -1]
        return stream.unflatten(0, texts.shape[:2])

    def follow(self, parent: Int[Tensor, "rows beam"]) -> None:
        """Each beam goes on from this one, by one token."""
        if self.own is not None:
            seen = parent[:, None, :, None].expand_as(self.own)
            newest = self.newest.expand(len(parent), 1, -1, -1)
            self.own = torch.cat([self.own.gather(2, seen), newest], 3)

    def keep(self, rows: list[int]) -> None:
        """Go on with these rows only."""
        index = torch.tensor(rows, device=self.memory.device)
        self.memory = self.memory.index_select(0, index)
        self.mask = None if self.mask is None else self.mask.index_select(0, index)
        self.own = None if self.own is None else self.own.index_select(0, index)
        for cache in itertools.chain.from_iterable(self.caches or []):
            for name, value in cache.items():
                cache[name] = value.index_select(0, index)


def _next_tokens(
    model: Transformer,
    stream: Float[Tensor, "rows beam width"],
    growing: list[list[bool]],
) -> tuple[Float[Tensor, "rows beam choices"], Int[Tensor, "rows beam choices"]]:
    """The log-probabilities of the likeliest next tokens of each beam, and these.

    They are as many as the beams: no others can come into a beam of this width. After
    an end comes padding, for sure.
    """
    (rows, beam), size = stream.shape[:2], model.config.vocabulary
    count = min(beam, size)
    chances = stream.new_full((rows * beam, count), -torch.inf)
    chances[:, 0] = 0.0
    tokens = torch.full_like(chances, PADDING, dtype=torch.long)
    flat = itertools.chain.from_iterable(growing)
    some = [place for place, grows in enumerate(flat) if grows]
    # Few sizes of products: oneDNN prepares itself for each new one.
    some += some[:1] * (-len(some) % ROUND)
    at_once = ROUND * max(1, LOGITS // size // ROUND)
    if stream.device.type != "cpu":
        at_once = len(some)
    for places in torch.tensor(some, device=stream.device).split(at_once):
        with QuickProducts():
            logits = model.logits(stream.flatten(0, 1).index_select(0, places))
        found = logits.log_softmax(-1)
        found[:, [PADDING, BEGIN]] = -torch.inf
        top = found.topk(count, sorted=False)
        chances[places], tokens[places] = top.values, top.indices
    return chances.view(rows, beam, -1), tokens.view(rows, beam, -1)


def _between(text: Int[Tensor, " places"]) -> list[int]:
    """The tokens after the first, up to the end or to what fills up."""
    tokens = text[1:].tolist()
    return list(itertools.takewhile(lambda t: t not in (END, PADDING), tokens))


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
        rows: int = 128,
        cached: bool = True,
    ) -> list[str]:
        """Each text in another language; ``rows`` texts of like lengths at a time.

        Raises TranslationError for a language or a word that the model does not know,
        ValueError for a text that is too long and for other options than these.
        """
        require_count(beam=beam, rows=rows)
        if isinstance(texts, str):
            raise ValueError("texts must be a list of texts, not one text")
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
    """Corpus BLEU and chrF by sacrebleu, each with the signature that defines it.

    Raises ValueError where there is not one reference for each of some hypotheses.
    """
    _require_pairs(hypotheses, references)
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


def _require_pairs(hypotheses: Sequence[str], references: Sequence[str]) -> None:
    if not hypotheses or len(hypotheses) != len(references):
        raise ValueError(
            "hypotheses must be some, with one of the references each; got "
            f"{len(hypotheses)} and {len(references)}"
        )


def moses_scores(
    hypotheses: Sequence[str], references: Sequence[str], language: str
) -> dict[str, Any]:
    """BLEU of lower-cased words as Moses cuts them, the form of most published figures.

    The signature says so after sacrebleu's own. Raises ValueError as `scores` does.
    """
    _require_pairs(hypotheses, references)
    import sacremoses  # scores alone need it, and it takes a second
    from sacrebleu.metrics.bleu import BLEU

    words = sacremoses.MosesTokenizer(language)

    def cut(texts: Sequence[str]) -> list[str]:
        return [words.tokenize(text.lower(), return_str=True) for text in texts]

    bleu = BLEU(tokenize="none", force=True)
    score = bleu.corpus_score(cut(hypotheses), [cut(references)])
    about = f"lower-cased, tokenised by sacremoses {sacremoses.__version__}"
    return {"bleu": score.score, "bleu_signature": f"{bleu.get_signature()}, {about}"}
