"""The value of an expression, worked out in floating point and in the plainest way.

A judge for mutants, so it shares nothing with the code that decides equalities:
Gaussian expectations are sums over the nodes of Gauss and Hermite, unknown laws are
laws on three points, unknown functions are fixed waves, gradients are difference
quotients.
"""

import functools
import itertools
import math
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp
from scipy import integrate, special

SUPPORT = (-1.1, 0.4, 0.9)  # of every law that is only a name
SIZES = {"D": 2, "M": 3, "K": 2, "p": 2}
SIZES |= {
    "l": 1,
    "L": 4,
    "d": 3,
    "B": 4,
    "n_0": 3,
    "n_1": 2,
    "n_2": 4,
    "n_3": 3,
    "n_4": 2,
}
SIZE_OF_INDEX = {"d": "D", "m": "M", "k": "K"}
STEP = 1e-3


def near(a: Any, b: Any) -> bool:
    """Whether two values agree to six digits; values of unequal shapes do not."""
    if np.shape(a) != np.shape(b):
        return False
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-3)
    return bool(np.all(np.abs(np.subtract(a, b)) <= 1e-6 * scale))


def order(error: Callable[[float], float]) -> float:
    """The power of t with which ``error(t)`` shrinks as t does."""
    coarse, fine = error(1e-2), error(1e-3)
    return float("inf") if fine < 1e-14 else np.log10(coarse / fine)


def small(variables: Sequence[sp.Symbol], t: float) -> dict[str, float]:
    """Values for variables that all go to zero like t, none like another."""
    return {v.name: t * (0.7 + 0.4 * i) for i, v in enumerate(variables)}


