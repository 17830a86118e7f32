"""What a page asks about its derivations, and the answers: JSON in, JSON out.

A page loads its derivations once, then asks about one by its place among them. No
question changes anything, so a page can ask again after starting anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import sympy as sp

from .attempt import Exercise, changed, hint, text_of, told
from .derivation import Derivation
from .errors import DerivationError
from .latex import as_latex
from .names import spellings, thing
from .saved import restored
from .spelling import spelled

USAGE = {
    "E": "E(g, p)",
    "Var": "Var(g, p)",
    "KL": "KL(p, q)",
    "Int": "Int(g, z)",
    "Gradient": "Gradient(g, phi)",
    "Derivative": "Derivative(g, x)",
    "Sum": "Sum(g, (k, 1, n))",
    "Product": "Product(g, (k, 1, n))",
    "Integral": "Integral(g, (x, a, b))",
    "Jacobian": "Jacobian(y, x)",
    "MatrixGradient": "MatrixGradient(g, W)",
    "LayerNorm": "LayerNorm(y)",
    "Transpose": "Transpose(A)",
    "Inverse": "Inverse(A)",
    "Trace": "Trace(A)",
    "Determinant": "Determinant(A)",
    "DiagMatrix": "DiagMatrix(x)",
    "HadamardProduct": "HadamardProduct(A, B)",
    "Identity": "Identity(n)",
    "log": "log(x)",
    "exp": "exp(x)",
    "sigmoid": "sigmoid(x)",
    "tanh": "tanh(x)",
    "sin": "sin(x)",
    "cos": "cos(x)",
    "Abs": "Abs(x)",
    "Max": "Max(x, y)",
}

_CHAINS: list[dict[str, Any]] = []


def answer(question: str) -> str:
    """The answer to a question: an object with the field ``ask`` and what it needs.

    Of what cannot be read the answer is ``{"message": ...}``.
    """
    asked = json.loads(question)
    try:
        return json.dumps(_ANSWERS[asked.pop("ask")](**asked))
    except DerivationError as error:
        return json.dumps({"message": told(error)})


def _load(chains: list[dict[str, Any]]) -> dict[str, Any]:
    _CHAINS[:] = chains
    _chain.cache_clear()
    return {"loaded": len(chains)}


@lru_cache(64)
def _chain(index: int) -> Derivation:
    return restored(_CHAINS[index])


def _describe(chain: int) -> dict[str, Any]:
    """Its lines as they print and as they are typed, its names, and what is used."""
    found = _chain(chain)
    lines = [
        {"latex": line.latex, "text": text_of(found, line)} for line in found.lines
    ]
    reasons = [step.because for step in found.steps]
    return {"lines": lines, "reasons": reasons, **_written_with(found)}


def _written_with(chain: Derivation) -> dict[str, Any]:
    """The names that a line may use, each as it prints, and the functions."""
    nodes = sp.preorder_traversal(sp.Tuple(*chain.named))
    kinds = {type(node).__name__ for node in nodes}
    usage = [shown for kind, shown in USAGE.items() if kind in kinds]
    return {"names": _uses(chain), "functions": usage}


def names_of(chain: Derivation) -> dict[str, str]:
    """Of each name that a line may use what it names, as LaTeX."""
    return {text.partition("(")[0]: latex for text, latex in _uses(chain)}


def _uses(chain: Derivation) -> list[tuple[str, str]]:
    """The first use of each name, as text and as LaTeX, in the order of names."""
    names = spellings(chain.named)
    first: dict[Any, sp.Basic] = {}
    for node in sp.preorder_traversal(sp.Tuple(*chain.named)):
        if (named := thing(node)) in names:
            first.setdefault(named, node)
    uses = ((spelled(n, names, True), as_latex(n, True)) for n in first.values())
    return sorted(uses)


def _read(chain: int, text: str) -> dict[str, Any]:
    return {"latex": _chain(chain).read(text).latex}


def _exercise(chain: int, first: int, last: int, forms: list[list[str]]) -> Exercise:
    return Exercise(_chain(chain), first, last, tuple(map(tuple, forms)))


def _check(texts: list[str], text: str, **exercise: Any) -> dict[str, Any]:
    return asdict(_exercise(**exercise).check(texts, text))


def _hint(texts: list[str], **exercise: Any) -> dict[str, Any]:
    because, text = hint(_exercise(**exercise), texts)
    return {"because": because, "text": text}


def _change(chain: int, step: int, text: str) -> dict[str, Any]:
    return asdict(changed(_chain(chain), step, text))


_ANSWERS: dict[str, Callable[..., dict[str, Any]]] = {
    "load": _load,
    "describe": _describe,
    "read": _read,
    "check": _check,
    "hint": _hint,
    "change": _change,
}
