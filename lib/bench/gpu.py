"""How fast is training on a GPU, and is it the same? ``make gpu``, in some minutes.

Each model's captured step is held against the plain one, loss by loss, and its speed
against three others: the bare matrix products of its steps, captured as well, which are
the limit; the plain loop; and what a user would write instead. Without a CUDA GPU it
says so and ends.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from lib.data.catalogue import CorpusError
from lib.experiments import translation
from lib.experiments.configurations import GANRun, TranslationRun
from lib.experiments.gan import new_gan
from lib.experiments.table import EXPERIMENTS, PEER
from lib.experiments.translation import Encoded
from lib.models import vae
from lib.models.gan import AutogradPlayers, Players
from lib.models.packing import Packed
from lib.models.transformer import Transformer
from lib.models.vae import VAE
from lib.training.capture import Graph
from lib.training.engine import Capture, Engine, Precision
from lib.training.loop import History, Training, run_epochs, shuffled, train
from lib.training.records import provenance

from .digits import SEED, SIZES, Pictures, Products, training_images
from .peer import Example

STEPS = 50  # whose losses are compared
MOST_APART = {"graph": 1e-4, "compile": 1e-3}  # relative, of any of them
EPOCHS = 3  # the fastest counts: the first are for compiling and capturing

# A training on the device: an engine and a clock to the losses of its epochs.
Trained = Callable[[Engine, "Clock", int], list[float]]


def main(arguments: list[str]) -> int:
    """Measure the parts that are asked for; a table in JSON, 1 if losses differ."""
    parser = argparse.ArgumentParser(prog="python -m lib.bench.gpu")
    parser.add_argument("--json", type=Path, help="write the table there, too")
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART")
    options = parser.parse_args(arguments)
    if not torch.cuda.is_available():
        print("no CUDA GPU on this machine: nothing was measured", file=sys.stderr)
        return 0
    found: dict[str, Any] = {"device": provenance(torch.device("cuda"))}
    for name in options.parts:
        started = time.perf_counter()
        found[name] = PARTS[name]()
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
        if options.json:
            options.json.write_text(table(found) + "\n")
    print(table(found))
    wrong = [line for name in options.parts for line in differences(name, found[name])]
    for line in wrong:
        print(line, file=sys.stderr)
    return int(bool(wrong))


def table(found: dict[str, Any]) -> str:
    return json.dumps(rounded(found), indent=1)


def rounded(value: Any) -> Any:
    """Numbers to four digits, in a table of tables."""
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


def differences(name: str, found: dict[str, Any]) -> list[str]:
    """A line for each way to run the steps whose losses are others than the plain."""
    return [
        f"{name}: {capture} gives losses {apart:.1e} from those of plain steps"
        for capture, apart in found["apart"].items()
        if not apart <= MOST_APART[capture]
    ]


class Clock:
    """The seconds of each epoch, as what `loop.run_epochs` calls after it."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.start()

    def start(self) -> None:
        torch.cuda.synchronize()
        self.started = time.perf_counter()

    def __call__(self, history: History) -> dict[str, float]:
        torch.cuda.synchronize()
        self.seconds.append(time.perf_counter() - self.started)
        self.start()
        return {}


def apart(
    trained: Trained, captures: Sequence[Capture] = ("graph", "compile")
) -> dict[Capture, float]:
    """How far captured losses are from plain ones, the greatest relative difference.

    An epoch must be one step here.
    """
    plain = trained(Engine("cuda"), Clock(), STEPS)
    found: dict[Capture, float] = {}
    for capture in captures:
        theirs = trained(Engine("cuda", capture=capture), Clock(), STEPS)
        pairs = zip(plain, theirs, strict=True)
        found[capture] = max(abs(a - b) / abs(a) for a, b in pairs)
    return found


def epoch_seconds(
    trained: Trained, engines: list[tuple[Precision, Capture]]
) -> dict[str, float]:
    """The shortest epoch, and under ``first`` the first one, for each engine."""
    found = {}
    for precision, capture in engines:
        clock = Clock()
        trained(Engine("cuda", precision, capture), clock, EPOCHS)
        found[f"{capture} {precision}"] = min(clock.seconds)
        found[f"{capture} {precision}, first"] = clock.seconds[0]
    return found


