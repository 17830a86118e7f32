"""Figures to play with: their data stand in the page, beside the still picture.

A notebook's output holds the data and the picture (lib/pages/playable.py). In the page
book/_static/playable.js draws the data in place of the picture.
"""

import json
from html import escape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from lib.pages.playable import MIME
from tools.site.outputs import replaced

CLASS = "playable"


def setup(app: Sphinx) -> None:
    app.connect("source-read", place)
    app.connect("html-page-context", add_script)


def place(app: Sphinx, name: str, source: list[str]) -> None:
    """Write the stills of a notebook, and put HTML in place of its figures' data."""

    def figure_of(content: str, still: bytes, alt: str) -> str:
        path = f"_images/playable-{json.loads(content)['name']}.png"
        written = Path(app.outdir) / path
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_bytes(still)
        return html_of(content, f"{'../' * name.count('/')}{path}", alt)

    source[0] = replaced(name, source[0], MIME, figure_of)


def html_of(content: str, address: str, alt: str) -> str:
    """A figure in the page: its still picture, and its data, which are no script."""
    return (
        f'<div class="{CLASS}"><img alt="{escape(alt)}" src="{address}" />'
        f'<script type="application/json">{content}</script></div>'
    )


def add_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: object
) -> None:
    """Load the script and the style on the pages that show a figure to play with."""
    if f'<div class="{CLASS}">' in context.get("body", ""):
        app.add_css_file("playable.css")
        app.add_js_file("playable.js", loading_method="defer")
