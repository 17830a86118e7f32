"""Binder's environment: the versions of the book, with PyTorch's CPU build.

`python -m tools.binder` (a part of `make lock`) takes from requirements.lock what the
notebooks run with, and all that this pulls in, and writes binder/requirements.txt.
"""

import re
import tomllib

from tools.digest import ROOT
from tools.lock import LOCK, normal

TARGET = ROOT / "binder" / "requirements.txt"
# Beside what the library needs: what opens a notebook, and glues numbers into text.
OPENING = ("ipykernel", "jupyterlab", "jupyterlab-myst", "myst-nb")
CUDA = re.compile(r"(nvidia|cuda|triton)\b")
CPU = ("torch", "torchvision")
HEAD = """\
# Written by `make lock` from requirements.lock. Binder has no GPU and little room:
# PyTorch comes in its CPU build, which pytorch.org has and the package index has not.
--extra-index-url https://download.pytorch.org/whl/cpu
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
    """The text of binder/requirements.txt, from a lock and pyproject.toml."""
    dependencies = tomllib.loads(project)["project"]["dependencies"]
    library = {normal(re.split(r"[^\w.-]", name)[0]) for name in dependencies}
    pins = needed({*library, *OPENING}, lock)
    for name in CPU:
        pins = [re.sub(rf"^({name}==[\d.]+)", r"\1+cpu", pin) for pin in pins]
    return HEAD + "\n".join([*pins, ""])


def write() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    TARGET.write_text(environment(LOCK.read_text("utf-8"), project), "utf-8")


if __name__ == "__main__":
    write()
