"""The typefaces of the pages: STIX Two for text, and for mathematics what is used.

Both come from npm's packages (SIL Open Font License 1.1).
"""

import base64
import io
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from unicodedata import normalize

from fontTools import subset
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

from tools.digest import ROOT

FONTS = ROOT / "node_modules" / "@fontsource"
MATH = FONTS / "stix-two-math/files/stix-two-math-latin-400-normal.woff2"
TEXT = "stix-two-text/files/stix-two-text-latin-{}.woff2"
FACES = ((400, "normal"), (400, "italic"), (700, "normal"))
NAME = "Checked Math"  # what is changed goes by another name
ROOT_SIGN = 0x221A


def write(out: Path) -> None:
    """fonts.css, with the fonts in it: from a folder a page may not fetch one."""
    used = set().union(*map(characters, out.rglob("*.html")))
    rules = [face(NAME, mathematical(used))]
    for weight, style in FACES:
        font = (FONTS / TEXT.format(f"{weight}-{style}")).read_bytes()
        rules.append(face("STIX Two Text", font, weight, style))
    (out / "_static" / "fonts.css").write_text("\n".join(rules), "utf-8")


def face(family: str, font: bytes, weight: int = 400, style: str = "normal") -> str:
    """A rule of CSS that holds a font."""
    data = base64.b64encode(font).decode()
    return f"""@font-face {{
  font-family: "{family}";
  font-style: {style};
  font-weight: {weight};
  src: url("data:font/woff2;base64,{data}") format("woff2");
}}"""


def characters(page: Path) -> set[str]:
    """What a page's formulas are written with."""
    formulas = re.findall(r"<math.*?</math>", page.read_text("utf-8"), re.DOTALL)
    return set(unescape(re.sub(r"<[^>]*>", "", "".join(formulas))))


def italics(used: set[str]) -> set[str]:
    """The slanted letters that browsers put for a single one of these."""
    slanted = map(chr, [*range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D71C), 0x210E])
    plain = {normalize("NFKC", c) for c in used}  # of two shapes of phi, say, both
    return {c for c in slanted if normalize("NFKC", c) in plain}


def mathematical(used: set[str]) -> bytes:
    """The font for mathematics with these characters alone, of every size."""

    def change(font: TTFont) -> None:
        _make_roots_equally_wide(font)
        for record in font["name"].names:
            if record.nameID in (1, 3, 4, 6, 16):
                record.string = NAME.replace(" ", "" if record.nameID == 6 else " ")

    return cut(MATH, {chr(ROOT_SIGN), *used, *italics(used)}, change)


def cut(
    path: Path, used: set[str], change: Callable[[TTFont], None] = lambda font: None
) -> bytes:
    """A font with these characters alone, changed, as WOFF 2."""
    options = subset.Options(flavor="woff2", layout_features=["*"])
    font = TTFont(path)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=map(ord, used))
    subsetter.subset(font)
    change(font)
    written = io.BytesIO()
    subset.save_font(font, written, options)
    return written.getvalue()


def _make_roots_equally_wide(font: TTFont) -> None:
    """Chromium leaves room after each root for the widest of the root's signs."""
    variants = font["MATH"].table.MathVariants
    sign = font.getBestCmap()[ROOT_SIGN]
    index = variants.VertGlyphCoverage.glyphs.index(sign)
    construction = variants.VertGlyphConstruction[index]
    larger = {r.VariantGlyph for r in construction.MathGlyphVariantRecord} - {sign}
    larger |= {part.glyph for part in construction.GlyphAssembly.PartRecords}
    width = font["hmtx"][sign][0]
    glyphs = font.getGlyphSet()
    drawn = {}
    for name in larger:
        pen = TTGlyphPen(glyphs)
        scale = width / font["hmtx"][name][0]
        glyphs[name].draw(TransformPen(pen, (scale, 0, 0, 1, 0, 0)))
        drawn[name] = pen.glyph(), round(font["hmtx"][name][1] * scale)
    for name, (glyph, bearing) in drawn.items():
        font["glyf"][name] = glyph
        font["hmtx"][name] = (width, bearing)
