"""Files that are accepted as they are: a run, or one line before it begins."""

import gzip

import numpy as np
import pytest

from lib.__main__ import main
from tests.shared.effort import sampled

SMALL = ["--set", "hidden=4", "--set", "latents=2", "--set", "nll_samples=2"]
VAE = ["run", "vae-mnist", "--epochs", "1", *SMALL]
IWAE = ["run", "iwae-mnist-k1", "--set", "stages=1", *SMALL]
GAN = [
    *("run", "gan-mnist", "--set", "epochs=1", "--set", "generator_widths=4"),
    *("--set", "discriminator_widths=4", "--set", "samples=30"),
]
TINY = ["--set", "vocabulary=300", "--set", "width=8", "--set", "heads=2"]
TRANSLATE = [
    *("run", "translate-multi30k-en-de", "--epochs", "1", *TINY),
    *("--set", "encoder_layers=1", "--set", "decoder_layers=1", "--set", "averaged=1"),
]
NORMS = [
    *("run", "norms-multi30k", "--set", "variants=post", "--set", "depths=1", *TINY),
    *("--set", "steps=2", "--set", "profile_steps=0"),
]


def idx(array):
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def mnist(folder, train, test, label=None, shape=(-1,)):
    """So many images; of one label where it is given."""
    random, raw = np.random.default_rng(0), folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, count in (("train", train), ("t10k", test)):
        images = random.integers(0, 256, (count, 28, 28))
        labels = random.integers(0, 10, count)
        if label is not None:
            labels = np.full(count, label)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels.reshape(shape)))


def sentences(folder, train, validation, test, text="a man with number {} walks"):
    """So many lines of a text, in both languages."""
    (folder / "multi30k").mkdir(parents=True)
    parts = {"train": train, "val": validation, "test_2016_flickr": test}
    for part, count in parts.items():
        content = gzip.compress("".join(f"{text}\n" * count).encode())
        for language in ("en", "de"):
            path = folder / "multi30k" / f"{part}.{language}.gz"
            path.write_bytes(content)


def run(command, folder, capsys):
    """The status, and the error line; nothing may be left where there is one."""
    out = folder / command[1]
    options = ["--accept-unknown-data", "--data", str(folder), "--out", str(out)]
    status = main([*command, *options])
    captured = capsys.readouterr()
    if status:
        line = captured.err.splitlines()[-1]
        assert line.startswith("error: ")
        assert "--download" in line or "shorten it" in line
        assert not out.exists() or not any(out.iterdir())
        return status, line
    return status, ""


IMAGES = [
    ((1, 1), {}, {"vae-mnist", "iwae-mnist-k1", "gan-mnist"}),
    ((2, 1), {}, {"vae-mnist", "iwae-mnist-k1", "gan-mnist"}),
    ((1, 2), {}, {"gan-mnist"}),
    ((3, 50), {}, {"gan-mnist"}),
    ((60, 30), {"label": 3}, {"gan-mnist"}),
    ((60, 30), {"label": 12}, {"vae-mnist", "iwae-mnist-k1", "gan-mnist"}),
    ((60, 30), {"shape": (-1, 1, 1)}, {"vae-mnist", "iwae-mnist-k1", "gan-mnist"}),
    ((0, 5), {}, {"vae-mnist", "iwae-mnist-k1", "gan-mnist"}),
    ((5, 0), {}, {"vae-mnist", "iwae-mnist-k1", "gan-mnist"}),
    ((50, 3), {}, set()),
]


@pytest.mark.parametrize(("sizes", "options", "refuse"), IMAGES)
def test_few_or_odd_images_are_learnt_or_refused(
    tmp_path, capsys, sizes, options, refuse
):
    mnist(tmp_path, *sizes, **options)
    for command in sampled([VAE, IWAE, GAN], 2, str(sizes)):
        status, line = run(command, tmp_path, capsys)
        assert bool(status) == (command[1] in refuse), line


@pytest.mark.parametrize(
    ("counts", "text", "said"),
    [
        ((0, 2, 2), "one", r"train.*.gz hold no line"),
        ((2, 0, 2), "one", r"val.*.gz hold no line"),
        ((2, 2, 0), "one", r"test_2016_flickr.*.gz hold no line"),
        ((5, 9, 9), "word " * 300, "line 1 of en has 301 tokens, and the network tak"),
        ((1, 1, 1), "one", ""),
        ((20, 3, 7), "a man walks", ""),
        ((20, 9, 9), "", ""),
        ((20, 9, 9), " \t\u2028\0", ""),
    ],
)
def test_few_or_odd_sentences_are_learnt_or_refused(
    tmp_path, capsys, counts, text, said
):
    sentences(tmp_path, *counts, text)
    for command in (TRANSLATE, NORMS):
        status, line = run(command, tmp_path, capsys)
        assert bool(status) == bool(said), line
        assert said in line