def captured_seconds(work: Callable[[], object], times: int = 20) -> float:
    """How long some launches take as a graph, again and again."""
    generator = torch.Generator("cuda")

    def once(inputs: tuple[Tensor, ...]) -> Tensor:
        work()
        return torch.zeros((), device="cuda")

    once(())
    graph = Graph(once, (), generator, torch.cuda.graph_pool_handle())
    for _ in range(2):
        graph.replay(())
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(times):
        graph.replay(())
    torch.cuda.synchronize()
    return (time.perf_counter() - started) / times


# --------------------------------------------------------------------------------- VAE


def vae_part() -> dict[str, Any]:
    """`vae-mnist-peer`: seconds an epoch."""
    images = training_images().cuda()

    def trained(data: Tensor, engine: Engine, clock: Clock, epochs: int) -> list[float]:
        generator = engine.prepare(SEED)
        model = VAE(SIZES).cuda()
        loss = partial(vae.loss, loss_of=engine.compiled(vae.loss_of))
        settings = Training(epochs, PEER.batch_size, PEER.learning_rate)
        clock.start()
        history = train(
            model, data, loss, settings, generator, engine=engine, after_epoch=clock
        )
        return history.curves["loss"]

    engines: list[tuple[Precision, Capture]] = [
        ("float32", "off"),
        ("float32", "graph"),
        ("tf32", "graph"),
        ("float32", "compile"),
    ]
    return {
        "unit": "seconds an epoch of 60,000 images",
        "apart": apart(partial(trained, images[: PEER.batch_size])),
        "ours": epoch_seconds(partial(trained, images), engines),
        "products": {
            "float32": vae_products(len(images), "float32"),
            "tf32": vae_products(len(images), "tf32"),
        },
        "PyTorch's example, 8 workers": example_seconds(images.cpu()),
    }


def vae_products(images: int, precision: Precision) -> float:
    """The seconds of an epoch's bare products, captured."""
    Engine("cuda", precision).prepare(SEED)
    with torch.device("cuda"):
        products = Products(images)
    return captured_seconds(products.epoch, times=5)


def example_seconds(images: Tensor, device: str = "cuda", workers: int = 8) -> float:
    """An epoch of PyTorch's example, `peer.Example`, with a DataLoader's workers."""
    model = Example().to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=PEER.learning_rate)
    loader = DataLoader(
        Pictures(images),
        PEER.batch_size,
        shuffle=True,
        num_workers=workers,
        pin_memory=device == "cuda",
    )
    started = time.perf_counter()
    for batch, _ in loader:
        optimiser.zero_grad()
        loss = model(batch.to(device))
        loss.backward()
        loss.item()  # as its running total does
        optimiser.step()
    return time.perf_counter() - started


# --------------------------------------------------------------------------------- GAN


def gan_part() -> dict[str, Any]:
    """A GAN's step, its backward pass by hand, and by autograd: seconds a step."""
    steps = 500
    real = torch.rand(PEER.batch_size * steps, SIZES.pixels, device="cuda")

    def trained(
        kind: type[Players] | type[AutogradPlayers],
        data: Tensor,
        engine: Engine,
        clock: Clock,
        epochs: int,
    ) -> list[float]:
        generator = engine.prepare(SEED)
        players = kind(new_gan(GANRun(), SIZES.pixels, generator), generator)
        clock.start()
        history = run_epochs(
            players.step,
            players.parts,
            shuffled(data, PEER.batch_size),
            Training(epochs, PEER.batch_size),
            generator,
            engine=engine,
            after_epoch=clock,
        )
        return history.curves["loss"]

    def a_step(kind: Any, *engines: tuple[Precision, Capture]) -> dict[str, float]:
        found = epoch_seconds(partial(trained, kind, real), list(engines))
        return {name: s / steps for name, s in found.items() if "first" not in name}

    return {
        "unit": "seconds a step",
        "apart": apart(partial(trained, Players, real[: PEER.batch_size]), ["graph"]),
        "by hand": a_step(
            Players,
            ("float32", "off"),
            ("float32", "graph"),
            ("tf32", "graph"),
        ),
        "by autograd": a_step(AutogradPlayers, ("float32", "off")),
    }


# -------------------------------------------------------------------------- translator


