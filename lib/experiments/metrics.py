"""What is read from a record: its numbers by name, and those that are looked at first.

A name is the path to a number, with dots, as in ``directions.en-de.bleu``.
"""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Record = Mapping[str, Any]
GRADIENT = "log10 gradient, first/last layer"


class Measured(NamedTuple):
    """A number, and the standard error of it that the record itself gives."""

    value: float
    error: float | None = None


def measured(record: Record) -> dict[str, Measured]:
    """The record's numbers by name; lists, samples and settings are left out.

    An estimate with an interval is one number, under its own name. Of profiles of
    gradients there is one number for each network: how much smaller the encoder's
    gradient is at its first layer than at its last, before the first step.
    """
    found = dict(_numbers(record["metrics"], ""))
    ratios = _gradients(record["metrics"].get("profiles", {}))
    return found | {f"{GRADIENT}, {k}": Measured(v) for k, v in ratios.items()}


def headline(record: Record) -> dict[str, float]:
    """The numbers that a run of its kind is first judged by; those that it has."""
    if "profiles" in record["metrics"]:
        # One for each variant: at the deepest network, with the last warm-up.
        ratios = _gradients(record["metrics"]["profiles"])
        deepest = sorted(ratios.items(), key=lambda item: int(item[0].split("/")[1]))
        return {f"{GRADIENT}, {cell.split('/')[0]}": v for cell, v in deepest}
    found = measured(record)
    bleu = [name for name in found if name.endswith(".bleu")]
    names = ["test_nll", "frechet.value", "exact", *bleu[:1]]
    shown = [name for name in names if name in found] or ["coverage.evenness"]
    return {name: found[name].value for name in shown if name in found}


def mean_and_spread(values: Sequence[float]) -> str:
    """Mean ± sample standard deviation; of one value, itself."""
    mean = f"{statistics.fmean(values):.5g}"
    return f"{mean} ± {statistics.stdev(values):.2g}" if len(values) > 1 else mean


def _numbers(entries: Mapping[str, Any], path: str) -> Iterator[tuple[str, Measured]]:
    for key, entry in entries.items():
        name = f"{path}{key}"
        if isinstance(entry, dict) and entry.keys() >= {"mean", "interval"}:
            low, high = entry["interval"]
            yield name, Measured(entry["mean"], (high - low) / (2 * 1.96))
        elif isinstance(entry, dict):
            yield from _numbers(entry, f"{name}.")
        elif type(entry) in (int, float) and key not in ("n", "features"):
            yield name, Measured(float(entry))


def _gradients(profiles: Mapping[str, Any]) -> dict[str, float]:
    """By cell, where it has a gradient at both ends."""
    found = {}
    for cell, steps in profiles.items():
        gradient = steps[min(steps, key=int)]["encoder gradient"]
        if gradient[0] > 0 < gradient[-1]:
            found[cell] = math.log10(gradient[0] / gradient[-1])
    return found
