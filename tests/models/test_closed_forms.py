"""The closed forms over the whole of their types, against mpmath with enough digits."""

import math
import random

import mpmath
import pytest
import torch
from mpmath import mpf

from lib.models import gaussian
from tests.shared.effort import examples

DTYPES = (torch.float32, torch.float64, torch.bfloat16)


def kl(mean_p, log_p, mean_q, log_q):
    ratio = log_p - log_q
    squares = (mean_q - mean_p) ** 2 * mpmath.exp(-log_q)
    return (mpmath.expm1(ratio) - ratio + squares) / 2


def kl_of_stds(mean_p, std_p, mean_q, std_q):
    squares = std_p**2 + (mean_q - mean_p) ** 2
    return mpmath.log(std_q / std_p) + squares / (2 * std_q**2) - mpf(1) / 2


def log_density(x, mean, std):
    return (
        -mpmath.log(std) - mpmath.log(2 * mpmath.pi) / 2 - ((x - mean) / std) ** 2 / 2
    )


def log_density_diagonal(x, mean, log_variance):
    squares = (x - mean) ** 2 * mpmath.exp(-log_variance)
    return -(squares + log_variance + mpmath.log(2 * mpmath.pi)) / 2


# What each argument is, and the truth. Those in EXACT are right to 16 units, the others
# to as many times their condition number.
FORMS = {
    "density": ("x x std", lambda *a: mpmath.exp(log_density(*a))),
    "log_density": ("x x std", log_density),
    "log_density_diagonal": ("x x log", log_density_diagonal),
    "kl_univariate": ("x std x std", kl_of_stds),
    "kl_diagonal": ("x log x log", kl),
    "kl_to_standard_normal": ("x log", lambda m, v: kl(m, v, mpf(0), mpf(0))),
    "entropy": (
        "std",
        lambda s: mpmath.log(s) + (1 + mpmath.log(2 * mpmath.pi)) / 2,
    ),
    "entropy_diagonal": (
        "log",
        lambda v: (v + 1 + mpmath.log(2 * mpmath.pi)) / 2,
    ),
}
EXACT = ("kl_univariate", "kl_to_standard_normal", "entropy")


def rounded(value: float, dtype: torch.dtype) -> float:
    most = torch.finfo(dtype).max
    return float(torch.tensor(min(max(value, -most), most), dtype=dtype))


def drawn(rng: random.Random, kind: str, dtype: torch.dtype) -> float:
    """A number of the kind: anywhere in its type, at an end of it, or a usual one."""
    about = torch.finfo(dtype)
    least = about.tiny * about.eps
    where, sign = rng.random(), rng.choice([-1, 1])
    if kind == "log" and where < 0.3:
        ends = (0.0, 88.7, 89.0, 200.0, 1400.0, about.max, about.eps)
        return rounded(sign * rng.choice(ends), dtype)
    if where < 0.3:
        value = rng.choice((about.max, about.tiny, least, 1.0))
    elif where < 0.6:
        top = math.log(2 * math.log(about.max) if kind == "log" else about.max)
        value = math.exp(rng.uniform(math.log(least), top))
    else:
        value = math.exp(rng.gauss(0, 1))
    return rounded(value if kind == "std" else sign * value, dtype)


def arguments(rng: random.Random, kinds: list[str], dtype: torch.dtype) -> list[float]:
    """Numbers of these kinds; of two of a kind the second is often near the first."""
    values: list[float] = []
    for i, kind in enumerate(kinds):
        values.append(drawn(rng, kind, dtype))
        if kind in kinds[:i] and rng.random() < 0.6:
            near = rng.choice((0.0, rng.choice([-1, 1]) * 10 ** rng.uniform(-17, 0)))
            values[i] = rounded(values[kinds.index(kind)] * (1 + near), dtype)
            values[i] = values[i] or values[kinds.index(kind)]
    return values


def unit(truth: mpf, dtype: torch.dtype) -> mpf:
    """One in the last place of the truth, at least the type's least number."""
    about = torch.finfo(dtype)
    least = mpf(about.tiny) * about.eps
    if not truth:
        return least
    exponent = int(mpmath.floor(mpmath.log(abs(truth), 2)))
    return max(mpmath.ldexp(mpf(about.eps), exponent), least)


def digits(dtype: torch.dtype) -> int:
    """As many as there are from the least to the largest number, squared, and more."""
    about = torch.finfo(dtype)
    decades = math.log10(about.max) - math.log10(about.tiny * about.eps)
    return round(2.5 * decades) + 60


def slope(truth, values: list[mpf], i: int) -> mpf:
    """The derivative at ``values`` by the i-th of them, to a fifth of the digits."""
    tiny = mpf(10) ** -(mpmath.mp.dps // 5)
    step = abs(values[i]) * tiny or tiny**2
    moved = [*values[:i], values[i] + step, *values[i + 1 :]]
    return (truth(*moved) - truth(*values)) / step


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FORMS)
def test_a_closed_form_keeps_its_digits_over_its_whole_type(name, dtype):
    kinds, truth = FORMS[name][0].split(), FORMS[name][1]
    rng = random.Random(f"{name} {dtype}")
    most = mpf(torch.finfo(dtype).max)
    with mpmath.workdps(digits(dtype)):
        for _ in range(examples(60)):
            given = arguments(rng, kinds, dtype)
            tensors = [
                torch.tensor([v], dtype=dtype, requires_grad=True) for v in given
            ]
            found = getattr(gaussian, name)(*tensors)
            value, values = float(found.detach()), list(map(mpf, given))
            exact = truth(*values)
            assert not math.isnan(value), given
            assert value >= 0 or not name.startswith("kl"), given
            if abs(exact) > most:
                assert abs(value) >= most * (1 - torch.finfo(dtype).eps), given
                continue
            slopes = [slope(truth, values, i) for i in range(len(values))]
            error = abs(value - exact) / unit(exact, dtype)
            if name not in EXACT and error > 16 and exact:
                pairs = zip(values, slopes, strict=True)
                error /= max(1, sum(abs(v * s) for v, s in pairs) / abs(exact))
            assert error <= (16 if name in EXACT else 16 + 2), (
                given,
                mpmath.nstr(exact, 20),
                value,
            )
            found.sum().backward()
            for tensor, by in zip(tensors, slopes, strict=True):
                if abs(by) < most / 2 and abs(exact) < most / 2:
                    assert tensor.grad is not None
                    assert tensor.grad.isfinite().all(), (given, mpmath.nstr(by, 9))


def near_pairs(size: int, dtype: torch.dtype, seed: int):
    """Two Gaussians, further and further apart, from the same one on."""
    draw = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=draw, dtype=torch.float64)

    for apart in (0.0, 1e-6, 1e-3, 0.3):
        factor, change = normal(size, size) / size**0.5, normal(size, size) / size
        p = factor @ factor.mT + 0.1 * torch.eye(size, dtype=torch.float64)
        root = torch.linalg.cholesky(p)
        bend = torch.eye(size, dtype=torch.float64) + apart * (change + change.mT) / 2
        q = (root @ bend @ root.mT).to(dtype) if apart else p.to(dtype)
        p, mean = p.to(dtype), normal(size).to(dtype)
        moved = mean + (apart * normal(size)).to(dtype)
        yield apart, (mean, (p + p.mT) / 2, moved, (q + q.mT) / 2)


def full_truths(mean_p, p, mean_q, q) -> dict[str, mpf]:
    p, q = (mpmath.matrix(m.tolist()) for m in (p, q))
    d = mpmath.matrix(mean_q.tolist()) - mpmath.matrix(mean_p.tolist())

    def log_det(matrix):
        root = mpmath.cholesky(matrix)
        return 2 * sum(mpmath.log(root[i, i]) for i in range(root.rows))

    def trace(matrix):
        return sum(matrix[i, i] for i in range(matrix.rows))

    between = log_det(q) - log_det(p)
    kl = trace(q**-1 * p) - p.rows + (d.T * q**-1 * d)[0] + between
    narrow = 2 * q - p
    chi = (between + log_det(q) - log_det(narrow)) / 2 + (d.T * narrow**-1 * d)[0]
    values, vectors = mpmath.eigsy(p)
    root = vectors * mpmath.diag([mpmath.sqrt(v) for v in values]) * vectors.T
    inner = mpmath.eigsy(root * q * root, eigvals_only=True)
    overlap = sum(mpmath.sqrt(max(v, 0)) for v in inner)
    return {
        "kl_full": kl / 2,
        "chi_squared_full": mpmath.expm1(chi),
        "squared_wasserstein_full": (d.T * d)[0] + trace(p) + trace(q) - 2 * overlap,
    }


@pytest.mark.parametrize("dtype", DTYPES[:2])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_full_divergence_keeps_its_digits_between_near_equals(size, dtype):
    eps = torch.finfo(dtype).eps
    for apart, pair in near_pairs(size, dtype, seed=size):
        with mpmath.workdps(60):
            truths = full_truths(*pair)
        spread = float(torch.linalg.cond(pair[1]))
        scale = float(pair[1].trace() + pair[0].square().sum()) + size
        for name, truth in truths.items():
            found = getattr(gaussian, name)(*pair)
            assert found >= 0, (name, apart)
            # Moved by a rounding of theirs, what is quadratic in the distance of its
            # arguments moves by its root times that.
            off = (16 + 2 * size**0.5) * eps * spread**0.5
            near = 2 * math.sqrt(max(truth, 0) * scale) * off + scale * off**2
            assert abs(float(found) - truth) <= near, (name, apart, truth)


@pytest.mark.parametrize("dtype", DTYPES[:2])
@pytest.mark.parametrize("size", [1, 3, 20, 300])
def test_nothing_is_far_from_itself_nor_less(size, dtype):
    """The divergences of p from itself: 0, or less than a squared rounding."""
    for seed in range(8 if size < 300 else 1):
        draw = torch.Generator().manual_seed(seed)
        factor = torch.randn(size, size, generator=draw, dtype=dtype)
        covariance = factor @ factor.mT + 0.1 * torch.eye(size, dtype=dtype)
        covariance = (covariance + covariance.mT) / 2
        pair = (factor[0], covariance, factor[0], covariance)
        assert gaussian.kl_full(*pair) == 0
        assert gaussian.chi_squared_full(*pair) == 0
        distance = gaussian.squared_wasserstein_full(*pair)
        rounding = size * torch.finfo(dtype).eps
        assert 0 <= distance <= 10 * rounding**2 * covariance.trace()


def test_a_thousand_dimensions_in_float32_are_as_good_as_their_condition():
    for _, pair in near_pairs(1000, torch.float32, seed=0):
        exact = gaussian.kl_full(*(t.double() for t in pair))
        found = gaussian.kl_full(*pair).double()
        spread = float(torch.linalg.cond(pair[1]))
        off = (16 + 2 * 1000**0.5) * torch.finfo(torch.float32).eps * spread**0.5
        assert found >= 0
        assert abs(found - exact) <= 2 * (exact * 1000).sqrt() * off + 1000 * off**2


