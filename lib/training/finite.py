"""What is no longer finite in a training, and where: for the line that it ends with."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .errors import TrainingError


class NotFiniteError(Exception):
    """A scalar that is not finite; in which step, from 1 on, and with which parameter.

    ``parameter`` is the first one that is not finite either, if there is one.
    """

    def __init__(
        self, name: str, value: float, parameter: str, step: int | None = None
    ) -> None:
        self.name, self.value = name, value
        self.parameter, self.step = parameter, step

    def in_step(self, step: int | None) -> "NotFiniteError":
        """The same, in the step of this number, if it is known."""
        return NotFiniteError(self.name, self.value, self.parameter, step)


def require_finite(
    scalars: Mapping[str, Tensor | float], parts: Mapping[str, Any]
) -> None:
    """Raise NotFiniteError for the first scalar that is not finite.

    Those of an accelerator are not waited for: an epoch's means tell of them.
    """
    for name, value in scalars.items():
        if isinstance(value, Tensor) and value.device.type != "cpu":
            continue
        number = float(value.detach() if isinstance(value, Tensor) else value)
        if not math.isfinite(number):
            raise NotFiniteError(name, number, spoilt(parts))


def require_whole(parts: Mapping[str, Any]) -> None:
    """Raise NotFiniteError, of no scalar, where a parameter is not finite."""
    if name := spoilt(parts):
        raise NotFiniteError("", math.nan, name)


def spoilt(parts: Mapping[str, Any]) -> str:
    """The name of the parts' first parameter that is not finite, or nothing."""
    found = {
        name: value.isfinite().all()
        for part, stateful in parts.items()
        if not isinstance(stateful, torch.optim.Optimizer)
        for name, value in _tensors(stateful.state_dict(), part)
    }
    if not found:
        return ""
    finite = torch.stack(list(found.values())).tolist()  # an accelerator's at once
    return next((n for n, whole in zip(found, finite, strict=True) if not whole), "")


def _tensors(state: Any, name: str) -> Iterator[tuple[str, Tensor]]:
    """The tensors in a state, with their places in it."""
    if isinstance(state, Tensor):
        yield name, state
    elif isinstance(state, Mapping | list):
        items = state.items() if isinstance(state, Mapping) else enumerate(state)
        for key, value in items:
            yield from _tensors(value, f"{name}.{key}" if name else str(key))


def require_means(
    means: Mapping[str, float],
    parts: Mapping[str, Any],
    find: Callable[[], int | None],
) -> dict[str, float]:
    """The means. Raises NotFiniteError where one is none, of the step that is found."""
    try:
        require_finite(means, parts)
    except NotFiniteError as error:
        raise error.in_step(find()) from None
    return dict(means)


def first_step(steps: Iterable[Mapping[str, Tensor]]) -> int | None:
    """The number of the first step with a scalar that is not finite, from 1 on."""
    for number, scalars in enumerate(steps, start=1):
        if not all(map(math.isfinite, map(float, scalars.values()))):
            return number
    return None


def in_words(
    error: NotFiniteError, epoch: int, begun: int, checkpoint: Path | None
) -> TrainingError:
    """What a training ends with in an epoch, counted from 1.

    ``begun`` is the number of the epoch from whose checkpoint it went on, or 0.
    """
    why = f"{error.parameter} is not" if error.parameter else "all parameters are"
    when = f"in step {error.step} of" if error.step else "after"
    what = f"the {error.name} is {error.value}, and " if error.name else ""
    said = f"{when} epoch {epoch} {what}{why} finite"
    if checkpoint is None or epoch == 1:
        return TrainingError(f"{said}: try a smaller learning rate")
    if begun == epoch - 1:
        return TrainingError(
            f"{said}: {checkpoint}, from which it went on, may be damaged: start anew "
            "with --overwrite, and should it end so again, with a smaller learning rate"
        )
    return TrainingError(
        f"{said}: {checkpoint} is as it was before; start anew with --overwrite and a "
        "smaller learning rate"
    )
