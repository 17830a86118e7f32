"""What a benchmark found: ratios over rounds against a bound; a table, and JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Result:
    """One thing measured beside another, in turns, and held to a bound.

    ``values`` has one ratio, or one distance, for each round; ``ours`` and ``theirs``
    are what one of each took, in seconds, where seconds are what was measured.
    """

    name: str
    unit: str
    values: Sequence[float]
    bound: float
    at_least: bool = False
    ours: float | None = None
    theirs: float | None = None

    @property
    def value(self) -> float:
        return median(self.values)

    @property
    def met(self) -> bool:
        if self.at_least:
            return self.value >= self.bound
        return self.value <= self.bound

    @property
    def limit(self) -> str:
        return f"at {'least' if self.at_least else 'most'} {self.bound:g}"

    def __str__(self) -> str:
        return f"{self.name}: {self.value:.3g} {self.unit} ({self.limit})"


def speedup(
    name: str,
    unit: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    bound: float,
) -> Result:
    """How many times faster ours is, from the seconds of each in the same rounds."""
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    return Result(name, unit, ratios, bound, True, median(ours), median(theirs))


def times_as_long(
    name: str,
    unit: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    bound: float,
) -> Result:
    """How many times longer ours takes, likewise."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return Result(name, unit, ratios, bound, False, median(ours), median(theirs))


HEADINGS = ("what", "ours, s", "other, s", "ratio", "spread", "bound", "")


def table(results: Iterable[Result]) -> str:
    """A line for each result, in columns of equal width."""

    def seconds(value: float | None) -> str:
        return "" if value is None else f"{value:.3g}"

    rows = [HEADINGS]
    for result in results:
        rows.append(
            (
                f"{result.name}, {result.unit}",
                seconds(result.ours),
                seconds(result.theirs),
                f"{result.value:.3g}",
                f"{min(result.values):.3g} to {max(result.values):.3g}",
                result.limit,
                "met" if result.met else "MISSED",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def as_json(result: Result) -> dict[str, Any]:
    """All that is known of a result, its rounds included."""
    return {
        "name": result.name,
        "unit": result.unit,
        "ours_seconds": result.ours,
        "theirs_seconds": result.theirs,
        "value": result.value,
        "values": list(result.values),
        "bound": result.bound,
        "at_least": result.at_least,
        "met": result.met,
    }
