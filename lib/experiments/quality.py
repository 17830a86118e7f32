"""Are made digits good, new, and of every kind? Measures of images from a model.

Two classifiers recognise images of 28x28 pixels: one that is fitted in a second and
sure only of what it has seen, and a small convolutional network for MNIST, whose last
hidden layer also gives the features of the Fréchet distance. Neither was ever shown
what is no digit, so a third one tells digits from blends of two. Smaller images are
enlarged first, by ``digits.enlarge``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lib.data.digits import SIDE, Digits
from lib.models.domains import (
    require_count,
    require_finite,
    require_rows,
)
from lib.models.gaussian import squared_wasserstein_full
from lib.training.loop import Training, train

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

SEED = 0  # of the network's weights and batches: it is one and the same everywhere
FEATURES = 64
EPOCHS = 5
OCCURS = 0.01  # the share from which a digit counts as occurring: a tenth of its due
CHUNK = 500  # images that are compared, or passed through the network, at once


def fit_classifier(data: Digits) -> Pipeline:
    """A classifier of ``(n, 784)`` images, fitted to the training images in a second.

    It is a logistic regression on a Gaussian kernel's features: its probabilities are
    calibrated on held-out digits (it is as often right as it is sure), and it is
    unsure of images that are far from all digits, such as noise.
    """
    classifier = _kernel_classifier()
    return classifier.fit(data.train_images.numpy(), data.train_labels.numpy())


def blends(
    images: Tensor, labels: Tensor, count: int, generator: torch.Generator
) -> Tensor:
    """Half-and-half means of two ``images`` of different digits, ``(count, pixels)``.

    Raises ValueError where all labels are the same: nothing could be blended.
    """
    require_count(count=count)
    if len(labels.unique()) < 2:
        raise ValueError("a blend is of two digits, and all labels are the same")
    made: list[Tensor] = []
    while sum(map(len, made)) < count:
        first, second = torch.randint(len(images), (2, count), generator=generator)
        differ = labels[first] != labels[second]
        made.append((images[first[differ]] + images[second[differ]]) / 2)
    return torch.cat(made)[:count]


def fit_judge(data: Digits) -> Pipeline:
    """A judge of ``(n, 784)`` images: 1 for a digit, 0 for a blend of two digits.

    The same kind of classifier as ``fit_classifier``, fitted to the training images and
    to as many of their ``blends``. `recognise` asks it. What it calls a digit is no
    half-and-half blend; of other images that are no digits it has seen none.
    """
    generator = torch.Generator().manual_seed(SEED)
    count = len(data.train_images)
    mixed = blends(data.train_images, data.train_labels, count, generator)
    images = torch.cat([data.train_images, mixed])
    return _kernel_classifier().fit(images.numpy(), [1] * count + [0] * count)


def _kernel_classifier() -> Pipeline:
    from sklearn.kernel_approximation import Nystroem  # slow to import
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    features = Nystroem(gamma=0.03, n_components=500, random_state=0)
    return make_pipeline(features, LogisticRegression(C=1000, max_iter=1000))


def recognise(classifier: Pipeline, images: Tensor) -> tuple[Tensor, Tensor]:
    """Each image's likeliest label and its probability, both ``(n,)``."""
    probabilities = torch.from_numpy(classifier.predict_proba(images.numpy()))
    top, labels = probabilities.max(1)
    return labels, top


class Network(nn.Module):
    """A small convolutional classifier of ``(n, 784)`` images: ten logits.

    Two convolutions halve the sides to 14 and 7 pixels; the 64 numbers of the last
    hidden layer are an image's features.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Unflatten(1, (1, SIDE, SIDE)),
            nn.Conv2d(1, 16, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(16, 32, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * (SIDE // 4) ** 2, FEATURES),
            nn.ReLU(),
        )
        self.head = nn.Linear(FEATURES, 10)

    def forward(self, images: Tensor) -> Tensor:
        """The logits ``(n, 10)``."""
        return self.head(self.body(images))


def train_network(images: Tensor, labels: Tensor, epochs: int = EPOCHS) -> Network:
    """The network trained on images ``(n, 784)`` and labels ``(n,)``, from one seed.

    Five epochs of MNIST take about 40 seconds on two cores. The global state of
    PyTorch's random numbers stays as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = Network().to(images.device)
    generator = torch.Generator(device=images.device).manual_seed(SEED)
    rows = torch.cat([images, labels[:, None]], 1)  # a label fits in a float
    train(network, rows, _classification_loss, Training(epochs, 128, 1e-3), generator)
    return network.requires_grad_(False)


