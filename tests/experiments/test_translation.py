"""The translators' runs: which directions they see, that they resume, how they are
judged."""

import json
from dataclasses import asdict, replace

import pytest
import torch

from lib.data import corpora
from lib.data.corpora import Parallel
from lib.experiments import translation
from lib.experiments.configurations import (
    TranslationRun,
    differences,
    directions,
    trained_directions,
)
from lib.experiments.table import EXPERIMENTS, PHRASES
from lib.experiments.translation import (
    Encoded,
    judge_phrases,
    judge_sentences,
    kept_translator,
    train_translator,
    up_and_down,
)
from lib.models.translation import END
from lib.training import records
from lib.training.records import RecordError

TEXTS = {
    "en": ["a dog runs .", "a man runs .", "a dog sits .", "two men sit ."] * 8,
    "de": ["ein Hund rennt .", "ein Mann rennt .", "ein Hund sitzt .", "Männer ."] * 8,
    "fr": ["un chien court .", "un homme court .", "un chien assis .", "hommes ."] * 8,
}
DATA = Parallel("a few sentences", {}, TEXTS, TEXTS, TEXTS)
TINY = TranslationRun(
    languages=("en", "de", "fr"),
    untrained=("de-fr",),
    vocabulary=300,
    width=16,
    hidden=16,
    heads=2,
    encoder_layers=1,
    decoder_layers=1,
    learning_rate=1e-2,
    warmup=4,
    batch_tokens=200,
    epochs=3,
    beam=2,
)


def names(run: TranslationRun) -> set[str]:
    return {"-".join(pair) for pair in trained_directions(run)}


def test_graphs_have_the_directions_of_their_name() -> None:
    run = replace(EXPERIMENTS["translate-phrases"].run, untrained=())
    assert len(directions(run)) == 56
    assert len(names(run)) == 56
    english = names(replace(run, graph="english"))
    assert len(english) == 14
    assert all("en" in name.split("-") for name in english)
    ring = names(replace(run, graph="ring"))
    assert len(ring) == 28
    assert english < ring
    others = [name for name in run.languages if name != "en"]
    for language in others:
        neighbours = {n.split("-")[1] for n in ring if n.startswith(language)}
        assert len(neighbours - {"en"}) == 2


def test_untrained_directions_of_the_books_runs_are_in_no_graph() -> None:
    for name, experiment in EXPERIMENTS.items():
        run = experiment.run
        if isinstance(run, TranslationRun):
            assert not names(run) & set(run.untrained), name
    ring = replace(EXPERIMENTS["translate-phrases"].run, graph="ring")
    assert len(names(ring)) == 28
    assert names(EXPERIMENTS["translate-multi30k-en-de"].run) == {"en-de"}


@pytest.mark.parametrize("tagged", ["source", "target"])
def test_examples_carry_the_tag_where_the_run_says(tagged: str) -> None:
    run = replace(TINY, tagged=tagged)
    tokeniser = translation.new_tokeniser(run, DATA)
    source, target = Encoded(run, tokeniser, TEXTS).example(1, ("en", "fr"))
    wanted = tokeniser.token_to_id("<fr>")
    assert source.count(wanted) + target.count(wanted) == 1
    assert (source[0] == wanted) == (tagged == "source")
    assert (target[0] == wanted) == (tagged == "target")
    assert tokeniser.decode(source) == "a man runs ."
    assert tokeniser.decode(target) == "un homme court ."
    assert source[-1] == target[-1] == END


def test_an_epoch_takes_each_sentence_once_in_trained_directions() -> None:
    tokeniser = translation.new_tokeniser(TINY, DATA)
    encoded = Encoded(TINY, tokeniser, TEXTS)
    pairs = trained_directions(TINY)
    examples = encoded.drawn(pairs, torch.Generator().manual_seed(0))
    possible = [{str(encoded.example(i, p)) for p in pairs} for i in range(32)]
    assert all(str(e) in p for e, p in zip(examples, possible, strict=True))
    other = encoded.drawn(pairs, torch.Generator().manual_seed(1))
    assert examples != other


