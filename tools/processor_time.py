"""How much processor time each notebook takes: a plugin of pytest, beside nbval.

A notebook's kernel is a process of its own, started for it and ended after it, so what
the ended processes have used meanwhile is the notebook's: with all its imports, on all
cores. `make compare` runs this; the table comes at the end.
"""

import resource
from collections.abc import Generator
from typing import Any

import pytest

NOTEBOOK = 60  # seconds that one may take
ALL = 600  # and all of them together

spent = pytest.StashKey[dict[str, float]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[spent] = {}


def of_ended_processes() -> float:
    """Seconds of processor time that ended child processes have used so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    """After a notebook's last cell its kernel is shut down: count what it has used."""
    before = of_ended_processes()
    result = yield
    name = item.location[0]
    times = item.config.stash[spent]
    times[name] = times.get(name, 0.0) + of_ended_processes() - before
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands on what it has measured."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["spent"] = session.config.stash[spent]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a worker hands on reaches the process that reports."""
    node.config.stash[spent].update(getattr(node, "workeroutput", {}).get("spent", {}))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """A line for each notebook, the longest first, and what goes beyond the budget."""
    times = config.stash[spent]
    if not times:
        return
    terminalreporter.section("processor time")
    for line in table(times):
        terminalreporter.write_line(line)


def table(times: dict[str, float]) -> list[str]:
    """The lines of the table: seconds, the notebook, and by how much it is over."""
    order = sorted(times.items(), key=lambda entry: -entry[1])
    rows = [(seconds, name, NOTEBOOK) for name, seconds in order]
    rows.append((sum(times.values()), "all notebooks", ALL))
    return [
        f"{seconds:6.1f} s  {name}"
        + (f"  (more than its {allowed} s)" if seconds > allowed else "")
        for seconds, name, allowed in rows
    ]
