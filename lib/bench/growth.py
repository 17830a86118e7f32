"""How do time and memory grow? ``python -m lib.bench.growth FILE.json``

A step of training, or an estimate without gradients, is measured at several sizes, all
else being as the table of cases says. Each size runs in a process of its own, whose
peak of resident memory is read from Linux's /proc: from what is there when model and
data are, to the highest point of the first step. Where memory grows faster than it
must, the way that keeps it low stands beside the plain one. The JSON has every point,
and the exponents: the slopes of the logarithms over the upper half of the sizes.
"""

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import cross_entropy

from lib.models import vae
from lib.models.config import TransformerConfig
from lib.models.transformer import Transformer, token_loss
from lib.models.vae import VAE, VAEConfig
from lib.training import records
from lib.training.engine import prepare

SEED = 0
COLUMNS = 4  # of the picture
SHOWN = (("seconds", 1, "seconds a step"), ("bytes", 2**20, "MiB above the start"))
STEPS = 5  # timed after the first
MIB = 2**20
LEAST = {"seconds": 1e-6, "bytes": 4096}  # a step that needs no new page has no log

Step = Callable[[], object]


class Case(NamedTuple):
    """What grows, over which sizes, and a step at a size."""

    grows: str
    way: str
    sizes: tuple[int, ...]
    step: Callable[[int], Step]


