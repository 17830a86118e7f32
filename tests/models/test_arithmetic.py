"""Elementary functions that keep their digits, against mpmath with enough of them."""

import math

import mpmath
import pytest
import torch
from mpmath import mpf

from lib.models import arithmetic

DTYPES = (torch.float32, torch.float64)
UNITS = 8  # in the last place


def are_right(found: torch.Tensor, truths: list[mpf]) -> None:
    eps = torch.finfo(found.dtype).eps
    for value, truth in zip(found.tolist(), truths, strict=True):
        assert abs(value - truth) <= UNITS * eps * abs(truth)


@pytest.mark.parametrize("dtype", DTYPES)
def test_u_less_its_logarithm_keeps_its_digits_without_it_where_u_is_small(dtype):
    small = [-0.49, -0.4, -0.1, -1e-7, 1e-12, 1e-3, 0.25, 0.4, 0.4999]
    half_u = torch.tensor(small, dtype=dtype).div(2).requires_grad_()
    unknown = torch.full_like(half_u, math.nan)
    found = arithmetic.half_excess(half_u, unknown)
    (slope,) = torch.autograd.grad(found.sum(), half_u)
    with mpmath.workdps(50):
        u = [2 * mpf(value) for value in half_u.tolist()]
        are_right(found, [(x - mpmath.log1p(x)) / 2 for x in u])
        are_right(slope, [x / (1 + x) for x in u])


def test_where_u_is_not_small_the_logarithm_is_taken_as_it_is():
    half_u = torch.tensor([-0.375, -0.25, 0.25, 3.0], requires_grad=True)
    half_log = torch.tensor([-1.0, -2.0, 5.0, 0.5], requires_grad=True)
    found = arithmetic.half_excess(half_u, half_log)
    assert found.tolist() == [0.625, 1.75, -4.75, 2.5]
    by_both = torch.autograd.grad(found.sum(), (half_u, half_log))
    assert [by.tolist() for by in by_both] == [[1.0] * 4, [-1.0] * 4]


@pytest.mark.parametrize(
    ("dtype", "largest"), [(torch.float32, 89.0), (torch.float64, 710.0)]
)
def test_half_of_expm1_is_right_also_where_the_exponential_is_out_of_range(
    dtype, largest
):
    values = [-50.0, -1.0, -1e-10, 0.0, 1e-10, 0.5, 2.0, 10.0, 20.5, 30.0, 40.5]
    values.append(largest)
    t = torch.tensor(values, dtype=dtype, requires_grad=True)
    assert t.detach().exp().isinf().tolist() == [False] * 11 + [True]
    found = arithmetic.half_expm1(t)
    (slope,) = torch.autograd.grad(found.sum(), t)
    with mpmath.workdps(400):
        at = list(map(mpf, t.tolist()))
        are_right(found, [mpmath.expm1(x) / 2 for x in at])
        are_right(slope[1:], [mpmath.exp(x) / 2 for x in at[1:]])


def test_a_distance_in_deviations_is_right_wherever_it_is_in_range():
    pairs = [(3.0, 0.7), (-2.0, -5.0), (1e-38, -340.0), (1e38, 340.0), (0.0, -1e4)]
    d, log_variance = map(torch.tensor, zip(*pairs, strict=True))
    with mpmath.workdps(50):
        each = zip(d.tolist(), log_variance.tolist(), strict=True)
        truths = [mpf(x) * mpmath.exp(-mpf(log) / 2) for x, log in each]
        are_right(arithmetic.scaled(d, log_variance), truths)


@pytest.mark.parametrize("shapes", [((3,), (3,)), ((2, 1), (3,)), ((), (2, 2))])
def test_its_derivatives_are_those_of_differences(shapes):
    draw = torch.Generator().manual_seed(1)
    inputs = [
        torch.randn(shape, generator=draw, dtype=torch.float64).requires_grad_()
        for shape in shapes
    ]
    form = arithmetic.scaled
    assert torch.autograd.gradcheck(form, inputs, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(form, inputs)


@pytest.mark.parametrize("dtype", [*DTYPES, torch.bfloat16])
def test_a_difference_out_of_range_is_given_by_half(dtype):
    most = torch.finfo(dtype).max
    a = torch.tensor([most, most, 5.0], dtype=dtype)
    b = torch.tensor([-most, most, 3.0], dtype=dtype)
    found, share = arithmetic.difference(a, b)
    assert found.tolist() == [most, 0.0, 2.0]
    assert share.tolist() == [0.5, 1.0, 1.0]
    assert found.dtype == share.dtype == dtype
