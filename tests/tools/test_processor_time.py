"""A notebook's processor time is its kernel's, whichever worker ran it."""

import re
import subprocess
import sys

import nbformat

from tools.processor_time import table

# Processor time, not the clock's: a busy machine changes nothing.
BUSY = """import time
while time.process_time() < 2.5:
    pass"""


def test_the_longest_come_first_and_what_is_over_is_said():
    lines = table({"a.ipynb": 3.25, "b.ipynb": 61.04})
    assert lines == [
        "  61.0 s  b.ipynb  (more than its 60 s)",
        "   3.2 s  a.ipynb",
        "  64.3 s  all notebooks",
    ]
    assert table({"a": 301.0, "b": 300.0})[-1].endswith("(more than its 600 s)")


def test_each_notebook_is_charged_with_what_its_own_kernel_used(tmp_path):
    for name, source in {"busy": BUSY, "idle": "print()"}.items():
        cell = nbformat.v4.new_code_cell(source)
        notebook = nbformat.v4.new_notebook(cells=[cell])
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tools.processor_time"]
    command += ["--nbval-lax", "--nbval-current-env", "-n", "1", "--dist", "loadfile"]
    done = subprocess.run([*command, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    rows = re.findall(r"([\d.]+) s .*?(busy|idle|all)", done.stdout)
    spent = {name: float(seconds) for seconds, name in rows}
    assert spent["busy"] >= 2.5 > spent["idle"] + 1
    assert abs(spent["all"] - spent["busy"] - spent["idle"]) < 0.2
