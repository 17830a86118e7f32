"""What each kind of run is loaded, trained, judged, drawn and kept by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lib.data import digits
from lib.data.digits import Digits
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
from .gan import evaluate_gan, train_gan
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
    return digits.load(run.digits, data, **options)


@dataclass(frozen=True)
class Kind:
    """What a type of configuration is loaded, trained, judged, drawn and kept by."""

    load: Callable[..., Any]
    train: Callable[..., tuple[Any, History]]
    evaluate: Callable[..., dict[str, Any]]
    figure: Callable[[History], Figure] | None = None
    keep: Callable[..., dict[str, Any]] | None = None  # of the model, for the record


KINDS = {
    VAERun: Kind(load_digits, train_vae, evaluate_vae, samples_figure),
    PlaneRun: Kind(load_digits, train_vae, evaluate_vae, samples_figure, keep_plane),
    IWAERun: Kind(load_digits, train_iwae, evaluate_iwae),
    GANRun: Kind(load_digits, train_gan, evaluate_gan, samples_figure),
    TranslationRun: Kind(translation.load, train_translator, evaluate_translator),
    NormsRun: Kind(translation.load, train_norms, judge_norms),
}
