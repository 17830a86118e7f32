"""What a function of this wing takes: each check names the argument in its error.

They look at values, so they stand where values enter: at the door of a closed form, of
a model or of a training, not in each step of one.
"""

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