def translator_part() -> dict[str, Any]:
    """`translate-multi30k-en-de` in training: target tokens a second, and its limit."""
    run = EXPERIMENTS["translate-multi30k-en-de"].run
    assert isinstance(run, TranslationRun)
    try:
        data = translation.load(run, None)
    except CorpusError:
        run = replace(run, corpus="phrases", languages=("en", "de"))
        data = translation.load(run, None)
    tokeniser = translation.new_tokeniser(run, data)
    encoded = Encoded(run, tokeniser, data.train)
    size = tokeniser.get_vocab_size()
    trained = partial(trained_translator, size)
    place = torch.device("cuda")
    packed = translation.batches_of(replace(run, packed=True), encoded, place)
    assert isinstance(packed, Packed)
    plain = replace(run, packed=False, batch_tokens=4096)
    tokens = sum(len(e) + 1 for e in encoded.tokens[run.languages[1]])
    bucket = copy(packed.buckets[len(packed.buckets) // 2])
    bucket.batches, bucket.taken = 1, bucket.rows
    one = Packed([bucket])
    dry = replace(run, packed=True, dropout=0.0)
    engines: list[tuple[Precision, Capture]] = [
        ("bf16", "graph"),
        ("bf16", "compile"),
    ]
    seconds = epoch_seconds(
        partial(trained, replace(run, packed=True), packed), engines
    )
    clock = Clock()
    unpacked = translation.batches_of(plain, encoded, place)
    trained(plain, unpacked, Engine("cuda"), clock, 1)
    return {
        "unit": "target tokens a second, padding left out",
        "batch_tokens": run.batch_tokens,
        "targets": tokens,
        "padding": packed_places(packed) / tokens,
        "apart": apart(partial(trained, dry, one), ["graph"]),
        "ours": {n: tokens / s for n, s in seconds.items() if "first" not in n},
        "seconds of the first epoch": {
            n: s for n, s in seconds.items() if "first" in n
        },
        "plain, 4,096 places a batch, float32": tokens / min(clock.seconds),
        "products": tokens / packed_products(run, size, packed),
    }


def trained_translator(
    size: int,
    run: TranslationRun,
    batches: Any,
    engine: Engine,
    clock: Clock,
    epochs: int,
) -> list[float]:
    """The losses of a new network's epochs, with a vocabulary of ``size``."""
    generator = engine.prepare(SEED)
    model = Transformer(run.architecture(size)).cuda().train()
    optimiser, schedule = translation.new_optimiser(model, run, steps=1000)
    step = translation.new_step(run, model, optimiser, engine)
    clock.start()
    history = run_epochs(
        step,
        {"model": model, "optimiser": optimiser},
        batches,
        Training(epochs),
        generator,
        engine=engine,
        after_step=schedule.step,
        after_epoch=clock,
    )
    return history.curves["loss"]


def packed_places(packed: Packed) -> int:
    """Target places of an epoch that predict a token or are padding."""
    return sum(b.batches * b.rows * (b.target.shape[1] - 1) for b in packed.buckets)


def packed_products(run: TranslationRun, size: int, packed: Packed) -> float:
    """The seconds of an epoch's bare products in bf16, captured, shape by shape.

    A step makes each product of the forward pass once, and two like it backward.
    """
    seconds = 0.0
    d, h = run.width, run.hidden
    for bucket in packed.buckets:
        s, t = (
            bucket.rows * n
            for n in (bucket.source.shape[1], bucket.target.shape[1] - 1)
        )
        sizes = run.encoder_layers * [(s, d, d)] * 4
        sizes += run.decoder_layers * ([(t, d, d)] * 6 + [(s, d, d)] * 2)
        sizes += run.encoder_layers * [(s, d, h), (s, h, d)]
        sizes += run.decoder_layers * [(t, d, h), (t, h, d)]
        sizes.append((t, d, size))
        pairs = [
            (a, b)
            for n, k, m in sizes
            for a, b in (((n, k), (k, m)), ((n, m), (m, k)), ((k, n), (n, m)))
        ]
        shapes = {shape for pair in pairs for shape in pair}
        ready = {
            shape: torch.randn(shape, device="cuda", dtype=torch.bfloat16)
            for shape in shapes
        }
        work = [(ready[a], ready[b]) for a, b in pairs]
        seconds += bucket.batches * captured_seconds(partial(multiply, work), times=5)
    return seconds


def multiply(pairs: list[tuple[Tensor, Tensor]]) -> None:
    for a, b in pairs:
        torch.mm(a, b)


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "vae": vae_part,
    "gan": gan_part,
    "translator": translator_part,
}

if __name__ == "__main__":  # pragma: no cover (it needs a GPU)
    sys.exit(main(sys.argv[1:]))
