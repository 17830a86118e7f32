"""How fast is a whole run, with its start and its end? Part of ``make bench``.

Three epochs of ``vae-mnist-peer`` as one command, and of PyTorch's usual example of a
VAE (``peer.py``) as another, in turns. Both read MNIST's files; without them there is
nothing to compare.
"""

import os
import subprocess
import sys
import tempfile
from functools import partial

from lib.data import digits
from lib.data.catalogue import DataError

from .digits import timed
from .result import Result, speedup

ROUNDS = 3
EPOCHS = 3
LEAST_SPEEDUP = 3.5


def checks() -> list[Result]:
    """The speed-up of whole processes; nothing where MNIST is not there."""
    try:
        digits.load("mnist")
    except DataError as error:
        print(f"whole processes are not compared: {error}", file=sys.stderr)
        return []
    data = os.environ.get("CHECKED_GRADIENTS_DATA") or "data"
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            theirs.append(timed(partial(run, "lib.bench.peer", data, folder)))
            ours.append(timed(partial(run, "lib", *command(folder))))
    name = f"{EPOCHS} epochs of a VAE as a whole process"
    unit = "times as fast as PyTorch's example"
    return [speedup(name, unit, ours, theirs, LEAST_SPEEDUP)]


def command(out: str) -> list[str]:
    """The run, without the long estimate of the likelihood, which the peer lacks."""
    few = ["--set", "nll_images=2", "--set", "nll_samples=2"]
    return ["run", "vae-mnist-peer", "--epochs", str(EPOCHS), *few, "--out", out]


def run(module: str, *arguments: str) -> None:
    """``python -m module``; raises CalledProcessError where it fails."""
    subprocess.run(
        [sys.executable, "-m", module, *arguments],
        check=True,
        capture_output=True,
    )
