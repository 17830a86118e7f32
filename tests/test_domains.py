"""What the library takes, and what it says of anything else.

Each public name of the wings that compute has an entry: calls that are refused with a
ValueError that names the argument, or why it has none.
"""

import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lib.data import digits
from lib.experiments import configurations, iwae, quality
from lib.experiments import translation as translating
from lib.models import (
    config,
    domains,
    gan,
    gaussian,
    linear_vae,
    packing,
    probes,
    transformer,
    transformer_gradients,
    translation,
    vae,
)
from lib.training import loop

pytestmark = pytest.mark.usefixtures("signatures_unchecked")

NAN = torch.tensor([[math.nan, 0.0]])
PAIR = torch.zeros(2), torch.eye(2)
NETWORK = vae.VAE(vae.VAEConfig(pixels=4, hidden=3, latents=2))
IMAGES, NOISE = torch.full((3, 4), 0.5), torch.zeros(3, 2)
TINY = transformer.Transformer(
    config.TransformerConfig(9, 4, 4, 2, 1, 1, longest=6)
).eval()
ROWS = torch.tensor([[4, 5, 2]])
EXAMPLE = translation.Example([4, 2], [1, 5, 2])
PADDED = torch.tensor([[1, 0, 0]])
LINEAR = gaussian.PPCA(torch.eye(2), torch.zeros(2), 1.0)
HELD = torch.Generator().manual_seed(0)
MAKER = gan.MLP([2, 4], ["tanh"], HELD)
JUDGE = gan.MLP([4, 1], ["identity"], HELD)
NONE = torch.zeros(0, 1)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


