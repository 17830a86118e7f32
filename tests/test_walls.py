"""What the import contracts in ``pyproject.toml`` cannot say of the library's walls."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.digest import ROOT

MODULES = {
    path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.glob("lib/**/*.py"))
}


@pytest.mark.parametrize("module", ["lib", "lib.proof", "lib.report"])
def test_import_loads_no_torch(module: str, tmp_path: Path) -> None:
    code = f"import sys, {module}; print(*{{'torch', 'numpy'}} & set(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert run.stdout.split() == []


def imports(path: Path) -> list[tuple[int, str]]:
    """How many folders up each import of a module starts (0: absolute), and of what."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.level, node.module or ""))
    return found


@pytest.mark.parametrize("name", [name for name in MODULES if name.count("/") > 1])
def test_imports_are_relative_inside_a_wing_and_absolute_between(name: str) -> None:
    wing = name.split("/")[1]
    for level, module in imports(MODULES[name]):
        assert level < name.count("/"), f"{'.' * level}{module} leaves the wing"
        assert (level, *module.split(".")[:2]) != (0, "lib", wing), module


@pytest.mark.parametrize(
    "name", [name for name in MODULES if name.startswith(("lib/proof/", "lib/report/"))]
)
def test_what_proves_needs_sympy_and_mpmath_only(name: str) -> None:
    packages = {
        module.split(".")[0] for level, module in imports(MODULES[name]) if level == 0
    }
    assert packages <= {"lib", "sympy", "mpmath", *sys.stdlib_module_names}