def vae_step(
    batch: int = 128, samples: int | None = None, hidden: int = 512, layers: int = 1
) -> Step:
    """A step of the VAE, or of the importance-weighted one with so many samples."""
    config = VAEConfig(hidden=hidden, layers=layers)
    model, images = VAE(config), torch.rand(batch, 784)
    optimiser = torch.optim.Adam(model.parameters(), fused=True)
    source = torch.Generator().manual_seed(SEED)

    def step() -> None:
        if samples is None:
            loss = vae.loss(model, images, source)["loss"]
        else:
            loss = vae.iwae_loss(model, images, samples, source)["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return step


def likelihood_step(samples: int, chunked: bool) -> Step:
    """The NLL of one image, with all its samples at once or in chunks."""
    model, image = VAE(), torch.rand(1, 784).round()
    source = torch.Generator().manual_seed(SEED)
    chunk = None if chunked else samples
    return lambda: vae.log_likelihood(model, image, samples, source, chunk=chunk)


def translator_step(
    vocabulary: int = 1000, length: int = 16, rows: int = 64, **options: bool
) -> Step:
    """A step of a translator of width 128, with two blocks on each side."""
    fused, in_chunks = options.get("fused", True), options.get("in_chunks", True)
    model = Transformer(TransformerConfig(vocabulary, longest=length + 1))
    optimiser = torch.optim.Adam(model.parameters(), fused=True)
    source = torch.randint(4, vocabulary, (rows, length))
    target = torch.randint(4, vocabulary, (rows, length + 1))

    def loss() -> Tensor:
        stream = model.decode(target[:, :-1], model.encode(source))
        flat, labels = stream.flatten(0, 1), target[:, 1:].flatten()
        if in_chunks:
            return token_loss(flat, model.embedding.weight, labels)
        return cross_entropy(model.logits(flat), labels)

    def step() -> None:
        with nullcontext() if fused else sdpa_kernel(SDPBackend.MATH):
            value = loss()
        optimiser.zero_grad()
        value.backward()
        optimiser.step()

    return step


SAMPLES = (1000, 2000, 4000, 8000, 16000)
VOCABULARIES = (1000, 2000, 4000, 8000, 16000)
LENGTHS = (32, 64, 128, 256, 512)
CASES = {
    "vae-width": Case(
        "VAE: hidden units",
        "",
        (128, 256, 512, 1024, 2048),
        lambda n: vae_step(hidden=n),
    ),
    "vae-depth": Case(
        "VAE: hidden layers", "", (1, 2, 4, 8, 16), lambda n: vae_step(layers=n)
    ),
    "vae-batch": Case(
        "VAE: images in a batch", "", (128, 256, 512, 1024, 2048), vae_step
    ),
    "iwae-samples": Case(
        "IWAE: K", "", (4, 8, 16, 32, 64), lambda n: vae_step(samples=n)
    ),
    "nll-at-once": Case(
        "NLL: K", "all at once", SAMPLES, lambda n: likelihood_step(n, False)
    ),
    "nll-in-chunks": Case(
        "NLL: K", "in chunks", SAMPLES, lambda n: likelihood_step(n, True)
    ),
    "logits-at-once": Case(
        "translator: vocabulary",
        "all logits",
        VOCABULARIES,
        lambda n: translator_step(vocabulary=n, in_chunks=False),
    ),
    "logits-in-chunks": Case(
        "translator: vocabulary",
        "in chunks",
        VOCABULARIES,
        lambda n: translator_step(vocabulary=n),
    ),
    "attention-plain": Case(
        "translator: tokens in a row",
        "plain attention",
        LENGTHS,
        lambda n: translator_step(length=n, rows=8, fused=False),
    ),
    "attention-fused": Case(
        "translator: tokens in a row",
        "fused attention",
        LENGTHS,
        lambda n: translator_step(length=n, rows=8),
    ),
}


# --------------------------------------------------------------------------- measuring


def resident(field: str) -> int:
    """Bytes of this process's memory: ``VmRSS`` now, ``VmHWM`` at its highest."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"/proc/self/status has no {field}")


def measured(case: Case, size: int) -> dict[str, Any]:
    """One point: the size, seconds a step, and bytes above what was there before."""
    prepare(SEED)
    step = case.step(size)
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the highest point is now
    step()
    memory = resident("VmHWM") - before
    seconds = []
    for _ in range(STEPS):
        started = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - started)
    return {"size": size, "seconds": median(seconds), "bytes": memory}


def in_a_process(name: str, size: int) -> dict[str, Any]:
    """``measured`` in a process of its own, where no earlier step has left memory."""
    command = [sys.executable, "-m", "lib.bench.growth", "--point", name, str(size)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    point: dict[str, Any] = json.loads(done.stdout)
    return point


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The slope of log value over log size in the upper half, by least squares."""
    half = len(sizes) // 2
    x = [math.log(size) for size in sizes[half:]]
    y = [math.log(value) for value in values[half:]]
    centre = sum(x) / len(x)
    across = sum((a - centre) * b for a, b in zip(x, y, strict=True))
    return across / sum((a - centre) ** 2 for a in x)


def grown(
    name: str, measure: Callable[[str, int], dict[str, Any]] = in_a_process
) -> dict[str, Any]:
    """A case's points, with the exponents of its time and of its memory."""
    case = CASES[name]
    points = [measure(name, size) for size in case.sizes]
    return {"grows": case.grows, "way": case.way, "points": points} | {
        f"exponent_of_{kind}": exponent(
            case.sizes, [max(LEAST[kind], point[kind]) for point in points]
        )
        for kind in ("seconds", "bytes")
    }


def main(arguments: list[str]) -> int:
    """Measure all cases and write them; or, for itself, print a single point."""
    parser = argparse.ArgumentParser(prog="python -m lib.bench.growth")
    parser.add_argument("file", type=Path, nargs="?", default=Path("growth.json"))
    parser.add_argument("--point", nargs=2, metavar=("CASE", "SIZE"))
    given = parser.parse_args(arguments)
    if given.point:
        name, size = given.point
        print(json.dumps(measured(CASES[name], int(size))))
        return 0
    if not Path("/proc/self/clear_refs").exists():
        parser.error("memory is read from /proc, which this system does not have")
    try:
        records.make_folder(given.file.parent)
        prepare(SEED)
        cases = {}
        for name in CASES:
            cases[name] = grown(name)
            print(line(cases[name]), flush=True)
        where = records.provenance(torch.device("cpu"))
        records.write(given.file, {"provenance": where, "cases": cases})
        records.write_figure(given.file.with_suffix(".png"), figure(cases))
    except records.RecordError as error:
        parser.error(str(error))
    return 0


def figure(cases: dict[str, dict[str, Any]]) -> Figure:
    """Time above and memory below, over the size; bands of columns for what grows."""
    grows = list(dict.fromkeys(case["grows"] for case in cases.values()))
    limits = {kind: _limits(cases, kind, unit) for kind, unit, _ in SHOWN}
    bands = -(-len(grows) // COLUMNS)
    drawn = Figure(figsize=(2.3 * COLUMNS, 4.4 * bands), layout="constrained")
    panels = drawn.subplots(2 * bands, COLUMNS, squeeze=False)
    for axes in panels.flat:
        axes.set_visible(False)
    for case in cases.values():
        band, column = divmod(grows.index(case["grows"]), COLUMNS)
        sizes = [point["size"] for point in case["points"]]
        for row, (kind, unit, unit_name) in enumerate(SHOWN):
            axes = panels[2 * band + row, column]
            axes.set_visible(True)
            axes.set_ylim(*limits[kind])
            values = [max(LEAST[kind], point[kind]) / unit for point in case["points"]]
            axes.loglog(sizes, values, marker="o", label=case["way"] or None)
            axes.set_title(case["grows"] if row == 0 else "", fontsize="small")
            ends = [sizes[0], sizes[-1]]
            axes.set_xticks(ends, [f"{size:,}" for size in ends], minor=False)
            axes.xaxis.set_minor_locator(NullLocator())
            if case["way"]:
                axes.legend(fontsize="x-small")
            if column == 0:
                axes.set_ylabel(unit_name)
    return drawn


def _limits(
    cases: dict[str, dict[str, Any]], kind: str, unit: int
) -> tuple[float, float]:
    """An axis on which all of the cases' values have their place."""
    points = [point[kind] for case in cases.values() for point in case["points"]]
    return max(LEAST[kind], min(points)) / unit / 1.5, max(points) / unit * 1.5


def line(case: dict[str, Any]) -> str:
    """What grew, how fast, and how far."""
    last = case["points"][-1]
    return (
        f"{case['grows']:28} {case['way']:16} to {last['size']:6}: "
        f"time ~ n^{case['exponent_of_seconds']:.2f} ({last['seconds']:.3f} s), "
        f"memory ~ n^{case['exponent_of_bytes']:.2f} ({last['bytes'] / MIB:.0f} MiB)"
    )


if __name__ == "__main__":  # pragma: no cover
    sys.exit(main(sys.argv[1:]))
