"""What may be imported without PyTorch stays so: a browser and the registry need it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.digest import ROOT


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
