"""Try mutants in forks of one process, which has imported PyTorch and found the tests.

`tools.mutants` starts this in a copy of the project in which one module is mutated.
First each test runs once, each file in a fork, to learn which functions it calls and
what it costs. Then each mutant meets the tests that call its function, the cheapest
first, up to the first failure.
"""

import functools
import json
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import hypothesis
import pytest

from .forks import forks

BUDGET = 30  # seconds of tests that a mutant meets at most
PATIENCE = 10  # seconds, and times its cost, after which a test hangs


Priced = tuple[float, pytest.Function]  # a test, and the seconds that it takes


class Cost(NamedTuple):
    """The functions that a test calls, and the seconds that it takes."""

    calls: list[str]
    seconds: float


class Trial:
    """What stands in for pytest's loop over the tests."""

    def __init__(
        self, mutants: Sequence[str], jobs: int, end: float, to: Path, last: bool
    ) -> None:
        self.mutants, self.jobs, self.end, self.to = mutants, jobs, end, to
        self.last = last  # what survives is not tried again
        self.failures: list[str] = []
        self.fixtures: dict[tuple[str, str], tuple[Path, float]] = {}
        self.folder = Path()  # of what is noted while costs are measured

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Let hypothesis stop at what fails, rather than look for the smallest."""
        settings = hypothesis.settings
        phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
        every = list(hypothesis.HealthCheck)
        settings.register_profile(
            "mutants",
            settings.get_profile("checked gradients"),
            phases=phases,
            suppress_health_check=every,
            database=None,
        )
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Learn what the tests call, then try the mutants, and note each at once."""
        items = [item for item in session.items if isinstance(item, pytest.Function)]
        costs = measured(self, items)
        acts = {}
        for mutant in self.mutants:
            function = mutant.rpartition("_")[0]
            calling = [x for x in items if function in costs[x.nodeid].calls]
            meeting = affordable([(costs[x.nodeid].seconds, x) for x in calling])
            acts[mutant] = functools.partial(meet, self, mutant, meeting)
        with self.to.open("a", encoding="utf-8") as file:
            for mutant, told in forks(acts, self.jobs, self.end):
                by = told.text or (f"status {told.status}" if told.status else "")
                line = {"mutant": mutant, "killed_by": by, "seconds": told.seconds}
                if by or self.last:
                    print(json.dumps(line), file=file, flush=True)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what fails."""
        if report.failed:
            self.failures.append(report.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object]
    ) -> Iterator[None]:
        """Note what a fixture calls that several tests share, whoever comes first."""
        of_test = os.environ.get("MUTANT_HITS")
        if of_test is None or fixturedef.scope == "function":
            return (yield)
        place = self.folder / f"fixture {len(self.fixtures)}"
        began = time.monotonic()
        os.environ["MUTANT_HITS"] = str(place)
        try:
            return (yield)
        finally:
            os.environ["MUTANT_HITS"] = of_test
            key = fixturedef.argname, fixturedef.baseid
            self.fixtures[key] = place, time.monotonic() - began


def measured(trial: Trial, items: Sequence[pytest.Function]) -> dict[str, Cost]:
    """What each test calls and costs; one that fails as it is, is said and left out."""
    files = defaultdict(list)
    for item in items:
        files[str(item.path)].append(item)
    acts = {path: functools.partial(measure, trial, files[path]) for path in files}
    costs = {item.nodeid: Cost([], 0.0) for item in items}
    for path, told in forks(acts, trial.jobs):
        print(f"measured {path}: {told.seconds:.0f} s", file=sys.stderr)
        if told.status:
            print(f"{path} ended with {told.status}", file=sys.stderr)
        costs |= {x: Cost(*cost) for x, cost in json.loads(told.text or "{}").items()}
    return costs


def measure(trial: Trial, items: Sequence[pytest.Function], folder: Path) -> None:
    """Run the tests of a file, and tell what they call and cost."""
    trial.folder = folder
    places: dict[str, tuple[Path, float]] = {}
    for number, item in enumerate(items):
        place = folder / f"test {number}"
        os.environ["MUTANT_HITS"] = str(place)
        before, began = set(trial.fixtures), time.monotonic()
        run(items, number)
        seconds = time.monotonic() - began
        own = seconds - sum(trial.fixtures[x][1] for x in set(trial.fixtures) - before)
        places[item.nodeid] = place, own
    costs = {}
    for item in items:
        shared = [
            found
            for (name, base), found in trial.fixtures.items()
            if name in item.fixturenames and item.nodeid.startswith(base)
        ]
        all_of_it = [places[item.nodeid], *shared]
        calls = {name for place, _ in all_of_it for name in noted(place)}
        costs[item.nodeid] = sorted(calls), sum(seconds for _, seconds in all_of_it)
    for nodeid in trial.failures:
        print(f"{nodeid} fails without a mutant", file=sys.stderr)
        costs.pop(nodeid, None)
    (folder / "told").write_text(json.dumps(costs), encoding="utf-8")


def noted(place: Path) -> list[str]:
    """The functions that were noted in a file."""
    return place.read_text("utf-8").splitlines() if place.exists() else []


def run(items: Sequence[pytest.Function], number: int) -> None:
    """Run one of the tests; what it shares with the next one stays."""
    following = items[number + 1] if number + 1 < len(items) else None
    item = items[number]
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def affordable(tests: Sequence[Priced]) -> list[Priced]:
    """The cheapest tests, as many as the budget has room for."""
    chosen: list[Priced] = []
    spent = 0.0
    for seconds, item in sorted(tests, key=lambda test: test[0]):
        spent += seconds
        if chosen and spent > BUDGET:
            break
        chosen.append((seconds, item))
    return chosen


def meet(
    trial: Trial,
    mutant: str,
    tests: Sequence[tuple[float, pytest.Function]],
    folder: Path,
) -> None:
    """Let a mutant meet tests, and tell the first that fails.

    What hangs is ended by a signal.
    """
    os.environ["MUTANT"] = mutant
    items = [item for _, item in tests]
    for number, (seconds, _) in enumerate(tests):
        signal.alarm(round(PATIENCE * (1 + seconds)))
        run(items, number)
        if trial.failures:
            (folder / "told").write_text(trial.failures[0], encoding="utf-8")
            return


if __name__ == "__main__":
    work = json.loads(sys.stdin.read())
    to, last = Path(work["to"]), work["last"]
    trial = Trial(work["mutants"], work["jobs"], work["end"], to, last)
    options = [
        "-qq",
        "--capture=sys",
        "--assert=plain",
        "--tb=no",
        "-p",
        "no:cacheprovider",
    ]
    sys.exit(pytest.main([*options, *work["tests"]], plugins=[trial]))
