"""What a notebook or a page of the book must not contain, as functions.

Each takes a notebook (or a page's Markdown) and returns what it finds wrong, one
line each, and an empty list where all is well.
"""

import ast
import json
import re
from collections.abc import Iterator

from nbformat import NotebookNode

from tools.digest import canonical, code_cells
from tools.notebooks import normal_form

MAX_COLUMNS = 79
MAX_LINES = 20
IMAGES = ("image/png", "image/jpeg", "image/svg+xml")
LABEL = r"[\w.:-]+"

FENCE = re.compile(r"\s*(`{3,}|~{3,}|:{3,})\s*(\S*)")
DISPLAYED = re.compile(rf"\$\$(.*?)\$\$(?:[ \t]*\(({LABEL})\))?", re.DOTALL)
INLINE = re.compile(r"(?<![\\$])\$(?!\$)([^$]+?)(?<!\\)\$")
AMSMATH = re.compile(
    r"\\begin\{(?:align|equation|gather|multline|eqnarray|alignat)\*?\}"
)
RELATION = re.compile(
    r"[=<>]|\\(?:leq?|geq?|lt|gt|neq?|approx|simeq|cong|equiv|propto|ll|gg"
    r"|leqslant|geqslant|iff|implies|Leftrightarrow|Rightarrow)(?![A-Za-z])"
)
DEFINITION = re.compile(r":\s*=|=\s*:|\\coloneqq|\\eqqcolon")
DECIMAL = re.compile(r"\d*\.\d+")
PERCENTAGE = re.compile(r"\d\s*(?:\\?%|per ?cent)")


def where(notebook: NotebookNode, cell: NotebookNode) -> str:
    """Name a cell in a message: its number and how it begins."""
    number = next(n for n, other in enumerate(notebook.cells) if other is cell)
    return f"cell {number} ({cell.source.strip().splitlines()[0][:50]!r})"


def strings(source: str) -> set[str]:
    """Return the string literals of a piece of code."""
    return {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


# Execution


def unexecuted(notebook: NotebookNode) -> list[str]:
    """Find code cells that nbval would pass without a comparison."""
    cells = code_cells(notebook)
    found = [
        f"{where(notebook, cell)} was not executed"
        for cell in cells
        if cell.source.strip() and cell.execution_count is None
    ]
    counts = [cell.execution_count for cell in cells]
    if not found and counts != list(range(1, len(counts) + 1)):
        found.append(f"the cells were executed in the order {counts}")
    return found


def unwatched(notebook: NotebookNode) -> list[str]:
    """Find what hides a cell from nbval, and stored errors and warnings."""
    found = []
    for cell in code_cells(notebook):
        cell_name = where(notebook, cell)
        tags = cell.metadata.get("tags", [])
        if any("nbval" in tag or tag == "raises-exception" for tag in tags):
            found.append(f"{cell_name} is exempt from the comparison by a tag")
        if "NBVAL_" in cell.source:
            found.append(f"{cell_name} is exempt from the comparison by a comment")
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"{cell_name} stores an error")
            if output.get("name") == "stderr":
                found.append(f"{cell_name} stores a warning: {output.text[:200]}")
    return found


def hidden_derivations(notebook: NotebookNode) -> list[str]:
    """Find derivations that the corpus of the tests would miss, or would load torch."""
    found = []
    for cell in code_cells(notebook):
        tagged = "derivation" in cell.metadata.get("tags", [])
        if not tagged and re.search(r"\bDerivation\(|\.ends_with\(", cell.source):
            found.append(
                f"{where(notebook, cell)} derives without the tag 'derivation'"
            )
        if tagged and re.search(r"^(import|from) torch", cell.source, re.MULTILINE):
            found.append(f"{where(notebook, cell)} loads torch to derive")
    return found


def out_of_form(notebook: NotebookNode) -> list[str]:
    """Find whether the notebook is not as `make notebooks` writes it."""
    stored = json.dumps(notebook, sort_keys=True)
    normal = json.dumps(normal_form(notebook), sort_keys=True)
    return [] if stored == normal else ["not in normal form: run `make notebooks`"]


# Style


def sprawling(notebook: NotebookNode) -> list[str]:
    """Find code cells that are too wide or too long, or end in a semicolon."""
    found = []
    for cell in code_cells(notebook):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        if (width := max(map(len, lines), default=0)) > MAX_COLUMNS:
            found.append(f"{where(notebook, cell)} is {width} columns wide")
        if len(lines) > MAX_LINES:
            found.append(f"{where(notebook, cell)} is {len(lines)} lines long")
        if cell.source.rstrip().endswith(";"):
            found.append(f"{where(notebook, cell)} ends in `;`, which nbval ignores")
    return found


