"""Is it true? A chain of equalities, approximations and bounds that checks itself.

It needs SymPy and nothing else of this library, so that it also runs in a browser.
"""

from .calculus import (
    Elementwise,
    Gradient,
    Jacobian,
    LayerNorm,
    MatrixGradient,
    sigmoid,
)
from .derivation import Derivation
from .expectation import (
    KL,
    Abstract,
    E,
    Finite,
    Int,
    MultivariateNormal,
    Normal,
    Var,
    density,
    resolve,
)
from .lemmas import (
    expected,
    gibbs,
    jensen,
    log_bound,
    nonnegative,
    prove_log_bound,
    times,
)

__all__ = [
    "KL",
    "Abstract",
    "Derivation",
    "E",
    "Elementwise",
    "Finite",
    "Gradient",
    "Int",
    "Jacobian",
    "LayerNorm",
    "MatrixGradient",
    "MultivariateNormal",
    "Normal",
    "Var",
    "density",
    "expected",
    "gibbs",
    "jensen",
    "log_bound",
    "nonnegative",
    "prove_log_bound",
    "resolve",
    "sigmoid",
    "times",
]
