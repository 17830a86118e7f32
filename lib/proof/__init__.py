"""Is it true? A chain of equalities, approximations and bounds that checks itself.

It needs SymPy and nothing else of this library, so that it also runs in a browser.
Each module stands on those below it:

questions           what a page asks about its derivations, and the answers
  attempt             a reader's own steps, and changes of the book's
  saved, trees        derivations and expressions as plain data
  spelling            an expression as text that can be typed
derivation          grows a chain by checked steps
  chain               what a chain is, and how it reads
  parsing, latex      from text to an expression, and from an expression to LaTeX
  grammar             what text may say, and what is refused before it is computed
  names               what text calls a thing
  abbreviations       may a name stand for this meaning?
lemmas              the inequalities that a bound may cite
asymptotics         is it so up to O(t^k)?
equality            are both sides equal, or is one the smaller?
  cases               what conditions fix: equations solved, few values one by one
  limits              by series: Taylor coefficients in normal form
  algebra             what can be proved
  normal_form         of numbers: sums of monomials in kernels; terms adds them
  induction           sums and products up to any end
  matrix_normal_form  of matrices, by matrix_forms and words
  any_law             what holds under every law
counterexamples     how a point that refutes is told
instances           both sides with all but numbers chosen
  interpretation      what is chosen: sizes, supports, matrices, formulas
  reach               and how far it goes: extreme_matrices, constant formulas
  grounding           how it is put in, and differentiated by partials
points, evaluation  numbers for the symbols, and what both sides are there
  kinks               where an expression changes its formula
  extremes            where it is highest, and lowest
  jumps               where it jumps at a place that no exact number names
  enclosures          numbers that contain a value; intervals, enclosed_functions,
                      gamma_functions, bessel_functions, special_functions
  elementary          what functions are where they are elementary
calculus            gradients, Jacobians, maps of vectors
expectation         E, Var, KL and Int, and how they resolve
  laws                Gaussian, finite, or only a name
  definite_integrals  between two ends; gaussian_integrals: over the line
arguments           what a caller hands over, or one error with the remedy
errors              what stops a derivation
"""

from .calculus import (
    Elementwise,
    Gradient,
    Jacobian,
    LayerNorm,
    Map,
    MatrixGradient,
    sigmoid,
)
from .derivation import Derivation
from .expectation import KL, E, Int, Var, resolve
from .laws import Abstract, Finite, MultivariateNormal, Normal, density
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
    "Map",
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
