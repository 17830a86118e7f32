"""Change modules of lib/ in small ways, one at a time, and see that a test fails.

`python -m tools.mutants MODULE...` (`make mutants MODULE=lib/models/gaussian.py`) has
mutmut make the mutants, and draws 150 of each module with a published seed. Each meets
the tests that call what was changed, up to the first failure. What was decided is kept
in `_build/mutants/`, so that the same command again goes on; `--shard 1/4` takes every
fourth mutant. A mutant that computes the same is taken out, with the reason, in
tools/equivalent_mutants.toml. All others that survive are shown, and where more than
5 % do, the status is 1.
"""

import argparse
import ast
import functools
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import grimp

from tools.digest import ROOT

SEED = "checked gradients"
MOST = 150  # mutants of a module
MINUTES = 90  # after which a shard stops, and can be gone on with
LEAST = 0.95  # of the mutants are to be killed
EQUIVALENT = ROOT / "tools" / "equivalent_mutants.toml"
KILLED = (1, 3, 24, 36, 152, 255, -24, -11, -9)  # a failure, a crash, out of time
SURVIVED = (0, 5, 33)  # the last two: no test calls it


# A process that a test starts in another folder has no settings of mutmut's there, and
# what it calls is not counted; without this it would fail. Python imports it first.
ELSEWHERE = """
import os
if os.environ.get("MUTANT_UNDER_TEST") == "stats":
    if not os.path.exists("pyproject.toml"):
        os.environ["MUTANT_UNDER_TEST"] = ""
"""


class Change(NamedTuple):
    """What a mutant changes: lines as they were, and as they are."""

    was: str
    now: str


class Result(NamedTuple):
    """What became of a module's mutants."""

    module: str
    drawn: int
    killed: int
    equivalent: int
    survivors: dict[str, Change]
    undecided: int

    @property
    def enough(self) -> bool:
        """Whether as many are killed as should be."""
        return self.killed >= LEAST * (self.killed + len(self.survivors))


def modules() -> list[str]:
    """What is tried: models, training, data, and the door of the experiments."""
    wings = [path for wing in ("models", "training", "data") for path in _files(wing)]
    doors = ["__main__", "experiments/configurations", "experiments/run"]
    return [*wings, *(f"lib/{door}.py" for door in doors)]


def _files(wing: str) -> list[str]:
    paths = sorted((ROOT / "lib" / wing).glob("*.py"))
    return [str(x.relative_to(ROOT)) for x in paths if x.name != "__init__.py"]


def dotted(module: str) -> str:
    """A module's name, of its path."""
    return module.removesuffix(".py").replace("/", ".")


@functools.cache
def graph() -> grimp.ImportGraph:
    """Who imports whom in lib/."""
    return grimp.build_graph("lib", cache_dir=None)


@functools.cache
def imports(source: str) -> set[str]:
    """The names of all modules, and of what is in them, that a source imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def concerning(module: str) -> list[str]:
    """The test files that concern a module: what imports it, and who imports it has.

    Of a module that none imports, they are all of its wing.
    """
    wings = ("models", "training", "data", "experiments")
    files = [path for wing in wings for path in (ROOT / "tests" / wing).glob("*.py")]
    files = sorted([ROOT / "tests" / "test_main.py", *files])
    users = graph().find_modules_that_directly_import(dotted(module))
    of_users = {tests_of(user) for user in users}
    own = [
        path
        for path in files
        if path in of_users or dotted(module) in imports(path.read_text("utf-8"))
    ]
    wing = ROOT / "tests" / Path(module).parent.name
    chosen = own or [path for path in files if path.parent == wing]
    return [str(x.relative_to(ROOT)) for x in chosen if x.name.startswith("test_")]


def tests_of(module: str) -> Path:
    """Where the tests of a module, named with dots, stand."""
    *wing, name = module.split(".")[1:]
    return ROOT.joinpath("tests", *wing, f"test_{name.strip('_')}.py")


# ------------------------------------------------------------------------------ drawing


def mutants(module: str) -> list[str]:
    """The names of all mutants of a module, as mutmut numbers them."""
    from mutmut.mutation.file_mutation import mutate_file_contents

    source = (ROOT / module).read_text("utf-8")
    made = mutate_file_contents(module, source).mutant_names
    return [f"{dotted(module)}.{name}" for name in made]


def drawn(names: Sequence[str], module: str, shard: tuple[int, int]) -> list[str]:
    """The mutants of a module that a shard, number i of n, tries."""
    chosen = Random(f"{SEED} {module}").sample(names, min(MOST, len(names)))
    number, of = shard
    return chosen[number - 1 :: of]


# ------------------------------------------------------------------------------- trying


def lay_out(module: str, folder: Path) -> None:
    """Copy the project into a folder, with mutmut's settings for this one module."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, done.stdout.split("\0")):
        here, there = ROOT / name, folder / name
        if here.is_file() and name != "pyproject.toml":
            there.parent.mkdir(parents=True, exist_ok=True)
            if not there.exists() or there.read_bytes() != here.read_bytes():
                shutil.copyfile(here, there)
    (folder / "mutants").mkdir(exist_ok=True)  # else it is no place to import from
    (folder / "mutants" / "sitecustomize.py").write_text(ELSEWHERE)
    heading = "[tool.mutmut]\n"
    more = f"only_mutate = {json.dumps([module])}\n"
    more += f"pytest_add_cli_args_test_selection = {json.dumps(concerning(module))}\n"
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    (folder / "pyproject.toml").write_text(text.replace(heading, heading + more))