def features(network: Network, images: Tensor) -> Tensor:
    """What the last hidden layer makes of the images ``(n, 784)``: ``(n, 64)``."""
    return torch.cat([network.body(some) for some in images.split(CHUNK)])


def probabilities(network: Network, images: Tensor) -> Tensor:
    """The network's probabilities of the ten digits for ``(n, 784)``: ``(n, 10)``."""
    return network.head(features(network, images)).softmax(1)


def accuracy(labels: Tensor, truth: Tensor) -> float:
    """The share of the labels ``(n,)`` that are right.

    Raises ValueError where there is not one truth for each of some labels.
    """
    if not len(labels) or labels.shape != truth.shape:
        raise ValueError(
            "labels must be some, with a truth each; got "
            f"{tuple(labels.shape)} and {tuple(truth.shape)}"
        )
    return float((labels == truth).double().mean())


def frechet_distance(features_a: Tensor, features_b: Tensor) -> float:
    """How far two samples of features, ``(n, D)`` and ``(m, D)``, lie apart.

    It is the squared 2-Wasserstein distance between the Gaussians with the samples'
    means and covariances, in float64. Two samples of one law have a distance above
    zero, which falls with their sizes: compare values of equal sizes only. Raises
    ValueError for samples of fewer than two rows, of different widths, or not finite.

    Source: Heusel et al., "GANs trained by a two time-scale update rule converge to a
    local Nash equilibrium", NeurIPS 2017, with the features of another network.
    """
    require_finite(features_a=features_a, features_b=features_b)
    if features_a.ndim != 2 or features_a.shape[1:] != features_b.shape[1:]:
        raise ValueError(
            "samples must be rows of features of one width; got "
            f"{tuple(features_a.shape)} and {tuple(features_b.shape)}"
        )
    moments = []
    for sample in (features_a.double(), features_b.double()):
        if len(sample) < 2:
            raise ValueError("a sample needs two rows at least, for a covariance")
        moments += [sample.mean(0), torch.cov(sample.T).view(sample.shape[1], -1)]
    return float(squared_wasserstein_full(*moments))


class Coverage(NamedTuple):
    """The ten digits' shares, how many occur, and exp(entropy) of the shares over 10.

    The evenness is 1 for equal shares and 0.1 where all images are of one kind.
    """

    shares: list[float]
    occurring: int
    evenness: float


def mode_coverage(labels: Tensor) -> Coverage:
    """How many kinds of digit the labels ``(n,)`` name, and how evenly.

    A digit occurs if its share is one hundredth at least. Raises ValueError for other
    labels than 0 to 9, and for none.
    """
    require_rows(labels=labels)
    if labels.is_floating_point() or not bool(((labels >= 0) & (labels <= 9)).all()):
        raise ValueError("labels must be whole numbers from 0 to 9")
    shares = labels.bincount(minlength=10).double() / len(labels)
    entropy = -torch.xlogy(shares, shares).sum()
    occurring = int((shares >= OCCURS).sum())
    return Coverage(shares.tolist(), occurring, float(entropy.exp()) / 10)


def nearest_distance(images: Tensor, among: Tensor) -> Tensor:
    """The Euclidean distance ``(n,)`` from each image to the nearest ``among`` others.

    Copies of training images have the distance 0; held-out images show what is usual.
    Raises ValueError where there are none, or of different sizes.
    """
    require_finite(images=images, among=among)
    require_rows(images=images, among=among)
    if images.shape[1:] != among.shape[1:]:
        raise ValueError(
            f"images must be as large as the others; got {tuple(images.shape)} and "
            f"{tuple(among.shape)}"
        )
    # In double precision, for the products of single numbers differ between chunks of
    # different lengths; all distances at once would need gigabytes.
    chunks, among = images.double().split(CHUNK), among.double()
    nearest = torch.cat([torch.cdist(some, among).min(1).values for some in chunks])
    return nearest.float()


def _classification_loss(
    network: Network, rows: Tensor, generator: torch.Generator
) -> dict[str, Tensor]:
    images, labels = rows[:, :-1], rows[:, -1].long()
    return {"loss": cross_entropy(network(images), labels)}
