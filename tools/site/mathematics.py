"""Mathematics is set when the book is built: TeX becomes MathML, without any script.

MathJax reads the TeX (in Node, while Sphinx writes the pages), and ``mathml`` makes of
its MathML what browsers lay out by themselves, in print and without scripts, too.
"""

import functools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.logging import getLogger
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

from tools.digest import ROOT

from . import attempts, mathml

LOGGER = getLogger(__name__)
CONVERTER = Path(__file__).with_name("tex2mml.mjs")
CLASSES = "math notranslate nohighlight"
# What touches a formula: the end of the text before it, the beginning of what follows.
BEFORE = re.compile(r"[(\[\u201c\u2018]+$")
AFTER = re.compile(r"^[-\u2013,.;:!?)\]\u201d\u2019]\S*")


def setup(app: Sphinx) -> None:
    app.add_config_value("tex_macros", {}, "html")
    app.connect("doctree-resolved", tie)
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))


def node() -> str:
    """The program that runs npm's packages, once these are here."""
    if not (ROOT / "node_modules" / "mathjax").is_dir():
        raise ExtensionError(
            "MathJax is not here: run `make html`, or `npm ci` in the project's folder"
        )
    beside = Path(sys.executable).parent
    found = shutil.which("node", path=beside) or shutil.which("node")
    if found is None:
        raise ExtensionError("Node is not here: install requirements.txt")
    return found


@functools.cache
def converter(macros: str) -> subprocess.Popen[str]:
    """MathJax, waiting for TeX; it ends with Sphinx, whose pipe it reads."""
    pipe = subprocess.PIPE
    process = subprocess.Popen([node(), CONVERTER], stdin=pipe, stdout=pipe, text=True)
    print(macros, file=process.stdin, flush=True)
    return process


@functools.cache
def converted(tex: str, display: bool, macros: str) -> str:
    """The MathML that MathJax makes of TeX."""
    process = converter(macros)
    assert process.stdin is not None
    assert process.stdout is not None
    print(json.dumps([display, tex]), file=process.stdin, flush=True)
    answer = process.stdout.readline()
    if not answer:
        raise ExtensionError(f"MathJax ended at {tex!r}")
    return str(json.loads(answer))


def lines_of(tex: str) -> str:
    """TeX as Sphinx reads it: of several lines, or formulas with gaps between."""
    parts = [part for part in tex.split("\n\n") if part.strip()]
    if len(parts) > 1:
        return r"\begin{aligned}" + r" \\ ".join(parts) + r"\end{aligned}"
    return rf"\begin{{split}}{tex}\end{{split}}" if r"\\" in tex else tex


def html_of(writer: HTML5Translator, node: nodes.Element, display: bool) -> str:
    macros = json.dumps(writer.builder.config.tex_macros)
    tex = node.astext()
    if display and not node["nowrap"]:
        tex = lines_of(tex)
    try:
        found = converted(tex, display, macros)
        return mathml.display(found) if display else mathml.inline(found)
    except mathml.TeXError as problem:
        LOGGER.warning("%s in the formula %s", problem, tex, location=node)
        return writer.encode(tex)


def tie(app: Sphinx, doctree: nodes.document, name: str) -> None:
    """Give formulas the signs that touch them: before a comma no line breaks."""
    for formula in doctree.findall(nodes.math):
        for move, touching, side in ((-1, BEFORE, "before"), (1, AFTER, "after")):
            place = formula.parent.index(formula) + move
            beside = formula.parent[place] if 0 <= place < len(formula.parent) else None
            if isinstance(beside, nodes.Text) and (found := touching.search(beside)):
                formula[side] = found[0]
                rest = beside[: found.start()] + beside[found.end() :]
                formula.parent[place] = nodes.Text(rest)


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    formula = html_of(self, node, display=False)
    opening = self.starttag(node, "span", "", CLASS=CLASSES)
    before, after = (self.encode(node.get(side, "")) for side in ("before", "after"))
    self.body.append(mathml.tied(before, f"{opening}{formula}</span>", after))
    raise nodes.SkipNode


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    place = attempts.place(self.builder.current_docname, node.astext())
    marks: dict[str, Any] = {} if place is None else {"data-derivation": str(place)}
    self.body.append(self.starttag(node, "div", CLASS=CLASSES, **marks))
    self.body.append(html_of(self, node, display=True))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode
