"""The table of letters is complete, and says truly where a letter means what.

A letter that stands in a derivation of a chapter has a row in the table that all
parts share or in that of the chapter's part. A row whose meaning begins with chapters,
as in "in `elbo`: ..." or "in `elbo`, of a coin: ...", holds there only.
"""

import functools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import yaml
from sympy import Basic, Symbol, preorder_traversal
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.matexpr import MatrixSymbol

from lib.proof.calculus import Elementwise, Map
from lib.proof.derivation import Derivation
from lib.proof.latex import as_latex
from lib.proof.laws import Law
from tools.derivations import derivations
from tools.digest import ROOT
from tools.notebooks import BOOK

EVERYWHERE = "In every part"
PARTS = {
    "vae": "Variational autoencoders",
    "gan": "Generative adversarial networks",
    "transformer": "Transformers",
}
LETTER = re.compile(
    r"\\(?:mathrm|operatorname|mathcal|mathbb|mathbf|bar|hat|tilde)\s*"
    r"(?:\{[^{}]*\}|\w)|\\[A-Za-z]+|[A-Za-z]"
)
PLACES = re.compile(r"in ((?:`\w+`(?:,| and)? ?)+)([^:`]*?):\s")
NO_LETTERS = (
    r"\Vert \bigl \bigr \cdot \circ \coloneqq \dots \frac \int \left \mid \middle "
    r"\odot \partial \quad \right \sqrt \text \top"
)


@dataclass(frozen=True)
class Row:
    """One row: the symbols that it explains, and the chapters if it names some."""

    part: str
    symbols: tuple[str, ...]
    scopes: tuple[str, ...]

    def holds_in(self, chapter: str) -> bool:
        part, _, name = chapter.rpartition("/")
        if self.part not in (EVERYWHERE, PARTS.get(part)):
            return False
        return not self.scopes or name in {s.partition(":")[0] for s in self.scopes}


def scopes(meaning: str) -> tuple[str, ...]:
    """The chapters with which a meaning begins, each with the passage if one is named.

    "in `elbo`, of a coin: the ..." has the scope "elbo: of a coin".
    """
    begins = PLACES.match(meaning)
    if begins is None:
        return ()
    passage = f": {begins[2]}" if begins[2] else ""
    return tuple(f"{name}{passage}" for name in re.findall(r"`(\w+)`", begins[1]))


@functools.cache
def rows() -> list[Row]:
    """The rows of the tables under the headings of the parts."""
    found = []
    part = ""
    for line in (BOOK / "notation.md").read_text("utf-8").splitlines():
        if line.startswith("## "):
            part = line[3:].strip()
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if part in (EVERYWHERE, *PARTS.values()) and len(cells) == 2:
            symbols = tuple(re.findall(r"\$([^$]+)\$", cells[0]))
            if symbols:
                found.append(Row(part, symbols, scopes(cells[1])))
    return found


def letters(latex: str) -> set[str]:
    """The letters of a formula without its indices, powers and arguments."""
    while (bare := re.sub(r"[_^]\s*(\{[^{}]*\}|\\?\w+|\*)", " ", latex)) != latex:
        latex = bare
    latex = re.sub(r"\\(var)(?=epsilon)", r"\\", latex)
    found = {re.sub(r"[\s{}]+", " ", hit).strip() for hit in LETTER.findall(latex)}
    return found - set(NO_LETTERS.split())


def without_arguments(symbol: str) -> str:
    return re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", symbol)


def names(node: Basic) -> Iterator[str]:
    """What a part of a line is called, as LaTeX."""
    if isinstance(node, (Symbol, MatrixSymbol)):
        yield as_latex(node)
    elif isinstance(node, AppliedUndef):
        yield as_latex(Symbol(node.func.__name__.split("|")[0]))
    elif isinstance(node, Law):
        yield without_arguments(node.name.replace(r"\left", "").replace(r"\right", ""))
    elif isinstance(node, (Elementwise, Map)):
        yield node.args[0].name


def used(chain: Derivation) -> set[str]:
    """The letters of all lines of a derivation."""
    return {
        letter
        for line in chain.lines
        for node in preorder_traversal(line.expression)
        for name in names(node)
        for letter in letters(without_arguments(name))
    }


USED = {
    chapter: set().union(*(used(derived.chain) for derived in found))
    for chapter, found in derivations().items()
    if found
}


@pytest.mark.parametrize("chapter", USED)
def test_letters_of_a_chapters_derivations_are_in_the_table(chapter: str) -> None:
    known = {
        letter
        for row in rows()
        if row.holds_in(chapter)
        for symbol in row.symbols
        for letter in letters(without_arguments(symbol))
    }
    assert sorted(USED[chapter] - known) == []


@pytest.mark.parametrize("part", [EVERYWHERE, *PARTS.values()])
def test_a_symbol_has_one_row_for_each_place(part: str) -> None:
    """Once without a place, and once at most for each chapter or section."""
    count = Counter(
        (symbol, scope)
        for row in rows()
        if row.part in (part, EVERYWHERE)
        for symbol in row.symbols
        for scope in row.scopes or ("",)
    )
    assert [where for where, times in count.items() if times > 1] == []


def test_chapters_named_in_the_table_exist() -> None:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    listed = {
        entry["file"].removeprefix("book/")
        for part in toc["parts"]
        for entry in part["chapters"]
    }
    folders = {title: folder for folder, title in PARTS.items()}
    for row in rows():
        for scope in row.scopes:
            chapter = f"{folders[row.part]}/{scope.partition(':')[0]}"
            assert chapter in listed, row.symbols


def test_the_table_is_read() -> None:
    assert {row.part for row in rows()} == {EVERYWHERE, *PARTS.values()}
    assert len(rows()) > 60


@pytest.mark.parametrize(
    ("latex", "found"),
    [
        (r"\mu_{p}", {r"\mu"}),
        (r"\varepsilon", {r"\epsilon"}),
        (r"p_{\theta}", {"p"}),
        (r"\bar{a}", {r"\bar a"}),
        (r"\bar a", {r"\bar a"}),
        (r"\mathrm{JSD}", {r"\mathrm JSD"}),
        (r"(\operatorname{LN} \circ A_{0})", {r"\operatorname LN", "A"}),
        (r"\frac{\partial \ell}{\partial x_{1}}", {r"\ell", "x"}),
        (r"\theta^{t+1}", {r"\theta"}),
        (r"W^l", {"W"}),
    ],
)
def test_letters_of_a_formula(latex: str, found: set[str]) -> None:
    assert letters(latex) == found
