"""What a sweep found: a table, and a picture, over its seeds."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from lib.training.records import RecordError

from .metrics import headline, mean_and_spread, measured
from .sweep import Outcome


class Cell(NamedTuple):
    """The seeds of one choice of settings: how many runs, and each metric's values."""

    settings: dict[str, str]
    runs: int
    values: dict[str, list[float]]


def cells(outcomes: Sequence[Outcome], metric: str | None) -> list[Cell]:
    """The outcomes by their settings, with the metric, or what the kind is judged by.

    Raises RecordError for a metric that no record has.
    """
    found: dict[Path, Cell] = {}
    known: dict[str, None] = {}
    for point, record, _ in outcomes:
        cell = found.get(point.folder, Cell(point.settings, 0, {}))
        found[point.folder] = cell._replace(runs=cell.runs + 1)
        for name, value in _numbers(record, metric, known).items():
            cell.values.setdefault(name, []).append(value)
    results = list(found.values())
    if metric and known and not metrics(results):
        raise RecordError(f"no metric {metric!r}: choose one of {', '.join(known)}")
    return results


def _numbers(
    record: dict[str, Any] | None, metric: str | None, known: dict[str, None]
) -> dict[str, float]:
    """What is asked for of a record; ``known`` gets all the names that there are."""
    if record is None:
        return {}
    every = measured(record)
    known.update(dict.fromkeys(every))
    if metric is None:
        return headline(record)
    return {metric: every[metric].value} if metric in every else {}


def metrics(results: Sequence[Cell]) -> list[str]:
    """The names of all metrics that some cell has."""
    return list(dict.fromkeys(name for cell in results for name in cell.values))


def table(results: Sequence[Cell]) -> list[list[str]]:
    """Heading, and a row for each choice of settings: mean ± spread over the seeds."""
    names = metrics(results)
    head = [*results[0].settings, "runs", *names]
    rows = []
    for cell in results:
        finished = max(map(len, cell.values.values()), default=0)
        runs = f"{finished} of {cell.runs}"
        values = [
            mean_and_spread(cell.values[name]) if name in cell.values else "none"
            for name in names
        ]
        rows.append([*cell.settings.values(), runs, *values])
    return [head, *rows]


def figure(results: Sequence[Cell], field: str) -> Figure:
    """Each metric against the field; bars are ± one sample standard deviation.

    A line for each choice of the other fields. Fields that are no numbers stand in the
    grid's order.
    """
    names = metrics(results)
    drawn = Figure(figsize=(6, 1 + 3 * len(names)), layout="constrained")
    for axes, name in zip(
        drawn.subplots(len(names), squeeze=False)[:, 0], names, strict=True
    ):
        for label, line in _lines(results, field, name).items():
            places = [place for place, _ in line]
            values = [values for _, values in line]
            axes.errorbar(
                _numbers_of(places) or places,
                [statistics.fmean(v) for v in values],
                [statistics.stdev(v) if len(v) > 1 else 0.0 for v in values],
                marker="o",
                capsize=3,
                label=label,
            )
        along = _numbers_of([cell.settings[field] for cell in results])
        if along and 0 < 20 * min(along) < max(along):
            axes.set_xscale("log")
        axes.set_xlabel(field)
        axes.set_ylabel(name)
        if len(results[0].settings) > 1:
            axes.legend()
    return drawn


def _lines(
    results: Sequence[Cell], field: str, metric: str
) -> dict[str, list[tuple[str, list[float]]]]:
    """By the other fields' choice: the values at each place along the field."""
    found: dict[str, list[tuple[str, list[float]]]] = {}
    for cell in results:
        if metric in cell.values:
            others = [f"{k}={v}" for k, v in cell.settings.items() if k != field]
            line = found.setdefault(", ".join(others), [])
            line.append((cell.settings[field], cell.values[metric]))
    return found


def _numbers_of(written: Sequence[str]) -> list[float] | None:
    """The values as numbers, if all are."""
    try:
        return [float(value) for value in written]
    except ValueError:
        return None
