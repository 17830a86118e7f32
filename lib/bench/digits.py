"""How fast is training on digits?

One epoch of ``vae-mnist-peer`` is held against two others, in turns, so that a busy
machine slows all of them alike: the bare matrix products of its steps, and the usual
loop that decodes one image at a time. Then a step of a GAN whose backward pass is
written out is held against the same step by autograd, and the log-likelihood by
importance sampling against the matrix products of its decoder.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import binary_cross_entropy
from torch.utils.data import DataLoader, Dataset

from lib.data import digits
from lib.data.catalogue import DataError
from lib.experiments.table import PEER
from lib.models import vae
from lib.models.gan import GAN, MLP, AutogradPlayers, Players
from lib.models.vae import VAE, VAEConfig
from lib.training.engine import prepare
from lib.training.loop import History, Training, train

from .result import Result, speedup, times_as_long

SIZES = VAEConfig(digits.PIXELS, PEER.hidden, PEER.latents)
SEED = 0
ROUNDS = 10  # epochs against the products; the first epoch of all is a warm-up
SLOW_ROUNDS = 4  # the first is a warm-up here too
MOST_PRODUCTS = 2.7
LEAST_SPEEDUP = 4.0
MOST_NATS_APART = 0.05
NLL_ROUNDS = 6
NLL_IMAGES, NLL_SAMPLES = 10, 5000
MOST_NLL_PRODUCTS = 1.4


def checks() -> list[Result]:
    """Run all of it; a result for each bound."""
    return [*vae_epochs(), *gan_steps(), likelihood()]


def vae_epochs() -> list[Result]:
    prepare(SEED)  # before PyTorch starts its threads
    images = training_images()
    products = Products(len(images))
    slow = SlowLoop(images)
    times: dict[str, list[float]] = {"ours": [], "products": [], "slow": []}
    started = time.perf_counter()

    def after_epoch(history: History) -> dict[str, float]:
        nonlocal started
        times["ours"].append(time.perf_counter() - started)
        times["products"].append(timed(products.epoch))
        if history.epochs <= SLOW_ROUNDS:
            times["slow"].append(timed(slow.epoch))
        started = time.perf_counter()
        return {}

    generator = prepare(SEED)
    settings = Training(ROUNDS + 1, PEER.batch_size, PEER.learning_rate)
    model = VAE(SIZES)
    started = time.perf_counter()
    history = train(
        model, images, vae.loss, settings, generator, after_epoch=after_epoch
    )
    return held_to_bounds(times, history.curves["loss"], slow.losses)


def held_to_bounds(
    times: dict[str, list[float]], ours: list[float], slow: list[float]
) -> list[Result]:
    for name, seconds in times.items():
        low, high = min(seconds), max(seconds)
        print(f"{name:9} {median(seconds):6.2f} s an epoch ({low:.2f} to {high:.2f})")
    timed_slow = times["slow"][1:]
    apart = max(abs(a - b) for a, b in zip(ours, slow, strict=False))
    name = "VAE epoch"
    return [
        times_as_long(
            name,
            "times its products",
            times["ours"][1:],
            times["products"][1:],
            MOST_PRODUCTS,
        ),
        speedup(
            name,
            "times faster than the usual loop",
            times["ours"][1 : 1 + len(timed_slow)],
            timed_slow,
            LEAST_SPEEDUP,
        ),
        Result("VAE loss curves", "nats apart", [apart], MOST_NATS_APART),
    ]


def timed(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def training_images() -> Tensor:
    """MNIST's training images, or as many bundled ones where MNIST is not there."""
    try:
        data = digits.load("mnist")
        images = data.train_images
    except DataError:
        data = digits.load("bundled")
        whole = (data.train_images * 255).round() / 255  # grey values as MNIST has them
        images = whole.repeat(40, 1)
    print(f"{len(images)} images: {data.source}", file=sys.stderr)
    return images


class Products:
    """The eleven matrix products of each step, and nothing else.

    Four forward, four for the gradients of the weights, three for the gradients of
    the layers' inputs (the images need none), between contiguous float32 matrices
    that are there already.
    """

    def __init__(self, images: int) -> None:
        full, rest = divmod(images, PEER.batch_size)
        self.batches = [(self._of(PEER.batch_size), full)]
        if rest:
            self.batches.append((self._of(rest), 1))

    @staticmethod
    def _of(batch: int) -> list[tuple[Tensor, Tensor, Tensor]]:
        pixels, hidden, latents = SIZES.pixels, SIZES.hidden, SIZES.latents
        layers = [
            (pixels, hidden),
            (hidden, 2 * latents),
            (latents, hidden),
            (hidden, pixels),
        ]
        forward = [(batch, i, o) for i, o in layers]
        weights = [(i, batch, o) for i, o in layers]
        inputs = [(batch, o, i) for i, o in layers[1:]]
        return [
            (torch.randn(n, k), torch.randn(k, m), torch.empty(n, m))
            for n, k, m in forward + weights + inputs
        ]

    def epoch(self) -> None:
        for products, repeats in self.batches:
            for _ in range(repeats):
                for a, b, out in products:
                    torch.mm(a, b, out=out)


