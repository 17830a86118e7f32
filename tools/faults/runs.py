"""Small runs of all kinds, how each ends undisturbed, and the data that two need."""

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from torchvision.datasets import MNIST

from lib.data import catalogue, corpora
from lib.experiments.kinds import KINDS
from lib.experiments.table import EXPERIMENTS
from lib.training import checkpoints, records

from .processes import Said

VAE = "hidden=8 latents=2 nll_samples=3 nll_images=20 epochs=3 figure_epochs=1"
TRANSLATOR = "width=8 hidden=8 heads=2 epochs=3 beam=1 averaged=1 warmup=2"
# About a second of work each, with several checkpoints.
SETTINGS = {
    "vae-digits": f"{VAE} batch_size=500",
    "iwae-mnist-k5": "digits=bundled-8x8 samples=2 hidden=8 latents=2 stages=2 "
    "batch_size=500 nll_samples=3 nll_images=20",
    "gan-digits": "epochs=3 noise=4 generator_widths=8 discriminator_widths=8 "
    "batch_size=500 samples=40 figure_epochs=1",
    "translate-phrases": f"{TRANSLATOR} languages=en,de batch_tokens=4000",
    "norms-phrases": "variants=post depths=1 warmups=0,1 steps=2 profile_steps=0 "
    "width=8 hidden=8 heads=2",
    "vae-mnist": VAE,
    "translate-multi30k-en-de": f"{TRANSLATOR} encoder_layers=1 decoder_layers=1 "
    "vocabulary=300 packed=false",
}
FETCHED = ("vae-mnist", "translate-multi30k-en-de")
BUNDLED = tuple(name for name in SETTINGS if name not in FETCHED)


def command(name: str, out: Path, *more: str) -> list[str]:
    """The arguments of a small run, whose files lie in ``out``."""
    sets = [part for text in SETTINGS[name].split() for part in ("--set", text)]
    return ["run", name, *sets, "--out", str(out), *more]


def files(name: str, out: Path) -> records.RunFiles:
    """What the run leaves."""
    return records.run_files(out, name, 0)


def result(name: str, out: Path, said: Said) -> dict[str, Any]:
    """All that a run gave: equal for two runs that agree to the bit.

    Times are left out, and the commit, which may change while faults are tried. Empty
    where a file is missing or cannot be read.
    """
    record, checkpoint, samples = files(name, out)
    try:
        found = records.read(record)
        state = checkpoints.read(checkpoint)
    except Exception:  # whatever it is, it is not the result
        return {}
    found.pop("seconds")
    del found["provenance"]["started"], found["provenance"]["commit"]
    state["history"].pop("seconds")
    return {
        "printed": said.out,
        "record": found,
        "checkpoint": hashlib.sha256(_bytes_of(state)).hexdigest(),
        "samples": samples.read_bytes() if samples.exists() else b"",
        "files": sorted(path.name for path in out.iterdir()),
    }


def _bytes_of(value: Any) -> bytes:
    """A state as bytes that two states share if and only if they are equal."""
    if hasattr(value, "numpy"):
        return repr((value.dtype, value.shape)).encode() + value.numpy().tobytes()
    if isinstance(value, dict):
        return b"{%s}" % b",".join(
            repr(key).encode() + b":" + _bytes_of(part) for key, part in value.items()
        )
    if isinstance(value, list):
        return b"[%s]" % b",".join(map(_bytes_of, value))
    return repr(value).encode()


def phases(name: str) -> dict[str, Callable[..., Any]]:
    """The functions in which a run of a kind can be killed."""
    kind = KINDS[type(EXPERIMENTS[name].run)]
    named: dict[str, Callable[..., Any]] = {
        "training": kind.train,
        "judging": kind.evaluate,
        "a checkpoint": checkpoints.save,
        "a record": records.write,
    }
    if kind.figure:
        named["a picture"] = records.write_figure
    if name in FETCHED:
        named["a download"] = kind.load
    return named


# -------------------------------------------------------------------------------- data


def write_mnist(folder: Path, rng: Random) -> None:
    """Four files of a MNIST of 60 and 20 images, as torchvision fetches them."""
    for part, count in (("train", 60), ("t10k", 20)):
        pixels = rng.randbytes(count * 784)
        labels = bytes(rng.randrange(10) for _ in range(count))
        sizes = b"".join(size.to_bytes(4) for size in (count, 28, 28))
        for kind, content in (
            ("images-idx3", b"\0\0\x08\x03" + sizes + pixels),
            ("labels-idx1", b"\0\0\x08\x01" + count.to_bytes(4) + labels),
        ):
            path = folder / f"{part}-{kind}-ubyte.gz"
            path.write_bytes(gzip.compress(content, mtime=0))


def write_multi30k(folder: Path, rng: Random) -> None:
    """Sentences in two languages, word by word the same."""
    words = {"en": ["a", "dog", "man", "cat", "runs", "sits"]}
    words["de"] = ["ein", "Hund", "Mann", "Katze", "rennt", "sitzt"]
    for file, lines in (("train", 60), ("val", 12), ("test_2016_flickr", 12)):
        drawn = [[rng.randrange(6) for _ in range(5)] for _ in range(lines)]
        for language, named in words.items():
            text = "".join(" ".join(named[n] for n in line) + " .\n" for line in drawn)
            path = folder / f"{file}.{language}.gz"
            path.write_bytes(gzip.compress(text.encode(), mtime=0))


def served_from(address: str, sound: Path) -> Callable[[], None]:
    """What lets a process fetch its data there, and take those in ``sound``."""
    fetched = {path.name: path.read_bytes() for path in sound.iterdir()}
    digests = {
        name.removesuffix(".gz"): hashlib.sha256(gzip.decompress(content)).hexdigest()
        for name, content in fetched.items()
    }

    def patch() -> None:
        corpora.MULTI30K_URL = address
        MNIST.mirrors = [f"{address}/"]
        MNIST.resources = [
            (f"{name}.gz", hashlib.md5(fetched[f"{name}.gz"]).hexdigest())
            for name in catalogue.MNIST_FILES
        ]
        for name, digest in digests.items():
            if name in catalogue.MNIST_FILES:
                catalogue.MNIST_FILES[name] = {digest: "official"}
            else:
                catalogue.MULTI30K_SHA256[name] = digest

    return patch


def place_data(sound: Path, data: Path) -> None:
    """Put the files where a run that fetches nothing looks for them."""
    (data / "MNIST" / "raw").mkdir(parents=True)
    (data / "multi30k").mkdir()
    for path in sound.iterdir():
        if path.stem in catalogue.MNIST_FILES:
            content = gzip.decompress(path.read_bytes())
            (data / "MNIST" / "raw" / path.stem).write_bytes(content)
        else:
            (data / "multi30k" / path.name).write_bytes(path.read_bytes())
