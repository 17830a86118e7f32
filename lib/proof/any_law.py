"""Any law in place of a Gaussian, where its expectations have no closed form."""

from __future__ import annotations

import sympy as sp
from sympy import Basic, Expr

from .errors import Undecidable
from .expectation import E, Int, resolve
from .laws import Law, MultivariateNormal, Normal, density


def without_closed_form(expression: Basic) -> bool:
    """Whether some expectation under a Gaussian stays after ``resolve``."""
    return bool(resolve(expression).has(E))


def under_any_law(expression: Basic) -> Basic:
    """``expression`` with nothing known of each Gaussian but what moves with it.

    N(m, s^2) is the law of m + s e for an e whose law depends on neither m nor s; a
    Gaussian of several variables becomes an unknown law with the same parameters.
    """
    expression = resolve(expression)
    if isinstance(expression, E):
        body = under_any_law(expression.args[0])
        for law in expression.args[1:]:
            body = _under_unknown(body, law)
        return body
    if not expression.args or isinstance(expression, Law):
        return expression
    if isinstance(expression, sp.MatrixBase):
        return expression.applyfunc(under_any_law)
    return expression.func(*map(under_any_law, expression.args))


def _under_unknown(body: Expr, law: Law) -> Expr:
    if isinstance(law, Normal):
        noise = sp.Dummy("e", real=True)
        x, mean, std = law.args[:3]
        unknown = density("unknown", noise)
        return Int(body.subs(x, mean + std * noise) * unknown, noise)
    if isinstance(law, MultivariateNormal):
        parameters = sorted(law.free_symbols, key=str)
        body = body * density(f"{law.args}", *law.variables, given=parameters)
        for variable in law.variables:
            body = Int(body, variable)
        return body
    raise Undecidable(f"an expectation under {law} has no closed form here")