Call = Callable[[], object]
# By module and name: what is refused, and what the message says.
REFUSED: dict[str, list[tuple[Call, str]]] = {
    "models.config.TransformerConfig": [
        (lambda: config.TransformerConfig(0), "vocabulary must be at least 1"),
        (lambda: config.TransformerConfig(9, width=5), "width must be even"),
        (lambda: config.TransformerConfig(9, placement="in"), "placement must be one"),
        (lambda: config.TransformerConfig(9, dropout=1.0), r"dropout must lie in \[0"),
        (lambda: config.TransformerConfig(9, dropout="x"), r"dropout must lie in \[0"),
        (lambda: config.TransformerConfig(9, dropout=True), r"dropout must lie"),
        (lambda: config.TransformerConfig(9, qk_norm=1), "qk_norm must be true or"),
    ],
    "models.gan.GAN": [
        (lambda: gan.GAN(MAKER, JUDGE, penalty=math.inf), "penalty is inf"),
        (lambda: gan.GAN(MAKER, JUDGE, penalty=math.nan), "penalty is nan"),
        (lambda: gan.GAN(MAKER, JUDGE, loss="x"), "no generator loss 'x'"),
        (lambda: gan.GAN(MAKER, MAKER), "the generator makes rows of 4"),
    ],
    "models.gan.MLP": [
        (lambda: gan.MLP([2], [], HELD), "do not fit"),
        (lambda: gan.MLP([2, 1], ["x"], HELD), "no activation 'x'"),
        (lambda: MAKER.forward(torch.zeros(0, 2)), r"the input is \(0, 2\)"),
    ],
    "models.gan.Players": [
        (lambda: gan.Players(gan.GAN(MAKER, JUDGE), HELD, 0.0), "learning_rate must"),
    ],
    "models.gan.AutogradPlayers": [
        (
            lambda: gan.AutogradPlayers(gan.GAN(MAKER, JUDGE), HELD, math.nan),
            "learning_rate must be positive",
        ),
    ],
    "models.gan.value": [
        (lambda: gan.value(NONE, torch.zeros(2, 1)), "real_logits must have a row"),
        (lambda: gan.value(torch.zeros(2, 1), NONE), "fake_logits must have a row"),
    ],
    "models.gan.generator_loss": [
        (lambda: gan.generator_loss(NONE, "saturating"), "fake_logits must have a row"),
        (lambda: gan.generator_loss(torch.zeros(1, 1), "x"), "no generator loss"),
    ],
    "models.gan.generator_errors": [
        (lambda: gan.generator_errors(torch.zeros(1, 1), "x"), "no generator loss"),
    ],
    "models.gaussian.density": [
        (lambda: gaussian.density(0, 0, 0), "std must be positive"),
        (lambda: gaussian.density(math.nan, 0, 1), "x must be finite"),
    ],
    "models.gaussian.log_density": [
        (lambda: gaussian.log_density(0, math.inf, 1), "mean must be finite"),
        (lambda: gaussian.log_density(0, 0, math.inf), "std must be finite"),
    ],
    "models.gaussian.log_density_diagonal": [
        (lambda: gaussian.log_density_diagonal(NAN, NAN, NAN), "x must be finite"),
        (
            lambda: gaussian.log_density_diagonal(ROWS, NAN, NAN),
            "x must be a tensor of real floating-point numbers, not of torch.int64",
        ),
    ],
    "models.gaussian.log_density_mixture": [
        (
            lambda: gaussian.log_density_mixture(
                torch.zeros(2, 3), torch.zeros(0, 3), torch.zeros(0, 3)
            ),
            "mean must have a row",
        ),
    ],
    "models.gaussian.log_density_full": [
        (lambda: gaussian.log_density_full(NAN, *PAIR), "x must be finite"),
    ],
    "models.gaussian.kl_univariate": [
        (lambda: gaussian.kl_univariate(0, 1, 0, -1), "std_q must be positive"),
        (lambda: gaussian.kl_univariate(0, 1, math.nan, 1), "mean_q must be finite"),
    ],
    "models.gaussian.kl_diagonal": [
        (lambda: gaussian.kl_diagonal(NOISE, NAN, NOISE, NOISE), "log_variance_p must"),
    ],
    "models.gaussian.kl_full": [
        (lambda: gaussian.kl_full(*PAIR, NAN[0], PAIR[1]), "mean_q must be finite"),
        (lambda: gaussian.kl_full(*PAIR, PAIR[0], -PAIR[1]), "covariance_q is not"),
    ],
    "models.gaussian.kl_to_standard_normal": [
        (lambda: gaussian.kl_to_standard_normal(NAN, NOISE[:1]), "mean must be finite"),
        (
            lambda: gaussian.kl_to_standard_normal(
                torch.zeros(2, 0), torch.zeros(2, 0)
            ),
            "the last axis must have one size everywhere, not 0",
        ),
    ],
    "models.gaussian.chi_squared_full": [
        (lambda: gaussian.chi_squared_full(*PAIR, NAN[0], PAIR[1]), "mean_q must be"),
    ],
    "models.gaussian.squared_wasserstein_full": [
        (
            lambda: gaussian.squared_wasserstein_full(*PAIR, PAIR[0], -PAIR[1]),
            "covariance_q is not positive-semidefinite",
        ),
    ],
    "models.gaussian.entropy": [(lambda: gaussian.entropy(-1), "std must be positive")],
    "models.gaussian.entropy_diagonal": [
        (lambda: gaussian.entropy_diagonal(NAN), "log_variance must be finite"),
    ],
    "models.gaussian.entropy_full": [
        (lambda: gaussian.entropy_full(torch.zeros(2, 3)), "must be square"),
    ],
    "models.gaussian.PPCA": [
        (lambda: gaussian.PPCA(torch.eye(2), torch.zeros(2), 0.0), "std must be"),
        (lambda: LINEAR.posterior(torch.zeros(3)), "last axis of x must be 2"),
        (lambda: gaussian.PPCA(NAN, torch.zeros(1), 1.0), "weight must be finite"),
        (
            lambda: gaussian.PPCA(torch.eye(2), torch.zeros(2), 1e-30),
            "std must be such that torch.float32 holds its square",
        ),
        (
            lambda: gaussian.PPCA(torch.eye(2).half(), torch.zeros(2), 1.0),
            "weight must not be of a half type",
        ),
    ],
    "models.linear_vae.LinearVAE": [
        (
            lambda: linear_vae.LinearVAE(0, 1, noise=1.0, generator=HELD),
            "pixels must be a whole number",
        ),
        (
            lambda: linear_vae.LinearVAE(2, 1, noise=math.nan, generator=HELD),
            "noise must be positive",
        ),
    ],
    "models.linear_vae.water_filling": [
        (lambda: linear_vae.water_filling(NAN[0], 1.0), "eigenvalues must be finite"),
        (lambda: linear_vae.water_filling(NAN[0, 1:], 1.0), "must be positive"),
    ],
    "models.linear_vae.learnt_noise": [
        (lambda: linear_vae.learnt_noise(NAN[0], 1), "eigenvalues must be finite"),
        (lambda: linear_vae.learnt_noise(torch.ones(2), -1), "must not be negative"),
        (lambda: linear_vae.learnt_noise(torch.ones(0), 1), "must have a row"),
    ],
    "models.packing.packed": [
        (lambda: packing.packed([], 9, torch.device("cpu")), "the number of examples"),
        (lambda: packing.packed([EXAMPLE], 0, HELD.device), "tokens must be"),
        (lambda: packing.packed([EXAMPLE], 9, HELD.device, share=0), "share must be"),
        (
            lambda: packing.packed([EXAMPLE], 9, torch.device("cpu"), buckets=0),
            "buckets must be a whole number from 1 on, not 0",
        ),
    ],
    "models.probes.Probe": [(lambda: probes.Probe([]), "at least one block")],
    "models.transformer.Transformer": [
        (lambda: TINY(torch.zeros(1, 2), ROWS), "tokens must be rows of whole numbers"),
        (lambda: TINY(ROWS, ROWS[0]), "tokens must be rows"),
        (lambda: TINY(torch.ones(1, 7).long(), ROWS), "a row has 7 tokens"),
    ],
    "models.transformer.sinusoids": [
        (lambda: transformer.sinusoids(3, 5), "width must be even, not 5"),
        (lambda: transformer.sinusoids(0, 4), "length must be a whole number"),
    ],
    "models.transformer.loss": [
        (lambda: transformer.loss(TINY, ROWS, PADDED), "target must have a token"),
        (lambda: transformer.loss(TINY, ROWS, ROWS[:, :1]), "target must have a token"),
    ],
    "models.transformer_gradients.loss": [
        (
            lambda: transformer_gradients.loss(TINY, ROWS, PADDED),
            "target must have a token to predict",
        ),
    ],
    "models.translation.padded": [
        (lambda: translation.padded([]), "the number of rows must be a whole number"),
    ],
    "models.translation.bucketed": [
        (lambda: list(translation.bucketed([], 9, HELD)), "the number of examples"),
        (lambda: list(translation.bucketed([EXAMPLE], 0, HELD)), "tokens must be"),
    ],
    "models.translation.beam_search": [
        (
            lambda: translation.beam_search(TINY, ROWS, ROWS[0, :1], beam=0),
            "beam must be a whole number from 1 on, not 0",
        ),
        (
            lambda: translation.beam_search(TINY, ROWS, ROWS[0, :1], longest=0),
            "longest must be",
        ),
        (
            lambda: translation.beam_search(TINY, ROWS, ROWS[0, :1], penalty=math.nan),
            "penalty must be finite",
        ),
        (
            lambda: translation.beam_search(TINY, 0 * ROWS, ROWS[0, :1]),
            "source must have a token in each row",
        ),
        (
            lambda: translation.beam_search(TINY, ROWS, ROWS[0, :2]),
            "first must have 1 rows, not 2",
        ),
        (
            lambda: translation.beam_search(TINY, ROWS.float(), ROWS[0, :1]),
            "source must be rows of token numbers",
        ),
    ],
    "models.translation.Translator": [
        (
            lambda: translation.Translator(TINY, None, "source").translate(
                [], "de", rows=0
            ),
            "rows must be a whole number",
        ),
        (
            lambda: translation.Translator(TINY, None, "source").translate("a", "de"),
            "texts must be a list",
        ),
    ],
    "models.translation.scores": [
        (lambda: translation.scores([], []), "hypotheses must be some"),
        (lambda: translation.scores(["a"], []), "got 1 and 0"),
    ],
    "models.translation.moses_scores": [
        (lambda: translation.moses_scores(["a"], [], "de"), "got 1 and 0"),
    ],
    "models.vae.VAEConfig": [
        (lambda: vae.VAEConfig(pixels=0), "pixels must be at least 1"),
        (lambda: vae.VAEConfig(hidden=2.5), "hidden must be a whole number, not 2.5"),
        (lambda: vae.VAEConfig(activation="x"), "activation must be one of relu, tanh"),
    ],
    "models.vae.VAE": [
        (lambda: NETWORK.require(2 * IMAGES + 1), r"images must have pixels in \[0, 1"),
        (lambda: NETWORK.require(IMAGES[:0]), "images must have a row"),
        (lambda: NETWORK.require(IMAGES[:, :3]), "images must be rows of 4 pixels"),
        (lambda: NETWORK.require(IMAGES.long()), "images must be a tensor of real"),
    ],
    "models.vae.elbo_of_all": [
        (lambda: vae.elbo_of_all(NETWORK, -IMAGES, NOISE), "images must have pixels"),
        (lambda: vae.elbo_of_all(NETWORK, IMAGES, NOISE, chunk=0), "chunk must be"),
    ],
    "models.vae.iwae_loss": [
        (lambda: vae.iwae_loss(NETWORK, IMAGES, 0, HELD), "samples must be"),
    ],
    "models.vae.log_mean_exp": [
        (lambda: vae.log_mean_exp(torch.zeros(0, 2)), "values must have a row"),
    ],
    "models.vae.log_likelihood": [
        (lambda: vae.log_likelihood(NETWORK, IMAGES - 1, 2, HELD), "images must have"),
        (lambda: vae.log_likelihood(NETWORK, IMAGES, 0, HELD), "samples must be"),
    ],
    "models.vae.log_evidence": [
        (lambda: vae.log_evidence(torch.zeros(1, 2)), "log_weights must have two"),
    ],
    "models.vae.refit": [
        (lambda: vae.refit(torch.sum, NOISE, NOISE, HELD, steps=0), "steps must be"),
        (lambda: vae.refit(torch.sum, NOISE, NOISE, HELD, samples=0), "samples must"),
        (
            lambda: vae.refit(torch.sum, NOISE, NOISE, HELD, learning_rate=0),
            "learning_rate must be positive",
        ),
    ],
    "models.vae.reconstruct": [
        (
            lambda: vae.reconstruct(NETWORK, IMAGES + math.nan),
            "images must have pixels",
        ),
    ],
    "models.vae.traverse": [
        (lambda: vae.traverse(NETWORK, NOISE[0], 2, NOISE[0]), "dimension must lie in"),
    ],
    "models.vae.interpolate": [
        (lambda: vae.interpolate(NETWORK, NOISE[0], NOISE[0], 0), "steps must be"),
    ],
    "data.digits.enlarge": [
        (lambda: digits.enlarge(IMAGES), "images must be rows of 64 pixels"),
    ],
    "training.loop.Training": [
        (lambda: loop.Training(epochs=0), "epochs must be a whole number from 1 on"),
        (lambda: loop.Training(batch_size=2.5), "batch_size must be a whole number"),
        (lambda: loop.Training(learning_rate=math.nan), "learning_rate must be pos"),
    ],
    "training.loop.shuffled": [
        (lambda: loop.shuffled(IMAGES[:0], 2), "the number of rows must be"),
        (lambda: loop.shuffled(IMAGES, 0), "batch_size must be"),
    ],
    "training.loop.train": [
        (
            lambda: loop.train(
                NETWORK, 2 * IMAGES + 1, vae.loss, loop.Training(1), HELD
            ),
            r"images must have pixels in \[0, 1\]",
        ),
    ],
    "experiments.configurations.VAERun": [
        (lambda: configurations.VAERun(epochs="8"), "epochs must be a whole number"),
        (lambda: configurations.VAERun(learning_rate="x"), "learning_rate must lie"),
    ],
    "experiments.configurations.PlaneRun": [
        (lambda: configurations.PlaneRun(latents=3), "latents must be 2"),
    ],
    "experiments.configurations.IWAERun": [
        (lambda: configurations.IWAERun(stages=0), "stages must be at least 1"),
    ],
    "experiments.configurations.GANRun": [
        (lambda: configurations.GANRun(penalty="x"), "penalty must be finite"),
        (lambda: configurations.GANRun(activation="x"), "activation must be one of"),
    ],
    "experiments.configurations.TranslationRun": [
        (lambda: configurations.TranslationRun(packed=1), "packed must be true or"),
        (lambda: configurations.TranslationRun(smoothing=1.0), "smoothing must lie in"),
        (lambda: configurations.TranslationRun(languages=("en",)), "languages must be"),
    ],
    "experiments.configurations.NormsRun": [
        (lambda: configurations.NormsRun(warmups=(-1,)), "warmups must be at least 0"),
        (lambda: configurations.NormsRun(double="no"), "double must be true or false"),
    ],
    "experiments.iwae.rate": [(lambda: iwae.rate(-1), "epoch must be at least 0")],
    "experiments.quality.blends": [
        (lambda: quality.blends(IMAGES, torch.zeros(3), 1, HELD), "a blend is of two"),
        (lambda: quality.blends(IMAGES, torch.zeros(3), 0, HELD), "count must be"),
    ],
    "experiments.quality.accuracy": [
        (lambda: quality.accuracy(ROWS[0], ROWS[0, :1]), "with a truth each"),
        (lambda: quality.accuracy(ROWS[0, :0], ROWS[0, :0]), "labels must be some"),
    ],
    "experiments.quality.frechet_distance": [
        (lambda: quality.frechet_distance(NAN, NOISE), "features_a must be finite"),
        (lambda: quality.frechet_distance(NOISE, IMAGES), "of one width"),
        (lambda: quality.frechet_distance(NOISE, NOISE[:1]), "two rows at least"),
    ],
    "experiments.quality.mode_coverage": [
        (lambda: quality.mode_coverage(ROWS[0, :0]), "labels must have a row"),
        (lambda: quality.mode_coverage(ROWS[0] + 9), "labels must be whole numbers"),
    ],
    "experiments.quality.nearest_distance": [
        (lambda: quality.nearest_distance(IMAGES, IMAGES[:0]), "among must have a row"),
        (lambda: quality.nearest_distance(IMAGES, NOISE), "as large as the others"),
    ],
    "experiments.translation.up_and_down": [
        (lambda: translating.up_and_down(0, -1, 3), "warmup must be at least 0"),
        (lambda: translating.up_and_down(0, 1, 0), "steps at least 1"),
    ],
    "experiments.translation.mean_loss": [
        (lambda: translating.mean_loss(TINY, []), "batches must have tokens"),
    ],
}