class Pictures(Dataset[tuple[Tensor, int]]):
    """Images kept as bytes, made into tensors one by one with a label, as torchvision
    does for MNIST."""

    def __init__(self, images: Tensor) -> None:
        from torchvision.transforms import ToTensor  # slow to import

        side = digits.SIDE
        self.images = (images * 255).round().byte().view(-1, side, side)
        self.labels = torch.zeros(len(images), dtype=torch.long)
        self.transform = ToTensor()

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image, label = self.images[index], int(self.labels[index])
        return self.transform(Image.fromarray(image.numpy())), label


class SlowLoop:
    """The usual loop over a DataLoader, with the same weights, order and noise."""

    def __init__(self, images: Tensor) -> None:
        self.generator = prepare(SEED)
        self.model = VAE(SIZES)
        self.optimiser = torch.optim.Adam(
            self.model.parameters(), lr=PEER.learning_rate
        )
        self.pictures = Pictures(images)
        self.losses: list[float] = []

    def epoch(self) -> None:
        total = 0.0
        order = torch.randperm(len(self.pictures), generator=self.generator).tolist()
        for batch, _ in DataLoader(self.pictures, PEER.batch_size, sampler=order):
            x = batch.view(-1, SIZES.pixels)
            mean, log_variance = self.model.encode(x)
            noise = torch.randn(len(x), SIZES.latents, generator=self.generator)
            z = mean + torch.exp(0.5 * log_variance) * noise
            probabilities = torch.sigmoid(self.model.decode(z))
            cross_entropy = binary_cross_entropy(probabilities, x, reduction="sum")
            kl = -0.5 * torch.sum(1 + log_variance - mean**2 - log_variance.exp())
            loss = (cross_entropy + kl) / len(x)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            total += loss.item() * len(x)
        self.losses.append(total / len(self.pictures))


def gan_steps() -> list[Result]:
    """A hundred steps of each in turns, from the same weights, noise and data."""
    prepare(SEED)
    by_hand = Players(gan_model(), prepare(SEED))
    other = AutogradPlayers(gan_model(), prepare(SEED))
    real = torch.rand(PEER.batch_size, SIZES.pixels)
    apart = max(
        abs(float(by_hand.step(real)["loss"] - other.step(real)["loss"]))
        for _ in range(10)
    )

    def steps(players: Players | AutogradPlayers) -> None:
        for _ in range(100):
            players.step(real)

    seconds = [
        [timed(partial(steps, players)) for players in (by_hand, other)]
        for _ in range(ROUNDS)
    ]
    mine, theirs = zip(*seconds, strict=True)
    return [
        speedup("100 GAN steps by hand", "times as fast as autograd", mine, theirs, 1),
        Result("first ten losses by hand", "from autograd's", [apart], 1e-4),
    ]


def likelihood() -> Result:
    """The log-likelihood of some images, and its decoder's products, in turns."""
    prepare(SEED)
    model, source = VAE(SIZES), torch.Generator().manual_seed(SEED)
    images = torch.rand(NLL_IMAGES, SIZES.pixels, generator=source).round()
    products = [
        (torch.randn(NLL_SAMPLES, k), torch.randn(k, m), torch.empty(NLL_SAMPLES, m))
        for k, m in ((SIZES.latents, SIZES.hidden), (SIZES.hidden, SIZES.pixels))
    ]

    def of_products() -> None:
        for _ in range(NLL_IMAGES):
            for a, b, out in products:
                torch.mm(a, b, out=out)

    def of_likelihood() -> None:
        vae.log_likelihood(model, images, NLL_SAMPLES, source)

    seconds = [
        [timed(one) for one in (of_likelihood, of_products)] for _ in range(NLL_ROUNDS)
    ]
    mine, theirs = zip(*seconds[1:], strict=True)
    name = f"NLL of {NLL_IMAGES} images by {NLL_SAMPLES} samples"
    return times_as_long(name, "times its products", mine, theirs, MOST_NLL_PRODUCTS)


def gan_model() -> GAN:
    source = torch.Generator().manual_seed(SEED)
    hidden = ["leaky relu", "leaky relu"]
    return GAN(
        MLP([100, 256, 512, SIZES.pixels], [*hidden, "sigmoid"], source),
        MLP([SIZES.pixels, 512, 256, 1], [*hidden, "identity"], source),
    )
