"""GANs on digits: trained by hand and judged."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from lib.data import digits
from lib.data.catalogue import OFFICIAL, DataError
from lib.data.digits import Digits
from lib.models.gan import GAN, MLP, Players
from lib.training.engine import PLAIN, Engine
from lib.training.loop import History, Training, Watch, run_epochs, shuffled
from lib.training.optimisers import Adam

from . import quality
from .configurations import GANRun
from .samples import SAMPLES, form_of_samples

# The samples that are drawn and judged come from the same noise in every run, so that
# runs differ by their training alone.
EVALUATION_SEED = 2026
DISTANT = 1000  # samples whose pixels' distance from the data is taken each epoch
NEAREST = 1000  # images whose nearest neighbour is sought: all would take minutes


def new_gan(run: GANRun, pixels: int, generator: torch.Generator) -> GAN:
    """The run's networks before training, their weights drawn from ``generator``."""

    def network(ends: tuple[int, int], hidden: tuple[int, ...], last: str) -> MLP:
        activations = [run.activation] * len(hidden) + [last]
        return MLP([ends[0], *hidden, ends[1]], activations, generator)

    return GAN(
        network((run.noise, pixels), run.generator_widths, "sigmoid"),
        network((pixels, 1), run.discriminator_widths, "identity"),
        run.loss,
        run.penalty,
    )