CASES = [
    pytest.param(call, message, id=f"{name}-{i}")
    for name, calls in REFUSED.items()
    for i, (call, message) in enumerate(calls)
]


@pytest.mark.parametrize(("call", "message"), CASES)
def test_what_a_function_does_not_take_it_refuses_by_name(call, message):
    with pytest.raises(ValueError, match=rf"(?<!\w){message}") as refusal:
        call()
    assert "\n" not in str(refusal.value)


def test_each_row_has_a_token_not_one_of_them():
    with pytest.raises(ValueError, match=r"^source must have a token"):
        domains.require_tokens(source=torch.tensor([[4, 2], [0, 0]]))


# What has no entry above, and why. A new name goes above, or here with a reason.
STEP = "runs inside each step, on what was checked where it entered; types say the rest"
HOLDS = "holds or passes on what others have made and checked"
OWN = "takes texts, files, records or processes; its own tests try what it refuses"
CHECK = "is a check, or is what a check is made of"
RUN = "is given a run's configuration and data, both of which were checked when made"
WITHOUT: dict[str, dict[str, str]] = {
    "models.arithmetic": {STEP: "half_excess half_expm1 scaled difference"},
    "models.config": {
        CHECK: "require_range require_share require_truth is_number require_choice"
    },
    "models.cross_entropy": {STEP: "chunked_cross_entropy"},
    "models.domains": {
        CHECK: "require_floating require_finite require_rows "
        "require_count require_tokens require_predicted"
    },
    "models.gan": {HOLDS: "Activation twin", STEP: "value_errors"},
    "models.gaussian": {CHECK: "halves_in_single", STEP: "regularisation"},
    "models.packing": {HOLDS: "Bucket Packed"},
    "models.probes": {STEP: "gradient_norm"},
    "models.products": {STEP: "QuickProducts"},
    "models.transformer": {
        HOLDS: "Residual EncoderBlock DecoderBlock quickest_attention",
        STEP: "Attention padding_mask padded_token_loss padded_loss token_loss",
    },
    "models.transformer_gradients": {
        STEP: "linear layer_norm attend attention feed_forward to_one residual "
        "encoder_block decoder_block embed encode decode token_loss mask_of_later add",
    },
    "models.translation": {
        HOLDS: "TranslationError tag Example Batch seed_dropout looks_and_logits",
        OWN: "word_tokeniser subword_tokeniser tag_token before_source first_of_target "
        "known_tokens",
    },
    "models.vae": {
        HOLDS: "Elbo Evidence on_cpu log_likelihood_of",
        STEP: "reparameterise log_bernoulli elbo loss_of loss log_importance_weights "
        "iwae iwae_loss_of elbo_of log_weights_of sample",
    },
    "data.catalogue": {
        OWN: "DataError CorpusError folder_of require_mnist "
        "require_multi30k unread_mnist unread_multi30k"
    },
    "data.corpora": {OWN: "Phrase Phrases Parallel multi30k phrases phrases_for_test"},
    "data.digits": {OWN: "Digits load"},
    "data.fetching": {OWN: "alone_in in_one_line"},
    "data.phrasebook": {OWN: "Pattern learn translate read"},
    "training.capture": {STEP: "Blocks CapturedEpoch Graph on_side_stream Rates"},
    "training.checkpoints": {OWN: "*"},
    "training.distributed": {OWN: "Workers launched first_to_tell"},
    "training.engine": {OWN: "prepare Engine decide"},
    "training.environment": {
        OWN: "chosen_device threads require_bars processes rank local_rank",
    },
    "training.errors": {CHECK: "TrainingError require_count"},
    "training.finite": {
        CHECK: "NotFiniteError require_finite require_whole spoilt require_means "
        "first_step in_words",
    },
    "training.locks": {OWN: "*"},
    "training.loop": {
        HOLDS: "History Shuffled restored_history progress",
        STEP: "descend",
        CHECK: "require_snapshots",
        RUN: "run_epochs",
    },
    "training.optimisers": {HOLDS: "Adam"},
    "training.records": {OWN: "*"},
    "training.watching": {OWN: "require_package event_files"},
    "experiments.comparison": {OWN: "*"},
    "experiments.configurations": {
        RUN: "directions trained_directions Cell cells as_translation completed "
        "differences",
    },
    "experiments.engines": {OWN: "*"},
    "experiments.gan": {
        CHECK: "require_enough",
        RUN: "new_gan train_gan evaluate_gan at_28_pixels median_nearest "
        "judge_by_classifier judge_by_network blurred noisy uniform_noise",
    },
    "experiments.iwae": {RUN: "binarised train_iwae evaluate_iwae"},
    "experiments.kinds": {RUN: "load_digits Kind"},
    "experiments.metrics": {OWN: "Measured measured headline mean_and_spread"},
    "experiments.migration": {OWN: "*"},
    "experiments.norms": {RUN: "train_norms train_cell judge_norms"},
    "experiments.quality": {
        HOLDS: "Network Coverage",
        RUN: "fit_classifier fit_judge recognise train_network features probabilities",
    },
    "experiments.record_form": {OWN: "*"},
    "experiments.run": {OWN: "*"},
    "experiments.samples": {RUN: "form_of_samples samples_figure"},
    "experiments.sweep": {OWN: "*"},
    "experiments.sweep_results": {OWN: "*"},
    "experiments.table": {HOLDS: "Experiment"},
    "experiments.translation": {
        RUN: "load lower new_tokeniser Encoded batches_of bucketed train_translator "
        "new_step kept_translator new_optimiser evaluate_translator judge_phrases "
        "exactly_right share judge_sentences rows_of penalties",
    },
    "experiments.vae": {RUN: "keep_plane kept_plane train_vae evaluate_vae"},
}