def test_a_resumed_run_ends_where_it_would_have_ended(tmp_path) -> None:
    run = replace(TINY, dropout=0.3)
    whole, history = train_translator(run, DATA, 0)
    file = tmp_path / "run.pt"

    seen = []

    def stop(*arguments) -> float:
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(1)
        return mean_loss(*arguments)

    mean_loss = translation.mean_loss
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translation, "mean_loss", stop)
        with pytest.raises(KeyboardInterrupt):
            train_translator(run, DATA, 0, checkpoint=file)
    resumed, again = train_translator(run, DATA, 0, checkpoint=file, resume=True)
    assert again.curves == history.curves
    pairs = zip(whole.model.parameters(), resumed.model.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def recorded(translator, run: TranslationRun = TINY) -> dict:
    """What a record holds of a run that kept its weights, as JSON gives it back."""
    weights = records.packed_weights(translator.model)
    data = {"sha256": DATA.sha256}
    content = {"name": "tiny", "configuration": asdict(run), "data": data}
    return json.loads(json.dumps(content | {"weights": weights}))


def test_a_kept_translator_translates_as_the_trained_one_did() -> None:
    translator, _ = train_translator(TINY, DATA, 0, until=2)
    kept = kept_translator(recorded(translator), TINY, DATA)
    texts = TEXTS["en"][:4]
    assert kept.translate(texts, "de") == translator.translate(texts, "de")
    assert kept.model.state_dict().keys() == translator.model.state_dict().keys()


def test_a_record_without_weights_or_of_another_run_gives_no_translator() -> None:
    translator, _ = train_translator(TINY, DATA, 0, until=1)
    record = recorded(translator)
    with pytest.raises(RecordError, match="tiny is that of another configuration"):
        kept_translator(record, replace(TINY, epochs=4), DATA)
    with pytest.raises(RecordError, match="or of other data"):
        kept_translator(record, TINY, replace(DATA, sha256={"en": "0"}))
    del record["weights"]
    with pytest.raises(RecordError, match="run it with --keep-weights"):
        kept_translator(record, TINY, DATA)


def test_the_rate_rises_and_falls() -> None:
    rates = [up_and_down(step, 10, 50) for step in range(60)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == max(rates) == 1
    assert rates[10:50] == sorted(rates[10:50], reverse=True)
    assert rates[50:] == [0.0] * 10


def test_a_small_run_learns_and_is_judged_in_every_direction() -> None:
    run = replace(TINY, epochs=60, width=32, hidden=64, smoothing=0.0, dropout=0.0)
    translator, history = train_translator(run, DATA, 0)
    assert history.curves["validation_loss"][-1] < 0.1
    metrics = judge_sentences(translator, run, DATA)
    assert set(metrics["directions"]) == {"-".join(p) for p in directions(run)}
    for name, score in metrics["directions"].items():
        assert score["trained"] == (name != "de-fr")
        assert not score["trained"] or score["bleu"] > 90, name
    assert metrics["penalty"] in translation.PENALTIES
    sample = metrics["samples"]["en-de"][0]
    assert sample == {
        "source": "a dog runs .",
        "found": "ein Hund rennt .",
        "wanted": "ein Hund rennt .",
    }


def test_sentences_are_those_of_the_runs_corpus_and_languages(monkeypatch) -> None:
    asked = []

    def multi30k(languages, folder, **options):
        asked.append((languages, folder, options))
        return DATA

    monkeypatch.setattr(corpora, "multi30k", multi30k)
    assert translation.load(TINY, "folder", download=True) is DATA
    assert asked == [(TINY.languages, "folder", {"download": True})]
    phrases = translation.load(replace(TINY, corpus="phrases"), "folder")
    assert phrases.sha256.keys() == {"phrases", "phrases_test"}
    assert phrases.train.keys() == set(TINY.languages)
    assert len(asked) == 1


def test_each_corpus_is_judged_in_its_own_way(monkeypatch) -> None:
    judges = {"phrases": "judge_phrases", "multi30k": "judge_sentences"}
    for judge in judges.values():
        monkeypatch.setattr(
            translation, judge, lambda *arguments, name=judge: {name: arguments}
        )
    for corpus, judge in (
        ("phrases", "judge_phrases"),
        ("multi30k", "judge_sentences"),
    ):
        run = replace(TINY, corpus=corpus)
        judged = translation.evaluate_translator("a translator", run, DATA, print)
        assert judged == {judge: ("a translator", run, DATA, print)}


def test_phrases_are_judged_by_kind_and_direction(monkeypatch) -> None:
    run = replace(EXPERIMENTS["translate-phrases"].run, untrained=("de-fr",))
    data = translation.load(run, None)
    kinds = [item.kind for item in corpora.phrases_for_test().held_out]

    class Oracle:
        """Right but in one kind, and but in one direction; of the held-out, nothing."""

        def translate(self, texts, language, rows):
            if texts in data.validation.values():
                return [""] * len(texts)
            if texts == data.test["de"] and language == "fr":
                return [""] * len(texts)
            pairs = zip(kinds, data.test[language], strict=True)
            return ["" if kind == "date" else text for kind, text in pairs]

    metrics = judge_phrases(Oracle(), run, data)
    dates = kinds.count("date") / len(kinds)
    assert metrics["directions"]["de-fr"] == 0
    assert metrics["directions"]["fr-de"] == pytest.approx(1 - dates)
    assert metrics["kinds"]["date"] == 0
    assert metrics["kinds"]["unit"] == pytest.approx(55 / 56)
    assert metrics["exact"] == pytest.approx((1 - dates) * 55 / 56)
    assert metrics["validation"] == 0
    assert metrics["trained"] == pytest.approx(1 - dates)
    assert metrics["untrained"] == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("corpus", "europarl"),
        ("languages", ("en", "xx")),
        ("languages", ("en",)),
        ("graph", "star"),
        ("tagged", "both"),
        ("vocabulary", 100),
        ("width", 130),
        ("placement", "before"),
        ("smoothing", 1.0),
        ("learning_rate", 0.0),
        ("warmup", -1),
        ("epochs", 0),
        ("batch_tokens", 0),
    ],
)
@pytest.mark.usefixtures("signatures_unchecked")
def test_a_senseless_configuration_is_refused_by_field(field: str, value) -> None:
    with pytest.raises(ValueError, match=field):
        TranslationRun(**{field: value})


