"""Partial derivatives are those that SymPy's ``diff`` gives."""

import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Function, S, symbols

from lib.proof.grounding import InverseRoot
from lib.proof.partials import partials
from tests.shared.effort import examples

x, y, z = symbols("x y z", real=True)
f = Function("f", real=True)
UNARY = (sp.exp, sp.sin, sp.tanh, sp.Abs, sp.sign, InverseRoot, f, lambda u: u**-2)
BINARY = (sp.Add, sp.Mul, sp.Max, lambda u, v: sp.exp(u) ** v)
expressions = st.recursive(
    st.sampled_from([x, y, z, S(3), x * y]),
    lambda inner: st.one_of(
        st.builds(lambda g, u: g(u), st.sampled_from(UNARY), inner),
        st.builds(lambda g, u, v: g(u, v), st.sampled_from(BINARY), inner, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=examples(60))
@given(expressions)
def test_they_are_those_of_sympy(expression) -> None:
    if expression.has(sp.zoo, sp.nan):
        return
    [found] = partials([expression], [x, y])
    assert found.keys() <= {x, y}
    for by in (x, y):
        gap = found.get(by, S.Zero) - expression.diff(by)
        for at in (
            {x: S(2) / 7, y: S(-5) / 3, z: S(3) / 4},
            {x: S(-1), y: S(4), z: S(2)},
        ):
            there = gap.doit().subs(at).doit()
            assert there == 0 or there.has(sp.nan, sp.zoo) or sp.simplify(there) == 0


def test_what_is_common_is_derived_once() -> None:
    node = x
    for _ in range(60):  # written out, it has 2^60 parts
        node = sp.sin(node) + sp.cos(node)
    [slopes] = partials([node], [x])
    assert set(slopes) == {x}