def public_names() -> dict[str, set[str]]:
    """By module, the functions and classes that it defines without an underscore."""
    found: dict[str, set[str]] = {}
    for wing in ("models", "data", "training", "experiments"):
        package = importlib.import_module(f"lib.{wing}")
        for entry in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"lib.{wing}.{entry.name}")
            found[f"{wing}.{entry.name}"] = {
                name
                for name, value in vars(module).items()
                if not name.startswith("_")
                and (inspect.isclass(value) or callable(inspect.unwrap(value)))
                and getattr(value, "__module__", "") == module.__name__
            }
    return found


def test_each_public_name_has_an_entry_and_each_entry_a_name():
    for module, names in public_names().items():
        tested = {n.rpartition(".")[2] for n in REFUSED if n.startswith(f"{module}.")}
        reasons = " ".join(WITHOUT.get(module, {}).values()).split()
        if reasons == ["*"]:  # a module of files or processes, as a whole
            continue
        assert names == tested | set(reasons), (module, names ^ (tested | set(reasons)))
        assert not tested & set(reasons), module
        assert len(reasons) == len(set(reasons)), module


# ---------------------------------------------------------------------- drawn arguments

COUNTS: dict[str, Callable[[Any], object]] = {
    "epochs": lambda n: loop.Training(epochs=n),
    "batch_size": lambda n: loop.shuffled(IMAGES, n),
    "chunk": lambda n: vae.elbo_of_all(NETWORK, IMAGES, NOISE, n),
    "samples": lambda n: vae.log_likelihood(NETWORK, IMAGES, n, HELD),
    "steps": lambda n: vae.interpolate(NETWORK, NOISE[0], NOISE[0], n),
    "beam": lambda n: translation.beam_search(TINY, ROWS, ROWS[0, :1], beam=n),
    "buckets": lambda n: packing.packed([EXAMPLE], 9, HELD.device, 1, n),
    "length": lambda n: transformer.sinusoids(n, 4),
    "count": lambda n: quality.blends(IMAGES, torch.arange(3), n, HELD),
    "hidden": lambda n: vae.VAEConfig(hidden=n),
    "warmup": lambda n: configurations.TranslationRun(
        warmup=n - 1 if type(n) is int else n
    ),
    "steps ": lambda n: configurations.NormsRun(steps=n),
    "figure_epochs": lambda n: configurations.VAERun(figure_epochs=(1, n)),
}
NO_COUNTS = st.one_of(
    st.integers(max_value=0), st.floats(), st.booleans(), st.text(), st.none()
)


