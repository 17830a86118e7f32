"""Statements written to break the checker, kind by kind, each false one beside a true.

A ``Twin`` is a statement that holds and its nearest neighbour that does not.
"""

import importlib
from dataclasses import dataclass

from sympy import Basic

KINDS = [
    "matrix_conditions",
    "matrix_words",
    "noncommuting",
    "unknown_functions",
    "lattice",
    "sizes",
    "saturation",
    "laws",
    "normal_forms",
    "kinks",
    "finite_sums",
    "expectations",
    "cas_bugs",
    "special",
    "extremes",
    "integrals",
]


@dataclass(frozen=True)
class Twin:
    """``left = true`` holds under ``given``; ``left = false`` does not.

    Where the condition is what differs, ``false_given`` stands in place of ``given``.
    """

    name: str
    kind: str
    left: Basic
    true: Basic
    false: Basic
    given: tuple[Basic, ...] = ()
    false_given: tuple[Basic, ...] | None = None


def twins(kind: str) -> list[Twin]:
    """Those of one kind, made when they are asked for: some take seconds to write."""
    return importlib.import_module(f"tests.shared.corpora.{kind}").TWINS
