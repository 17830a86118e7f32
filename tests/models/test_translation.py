"""Tokens that lose nothing, batches that hold everything, and the beam's best find."""

import functools
import itertools
import os
from collections.abc import Callable, Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU
from torch import Tensor

from lib.data import corpora
from lib.models import translation
from lib.models.config import TransformerConfig
from lib.models.transformer import PADDING, Transformer
from lib.models.translation import (
    BEGIN,
    END,
    Batch,
    Example,
    TranslationError,
    Translator,
    beam_search,
    before_source,
    bucketed,
    first_of_target,
    known_tokens,
    moses_scores,
    scores,
    subword_tokeniser,
    word_tokeniser,
)

TEXTS = ["am 3. Mai 2024", "12,50\u00a0€", "le 3 mai", "Österreich und Peru", "3 mai"]
LANGUAGES = ("de", "fr")

# ------------------------------------------------------------------------------ tokens


def test_special_tokens_come_first_and_then_the_tags():
    for tokeniser in (
        word_tokeniser(TEXTS, LANGUAGES),
        subword_tokeniser(TEXTS, LANGUAGES, 300),
    ):
        names = [tokeniser.id_to_token(i) for i in range(6)]
        assert names == [*translation.SPECIAL, "<de>", "<fr>"]
        assert tokeniser.token_to_id(translation.SPECIAL[0]) == PADDING
        assert [translation.BEGIN, translation.END, translation.UNKNOWN] == [1, 2, 3]


def test_words_are_whole_and_digits_single():
    tokeniser = word_tokeniser(TEXTS, LANGUAGES)
    tokens = tokeniser.encode("am 3. Mai 2024").tokens
    assert tokens == ["am", " ", "3", ".", " Mai", " ", "2", "0", "2", "4"]


def test_words_of_all_phrases_are_kept_to_the_letter():
    table = corpora.phrases()
    for language in table.languages:
        texts = [item.texts[language] for item in table.items]
        train = [item.texts[language] for item in table.train]
        tokeniser = word_tokeniser(train, table.languages)
        encoded = tokeniser.encode_batch(texts)
        assert tokeniser.decode_batch([e.ids for e in encoded]) == texts
        assert all(translation.UNKNOWN not in e.ids for e in encoded)


@given(st.text())
def test_subwords_keep_any_text(text: str):
    assert SUBWORDS.decode(SUBWORDS.encode(text).ids) == text


SUBWORDS = subword_tokeniser(TEXTS, LANGUAGES, 300)


@pytest.mark.skipif(
    "CHECKED_GRADIENTS_DATA" not in os.environ,
    reason="Multi30k is not here: CHECKED_GRADIENTS_DATA names its folder",
)
def test_subwords_of_all_sentences_are_kept_to_the_letter():
    data = corpora.multi30k()
    parts = (data.train, data.validation, data.test)
    texts = [s for part in parts for sentences in part.values() for s in sentences]
    trained_on = itertools.chain.from_iterable(data.train.values())
    tokeniser = subword_tokeniser(trained_on, corpora.MULTI30K, 8000)
    ids = [encoded.ids for encoded in tokeniser.encode_batch(texts)]
    assert tokeniser.decode_batch(ids) == texts


def test_unknown_word_is_named():
    tokeniser = word_tokeniser(TEXTS, LANGUAGES)
    with pytest.raises(TranslationError, match="'Juni' occurs in no text"):
        known_tokens(tokeniser, "am 3. Juni")


def test_unknown_language_is_named():
    tokeniser = word_tokeniser(TEXTS, LANGUAGES)
    for token, tagged in ((before_source, "source"), (first_of_target, "target")):
        with pytest.raises(TranslationError, match="no text in the language 'tlh'"):
            token(tokeniser, "tlh", tagged)


# ----------------------------------------------------------------------------- batches


def some_examples(count: int) -> list[Example]:
    source = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, 30, (count, 2), generator=source).tolist()
    return [Example([k + 4] * a, [k + 4] * b) for k, (a, b) in enumerate(lengths)]


@given(st.integers(1, 90), st.integers(60, 400))
def test_every_example_is_in_one_batch(count: int, tokens: int):
    examples = some_examples(count)
    seen = []
    for batch in bucketed(examples, tokens, torch.Generator().manual_seed(1)):
        for row, other in zip(
            batch.source.tolist(), batch.target.tolist(), strict=True
        ):
            seen.append(Example([t for t in row if t], [t for t in other if t]))
    assert sorted(seen) == sorted(examples)


def test_batches_hold_like_lengths_within_their_size():
    batches = list(bucketed(some_examples(900), 500, torch.Generator().manual_seed(1)))
    held = [batch.source.numel() + batch.target.numel() for batch in batches]
    assert max(held) <= 500
    assert sum(batch.tokens for batch in batches) > 0.75 * sum(held)  # at random 0.5
    lengths = [batch.source.shape[1] for batch in batches]
    assert lengths != sorted(lengths)