@pytest.mark.parametrize("name", COUNTS)
@given(value=NO_COUNTS)
def test_what_is_no_count_is_refused_in_every_type(name, value):
    with pytest.raises(ValueError, match=name.strip()):
        COUNTS[name](value)


@given(
    rows=st.integers(1, 3),
    bad=st.one_of(
        st.floats(max_value=-0.0009765625, allow_infinity=True, width=32),
        st.floats(min_value=1.001953125, allow_infinity=True, width=32),
        st.just(math.nan),
    ),
    place=st.integers(0, 3),
)
def test_one_pixel_outside_its_range_is_found(rows, bad, place):
    images = torch.rand(rows, 4, generator=generator())
    NETWORK.require(images)
    images[rows - 1, place] = bad
    with pytest.raises(ValueError, match=r"pixels in \[0, 1\]"):
        NETWORK.require(images)
    with pytest.raises(ValueError, match=r"pixels in \[0, 1\]"):
        loop.train(NETWORK, images, vae.loss, loop.Training(1, 2), generator())


NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=True)
LOGS = st.floats(-60, 60)


@given(st.data(), st.integers(0, 3), st.integers(1, 3), st.sampled_from([32, 64]))
def test_diagonal_forms_are_finite_of_any_rows(data, rows, size, bits):
    dtype = {32: torch.float32, 64: torch.float64}[bits]

    def drawn(numbers: st.SearchStrategy[float]) -> torch.Tensor:
        values = st.lists(numbers, min_size=rows * size, max_size=rows * size)
        return torch.tensor(data.draw(values), dtype=dtype).view(rows, size)

    means, logs = (drawn(NUMBERS), drawn(NUMBERS)), (drawn(LOGS), drawn(LOGS))
    for found in (
        gaussian.log_density_diagonal(*means, logs[0]),
        gaussian.kl_diagonal(means[0], logs[0], means[1], logs[1]),
        gaussian.kl_to_standard_normal(means[0], logs[0]),
        gaussian.entropy_diagonal(logs[0]),
    ):
        assert found.shape == (rows,)
        assert found.dtype == dtype
        assert found.isfinite().all() or bits == 32
        assert not found.isnan().any()


