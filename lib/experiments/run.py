"""How an experiment is run: its data, its training, its judgement, and its record.

What can be refused without PyTorch is refused before it is imported, which takes
seconds.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lib.data import catalogue
from lib.training import environment, locks, records, watching
from lib.training.errors import TrainingError
from lib.training.records import RecordError, RunFiles

from . import record_form
from .configurations import (
    IWAERun,
    NormsRun,
    TranslationRun,
    VAERun,
    differences,
)
from .table import Run

if TYPE_CHECKING:
    from lib.training.engine import Capture, Engine, Precision

    from .kinds import Kind

# What happens to the files of an earlier run of the same name and seed.
Existing = Literal["refuse", "resume", "overwrite"]
# The kinds that train one network by autograd, whose weights a record may keep, and
# whose steps several processes can share.
ONE_NETWORK = (VAERun, IWAERun, TranslationRun)

# What a run's memory depends on, in all kinds.
SIZES = (
    *("hidden", "latents", "noise", "generator_widths", "discriminator_widths"),
    *("width", "vocabulary", "samples", "nll_samples", "batch_size", "batch_tokens"),
)


def run_experiment(
    name: str,
    run: Run,
    *,
    seed: int,
    device: str | None = None,
    precision: Precision = "float32",
    capture: Capture | Literal["auto"] = "auto",
    data: str | Path | None,
    out: Path,
    existing: Existing = "refuse",
    download: bool = False,
    accept_unknown: bool = False,
    keep_weights: bool = False,
    log: Path | None = None,
) -> dict[str, Any]:
    """Run one experiment whole; its record, which it writes into the folder ``out``.

    Beside the record, ``NAME-seedN.json``, lie the last checkpoint and, where there are
    samples, their picture. If one of them is there already, ``existing`` says what to
    do: ``"refuse"``; ``"resume"``, which brings the run to its end from wherever it
    stands, and only returns the record of a finished one; or ``"overwrite"``, which
    removes them once the data are there. ``precision`` and ``capture`` are as
    `engine.decide` takes them. ``keep_weights`` puts the trained network's weights into
    the record, for `records.unpacked_weights`; ``log`` is a folder in which TensorBoard
    finds the curves while the run trains. Of several processes, which all call this
    alike, the first writes and judges; the others leave after the training, with the
    beginning of a record. One process at a time works on a run, and holds a lock for
    it, ``NAME-seedN.lock``. Raises DataError, CorpusError, TrainingError, RecordError.
    """
    first = environment.rank() == 0
    say = partial(_say, name) if first else _say_nothing
    files = records.run_files(out, name, seed)
    if first:
        locks.refuse_held(files)
    if finished := earlier_record(files, run, existing, keep_weights):
        say(f"it is finished; record in {files.record}")
        return finished
    _refuse_early(name, run, device, data, download, keep_weights, log)
    kind, engine = _with_pytorch(run, device, precision, capture, say)
    loaded = kind.load(run, data, download=download, accept_unknown=accept_unknown)
    record = _head(name, run, seed, loaded, engine)
    with ExitStack() as during:
        if first:
            during.enter_context(_room(files, run, existing))
        during.enter_context(_memory_of(name, run))
        say(f"{loaded.source}; {run.epochs} epochs, seed {seed}")
        record |= _trained_and_judged(
            *(kind, run, loaded, seed, files, say),
            engine=engine,
            resume=existing == "resume",
            keep_weights=keep_weights,
            log=log,
        )
        if first:
            records.write(files.record, record)
            say(f"record in {files.record}")
    return record


def _say(name: str, line: str) -> None:
    print(f"{name}: {line}", file=sys.stderr, flush=True)


def _say_nothing(line: str) -> None:
    """What the processes beside the first have to say."""


def _refuse_early(
    name: str,
    run: Run,
    device: str | None,
    data: str | Path | None,
    download: bool,
    keep_weights: bool,
    log: Path | None,
) -> None:
    """Raise TrainingError, RecordError, DataError, CorpusError for what shows at once.

    Of files of data it is whether they are there; their content is seen when read.
    """
    if log is not None:
        watching.require_package()
    if environment.processes() > 1 and not isinstance(run, ONE_NETWORK):
        raise TrainingError(f"{name} trains in one process: start it without torchrun")
    on_mps = environment.chosen_device(device).startswith("mps")
    if on_mps and isinstance(run, NormsRun) and run.double:
        raise TrainingError(
            f"{name} computes in float64, which mps has not: use cpu or cuda"
        )
    if keep_weights and type(run) not in ONE_NETWORK:
        raise RecordError(f"{name} has no one network: leave out --keep-weights")
    if download:
        return
    if isinstance(run, TranslationRun | NormsRun):
        if run.corpus == "multi30k":
            catalogue.require_multi30k(data, run.languages)
    elif run.digits == "mnist":
        catalogue.require_mnist(data)


def _with_pytorch(
    run: Run,
    device: str | None,
    precision: Precision,
    capture: Capture | Literal["auto"],
    say: Callable[[str], object],
) -> tuple[Kind, Engine]:
    """What runs it, and on what: it shows early if the device is not there."""
    environment.require_bars()
    with _loading():
        from lib.training.engine import decide

        from .kinds import KINDS
    kind = KINDS[type(run)]
    return kind, decide(
        device, precision, capture, kind.captures(run), kind.precisions, say
    )


@contextmanager
def _loading() -> Iterator[None]:
    """A context in which to import PyTorch: a fifth faster, and sooner left again.

    Its hundred thousands of objects stay to the end. To look for some that can be freed
    takes a quarter of a second while they are loaded, and as long when Python ends.
    """
    if "torch" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


@contextmanager
def _memory_of(name: str, run: Run) -> Iterator[None]:
    """Raises TrainingError, which names the largest size, where memory is not enough.

    PyTorch has no class of its own for this error on the CPU.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        words = (
            "allocate memory",
            "enough memory",
            "out of memory",
            "size calculation",
        )
        if isinstance(error, RuntimeError) and not any(w in str(error) for w in words):
            raise
        sizes = {size: getattr(run, size) for size in SIZES if hasattr(run, size)}
        largest = max(sizes, key=lambda size: _greatest(sizes[size]))
        raise TrainingError(
            f"{name} needs more memory than there is: {largest} is {sizes[largest]}, "
            "make it smaller"
        ) from None


