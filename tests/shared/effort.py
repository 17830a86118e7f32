"""How much of its corpora a test run tries: a sample, or everything (`make deep`)."""

import os

DEEP = os.environ.get("DEEP", "") not in ("", "0")
# One error in so many is made; 1 makes one at each node of every expression.
MUTANTS_EVERY = 1 if DEEP else 8


def examples(sample: int) -> int:
    """Return how many examples hypothesis draws where a sample has so many."""
    return 10 * sample if DEEP else sample
