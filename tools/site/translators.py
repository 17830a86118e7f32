"""The translator in the page: a still picture, a file of its own for its numbers.

A notebook's output holds the data (lib/pages/translator.py), a record the weights. They
are more than a page should weigh, so book/_static/translator.js loads them once a
reader asks, as a script: a page that was opened from a folder may load nothing else.
"""

import gzip
import json
from html import escape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from lib.pages.translator import MIME, script
from lib.training import records
from tools.digest import RECORDS
from tools.site.outputs import replaced

CLASS = "translator"
FOLDER = "translators"  # of the static files


def setup(app: Sphinx) -> None:
    app.connect("source-read", place)
    app.connect("html-page-context", add_script)


def place(app: Sphinx, name: str, source: list[str]) -> None:
    """Write the files of a notebook's translators, and put HTML in place of data."""
    out, up = Path(app.outdir), "../" * name.count("/")

    def translator_of(content: str, still: bytes, alt: str) -> str:
        return html_of(content, still, alt, out, up)

    source[0] = replaced(name, source[0], MIME, translator_of)


def html_of(content: str, still: bytes, alt: str, out: Path, up: str) -> str:
    """A translator in the page, whose files this writes under ``out``.

    ``up`` leads from the page to ``out``.
    """
    data = json.loads(content)
    record = records.read(RECORDS / f"{data['record']}.json")
    code = script(content, record).encode()
    files = {
        f"_images/translator-{data['name']}.png": still,
        f"_static/{FOLDER}/{data['name']}.js": code,
    }
    for path, whole in files.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(whole)
    picture, loaded = (up + path for path in files)
    size = len(gzip.compress(code)) / 1e6
    return (
        f'<div class="{CLASS}" data-name="{data["name"]}" data-file="{loaded}" '
        f'data-size="{size:.1f}"><img alt="{escape(alt)}" src="{picture}" /></div>'
    )


def add_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: object
) -> None:
    """Load the script and the style on the pages that show a translator."""
    if f'<div class="{CLASS}"' in context.get("body", ""):
        app.add_css_file("translator.css")
        app.add_js_file("translator.js", loading_method="defer")