def definitions(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the name and the content of each function and class in some code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            fields = [field for field in canonical(node)[1:] if field[0] != "name"]
            yield node.name, json.dumps(fields)


def repeated(
    notebooks: dict[str, NotebookNode], library: dict[str, ast.Module]
) -> list[str]:
    """Find functions that two notebooks define, by name or by content.

    Of the library's functions, which have names of their own, the content counts.
    """
    found = []
    owners = {
        content: f"the library's {name}"
        for module in library.values()
        for name, content in definitions(module)
    }
    for title, notebook in notebooks.items():
        for cell in code_cells(notebook):
            for name, content in definitions(ast.parse(cell.source)):
                for key in (name, content):
                    if owners.setdefault(key, title) != title:
                        found.append(f"{title} defines {name}, as {owners[key]} does")
    return found


def pictures_of(cell: NotebookNode) -> list[NotebookNode]:
    return [
        output
        for output in cell.outputs
        if any(kind in output.get("data", {}) for kind in IMAGES)
    ]


def missing_pictures(notebook: NotebookNode) -> list[str]:
    """Find cells that have a picture's caption and drew none."""
    return [
        f"{where(notebook, cell)} has a caption and no picture: end with plt.show()"
        for cell in code_cells(notebook)
        if "figure" in cell.metadata.get("mystnb", {}) and not pictures_of(cell)
    ]


def undescribed_pictures(notebook: NotebookNode) -> list[str]:
    """Find cells whose picture has no alternative text, or that hold several."""
    found = []
    for cell in code_cells(notebook):
        pictures = pictures_of(cell)
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if pictures and len(alt.split()) < 4:
            found.append(f"{where(notebook, cell)}: its picture has no alt text")
        if len(pictures) > 1:
            found.append(f"{where(notebook, cell)} holds {len(pictures)} pictures")
    return found


# Prose and mathematics


def without_code(markdown: str) -> str:
    """Drop code blocks and code spans, and with them roles; keep directives' text."""
    kept = []
    directives: list[str] = []
    block = ""
    for line in markdown.splitlines():
        fence = FENCE.match(line)
        marks, info = fence.groups() if fence else ("", "")
        if block:
            if marks.startswith(block) and not info:
                block = ""
        elif marks and not info and directives and marks.startswith(directives[-1]):
            directives.pop()
        elif marks and info.startswith("{") and not info.startswith("{code"):
            directives.append(marks)
        elif marks:
            block = marks
        else:
            kept.append(line)
    return re.sub(r"(\{[\w:+-]+\})?(`+)(?!`).+?(?<!`)\2(?!`)", "", "\n".join(kept))


def without_groups(latex: str, opening: str, closing: str, before: str = "") -> str:
    """Drop the balanced groups between two marks, where `before` precedes them."""
    start = re.compile(before + opening)
    either = re.compile(f"({opening})|({closing})")
    while first := start.search(latex):
        depth, end = 1, len(latex)
        for mark in either.finditer(latex, first.end()):
            depth += 1 if mark[1] else -1
            if depth == 0:
                end = mark.end()
                break
        latex = f"{latex[: first.start()]} {latex[end:]}"
    return latex


def asserts(latex: str) -> bool:
    r"""Tell whether displayed mathematics claims something; `:=` only defines.

    Relations in indices, in words, in the arguments of a function and in a set's
    description, as in \sum_{i=1}, P(Y = 1), \{z : z < 1\}, are no claims.
    """
    latex = without_groups(latex, r"\{", r"\}", r"\\(?:text|mathrm|operatorname)\s*")
    latex = without_groups(latex, r"\\\{", r"\\\}")
    latex = without_groups(latex, r"(?<!\\)\{", r"(?<!\\)\}", r"[_^]\s*")
    latex = without_groups(latex, r"\(", r"\)")
    return RELATION.search(DEFINITION.sub(" ", latex)) is not None


def unchecked_equations(notebook: NotebookNode) -> list[str]:
    """Find displayed claims that no check on the page names."""
    named: set[str] = set().union(
        *(strings(cell.source) for cell in code_cells(notebook))
    )
    found = [
        f"{where(notebook, cell)} types a displayed equation in code"
        for cell in code_cells(notebook)
        if any("$$" in string for string in strings(cell.source))
    ]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found += [
                f"{where(notebook, cell)}: {problem}"
                for problem in unchecked_claims(cell.source, named)
            ]
    return found


def unchecked_claims(markdown: str, named: set[str]) -> list[str]:
    """Find displayed claims of a page whose label is not among those `named`."""
    found = []
    text = without_code(markdown)
    if AMSMATH.search(DISPLAYED.sub(" ", text)) or "{math}\n" in markdown:
        found.append("display mathematics with $$, so that it can carry a label")
    for latex, label in DISPLAYED.findall(text):
        claim = " ".join(latex.split())[:60]
        if asserts(latex) and not label:
            found.append(f"{claim!r} claims something and has no label")
        elif asserts(latex) and label not in named:
            found.append(f"{claim!r}: no code on this page checks {label!r}")
    return found


def typed_results(markdown: str) -> list[str]:
    """Find decimals and percentages in the prose, where results would be typed."""
    text = DISPLAYED.sub(" ", without_code(markdown))
    found = []
    for latex in INLINE.findall(text):
        bare = re.fullmatch(r"\s*[-+]?\d*\.\d+\s*", latex)
        rounded = DECIMAL.search(latex) and re.search(r"\\(?:approx|simeq)", latex)
        if bare or rounded or PERCENTAGE.search(latex):
            found.append(f"a typed result: ${latex}$")
    text = INLINE.sub(" ", text)
    text = re.sub(r"\]\([^)]*\)|<[^>]*>|^\s*:[\w-]+:.*$", " ", text, flags=re.MULTILINE)
    for pattern in (DECIMAL, PERCENTAGE):
        for hit in pattern.finditer(text):
            context = text[max(0, hit.start() - 30) : hit.end() + 15]
            found.append(f"a typed number: {' '.join(context.split())!r}")
    return found


def typed_numbers(notebook: NotebookNode) -> list[str]:
    """Find typed results in a notebook's Markdown, captions and alternative texts."""
    found = []
    for cell in notebook.cells:
        mystnb = cell.metadata.get("mystnb", {})
        texts = [
            cell.source if cell.cell_type == "markdown" else "",
            mystnb.get("figure", {}).get("caption", ""),
            mystnb.get("image", {}).get("alt", ""),
        ]
        found += [
            f"{where(notebook, cell)}: {problem}"
            for text in texts
            for problem in typed_results(text)
        ]
    return found


# The shape of a chapter


def markdown_of(notebook: NotebookNode) -> str:
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return "\n\n".join(cells)


def exercise_problems(notebook: NotebookNode) -> list[str]:
    """Find too few exercises, or ones without a folded solution."""
    text = markdown_of(notebook)
    fence = r"^[`:~]{3,}\s*"
    blocks = re.findall(
        fence + rf"\{{exercise(?:-start)?\}}[^\n]*\n(?::[^\n]*\n)*?:label:\s*({LABEL})",
        text,
        re.MULTILINE,
    )
    solutions = dict(
        re.findall(
            fence + rf"\{{solution(?:-start)?\}}\s*({LABEL})\s*\n((?::[^\n]*\n)*)",
            text,
            re.MULTILINE,
        )
    )
    found = [
        f"exercise {label} has no solution"
        for label in blocks
        if label not in solutions
    ]
    found += [
        f"the solution of {label} is not folded (:class: dropdown)"
        for label, options in solutions.items()
        if "dropdown" not in options
    ]
    if len(blocks) < 3:
        found.append(f"{len(blocks)} exercises with a label; a chapter has three")
    return found


def missing_parts(notebook: NotebookNode) -> list[str]:
    """Find whether a chapter lacks a derivation or a check in PyTorch."""
    calls: set[str] = set()
    imports: set[str] = set()
    for cell in code_cells(notebook):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                calls.add(node.func.id)
            elif isinstance(node, ast.Import):
                imports |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imports.add(node.module.split(".")[0])
    found = [] if "Derivation" in calls else ["no cell calls Derivation"]
    if "torch" not in imports:
        found.append("no cell imports torch, so nothing is checked in PyTorch")
    return found


# Labels


def labels(text: str) -> set[str]:
    """Return the labels that a page's Markdown, or a cell's output, defines."""
    equations = {label for _, label in DISPLAYED.findall(text) if label}
    directives = re.findall(rf"^:(?:label|name):\s*({LABEL})\s*$", text, re.MULTILINE)
    return equations | set(directives)


def notebook_labels(notebook: NotebookNode) -> set[str]:
    """Return the labels of a notebook's Markdown and of its Markdown outputs."""
    outputs = [
        output.data["text/markdown"]
        for cell in code_cells(notebook)
        for output in cell.outputs
        if "text/markdown" in output.get("data", {})
    ]
    return set().union(*map(labels, [markdown_of(notebook), *outputs]))


def cited_equations(source: str) -> set[str]:
    """Return the labels that the docstrings of a module cite as {eq}`label`."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    texts = [
        ast.get_docstring(node) or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, kinds)
    ]
    return set(re.findall(rf"\{{eq\}}`({LABEL})`", "\n".join(texts)))


# Together

OF_NOTEBOOKS = (
    unexecuted,
    unwatched,
    hidden_derivations,
    out_of_form,
    sprawling,
    missing_pictures,
    undescribed_pictures,
    unchecked_equations,
    typed_numbers,
)
OF_CHAPTERS = (exercise_problems, missing_parts)