def test_epochs_mix_examples_anew_and_a_seed_repeats_them():
    examples = some_examples(200)
    source = torch.Generator().manual_seed(1)
    first, second = (list(bucketed(examples, 300, source)) for _ in range(2))
    again = list(bucketed(examples, 300, torch.Generator().manual_seed(1)))
    assert all(
        torch.equal(a.source, b.source) for a, b in zip(first, again, strict=True)
    )
    assert [b.source.tolist() for b in first] != [b.source.tolist() for b in second]


def test_batches_are_as_full_as_can_be_and_each_begins_anew():
    """In the order of lengths: the next example would not have fitted."""
    examples, tokens = some_examples(300), 200
    longer = Example([400] * 150, [400] * 160)  # more than a batch holds: alone in one
    source = torch.Generator().manual_seed(1)
    batches = list(bucketed([*examples, longer], tokens, source))

    def lengths(batch: Batch) -> list[tuple[int, int]]:
        rows = zip(batch.source, batch.target, strict=True)
        return [(int((a != 0).sum()), int((b != 0).sum())) for a, b in rows]

    held = sorted(lengths(batch) for batch in batches)
    flat = [row for rows in held for row in rows]
    assert flat == sorted((len(a), len(b)) for a, b in [*examples, longer])
    assert held[-1] == [(150, 160)]

    def size(rows: list[tuple[int, int]]) -> int:
        return len(rows) * sum(map(max, zip(*rows, strict=True)))

    for rows, following in itertools.pairwise(held):
        assert size(rows) <= tokens < size([*rows, following[0]])


def test_a_batchs_tokens_are_counted_on_both_sides_without_padding():
    batch = Batch(torch.tensor([[5, 6, 2], [5, 2, 0]]), torch.tensor([[1, 2], [1, 0]]))
    assert batch.tokens == 5 + 3


# ---------------------------------------------------------------------------- decoding

WORDS = 7  # four special tokens and three words


def network(longest: int = 64, seed: int = 0) -> Transformer:
    torch.manual_seed(seed)
    config = TransformerConfig(WORDS, 8, 8, heads=2, longest=longest)
    made = Transformer(config).double().eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter += 0.5 * torch.randn_like(parameter)
    return made


def sources() -> Tensor:
    return torch.tensor([[4, 5, 6, END], [6, 4, END, 0], [5, END, 0, 0]])


@torch.no_grad()
def chance(model: Transformer, source: Tensor, text: tuple[int, ...]) -> float:
    """log p of a text after BEGIN, token by token, from the logits of all places."""
    logits = model(source[source != PADDING][None], torch.tensor([[BEGIN, *text]]))[0]
    steps = logits.log_softmax(-1)[range(len(text)), list(text)]
    return float(steps.sum())


@pytest.mark.parametrize("penalty", [0.0, 1.0, 1.5])
def test_a_beam_as_wide_as_the_tree_finds_the_best_text(penalty: float):
    model, longest = network(), 3
    words = [token for token in range(WORDS) if token not in (PADDING, BEGIN, END)]
    texts = [
        (*beginning, *end)
        for n in range(longest + 1)
        for beginning in itertools.product(words, repeat=n)
        for end in ([(END,)] if n < longest else [()])
    ]
    found = beam_search(
        model,
        sources(),
        torch.full((3,), BEGIN),
        beam=WORDS**2,
        penalty=penalty,
        longest=longest,
    )
    for source, mine in zip(sources(), found, strict=True):
        best = max(
            texts, key=lambda t: chance(model, source, t) / (len(t) + 1) ** penalty
        )
        assert mine == [token for token in best if token != END]


@pytest.mark.parametrize("seed", range(4))
def test_a_beam_of_one_takes_the_likeliest_token_each_time(seed: int):
    model = network(seed=seed)
    found = beam_search(model, sources(), torch.full((3,), BEGIN), beam=1, longest=12)
    for source, mine in zip(sources(), found, strict=True):
        text: list[int] = []
        while len(text) < 12 and END not in text:
            steps = {
                token: chance(model, source, (*text, token))
                for token in range(WORDS)
                if token not in (PADDING, BEGIN)
            }
            text.append(max(steps, key=steps.__getitem__))
        assert mine == [token for token in text if token != END]


def every_chance(model: Transformer, source: Tensor) -> Callable[..., float]:
    """log p of any text, as ``chance`` gives it, from the chances of its beginnings."""

    @functools.cache
    def of_next(text: tuple[int, ...]) -> list[float]:
        with torch.no_grad():
            logits = model(
                source[source != PADDING][None], torch.tensor([[BEGIN, *text]])
            )
        return logits[0, -1].log_softmax(-1).tolist()

    return lambda text: sum(of_next(text[:i])[token] for i, token in enumerate(text))


