"""What a function of this wing takes: each check names the argument in its error.

They look at values, so they stand where values enter: at the door of a closed form, of
a model or of a training, not in each step of one.
"""

import torch
from torch import Tensor


def require_floating(**arguments: Tensor) -> None:
    """Raises ValueError for a tensor that is not of real floating-point numbers."""
    for name, value in arguments.items():
        if not value.is_floating_point():
            raise ValueError(
                f"{name} must be a tensor of real floating-point numbers, not of "
                f"{value.dtype}"
            )


def require_finite(**arguments: Tensor) -> None:
    """Raises ValueError for a tensor that is not of finite floating-point numbers."""
    require_floating(**arguments)
    for name, value in arguments.items():
        if not bool(value.isfinite().all()):
            raise ValueError(
                f"{name} must be finite, and is not: it holds nan or an infinity"
            )


def require_rows(**arguments: Tensor) -> None:
    """Raises ValueError for a batch without a row."""
    for name, value in arguments.items():
        if value.ndim and not len(value):
            raise ValueError(f"{name} must have a row at least, and has none")


def require_count(**arguments: object) -> None:
    """Raises ValueError for what is no whole number from 1 on."""
    for name, value in arguments.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"{name} must be a whole number from 1 on, not {value!r}")


def require_tokens(rows: int | None = None, **arguments: Tensor) -> None:
    """Raises ValueError for what are not rows of whole numbers, each with a token."""
    for name, value in arguments.items():
        if value.dtype not in (torch.int32, torch.int64) or value.ndim != 2:
            raise ValueError(
                f"{name} must be rows of token numbers, (batch, places), not "
                f"{tuple(value.shape)} of {value.dtype}"
            )
        if rows is not None and len(value) != rows:
            raise ValueError(f"{name} must have {rows} rows, not {len(value)}")
        if not bool((value != 0).any(1).all()):
            raise ValueError(f"{name} must have a token in each row: one is padding")


def require_predicted(labels: Tensor) -> None:
    """Raises ValueError where of a target no token is left to predict."""
    if not len(labels):
        raise ValueError(
            "target must have a token to predict, and has only padding after the first"
        )
