"""Formulas become MathML that browsers lay out, in pieces between which lines break."""

import base64
import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup, Tag
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from sphinx.errors import ExtensionError

from tests.shared.effort import examples
from tools.digest import ROOT
from tools.site import folds, fonts, icons, mathml, playables, search, translators
from tools.site.mathematics import converted, lines_of

pytestmark = pytest.mark.skipif(
    not (ROOT / "node_modules/mathjax").is_dir(), reason="no MathJax: run `make html`"
)
MACROS = r'{"coloneqq": "\\mathrel{:=}"}'


def inline(tex: str) -> Tag:
    return BeautifulSoup(mathml.inline(converted(tex, False, MACROS)), "html.parser")


def display(tex: str) -> Tag:
    found = converted(lines_of(tex), True, MACROS)
    return BeautifulSoup(mathml.display(found), "html.parser")


def pieces(page: Tag) -> list[str]:
    for strut in page.select("[aria-hidden]"):
        strut.decompose()
    return [formula.get_text() for formula in page.find_all("math")]


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("a + b", ["a", "+b"]),
        ("{} - a + b", ["\u2212a", "+b"]),
        ("-a - b = -c", ["\u2212a", "\u2212b", "=\u2212c"]),
        ("f(a + b) + c", ["f(a+b)", "+c"]),
        (r"x \in A", ["x", "∈A"]),
        (r"p \to q \approx r", ["p", "→q", "≈r"]),
        (r"\frac{a + b}{c - d}", ["a+bc\u2212d"]),
        (r"x \coloneqq y", ["x", ":=y"]),
        ("a{=}b", ["a=b"]),
        (r"\left(a + b\right)", ["(a+b)"]),
        (r"E\left[a + \frac{b}{c}\right]", ["E[a", "+bc]"]),
    ],
)
def test_lines_break_before_the_signs_between_terms(
    tex: str, expected: list[str]
) -> None:
    assert pieces(inline(tex)) == expected


@pytest.mark.parametrize(
    ("tex", "letter"),
    [
        (r"\mathbb{E}", "𝔼"),
        (r"\mathbb{R}", "\N{DOUBLE-STRUCK CAPITAL R}"),
        (r"\mathcal{N}", "𝒩"),
        (r"\mathcal{L}", "\N{SCRIPT CAPITAL L}"),
        (r"\mathfrak{C}", "\N{BLACK-LETTER CAPITAL C}"),
        (r"\mathbf{x}", "𝐱"),
        (r"\mathbf{1}", "𝟏"),
        (r"\mathrm{d}", "d"),
        (r"\mathtt{a}", "𝚊"),
    ],
)
def test_letters_of_another_style_are_other_characters(tex: str, letter: str) -> None:
    page = inline(tex)
    assert page.get_text() == letter
    assert page.find(mathvariant=lambda style: style not in (None, "normal")) is None


@pytest.mark.parametrize(
    ("tex", "after", "before"),
    [
        (r"\log x", True, False),
        (r"\log(x)", False, False),
        (r"2 \log x", True, True),
        (r"f(x) \log x", True, True),
        (r"(\log x)", True, False),
        (r"-\log x", True, False),
    ],
)
def test_functions_stand_apart_as_in_tex(tex: str, after: bool, before: bool) -> None:
    page = inline(tex)
    assert bool(page.find("mo", string=mathml.APPLY).get("rspace")) is after
    assert bool(page.find("mspace")) is before


def test_brackets_grow_around_what_is_tall_alone() -> None:
    low, tall = (inline(rf"\left({x}\right)") for x in ("z", r"\frac{a}{b}"))
    assert [fence["stretchy"] for fence in low.find_all("mo")] == ["false", "false"]
    assert not tall.find("mo", stretchy="false")


def test_a_broken_bracket_grows_at_both_ends() -> None:
    """A copy of what is tallest stands at both, without width and unheard."""
    page = inline(r"E\left[\log a + \frac{b}{\sqrt{c}} - d\right]")
    struts = page.select("mpadded[width='0'][aria-hidden=true] > mphantom > mfrac")
    assert len(struts) == 2
    assert page.find("mo", form="prefix").get_text() == "["
    assert page.find("mo", form="postfix").get_text() == "]"


DERIVATION = r"""\begin{aligned}
& \log p_{\theta}(x) \\
& \quad {\small \text{multiply by one: }q_\phi\text{ integrates}} \\
& \quad {\small \text{to one}} \\
= {} & \int q_{\phi}(z) \log p_{\theta}(x) \, \mathrm{d}z + 1
\end{aligned}"""


def test_a_derivation_is_lines_and_reasons() -> None:
    lines = display(DERIVATION).find(class_="lines")
    classes = [part["class"][0] for part in lines.find_all("div", recursive=False)]
    assert classes == ["left", "right", "reason", "left", "right"]
    [reason] = lines.select(".reason")
    assert reason.get_text() == "multiply by one: qϕ integrates to one"
    assert [m.get_text() for m in reason.find_all("math")] == ["qϕ"]
    signs = [left.get_text() for left in lines.select(".left")]
    assert signs == ["", "="]
    assert len(lines.select(".right")[1].find_all("math")) == 2


