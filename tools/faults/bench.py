"""What every fault is tried against: sound runs, their files, and a server of data."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any, Protocol

from .kills import at_event
from .processes import Said, forked
from .runs import (
    BUNDLED,
    FETCHED,
    command,
    files,
    phases,
    place_data,
    result,
    served_from,
    write_mnist,
    write_multi30k,
)
from .verdicts import Verdict


@dataclass(frozen=True)
class Sound:
    """A run that nothing disturbed, and what it gives."""

    out: Path
    result: dict[str, Any]
    partway: bytes  # its checkpoint before the last epoch


@dataclass(frozen=True)
class Bench:
    """The sound runs by name, the data that were fetched, and where they are served."""

    folder: Path
    served: Path
    address: str
    runs: dict[str, Sound] = field(default_factory=dict)

    @property
    def fetched(self) -> Path:
        """The files as they should be fetched."""
        return self.served / "sound"

    def patch(self, where: str = "sound") -> Callable[[], None]:
        """What lets a process fetch its data from a folder of the server."""
        return served_from(f"{self.address}/{where}", self.fetched)

    def arguments(self, name: str, out: Path, *more: str) -> list[str]:
        """Those of a small run, whose data are fetched beside its files."""
        fetch = ["--data", str(out.parent / "data"), "--download"]
        return command(name, out, *(fetch if name in FETCHED else ()), *more)


class Case(Protocol):
    """One fault: its kind, by which the table counts, and what is done, in words."""

    @property
    def kind(self) -> str: ...

    @property
    def fault(self) -> str: ...

    def tried(self, bench: Bench, folder: Path) -> tuple[Verdict, str]:
        """What came of it in an empty folder, and the last thing that was said."""


@contextmanager
def prepared(
    folder: Path, names: tuple[str, ...] = BUNDLED + FETCHED
) -> Iterator[Bench]:
    """The sound runs, made in the folder; the server runs within the context."""
    served = folder / "served"
    (served / "sound").mkdir(parents=True)
    rng = Random("data")
    write_mnist(served / "sound", rng)
    write_multi30k(served / "sound", rng)
    with _serving(served) as address:
        bench = Bench(folder, served, address)
        place_data(bench.fetched, folder / "data")
        for name in names:
            bench.runs[name] = _sound(bench, name, folder / "runs" / name)
        yield bench


def _sound(bench: Bench, name: str, folder: Path) -> Sound:
    out = folder / "out"
    said = forked(bench.arguments(name, out), before=bench.patch())
    found = result(name, out, said)
    if said.status or not found:
        raise RuntimeError(f"{name} does not run undisturbed: {said.err}")
    stopped = folder / "stopped"
    before_second = at_event(phases(name)["a checkpoint"], entry=2, events=1)

    def before() -> None:
        bench.patch()()
        before_second()

    forked(bench.arguments(name, stopped), before=before)
    return Sound(out, found, files(name, stopped).checkpoint.read_bytes())


def last_line(said: Said) -> str:
    """The last thing that a process said, or how it ended."""
    lines = said.err.splitlines() or said.out.splitlines()
    return lines[-1] if lines else f"status {said.status}"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        """Nobody reads it."""


def _serve(server: ThreadingHTTPServer) -> None:
    server.serve_forever()


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    """The address at which a process of its own serves the folder."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    process = get_context("fork").Process(target=_serve, args=(server,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        process.terminate()
        process.join()
        server.server_close()
