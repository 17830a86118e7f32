"""Which module of the library may import which, and what the light ones load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tools.notebooks import ROOT, lib_imports

LIB = ROOT / "lib"
MODULES = sorted(path.stem for path in LIB.glob("*.py") if path.stem != "__init__")

REPORT = {"claims", "report"} | {
    f"report_{part}{rest}"
    for part in ("vae", "gan", "transformer")
    for rest in ("", "_equations", "_answers")
}
SYMBOLIC = {
    "calculus",
    "derivation",
    "equality",
    "expectation",
    "instances",
    "lemmas",
    "points",
}
RUNS = {"digits", "figures", "records", "training", "vae"}
TRANSLATION = {"corpora", "training", "transformer", "translation"}
SYMPY = {"sympy", "mpmath"}

# A module, what it may import from lib, and what from elsewhere beside Python's own.
WALLS: dict[str, tuple[set[str], set[str]]] = {
    **dict.fromkeys(SYMBOLIC, (SYMBOLIC, SYMPY)),
    **dict.fromkeys(REPORT, (SYMBOLIC | REPORT, SYMPY)),
    "gaussian": (set(), {"torch"}),
    "vae": ({"gaussian"}, {"torch"}),
    "gan": (set(), {"torch"}),
    "transformer": (set(), {"torch"}),
    "digits": (set(), {"numpy", "sklearn", "torch", "torchvision"}),
    "corpora": (set(), set()),
    "phrasebook": ({"corpora"}, set()),
    "figures": (set(), {"matplotlib", "numpy"}),
    "playable": (set(), set()),
    "tables": (set(), {"IPython", "numpy"}),
    "records": (set(), {"matplotlib", "numpy", "torch"}),
    "training": ({"records"}, {"numpy", "torch", "tqdm"}),
    "quality": ({"digits", "gaussian", "training"}, {"sklearn", "torch"}),
    "vae_runs": (RUNS, {"torch"}),
    "gan_runs": ({"digits", "gan", "quality", "training"}, {"torch"}),
    "translation": ({"transformer"}, {"sacrebleu", "tokenizers", "torch"}),
    "probes": (set(), {"torch"}),
    "translation_runs": (TRANSLATION, {"tokenizers", "torch"}),
    "norms_runs": (TRANSLATION | {"probes", "translation_runs"}, {"torch"}),
    "experiments": (
        RUNS | {"gan_runs", "norms_runs", "translation_runs", "vae_runs"},
        {"matplotlib", "torch"},
    ),
    "bench": (
        RUNS | {"bench_translation", "experiments", "gan"},
        {"PIL", "numpy", "torch", "torchvision"},
    ),
    "bench_translation": (
        TRANSLATION | {"experiments", "probes", "translation_runs"},
        {"torch"},
    ),
    "__main__": (RUNS | {"corpora", "experiments"}, {"torch"}),
}
LIGHT = ["lib", *(f"lib.{name}" for name in MODULES if name in SYMBOLIC | REPORT)]


def parse(name: str) -> ast.Module:
    return ast.parse((LIB / f"{name}.py").read_text("utf-8"))


def outside_imports(tree: ast.Module) -> set[str]:
    """Return the packages beside `lib` and Python's own that a module imports."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names - {"lib"} - set(sys.stdlib_module_names)


def test_every_module_has_its_place() -> None:
    assert set(MODULES) == set(WALLS), "WALLS says what each module may import"


@pytest.mark.parametrize("name", MODULES)
def test_module_imports_only_what_it_may(name: str) -> None:
    from_lib, from_elsewhere = WALLS[name]
    assert lib_imports(parse(name)) <= from_lib
    assert outside_imports(parse(name)) <= from_elsewhere


def test_no_module_imports_itself_in_a_circle() -> None:
    waiting = {name: lib_imports(parse(name)) for name in MODULES}
    while free := {name for name, needs in waiting.items() if not needs & set(waiting)}:
        waiting = {name: needs for name, needs in waiting.items() if name not in free}
    assert not waiting


def test_package_itself_imports_nothing() -> None:
    tree = parse("__init__")
    assert not lib_imports(tree)
    assert not outside_imports(tree)


def test_library_does_not_import_the_book_or_its_tools() -> None:
    names = {name for module in MODULES for name in outside_imports(parse(module))}
    assert not names & {"book", "tests", "tools"}


@pytest.mark.parametrize("module", LIGHT)
def test_import_loads_no_torch(module: str, tmp_path: Path) -> None:
    code = (
        f"import sys, {module}; print(*sorted({{'torch', 'numpy'}} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert "torch" not in run.stdout.split()
