"""Elementary functions that keep their digits, for closed forms.

Where a formula subtracts what is nearly equal, or multiplies what is too large by what
is too small, its value is right on paper and wrong in a computer. These are not: each
element is right to a few units in the last place over the whole of its type.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

TERMS = 18  # of a series in y^2 <= 1/9: as many as float64 has digits
NARROW = 0.5  # where |u| is less, u - log(1 + u) is taken from the series


def half_excess(
    half_u: Float[Tensor, "*#shape"], half_log: Float[Tensor, "*#shape"]
) -> Float[Tensor, "*shape"]:
    """(u - log(1 + u)) / 2, never negative, given half of u and of the logarithm.

    The latter serves where u is not small. With y = u / (2 + u) it is artanh(y), and

        u - log(1 + u) = y (u - 2 (y^2/3 + y^4/5 + ...)),

    in which nothing cancels.
    """
    narrow = 2 * half_u.abs() < NARROW
    small = torch.where(narrow, half_u, 0.0)
    y = small / (1 + small)
    square = y * y
    series = torch.zeros_like(y)
    for k in range(TERMS, 0, -1):
        series = (series + 1 / (2 * k + 1)) * square
    return torch.where(narrow, y * (small - series), half_u - half_log)


def half_expm1(t: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """(exp(t) - 1) / 2, also where exp(t) itself is out of range."""
    large = t > 40  # where 1 is less than a rounding, in float64 too
    low, high = torch.where(large, 0.0, t), torch.where(large, t, 0.0)
    # Two factors, each with a gradient of its own: their sum may be out of range.
    product = (high / 2).exp() * ((high / 2).exp() / 2)
    return torch.where(large, product, low.expm1() / 2)


class _Scaled(torch.autograd.Function):
    """d exp(-l / 2), whose derivative by d is itself one."""

    generate_vmap_rule = True

    @staticmethod
    def forward(d: Tensor, log_variance: Tensor) -> Tensor:
        # The root of 1 / deviation, twice, for that itself may be out of range where
        # the product is not. Finite, so that 0 times it is 0: where it would not be,
        # the square of any other product is out of range, too.
        most = torch.finfo(log_variance.dtype).max
        root = (-log_variance / 4).exp().clamp(max=most)
        return (d * root) * root

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.shapes = [value.shape for value in inputs]
        ctx.save_for_backward(inputs[1], output)
        ctx.save_for_forward(inputs[1], output)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        log_variance, z = ctx.saved_tensors
        by_both = scaled(gradient, log_variance), (-gradient / 2) * z
        by_d, by_log_variance = map(Tensor.sum_to_size, by_both, ctx.shapes)
        return by_d, by_log_variance

    @staticmethod
    def jvp(ctx: Any, d: Tensor, log_variance: Tensor) -> Tensor:
        at, z = ctx.saved_tensors
        return scaled(d, at) - z * (log_variance / 2)


def scaled(
    d: Float[Tensor, "*#shape"], log_variance: Float[Tensor, "*#shape"]
) -> Float[Tensor, "*shape"]:
    """d exp(-log_variance / 2): a distance in standard deviations.

    Finite wherever the truth is, and so are its gradients; 0 where d is 0.
    """
    z: Tensor = _Scaled.apply(d, log_variance)
    return z


def difference(
    a: Float[Tensor, "*#shape"], b: Float[Tensor, "*#shape"]
) -> tuple[Float[Tensor, "*shape"], Float[Tensor, "*shape"]]:
    """a - b times a share, and the share: 1, or a half where a - b is out of range."""
    share = torch.where((a - b).isinf(), 0.5, 1.0).to(a.dtype)
    return a * share - b * share, share
