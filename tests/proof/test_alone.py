"""The wing stands alone: a browser has SymPy and mpmath and nothing else of ours."""

import shutil
import subprocess
import sys
from pathlib import Path

from tools.digest import ROOT

CHECK = """
import sys

class OnlySymPy:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names | {"sympy", "mpmath", "proof"}:
            raise ModuleNotFoundError(f"{name} is kept out", name=name)

sys.meta_path.insert(0, OnlySymPy())
sys.path.insert(0, sys.argv[1])

from sympy import Abs, Function, MatrixSymbol, symbols
import proof
from proof.errors import DerivationError

n = symbols("n", integer=True, positive=True)
x, m = symbols("x m", real=True)
s = symbols("s", positive=True)
column = MatrixSymbol("y", n, 1)

normal = proof.Derivation(proof.Var(x, proof.Normal(x, m, s, "p")), name="variance")
normal.step("E((x - m)**2, p)", because="definition")
normal.step("s**2", because="moments")
print(normal.ends_with(label="eq-variance"))

norm = proof.Derivation(proof.LayerNorm(2 * column), name="scale")
norm.step(proof.LayerNorm(column), because="the scale cancels")
print(norm)

wrong = proof.Derivation(Function("f", real=True)(Abs(x)), name="kink")
try:
    wrong.step(Function("f", real=True)(x), because="a slip")
except DerivationError as error:
    print(error)
print(*sorted({name.partition(".")[0] for name in sys.modules}
              & {"lib", "numpy", "scipy", "torch", "matplotlib"}))
"""


def test_a_copy_checks_derivations_with_sympy_alone(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "lib" / "proof",
        tmp_path / "elsewhere" / "proof",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    run = subprocess.run(
        [sys.executable, "-I", "-c", CHECK, str(tmp_path / "elsewhere")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stderr
    variance, scale, refusal, loaded = run.stdout.split("\n")[:4]
    assert variance == (
        "Derivation(variance: 2 steps, 2 proved, 0 by instances, ends in eq-variance)"
    )
    assert scale == "Derivation(scale: 1 steps, 1 proved, 0 by instances)"
    assert "kink, step 1 (a slip) does not hold at x = -" in refusal
    assert loaded == ""
