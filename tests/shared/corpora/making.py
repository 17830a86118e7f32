"""Rows of a corpus, written shortly."""

from collections.abc import Callable

from sympy import Basic, S

from . import Twin


def maker(kind: str) -> Callable[..., Twin]:
    """A function that makes the twins of one kind, their names after the kind's."""

    def twin(
        name: str,
        left: Basic | int,
        true: Basic | int,
        false: Basic | int,
        given: tuple[Basic, ...] = (),
        false_given: tuple[Basic, ...] | None = None,
    ) -> Twin:
        name = f"{kind}: {name}"
        return Twin(name, kind, S(left), S(true), S(false), given, false_given)

    return twin
