"""What the check of a claim covers, read off its tests, against what its scope says."""

import itertools
import re
from collections.abc import Iterator

import sympy as sp
from sympy import Symbol
from sympy.core.function import AppliedUndef

from lib.proof.calculus import Elementwise, Map
from lib.proof.laws import Abstract
from lib.report.claims import QUADRATURE, Claim, Statement

NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4}
NOUNS = {"D": "latent", "M": "pixel", "K": "sample"}

# Where it is the statement that puts something in, the model or the game of which it
# speaks, no rule can tell; the words must be these.
MODELS = {
    "22": "instance: a Gaussian by its mean and its deviation, four functions; the "
    "chain rule for any law and map",
    "34": "instance: one parameter for each player",
    "35": "instance: one parameter for each player",
    "Q1": "general; instance: the linear-Gaussian model in one dimension",
    "Q4": "general; instance: the linear-Gaussian model in one dimension",
    "Q5": "general; instance: the linear-Gaussian model with one latent",
    "Q6": "instance: the linear-Gaussian model with one latent, any parameters",
    "Q16": "instance: the bilinear game",
}


def objections(claim: Claim) -> list[str]:
    """What is wrong with a claim's scope."""
    parts = dict(_parts(claim.scope))
    found = []
    tolerances = {t for s in claim.statements for t in tolerances_of(s)}
    if ("numeric" in parts) != bool(tolerances):
        found.append("numeric, or not")
    if {sp.Rational(t) for t in re.findall(r"\d+e-\d+", claim.scope)} != tolerances:
        found.append(f"the tolerances are {tolerances}")
    if claim.number in MODELS:
        if claim.scope != MODELS[claim.number]:
            found.append(f"the scope is {MODELS[claim.number]}")
        return found
    narrow = [bool(put_in(s) or fixed(s)) for s in claim.statements]
    if ("general" in parts) == (narrow[0] or bool(tolerances_of(claim.corrected))):
        found.append("the correction is general, or is not")
    if ("instance" in parts) != any(narrow) and "numeric" not in parts:
        found.append("something is put in, or nothing is")
    for noun, sizes in _sizes(claim).items():
        if counted(claim.scope, noun) != sizes:
            found.append(f"{noun}: {sizes}")
    blocks = [f for f, _ in itertools.groupby(map(fixed, claim.statements)) if f]
    in_order = [number for numbers in blocks for number in sorted(numbers)]
    if blocks and [n for n in _numbers(claim.scope) if n > 1] != in_order:
        found.append(f"the widths, or numbers of blocks, are {in_order}")
    return found


def _parts(scope: str) -> Iterator[tuple[str, str]]:
    """The kinds of a scope with what is said of each."""
    pieces = re.split(r"(?:^|; )(general|instance|numeric)\b(?:: )?", scope)
    return zip(pieces[1::2], pieces[2::2], strict=True)


def put_in(statement: Statement) -> set[object]:
    """The unknowns of a statement for which all its tests have put something."""
    kept = set().union(*(unknowns(test) for _, test in statement.tests(statement)))
    return unknowns(statement) - kept


def unknowns(statement: Statement) -> set[object]:
    """The sizes, functions and laws in a statement of which only the name is known."""
    found: set[object] = set()
    for member in map(statement.meaning, statement.members):
        found |= {s for s in member.free_symbols if s.is_integer and str(s) in NOUNS}
        found |= {node.func for node in member.atoms(AppliedUndef)}
        found |= member.atoms(Abstract)
    return found


def fixed(statement: Statement) -> set[int]:
    """The sizes to which ``given`` holds a statement, and how many blocks it has."""
    found = set()
    for condition in statement.given:
        for relation in condition.atoms(sp.core.relational.Relational):
            size, bound = relation.args
            if isinstance(size, Symbol) and size.is_integer:
                found.add(int(bound))
    families: dict[str, set[str]] = {}
    for member in map(statement.meaning, statement.members):
        for node in sp.preorder_traversal(member):
            if isinstance(node, (sp.MatrixSymbol, Map, Elementwise)):
                name = re.fullmatch(r"(\(?.*?)[_^]\{(\d+)\}\)?", str(node.args[0]))
                if name:
                    families.setdefault(name[1], set()).add(name[2])
    return found | {len(indices) for indices in families.values() if len(indices) > 1}


def tolerances_of(statement: Statement) -> set[sp.Rational]:
    """To what relative errors a statement's tests compare."""
    links = [link for _, test in statement.tests(statement) for link in test.links()]
    found = {link.within for link in links if link.within and not link.order}
    if any(e.has(sp.Integral) for link in links for e in link.members):
        found.add(QUADRATURE)
    return found


def _sizes(claim: Claim) -> dict[str, set[int]]:
    """The latents, pixels and samples for which a claim's statements are tested."""
    found: dict[str, set[int]] = {}
    for statement in claim.statements:
        letters = {str(unknown) for unknown in put_in(statement)}
        for name, _ in statement.tests(statement):
            for letter, size in re.findall(r"\b([DMK]) = (\d+)", name):
                if letter in letters:
                    found.setdefault(NOUNS[letter], set()).add(int(size))
    return found


def counted(scope: str, noun: str) -> set[int]:
    """The numbers that a scope says of a noun: "one and two latents" are 1 and 2."""
    word = "|".join(NUMBERS)
    found: set[int] = set()
    for up_to, said in re.findall(
        rf"(up to )?((?:{word})(?:(?:, | and | or )(?:{word}))*) {noun}s?\b", scope
    ):
        numbers = set(_numbers(said))
        found |= set(range(1, max(numbers) + 1)) if up_to else numbers
    return found


def _numbers(text: str) -> list[int]:
    return [NUMBERS[word] for word in re.findall(r"\w+", text) if word in NUMBERS]
