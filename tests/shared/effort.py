"""How much of its corpora a test run tries: a sample, or everything (`make deep`)."""

import os
from collections.abc import Sequence
from random import Random
from typing import TypeVar

Thing = TypeVar("Thing")

DEEP = os.environ.get("DEEP", "") not in ("", "0")
SEED = "checked gradients"  # of every sample: each run of `make test` tries the same


def examples(sample: int) -> int:
    """Return how many examples hypothesis draws where a sample has so many."""
    return 10 * sample if DEEP else sample


def sampled(things: Sequence[Thing], most: int, name: str = "") -> list[Thing]:
    """All of them, or a sample of so many, where not everything is tried."""
    return list(things) if DEEP else drawn(things, most, name)


def drawn(things: Sequence[Thing], most: int, name: str = "") -> list[Thing]:
    """A sample of so many in their order, with a seed of its own, or all."""
    if len(things) <= most:
        return list(things)
    chosen = Random(f"{SEED} {name}").sample(range(len(things)), most)
    return [things[i] for i in sorted(chosen)]
