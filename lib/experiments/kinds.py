"""What each kind of run is loaded, trained, judged, drawn and kept by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from lib.data import digits
from lib.data.catalogue import OFFICIAL, DataError
from lib.data.digits import Digits
from lib.training.engine import Capture, Precision
from lib.training.loop import History

from . import translation
from .configurations import (
    GANRun,
    IWAERun,
    NormsRun,
    PlaneRun,
    TranslationRun,
    VAERun,
)
from .gan import evaluate_gan, require_enough, train_gan
from .iwae import evaluate_iwae, train_iwae
from .norms import judge_norms, train_norms
from .samples import samples_figure
from .translation import evaluate_translator, train_translator
from .vae import evaluate_vae, keep_plane, train_vae

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def load_digits(
    run: VAERun | IWAERun | GANRun, data: str | Path | None, **options: bool
) -> Digits:
    """The run's digits. Raises DataError, also where they are too few for it."""
    found = digits.load(run.digits, data, **options)
    if len(found.test_images) < 2:
        raise DataError(
            f"one held-out image is too few for an interval, in {found.source}: "
            f"{OFFICIAL}"
        )
    if isinstance(run, GANRun):
        require_enough(run, found)
    return found


@dataclass(frozen=True)
class Kind:
    """What a type of configuration is loaded, trained, judged, drawn and kept by."""

    load: Callable[..., Any]
    train: Callable[..., tuple[Any, History]]
    evaluate: Callable[..., dict[str, Any]]
    figure: Callable[[History], Figure] | None = None
    keep: Callable[..., dict[str, Any]] | None = None  # of the model, for the record
    # How a CUDA GPU can run its steps, the fastest run first, and with which products.
    captures: Callable[[Any], tuple[Capture, ...]] = lambda run: ()
    precisions: tuple[Precision, ...] = ("float32",)


A_VAE = Kind(
    load_digits,
    train_vae,
    evaluate_vae,
    samples_figure,
    captures=lambda run: ("graph", "compile"),
    precisions=get_args(Precision),
)
KINDS = {
    VAERun: A_VAE,
    PlaneRun: replace(A_VAE, keep=keep_plane),
    IWAERun: Kind(
        load_digits,
        train_iwae,
        evaluate_iwae,
        captures=lambda run: ("graph",),
        precisions=get_args(Precision),
    ),
    GANRun: Kind(
        load_digits,
        train_gan,
        evaluate_gan,
        samples_figure,
        captures=lambda run: ("graph",),
        precisions=("float32", "tf32"),  # its products by hand keep one type
    ),
    TranslationRun: Kind(
        translation.load,
        train_translator,
        evaluate_translator,
        captures=lambda run: ("graph", "compile") if run.packed else (),
        precisions=get_args(Precision),
    ),
    NormsRun: Kind(translation.load, train_norms, judge_norms),
}
