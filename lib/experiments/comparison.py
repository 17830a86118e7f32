"""Do two sets of records agree within their spread?

A set is a folder with records of the usual names, also in the folders below it as a
sweep leaves them, or one record. What both have of the same name is compared, number
by number.
"""

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy
from scipy import stats

from lib.training.records import RecordError

from . import record_form
from .configurations import completed
from .metrics import Measured, Record, mean_and_spread, measured
from .table import EXPERIMENTS

LEVEL = 0.05  # how often sets that agree in all numbers are said to differ
FILE = re.compile(r".+-seed\d+\.json")


class Sides(NamedTuple):
    """The records of one run on both sides."""

    against: Path
    name: str
    first: list[Record]
    second: list[Record]


class Judgement(NamedTuple):
    """What a difference of means, second less first, tells.

    ``basis`` says where its standard error is from, ``statistic`` is the difference in
    standard errors, and ``p`` how often as much comes about by chance. Without a ``p``
    nothing is told.
    """

    basis: str
    statistic: float = math.nan
    p: float | None = None


class Row(NamedTuple):
    """One number of one run: its values by seed on both sides, and the judgement."""

    against: Path
    run: str
    metric: str
    first: list[float]
    second: list[float]
    basis: str
    statistic: float
    p: float | None

    @property
    def verdict(self) -> str:
        if self.p is None:
            return "not judged"
        return "differ" if self.p < LEVEL else "agree"


def compare(first: Path, others: Sequence[Path]) -> list[Row]:
    """The first set against each other: each number of each run that both have.

    ``p`` is corrected over all of them, as Holm does. Raises RecordError where a record
    cannot be read, where no run is on both sides, and where one was run with another
    configuration or on other data.
    """
    left = read_set(first)
    rows: list[Row] = []
    for other in others:
        right = read_set(other)
        shared = [
            Sides(other, name, left[name], right[name])
            for name in left
            if name in right
        ]
        if not shared:
            raise RecordError(
                f"cannot compare {first} and {other}: no run is in both: name folders "
                "with records of the same experiment"
            )
        for sides in shared:
            refuse_another_run(sides)
            rows += _rows(sides)
    return corrected(rows)


def read_set(path: Path) -> dict[str, list[Record]]:
    """The records of a set by the run's name, below it the sweep's folders'."""
    if path.is_file():
        record = record_form.read(path)
        return {str(record["name"]): [record]}
    found: dict[str, list[Record]] = {}
    for file in sorted(path.rglob("*.json")):
        if FILE.fullmatch(file.name):
            record = record_form.read(file)
            name = (file.parent.relative_to(path) / record["name"]).as_posix()
            found.setdefault(name, []).append(record)
    if not found:
        raise RecordError(
            f"no record NAME-seedN.json in {path}: name a folder that a run or a sweep "
            "had as --out"
        )
    return found


def refuse_another_run(sides: Sides) -> None:
    """Raise RecordError where the records are not of one configuration and data."""
    every = [*sides.first, *sides.second]
    one, *others = map(configuration, every)
    names = {
        field
        for other in others
        for field in one.keys() | other.keys()
        if one.get(field) != other.get(field)
    }
    if any(r["data"]["sha256"] != every[0]["data"]["sha256"] for r in every):
        names.add("data")
    if names:
        raise RecordError(
            f"cannot compare {sides.name}: its records are of runs with another "
            f"{', '.join(sorted(names))}: leave those out, or compare them apart"
        )


def configuration(record: Record) -> dict[str, Any]:
    """A record's configuration; what there was no field for yet had its default."""
    kept: dict[str, Any] = record["configuration"]
    experiment = EXPERIMENTS.get(record["name"])
    return completed(kept, experiment.run) if experiment else kept


def _rows(sides: Sides) -> Iterable[Row]:
    first, second = ([measured(r) for r in side] for side in sides[2:])
    for name in first[0]:
        if all(name in numbers for numbers in (*first, *second)):
            judgement = judged([m[name] for m in first], [m[name] for m in second])
            yield Row(
                sides.against,
                sides.name,
                name,
                [m[name].value for m in first],
                [m[name].value for m in second],
                *judgement,
            )


def judged(first: Sequence[Measured], second: Sequence[Measured]) -> Judgement:
    """Whether the two sides' means differ by more than chance makes them differ.

    Between several seeds on either side it is Welch's test; against one seed it is
    Student's, with the spread of the side that has several. Of one seed on either
    side, the standard errors that the records give are taken: they are of the sample
    of held-out data, which leaves out the spread over seeds. Without these the number
    is not judged.
    """
    values = [[m.value for m in side] for side in (second, first)]
    sizes = [len(side) for side in values]
    means = [float(numpy.mean(side)) for side in values]
    spreads = [float(numpy.std(s, ddof=1)) if len(s) > 1 else 0.0 for s in values]
    difference = means[0] - means[1]
    if math.isclose(*means, rel_tol=1e-9, abs_tol=1e-12):
        return Judgement("equal", 0.0, 1.0)
    if max(sizes) == 1:
        errors = [m.error or 0.0 for m in (*first, *second)]
        if not all(errors):
            return Judgement("one seed")
        z = difference / math.hypot(*errors)
        return Judgement("interval", z, float(2 * stats.norm.sf(abs(z))))
    basis = "Welch" if min(sizes) > 1 else "Student"
    if not any(spreads):  # as of a count that is the same with every seed
        return Judgement(basis, math.copysign(math.inf, difference), 0.0)
    test = stats.ttest_ind_from_stats(
        means[0],
        spreads[0],
        sizes[0],
        means[1],
        spreads[1],
        sizes[1],
        equal_var=min(sizes) == 1,
    )
    return Judgement(basis, float(test.statistic), float(test.pvalue))


def corrected(rows: Sequence[Row]) -> list[Row]:
    """The rows with each ``p`` multiplied as Holm does, for as many as are judged."""
    judgements = [i for i, row in enumerate(rows) if row.p is not None]
    order = sorted(judgements, key=lambda i: rows[i].p or 0.0)
    found, highest = list(rows), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * (rows[i].p or 0.0)))
        found[i] = rows[i]._replace(p=highest)
    return found


def table(rows: Sequence[Row], first: Path) -> list[list[str]]:
    """The comparison as a table's cells, the heading first."""
    others = {str(row.against) for row in rows}
    named = min(others) if len(others) == 1 else "the other"
    head = ["run", "metric", str(first), named, "SE apart", "p", "by", "verdict"]
    return [head, *(_line(row, len(others) > 1) for row in rows)]


def summary(rows: Sequence[Row]) -> str:
    """How the numbers were judged, and how many there are of each verdict."""
    verdicts = [row.verdict for row in rows]
    counts = [f"{verdicts.count(v)} {v}" for v in ("agree", "differ", "not judged")]
    return (
        f"{', '.join(counts)}; p by Holm over all that are judged, at {LEVEL}; by "
        "Welch: several seeds on either side; Student: several on one; interval: one "
        "seed each, and the records' own 95 % intervals, without the spread over seeds"
    )


def _line(row: Row, several: bool) -> list[str]:
    judged = row.p is not None
    return [
        f"{row.run}, {row.against}" if several else row.run,
        row.metric,
        f"{mean_and_spread(row.first)} ({len(row.first)})",
        f"{mean_and_spread(row.second)} ({len(row.second)})",
        f"{row.statistic:+.2f}" if judged else "",
        f"{row.p:.3f}" if judged else "",
        row.basis,
        row.verdict,
    ]
