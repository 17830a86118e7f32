"""Many runs of one experiment: a grid of settings and seeds, each with its record.

A point's record lies in a folder that its settings name, as
``OUT/depths=1/NAME-seed0.json``. What is finished is not run again, what was begun goes
on, and what fails stops nothing else.
"""

import itertools
import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from lib.training import locks, records
from lib.training.records import RecordError

from .engines import Job, places, run_by_slurm, run_locally, slurm_executor
from .run import earlier_record
from .table import Run

MOST_RUNS = 10_000  # of which none is started before all have been laid out

Configure = Callable[[list[str]], Run]  # the experiment with FIELD=VALUE settings


@dataclass(frozen=True)
class Point:
    """One run of the grid; ``settings`` are its fields' values, as ``--set`` takes."""

    name: str
    run: Run
    seed: int
    settings: dict[str, str]
    folder: Path

    @property
    def label(self) -> str:
        return ", ".join([*_pairs(self.settings), f"seed {self.seed}"])

    @property
    def files(self) -> records.RunFiles:
        return records.run_files(self.folder, self.name, self.seed)

    def record(self) -> dict[str, Any] | None:
        """Its record, if it is finished. Raises RecordError if it is another run's."""
        try:
            return earlier_record(self.files, self.run, "resume")
        except RecordError as error:
            raise RecordError(_for_a_sweep(str(error))) from None

    def job(self, common: Sequence[str]) -> Job:
        """What runs it: the ``common`` arguments and its own."""
        settings = [part for pair in _pairs(self.settings) for part in ("--set", pair)]
        where = ["--seed", str(self.seed), "--out", str(self.folder), "--resume"]
        log = self.folder / f"{self.name}-seed{self.seed}.log"
        return Job(["run", self.name, *common, *settings, *where], log)


class Outcome(NamedTuple):
    """A point with its record, or with why it has none."""

    point: Point
    record: dict[str, Any] | None
    error: str = ""


def _pairs(settings: dict[str, str]) -> list[str]:
    return [f"{field}={value}" for field, value in settings.items()]


# ----------------------------------------------------------------------------- the grid


def read_grid(texts: Sequence[str], known: Sequence[str]) -> dict[str, list[str]]:
    """The values of each field: ``width=32,64``, ``seed=0:5``, which leaves out 5.

    A list of values that have commas themselves is written with semicolons:
    ``depths=1,5;20``. A field's name may lack the s at its end. Raises ValueError.
    """
    grid: dict[str, list[str]] = {}
    for text in texts:
        field, equals, values = text.partition("=")
        if not equals or not values:
            raise ValueError(f"--grid {text}: write FIELD=VALUE,VALUE or FIELD=0:5")
        if field not in known and f"{field}s" in known:
            field += "s"
        if field not in known:
            raise ValueError(f"no field {field!r}: choose one of {', '.join(known)}")
        if field in grid:
            raise ValueError(f"--grid {text}: {field} has its values already")
        grid[field] = _values(values)
        if not grid[field]:
            raise ValueError(f"--grid {text}: there is no number in {values}")
        _require_few(math.prod(map(len, grid.values())))
    return grid


def _require_few(runs: int) -> None:
    if runs > MOST_RUNS:
        raise ValueError(f"--grid asks for {runs} runs: at most {MOST_RUNS} in a sweep")


def _values(text: str) -> list[str]:
    if span := re.fullmatch(r"(\d{1,19}):(\d{1,19})", text):
        numbers = range(int(span[1]), int(span[2]))
        _require_few(numbers.stop - numbers.start)
        return [str(number) for number in numbers]
    return text.split(";" if ";" in text else ",")


def points(
    name: str,
    grid: dict[str, list[str]],
    set_too: list[str],
    configure: Configure,
    out: Path,
) -> list[Point]:
    """All points of a grid, each of them once. Raises what ``configure`` raises."""
    for text in set_too:
        if text.partition("=")[0] in grid:
            raise ValueError(f"--set {text}: the grid sets it, too")
    found: dict[Path, Point] = {}
    for values in itertools.product(*grid.values()):
        chosen = dict(zip(grid, values, strict=True))
        seed = _seed(chosen.pop("seed", "0"))
        run = configure([*set_too, *_pairs(chosen)])
        # As the configuration reads them, in its order: one folder for 1e-3 and 0.001.
        settings = {
            field.name: _written(getattr(run, field.name))
            for field in fields(run)
            if field.name in chosen
        }
        folder = out.joinpath(*_pairs(settings))
        point = Point(name, run, seed, settings, folder)
        found.setdefault(point.files.record, point)
    return list(found.values())


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**63:
        raise ValueError(f"seed must be whole numbers below 2^63, not {text!r}")
    return int(text)


def _written(value: object) -> str:
    """A field's value as ``--set`` takes it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


# -------------------------------------------------------------------------- the running


def sweep(
    grid_points: Sequence[Point],
    common: Sequence[str],
    *,
    device: str | None,
    jobs: int | None,
    cluster: str | None,
    out: Path,
) -> list[Outcome]:
    """Run what is not finished; each point's outcome, in the grid's order.

    ``common`` are the arguments that all runs get. ``jobs`` run at once: unless it is
    given, as many as there are devices, or as the cluster starts. Raises RecordError
    where a folder cannot be written or holds another run's record, or where another
    sweep is at work in it, and TrainingError where there is no such device or cluster.
    """
    waiting = [point for point in grid_points if point.record() is None]
    tasks = [point.job(common) for point in waiting]
    if cluster == "slurm" and tasks:
        name = grid_points[0].name
        executor = slurm_executor(name, out / "slurm", device, jobs or len(tasks))
        ended = run_by_slurm(executor, tasks)
    else:
        ended = run_locally(tasks, places(device, jobs))
    done = len(grid_points) - len(waiting)
    failed: dict[Path, str] = {}
    with _room(out, waiting, tasks), closing(ended):
        say(f"{len(grid_points)} runs, {done} of them finished before")
        for index, how in ended:
            point, done = waiting[index], done + 1
            error = "" if point.record() else reason(tasks[index].log, how)
            failed[point.files.record] = error
            said = f"failed: {error}" if error else "finished"
            say(f"{done} of {len(grid_points)}, {point.label}: {said}")
    return [
        Outcome(point, point.record(), failed.get(point.files.record, ""))
        for point in grid_points
    ]


@contextmanager
def _room(out: Path, waiting: Sequence[Point], tasks: Sequence[Job]) -> Iterator[None]:
    """The points' folders, without the logs of an earlier sweep.

    No other sweep of the experiment works in ``out`` meanwhile; one that has nothing
    to run needs no room. Raises RecordError where one does.
    """
    if not waiting:
        yield
        return
    records.make_folder(out)
    lock = out / f"{waiting[0].name}-sweep.lock"
    with locks.alone(lock, f"another sweep of {waiting[0].name} is at work in {out}"):
        for point, task in zip(waiting, tasks, strict=True):
            records.make_folder(point.folder)
            records.remove(task.log)
        yield


def reason(log: Path, how: str) -> str:
    """Why a run has no record: its own error line, or else how it ended."""
    try:
        last = log.read_text(errors="replace").strip().splitlines()[-1:]
    except OSError:
        last = []
    error = [line for line in last if "rror: " in line]  # its own, or a traceback's
    return _for_a_sweep(error[0].removeprefix("error: ") if error else f"{how}: {log}")


def _for_a_sweep(error: str) -> str:
    """What one run says, with a sweep's remedy: it never overwrites."""
    return error.replace("with --overwrite", "with another --out")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
