"""Tokens that lose nothing, batches that hold everything, and the beam's best find."""

import itertools
import os

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lib.data import corpora
from lib.models import translation
from lib.models.transformer import PADDING, Transformer, TransformerConfig
from lib.models.translation import (
    BEGIN,
    END,
    Example,
    TranslationError,
    Translator,
    beam_search,
    bucketed,
    known_tokens,
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
@settings(deadline=None)
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


# ----------------------------------------------------------------------------- batches


def some_examples(count: int) -> list[Example]:
    source = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, 30, (count, 2), generator=source).tolist()
    return [Example([k + 4] * a, [k + 4] * b) for k, (a, b) in enumerate(lengths)]


@given(st.integers(1, 90), st.integers(60, 400))
@settings(deadline=None)
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


# ------------------------------------------------------------------------------ scores


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


def test_short_translations_pay_for_it():
    wanted = ["one two three four five six seven eight nine ten"]
    score = scores(["one two three four five"], wanted)
    assert score["brevity_penalty"] == pytest.approx(2.718281828 ** (1 - 10 / 5))
