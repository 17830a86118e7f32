"""Which modules are mutated, which mutants are drawn, and which tests they meet."""

import ast
import difflib
import functools
import tomllib
from collections import defaultdict
from collections.abc import Container, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import grimp

from tools.digest import ROOT

SEED = "checked gradients"
MOST = 150  # mutants of a module
EQUIVALENT = ROOT / "tools" / "equivalent_mutants.toml"


class Change(NamedTuple):
    """What a mutant changes: lines as they were, and as they are."""

    was: str
    now: str


class Mutated(NamedTuple):
    """A module's code with all mutants, and what each of them changes."""

    code: str
    changes: dict[str, Change]


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


# ------------------------------------------------------------------------------- tests


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


def concerning(module: str) -> tuple[list[str], list[str]]:
    """The test files that concern a module: its own, and the others.

    The others import it, or are those of who imports it; of a module that none
    imports, they are all of its wing.
    """
    tests, name = ROOT / "tests", dotted(module)
    wings = ("models", "training", "data", "experiments")
    files = sorted(path for wing in wings for path in tests.joinpath(wing).glob("*.py"))
    files += [tests / "test_domains.py", tests / "test_main.py"]
    users = graph().find_modules_that_directly_import(name)
    named = {path for user in [name, *users] for path in tests_of(user)}
    some = [x for x in files if x in named or name in imports(x.read_text("utf-8"))]
    some = some or [x for x in files if x.parent.name == Path(module).parent.name]
    own = {*tests_of(name), tests / "test_domains.py"}
    found = [str(x.relative_to(ROOT)) for x in some if x.name.startswith("test_")]
    return [x for x in found if ROOT / x in own], [
        x for x in found if ROOT / x not in own
    ]


def tests_of(module: str) -> list[Path]:
    """Where the tests of a module, named with dots, may stand."""
    *wing, name = module.split(".")[1:]
    file = f"test_{name.strip('_')}.py"
    return [ROOT.joinpath("tests", *wing, file), ROOT / "tests" / file]


# ----------------------------------------------------------------------------- mutants


def mutated(module: str) -> Mutated:
    """All mutants of a module, as mutmut makes and numbers them.

    It leaves out what is decorated, so it is shown none: the decorators are put back
    where the mutants are called, so that they act on whichever is chosen.
    """
    from mutmut.mutation.file_mutation import mutate_file_contents
    from mutmut.mutation.trampoline_templates import trampoline_imports

    whole = (ROOT / module).read_text("utf-8")
    source, decorators = undecorated(whole)
    made = mutate_file_contents(module, source)
    mutable = {name.rpartition("__mutmut_")[0] for name in made.mutant_names}
    if decorators.keys() - mutable:  # what has no mutants is not called anew
        source, decorators = undecorated(whole, mutable)
        made = mutate_file_contents(module, source)
    lines, spans = made.code.splitlines(), made.line_span_by_function_name

    def text(function: str) -> list[str]:
        span = spans[function]
        return [x.replace(function, "f") for x in lines[span.start - 1 : span.end]]

    changes = {
        name: change(text(name.rpartition("_")[0] + "_orig"), text(name))
        for name in made.mutant_names
    }
    ours = trampoline_imports.replace("mutmut.mutation", "tools.mutants")
    code = made.code.replace(trampoline_imports.strip(), ours.strip())
    for name, above in decorators.items():
        indent = " " * (len(above) - len(above.lstrip()))
        place = f"{indent}@_mutmut_mutated(mutants_{name}__mutmut)"
        code = code.replace(place, f"{above}\n{place}")
    return Mutated(code, changes)


def undecorated(
    source: str, names: Container[str] | None = None
) -> tuple[str, dict[str, str]]:
    """A source without its functions' decorators, and these by mutmut's name of each.

    A name that is defined more than once keeps them, and so does one that is not among
    ``names``.
    """
    from mutmut.mutation.trampoline_templates import mangle_function_name

    lines, tree = source.splitlines(), ast.parse(source)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    found = defaultdict(list)
    for class_name, body in [(None, tree.body), *((x.name, x.body) for x in classes)]:
        for node in body:
            if isinstance(node, ast.FunctionDef):
                name = mangle_function_name(name=node.name, class_name=class_name)
                found[name].append(node)
    above = {}
    for name, nodes in found.items():
        wanted = names is None or name in names
        if wanted and len(nodes) == 1 and nodes[0].decorator_list:
            first = nodes[0].decorator_list[0].lineno - 1
            cut = slice(first, nodes[0].lineno - 1)
            above[name] = "\n".join(lines[cut])
            lines[cut] = [""] * (cut.stop - first)
    return "\n".join(lines) + "\n", above


def change(was: Sequence[str], now: Sequence[str]) -> Change:
    """The lines, without their indentation, in which two texts differ."""
    differences = list(difflib.unified_diff(was, now, n=0, lineterm=""))[2:]

    def with_sign(sign: str) -> str:
        return "\n".join(x[1:].strip() for x in differences if x[:1] == sign)

    return Change(with_sign("-"), with_sign("+"))


def drawn(names: Sequence[str], module: str, shard: tuple[int, int]) -> list[str]:
    """The mutants of a module that a shard, number i of n, tries."""
    chosen = Random(f"{SEED} {module}").sample(names, min(MOST, len(names)))
    number, of = shard
    return chosen[number - 1 :: of]


def equivalents(module: str) -> dict[Change, str]:
    """The changes of a module that change nothing, each with the reason."""
    listed = tomllib.loads(EQUIVALENT.read_text("utf-8")).get(module, [])
    return {Change(entry["was"], entry["now"]): entry["why"] for entry in listed}
