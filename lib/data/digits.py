"""Handwritten digits: the small set that comes with scikit-learn, or MNIST.

Each set is one tensor of flat square images with values in [0, 1], and their labels:
28x28 pixels, or scikit-learn's own 8x8. Data sets are asked for by name; none ever
stands in for another.
"""

import gzip
import hashlib
import http.client
import json
import math
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from tqdm import tqdm

from .catalogue import (
    DIGITS,
    MNIST_FILES,
    OFFICIAL,
    DataError,
    folder_of,
    unread_mnist,
)
from .fetching import alone_in, in_one_line

SIDE = 28
PIXELS = SIDE * SIDE
SMALL_SIDE = 8
# Of the bundled digits: the digest of scikit-learn's table, and which of its rows are
# held out, in an order that scikit-learn's train_test_split drew (stratified, state 0).
BUNDLED_SHA256 = "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8"
SPLIT_FILE = Path(__file__).with_name("digits_split.json")
SPLIT_SHA256 = "03c767d9c4b58a1307f4e99644836cfc0668c4725f23b889f61a4d40bd2bf5a9"


FETCHING_FAILS = (
    *(OSError, http.client.HTTPException, RuntimeError, ValueError),
    *(AssertionError, EOFError),
)


@dataclass(frozen=True)
class Digits:
    """Images in rows, ``(n, side^2)`` in [0, 1], and labels, ``(n,)`` from 0 to 9.

    ``source`` says which data these are, in words; ``sha256`` holds the digest of
    each file that they were read from. Raises DataError for anything else than such
    images, at least one to train on and one held out, each with its label.
    """

    name: str
    source: str
    sha256: dict[str, str]
    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    def __post_init__(self) -> None:
        for part in ("train", "test"):
            images = getattr(self, f"{part}_images")
            labels = getattr(self, f"{part}_labels")
            if wrong := _unlike_digits(images, labels):
                remedy = f": {OFFICIAL}" if self.sha256 else ""  # it is of files
                raise DataError(f"the {part} set of {self.source}: {wrong}{remedy}")

    @property
    def side(self) -> int:
        """An image's height and width in pixels, 28 or 8."""
        return math.isqrt(self.train_images.shape[1])


def _unlike_digits(images: Tensor, labels: Tensor) -> str:
    """Why these are not digits and their labels, in words; empty if they are."""
    pixels = images.shape[-1]
    if images.ndim != 2 or not images.numel() or math.isqrt(pixels) ** 2 != pixels:
        return f"images must be rows of square pictures, not {tuple(images.shape)}"
    if labels.shape != images.shape[:1]:
        return f"{len(images)} images have labels of the shape {tuple(labels.shape)}"
    if not ((images >= 0) & (images <= 1)).all():  # nor is what is no number
        return "pixels must lie in [0, 1]"
    if labels.is_floating_point() or int(labels.min()) < 0 or int(labels.max()) > 9:
        return "labels must be whole numbers from 0 to 9"
    return ""


def load(
    name: str,
    folder: str | Path | None = None,
    *,
    download: bool = False,
    accept_unknown: bool = False,
) -> Digits:
    """The digits called ``name``: ``"bundled"``, ``"bundled-8x8"`` or ``"mnist"``.

    MNIST is read from ``folder``, or else from the folder that the environment
    variable CHECKED_GRADIENTS_DATA names, or else from ``data``, as
    ``MNIST/raw/*-ubyte``. With ``download`` torchvision fetches it there first.
    Files of unknown content are refused unless ``accept_unknown``.
    Raises DataError.
    """
    if name in ("bundled", "bundled-8x8"):
        return _bundled(name)
    if name != "mnist":
        raise DataError(f"unknown digits {name!r}: choose one of {', '.join(DIGITS)}")
    folder = folder_of(folder)
    if download:
        _download(folder, keep_unknown=accept_unknown)
    return _mnist(folder / "MNIST" / "raw", accept_unknown)


def enlarge(images: Tensor) -> Tensor:
    """Images ``(n, 64)`` at 28x28 pixels, ``(n, 784)``, as ``"bundled"`` has them.

    Raises ValueError for images of another size, and for none.
    """
    if images.ndim != 2 or images.shape[1] != SMALL_SIDE**2 or not len(images):
        raise ValueError(
            f"images must be rows of {SMALL_SIDE**2} pixels; got {tuple(images.shape)}"
        )
    small = images.view(-1, 1, SMALL_SIDE, SMALL_SIDE)
    large = interpolate(small, size=(SIDE, SIDE), mode="bicubic")
    return large.clamp(0, 1).reshape(-1, PIXELS)


def _bundled(name: str) -> Digits:
    """scikit-learn's 1,797 digits of 8x8 pixels, enlarged or not; 297 are held out.

    They are read from its file: to import scikit-learn for its loader takes a second.
    """
    table = torch.from_numpy(np.loadtxt(_bundled_lines(), delimiter=","))
    images, labels = table[:, :-1].float() / 16, table[:, -1].long()
    source = "scikit-learn's 8x8 digits"
    if name == "bundled":
        images, source = enlarge(images), f"{source}, enlarged to 28x28"
    split = _split()
    train, test = split["train"], split["test"]
    return Digits(
        name=name,
        source=source,
        sha256={},
        train_images=images[train],
        train_labels=labels[train],
        test_images=images[test],
        test_labels=labels[test],
    )


