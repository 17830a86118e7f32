"""The rules of the book: each is shown something wrong and must refuse it."""

import ast

import nbformat
import pytest
from nbformat import NotebookNode

from tests.shared import book_rules
from tests.shared.cells import code, notebook, text


def test_unexecuted_cell_is_refused() -> None:
    cell = code("x = 1")
    cell.execution_count = None
    assert book_rules.unexecuted(notebook(cell))
    assert book_rules.unexecuted(notebook(code("x = 1"))) == []


def test_cells_executed_out_of_order_are_refused() -> None:
    first, second = code("x = 1"), code("y = 2")
    first.execution_count = 2
    assert book_rules.unexecuted(notebook(first, second))


@pytest.mark.parametrize(
    "cell",
    [
        code("x = 1", tags=["nbval-skip"]),
        code("x = 1", tags=["raises-exception"]),
        code("# NBVAL_" + "IGNORE_OUTPUT\nx = 1"),
    ],
)
def test_exempt_cell_is_refused(cell: NotebookNode) -> None:
    assert book_rules.unwatched(notebook(cell))


def test_stored_error_and_warning_are_refused() -> None:
    error, warning = code("1 / 0"), code("warn()")
    error.outputs = [nbformat.v4.new_output("error", ename="ZeroDivisionError")]
    warning.outputs = [nbformat.v4.new_output("stream", name="stderr", text="careful")]
    assert len(book_rules.unwatched(notebook(error, warning))) == 2


def test_untagged_derivation_is_refused() -> None:
    untagged = code('kl = Derivation(a, name="a")')
    heavy = code("import torch", tags=["derivation"])
    assert len(book_rules.hidden_derivations(notebook(untagged, heavy))) == 2
    tagged = code(untagged.source, tags=["derivation"])
    assert book_rules.hidden_derivations(notebook(tagged)) == []


@pytest.mark.parametrize("source", ["x" * 80, "x = 1\n" * 21, "plot(x);"])
def test_sprawling_cell_is_refused(source: str) -> None:
    assert book_rules.sprawling(notebook(code(source)))
    assert book_rules.sprawling(notebook(code("x" * 79 + "\nx = 1" * 19))) == []


def test_repeated_function_is_refused() -> None:
    one = notebook(code("def f(x):\n    return x + 1"))
    renamed = notebook(code('def g(x):\n    """Add."""\n    return x + 1'))
    other = notebook(code("def f(x):\n    return x + 2"))
    library = {"sums": ast.parse(renamed.cells[0].source)}
    assert book_rules.repeated({"one": one, "renamed": renamed}, {})
    assert book_rules.repeated({"one": one, "other": other}, {})
    assert book_rules.repeated({"one": one}, library)
    assert book_rules.repeated({"one": one, "another": notebook(code("x"))}, {}) == []
    assert book_rules.repeated({"other": other}, library) == []


def test_a_caption_without_a_picture_is_refused() -> None:
    cell = code("draw()")
    cell.metadata["mystnb"] = {"figure": {"caption": "A curve.", "name": "fig-a"}}
    assert book_rules.missing_pictures(notebook(cell))
    cell.outputs = [nbformat.v4.new_output("display_data", {"image/png": ""})]
    assert book_rules.missing_pictures(notebook(cell)) == []


def test_picture_without_alt_text_is_refused() -> None:
    picture = nbformat.v4.new_output("display_data", {"image/png": ""})
    silent = code("show()")
    described = code("show()", mystnb={"image": {"alt": "Two bells that move apart"}})
    silent.outputs, described.outputs = [picture], [picture]
    assert book_rules.undescribed_pictures(notebook(silent))
    assert book_rules.undescribed_pictures(notebook(described)) == []
    described.outputs = [picture, picture]
    assert book_rules.undescribed_pictures(notebook(described))