def beam_by_hand(
    log_chance: Callable[..., float], beam: int, penalty: float, longest: int
) -> list[int]:
    """Beam search as its definition says: every text, scored anew from its tokens."""
    kept: list[tuple[int, ...]] = [()]
    for _ in range(longest):
        every = [text for text in kept if END in text]
        for text in kept:
            if END not in text:
                every += [(*text, token) for token in range(END, WORDS)]
        every.sort(key=lambda t: log_chance(t) / (len(t) + 1) ** penalty, reverse=True)
        kept = every[:beam]
    return [token for token in kept[0] if token != END]


def test_narrow_beams_keep_what_their_definition_keeps():
    beams, penalties = (1, 2, 4), (0.0, 1.0, 2.0)
    found: dict[tuple[int, float], list[list[int]]] = {}
    for seed in range(4):
        model = network(seed=seed)
        chances = [every_chance(model, source) for source in sources()]
        for beam, penalty in itertools.product(beams, penalties):
            options = {"beam": beam, "penalty": penalty, "longest": 5}
            mine = beam_search(model, sources(), torch.full((3,), BEGIN), **options)
            assert mine == [beam_by_hand(c, beam, penalty, 5) for c in chances]
            found.setdefault((beam, penalty), []).extend(mine)
    # Each width and each penalty gives something else, so that it was looked at.
    for penalty in penalties:
        assert len({str(found[beam, penalty]) for beam in beams}) == 3
    assert len({str(found[4, penalty]) for penalty in penalties}) == len(penalties)


def merged(text: Sequence[int]) -> list[int]:
    """The text with 4 wherever it has 5."""
    return [4 if token == 5 else token for token in text]


def test_of_words_that_tie_a_beam_takes_one_and_keeps_both():
    """Two words are alike to the model: the best text with either is found."""
    model = network(seed=1)
    with torch.no_grad():
        model.embedding.weight[5] = model.embedding.weight[4]
    found = beam_search(model, sources(), torch.full((3,), BEGIN), beam=4, longest=4)
    for source, text in zip(sources(), found, strict=True):
        wanted = beam_by_hand(every_chance(model, source), 4, 1.0, 4)
        assert merged(text) == merged(wanted)


class Endless(Transformer):
    """A model that never ends a text."""

    def logits(self, x: Tensor) -> Tensor:
        return super().logits(x).index_fill(-1, torch.tensor([END]), -torch.inf)


@pytest.mark.parametrize("beam", [1, 3])
def test_a_text_without_end_is_cut_at_twice_its_source_and_ten(beam: int):
    torch.manual_seed(0)
    model = Endless(TransformerConfig(WORDS, 8, 8, heads=2, longest=18)).eval()

    def lengths(longest: int | None) -> list[int]:
        first = torch.full((3,), BEGIN)
        options = {"beam": beam, "longest": longest}
        return list(map(len, beam_search(model, sources(), first, **options)))

    assert lengths(None) == [17, 16, 14]  # the model takes 18, with the first one
    assert lengths(15) == [15, 15, 14]
    assert lengths(3) == [3, 3, 3]


@pytest.mark.parametrize("beam", [1, 3, 5])
def test_caches_change_nothing(beam: int):
    model, first = network(), torch.tensor([BEGIN, 4, BEGIN])
    options = {"beam": beam, "longest": 15}
    cached = beam_search(model, sources(), first, **options)
    assert cached == beam_search(model, sources(), first, cached=False, **options)
    alone = [
        beam_search(model, row[row != 0][None], first[i : i + 1], **options)[0]
        for i, row in enumerate(sources())
    ]
    assert cached == alone  # nor does the company of other sentences


def test_a_text_ends_where_the_model_does():
    model = network(longest=6)
    found = beam_search(model, sources(), torch.full((3,), BEGIN), longest=99)
    assert max(map(len, found)) <= 5
    end, begin = sources()[:1, -1:], torch.tensor([BEGIN])
    found = [beam_search(network(n, seed=1), end, begin)[0] for n in (1, 2)]
    assert list(map(len, found)) == [0, 1]  # the first token is not of the text


@pytest.mark.parametrize("tagged", ["source", "target"])
def test_translations_come_back_in_order_and_ask_for_their_language(tagged):
    tokeniser = word_tokeniser(TEXTS, LANGUAGES)
    asked = []

    class Spy(Transformer):
        def encode(self, source, mask=None):
            asked.append(source)
            return super().encode(source, mask)

        def decode(self, target, *others):
            asked.append(target)
            return super().decode(target, *others)

    torch.manual_seed(0)
    model = Spy(TransformerConfig(tokeniser.get_vocab_size(), 8, 8, heads=2))
    translator = Translator(model, tokeniser, tagged)
    together = translator.translate(TEXTS, "fr", beam=2, rows=2)
    assert together == [translator.translate([t], "fr", beam=2)[0] for t in TEXTS]
    wanted = tokeniser.token_to_id("<fr>")
    source, first = asked[0], asked[1]
    assert (source[:, 0] == wanted).all() == (tagged == "source")
    assert (first == (BEGIN if tagged == "source" else wanted)).all()


