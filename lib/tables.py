"""Tables on the book's pages, as Markdown."""

from collections.abc import Iterable, Sequence

import numpy as np
from IPython.display import Markdown
from numpy.typing import ArrayLike


def as_table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> Markdown:
    """A table with one heading for each column; a bar in a cell stays a bar.

    Raises ValueError for a row that has not as many cells.
    """
    lines = [[str(cell) for cell in head], ["---"] * len(head)]
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"{len(head)} columns, but a row has {len(row)}: {row}")
        lines.append([" ".join(str(c).split()).replace("|", r"\|") for c in row])
    return Markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))


def mean_and_spread(values: ArrayLike, form: str = ".3f") -> str:
    """The mean of several runs' values ± their sample standard deviation.

    A plus sign that ``form`` asks for is the mean's alone.
    """
    values = np.asarray(values)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"a spread needs two values or more in a row; got {values}")
    return f"{values.mean():{form}} ± {values.std(ddof=1):{form.removeprefix('+')}}"
