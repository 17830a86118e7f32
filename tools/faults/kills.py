"""Runs that are killed at a random moment, and then resumed."""

from __future__ import annotations

import functools
import itertools
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType
from typing import TYPE_CHECKING, Any

from .processes import forked
from .runs import phases, result
from .verdicts import Verdict, refusal

if TYPE_CHECKING:
    from .bench import Bench


def at_event(
    phase: Callable[..., Any], entry: int, events: int
) -> Callable[[], object]:
    """What lets a process die so many ``events`` after it enters a function again.

    An event is a call or a return, of a function of Python's or of C: between two of
    them lies at most one write, one rename, one step of a calculation. They are the
    same in each run, so that a kill can be repeated.
    """
    code = phase.__code__
    entries, left = iter(range(1, sys.maxsize)), events
    within = False

    def tick(frame: FrameType, event: str, _: object) -> None:
        nonlocal within, left
        if within:
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
        elif event == "call" and frame.f_code is code:
            within = next(entries) == entry

    return lambda: sys.setprofile(tick)


def counted(phase: Callable[..., Any], to: Path) -> Callable[[], object]:
    """What lets a process write how many events each call of a function has."""
    code = phase.__code__
    count, outer = 0, 0

    def tick(frame: FrameType, event: str, _: object) -> None:
        nonlocal count, outer
        count += 1
        if frame.f_code is code and event == "call" and not outer:
            count, outer = 0, id(frame)
        elif frame.f_code is code and event == "return" and outer == id(frame):
            outer, events = 0, count
            with to.open("a") as file:
                file.write(f"{events}\n")

    return lambda: sys.setprofile(tick)


@dataclass(frozen=True)
class Kill:
    """SIGKILL at an event of a phase, or after so many seconds where it has none."""

    name: str
    phase: str
    entry: int = 0
    events: int = 0
    seconds: float = 0.0

    @property
    def kind(self) -> str:
        return f"killed in {self.phase}"

    @property
    def fault(self) -> str:
        if self.seconds:
            return f"{self.name}: SIGKILL after {self.seconds:.3f} s"
        return (
            f"{self.name}: SIGKILL {self.events} events into call {self.entry} of "
            f"{phases(self.name)[self.phase].__name__}"
        )

    def tried(self, bench: Bench, folder: Path) -> tuple[Verdict, str]:
        out = folder / "out"
        patch = bench.patch()

        def before() -> None:
            patch()
            if not self.seconds:
                at_event(phases(self.name)[self.phase], self.entry, self.events)()

        arguments = bench.arguments(self.name, out)
        forked(arguments, before=before, killed_after=self.seconds or None)
        said = forked([*arguments, "--resume"], before=patch)
        if (verdict := refusal(said, ())) is not None:
            # Nothing that it could refuse was done to it.
            wrong = verdict is Verdict.REFUSED
            return Verdict.UNCALLED if wrong else verdict, said.err.strip()[-300:]
        found, sound = result(self.name, out, said), bench.runs[self.name].result
        if found == sound:
            return Verdict.SAME, ""
        extra = {path.name for path in out.iterdir()} - set(sound["files"])
        if found and extra:
            return Verdict.LEFT, ", ".join(sorted(extra))
        keys = [key for key in sound if found.get(key) != sound[key]]
        return Verdict.OTHER, f"another {', '.join(keys)}"


def kills(bench: Bench, count: int, rng: Random) -> list[Kill]:
    """Kills in all phases of all runs; every fourth at a time, not at an event."""
    measured: dict[tuple[str, str], list[int]] = {}
    seconds = functools.cache(functools.partial(_seconds, bench))
    drawn = []
    names = rng.sample(list(bench.runs), len(bench.runs))
    pairs = itertools.cycle(_pairs(names, rng))
    for number in range(count):
        if number % 4 == 3:
            name = names[number // 4 % len(names)]
            moment = rng.uniform(0, seconds(name))
            drawn.append(Kill(name, "any phase", seconds=moment))
            continue
        name, phase = next(pairs)
        if (name, phase) not in measured:
            measured[name, phase] = _measured(bench, name, phase)
        lengths = measured[name, phase]
        entry = rng.randrange(len(lengths))
        drawn.append(Kill(name, phase, entry + 1, rng.randint(1, lengths[entry])))
    return drawn


def _pairs(names: list[str], rng: Random) -> list[tuple[str, str]]:
    """All runs with all phases that they have: no phase again before each has been."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for name, phase in ((n, p) for n in names for p in phases(n)):
        rows.setdefault(phase, []).append((name, phase))
    shuffled = [rng.sample(row, len(row)) for row in rows.values()]
    return [x for turn in itertools.zip_longest(*shuffled) for x in turn if x]


def _measured(bench: Bench, name: str, phase: str) -> list[int]:
    """How many events each call of a phase's function has in a sound run."""
    folder = bench.folder / "measured" / f"{name} {phase}"
    folder.mkdir(parents=True)

    def before() -> None:
        bench.patch()()
        counted(phases(name)[phase], folder / "events")()

    forked(bench.arguments(name, folder / "out"), before=before)
    return [int(line) for line in (folder / "events").read_text().split()]


def _seconds(bench: Bench, name: str) -> float:
    started = time.perf_counter()
    folder = bench.folder / "measured" / f"{name} in time"
    forked(bench.arguments(name, folder / "out"), before=bench.patch())
    return time.perf_counter() - started
