"""A derivation comes back from its data as it was, and can go on."""

import json

import pytest
from sympy.core.cache import clear_cache

from lib.proof.saved import as_data, restored
from tests.test_book_derivations import DERIVATIONS


@pytest.mark.parametrize("name", DERIVATIONS)
def test_derivation_comes_back(name: str) -> None:
    chain = DERIVATIONS[name]
    clear_cache()  # else SymPy hands out the chain's own functions for equal ones
    again = restored(json.loads(json.dumps(as_data(chain))))
    assert again.lines == chain.lines
    assert [line.latex for line in again.lines] == [line.latex for line in chain.lines]
    assert [step.because for step in again.steps] == [s.because for s in chain.steps]
    assert (again.given, again.where, again.label) == (
        chain.given,
        chain.where,
        chain.label,
    )
    assert [step.order for step in again.steps] == [step.order for step in chain.steps]
