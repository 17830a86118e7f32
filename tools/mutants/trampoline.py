"""What a mutated module calls in place of each function: the mutant that is chosen.

`MUTANT` in the environment names it. Where `MUTANT_HITS` names a file, the functions
that are called are noted in it, also by the processes that a test starts.
"""

import functools
import os
from collections.abc import Callable
from typing import Any

MutantDict = dict[str, Callable[..., Any]]

_noted: set[tuple[str, str]] = set()


def wrap_in_trampoline(
    mutants: MutantDict, **_: bool
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function call what stands for it among its mutants, as mutmut lists them.

    The list is filled after the function is defined.
    """

    def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def trampoline(*args: Any, **kwargs: Any) -> Any:
            original = mutants["_mutmut_orig"]
            if place := os.environ.get("MUTANT_HITS", ""):
                _note(place, original.__name__.removesuffix("_orig"))
            chosen = mutants.get(os.environ.get("MUTANT", ""), original)
            # The list has class methods bound to the class that defines them.
            return getattr(chosen, "__func__", chosen)(*args, **kwargs)

        return trampoline

    return wrapped


def _note(place: str, name: str) -> None:
    if (place, name) not in _noted:
        _noted.add((place, name))
        with open(place, "a", encoding="utf-8") as file:
            file.write(f"{name}\n")
