"""Statements written to break the checker, kind by kind, each false one beside a true.

A ``Twin`` is a statement that holds and its nearest neighbour that does not.
"""

from dataclasses import dataclass

from sympy import Basic


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
