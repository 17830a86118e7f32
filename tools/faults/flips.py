"""Single bits of checkpoints and records that are turned over."""

import itertools
from random import Random

from .bench import Bench
from .damage import Damaged, Where, content_of, flipped
from .runs import BUNDLED

# A checkpoint partway is the one that training goes on from.
WHERE: tuple[Where, ...] = (
    *("checkpoint", "checkpoint", "finished checkpoint"),
    *("record", "compared record"),
)


def flips(bench: Bench, count: int, rng: Random, fresh: int = 0) -> list[Damaged]:
    """Flips in the files of all runs, of which ``fresh`` meet a process of their own.

    The header of a file, though small, gets a third of them.
    """
    names = [name for name in BUNDLED if name in bench.runs]
    places = itertools.cycle(itertools.product(WHERE, names))
    cases = []
    for number, (where, name) in zip(range(count), places, strict=False):
        content = content_of(bench, name, where)
        bits = 8 * len(content)
        bit = rng.randrange(bits if number % 3 else min(bits, 8 * 1000))
        alone = number * fresh // count != (number + 1) * fresh // count
        cases.append(
            Damaged(
                f"flipped bit of a {where.split()[-1]}" + (", fresh" if alone else ""),
                *(name, where, f"bit {bit} flipped", flipped(content, bit), alone),
            )
        )
    return cases
