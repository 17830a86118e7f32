"""Which data there are, by name; where their files lie, and whether they are there.

Nothing here needs PyTorch, so that a run can be refused before it is loaded.
"""

import itertools
import os
from collections.abc import Iterable
from pathlib import Path

DIGITS = ("bundled", "bundled-8x8", "mnist")
LANGUAGES = ("en", "de", "fr", "it", "cs", "ru", "el", "ja")  # of the phrases
MULTI30K = ("en", "de", "fr", "cs")  # its languages
SPLITS = {"train": "train", "validation": "val", "test": "test_2016_flickr"}

# The SHA-256 digests of the four uncompressed files, and what each one is. The
# second set of training images lost the grey value 1: 0.05 % of its pixels read 0.
MNIST_FILES = {
    "train-images-idx3-ubyte": {
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db": "official",
        "b61ffb6f513fd9ff8d89824731f6b4ed7863c759c33056d701efb8412469fb04": (
            "rendition without the grey value 1"
        ),
    },
    "train-labels-idx1-ubyte": {
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5": "official",
    },
    "t10k-images-idx3-ubyte": {
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7": "official",
    },
    "t10k-labels-idx1-ubyte": {
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2": "official",
    },
}
# The SHA-256 digests of the uncompressed files: 29,000, 1,014 and 1,000 lines.
MULTI30K_SHA256 = {
    "train.en": "460a15fbd157e34a7a9957ee388c1ca247fe47af3ef25fb50442af6c274e0fc6",
    "train.de": "2c2b73fd2b548fbcde3a875e0a78d6ee94d498bfdee6bd3eae3945779e9ddf72",
    "train.fr": "5925a3c18f1587b6b54b87743106e6e8ab93618edb6f65d19eac0621f853a10d",
    "train.cs": "2be68b38c8d586ff4f54eb13cc6e1baaaa053695b3f070d3038303a47f2268da",
    "val.en": "1f2a23d992769b5b3d209b0a10dd0b77c08cceb1f20dfb97ed0aafa49d107227",
    "val.de": "660e09eb7e1da2f856ea13ee5ad3cf6d36b3d5b0b733c857e94c5747a3dfc660",
    "val.fr": "5304e444d842e962b2dda4d816b70b22a1765b15401642b7ca37a67477e708dc",
    "val.cs": "d53827e469b0a1ca8d57e9e26b2b64c4bc4b33f5479c7b03ae87ae5c882c3e33",
    "test_2016_flickr.en": (
        "399a4382932c1aadd3ceb9bef1008d388a64c76d4ae4e9d4728c6f4301cac182"
    ),
    "test_2016_flickr.de": (
        "4be6b5b3236b79c25475c6bb829800a7ce559e9ba7a1f6c2394fe4d40be46d16"
    ),
    "test_2016_flickr.fr": (
        "cb3160d69b002bb638e66cc7612fcd56cb0af82eadc9c142dedc438afb885ef6"
    ),
    "test_2016_flickr.cs": (
        "45adb85f688de8407fddcbe1b36dca15d12aab868149b337e2576f2d6d2ff8d8"
    ),
}

# What helps where files that were accepted as they are cannot be used.
OFFICIAL = "fetch the official files with --download, without --accept-unknown-data"


class DataError(Exception):
    """A data file is missing or not what it should be; the message says what to do."""


class CorpusError(Exception):
    """Texts are missing or not what they should be; the message says what to do."""


def folder_of(data: str | Path | None) -> Path:
    """The folder that holds all data: this one, or the environment's, or ``data``."""
    return Path(data or os.environ.get("CHECKED_GRADIENTS_DATA") or "data")


def require_mnist(data: str | Path | None) -> None:
    """Raises DataError for the first file of MNIST that cannot be read."""
    for file in MNIST_FILES:
        path = folder_of(data) / "MNIST" / "raw" / file
        try:
            path.open("rb").close()
        except OSError as error:
            raise unread_mnist(path, error) from None


def require_multi30k(data: str | Path | None, languages: Iterable[str]) -> None:
    """Raises CorpusError for the first of these files that cannot be read."""
    for split, language in itertools.product(SPLITS.values(), languages):
        path = folder_of(data) / "multi30k" / f"{split}.{language}.gz"
        try:
            path.open("rb").close()
        except OSError as error:
            raise unread_multi30k(path, error) from None


def unread_mnist(path: Path, error: OSError) -> DataError:
    """What to say of a file of MNIST that cannot be read."""
    return DataError(
        f"cannot read {path} ({error.strerror}): set CHECKED_GRADIENTS_DATA or "
        "--data to the folder that holds MNIST/raw/*-ubyte, or let torchvision "
        "fetch MNIST with --download"
    )


def unread_multi30k(path: Path, error: OSError) -> CorpusError:
    """The same of a file of Multi30k."""
    return CorpusError(
        f"cannot read {path} ({error.strerror}): set CHECKED_GRADIENTS_DATA or "
        "--data to the folder that holds multi30k/<split>.<language>.gz, or fetch "
        "Multi30k with --download"
    )
