"""MathML that browsers lay out by themselves, from what MathJax makes of TeX.

Browsers read MathML Core: letters of another style are other characters there, columns
are aligned by CSS, and a function's name has no space after it unless it is given. And
they do not break lines inside a formula: so a formula is cut into pieces before the
signs between its terms, and lines break between the pieces.
"""

import unicodedata
from collections.abc import Iterator
from copy import deepcopy
from html import escape
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

APPLY = "\N{FUNCTION APPLICATION}"
THIN = "0.1667em"
# Lines break before these: pluses and minuses, relations, arrows.
BREAK_BEFORE = frozenset(
    "+=<>\u2212\u00b1\u2264\u2265\u2248\u2260\u223c\u2254\u2192\u21a6\u2208\u21d2\u21d4\u2261"
)
OPENING, CLOSING = ("(", "[", "{"), (")", "]", "}")
LARGE = frozenset("\u2211\u220f\u222b")  # a sum, a product, an integral
TALL = frozenset(["mfrac", "mtable", "msqrt", "mroot", "munder", "mover", "munderover"])
CLASS = "data-mjx-texclass"  # TeX's class of an element, as MathJax tells it
NOT_CORE = frozenset(
    ["columnspacing", "rowspacing", "columnalign", "columnlines", "indentshift"]
)
NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'


class TeXError(ValueError):
    """TeX that MathJax could not read; the message says where it stopped."""


def inline(mathml: str) -> str:
    """A formula in a line of text, as HTML, in pieces."""
    return "<wbr>".join(_math(piece) for piece in _pieces(_read(mathml)))


def tied(before: str, formula: str, after: str) -> str:
    """A formula in a line of text with what touches its first and its last piece."""
    if "<math" not in formula or not (before or after):
        return f"{before}{formula}{after}"
    opening, pieces = formula[: (start := formula.index("<math"))], formula[start:]
    first, *rest = pieces.removesuffix("</span>").split("<wbr>")
    if not rest:
        return f'<span class="tied">{before}{formula}{after}</span>'
    first = f'<span class="tied">{before}{first}</span>' if before else first
    last = f'<span class="tied">{rest[-1]}{after}</span>' if after else rest[-1]
    return f"{opening}{'<wbr>'.join([first, *rest[:-1], last])}</span>"


def display(mathml: str) -> str:
    """A formula, or lines of one, on lines of their own, as HTML."""
    root = _read(mathml)
    lines = _lines(root) or [(None, root)]
    if len(lines) == 1 and lines[0][0] is None:
        return f'<div class="formula">{_wrapping(lines[0][1])}</div>'
    html, reason = [], []
    for left, right in lines:
        if _is_reason(right):
            reason.append(_said(right))
            continue
        html += _reason(reason)
        reason = []
        sign = "" if left is None else _math(_parts(left), displayed=True)
        html.append(f'<div class="left">{sign}</div>')
        html.append(f'<div class="right">{_wrapping(right)}</div>')
    html += _reason(reason)
    return f'<div class="lines">{"".join(html)}</div>'


def _read(mathml: str) -> Element:
    root = ElementTree.fromstring(mathml.replace(NAMESPACE, ""))
    for error in root.iter("merror"):
        raise TeXError("".join(error.itertext()).strip())
    _clean(root)
    return root


def _clean(node: Element) -> None:
    """Spaces at functions' names, other letters, brackets that grow where needed."""
    if len(node):
        node.text = None
    _space_functions(node)
    for child in node:
        child.tail = None
        _clean(child)
    _restyle(node)
    if _is_bracket(node) and not any(map(_is_tall, node.iter())):
        for fence in node:
            if fence.tag == "mo":
                fence.set("stretchy", "false")
    if node.tag == "mtable":
        _align(node)


def _is_bracket(node: Element) -> bool:
    """Whether it is all between \\left and \\right."""
    return (
        node.tag == "mrow"
        and len(node) > 2
        and node[0].get(CLASS) == "OPEN"
        and node[-1].get(CLASS) == "CLOSE"
    )


def _is_tall(node: Element) -> bool:
    return node.tag in TALL or (node.tag == "mo" and node.text in LARGE)


def _space_functions(node: Element) -> None:
    """TeX's thin spaces: log x, but log(x); 2 log x, but (log x."""
    for index in reversed(range(len(node))):
        child = node[index]
        if child.tag != "mo" or child.text != APPLY or index == 0:
            continue
        follows = node[index + 1] if index + 1 < len(node) else None
        opens = follows is not None and follows.get(CLASS) == "OPEN"
        bracket = follows is not None and (follows.text or "") in OPENING
        if follows is not None and not opens and not bracket:
            child.set("rspace", THIN)
            child.set("lspace", "0")
        before = node[index - 2] if index >= 2 else None
        if before is not None and before.tag != "mspace" and _ends(before):
            node.insert(index - 1, Element("mspace", width=THIN))


def _restyle(node: Element) -> None:
    style = node.get("mathvariant")
    if style is None or style == "normal":
        return
    del node.attrib["mathvariant"]
    if style == "italic":
        return
    style = style.removeprefix("-tex-").replace("calligraphic", "script").upper()
    text = node.text or ""
    node.text = "".join(_letter(character, style) for character in text)


def _letter(character: str, style: str) -> str:
    """The letter or digit of Unicode's alphabets for mathematics, by its name."""
    kind = "DIGIT" if character.isdigit() else "SMALL"
    kind = "CAPITAL" if character.isupper() else kind
    said = unicodedata.name(character, "").split()[-1:]
    older = style.replace("FRAKTUR", "BLACK-LETTER")  # some had a place before the rest
    for name in (f"MATHEMATICAL {style}", older):
        try:
            return unicodedata.lookup(" ".join([name, kind, *said]))
        except KeyError:
            continue
    return character


