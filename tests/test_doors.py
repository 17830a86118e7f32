"""A wing's door (its ``__init__``) names what the notebooks use, and nothing else."""

import ast
import importlib
from importlib.util import find_spec

import pytest

from tools.digest import ROOT, code_cells
from tools.notebooks import BOOK, book_notebooks, read

DOORS = {
    ".".join(path.relative_to(ROOT).parent.parts)
    for path in ROOT.glob("lib/*/**/__init__.py")
}
Use = tuple[str, str]  # a module of the library, and a name of it


def uses(source: str) -> set[Use]:
    """What some code takes from the library: ``from lib import training`` opens a door,
    and ``training.train`` takes a name through it."""
    found: set[Use] = set()
    opened: dict[str, str] = {}
    nodes = list(ast.walk(ast.parse(source)))
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                if module in DOORS:
                    opened[alias.asname or alias.name] = module
                else:
                    found.add((node.module, alias.name))
    for node in nodes:
        if isinstance(node, ast.Attribute):
            door = opened.get(ast.unparse(node.value))
            found |= {(door, node.attr)} if door else set()
    return {use for use in found if use[0].split(".")[0] == "lib"}


def named(door: str) -> list[str]:
    return getattr(importlib.import_module(door), "__all__", [])


def offered(use: Use) -> bool:
    """Whether a door names it, or names the module from which it is taken."""
    module, name = use
    if not name:  # import lib.models.vae
        return False
    if module in DOORS:
        return name in named(module)
    door, _, last = module.rpartition(".")
    return door in DOORS and last in named(door)


USES = {
    path.relative_to(BOOK).as_posix(): uses(
        "\n".join(cell.source for cell in code_cells(read(path)))
    )
    for path in book_notebooks()
}
USED = set().union(*USES.values())


@pytest.mark.parametrize("notebook", USES)
def test_notebook_imports_through_the_doors(notebook: str) -> None:
    assert [use for use in sorted(USES[notebook]) if not offered(use)] == []


@pytest.mark.parametrize("door", sorted(DOORS))
def test_door_names_what_a_notebook_uses(door: str) -> None:
    modules = {module for module, _ in USED}
    unused = [
        name
        for name in named(door)
        if (door, name) not in USED and f"{door}.{name}" not in modules
    ]
    assert unused == []


@pytest.mark.parametrize("door", sorted(DOORS))
def test_what_a_door_names_is_there(door: str) -> None:
    module = importlib.import_module(door)
    for name in named(door):
        assert hasattr(module, name) or find_spec(f"{door}.{name}")


@pytest.mark.parametrize(
    ("source", "passes"),
    [
        ("from lib.proof import Derivation", True),
        ("from lib.models import vae", True),
        ("from lib.models.vae import VAE", True),
        ("from lib.report.gan.symbols import u", True),
        ("from lib import training\ntraining.train()", True),
        ("from lib.proof.derivation import Derivation", False),
        ("from lib.report.gan.equations import EQUATIONS", False),
        ("from lib import training\ntraining.loop.train()", False),
        ("from lib import bench\nbench.digits.checks()", False),
        ("import lib.models.vae", False),
    ],
)
def test_way_in_is_through_a_door(source: str, passes: bool) -> None:
    assert all(map(offered, uses(source))) is passes
