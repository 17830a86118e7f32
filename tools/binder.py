"""Binder's environment: the versions of the book, with PyTorch's CPU build.

`python -m tools.binder` (a part of `make lock`) takes from requirements.lock what the
notebooks run with, and all that this pulls in, and writes binder/environment.yml.
"""

import re
import tomllib

from tools.digest import ROOT
from tools.lock import LOCK, normal

TARGET = ROOT / "binder" / "environment.yml"
# Beside what the library needs: what opens a notebook, and glues numbers into text.
OPENING = ("ipykernel", "jupyterlab", "jupyterlab-myst", "myst-nb")
CUDA = re.compile(r"(nvidia|cuda|triton)\b")
# What conda-forge builds for a processor alone, by its name there.
CPU = {"torch": "pytorch-cpu", "torchvision": "torchvision"}
HEAD = """\
# Written by `make lock` from requirements.lock. Binder has no GPU and little room, so
# PyTorch comes as conda-forge's build for a processor, in the book's minor version.
name: checked-gradients
channels: [conda-forge]
dependencies:
  - python=3.11
  - pip
"""


def entries(lock: str) -> dict[str, tuple[str, set[str]]]:
    """Each package of a lock: its pin with its marker, and what pulls it in."""
    found = {}
    for block in re.split(r"\n(?=[\w.-]+==)", lock):
        if not re.match(r"[\w.-]+==", block):
            continue
        pin = block.splitlines()[0].removesuffix("\\").strip()
        via = block.partition("# via")[2].replace("#", " ").split()
        found[pin.partition("==")[0]] = pin, {normal(name) for name in via}
    return found


def needed(names: set[str], lock: str) -> list[str]:
    """The pins of packages and of all that they pull in, but for CUDA."""
    packages = entries(lock)
    found, before = set(names), set[str]()
    while found != before:
        before = set(found)
        found |= {name for name, (_, via) in packages.items() if via & before}
    kept = sorted(name for name in found if not CUDA.match(name))
    pins = (packages[name][0] for name in kept)
    return [pin for pin in pins if not re.search("'(darwin|win32|cygwin)'$", pin)]


def environment(lock: str, project: str) -> str:
    """The text of binder/environment.yml, from a lock and pyproject.toml."""
    dependencies = tomllib.loads(project)["project"]["dependencies"]
    library = {normal(re.split(r"[^\w.-]", name)[0]) for name in dependencies}
    conda, pip = [], []
    for pin in needed({*library, *OPENING}, lock):
        name, _, version = pin.partition("==")
        if name in CPU:
            minor = ".".join(version.split(" ")[0].split(".")[:2])
            conda.append(f"  - {CPU[name]}={minor}")
        else:
            pip.append(f"      - {pin}")
    return HEAD + "\n".join([*conda, "  - pip:", *pip, ""])


def write() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    TARGET.write_text(environment(LOCK.read_text("utf-8"), project), "utf-8")


if __name__ == "__main__":
    write()
