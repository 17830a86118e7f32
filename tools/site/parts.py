"""What a page says of itself: its part, by a colour, and how long it takes to read."""

import re
from pathlib import Path

from bs4 import Tag
from bs4.element import NavigableString

from tools.finished import read, shown

WORDS = 200  # read in a minute, of prose
FORMULA = 0.5  # minutes for a displayed one
PARTS = {
    "Variational autoencoders": "vae",
    "Generative adversarial networks": "gan",
    "Transformers": "transformer",
}
NOT_PROSE = {"pre", "script", "style", "noscript", "summary", "math"}
NOT_PROSE |= {".headerlink", ".solution"}
WITHOUT_SCRIPTS = (
    "<noscript><p>Without scripts the search, the figures to play with and the choice "
    "of colours are missing; all else is here.</p></noscript>"
)
# How a derivation's or a claim's last line begins, and the mark that it gets.
CHECKED = re.compile(r"<p><em>(?=\d+ steps? checked|Checked )(?P<said>.*?)</em>")


def write(out: Path) -> None:
    for page in out.rglob("*.html"):
        text = page.read_text("utf-8")
        said = WITHOUT_SCRIPTS
        part = page.parent.name
        if part in PARTS.values():
            text = text.replace("<body ", f'<body data-part="{part}" ', 1)
            said = f"{time_to_read(read(page).article)}{said}"
        for title, name in PARTS.items():
            caption = '<span class="caption-text"'
            coloured = f'{caption} data-part="{name}">{title}'
            text = text.replace(f"{caption}>{title}", coloured)
        text = CHECKED.sub(marked, text)
        head, article, body = text.partition("<article")
        text = head + article + body.replace("</h1>", f"</h1>\n{said}", 1)
        page.write_text(text, "utf-8")


def marked(found: re.Match[str]) -> str:
    """What says how something was checked, with the mark of that way."""
    weaker = "instances" in found["said"] or "numerically" in found["said"]
    kind = "instances" if weaker else "proved"
    return f'<p class="mark {kind}"><em>{found["said"]}</em>'


def time_to_read(article: Tag | None) -> str:
    """How long a chapter takes, without its exercises' solutions, and on what count."""
    assert article is not None
    words = count_of_words(article)
    formulas = len(article.select("div.math"))
    minutes = words / WORDS + formulas * FORMULA
    return (
        f'<p class="time-to-read">About {max(5, round(minutes / 5) * 5)} minutes: '
        f"{round(words, -2):,} words and {formulas} displayed formulas.</p>\n"
    )


def count_of_words(article: Tag) -> int:
    """The words of prose on a page: no code, no formulas, nothing folded."""
    return sum(
        len(part.split())
        for part in shown(article, NOT_PROSE)
        if isinstance(part, NavigableString)
    )