def test_translations_are_searched_for_as_asked_without_dropout(monkeypatch):
    tokeniser, asked = word_tokeniser(TEXTS, LANGUAGES), []

    def spy(model, source, first, **options):
        asked.append((source.tolist(), options))
        return [[] for _ in source]

    monkeypatch.setattr(translation, "beam_search", spy)
    config = TransformerConfig(tokeniser.get_vocab_size(), 8, 8, heads=2, dropout=0.5)
    translator = Translator(Transformer(config), tokeniser, "target")
    options = {"beam": 3, "penalty": 0.5, "cached": False}
    translator.translate(TEXTS[-1:], "fr", rows=2, **options)
    assert asked == [([[*known_tokens(tokeniser, TEXTS[-1]), END]], options)]
    assert not translator.model.training
    translator.translate(TEXTS, "fr", rows=2)
    assert [len(source) for source, _ in asked[1:]] == [2, 2, 1]
    greedy = {"beam": 1, "penalty": 1.0, "cached": True}
    assert all(options == greedy for _, options in asked[1:])


# ------------------------------------------------------------------------------ scores


def test_looks_are_those_of_the_last_blocks_attention() -> None:
    config = TransformerConfig(20, width=12, hidden=16, heads=3, decoder_layers=3)
    torch.manual_seed(0)
    model = Transformer(config).eval()
    source, target = torch.randint(4, 20, (2, 2, 5))
    looks, logits = translation.looks_and_logits(model, source, target)
    torch.testing.assert_close(logits, model(source, target[:, :-1]))
    memory = model.encode(source)
    stream = model.embed(target[:, :-1])
    for block in model.decoder[:-1]:
        stream = block(stream, memory)
    asking = model.decoder[-1].attention(stream)
    layer = model.decoder[-1].cross_attention
    queries = layer.norm_of_input(asking)
    expected = layer.branch.weights(queries, memory)
    torch.testing.assert_close(looks, expected)
    seen = torch.arange(5).expand(2, 1, 1, 5) != 2
    hidden, _ = translation.looks_and_logits(model, source, target, seen)
    assert bool((hidden[..., 2] == 0).all())
    torch.testing.assert_close(hidden.sum(-1), torch.ones(2, 3, 4))
    assert len(layer.branch._forward_pre_hooks) == 0


def test_scores_say_what_they_are():
    wanted = ["A man rides a blue bicycle .", "Two dogs run through the tall grass ."]
    same = scores(wanted, wanted)
    assert same["bleu"] == pytest.approx(100)
    assert same["chrf"] == pytest.approx(100)
    assert "tok:13a" in same["bleu_signature"]
    assert "case:mixed" in same["bleu_signature"]
    shouted = [text.upper() for text in wanted]
    assert scores(shouted, wanted)["bleu"] < 50
    lower = scores(shouted, wanted, lowercase=True)
    assert lower["bleu"] == pytest.approx(100)
    assert "case:lc" in lower["bleu_signature"]
    assert "tok:char" in scores(wanted, wanted, tokenize="char")["bleu_signature"]
    cut = [text[:20] for text in wanted]  # chrF weighs what is missed twice
    assert scores(cut, wanted)["chrf"] < scores(wanted, cut)["chrf"]


def test_short_translations_pay_for_it():
    wanted = ["one two three four five six seven eight nine ten"]
    score = scores(["one two three four five"], wanted)
    assert score["brevity_penalty"] == pytest.approx(2.718281828 ** (1 - 10 / 5))


def test_moses_scores_are_of_words_and_signs_without_capitals():
    wanted = ["Ein Hund rennt, und zwei Katzen sehen zu.", "Er isst ein Eis."]
    cut = ["ein hund rennt , und zwei katzen sehen zu .", "er isst ein eis ."]
    score = moses_scores(cut, wanted, "de")
    assert score["bleu"] == pytest.approx(100)
    assert "tok:none" in score["bleu_signature"]
    assert "tokenised by sacremoses" in score["bleu_signature"]
    other = ["ein hund rennt , und zwei katzen gehen .", "er isst ein eis ."]
    plain = BLEU(tokenize="none", force=True).corpus_score(other, [cut]).score
    assert moses_scores(other, wanted, "de")["bleu"] == pytest.approx(plain)
    assert 0 < plain < 100
