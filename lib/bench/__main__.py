"""``python -m lib.bench``, or ``make bench``: status 1 where a bound is missed."""

import sys
from itertools import chain

from . import digits, translation


def main() -> int:
    """Print a line for each bound as its part is done, and whether it is met."""
    missed = False
    for line, met in chain.from_iterable(
        part.checks() for part in (digits, translation)
    ):
        print("met   " if met else "MISSED", line)
        missed |= not met
    return int(missed)


if __name__ == "__main__":  # pragma: no cover (all of it takes minutes)
    sys.exit(main())
