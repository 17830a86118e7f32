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
        lines.append([str(c).replace("\n", " ").replace("|", r"\|") for c in row])
    return Markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))


def mean_and_spread(values: ArrayLike, form: str = ".3f") -> str:
    """The mean of several runs' values ± their sample standard deviation.

    Of one line, with a true minus; a plus sign that ``form`` asks for is the mean's.
    """
    values = np.asarray(values)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"a spread needs two values or more in a row; got {values}")
    mean = f"{values.mean():{form}}".replace("-", "\N{MINUS SIGN}")
    spread = f"{values.std(ddof=1):{form.removeprefix('+')}}"
    return f"{mean}\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{spread}"