def _gauss_hermite(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights, without those too light to count and too far to evaluate."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    heavy = weights > 1e-20
    return nodes[heavy], weights[heavy] / weights[heavy].sum()


NODES, WEIGHTS = _gauss_hermite(90)
FEW_NODES, FEW_WEIGHTS = _gauss_hermite(6)  # of several variables at once


def value(node: Any, at: dict[Any, float]) -> Any:
    """The value of ``node``; ``at`` gives symbols by name, and bound ones by entry."""
    name = type(node).__name__
    if isinstance(node, sp.MatrixBase):
        return np.array(node.applyfunc(lambda e: value(e, at)).tolist(), dtype=complex)
    if isinstance(node, sp.core.function.AppliedUndef):
        return _unknown(node.func.__name__, [value(a, at) for a in node.args])
    if isinstance(node, sp.Indexed):
        return _entry(node, at)
    if node.is_Number or node.is_NumberSymbol or node is sp.I:
        return _number(node)
    if isinstance(node, sp.Symbol):
        return _symbol(node, at)
    if name in _WORDS:
        return _WORDS[name](node, at)
    arguments = [value(argument, at) for argument in node.args]
    return _FUNCTIONS[name](*arguments)


@functools.lru_cache(4096)
def value_at(node: sp.Basic, shift: float) -> Any:
    """The value at a shifted point, which a thousand mutants of one line share."""
    return value(node, {"shift": shift})


@functools.lru_cache(4096)  # SymPy takes its time over a number, and meets it often
def _number(node: sp.Expr) -> complex:
    return complex(node)


def _symbol(node: sp.Symbol, at: dict[Any, float]) -> complex:
    if node.name in at:
        return at[node.name]
    if node.is_integer:
        return SIZES.get(node.name, 1)
    raw = zlib.crc32(node.name.encode()) % 1000 / 1000
    return 0.3 + raw / 2 + at["shift"] * (0.5 + raw / 2)


def _entry(node: sp.Indexed, at: dict[Any, float]) -> complex:
    open_ones = dict.fromkeys(SIZE_OF_INDEX, 1)
    indices = tuple(int(value(i, {**open_ones, **at}).real) for i in node.indices)
    key = (str(node.base), indices)
    if key in at:
        return at[key]
    raw = zlib.crc32(str(key).encode()) % 1000 / 1000
    return 0.2 + 0.6 * raw + at["shift"] / 10


def _unknown(name: str, arguments: list[complex]) -> complex:
    """A fixed function; with "|n" in its name, a density over its first n arguments."""
    label, _, free = name.partition("|")
    free = free.partition("|")[0]
    seed = zlib.crc32(label.encode()) % 97 / 97

    def raw(values: tuple[complex, ...]) -> complex:
        wave = sum((1 + seed + i / 3) * v + v * v / 7 for i, v in enumerate(values))
        return 1.5 + seed + np.sin(wave + seed)

    if not free:
        return raw(tuple(arguments))
    rest = tuple(arguments[int(free) :])
    cells = itertools.product(SUPPORT, repeat=int(free))
    return raw(tuple(arguments)) / sum(raw((*cell, *rest)) for cell in cells)


# ------------------------------------------------------------------- laws and operators


def _places(variable: Any) -> list[Any]:
    """The keys under which a law's variable stands; z[k] has one for every k."""
    if not isinstance(variable, sp.Indexed):
        return [variable.name]
    (index,) = variable.indices
    if index.is_Integer:
        return [(str(variable.base), (int(index),))]
    indices = range(1, SIZES[SIZE_OF_INDEX[index.name]] + 1)
    return [(str(variable.base), (i,)) for i in indices]


def _outcomes(law: Any, at: dict[Any, float]) -> list[tuple[dict[Any, Any], complex]]:
    """What the law's variables can be, and with what probability."""
    name = type(law).__name__
    if name == "VectorNormal":
        mean, root = _vector(law, at)
        return [({"vector": place}, w) for place, w in _cloud(mean, root)]
    if name == "MultivariateNormal":
        mean = np.array([value(entry, at) for entry in law.args[1]])
        names = [variable.name for variable in law.args[0]]
        cloud = _cloud(mean, np.linalg.cholesky(value(law.args[2], at).real))
        return [(dict(zip(names, place, strict=True)), w) for place, w in cloud]
    places = _places(law.args[0])
    each: list[list[tuple[dict[Any, Any], complex]]] = []
    for place in places:
        if name == "Normal":
            mean, std = value(law.args[1], at), value(law.args[2], at)
            nodes = (NODES, WEIGHTS) if len(places) == 1 else (FEW_NODES, FEW_WEIGHTS)
            pairs = [(mean + std * n, w) for n, w in zip(*nodes, strict=True)]
        elif name == "Finite":
            pairs = [(value(v, at), value(mass, at)) for v, mass in law.args[1]]
        else:
            pairs = [(s, value(law.args[1], _with(at, place, s))) for s in SUPPORT]
        each.append([({place: v}, w) for v, w in pairs])
    return [
        (
            dict(pair for choice, _ in chosen for pair in choice.items()),
            math.prod(w for _, w in chosen),
        )
        for chosen in itertools.product(*each)
    ]


def _cloud(mean: Any, root: Any) -> list[tuple[Any, float]]:
    """Points of a Gaussian vector, with their weights."""
    grid = itertools.product(range(len(FEW_NODES)), repeat=len(mean))
    return [
        (mean + root @ FEW_NODES[list(cell)], math.prod(FEW_WEIGHTS[list(cell)]))
        for cell in grid
    ]


def _with(at: dict[Any, float], place: Any, outcome: float) -> dict[Any, float]:
    index = {} if isinstance(place, str) else dict.fromkeys("dk", place[1][0])
    return {**at, **index, place: outcome}


def _mean(g: Any, laws: Any, at: dict[Any, float]) -> complex:
    if not laws:
        return value(g, at)
    first, *others = laws
    return sum(w * _mean(g, others, {**at, **o}) for o, w in _outcomes(first, at))


def _log_density(law: Any, at: dict[Any, float]) -> complex:
    name = type(law).__name__
    if name == "VectorNormal":
        return _log_gauss(at["vector"], *_vector(law, at))
    if name == "MultivariateNormal":
        place, mean = (np.array([value(e, at) for e in law.args[i]]) for i in (0, 1))
        return _log_gauss(place, mean, np.linalg.cholesky(value(law.args[2], at).real))
    if name == "Normal":
        x, mean, std = (value(a, at) for a in law.args[:3])
        return (
            -np.log(std + 0j) - math.log(2 * math.pi) / 2 - ((x - mean) / std) ** 2 / 2
        )
    if name == "Finite":
        return np.log(_mass(law, at))
    return np.log(value(law.args[1], at) + 0j)


def _log_gauss(place: Any, mean: Any, root: Any) -> complex:
    """The log density of a Gaussian vector whose covariance is root root'."""
    whitened = np.linalg.solve(root, place - mean)
    constant = len(mean) * math.log(2 * math.pi) / 2
    return -constant - np.log(np.linalg.det(root)) - whitened @ whitened / 2


def _mass(law: Any, at: dict[Any, float]) -> complex:
    here = value(law.args[0], at)
    return sum(value(m, at) for v, m in law.args[1] if abs(value(v, at) - here) < 1e-9)


def _vector(law: Any, at: dict[Any, float]) -> tuple[Any, Any]:
    size = SIZES["D"]
    mean = value(law.args[1], at) * np.ones((size, 1))
    covariance = value(law.args[2], at) * (
        np.ones((size, size)) if law.args[2].is_Matrix else np.eye(size)
    )
    return mean[:, 0], np.linalg.cholesky(covariance.real)


def _kl(node: Any, at: dict[Any, float]) -> complex:
    p, q = node.args
    return sum(
        w * (_log_density(p, {**at, **o}) - _log_density(q, {**at, **o}))
        for o, w in _outcomes(p, at)
    )


def _expectation(node: Any, at: dict[Any, float]) -> complex:
    return _mean(node.args[0], node.args[1:], at)


def _variance(node: Any, at: dict[Any, float]) -> complex:
    g, laws = node.args[0], node.args[1:]
    return _mean(g**2, laws, at) - _mean(g, laws, at) ** 2


def _integral(node: Any, at: dict[Any, float]) -> complex:
    return sum(value(node.args[0], {**at, node.args[1].name: s}) for s in SUPPORT)


def _quadrature(node: Any, at: dict[Any, float]) -> complex:
    g, (variable, low, high) = node.args
    ends = [float(e) if e.is_infinite else value(e, at).real for e in (low, high)]

    def integrand(place: float) -> float:
        return complex(value(g, {**at, variable.name: place})).real

    return integrate.quad(integrand, *ends)[0]


def _gradient(node: Any, at: dict[Any, float]) -> complex:
    g, parameter = node.args
    here = value(parameter, at)

    return _slope(lambda h: value(g, {**at, parameter.name: here + h}))


def _derivative(node: Any, at: dict[Any, float]) -> complex:
    return _gradient(sp.Tuple(node.expr, node.variables[0]), at)


def _substituted(node: Any, at: dict[Any, float]) -> complex:
    new = {
        v.name: value(p, at) for v, p in zip(node.variables, node.point, strict=True)
    }
    return value(node.expr, {**at, **new})


def _over(node: Any, at: dict[Any, float], empty: float, join: Any) -> complex:
    total = empty
    (index, low, high), *rest = node.limits
    body = node.func(node.function, *rest) if rest else node.function
    for i in range(int(value(low, at).real), int(value(high, at).real) + 1):
        total = join(total, value(body, {**at, index.name: i}))
    return total


def _density(node: Any, at: dict[Any, float]) -> complex:
    law = node.args[0]
    return np.exp(_log_density(law, {**at, "vector": _entries("z", at)}))


def _entries(name: str, at: dict[Any, float], count: int = SIZES["D"]) -> Any:
    base = sp.IndexedBase(name)
    return np.array([_entry(base[i], at) for i in range(1, count + 1)])


def _matrix(node: sp.MatrixSymbol, at: dict[Any, float]) -> Any:
    """A column has the entries of that name; a square matrix is positive definite."""
    if ("matrix", node.name) in at:
        return at["matrix", node.name]
    if node.name == "Sigma":
        return np.diag(_entries("sigma", at) ** 2)
    rows, columns = (int(value(size, at).real) for size in node.shape)
    if columns == 1:
        return _entries(node.name, at, rows)[:, None]
    base = sp.IndexedBase(node.name)
    cells = [[_entry(base[i, j], at) for j in range(columns)] for i in range(rows)]
    entries = np.array(cells) - 0.5
    return entries @ entries.T + np.eye(rows) if rows == columns else entries


def _map(node: Any, at: dict[Any, float]) -> Any:
    """A column of fixed functions of all the entries, slow enough for quotients."""
    name, rows, *arguments = node.args
    entries = [e / 4 for a in arguments for e in np.ravel(value(a, at))]
    count = int(value(rows, at).real)
    return np.array([[_unknown(f"{name}{i}", entries)] for i in range(count)])


def _layer_norm(node: Any, at: dict[Any, float]) -> Any:
    column, epsilon = (value(argument, at) for argument in node.args)
    centred = column - np.mean(column)
    return centred / np.sqrt(np.mean(centred**2) + epsilon)


def _elementwise(node: Any, at: dict[Any, float]) -> Any:
    name, matrix, times = node.args
    entries = value(matrix, at)
    if name.name == r"\exp":
        return np.exp(entries)

    def derived(place: complex, times: int) -> complex:
        if times == 0:
            return _unknown(name.name, [place])
        return _slope(lambda h: derived(place + h, times - 1))

    apply = np.vectorize(lambda place: derived(place, int(times)), otypes=[complex])
    return apply(entries)


def _slope(f: Callable[[float], Any]) -> Any:
    """The derivative at zero, by difference quotients at two steps."""
    coarse, fine = ((f(h) - f(-h)) / (2 * h) for h in (2 * STEP, STEP))
    return (4 * fine - coarse) / 3


def _by_entries(node: Any, at: dict[Any, float]) -> list[Any]:
    """The slope of what is differentiated by each entry in turn, row by row."""
    of, by, place = node.args
    point = value(place, at) + 0j

    def moved(index: tuple[int, ...], step: float) -> Any:
        shifted = point.copy()
        shifted[index] += step
        return value(of, {**at, ("matrix", by.name): shifted})

    return [_slope(lambda h, i=i: moved(i, h)) for i in np.ndindex(*point.shape)]


def _matrix_gradient(node: Any, at: dict[Any, float]) -> Any:
    shape = np.shape(value(node.args[2], at))
    return np.array(_by_entries(node, at)).reshape(shape)


_WORDS = {
    "Map": _map,
    "Elementwise": _elementwise,
    "LayerNorm": _layer_norm,
    "Jacobian": lambda node, at: np.hstack(_by_entries(node, at)),
    "MatrixGradient": _matrix_gradient,
    "OneMatrix": lambda node, at: np.ones([int(value(n, at).real) for n in node.shape]),
    "KL": _kl,
    "E": _expectation,
    "Var": _variance,
    "Int": _integral,
    "Integral": _quadrature,
    "Gradient": _gradient,
    "Derivative": _derivative,
    "Subs": _substituted,
    "Sum": lambda node, at: _over(node, at, 0, lambda a, b: a + b),
    "Product": lambda node, at: _over(node, at, 1, lambda a, b: a * b),
    "Density": _density,
    "MatrixSymbol": _matrix,
    "ZeroMatrix": lambda node, at: np.zeros(
        [int(value(n, at).real) for n in node.shape]
    ),
    "Identity": lambda node, at: np.eye(int(value(node.shape[0], at).real)),
}
_FUNCTIONS = {
    "Add": lambda *terms: sum(terms),
    "Mul": lambda *factors: math.prod(factors),
    "MatMul": lambda *factors: _product(factors),
    "MatAdd": lambda *terms: sum(terms),
    "Pow": lambda base, power: np.power(base + 0j, power),
    "exp": np.exp,
    "log": lambda a: np.log(a + 0j),
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "erf": special.erf,
    "sign": lambda a: np.sign(a.real),
    "Abs": abs,
    "UnevaluatedExpr": lambda a: a,
    "Max": lambda *values: max(v.real for v in values),
    "Step": lambda a: float(a.real > 0),
    "Bernoulli": lambda x, p: p**x * (1 - p) ** (1 - x),
    "Square": lambda vector: np.sum(vector**2),
    "sigmoid": lambda u: 1 / (1 + np.exp(-u)),
    "HadamardProduct": lambda *factors: math.prod(factors),
    "DiagMatrix": lambda a: np.diag(a[:, 0]),
    "Transpose": lambda a: a.T,
    "MatPow": lambda a, n: np.linalg.matrix_power(a, int(n.real)),
    "Inverse": lambda a, _: np.linalg.inv(a),
    "Trace": lambda a: np.trace(a),
    "Determinant": lambda a: np.linalg.det(a),
    "MatrixElement": lambda a, i, j: a[int(i.real), int(j.real)],
}


def _product(factors: tuple[Any, ...]) -> Any:
    result = factors[0]
    for factor in factors[1:]:
        both = np.ndim(result) == 2 and np.ndim(factor) == 2
        result = result @ factor if both else result * factor
    return result