@given(st.integers(1, 3), st.integers(1, 6), st.integers(1, 6), st.integers(0, 5))
def test_rows_of_tokens_have_finite_losses_looks_and_translations(rows, m, n, tail):
    """Any source with a token in each row, any target with a token to predict."""
    draw = generator()
    source = torch.randint(3, 9, (rows, m), generator=draw)
    target = torch.randint(3, 9, (rows, n), generator=draw)
    source[0, max(1, m - tail) :] = transformer.PADDING
    found = translation.beam_search(TINY, source, target[:, 0], beam=2)
    assert len(found) == rows
    if n == 1:
        with pytest.raises(ValueError, match="target must have a token"):
            transformer.loss(TINY, source, target)
    else:
        assert transformer.loss(TINY, source, target).isfinite()
    mask = transformer.padding_mask(source)
    if mask is not None:
        looks = TINY.encoder[0].attention.branch.weights(TINY.embed(source), None, mask)
        assert not looks[0, :, :, (source[0] == 0)].any()


def test_a_place_that_may_look_nowhere_looks_nowhere():
    attention = TINY.encoder[0].attention.branch
    x = torch.randn(1, 3, 4, generator=generator())
    mask = torch.tensor([[[[True, False, True]], [[False] * 3]]]).view(2, 1, 1, 3)
    looks = attention.weights(x.expand(2, -1, -1), None, mask)
    assert looks[1].eq(0).all()
    torch.testing.assert_close(looks[0].sum(-1), torch.ones(2, 3))
    assert attention(x.expand(2, -1, -1), None, mask).isfinite().all()


@pytest.mark.parametrize("model", [transformer, transformer_gradients])
def test_a_source_of_padding_alone_has_a_finite_loss(model):
    source, target = torch.tensor([[4, 5, 2], [0, 0, 0]]), ROWS.expand(2, -1)
    with torch.no_grad(), transformer.quickest_attention(source, target):
        found = model.loss(TINY, source, target)
    assert (found[0] if isinstance(found, tuple) else found).isfinite()


def test_no_rows_to_translate_are_none():
    assert translation.beam_search(TINY, ROWS[:0], ROWS[:0, 0]) == []


def test_a_configuration_is_checked_when_it_is_replaced():
    with pytest.raises(ValueError, match="latents must be at least 1"):
        replace(vae.VAEConfig(), latents=0)