def train_gan(
    run: GANRun,
    data: Digits,
    seed: int,
    *,
    engine: Engine = PLAIN,
    watch: Watch = lambda epoch, values: None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> tuple[GAN, History]:
    """Train the run's players on the training images, by the backward pass by hand.

    The history's curves are the generator's ``loss`` and the ``value`` V, means over
    the steps of an epoch, and after it the ``pixel_distance``: the Fréchet distance of
    the pixels themselves between 1,000 samples, always from the same noise, and the
    training images. Its snapshots are 64 samples, flat and as bytes, by the number of
    the epoch.
    """
    generator = engine.prepare(seed)
    model = new_gan(run, data.side**2, generator)
    players = Players(model, generator, run.learning_rate, kind=Adam)
    fixed = torch.Generator().manual_seed(EVALUATION_SEED)
    sample_noise = torch.randn(SAMPLES, run.noise, generator=fixed).to(generator.device)
    many = torch.randn(DISTANT, run.noise, generator=fixed).to(generator.device)

    def after_epoch(history: History) -> dict[str, float]:
        samples = model.generator.forward(many).cpu()
        distance = quality.frechet_distance(samples, data.train_images)
        if history.epochs in (*run.figure_epochs, run.epochs):
            images = model.generator.forward(sample_noise)
            history.snapshots[str(history.epochs)] = (images * 255).byte().cpu()
        return {"pixel_distance": distance}

    history = run_epochs(
        players.step,
        players.parts,
        shuffled(data.train_images.to(generator.device), run.batch_size),
        Training(run.epochs, run.batch_size, run.learning_rate),
        generator,
        engine=engine,
        after_epoch=after_epoch,
        watch=watch,
        checkpoint=checkpoint,
        resume=resume,
        snapshots=form_of_samples((*run.figure_epochs, run.epochs), data.side**2),
        identity={"seed": seed, "data": [data.source, data.sha256]}
        | {name: value for name, value in asdict(run).items() if name != "samples"},
    )
    return model, history


def require_enough(run: GANRun, data: Digits) -> None:
    """Raise DataError where there are too few images to judge samples by."""
    held = len(data.test_images)
    floor = data.train_labels[-min(run.samples, held) :]
    fewest = len(floor) - int(floor.bincount().max())
    if len(data.train_images) < held + 2:
        wrong = f"{len(data.train_images)} images for training beside {held} held out"
    elif fewest < 2:
        wrong = f"all but {fewest} of the last {len(floor)} for training are one digit"
    else:
        return
    raise DataError(
        f"too few digits to judge a GAN's by: {wrong}, in {data.source}: {OFFICIAL}"
    )


def evaluate_gan(
    model: GAN,
    run: GANRun,
    data: Digits,
    say: Callable[[str], object] = lambda line: None,
) -> dict[str, Any]:
    """Whether the samples are digits, of every kind, and new: for a record.

    Images of 8x8 pixels are enlarged first. The small sets are judged by the
    classifier that is fitted in a second; MNIST by the convolutional network, whose
    features also give the Fréchet distance. Distances to the nearest training image
    are Euclidean, in pixels' units, over 1,000 images at most.
    """
    noise = torch.Generator().manual_seed(EVALUATION_SEED)
    shape = (run.samples, run.noise)
    device = model.generator.weights[0].device
    z = torch.randn(shape, generator=noise).to(device)
    images, data = at_28_pixels(model.generator.forward(z).cpu(), data)
    say(f"{len(images)} samples are judged")
    judge = judge_by_network if data.name == "mnist" else judge_by_classifier
    return judge(images, data) | {
        "nearest_distance": {
            "samples": median_nearest(images, data),
            "held_out": median_nearest(data.test_images, data),
            "n": [min(NEAREST, len(i)) for i in (images, data.test_images)],
        }
    }


def at_28_pixels(images: Tensor, data: Digits) -> tuple[Tensor, Digits]:
    """Samples and data at the size that the classifiers take."""
    if data.side == digits.SIDE:
        return images, data
    larger = replace(
        data,
        train_images=digits.enlarge(data.train_images),
        test_images=digits.enlarge(data.test_images),
    )
    return digits.enlarge(images), larger


def median_nearest(images: Tensor, data: Digits) -> float:
    """The median distance from an image to the nearest training image."""
    near = quality.nearest_distance(images[:NEAREST], data.train_images)
    return float(near.median())


def judge_by_classifier(images: Tensor, data: Digits) -> dict[str, Any]:
    """Coverage and certainty by ``quality.fit_classifier``, for images (n, 784)."""
    classifier = quality.fit_classifier(data)
    labels, top = quality.recognise(classifier, images)
    known, known_top = quality.recognise(classifier, data.test_images)
    return {
        "classifier": {
            "name": "logistic regression on a Gaussian kernel's features",
            "accuracy": quality.accuracy(known, data.test_labels),
        },
        "coverage": quality.mode_coverage(labels)._asdict(),
        "top_probability": {
            "samples": float(top.mean()),
            "held_out": float(known_top.mean()),
        },
    }


def judge_by_network(images: Tensor, data: Digits) -> dict[str, Any]:
    """Coverage, certainty and Fréchet distance by ``quality.Network``, images (n, 784).

    The network is trained without the last training images, as many as are held out,
    so that these are as new to it as the held-out ones: their distance from each
    other is the floor, and they are what the references change. The sets that are
    compared have one size, the smaller one of the samples' and the held-out images',
    but for the references without a digit, which lack a tenth.
    """
    held = len(data.test_images)
    network = quality.train_network(
        data.train_images[:-held], data.train_labels[:-held]
    )
    top, labels = quality.probabilities(network, images).max(1)
    known_top, known = quality.probabilities(network, data.test_images).max(1)
    n = min(len(images), held)
    real = quality.features(network, data.test_images[:n])

    def distance(others: Tensor) -> float:
        return quality.frechet_distance(real, quality.features(network, others))

    fresh, fresh_labels = data.train_images[-n:], data.train_labels[-n:]
    return {
        "classifier": {
            "name": "convolutional network, trained without the floor's images",
            "accuracy": quality.accuracy(known, data.test_labels),
        },
        "coverage": quality.mode_coverage(labels)._asdict(),
        "top_probability": {
            "samples": float(top.mean()),
            "held_out": float(known_top.mean()),
        },
        "frechet": {
            "value": distance(images[:n]),
            "floor": distance(fresh),
            "n": n,
            "features": real.shape[1],
            "real": f"the first {n} test images",
            "floor_of": f"the last {n} training images, which the network never saw",
        },
        "frechet_references": {
            "without_a_digit": [distance(fresh[fresh_labels != d]) for d in range(10)],
            **{name: distance(change(fresh)) for name, change in CHANGES.items()},
        },
    }


def blurred(images: Tensor) -> Tensor:
    """Each pixel the mean of the 3x3 pixels around it, black beyond the edge."""
    square = images.view(-1, 1, digits.SIDE, digits.SIDE)
    return avg_pool2d(square, 3, stride=1, padding=1).flatten(1)


def noisy(images: Tensor) -> Tensor:
    """With normal noise of deviation 0.1 on each pixel, cut off at black and white."""
    noise = torch.Generator().manual_seed(EVALUATION_SEED)
    return (images + 0.1 * torch.randn(images.shape, generator=noise)).clamp(0, 1)


def uniform_noise(images: Tensor) -> Tensor:
    """As many images of uniform noise."""
    return torch.rand(
        images.shape, generator=torch.Generator().manual_seed(EVALUATION_SEED)
    )


CHANGES = {"blurred": blurred, "noisy": noisy, "uniform_noise": uniform_noise}
