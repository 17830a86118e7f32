"""The checker as a page runs it: Python for WebAssembly, SymPy and `lib.proof`.

All of it lies in `_static/checker/`, and a page loads it when its reader asks to have a
step checked.
"""

import hashlib
import json
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import mpmath
import sympy

from tools.digest import ROOT

from .mathematics import node

PYODIDE = ROOT / "node_modules" / "pyodide"
MATHJAX = ROOT / "node_modules" / "mathjax"
COMPILER = Path(__file__).with_name("compile.mjs")
LAYOUT = Path(__file__).with_name("mathml.py")
ARCHIVES = ROOT / "_build" / "checker"
RUNTIME = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "pyodide-lock.json",
    "python_stdlib.zip",
)
TYPESETTING = ("startup.js", "core.js", "loader.js", "input/tex.js")
# Packages of SymPy's that no derivation needs, and what only its tests do.
LEFT_OUT = {
    *("benchmarks", "categories", "codegen", "conftest.py", "crypto", "diffgeom"),
    *("galgebra.py", "holonomic", "liealgebras", "physics", "sandbox", "stats"),
    *("testing", "tests", "unify", "vector"),
    *("parsing/autolev", "parsing/c", "parsing/fortran", "parsing/latex"),
}


def write(site: Path) -> None:
    folder = site / "_static" / "checker"
    folder.mkdir(parents=True, exist_ok=True)
    for name in RUNTIME:
        shutil.copyfile(PYODIDE / name, folder / name)
    shutil.copyfile(archive(), folder / "proof.zip")
    for name in TYPESETTING:
        copy = site / "_static" / "mathjax" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(MATHJAX / name, copy)
    sizes = {f.name: f.stat().st_size for f in sorted(folder.iterdir()) if f.is_file()}
    (folder / "sizes.json").write_text(json.dumps(sizes), "utf-8")


def archive() -> Path:
    """The compiled modules; made anew when a version or the library has changed."""
    packages = [Path(package.__file__).parents[1] for package in (sympy, mpmath)]
    folders = [*packages, ROOT, LAYOUT.parent]
    lists = [
        modules(packages[0], "sympy"),
        modules(packages[1], "mpmath"),
        ["lib/__init__.py", *modules(ROOT, "lib/proof")],
        [LAYOUT.name],
    ]
    seen = hashlib.sha256(COMPILER.read_bytes())
    seen.update((PYODIDE / "package.json").read_bytes())
    seen.update(json.dumps([version("sympy"), version("mpmath"), lists]).encode())
    for folder, names in zip(folders[2:], lists[2:], strict=True):
        for name in names:
            seen.update((folder / name).read_bytes())
    made = ARCHIVES / f"{seen.hexdigest()[:16]}.zip"
    if not made.exists():
        ARCHIVES.mkdir(parents=True, exist_ok=True)
        unfinished = made.with_suffix(".part")
        subprocess.run(
            [node(), COMPILER, unfinished, *folders],
            input=json.dumps(lists),
            text=True,
            check=True,
        )
        unfinished.replace(made)
    return made


def modules(folder: Path, package: str) -> list[str]:
    """The Python files of a package that a page may need, in the order of names."""
    top = folder / package
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(top.rglob("*.py"))
        if not _is_left_out(path.relative_to(top))
    ]


def _is_left_out(path: Path) -> bool:
    beginnings = {parent.as_posix() for parent in [path, *path.parents]}
    return bool(beginnings & LEFT_OUT) or "tests" in path.parts