def _align(table: Element) -> None:
    sides = (table.get("columnalign") or "center").split()
    for row in table:
        for index, cell in enumerate(row):
            side = sides[min(index, len(sides) - 1)]
            if side != "center":
                cell.set("style", f"text-align: {side}")


# ------------------------------------------------------------------ lines and pieces


def _lines(root: Element) -> list[tuple[Element | None, Element]] | None:
    """The cells of a display that is a table of one or two columns, else None."""
    table = _only(root)
    if table is None or table.tag != "mtable":
        return None
    while (inner := _only_cell(table)) is not None:
        table = inner
    found: list[tuple[Element | None, Element]] = []
    for line in table:
        cells = list(line)
        if not 1 <= len(cells) <= 2:
            return None
        *before, right = cells
        left = next((cell for cell in before if "".join(cell.itertext())), None)
        found.append((left, right))
    return found


def _only(node: Element) -> Element | None:
    """What is in a formula, out of the groups of one element around it."""
    while len(node) == 1:
        node = node[0]
        if node.tag not in ("mrow", "mstyle", "mtd"):
            return node
    return None


def _only_cell(table: Element) -> Element | None:
    """The table that is the only cell of a table."""
    if len(table) == 1 and len(table[0]) == 1:
        inner = _only(table[0][0])
        if inner is not None and inner.tag == "mtable":
            return inner
    return None


def _parts(node: Element) -> list[Element]:
    """The terms and signs of a formula, out of the groups that TeX's braces make."""
    plain = node.tag == "mstyle" and not node.get("mathsize")
    group = node.tag == "mrow" and len(node) == 1 and node[0].tag != "mo"
    if node.tag in ("math", "mtd") or plain or group:
        return [part for child in node for part in _parts(child)]
    empty = node.tag in ("mi", "mrow") and not "".join(node.itertext())
    return [] if empty else [node]


def _is_reason(cell: Element) -> bool:
    """Whether a line is small text, as the reason of a step is."""
    parts = [part for part in _parts(cell) if part.tag != "mspace"]
    return len(parts) == 1 and bool(parts[0].get("mathsize"))


def _said(cell: Element) -> str:
    """Small text and the formulas in it, as HTML: its lines break at any word."""
    [small] = [part for part in _parts(cell) if part.tag != "mspace"]
    html, formula = [], []
    for part in [part for child in small for part in _parts(child)]:
        if part.tag != "mtext":
            formula.append(part)
            continue
        html += [_math(formula)] if formula else []
        formula = []
        html.append(escape((part.text or "").replace("\N{NO-BREAK SPACE}", " ")))
    return "".join(html + ([_math(formula)] if formula else []))


def _reason(lines: list[str]) -> list[str]:
    return [f'<div class="reason">{" ".join(lines)}</div>'] if lines else []


def _wrapping(node: Element) -> str:
    return "<wbr>".join(_math(piece, displayed=True) for piece in _pieces(node))


def _pieces(node: Element) -> list[list[Element]]:
    """A formula's parts, cut before the signs between its terms."""
    pieces: list[list[Element]] = [[]]
    depth = 0  # of brackets that do not grow: inside these no line breaks
    for part in _opened(_parts(node)):
        if _is_sign(part) and depth == 0 and pieces[-1] and _ends(pieces[-1][-1]):
            part.set("form", "infix")
            pieces.append([])
        if part.get("stretchy") == "false":
            depth += (part.text in OPENING) - (part.text in CLOSING)
        pieces[-1].append(part)
    return pieces


def _is_sign(part: Element) -> bool:
    """Whether lines may break before it: before := and other signs of several, too."""
    made = part.tag == "mrow" and part.get(CLASS) == "REL"
    return made or (part.tag == "mo" and part.text in BREAK_BEFORE)


def _ends(part: Element) -> bool:
    """Whether a term ends with it, so that a sign after it stands between terms."""
    return not _is_sign(part) and (part.tag != "mo" or part.text in CLOSING)


def _opened(parts: list[Element]) -> Iterator[Element]:
    """The parts, and in place of a bracket with a sum inside what it consists of.

    On both sides stands something without width that is as tall as what is tallest in
    it: the bracket's ends may come to stand on different lines.
    """
    for part in parts:
        inside = list(part)[1:-1]
        tall = [node for node in inside if any(map(_is_tall, node.iter()))]
        long = any(map(_is_sign, inside))
        if not (_is_bracket(part) and tall and long):
            yield part
            continue
        part[0].set("form", "prefix")
        part[-1].set("form", "postfix")
        tallest = max(tall, key=_height)
        yield from (part[0], _strut(tallest))
        yield from _opened(inside)
        yield from (_strut(tallest), part[-1])


def _height(node: Element) -> int:
    """More for what is taller, roughly: a fraction of fractions, a fraction, a root."""
    inner = max(map(_height, node), default=0)
    return inner + (2 if node.tag in ("mfrac", "mtable") else int(_is_tall(node)))


def _strut(node: Element) -> Element:
    strut = Element("mpadded", {"width": "0", "aria-hidden": "true"})
    phantom = Element("mphantom")
    phantom.append(deepcopy(node))
    strut.append(phantom)
    return strut


def _math(parts: list[Element], displayed: bool = False) -> str:
    formula = Element("math", {"displaystyle": "true"} if displayed else {})
    formula.extend(parts)
    for node in formula.iter():
        for name in [n for n in node.attrib if n.startswith("data-") or n in NOT_CORE]:
            del node.attrib[name]
    return ElementTree.tostring(formula, "unicode", short_empty_elements=False)