@pytest.mark.parametrize("times", [1.0, 2.0, 0.25])
def test_wasserstein_gradient_is_finite_where_eigenvalues_repeat(times):
    """By P = I, against Q = times I, it is I - T with T = sqrt(times) I."""
    one, zero = torch.eye(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
    p, q = one.clone().requires_grad_(), (times * one).requires_grad_()
    gaussian.squared_wasserstein_full(zero, p, zero, q).backward()
    root = math.sqrt(times)
    torch.testing.assert_close(p.grad, (1 - root) * one)
    torch.testing.assert_close(q.grad, (1 - 1 / root) * one)


@pytest.mark.parametrize(
    "name", ["kl_full", "chi_squared_full", "squared_wasserstein_full"]
)
def test_gradients_of_full_divergences_are_those_of_differences(name):
    draw = torch.Generator().manual_seed(3)
    a, b = torch.randn(2, 3, 3, generator=draw, dtype=torch.float64)
    means = torch.randn(2, 3, generator=draw, dtype=torch.float64)

    def value(mean_p, a, mean_q, b):
        p = a @ a.mT + torch.eye(3, dtype=torch.float64)
        return getattr(gaussian, name)(mean_p, p, mean_q, 2 * p + b @ b.mT)

    inputs = [t.clone().requires_grad_() for t in (means[0], a, means[1], b)]
    assert torch.autograd.gradcheck(value, inputs)


def test_second_and_forward_derivatives_of_the_scaled_distance():
    draw = torch.Generator().manual_seed(4)
    inputs = torch.randn(3, 2, 3, generator=draw, dtype=torch.float64).unbind()
    inputs = [value.clone().requires_grad_() for value in inputs]
    form = gaussian.log_density_diagonal
    assert torch.autograd.gradcheck(form, inputs, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(form, inputs)


def test_chi_squared_of_the_largest_covariances():
    """2 Q is out of range, what is computed of it is not."""
    large = torch.full((1, 1), torch.finfo(torch.float32).max)
    zero = torch.zeros(1)
    found = gaussian.chi_squared_full(zero, large * 0.5, zero, large)
    assert float(found) == pytest.approx((1 - 0.25) ** -0.5 - 1, rel=1e-5)


def test_a_mixture_far_out_is_computed_row_by_row():
    x = torch.tensor([[1e4], [1e4 + 1], [3e19]])
    mean, log_variance = torch.tensor([[1e4], [1e4 + 2]]), torch.full((2, 1), -4.0)
    found = gaussian.log_density_mixture(x, mean, log_variance)
    exact = gaussian.log_density_diagonal(
        x.double()[:, None], mean.double(), log_variance.double()
    ).logsumexp(-1) - math.log(2)
    torch.testing.assert_close(found[:2].double(), exact[:2], rtol=1e-5, atol=1e-5)
    assert found[2] == -math.inf or found[2] < -1e38


@pytest.mark.parametrize("mean", [0.0, 1e6])
def test_a_mixtures_density_of_no_rows_is_empty(mean):
    parts = torch.full((3, 2), mean), torch.zeros(3, 2)
    assert gaussian.log_density_mixture(torch.zeros(0, 2), *parts).shape == (0,)


def test_a_mixture_with_means_far_out_is_computed_row_by_row_too():
    x, log_variance = torch.zeros(1, 2), torch.zeros(3, 2)
    mean = torch.tensor([[1e5, 1], [1e5, 2], [1e5, 3]]) / 3
    each = gaussian.log_density_diagonal(x[:, None], mean, log_variance)
    found = gaussian.log_density_mixture(x, mean, log_variance)
    assert torch.equal(found, each.logsumexp(-1) - math.log(3))


def test_a_difference_that_no_float32_holds_is_one_of_so_many_deviations():
    largest = torch.finfo(torch.float32).max
    x, log_variance = torch.tensor([largest]), torch.tensor([170.0])
    found = gaussian.log_density_diagonal(x, -x, log_variance)
    exact = gaussian.log_density_diagonal(
        x.double(), -x.double(), log_variance.double()
    )
    assert float(found) == pytest.approx(float(exact), rel=1e-5)


@pytest.mark.parametrize("dtype", DTYPES[:2])
def test_entropy_keeps_its_digits_beside_its_zero(dtype):
    zero = torch.tensor(gaussian.ENTROPYS_ZERO[0], dtype=dtype)
    for std in (zero, zero.nextafter(zero * 2), zero.nextafter(zero / 2)):
        with mpmath.workdps(60):
            truth = mpmath.log(mpf(float(std)) ** 2 * 2 * mpmath.pi * mpmath.e) / 2
            off = abs(float(gaussian.entropy(std)) / truth - 1)
        assert off < 16 * torch.finfo(dtype).eps


def test_the_wider_of_two_types_is_kept():
    mean, std = torch.tensor([0.1, 2.0], dtype=torch.float64)
    found = gaussian.log_density(torch.tensor(1.0), mean, std)
    assert found.dtype == torch.float64
    truth = -math.log(2) - gaussian.LOG_2PI / 2 - 0.45**2 / 2
    assert float(found) == pytest.approx(truth, rel=1e-15)
