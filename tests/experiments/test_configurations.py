"""What each kind of run can be told: the least and the greatest, and what a cell is."""

from dataclasses import replace

import pytest

from lib.data.catalogue import LANGUAGES, MULTI30K
from lib.experiments.configurations import (
    DEEPEST,
    LARGEST,
    Cell,
    GANRun,
    IWAERun,
    NormsRun,
    TranslationRun,
    VAERun,
    as_translation,
    trained_directions,
)

PHRASES = TranslationRun(corpus="phrases", untrained=())
NORMS = NormsRun(profile_steps=(0,))


@pytest.mark.parametrize(
    ("run", "names", "least", "most"),
    [
        (VAERun(), "hidden latents batch_size epochs nll_samples", 1, LARGEST),
        (VAERun(), "nll_images", 2, LARGEST),
        (IWAERun(), "samples hidden latents batch_size nll_samples", 1, LARGEST),
        (IWAERun(), "nll_images", 2, LARGEST),
        (IWAERun(), "stages", 1, 12),
        (GANRun(), "noise batch_size epochs", 1, LARGEST),
        (GANRun(), "samples", 2, LARGEST),
        (PHRASES, "hidden batch_tokens epochs beam vocabulary", 1, LARGEST),
        (PHRASES, "encoder_layers decoder_layers", 0, DEEPEST),
        (PHRASES, "warmup", 0, LARGEST),
        (TranslationRun(), "vocabulary", 300, LARGEST),
        (NORMS, "steps", 1, LARGEST),
    ],
)
def test_a_count_may_be_the_least_and_the_greatest_and_no_more(
    run, names: str, least: int, most: int
) -> None:
    for name in names.split():
        for value in (least, most):
            assert getattr(replace(run, **{name: value}), name) == value
        for value, bound in ((least - 1, "least"), (most + 1, "most")):
            with pytest.raises(ValueError, match=rf"^{name} must be at {bound} "):
                replace(run, **{name: value})


@pytest.mark.parametrize(
    ("run", "names", "least", "most"),
    [
        (VAERun(), "figure_epochs", 1, LARGEST),
        (GANRun(), "generator_widths discriminator_widths", 1, LARGEST),
        (GANRun(), "figure_epochs", 1, LARGEST),
        (NORMS, "depths", 1, DEEPEST),
        (NORMS, "warmups", 0, LARGEST),
        (NORMS, "profile_steps", 0, NORMS.steps - 1),
    ],
)
def test_so_may_the_entries_of_a_list(run, names: str, least: int, most: int) -> None:
    for name in names.split():
        assert getattr(replace(run, **{name: (least, most)}), name) == (least, most)
        for value, bound in ((least - 1, "least"), (most + 1, "most")):
            with pytest.raises(ValueError, match=rf"^{name} must be at {bound} "):
                replace(run, **{name: (least, value)})


@pytest.mark.parametrize(
    ("run", "changes", "message"),
    [
        (
            TranslationRun(),
            {"languages": ("en", "it")},
            "languages must be two or more of en, de, fr, cs, each once, not 'en,it'",
        ),
        (
            PHRASES,
            {"languages": ("en", "es")},
            f"languages must be two or more of {', '.join(LANGUAGES)}, each once, "
            "not 'en,es'",
        ),
        (
            NORMS,
            {"variants": ("first",)},
            "variants must begin with one of post, res_post, pre, sandwich, none, "
            "not 'first'",
        ),
        (
            NORMS,
            {"variants": ("post+warm",)},
            "variants must add final or qk to a placement, not 'post+warm'",
        ),
        (NORMS, {"depths": ()}, "depths must name at least one, not ''"),
        (TranslationRun(), {"averaged": 21}, "averaged must be at most epochs, 20, "),
        (GANRun(), {"penalty": -0.5}, "penalty must be finite and at least 0, "),
        (PHRASES, {"lowercase": True}, "lowercase must be false for phrases, not True"),
    ],
)
@pytest.mark.usefixtures("signatures_unchecked")
def test_a_refusal_names_the_field_and_what_it_may_be(run, changes, message) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        replace(run, **changes)
    assert str(refused.value).startswith(message)


def test_a_cell_trains_what_its_variant_and_the_run_say() -> None:
    run = NormsRun(
        vocabulary=500, width=24, hidden=36, heads=3, learning_rate=0.25, batch_tokens=7
    )
    plain = TranslationRun(
        languages=("en", "de"),
        untrained=("de-en",),
        tagged="source",
        vocabulary=500,
        width=24,
        hidden=36,
        heads=3,
        encoder_layers=3,
        decoder_layers=3,
        placement="post",
        final_norm=False,
        dropout=0.0,
        learning_rate=0.25,
        batch_tokens=7,
    )
    assert as_translation(run, Cell("post", 3, 5)) == plain
    assert as_translation(run, Cell("post+final", 3, 5)) == replace(
        plain, final_norm=True
    )
    assert as_translation(run, Cell("post+qk", 3, 5)) == replace(plain, qk_norm=True)
    phrases = replace(plain, corpus="phrases", languages=LANGUAGES, untrained=())
    assert as_translation(replace(run, corpus="phrases"), Cell("post", 3, 5)) == phrases


def test_all_languages_of_a_corpus_may_be_trained_on() -> None:
    sentences = replace(TranslationRun(), languages=MULTI30K, untrained=())
    assert len(trained_directions(sentences)) == 4 * 3
    phrases = replace(PHRASES, languages=LANGUAGES)
    assert len(trained_directions(phrases)) == 8 * 7
