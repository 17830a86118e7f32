"""How an experiment is run: its data, its training, its judgement, and its record."""

import json
import math
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from matplotlib.figure import Figure
from torch import nn
from torch.nn.functional import pad

from lib.data import digits
from lib.data.digits import Digits
from lib.training import checkpoints, records, watching
from lib.training.loop import History, prepare
from lib.training.records import RecordError, RunFiles

from . import translation
from .gan import GANRun, evaluate_gan, train_gan
from .iwae import IWAERun, evaluate_iwae, train_iwae
from .norms import NormsRun, judge_norms, train_norms
from .table import Run
from .translation import TranslationRun, evaluate_translator, train_translator
from .vae import PlaneRun, VAERun, evaluate_vae, keep_plane, train_vae


def samples_figure(history: History) -> Figure:
    """64 samples after each of several epochs, drawn from the same noise.

    Ink on paper, as in all of the book: 1 is black and 0 is white.
    """
    panels = sorted((int(epoch), s) for epoch, s in history.snapshots.items())
    figure = Figure(figsize=(2.24 * len(panels), 2.5), layout="constrained")
    for axes, (epoch, images) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True
    ):
        side = math.isqrt(images.shape[1])
        square = images.view(64, side, side)
        # Digits may reach their edges: a line of grey between them.
        square = pad(square, (0, 1, 0, 1), value=96)
        side += 1
        tiles = square.view(8, 8, side, side).permute(0, 2, 1, 3)
        grid = tiles.reshape(8 * side, 8 * side).numpy()
        axes.imshow(grid, cmap="gray_r", vmin=0, vmax=255)
        axes.set_title(f"{epoch} epoch" + ("s" if epoch > 1 else ""))
        axes.set_axis_off()
    return figure


def load_digits(
    run: VAERun | IWAERun | GANRun, data: str | Path | None, **options: bool
) -> Digits:
    return digits.load(run.digits, data, **options)


@dataclass(frozen=True)
class Kind:
    """What a type of configuration is loaded, trained, judged, drawn and kept by."""

    load: Callable[..., Any]
    train: Callable[..., tuple[Any, History]]
    evaluate: Callable[..., dict[str, Any]]
    figure: Callable[[History], Figure] | None = None
    keep: Callable[..., dict[str, Any]] | None = None  # of the model, for the record
    network: Callable[[Any], nn.Module] | None = None  # whose weights may be kept


KINDS = {
    VAERun: Kind(
        load_digits, train_vae, evaluate_vae, samples_figure, network=lambda vae: vae
    ),
    PlaneRun: Kind(load_digits, train_vae, evaluate_vae, samples_figure, keep_plane),
    IWAERun: Kind(load_digits, train_iwae, evaluate_iwae, network=lambda vae: vae),
    GANRun: Kind(load_digits, train_gan, evaluate_gan, samples_figure),
    TranslationRun: Kind(
        translation.load,
        train_translator,
        evaluate_translator,
        network=lambda translator: translator.model,
    ),
    NormsRun: Kind(translation.load, train_norms, judge_norms),
}


# What happens to the files of an earlier run of the same name and seed.
Existing = Literal["refuse", "resume", "overwrite"]


def run_experiment(
    name: str,
    run: Run,
    *,
    seed: int,
    device: str | None,
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
    removes them once the data are there. ``keep_weights`` puts the trained network's
    weights into the record, for `records.unpacked_weights`; ``log`` is a folder
    in which TensorBoard finds the curves while the run trains. Raises DataError,
    CorpusError, TrainingError, RecordError.
    """

    def say(line: str) -> None:
        print(f"{name}: {line}", file=sys.stderr, flush=True)

    files = records.run_files(out, name, seed)
    finished = earlier_record(files, run, existing)
    if finished is not None:
        say(f"it is finished; record in {files.record}")
        return finished
    if log is not None:
        watching.require_package()
    generator = prepare(seed, device)  # shows early if the device is not there
    kind = KINDS[type(run)]
    if keep_weights and kind.network is None:
        raise RecordError(f"{name} has no one network: leave out --keep-weights")
    loaded = kind.load(run, data, download=download, accept_unknown=accept_unknown)
    _make_room(out, files, existing)
    say(f"{loaded.source}; {run.epochs} epochs, seed {seed}")
    record = {
        "name": name,
        "configuration": asdict(run),
        "seed": seed,
        "data": {"source": loaded.source, "sha256": loaded.sha256},
        "provenance": records.provenance(generator.device),
    }
    options: dict[str, Any] = {
        "checkpoint": files.checkpoint,
        "resume": existing == "resume",
    }
    there = existing == "resume" and files.checkpoint.exists()
    if there and (version := checkpoints.other_torch(files.checkpoint)):
        say(f"it began with torch {version}, and may end elsewhere with this one")
    started = time.perf_counter()
    with ExitStack() as watched:
        if log is not None:
            files_of_events = watching.event_files(
                log / files.record.stem, anew=not there
            )
            options["watch"] = watched.enter_context(files_of_events)
        model, history = kind.train(run, loaded, seed, device=device, **options)
    say(f"trained in {history.seconds:.0f} s")
    record |= {
        "metrics": kind.evaluate(model, run, loaded, say),
        "curves": history.curves,
        "seconds": {
            "training": history.seconds,
            "this_session": time.perf_counter() - started,
        },
    }
    if keep_weights and kind.network:
        record["weights"] = records.packed_weights(kind.network(model))
    if kind.keep:
        record["kept"] = kind.keep(model, loaded)
    if kind.figure:
        records.write_figure(files.samples, kind.figure(history))
    records.write(files.record, record)
    say(f"record in {files.record}")
    return record


def _make_room(out: Path, files: RunFiles, existing: Existing) -> None:
    """The folder, without what is to be overwritten or was never finished."""
    records.make_folder(out)
    if existing == "overwrite":
        records.remove(*files)
    if existing != "refuse":
        records.remove(*records.half_written(files))


def earlier_record(
    files: RunFiles, run: Run, existing: Existing
) -> dict[str, Any] | None:
    """The record of this very run, if it is finished and to be resumed.

    Raises RecordError where files of an earlier run are there and may not be, and
    where another run is finished and left no checkpoint to go on from.
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
    record = records.read(files.record)
    theirs, ours = record["configuration"], json.loads(json.dumps(asdict(run)))
    if theirs == ours:
        return record
    if files.checkpoint not in there:
        names = sorted(n for n in theirs | ours if theirs.get(n) != ours.get(n))
        raise RecordError(
            f"{files.record} belongs to a run with another {', '.join(names)}, and "
            f"{files.checkpoint.name} is not there: start anew with --overwrite"
        )
    return None