def test_a_run_without_directions_is_refused() -> None:
    with pytest.raises(ValueError, match="untrained"):
        TranslationRun(languages=("en", "de"), untrained=("en-de", "de-en"))


# Packed, averaged, without capitals


SHORT_RUN = replace(PHRASES, epochs=3, packed=True, width=16, heads=2, warmup=5)


def test_weights_are_averaged_over_the_last_epochs() -> None:
    data = translation.load(SHORT_RUN, None)
    few = replace(data, train={k: texts[:300] for k, texts in data.train.items()})
    after = []
    for until in (2, 3):
        translator, _ = train_translator(SHORT_RUN, few, 0, until=until)
        after.append(translator.model.state_dict())
    averaged, _ = train_translator(replace(SHORT_RUN, averaged=2), few, 0)
    for name, found in averaged.model.state_dict().items():
        torch.testing.assert_close(found, (after[0][name] + after[1][name]) / 2)
        assert not torch.equal(found, after[1][name])


def test_a_packed_averaged_run_is_the_same_stopped_or_not(tmp_path) -> None:
    run = replace(SHORT_RUN, averaged=2)
    data = translation.load(run, None)
    few = replace(data, train={k: texts[:300] for k, texts in data.train.items()})
    whole, history = train_translator(run, few, 0)
    path = tmp_path / "checkpoint"
    train_translator(run, few, 0, checkpoint=path, until=2)
    resumed, again = train_translator(run, few, 0, checkpoint=path, resume=True)
    assert again.curves == history.curves
    for name, found in resumed.model.state_dict().items():
        assert torch.equal(found, whole.model.state_dict()[name])


def test_lowercase_is_of_all_texts_and_of_multi30k_alone() -> None:
    data = translation.load(PHRASES, None)
    small = translation.lower(data)
    for mine, theirs in zip(
        (small.train, small.validation, small.test),
        (data.train, data.validation, data.test),
        strict=True,
    ):
        assert mine["de"] == [text.lower() for text in theirs["de"]]
    assert small.train["de"] != data.train["de"]
    with pytest.raises(ValueError, match="lowercase must be false for phrases"):
        replace(PHRASES, lowercase=True)
    with pytest.raises(ValueError, match="averaged must be at most epochs, 24, not 25"):
        replace(PHRASES, averaged=25)


def test_a_field_that_a_record_has_not_yet_had_its_default() -> None:
    kept = json.loads(json.dumps(asdict(PHRASES)))
    del kept["averaged"], kept["packed"]
    assert differences(kept, PHRASES) == []
    assert differences(kept, replace(PHRASES, averaged=2, width=32)) == [
        "averaged",
        "width",
    ]
