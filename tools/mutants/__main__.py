"""Change modules of lib/ in small ways, one at a time, and see that a test fails.

`python -m tools.mutants MODULE...` (`make mutants MODULE=lib/models/gaussian.py`) has
mutmut make the mutants, and draws 150 of each module with a published seed. Each meets
the tests that call what was changed, up to the first failure. What was decided is kept
in `_build/mutants/`, so that the same command again goes on, as long as neither the
module nor, for what survived, the tests change; `--shard 1/4` takes every fourth. A
mutant that computes the same is taken out, with the reason, in
tools/equivalent_mutants.toml. All others that survive are shown, and where more than
5 % do, the status is 1.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tools.digest import ROOT

from .drawing import (
    Change,
    Mutated,
    concerning,
    dotted,
    drawn,
    equivalents,
    modules,
    mutated,
)

MINUTES = 90  # after which a shard stops, and can be gone on with
LEAST = 0.95  # of the mutants are to be killed


class Result(NamedTuple):
    """What became of a module's mutants, and the seconds that it took."""

    module: str
    drawn: int
    killed: int
    equivalent: int
    survivors: dict[str, Change]
    undecided: int
    seconds: float

    @property
    def enough(self) -> bool:
        """Whether as many are killed as should be."""
        return self.killed >= LEAST * (self.killed + len(self.survivors))


class Verdict(NamedTuple):
    """What became of a mutant: the test that failed, or nothing; and the seconds."""

    killed_by: str
    seconds: float


def lay_out(module: str, code: str, folder: Path) -> None:
    """Copy the project into a folder, with the module's mutants in place of it."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    if folder.exists():
        shutil.rmtree(folder)
    for name in filter(None, done.stdout.split("\0")):
        here, there = ROOT / name, folder / name
        if here.is_file():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(here, there)
    (folder / module).write_text(code, encoding="utf-8")


def digest(files: Iterable[str]) -> str:
    """A digest of what stands in files of the project."""
    found = hashlib.sha256()
    for file in files:
        found.update((ROOT / file).read_bytes())
    return found.hexdigest()


def decided(place: Path) -> dict[str, Verdict]:
    """The verdicts that are kept in a file, below the digests that it begins with."""
    lines = place.read_text("utf-8").splitlines()[1:] if place.exists() else []
    told = map(json.loads, lines)
    return {x["mutant"]: Verdict(x["killed_by"], x["seconds"]) for x in told}


def forget(place: Path, module: str) -> None:
    """Leave of the kept verdicts those that still hold."""
    tests = [file for stage in concerning(module) for file in stage]
    now = {"module": digest([module]), "tests": digest(tests)}
    first, *_ = place.read_text("utf-8").splitlines() if place.exists() else ["{}"]
    before, verdicts = json.loads(first), decided(place)
    if before.get("module") != now["module"]:
        verdicts = {}
    if before.get("tests") != now["tests"]:
        verdicts = {name: x for name, x in verdicts.items() if x.killed_by}
    kept = [now, *({"mutant": name, **x._asdict()} for name, x in verdicts.items())]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("".join(json.dumps(x) + "\n" for x in kept), encoding="utf-8")


def tried(module: str, code: str, names: list[str], jobs: int, end: float) -> None:
    """Try mutants, and add what became of each to what is kept.

    They meet the module's own tests, and what survives these meets all others.
    """
    folder, place = kept(module).with_suffix(""), kept(module)
    lay_out(module, code, folder)
    ours = os.environ | {"PYTHONPATH": str(folder)}
    ours |= {"OMP_NUM_THREADS": "1", "CHECKED_GRADIENTS_THREADS": "1"}
    stages = [tests for tests in concerning(module) if tests]
    for tests in stages:
        left = [name for name in names if name not in decided(place)]
        if not left or time.time() > end:
            return
        work = {"mutants": left, "jobs": jobs, "end": end, "to": str(place)}
        work |= {"tests": tests, "last": tests is stages[-1]}
        with (folder / "log").open("a") as file:
            done = subprocess.run(
                [sys.executable, "-m", "tools.mutants.trying"],
                cwd=folder,
                env=ours,
                input=json.dumps(work),
                text=True,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        if done.returncode:
            raise SystemExit(f"{module}: no test ran, see {folder / 'log'}")


def kept(module: str) -> Path:
    """Where the verdicts on a module's mutants are kept."""
    return ROOT / "_build" / "mutants" / f"{dotted(module)}.jsonl"


def result(
    module: str, made: Mutated, chosen: list[str], verdicts: dict[str, Verdict]
) -> Result:
    """What became of the chosen mutants, as far as it is decided."""
    same = equivalents(module)
    alike = [name for name in chosen if made.changes[name] in same]
    tried = {x: verdicts[x] for x in chosen if x in verdicts and x not in alike}
    killed = [name for name, verdict in tried.items() if verdict.killed_by]
    return Result(
        *(module, len(chosen), len(killed), len(alike)),
        survivors={x: made.changes[x] for x in tried if x not in killed},
        undecided=len(chosen) - len(alike) - len(tried),
        seconds=sum(verdict.seconds for verdict in tried.values()),
    )


def told(results: Iterable[Result]) -> str:
    """The survivors, and a table of all modules, in Markdown."""
    lines = []
    rows = ["| module | drawn | killed | equivalent | survived | undecided | seconds |"]
    rows.append("|---|---|---|---|---|---|---|")
    for x in results:
        for name, change in x.survivors.items():
            was, now = change.was.replace("\n", "\n    - "), change.now
            lines.append(f"{name}\n    - {was}\n    + " + now.replace("\n", "\n    + "))
        rows.append(
            f"| {x.module} | {x.drawn} | {x.killed} | {x.equivalent} | "
            f"{len(x.survivors)} | {x.undecided} | {x.seconds:.0f} |"
        )
    return "\n".join([*lines, *rows])


def shard(text: str) -> tuple[int, int]:
    """Number i of n, written i/n."""
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError(f"{text!r} is not i/n with i from 1 to n")
    return int(number), int(of)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", choices=[[], *modules()]
    )
    parser.add_argument("--shard", type=shard, default=(1, 1), metavar="I/N")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    end = time.time() + 60 * MINUTES
    results = []
    for module in options.modules or modules():
        made = mutated(module)
        chosen = drawn(list(made.changes), module, options.shard)
        forget(kept(module), module)
        before, same = decided(kept(module)), equivalents(module)
        left = [x for x in chosen if x not in before and made.changes[x] not in same]
        if left and time.time() < end:
            tried(module, made.code, left, options.jobs, end)
        results.append(result(module, made, chosen, decided(kept(module))))
    print(told(results))
    if undecided := sum(x.undecided for x in results):
        print(f"{undecided} are undecided: the same command again goes on with them")
    return int(not all(x.enough for x in results))


if __name__ == "__main__":
    sys.exit(main())