def test_lines_without_signs_and_several_formulas_are_lines_too() -> None:
    for tex in (r"a &= b \\ &= c", "a = b\n\nc = d", r"a \\ b"):
        assert len(display(tex).select(".lines > .right")) == 2
    assert display("a = b").select_one(".formula")
    matrix = display(r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}")
    assert matrix.select_one(".formula mtable")


def test_columns_are_aligned_by_css() -> None:
    cells = display(r"x = \begin{cases} a & b \\ c & d \end{cases}").find_all("mtd")
    assert [cell.get("style") for cell in cells] == ["text-align: left"] * 4


@pytest.mark.parametrize("tex", [r"\frac{a}", r"\left(a", r"\notacommand", "a_b_c"])
def test_what_is_no_tex_is_an_error_that_says_why(tex: str) -> None:
    with pytest.raises(mathml.TeXError, match=r"\w"):
        inline(tex)


letters = st.sampled_from(["a", "x_1", r"\frac{a}{b}", r"\log z", "2", r"\mathbb{E}"])
formulas = st.recursive(
    letters,
    lambda inner: st.one_of(
        st.builds(lambda a, b: f"{a} + {b}", inner, inner),
        st.builds(lambda a, b: f"{a} - {b}", inner, inner),
        st.builds(lambda a: rf"\left[{a}\right]", inner),
        st.builds(lambda a: rf"\left({a}\right)^{{2}}", inner),
        st.builds(lambda a, b: rf"\frac{{{a}}}{{{b}}}", inner, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=examples(40), deadline=None)
@given(formulas)
def test_nothing_is_lost_or_said_twice(tex: str) -> None:
    """The pieces together are what MathJax made, in its order."""
    made = converted(tex, False, MACROS)
    whole = "".join(ElementTree.fromstring(made).itertext())
    said = "".join(pieces(display(tex))).replace("𝔼", "E")
    assert "".join(said.split()) == "".join(whole.split())


def test_the_font_has_what_is_used_in_all_sizes() -> None:
    made = fonts.mathematical({"x", "(", "∑", "𝔼", "\N{GREEK PHI SYMBOL}"})
    font = TTFont(io.BytesIO(made))
    there = font.getBestCmap()
    assert {ord(c) for c in "x(∑𝔼√𝑥\N{MATHEMATICAL ITALIC PHI SYMBOL}"} <= set(there)
    assert ord("y") not in there
    assert font["name"].getDebugName(1) == fonts.NAME
    variants = font["MATH"].table.MathVariants
    roots = variants.VertGlyphCoverage.glyphs.index(there[fonts.ROOT_SIGN])
    construction = variants.VertGlyphConstruction[roots]
    names = [r.VariantGlyph for r in construction.MathGlyphVariantRecord]
    names += [part.glyph for part in construction.GlyphAssembly.PartRecords]
    assert len({font["hmtx"][name][0] for name in names}) == 1
    assert len(names) > 3
    assert len(made) < 20_000


def test_icons_are_those_that_pages_name() -> None:
    style = '.fa-a:before{content:"\\f001"}.fa-b:before,.fa-c:before{content:"\\f002"}'
    assert icons.glyphs(style) == {
        "fa-a": "\uf001",
        "fa-b": "\uf002",
        "fa-c": "\uf002",
    }
    page = '<i class="fa-solid fa-bars"></i><i class="fas fa-bars fa-lg">'
    assert icons.icons(page) == ["fa-bars", "fa-lg", "fa-solid"]


def cell(source: str, *tags: str, outputs: tuple[dict, ...] = ()) -> dict:
    tagged = {"tags": ["hide-input", *tags]}
    return {"source": source, "metadata": tagged, "outputs": list(outputs)}


PICTURE, TEXT = {"data": {"image/png": ""}}, {"data": {"text/plain": ""}}


def test_what_shows_nothing_is_folded_with_what_follows() -> None:
    prose = {"source": "prose", "metadata": {}}
    chain = cell("chain", "derivation", outputs=(TEXT,))
    cells = [cell("a"), cell("b"), chain, prose, cell("c"), prose, cell("d")]
    found = folds.joined(cells)
    code = ["a\n\nb\n\nchain", "prose", "c", "prose", "d"]
    assert [c["source"] for c in found] == code
    assert [folds.said_of(found[i]).split()[-1] for i in (0, 2)] == ["written", "use"]
    assert folds.said_of(cell("x", outputs=(PICTURE,))).endswith("figure is drawn")
    assert folds.said_of(cell("x", outputs=(TEXT,))).endswith("this output")
    assert chain["source"] == "chain"  # what was given is as it was


SECTIONS = """<article><section id="a"><h1>A<a class="headerlink">#</a></h1><p>One.</p>
<pre>import code</pre><section id="b"><h2>B</h2><p>Two <math>f</math>.</p>
<dl class="glossary"><dt id="term-c">C</dt><dd>Three.</dd></dl></section>
</section></article>"""


def test_each_section_and_term_is_a_place_and_code_is_in_none() -> None:
    article = BeautifulSoup(SECTIONS, "html.parser").article
    assert article is not None
    assert list(search.places(article)) == [
        {"title": "A", "address": "", "text": "One."},
        {"title": "B", "address": "#b", "text": "Two f."},
        {"title": "C", "address": "#term-c", "text": "Three."},
    ]


def test_what_touches_a_formula_is_tied_to_its_nearest_piece() -> None:
    formula = f"<span>{mathml.inline(converted('a + b', False, MACROS))}</span>"
    page = BeautifulSoup(mathml.tied("(", formula, "),"), "html.parser")
    assert [span.get_text() for span in page.select(".tied")] == ["(a", "+b),"]
    assert mathml.tied("", formula, "") == formula
    single = f"<span>{mathml.inline(converted('k', False, MACROS))}</span>"
    page = BeautifulSoup(mathml.tied("", single, "-th"), "html.parser")
    assert [span.get_text() for span in page.select(".tied")] == ["k-th"]


def placed(tmp_path: Path, **metadata: object) -> tuple[Tag, dict]:
    """The HTML, and the output, of a page that shows a figure to play with."""
    picture = base64.b64encode(b"PNG").decode()
    data = {playables.MIME: '{"name":"wave"}', "image/png": picture}
    cells = [{"metadata": metadata, "outputs": [{"data": data}]}, {"metadata": {}}]
    source = [json.dumps({"cells": cells})]
    playables.place(SimpleNamespace(outdir=tmp_path), "book/vae/a", source)
    output = json.loads(source[0])["cells"][0]["outputs"][0]["data"]
    return BeautifulSoup(output["text/html"], "html.parser"), output


def test_a_page_has_a_playable_figures_data_and_its_still(tmp_path: Path) -> None:
    page, output = placed(tmp_path, mystnb={"image": {"alt": 'a "wave"'}})
    assert output.keys() == {"text/html", "image/png"}
    [still] = page.find_all("img")
    assert (still["alt"], still["src"]) == (
        'a "wave"',
        "../../_images/playable-wave.png",
    )
    assert (tmp_path / "_images/playable-wave.png").read_bytes() == b"PNG"
    [data] = page.find_all("script")
    assert data["type"] == "application/json"
    assert json.loads(data.string) == {"name": "wave"}


def test_a_playable_figure_without_alternative_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExtensionError, match="book/vae/a: the figure wave has no alt"):
        placed(tmp_path)


def test_pages_without_a_playable_figure_load_nothing_for_it() -> None:
    loaded: list[str] = []
    app = SimpleNamespace(
        add_css_file=loaded.append, add_js_file=lambda file, **_: loaded.append(file)
    )
    playables.add_script(app, "a", "", {"body": "<p>playable</p>"}, None)
    assert loaded == []
    html = playables.html_of("{}", "a.png", "alt")
    playables.add_script(app, "a", "", {"body": html}, None)
    assert loaded == ["playable.css", "playable.js"]


def translator_placed(tmp_path: Path, **metadata: object) -> tuple[Tag, dict]:
    """The HTML, and the output, of a page that shows the translator."""
    picture = base64.b64encode(b"PNG").decode()
    content = json.dumps({"name": "phrases", "record": "translate-phrases-seed0"})
    data = {translators.MIME: content, "image/png": picture}
    source = [
        json.dumps({"cells": [{"metadata": metadata, "outputs": [{"data": data}]}]})
    ]
    translators.place(SimpleNamespace(outdir=tmp_path), "book/gan/a", source)
    output = json.loads(source[0])["cells"][0]["outputs"][0]["data"]
    return BeautifulSoup(output["text/html"], "html.parser"), output


def test_a_page_has_the_translators_still_and_knows_its_file(tmp_path: Path) -> None:
    page, output = translator_placed(tmp_path, mystnb={"image": {"alt": "a map"}})
    assert output.keys() == {"text/html", "image/png"}
    [still] = page.find_all("img")
    assert (still["alt"], still["src"]) == (
        "a map",
        "../../_images/translator-phrases.png",
    )
    assert (tmp_path / "_images/translator-phrases.png").read_bytes() == b"PNG"
    [figure] = page.select(".translator")
    assert figure["data-file"] == "../../_static/translators/phrases.js"
    code = (tmp_path / "_static/translators/phrases.js").read_text("utf-8")
    assert code.startswith('translators.data["phrases"] = {')
    assert "embedding.weight" in code
    assert float(figure["data-size"]) == pytest.approx(1.07, abs=0.1)
    assert page.find_all("script") == []
    assert len(str(page)) < 1000


def test_a_translator_without_alternative_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExtensionError, match="gan/a: the figure phrases has no alt"):
        translator_placed(tmp_path)


def test_only_pages_with_a_translator_load_its_script() -> None:
    loaded: list[str] = []
    app = SimpleNamespace(
        add_css_file=loaded.append, add_js_file=lambda file, **_: loaded.append(file)
    )
    translators.add_script(app, "a", "", {"body": "<p>translator</p>"}, None)
    assert loaded == []
    body = '<div class="translator" data-name="a"></div>'
    translators.add_script(app, "a", "", {"body": body}, None)
    assert loaded == ["translator.css", "translator.js"]