def mutmut(
    folder: Path, *arguments: str, seconds: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run mutmut in a folder; its module for processes that tests start is there."""
    ours = os.environ | {"PYTHONPATH": str(folder / "mutants")}
    ours |= {"OMP_NUM_THREADS": "1", "CHECKED_GRADIENTS_THREADS": "1"}
    # Its script beside this Python names the folder in which it was installed.
    start = "from mutmut.__main__ import cli; cli()"
    command = [sys.executable, "-c", start, *arguments]
    return subprocess.run(
        command, cwd=folder, env=ours, capture_output=True, text=True, timeout=seconds
    )


def statuses(module: str, folder: Path) -> dict[str, int | None]:
    """How the tests ended with each mutant; None where they have not run."""
    path = folder / "mutants" / f"{module}.meta"
    if not path.exists():
        return {}
    return dict(json.loads(path.read_text("utf-8"))["exit_code_by_key"])


def tried(module: str, folder: Path, chosen: list[str], jobs: int, end: float) -> None:
    """Have mutmut try those that are undecided, until the time has come."""
    lay_out(module, folder)
    known = statuses(module, folder)
    left = [name for name in chosen if known.get(name) is None]
    seconds = end - time.monotonic()
    if not left or seconds <= 0:
        return
    try:
        run = mutmut(folder, "run", f"--max-children={jobs}", *left, seconds=seconds)
    except subprocess.TimeoutExpired:
        return
    if run.returncode:
        raise SystemExit(
            f"mutmut failed in {folder}:\n{run.stdout[-3000:]}{run.stderr}"
        )


def change_of(shown: str) -> Change:
    """What a mutant changes, of the difference that mutmut shows."""
    lines = shown.splitlines()

    def with_sign(sign: str) -> str:
        kept = [x[1:].strip() for x in lines if x[:1] == sign and x[:3] != 3 * sign]
        return "\n".join(kept)

    return Change(with_sign("-"), with_sign("+"))


def equivalents(module: str) -> dict[Change, str]:
    """The changes of a module that change nothing, each with the reason."""
    listed = tomllib.loads(EQUIVALENT.read_text("utf-8")).get(module, [])
    return {Change(entry["was"], entry["now"]): entry["why"] for entry in listed}


def result(module: str, folder: Path, chosen: list[str]) -> Result:
    """What became of the chosen mutants, as far as it is decided."""
    known = {name: statuses(module, folder).get(name) for name in chosen}
    left = [name for name, status in known.items() if status in SURVIVED]
    changes = {name: change_of(mutmut(folder, "show", name).stdout) for name in left}
    same = equivalents(module)
    survivors = {name: x for name, x in changes.items() if x not in same}
    killed = sum(status in KILLED for status in known.values())
    return Result(
        *(module, len(chosen), killed, len(left) - len(survivors), survivors),
        undecided=len(chosen) - killed - len(left),
    )


def told(results: Iterable[Result]) -> str:
    """The survivors, and a table of all modules, in Markdown."""
    lines = []
    rows = ["| module | drawn | killed | equivalent | survived | undecided |"]
    rows.append("|---|---|---|---|---|---|")
    for x in results:
        for name, change in x.survivors.items():
            was, now = change.was.replace("\n", "\n    - "), change.now
            lines.append(f"{name}\n    - {was}\n    + " + now.replace("\n", "\n    + "))
        rows.append(
            f"| {x.module} | {x.drawn} | {x.killed} | {x.equivalent} | "
            f"{len(x.survivors)} | {x.undecided} |"
        )
    return "\n".join([*lines, *rows])


def shard(text: str) -> tuple[int, int]:
    """Number i of n, written i/n."""
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError(f"{text!r} is not i/n with i from 1 to n")
    return int(number), int(of)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", choices=[[], *modules()]
    )
    parser.add_argument("--shard", type=shard, default=(1, 1), metavar="I/N")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    number, of = options.shard
    end = time.monotonic() + 60 * MINUTES
    results = []
    for module in options.modules or modules():
        chosen = drawn(mutants(module), module, options.shard)
        folder = ROOT / "_build" / "mutants" / f"{number}of{of}" / dotted(module)
        tried(module, folder, chosen, options.jobs, end)
        results.append(result(module, folder, chosen))
    print(told(results))
    if undecided := sum(x.undecided for x in results):
        print(f"{undecided} are undecided: the same command again goes on with them")
    sys.exit(not all(x.enough for x in results))
