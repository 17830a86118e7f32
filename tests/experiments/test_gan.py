"""A GAN's run: resumable to the bit, and judged by what tells copies and gaps."""

from dataclasses import replace

import pytest
import torch

from lib.data import digits
from lib.experiments import gan, quality
from lib.experiments.configurations import GANRun
from lib.models.gan import Players
from lib.training import checkpoints
from lib.training.errors import TrainingError

SMALL = GANRun(
    digits="bundled-8x8",
    noise=6,
    generator_widths=(16,),
    discriminator_widths=(16, 8),
    learning_rate=1e-2,
    epochs=3,
    figure_epochs=(1,),
    samples=200,
)


@pytest.fixture(scope="module")
def data():
    return digits.load("bundled")


@pytest.fixture(scope="module")
def small():
    return digits.load("bundled-8x8")


@pytest.fixture(scope="module")
def played(small):
    return gan.train_gan(SMALL, small, seed=0)


@pytest.fixture(scope="module")
def as_mnist(data):
    """The bundled digits under MNIST's name, so that the network judges."""
    return replace(data, name="mnist")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("digits", "fashion"),
        ("noise", 0),
        ("generator_widths", (8, 0)),
        ("discriminator_widths", (-1,)),
        ("activation", "swish"),
        ("loss", "hinge"),
        ("penalty", -1.0),
        ("penalty", float("inf")),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("batch_size", 0),
        ("epochs", 0),
        ("figure_epochs", (0, 1)),
        ("samples", 1),
    ],
)
def test_a_senseless_game_is_refused_by_field(field, value):
    with pytest.raises(ValueError, match=field):
        GANRun(**{field: value})


def test_the_networks_are_those_of_the_configuration(played):
    model, _ = played
    assert model.generator.widths == (6, 16, 64)
    assert model.generator.activations == ("leaky relu", "sigmoid")
    assert model.discriminator.widths == (64, 16, 8, 1)
    assert model.discriminator.activations == ("leaky relu", "leaky relu", "identity")
    assert model.loss == "non-saturating"
    other = replace(SMALL, loss="saturating", activation="tanh")
    model = gan.new_gan(other, 64, torch.Generator())
    assert model.loss == "saturating"
    assert model.generator.activations == ("tanh", "sigmoid")


def test_one_seed_gives_one_game(small, played):
    model, history = gan.train_gan(SMALL, small, seed=0)
    assert history.curves == played[1].curves
    assert history.curves.keys() == {"loss", "value", "pixel_distance"}
    assert same_weights(model, played[0])
    _, other = gan.train_gan(replace(SMALL, epochs=1), small, seed=1)
    assert other.curves["value"][0] != history.curves["value"][0]


def test_a_game_that_goes_on_ends_as_the_whole_one(small, played, tmp_path):
    """Stopped in the third epoch, for 12 steps make one."""
    model, file = played[0], tmp_path / "checkpoint"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gan, "Players", players_who_stop_after(30))
        with pytest.raises(KeyboardInterrupt):
            gan.train_gan(SMALL, small, 0, checkpoint=file)
    assert checkpoints.read(file)["history"]["epochs"] == 2
    resumed, history = gan.train_gan(SMALL, small, 0, checkpoint=file, resume=True)
    assert history.curves == played[1].curves
    assert list(history.snapshots) == list(played[1].snapshots)
    assert same_weights(resumed, model)
    judged_more = replace(SMALL, samples=500)
    gan.train_gan(judged_more, small, 0, checkpoint=file, resume=True)
    saturating = replace(SMALL, loss="saturating")
    with pytest.raises(TrainingError, match="another loss"):
        gan.train_gan(saturating, small, 0, checkpoint=file, resume=True)


def players_who_stop_after(steps):
    class Stopping(Players):
        def step(self, real):
            self.taken = getattr(self, "taken", 0) + 1
            if self.taken > steps:
                raise KeyboardInterrupt
            return super().step(real)

    return Stopping


def same_weights(a, b):
    pairs = zip(
        a.generator.parameters + a.discriminator.parameters,
        b.generator.parameters + b.discriminator.parameters,
        strict=True,
    )
    return all(torch.equal(x, y) for x, y in pairs)


def test_the_players_snapshots_come_from_one_noise(played):
    model, history = played
    assert list(history.snapshots) == ["1", "3"]  # the last epoch is always there
    noise = torch.Generator().manual_seed(gan.EVALUATION_SEED)
    images = model.generator.forward(torch.randn(64, 6, generator=noise))
    assert torch.equal(history.snapshots["3"], (images * 255).byte())