@pytest.mark.parametrize(
    "latex",
    [
        "a = b",
        r"a \le b",
        r"\pi \approx 3",
        "f(x) := a = b",
        r"\sum_{i = 1}^{n} a_i = b",
        r"\begin{aligned} a &= b \\ &= c \end{aligned}",
        r"\left(\frac{a}{b}\right) \ge 0",
        "a < b",
    ],
)
def test_claim_needs_a_check(latex: str) -> None:
    assert book_rules.unchecked_claims(f"$$ {latex} $$", set())
    assert book_rules.unchecked_claims(f"$$ {latex} $$ (eq-a)", {"eq-b"})
    assert book_rules.unchecked_claims(f"$$\n{latex}\n$$ (eq-a)", {"eq-a"}) == []


@pytest.mark.parametrize(
    "latex",
    [
        "f(x) := a + b",
        r"f(x) \coloneqq \sum_{i = 1}^{n} x_i",
        r"p := P(Y = 1 \mid x)",
        r"A := \{ z : |z| < 1 \}",
        r"z \sim \mathcal{N}(0, I)",
        r"f := g \quad\text{where a = b}",
        r"\left. a \right|_{x = 0}",
    ],
)
def test_definition_needs_none(latex: str) -> None:
    assert book_rules.unchecked_claims(f"$$ {latex} $$", set()) == []


def test_check_is_looked_for_in_the_code_of_the_page() -> None:
    claim = text("$$ a = b $$ (eq-a)")
    assert book_rules.unchecked_equations(notebook(claim, code("# eq-a\nx = 1")))
    assert book_rules.unchecked_equations(notebook(claim, code("f('eq-a')"))) == []
    assert book_rules.unchecked_equations(notebook(code("f('$$ a = b $$')")))


@pytest.mark.parametrize(
    "form", ["\\begin{align} a &= b \\end{align}", "```{math}\na\n```"]
)
def test_mathematics_without_a_place_for_a_label_is_refused(form: str) -> None:
    assert book_rules.unchecked_claims(form, set())


@pytest.mark.parametrize(
    "prose",
    [
        "The loss falls to 104.7 nats.",
        "About 97 % of them.",
        "About 97% of them.",
        "A share of 97 per cent.",
        "The loss is $104.7$.",
        r"A ratio of $r \approx 1.5$.",
        r"A share of $97\,\%$ or $97\%$.",
        "```{note}\nThe loss falls to 104.7.\n```",
        ":::{note}\nThe loss falls to 104.7.\n:::",
        "- the loss falls to .5 nats",
    ],
)
def test_typed_result_is_refused(prose: str) -> None:
    assert book_rules.typed_results(prose)


@pytest.mark.parametrize(
    "prose",
    [
        "With `lr = 0.001` and {glue:text}`loss:.2f` nats.",
        "See [the paper](https://example.org/1401.0118) and {cite}`a1.5`.",
        r"Let $\sigma = 0.5$, and $$ a := 0.5 b $$ so.",
        "```python\nx = 0.5\n```",
        "````{solution} ex-1\n:class: dropdown\n```python\nx = 0.5\n```\n````",
        "```{image} a.png\n:width: 50%\n```",
        "In 80 epochs of 1,797 digits. 3. Then",
    ],
)
def test_setting_and_citation_pass(prose: str) -> None:
    assert book_rules.typed_results(prose) == []


EXERCISE = "```{{exercise}}\n:label: ex-{0}\nDo it.\n```\n"
SOLUTION = "```{{solution}} ex-{0}\n:class: dropdown\nDone.\n```\n"


def test_exercises_need_folded_solutions() -> None:
    whole = "\n".join((EXERCISE + "\n" + SOLUTION).format(n) for n in range(3))
    assert book_rules.exercise_problems(notebook(text(whole))) == []
    for spoilt in (
        whole.replace(EXERCISE.format(2), ""),
        whole.replace(SOLUTION.format(1), ""),
        whole.replace(":class: dropdown\n", "", 1),
    ):
        assert book_rules.exercise_problems(notebook(text(spoilt)))


def test_chapter_needs_a_derivation_and_pytorch() -> None:
    both = code("import torch\nfrom lib.proof import Derivation\nDerivation(x)")
    assert book_rules.missing_parts(notebook(both)) == []
    assert len(book_rules.missing_parts(notebook(code("Derivation")))) == 2
