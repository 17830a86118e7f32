"""The theme's icons, without the two thousand that no page shows.

The theme brings Font Awesome whole, as fonts and as a script that draws alike: 843 kB.
What the pages, scripts and styles name is cut from its font instead, into icons.css.
"""

import re
import shutil
from pathlib import Path

import pydata_sphinx_theme

from .fonts import cut, face

STATIC = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
# Each kind of icon: its classes, its font's file, name and weight.
KINDS = (
    ("fas", "fa-solid", "fa-solid-900.woff2", "Font Awesome 6 Free", 900),
    ("fab", "fa-brands", "fa-brands-400.woff2", "Font Awesome 6 Brands", 400),
)
RULES = """\
:root {
  --fa-font-solid: normal 900 1em/1 "Font Awesome 6 Free";
}
.fa-lg {
  font-size: 1.25em;
  vertical-align: -0.075em;
}
"""


def write(out: Path) -> None:
    pages = list(out.rglob("*.html"))
    texts = [
        *pages,
        *out.glob("_static/scripts/*.js"),
        *out.glob("_static/styles/*.css"),
    ]
    said = "".join(path.read_text("utf-8") for path in texts if path.is_file())
    [whole] = STATIC.glob("vendor/fontawesome/*/css/all.min.css")
    codes = glyphs(whole.read_text("utf-8"))
    named = {name: codes[name] for name in icons(said) if name in codes}
    drawn = {chr(int(c, 16)) for c in re.findall(r'content: *"\\(f[0-9a-f]{3})"', said)}
    shown = drawn | {*named.values()}
    kinds = [kind for kind in KINDS if re.search(rf'"(?:{kind[0]}|{kind[1]}) ', said)]
    fonts = [rule(whole.parents[1] / "webfonts", kind, shown) for kind in kinds]
    rules = [
        f'.{name}::before {{\n  content: "{code}";\n}}' for name, code in named.items()
    ]
    style = "\n".join([*fonts, RULES, *rules, ""])
    (out / "_static/icons.css").write_text(style, "utf-8")
    shutil.rmtree(out / "_static/vendor/fontawesome", ignore_errors=True)
    for page in pages:
        lines = page.read_text("utf-8").splitlines(keepends=True)
        kept = (line for line in lines if "_static/vendor/fontawesome/" not in line)
        page.write_text("".join(kept), "utf-8")


def rule(folder: Path, kind: tuple[str, str, str, str, int], shown: set[str]) -> str:
    """The style of a kind of icon, with a font that has those shown."""
    short, long, file, family, weight = kind
    font = face(family, cut(folder / file, shown), weight=weight)
    return f"""{font}
.{short},
.{long} {{
  display: inline-block;
  font: normal {weight} 1em/1 "{family}";
  text-rendering: auto;
}}"""


def icons(said: str) -> list[str]:
    """The names of icons that pages and scripts use."""
    return sorted(set(re.findall(r"\bfa-[a-z0-9-]+", said)))


def glyphs(style: str) -> dict[str, str]:
    """The character of each icon, from Font Awesome's own style sheet."""
    found = {}
    for names, code in re.findall(
        r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}', style
    ):
        for name in re.findall(r"fa-[\w-]+", names):
            found[name] = chr(int(code, 16))
    return found