def _split() -> dict[str, list[int]]:
    """The numbers of the rows to train on and of those held out."""
    try:
        content = SPLIT_FILE.read_bytes()
    except OSError:
        content = b""
    if _digest(content) != SPLIT_SHA256:
        raise DataError(
            f"{SPLIT_FILE} is not the split of digits that it should be: get it from "
            "the book's repository again"
        )
    split: dict[str, list[int]] = json.loads(content)
    return split


def _bundled_lines() -> list[str]:
    """The lines of scikit-learn's table: 64 pixels from 0 to 16, and the digit."""
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise DataError("no scikit-learn, which carries the digits: install it")
    path = Path(package.origin).with_name("datasets") / "data" / "digits.csv.gz"
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error):
        content = b""
    if _digest(content) != BUNDLED_SHA256:
        raise DataError(
            f"{path} is not the table of digits that it should be: install "
            "scikit-learn again"
        )
    return content.decode().splitlines()


def _mnist(raw: Path, accept_unknown: bool) -> Digits:
    contents = {file: _read(raw / file) for file in MNIST_FILES}
    digests = {file: _digest(content) for file, content in contents.items()}
    sources = {}
    for file, known in MNIST_FILES.items():
        sources[file] = known.get(digests[file], "unknown content")
        if digests[file] not in known and not accept_unknown:
            raise DataError(
                f"{raw / file} is not the MNIST file that it should be (SHA-256 "
                f"{digests[file][:12]}…): fetch it again with --download, or pass "
                "--accept-unknown-data to use it as it is"
            )
    odd = [f"{file}: {s}" for file, s in sources.items() if s != "official"]
    arrays = {file: _parse(raw / file, content) for file, content in contents.items()}
    tensors = {}
    for part in ("train", "t10k"):
        images = arrays[f"{part}-images-idx3-ubyte"]
        labels = arrays[f"{part}-labels-idx1-ubyte"]
        if labels.shape != images.shape[:1] or images.shape[1:] != (SIDE, SIDE):
            raise DataError(
                f"{raw}: the {part} images have the shape {images.shape}, beside "
                f"labels of {labels.shape}; MNIST has one label for each 28x28 image: "
                f"{OFFICIAL}"
            )
        flat = torch.from_numpy(images.reshape(-1, PIXELS).astype(np.float32)) / 255
        tensors[part] = flat, torch.from_numpy(labels.astype(np.int64))
    return Digits(
        name="mnist",
        source="MNIST" + (f" ({'; '.join(odd)})" if odd else ", the official files"),
        sha256=digests,
        train_images=tensors["train"][0],
        train_labels=tensors["train"][1],
        test_images=tensors["t10k"][0],
        test_labels=tensors["t10k"][1],
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise unread_mnist(path, error) from None


def _parse(path: Path, content: bytes) -> np.ndarray:
    """The array in an IDX file of unsigned bytes: magic number, sizes, values."""
    dimensions = content[3] if content[:3] == b"\x00\x00\x08" and content[3:] else 0
    header = 4 + 4 * dimensions
    sizes = (content[n : n + 4] for n in range(4, header, 4))
    shape = tuple(int.from_bytes(size) for size in sizes)
    if not dimensions or len(content) != header + math.prod(shape):
        raise DataError(
            f"{path} is not an IDX file of bytes, or it is cut short: {OFFICIAL}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _download(folder: Path, *, keep_unknown: bool) -> None:
    """Let torchvision fetch what is missing; a file that is damaged counts as such."""
    raw = folder / "MNIST" / "raw"
    paths = list(map(raw.joinpath, MNIST_FILES))
    if all(p.is_file() and (keep_unknown or not _unknown(p)) for p in paths):
        return  # the folder may be one that takes no lock
    from torchvision.datasets import MNIST, utils  # slow to import, and seldom needed

    if not sys.stderr.isatty():  # its bars are lines where nobody watches them
        utils.tqdm = partial(tqdm, disable=True)
    try:
        with alone_in(raw), _without_damaged(raw, keep_unknown):
            MNIST(folder, download=True)
    # What torchvision raises for a server's odd answers and for damaged files.
    except FETCHING_FAILS as error:
        raise DataError(
            f"torchvision could not fetch MNIST into {folder}: "
            f"{in_one_line(error).rstrip('.')}: try again"
        ) from None


@contextmanager
def _without_damaged(raw: Path, keep_unknown: bool) -> Iterator[None]:
    """Put damaged files aside until others are there in their places.

    torchvision takes any file of the right name. Those that a killed process has put
    aside are put back first.
    """
    for path in map(raw.joinpath, MNIST_FILES):
        _back(path)
    paths = map(raw.joinpath, [] if keep_unknown else MNIST_FILES)
    damaged = [path for path in paths if _unknown(path)]
    try:
        for path in damaged:
            path.rename(_aside(path))
        yield
    finally:
        for path in damaged:
            _back(path)


def _back(path: Path) -> None:
    """Put a file back that lies aside, unless another one is there in its place."""
    if path.exists():
        _aside(path).unlink(missing_ok=True)
    elif _aside(path).exists():
        _aside(path).rename(path)


def _unknown(path: Path) -> bool:
    return path.is_file() and _digest(path.read_bytes()) not in MNIST_FILES[path.name]


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.damaged")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