def _greatest(size: int | tuple[int, ...]) -> int:
    return max(size, default=0) if isinstance(size, tuple) else size


def _head(
    name: str, run: Run, seed: int, loaded: Any, engine: Engine
) -> dict[str, Any]:
    """What a record says of a run before it begins."""
    return {
        "name": name,
        "configuration": asdict(run),
        "seed": seed,
        "data": {"source": loaded.source, "sha256": loaded.sha256},
        "provenance": records.provenance(engine.prepare(seed).device) | engine.about,
    }


def _trained_and_judged(
    kind: Kind,
    run: Run,
    loaded: Any,
    seed: int,
    files: RunFiles,
    say: Callable[[str], object],
    *,
    engine: Engine,
    resume: bool,
    keep_weights: bool,
    log: Path | None,
) -> dict[str, Any]:
    """What a record says of a run at its end; the samples' picture is written.

    In the processes beside the first it is nothing.
    """
    from lib.training import checkpoints

    there = resume and files.checkpoint.exists()
    if there and (version := checkpoints.other_torch(files.checkpoint)):
        say(f"it began with torch {version}, and may end elsewhere with this one")
    started = time.perf_counter()
    options: dict[str, Any] = {"checkpoint": files.checkpoint, "resume": resume}
    with ExitStack() as during:
        device = environment.chosen_device(engine.device)
        during.enter_context(engine.workers.joined(device))
        if log is not None and engine.workers.first:
            events = watching.event_files(log / files.record.stem, anew=not there)
            options["watch"] = during.enter_context(events)
        model, history = kind.train(run, loaded, seed, engine=engine, **options)
    if not engine.workers.first:
        return {}
    say(f"trained in {history.seconds:.0f} s")
    found = {
        "metrics": kind.evaluate(model, run, loaded, say),
        "curves": history.curves,
        "seconds": {
            "training": history.seconds,
            "this_session": time.perf_counter() - started,
        },
    }
    if keep_weights:
        network = model.model if isinstance(run, TranslationRun) else model
        found["weights"] = records.packed_weights(network)
    if kind.keep:
        found["kept"] = kind.keep(model, loaded)
    if kind.figure:
        records.write_figure(files.samples, kind.figure(history))
    return found


@contextmanager
def _room(files: RunFiles, run: Run, existing: Existing) -> Iterator[None]:
    """The folder, without what is to be overwritten or was never finished.

    No other process works on the same run meanwhile. Raises RecordError where one does,
    or has finished it since the files were looked for.
    """
    records.make_folder(files.record.parent)
    with locks.held(files):
        if earlier_record(files, run, existing):
            raise RecordError(
                f"{files.record} was finished by another process meanwhile: the same "
                "command again shows it"
            )
        if existing == "overwrite":
            records.remove(*files)
        if existing != "refuse":
            records.remove(*records.half_written(files))
        yield


def earlier_record(
    files: RunFiles, run: Run, existing: Existing, keep_weights: bool = False
) -> dict[str, Any] | None:
    """The record of this very run, if it is finished and to be resumed.

    Raises RecordError where files of an earlier run are there and may not be, where
    another run is finished and left no checkpoint to go on from, and where the record
    should keep weights and does not.
    """
    # Path.exists raises where a folder may not be entered: make_folder says so better.
    there = [file for file in files if os.path.exists(file)]
    if existing == "refuse" and there:
        raise RecordError(
            f"{there[0]} is there already: --resume goes on with that run, "
            "--overwrite starts anew in its place"
        )
    if existing != "resume" or files.record not in there:
        return None
    record = record_form.read(files.record)
    own = records.run_files(files.record.parent, record["name"], record["seed"])
    if own != files:
        raise RecordError(
            f"{files.record} is the record of {record['name']} with seed "
            f"{record['seed']}: give it that name, or start anew with --overwrite"
        )
    names = differences(record["configuration"], run)
    if not names:
        if keep_weights and "weights" not in record:
            raise RecordError(
                f"{files.record} is finished and keeps no weights: leave out "
                "--keep-weights, or start anew with --overwrite"
            )
        return record
    if files.checkpoint not in there:
        raise RecordError(
            f"{files.record} belongs to a run with another {', '.join(names)}, and "
            f"{files.checkpoint.name} is not there: start anew with --overwrite"
        )
    return None