def test_the_pixels_distance_is_that_of_samples_and_data(small, played):
    """Far from what noise gives at the end, and the distance of fresh samples there."""
    model, history = played
    noise = torch.randn(1000, 6, generator=torch.Generator().manual_seed(1))
    samples = model.generator.forward(noise)
    fresh = quality.frechet_distance(samples, small.train_images)
    assert history.curves["pixel_distance"][-1] == pytest.approx(fresh, rel=0.1)
    held = quality.frechet_distance(small.test_images, small.train_images)
    assert fresh > 10 * held


def test_a_penalty_keeps_the_judge_flat_at_the_data(small, played):
    steep = {}
    for penalty in (0.0, 10.0):
        model, _ = gan.train_gan(replace(SMALL, penalty=penalty), small, seed=0)
        model.discriminator.forward(small.train_images)
        steep[penalty], _ = model.discriminator.steepness()
    assert steep[10.0] < steep[0.0] / 3


def test_small_samples_are_judged_at_the_size_of_the_vaes(small, data, played):
    said = []
    metrics = gan.evaluate_gan(played[0], SMALL, small, said.append)
    assert said == ["200 samples are judged"]
    assert "frechet" not in metrics
    assert metrics["classifier"]["accuracy"] >= 0.97
    assert (
        metrics["top_probability"]["samples"] < metrics["top_probability"]["held_out"]
    )
    held = quality.nearest_distance(data.test_images, data.train_images).median()
    assert metrics["nearest_distance"]["held_out"] == pytest.approx(float(held))
    assert metrics["nearest_distance"]["n"] == [200, 297]


def test_samples_are_enlarged_unless_they_have_the_classifiers_size(small, data):
    images, judged = gan.at_28_pixels(small.test_images, small)
    assert torch.equal(images, data.test_images)
    assert torch.equal(judged.train_images, data.train_images)
    images, judged = gan.at_28_pixels(data.test_images, data)
    assert images is data.test_images
    assert judged is data


def test_copies_are_told_from_new_digits(data):
    mostly_copies = torch.cat([data.train_images[:300], data.test_images[:100]])
    judged = gan.judge_by_classifier(mostly_copies, data)
    assert judged["coverage"]["occurring"] == 10
    assert judged["top_probability"]["samples"] > 0.95
    assert gan.median_nearest(mostly_copies, data) < 0.01
    assert gan.median_nearest(data.test_images, data) > 1


def test_real_images_lie_at_the_floor_and_worse_ones_above_it(as_mnist):
    last = as_mnist.train_images[-297:]
    judged = gan.judge_by_network(last, as_mnist)
    frechet, references = judged["frechet"], judged["frechet_references"]
    assert frechet["n"] == 297
    assert frechet["features"] == quality.FEATURES
    assert frechet["value"] == frechet["floor"]
    assert judged["classifier"]["accuracy"] > 0.9
    assert len(references["without_a_digit"]) == 10
    assert min(references["without_a_digit"]) > frechet["floor"]
    assert references["blurred"] > 1.3 * frechet["floor"]
    assert references["uniform_noise"] > 10 * frechet["floor"]

    kept = as_mnist.train_labels[-297:] != 4
    fewer = gan.judge_by_network(last[kept], as_mnist)
    assert fewer["coverage"]["shares"][4] < 0.02 < judged["coverage"]["shares"][4]
    assert fewer["frechet"]["n"] == int(kept.sum())
    assert fewer["coverage"]["evenness"] < judged["coverage"]["evenness"]
    assert fewer["frechet"]["value"] > fewer["frechet"]["floor"]


def test_the_references_are_what_they_are_called(data):
    some = data.test_images[:20]
    point = torch.zeros(1, 784)
    point[0, 28 * 10 + 10] = 9
    spread = gan.blurred(point).view(28, 28)
    assert torch.allclose(spread[9:12, 9:12], torch.ones(3, 3))
    assert float(spread.sum()) == pytest.approx(9)
    grey = torch.full((20, 784), 0.5)
    assert float((gan.noisy(grey) - grey).std()) == pytest.approx(0.1, rel=0.05)
    noise = gan.uniform_noise(some)
    assert float(noise.mean()) == pytest.approx(0.5, abs=0.02)
    assert torch.equal(noise, gan.uniform_noise(some))
